"""settle: a leader decides about something that keeps happening; the person who raised it is told."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from handlers import colleagues, message_keys, wanted
from handlers.arranged.who_is_ops import whom_to_ask
from handlers.cards import Card, Reply
from handlers.company import Company
from handlers.digests import leader_digest
from handlers.feedback import Person
from handlers.leaders import leads
from handlers.raised import raised_card
from handlers.raised.raised_in_posts import thing
from handlers.situation import Tap
from handlers.team import Team
from handlers.unshowable import Unshowable, without_team
from handlers.wording.language import gettext as _
from storage import act_log, messages, people, raised
from storage.act_log import Act
from storage.prepared import AnyRow


def settle(tx: Connection, company: Company, tap: Tap) -> Reply:
    """Take it on, mark it as done, or say why not."""
    found = _found(tx, company, tap)
    if found is None:
        text = _("This does not belong to a team here, so nothing was changed. Please ask {whom}.")
        return Reply(text.format(whom=whom_to_ask(tx, company, tap.person)))
    row, team = found
    who = colleagues.remember(tx, tap.person)
    if not leads(tx, team, who, tap.at):
        return Reply(_("Only those who lead {team} decide about what is raised, so nothing was changed.").format(team=team.title))
    if row.state not in raised.UNDECIDED or not row.words:
        return Reply(_("This was decided already, so nothing was changed."))
    form = raised_card.form(thing(tx, team, row))
    if tap.answers is None:
        return Reply(form=form)
    became = tap.answer("became")
    why = " ".join(tap.answer("why").split())[: raised_card.WHY]
    if became not in {value for value, _label in form.fields[0].options}:
        return form.again("became")
    if became == raised_card.NO and not why:
        return Reply(errors={"why": _("Please say why not: whoever raised it reads it.")}, form=form)
    if not raised.decide(tx, row.id, row.state, _columns(became, why, who, tap)):
        return Reply(_("Somebody else decided about this at the same moment, so yours was not saved. Please look at it again."))
    _remember(tx, row, team, became, why, who, tap)
    return Reply(raised_card.decided(became))


def told(tx: Connection, company: Company, message: AnyRow, _now: datetime) -> Card:
    """Draw what became of it, for the person who raised it. Raises Unshowable."""
    raised_id, state = message_keys.parts(message.key)
    row = raised.by_id(tx, int(raised_id))
    if row is None:
        raise Unshowable("what was raised is gone")
    if row.team not in company.teams:
        raise without_team(row.team)
    owner = people.by_id(tx, row.owner_id) if row.owner_id is not None else None
    return raised_card.became(
        thing(tx, company.teams[row.team], row), state, colleagues.called_in_posts(owner, people=company.people)
    )


def _columns(became: str, why: str, who: Person, tap: Tap) -> dict[str, Any]:
    columns = {"state": became, "decided_at": tap.at, "reason": why if became == raised_card.NO else ""}
    return columns | ({"owner_id": who.id} if became == raised_card.DOING else {})


def _remember(tx: Connection, row: AnyRow, team: Team, became: str, why: str, who: Person, tap: Tap) -> None:
    """Log the decision in its case, tell whoever raised it (unless they decided), and redraw the leaders' posts that show it."""
    detail = {"raised": row.id, "became": became} | ({"why": why} if became == raised_card.NO else {})
    act_log.write(tx, [Act(team.workspace, row.follow_up_id, "settle", tap.at, who.id, detail=detail)])
    if row.raised_by != who.id:
        messages.want(tx, [wanted.became(row.id, became, colleagues.person_of(tx, row.raised_by))], tap.at)
    leader_digest.show_anew(tx, team, row.follow_up_id, row.at)


def _found(tx: Connection, company: Company, tap: Tap) -> tuple[AnyRow, Team] | None:
    """Returns the row that the target names, and its team; None if it is gone or belongs to another company."""
    raised_id = tap.numbered("raised")
    row = raised.by_id(tx, raised_id) if raised_id is not None else None
    team = company.teams.get(row.team) if row is not None else None
    return (row, team) if row is not None and team is not None and team.reaches(tap.person) else None
