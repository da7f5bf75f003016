"""Applies channels and hours that ops changed, in app.yaml or in chat, to what was already waiting, and finds the teams they left
out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Connection

from handlers import ladder
from handlers import message_keys as keys
from handlers.company import Company
from handlers.feedback import Place
from handlers.team import Team
from handlers.unshowable import NO_LONGER
from storage import followups, looks, unposted
from storage.lanes import Lane, open_gates
from storage.prepared import AnyRow

OF_TEAMS = ("card", "opening", "digest", "huddle", "wins")
"""Kinds of messages that belong wherever a team has its channel. A welcome is for one channel only."""
AT_ONCE = 500


def follow_channels(tx: Connection, company: Company, after: int = 0, most: int = AT_ONCE) -> int | None:
    """Move messages that no channel has shown (they were refused, or the bot is not a member) to the present channel of their
    team. Parked ones stay parked there until they are replayed. Where the team has no channel instead, they are parked until it
    has theirs again. Looks at `most` messages, those after the id `after`. Returns where to go on, None at the end."""
    rows = unposted.of_channels(tx, OF_TEAMS, after, most)
    astray = [(row, team) for row in rows if is_astray(company, row) and (team := _team(company, row))]
    given = dict(_given(tx, astray))
    known = [row for row in rows if _team(company, row) is not None]
    back = {row.id: _place(row).parts for row in known if row.reason == NO_LONGER and not is_astray(company, row)}
    # All lanes before any message: until the commit delivery leases none of these, which it would send in spite of being parked.
    open_gates(tx, {*(given | back).values(), *(_place(row).parts for row, _ in astray)})
    unposted.move(tx, given | back, parked_for=NO_LONGER)
    unposted.park(tx, [row.id for row, _ in astray if row.id not in given], NO_LONGER)
    return rows[-1].id if len(rows) == most else None


def follow_hours(tx: Connection, company: Company, now: datetime) -> int:
    """Bring forward cards that wait for an opening, and the next look at customers whose promise is over by then, when the team is
    open earlier, for example because a day off was a mistake. Promises stay as they were told. Returns how many come sooner."""
    sooner = {}
    for row in looks.waiting_past_promise(tx, now):
        if row.team in company.teams and (at := _next_look(company, row, now)) < row.next_look_at:
            sooner[row.id] = at
    looks.look_sooner(tx, sooner)
    return len(sooner)


def _next_look(company: Company, row: AnyRow, now: datetime) -> datetime:
    """Returns when to look at a follow-up by the present hours: a held card is posted as soon as the team is open."""
    hours = company.hours_of(row.team, row.route)
    opening = hours.next_opening(now)
    due = None if row.held_until is not None else ladder.next_look(row, company.teams[row.team].ladder, hours, now)
    return max(opening, due or opening)


def gone(tx: Connection, company: Company, now: datetime) -> dict[str, int]:
    """Returns the teams that nobody has set up any more although customers wait for them, with how many do."""
    return {row.team: row.open for row in followups.waiting(tx, now) if row.team not in company.teams}


def _given(tx: Connection, astray: Sequence[tuple[AnyRow, Team]]) -> Iterator[tuple[int, Lane]]:
    """Yields the message ids and their new places: the channel that stands in the list where theirs did, if it has none of them."""
    firsts = {keys.in_first_channel(row.key) for row, _ in astray}
    taken = {(keys.in_first_channel(row.key), _place(row)) for row in unposted.at(tx, keys.in_all_channels(firsts))}
    for row, team in astray:
        n, first = keys.number_of(row.key), keys.in_first_channel(row.key)
        to = team.channels[n] if n < len(team.channels) else None
        if to is not None and (first, to) not in taken:
            taken.add((first, to))
            yield row.id, to.parts


def is_astray(company: Company, row: AnyRow) -> bool:
    """Returns whether a message is for a channel that its team has no longer: it may be another team's by now."""
    team = _team(company, row) if row.kind in OF_TEAMS else None
    return team is not None and _place(row) not in team.channels


def _team(company: Company, row: AnyRow) -> Team | None:
    return company.teams.get(row.team or keys.parts(row.key)[0])


def _place(row: AnyRow) -> Place:
    return Place(row.chat, row.workspace, row.channel)
