"""The post of wins: happy customers' own words. Pure; all its sentences are here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from handlers.cards import Card
from handlers.feedback import Customer
from handlers.team import Team
from handlers.wording import masking
from handlers.wording.language import gettext as _
from handlers.wording.language import ngettext
from handlers.wording.words import QUOTED, TITLE, asked, cut, within

QUOTES = 5


@dataclass(frozen=True, slots=True)
class Win:
    """What one customer said, a happy one in a post of wins."""

    customer: Customer
    metric: str
    score: float | None
    scale: tuple[float, float]
    comment: str
    touchpoint: str | None


def wins_card(team: Team, wins: Sequence[Win]) -> Card:
    """What a channel must not read is masked, as on every card; what the team does not show is omitted."""
    number = len(wins)
    happy = ngettext("One happy customer", "{n} happy customers", number).format(n=number)
    quotes = [item for item in (_quote(team, win) for win in wins) if item is not None]
    shown = tuple(quotes[:QUOTES])
    first = f" “{cut(shown[0].quote, 80)}”" if shown else ""
    rest = number - len(shown)
    more = [ngettext("One more was happy with us.", "{n} more were happy with us.", rest).format(n=rest)] if rest and shown else []
    return Card(
        plain=_("Wins at {place}: {happy}.").format(place=cut(team.title, TITLE), happy=within(happy)) + first,
        headline=_("{happy} · {place}").format(happy=happy, place=team.title),
        context=(
            _("This is what they said. Nobody has to do anything: it is yours to enjoy.")
            if shown
            else _("They left no words, but their scores say it."),
            *more,
        ),
        items=shown,
    )


def answer_card(team: Team, win: Win) -> Card:
    """Returns one answer, with or without words."""
    return _quote(team, win) or Card(plain=_about(team, win), headline=_about(team, win))


def _quote(team: Team, win: Win) -> Card | None:
    if not win.comment.strip() or "words" not in team.show:
        return None
    words = cut(" ".join(masking.hide(win.comment, win.customer, team).split()), QUOTED)
    return Card(plain=words, headline=_about(team, win), quote=words)


def _about(team: Team, win: Win) -> str:
    place = win.touchpoint if win.touchpoint and "touchpoint" in team.show else ""
    return " · ".join(text for text in (asked(win.metric, win.score, win.scale), masking.hide(place, win.customer, team)) if text)
