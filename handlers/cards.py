"""What the bot shows: cards, lines and forms as neutral shapes. Pure; each chat renders them in its own way.

Every string in these shapes is plain text, never markup: a renderer escapes all of it, so no customer's words can ping,
link or break out, whichever field they end up in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Style(StrEnum):
    PLAIN = "plain"
    PRIMARY = "primary"


@dataclass(frozen=True, slots=True)
class Button:
    """Pressing it runs ACTIONS[verb] for the follow-up `target`. A label ending in … opens a form first.

    `label` has at most 24 characters, so that it is not cut on a 320 px phone; `spoken` is what a screen reader says
    (at most 75 characters) and names action and object.
    """

    verb: str
    label: str
    target: int
    spoken: str = ""
    style: Style = Style.PLAIN


@dataclass(frozen=True, slots=True)
class Card:
    """One message. `plain` stands alone: it is all that a phone's notification shows.

    A card with nothing but `plain` is a line of talk (in a thread, or to one person). `quote` is the customer's own words.
    At most two buttons; what else may be done is in `menu`. `items` are small cards in one message, each with its own buttons
    (at most ten; they hold no items themselves): they stand before the footer.
    """

    plain: str
    headline: str = ""
    quote: str = ""
    context: tuple[str, ...] = ()
    buttons: tuple[Button, ...] = ()
    menu: tuple[Button, ...] = ()
    footer: str = ""
    items: tuple[Card, ...] = ()

    @property
    def is_line(self) -> bool:
        return not self.headline


class Ask(StrEnum):
    """How a form's field is answered."""

    CHOICE = "choice"
    TEXT = "text"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Field:
    """One question of a form. `options` (value, label) belong to CHOICE; `error` is what to say when a required answer is missing.

    The answer to PERSON is a user id of the chat the form was shown in.
    """

    name: str
    label: str
    ask: Ask
    options: tuple[tuple[str, str], ...] = ()
    required: bool = True
    max_length: int = 600
    hint: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """Questions asked of one person before `verb` happens to the follow-up `target`. `title` has at most 24 characters."""

    verb: str
    target: int
    title: str
    intro: str
    submit: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """What the person who tapped sees, and only they: a sentence, a form to fill in, errors by field of the form, or cards."""

    text: str = ""
    form: Form | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    cards: tuple[Card, ...] = ()
