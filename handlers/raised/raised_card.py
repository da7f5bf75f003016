"""What keeps happening, in words: in the posts, to who leads, and to whoever raised it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from handlers.cards import Ask, Button, Card, Field, Form
from handlers.language import gettext as _
from handlers.language import ngettext
from handlers.words import begin, cut

OPEN, DOING, DONE, NO = "open", "doing", "done", "no"
TOO_LONG = timedelta(days=14)
"""After that a leader is told for how long it has waited for somebody."""
LISTED = 3
"""With a button of their own, in one post."""
WHY = 200
TITLE = 40


@dataclass(frozen=True, slots=True)
class Raised:
    """One thing that was raised, as a channel of its team may read it. `team` is its title."""

    id: int
    follow_up: int
    team: str
    words: str
    state: str
    reason: str
    at: datetime

    @property
    def nobody_has_it(self) -> bool:
        return self.state == OPEN


def line(raised: Raised, who: str) -> str:
    """For the weekly post: how it stands. `who` took it on."""
    match raised.state:
        case "doing":
            text = _("Raised, and taken on by {who}: “{words}”")
        case "done":
            text = _("Raised, and done: “{words}”")
        case "no":
            text = _("Raised, and it stays as it is: “{words}” Why: {reason}")
        case _:
            text = _("Raised, and nobody has it yet: “{words}”")
    return text.format(words=raised.words, who=who, reason=raised.reason)


def became(raised: Raised, state: str, who: str) -> Card:
    """To whoever raised it. `state` is what this message tells of; it may have become something else since."""
    match state:
        case "doing":
            text = _("{who} took on what you raised: “{words}”")
        case "done":
            text = _("What you raised is done, and thank you for saying so: “{words}”")
        case _:
            text = _("What you raised stays as it is: “{words}” Why: {reason}")
    words, reason = (said or _("(erased)") for said in (raised.words, raised.reason))
    return Card(plain=text.format(words=words, who=begin(who), reason=reason))


def asked(things: Sequence[Raised], at: datetime) -> tuple[str, ...]:
    """To who leads: how much waits for somebody."""
    open_ones = [raised for raised in things if raised.nobody_has_it]
    if not open_ones:
        return ()
    said = ngettext(
        "Asked of you: {n} thing was raised, and nobody has it.",
        "Asked of you: {n} things were raised, and nobody has them.",
        len(open_ones),
    )
    long = sum(at - raised.at >= TOO_LONG for raised in open_ones)
    more = (
        ngettext(" {n} has waited for 14 days or more.", " {n} have waited for 14 days or more.", long).format(n=long)
        if long
        else ""
    )
    return (said.format(n=len(open_ones)) + more,)


def item(raised: Raised, at: datetime) -> Card:
    """To who leads: one of them, with what can be decided."""
    team, waits = cut(raised.team, TITLE), at - raised.at
    if not raised.nobody_has_it:
        said = _("{team}: this keeps happening, and was taken on.").format(team=team)
    elif waits >= TOO_LONG:
        said = _("{team}: this keeps happening, and nobody has had it for {n} days.").format(team=team, n=waits.days)
    else:
        said = _("{team}: this keeps happening, and nobody has it yet.").format(team=team)
    decide = Button("settle", _("Decide…"), target(raised), _("Decide what becomes of what keeps happening"))
    words = _("“{words}”").format(words=raised.words)
    return Card(
        plain=said, headline=said, context=(words,), buttons=(decide,), footer=_("raised from #{id}").format(id=raised.follow_up)
    )


def form(raised: Raised) -> Form:
    """What becomes of it."""
    ways = {DOING: _("I take it on"), DONE: _("It is done"), NO: _("No, and this is why:")}
    if not raised.nobody_has_it:
        del ways[DOING]
    fields = (
        Field("became", _("What becomes of it?"), Ask.CHOICE, tuple(ways.items()), error=choose()),
        Field(
            "why", _("If not, why?"), Ask.TEXT, required=False, max_length=WHY,
            hint=_("Whoever raised it reads it, and so does the team."),
        ),
    )  # fmt: skip
    intro = _("{team}: “{words}”").format(team=raised.team, words=raised.words)
    return Form("settle", target(raised), _("This keeps happening"), intro, _("Decide"), fields)


def choose() -> str:
    return _("Please choose what becomes of it.")


def decided(state: str) -> str:
    """To who decided."""
    return {
        DOING: _("It is yours. Whoever raised it is told; press “Decide…” in your weekly post when it is done."),
        DONE: _("Noted as done. Whoever raised it is told. Thank you."),
        NO: _("Noted. Whoever raised it is told why."),
    }[state]


def target(raised: Raised) -> str:
    return f"raised:{raised.id}"
