"""A waiting customer in the leader's post: who has them, until when, how often they were passed on, what they are worth, and what
a leader can do. Pure."""

from __future__ import annotations

from datetime import datetime

from handlers.cards import Button, Card, Style
from handlers.case import Case
from handlers.company import People
from handlers.digests import money
from handlers.digests.money import Sum
from handlers.followup.followup_buttons import choose
from handlers.followup.handed_card import passed_on
from handlers.team import Team
from handlers.wording.language import gettext as _
from handlers.wording.masking import for_channel
from handlers.wording.words import TITLE, begin, called, cut, deadline, when

WORDS = 120


def item(case: Case, team: Team, people: People, now: datetime, reader_id: int | None = None) -> Card:
    """Returns one waiting customer, with what the leader who reads it can do. If somebody has them, no button is the primary
    one."""
    worth = _("worth {value}").format(value=money.amounts(Sum({case.customer.currency or "": case.value}))) if case.value else ""
    said = " · ".join(text for text in (_whose(case, team, people, now), passed_on(case), worth) if text)
    since = _("{team} · waiting since {since}").format(
        team=cut(team.title, TITLE), since=when(case.waits_since, team.hours.zone, now)
    )
    urgent = Style.PLAIN if case.owner else Style.PRIMARY
    take = Button("claim", _("I'll call them"), case.id, _("I'll reply to this customer myself"), urgent)
    is_theirs = case.owner is not None and case.owner.id == reader_id
    return Card(
        plain=said,
        headline=said,
        quote=cut(" ".join(for_channel(case, team).comment.split()), WORDS),
        context=(since,),
        buttons=(choose(case),) if is_theirs else (take, choose(case)),
        footer=f"#{case.id}",
        follow_up=case.id,
    )


def _whose(case: Case, team: Team, people: People, now: datetime) -> str:
    """Returns who has the case, and by when the next step was promised."""
    by = case.close_by if case.owner else case.claim_by
    at, late = deadline(by, team.hours.zone, now), now > by
    if case.owner is None:
        return (_("Nobody yet; our promise ended {at}") if late else _("Nobody yet; to be taken by {at}")).format(at=at)
    said = _("{who} has it; our promise ended {at}") if late else _("{who} has it, by {at}")
    return said.format(who=begin(called(case.owner, people)), at=at)
