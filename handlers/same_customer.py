"""The earlier cases of a customer, for whoever has a case of theirs now."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection

from handlers import cases
from handlers.case import Case
from handlers.company import Company
from handlers.feedback import Person
from handlers.wording.masking import for_channel
from storage import followups

SINCE = timedelta(days=365)
TOLD, SEARCHED = 2, 20
"""How many are told, and among how many these are looked for: others may be of teams that are out of reach."""


def earlier(tx: Connection, company: Company, case: Case, reader: Person) -> list[Case]:
    """Returns the last cases before this one, of teams with a channel where the reader is, newest first; those of another team as
    its channel may see them. None of somebody without a name or a way to reach them: a till in a shop may be one customer, and many
    people."""
    who = case.customer
    if case.customer_id is None or not (who.name or who.email or who.phone):
        return []
    found = followups.before(tx, case.customer_id, case.id, case.created_at - SINCE, SEARCHED)
    near = {team.name for team in company.within_reach(reader)}
    ids = [row.id for row in found if row.team in near][:TOLD]
    known = cases.read_all(tx, ids)
    told = [cases.with_history(tx, known[id]) for id in ids]
    return [each if each.team == case.team else for_channel(each, company.teams[each.team]) for each in told]
