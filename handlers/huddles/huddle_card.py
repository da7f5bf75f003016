"""The card of a huddle: what a team talks about for a quarter of an hour, and what it promises until the next one. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from handlers.cards import Ask, Button, Card, Field, Form, Style
from handlers.wording.language import gettext as _
from handlers.wording.language import ngettext
from handlers.wording.words import TITLE, cut, day

Noted = tuple[tuple[str, str], ...]
"""(name, text) of several people."""
WORDS = 240
PROMISES = 8
NOTES = 6
"""The most notes of the last huddle that the card repeats."""
MOST_NOTES = 30
"""The most notes kept of one huddle; the first one of each person is kept in any case."""
MOST_OF_ONE = 20
"""The most notes kept of one person at one huddle: enough for a note-taker, and it leaves room for others."""


@dataclass(frozen=True, slots=True)
class Huddle:
    """What the card says. `words` are what customers wrote, a `good` one, a `bad` one and a `puzzling` one; `waiting` is how many
    wait to hear from us: `fresh` for less than a day, `days` for one to three, `longer` for more; `last_promises` and `last_notes`
    are from the last huddle; `notes` is how many there are so far."""

    id: int
    title: str
    on: date
    words: Mapping[str, str]
    waiting: Mapping[str, int]
    last_on: date | None = None
    last_promises: Noted = ()
    last_notes: Noted = ()
    promises: Noted = ()
    notes: int = 0


def huddle_card(huddle: Huddle) -> Card:
    """Returns what the channel sees: the promises of last time first, then customers in their own words."""
    target = f"huddle:{huddle.id}"
    return Card(
        plain=_("Huddle at {team}: three customers, those who wait, and what we promised.").format(team=cut(huddle.title, TITLE)),
        headline=_("Huddle · {team} · {day}").format(team=cut(huddle.title, TITLE), day=day(huddle.on)),
        context=(
            *_promised(huddle),
            *noted(huddle.last_notes),
            *_said(huddle),
            _ageing(huddle.waiting),
            *(_("{name} promises: {what}").format(name=name, what=what) for name, what in huddle.promises),
            *_notes(huddle.notes),
        ),
        buttons=(Button("promise", _("Promise something…"), target, _("Promise something until the next huddle"), Style.PRIMARY),),
        footer=_("A quarter of an hour. What you write in this thread is kept; notes and promises come back next time."),
    )


def promise_form(huddle_id: int) -> Form:
    return Form(
        verb="promise",
        target=f"huddle:{huddle_id}",
        title=_("Promise something"),
        intro=_("It stands on the card now, and comes first at the next huddle."),
        submit=_("Promise it"),
        fields=(
            Field("what", _("What will you do until then?"), Ask.TEXT, max_length=200, error=_("Please say what you will do.")),
        ),
    )  # fmt: skip


def _promised(huddle: Huddle) -> tuple[str, ...]:
    if huddle.last_on is None:
        return ()
    if not huddle.last_promises:
        return (_("Last time ({day}) nobody promised anything.").format(day=day(huddle.last_on)),)
    return (_("Promised last time ({day}), done or not?").format(day=day(huddle.last_on)), *_lines(huddle.last_promises))


def noted(notes: Noted) -> tuple[str, ...]:
    """Returns the first few of the notes from the thread of last time's card."""
    if not notes:
        return ()
    each = _lines((name, cut(what, WORDS)) for name, what in notes[:NOTES])
    rest = len(notes) - NOTES
    more = [ngettext("and {n} more note", "and {n} more notes", rest).format(n=rest)] if rest > 0 else []
    return (_("Noted last time:"), *each, *more)


def recalled(on: date, promises: Noted, notes: Noted) -> str:
    """Returns everything that was promised and noted at a huddle."""
    parts = ((_("Promised:"), promises), (_("Noted:"), notes))
    lines = [line for title, said in parts if said for line in (title, *_lines(said))]
    return "\n".join((_("The huddle of {day}.").format(day=day(on)), *(lines or [_("Nobody promised or noted anything.")])))


def _lines(said: Iterable[tuple[str, str]]) -> list[str]:
    return [_("{name}: {what}").format(name=name, what=what) for name, what in said]


def full_card(title: str, on: date) -> Card:
    """For somebody whose note found no room; private."""
    return Card(
        plain=_(
            "The huddle of {team} on {day} has no room for more of your notes: it keeps {each} of one person, and {most} in all. "
            "What you wrote still stands in the thread, but does not come back next time; what must not be lost is best promised "
            "on the card."
        ).format(team=cut(title, TITLE), day=day(on), each=MOST_OF_ONE, most=MOST_NOTES)
    )


def _notes(number: int) -> tuple[str, ...]:
    if not number:
        return ()
    said = ngettext("{n} note stands in the thread.", "{n} notes stand in the thread.", number)
    return (said.format(n=number),)


def _said(huddle: Huddle) -> tuple[str, ...]:
    said = {"good": _("A good one: “{words}”"), "bad": _("A bad one: “{words}”"), "puzzling": _("A puzzling one: “{words}”")}
    told = ((line, " ".join(huddle.words[mood].split())) for mood, line in said.items())
    lines = tuple(line.format(words=cut(words, WORDS)) for line, words in told if words)
    return lines or (_("No customer wrote anything in the last seven days."),)


def _ageing(waiting: Mapping[str, int]) -> str:
    number = sum(waiting.values())
    if not number:
        return _("Nobody waits for a word from us.")
    said = ngettext("{n} customer waits for a word from us: {ages}.", "{n} customers wait for a word from us: {ages}.", number)
    ages = {
        "fresh": _("{n} for less than a day"),
        "days": _("{n} for one to three days"),
        "longer": _("{n} for more than three days"),
    }
    return said.format(n=number, ages=", ".join(age.format(n=waiting[name]) for name, age in ages.items() if waiting[name]))
