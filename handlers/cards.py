"""What the bot shows: cards, lines and forms as neutral shapes. Pure; each chat renders them in its own way.

Every string in these shapes is plain text, never markup: a renderer escapes all of it, so a customer's words cannot ping, link or
break out, whichever field they are in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

Target = int | str
"""What a button is about: a follow-up id, or the name of something else, such as `digest:17`."""

_NUMBER = re.compile(r"[0-9]{1,18}")
_NAME = re.compile(r"[a-z][a-z-]{0,30}:[^\s\x00-\x1f]{0,90}")


def read_target(said: object) -> Target | None:
    """Parse a target that a chat sends back, where everything may be a string. Returns None if it is not one."""
    if isinstance(said, str) and _NAME.fullmatch(said):
        return said
    id = number(said) if isinstance(said, str) else said
    return id if type(id) is int and 0 < id < 2**63 else None


def number(text: str) -> int | None:
    """Returns an id or offset from a target; None for anything else, and for numbers that no database can hold."""
    return int(text) if _NUMBER.fullmatch(text) else None


class Style(StrEnum):
    PLAIN = "plain"
    PRIMARY = "primary"


@dataclass(frozen=True, slots=True)
class Button:
    """Pressing it runs the verb for `target`. A label ending in … opens a form first.

    `label` has at most 24 characters, so that it is not cut on a 320 px phone; `spoken` (at most 75 characters) names the action
    and its object, for a screen reader.
    """

    verb: str
    label: str
    target: Target
    spoken: str = ""
    style: Style = Style.PLAIN

    @property
    def name(self) -> str:
        """Returns what a screen reader says; empty if the label is enough. It contains the label, which is what people say who
        press by voice, and the number of the case, since several cards have such a button."""
        if not self.spoken:
            return ""
        case = f" #{self.target}" if isinstance(self.target, int) else ""
        said = self.spoken.startswith(self.label.removesuffix("…"))
        return f"{self.spoken}{case}" if said else f"{self.label}{case}: {self.spoken}"


@dataclass(frozen=True, slots=True)
class Chart:
    """Counts by label, as stacked bars. `twin` says the same in words, and is always shown with it.

    A title has at most 50 characters, a label or the name of a series 20; there are at most 12 labels and 6 series, each with a
    count for every label.
    """

    title: str
    labels: tuple[str, ...]
    series: tuple[tuple[str, tuple[int, ...]], ...]
    twin: str


@dataclass(frozen=True, slots=True)
class There:
    """Where the card of a follow-up stands in a channel, in the chat's own ids. `url` opens it; empty while it is not known."""

    channel: str
    id: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """One message. `plain` is complete by itself: it is all that a phone's notification shows.

    A card with nothing but `plain` is a line of text (in a thread, or to one person). `quote` is the customer's own words. `reach`
    lists the ways to reach the customer, one per line, and is for one person only: a renderer makes tappable what handlers.reach
    recognises, and shows all of it in the size of the text. At most two buttons; further actions are in `menu`. `items` are small
    cards in one message, each with its own buttons (at most ten; they hold no items themselves); the lines `below` come after them,
    before the footer. A `chart` comes after the first line of the context. `follow_up` is the id of what the card is about; `there`
    is where the card of that follow-up stands, if only one person reads this one: a renderer shows a link to it once it has a URL.
    """

    plain: str
    headline: str = ""
    quote: str = ""
    context: tuple[str, ...] = ()
    buttons: tuple[Button, ...] = ()
    menu: tuple[Button, ...] = ()
    footer: str = ""
    items: tuple[Card, ...] = ()
    chart: Chart | None = None
    reach: tuple[str, ...] = ()
    below: tuple[str, ...] = ()
    follow_up: int | None = None
    there: There | None = None

    @property
    def is_line(self) -> bool:
        return not self.headline

    @property
    def lines(self) -> tuple[str, ...]:
        """The context with the chart's `twin` in the place of the chart, for renderers that draw no charts."""
        return self.context if self.chart is None else (*self.context[:1], self.chart.twin, *self.context[1:])


def linked(card: Card, url_of: Callable[[There], str]) -> Card:
    """Returns the card with the URLs of the places it leads to."""
    there = replace(card.there, url=url_of(card.there)) if card.there is not None else None
    return replace(card, there=there, items=tuple(linked(item, url_of) for item in card.items))


class Ask(StrEnum):
    """How a form's field is answered."""

    CHOICE = "choice"
    TEXT = "text"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Field:
    """One question of a form. `options` (value, label) are for CHOICE; `error` is what to say when a required answer is missing.

    The answer to PERSON is a user id of the chat that showed the form. `value` is the initial value; a `short` text has one line.
    """

    name: str
    label: str
    ask: Ask
    options: tuple[tuple[str, str], ...] = ()
    required: bool = True
    max_length: int = 600
    hint: str = ""
    error: str = ""
    value: str = ""
    short: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """Questions put to one person before `verb` is run for `target`. `title` has at most 24 characters."""

    verb: str
    target: Target
    title: str
    intro: str
    submit: str
    fields: tuple[Field, ...]

    def again(self, *wrong: str) -> Reply:
        """Returns the form anew; the fields of these names say what is missing."""
        return Reply(form=self, errors={field.name: field.error for field in self.fields if field.name in wrong})


About = Mapping[int, bool]
"""The follow-ups that something shows, each with whether it quotes the customer."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the person who tapped sees, and nobody else: a sentence, a form to fill in, errors by field of the form, or cards.

    `unknown`: the target is not known here; another replica may have made it in chat a moment ago. `as_before`: no picture of the
    follow-up is sent anew, so a chat that shows a form in the place of a card puts the card back itself.
    """

    text: str = ""
    form: Form | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    cards: tuple[Card, ...] = ()
    unknown: bool = False
    as_before: bool = False

    def about(self, target: Target | None = None) -> About:
        """Returns what it is about: its cards, and the follow-up that was pressed, if any."""
        pressed = {target: False} if isinstance(target, int) else {}
        each = [each for card in self.cards for each in (card, *card.items)]
        return pressed | {card.follow_up: bool(card.quote) for card in each if card.follow_up is not None}
