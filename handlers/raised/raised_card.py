"""What keeps happening, in words: in posts, to leaders, and to the person who raised it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from handlers.cards import Ask, Button, Card, Field, Form
from handlers.wording.language import gettext as _
from handlers.wording.language import ngettext
from handlers.wording.words import begin, cut

OPEN, DOING, DONE, NO = "open", "doing", "done", "no"
TOO_LONG = timedelta(days=14)
"""After this, a leader is told for how long it has had no owner."""
LISTED = 3
"""The most in one post that have a button of their own."""
WHY = 200
TITLE = 40


@dataclass(frozen=True, slots=True)
class Raised:
    """One thing that was raised, as a channel of its team may read it. `team` is the team's title."""

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
    """Returns its line in the weekly post: how it stands. `who` took it on."""
    told = {
        OPEN: _("Raised, and nobody has it yet: “{words}”"),
        DOING: _("Raised, and taken on by {who}: “{words}”"),
        DONE: _("Raised, and done: “{words}”"),
        NO: _("Raised, and it stays as it is: “{words}” Why: {reason}"),
    }
    return told[raised.state].format(words=raised.words, who=who, reason=raised.reason)


def became(raised: Raised, state: str, who: str) -> Card:
    """For the person who raised it. `state` is the decision that this message reports; it may have changed since."""
    told = {
        DOING: _("{who} took on what you raised: “{words}”"),
        DONE: _("What you raised is done, and thank you for saying so: “{words}”"),
        NO: _("What you raised stays as it is: “{words}” Why: {reason}"),
    }
    words, reason = (said or _("(erased)") for said in (raised.words, raised.reason))
    return Card(plain=told[state].format(words=words, who=begin(who), reason=reason))


def asked(things: Sequence[Raised], at: datetime) -> tuple[str, ...]:
    """For leaders: how many have no owner."""
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
    """For leaders: one of them, with the button to decide."""
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
        plain=said,
        headline=said,
        context=(words,),
        buttons=(decide,),
        footer=_("raised from #{id}").format(id=raised.follow_up),
        follow_up=raised.follow_up,
    )


def form(raised: Raised) -> Form:
    """Asks what becomes of it."""
    ways = {DOING: _("I take it on"), DONE: _("It is done"), NO: _("No, and this is why:")}
    if not raised.nobody_has_it:
        del ways[DOING]
    fields = (
        Field("became", _("What becomes of it?"), Ask.CHOICE, tuple(ways.items()), error=_("Please choose what becomes of it.")),
        Field(
            "why", _("If not, why?"), Ask.TEXT, required=False, max_length=WHY,
            hint=_("Whoever raised it reads it, and so does the team."),
        ),
    )  # fmt: skip
    intro = _("{team}: “{words}”").format(team=raised.team, words=raised.words)
    return Form("settle", target(raised), _("This keeps happening"), intro, _("Decide"), fields)


def decided(state: str) -> str:
    """For the leader who decided."""
    return {
        DOING: _("It is yours. Whoever raised it is told; press “Decide…” in your weekly post when it is done."),
        DONE: _("Noted as done. Whoever raised it is told. Thank you."),
        NO: _("Noted. Whoever raised it is told why."),
    }[state]


def target(raised: Raised) -> str:
    return f"raised:{raised.id}"
