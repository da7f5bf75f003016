"""Sends private reminders: one message per person and run, with everything due for them. Idempotent: may run twice, late, on any
replica."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache, partial
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from handlers import cases, colleagues, wanted
from handlers.case import Case, State
from handlers.company import Company
from handlers.ladder import Phase, Role
from handlers.nudges import away, quiet, steps
from handlers.nudges.preferences import preferences_of
from handlers.nudges.quiet import Preferences
from handlers.nudges.slips import may_be_undone_until
from handlers.nudges.steps import Kind
from handlers.nudges.still_yours import ask, asks
from handlers.team import Team
from storage import messages, nudges, people
from storage.messages import Wanted
from storage.prepared import AnyRow

AT_ONCE = 50
"""People served by one unit of work."""
LONGEST_DAY = timedelta(days=2)
"""Somebody's day has begun within this time, wherever they are."""
TEAM_MISSING = timedelta(minutes=15)
"""How long a reminder waits whose team is missing: ops may put the team back, or another replica knows it."""


@dataclass(slots=True)
class _Ready:
    """What one person gets now: one reminder per case."""

    person: AnyRow
    team: Team
    nudges: dict[int, tuple[AnyRow, Case]] = field(default_factory=dict)

    @property
    def zone(self) -> ZoneInfo:
        """Returns by whose days their messages are counted: their own, where these are known."""
        return preferences_of(self.person).zone or self.team.hours.zone


def send_bundles(tx: Connection, company: Company, now: datetime, resting: Mapping[int, datetime] | None = None) -> int:
    """Send what is due to at most AT_ONCE people. Returns how many people there were. `resting` maps person ids to the end of their
    chat's do-not-disturb."""
    due = nudges.due(tx, company.teams, now, AT_ONCE)
    known, about = _known(tx, due), _about(tx, due)
    if _passed_on(tx, due, known, about, now):  # stand-ins get it in one bundle with their own
        due = nudges.due(tx, company.teams, now, AT_ONCE)
        known, about = _known(tx, due), _about(tx, due)
    elsewhere = lru_cache(lambda day: nudges.bundles_elsewhere(tx, known.values(), day, now - LONGEST_DAY))
    ready = []
    for person_id, mine in groupby(due, key=lambda row: row.person_id):
        reminders = list(mine)
        rested = _rested((resting or {}).get(person_id, now), reminders, about, now)
        had = lru_cache(partial(_had, tx, person_id, elsewhere))
        if (one := _sort_out(tx, company, known[person_id], reminders, about, had, now, rested)) is not None:
            ready.append(one)
    _bring_along(tx, company, ready, now)
    sent = [_send(tx, company, one, now) for one in ready]
    messages.want(tx, sent, now)  # after all changes of follow-ups: taps lock in this order, too
    return len(known)


def _known(tx: Connection, due: Sequence[AnyRow]) -> dict[int, AnyRow]:
    return people.by_ids(tx, list({row.person_id for row in due}))


def _about(tx: Connection, due: Sequence[AnyRow]) -> dict[int, Case]:
    return cases.read_all(tx, {row.follow_up_id for row in due})


def _passed_on(
    tx: Connection, due: Sequence[AnyRow], known: Mapping[int, AnyRow], about: Mapping[int, Case], now: datetime
) -> bool:
    """Give the reminders of people who are away to their stand-ins. Returns whether there were any."""
    passed_on = []
    for row in due:
        person, case = known[row.person_id], about.get(row.follow_up_id)
        if case is None or not away.is_away(person, now) or not _still_needed(row, case) or steps.kind_of(row.step) in steps.NEWS:
            continue
        if away.pass_on(tx, row, case, person, now):
            passed_on.append(_finished(row, "dropped", now))
    nudges.finish(tx, passed_on)
    return bool(passed_on)


def _sort_out(
    tx: Connection,
    company: Company,
    person: AnyRow,
    due: Sequence[AnyRow],
    about: Mapping[int, Case],
    had: Callable[[str], int],
    now: datetime,
    rested: datetime,
) -> _Ready | None:
    """Drop what is no longer needed, and put off what may not be sent now, at least until `rested`. `had` is how many messages
    they had on a day."""
    ready: _Ready | None = None
    dropped, muted, unheard = [], [], []
    preferences = preferences_of(person)
    for row in due:
        case = about.get(row.follow_up_id)
        team = company.teams.get(case.team) if case else None
        if case is not None and (until := may_be_undone_until(case, now)) is not None:
            nudges.put_off(tx, [row.id], until)
            continue
        if case is None or not _still_needed(row, case):
            dropped.append(row)
            continue
        if team is None:
            nudges.put_off(tx, [row.id], now + TEAM_MISSING)
            continue
        at = _may_hear(company, preferences, had, row, case, _not_before(row, case, person, rested))
        if at is None:
            muted.append((row, case))
        elif at > now:
            nudges.put_off(tx, [row.id], at)
            if _pauses_too_long(company, preferences, case, now):
                unheard.append((row, case))
        else:
            ready = ready or _Ready(person, team)
            dropped += _gather(ready, row, case)
    nudges.finish(tx, [_finished(row, "dropped", now) for row in dropped] + [_finished(row, "muted", now) for row, _ in muted])
    ask(tx, company, [*muted, *unheard], now)
    return ready


def _pauses_too_long(company: Company, preferences: Preferences, case: Case, now: datetime) -> bool:
    """Returns whether a pause goes on when a claim that nobody confirmed would go back to the channel. Then “still yours?” counts
    as asked, as for those who want no reminders: a customer does not wait for the end of a long pause. At what they snoozed they
    want to look then."""
    if preferences.paused_until is None or (case.quiet_until is not None and case.quiet_until > now):
        return False
    return preferences.paused_until > company.hours_of(case.team, case.route).next_day(now)


def _had(tx: Connection, person_id: int, elsewhere: Callable[[str], Mapping[int, int]], day: str) -> int:
    """Returns how many messages somebody had on a day, in all their chats. The first of a day in each chat always comes: what is
    told in one of them could take the place of the other's every day."""
    here = nudges.bundles_on(tx, person_id, day)
    return here and here + elsewhere(day)[person_id]


def _bring_along(tx: Connection, company: Company, ready: Sequence[_Ready], now: datetime) -> None:
    """Whoever gets a message reads in it, too, what was put off on an earlier day, whether or not its team is open at this hour.
    Otherwise what comes earlier in the day, as from a team that opens sooner, could take all messages of every day."""
    to_whom = {one.person.id: one for one in ready if one.person.rhythm != quiet.STOP}
    later = nudges.due_later(tx, to_whom, now) if to_whom else []
    about = _about(tx, later)
    dropped = []
    for row in later:
        one, case = to_whom[row.person_id], about.get(row.follow_up_id)
        if case is None or case.team not in company.teams or not _had_no_room(company, row, case, one, now):
            continue
        if may_be_undone_until(case, now) is not None:
            continue
        if not _still_needed(row, case):
            dropped.append(row)
        elif _not_before(row, case, one.person, now) <= now:
            dropped += _gather(one, row, case)
    nudges.finish(tx, [_finished(row, "dropped", now) for row in dropped])


def _had_no_room(company: Company, row: AnyRow, case: Case, one: _Ready, now: datetime) -> bool:
    """Returns whether a reminder was put off on an earlier day of its reader, not to a time of their own. What the daily list has
    on a customer who is served at night was not before a morning of the team is over, unless this message tells of them anyway."""
    if steps.is_own_request(row.step) or row.due_at >= quiet.midnight(one.zone, now):
        return False
    waits = _is_told_by_day(company, row, case) and case.id not in one.nudges
    return not waits or _morning(company.teams[case.team], row.due_at) <= now


def _may_hear(
    company: Company, preferences: Preferences, had: Callable[[str], int], row: AnyRow, case: Case, at: datetime
) -> datetime | None:
    """Returns when this reminder may be sent, from `at` on; None if never. Only what they asked for comes at any hour, and whatever
    they had that day, to those who asked for less. What a route that serves customers at night has on the daily list waits for the
    team's morning all the same."""
    team, hours = company.teams[case.team], company.hours_of(case.team, case.route)
    if steps.is_own_request(row.step):
        return quiet.may_hear(replace(preferences, rhythm=""), hours, team.bundle, lambda _day: 0, at)
    by_day = _is_told_by_day(company, row, case)
    moment = quiet.may_hear(preferences, team.hours if by_day else hours, team.bundle, had, at)
    if moment is None or not (by_day or preferences.rhythm == quiet.LESS):
        return moment
    since = max(row.due_at, quiet.midnight(team.hours.zone, moment))  # a day that has had its message leads to the next morning
    return max(moment, _morning(team, since))


def _is_told_by_day(company: Company, row: AnyRow, case: Case) -> bool:
    """Returns whether it is a line of the daily list about a customer whom a route serves at other hours than the team's."""
    return steps.kind_of(row.step) is Kind.LISTED and company.hours_of(case.team, case.route) != company.teams[case.team].hours


def _morning(team: Team, since: datetime) -> datetime:
    return quiet.next_morning(team.hours, team.bundle, team.posting.at, since)


def _gather(ready: _Ready, row: AnyRow, case: Case) -> list[AnyRow]:
    """Of several reminders about one case keep the question “still yours?”, else the last, and the daily list only if there is
    nothing else. Returns those that are not sent."""
    before = ready.nudges.get(case.id)
    if before is not None and _weight(before[0], case) > _weight(row, case):
        return [row]
    ready.nudges[case.id] = row, case
    return [before[0]] if before is not None else []


def _weight(row: AnyRow, case: Case) -> tuple[bool, bool, bool, datetime]:
    kind = steps.kind_of(row.step)
    return asks(row, case), kind is Kind.HELP, kind is not Kind.LISTED, row.due_at


def _not_before(row: AnyRow, case: Case, person: AnyRow, now: datetime) -> datetime:
    """A snooze holds back everything that its owner would hear about the case, also what became due before it. News that concerns
    nobody else waits until they are back, as does what somebody would hear of a customer whom they usually look after."""
    if steps.kind_of(row.step) in steps.NEWS or row.role == Role.COLLEAGUE:
        return max(now, person.away_until or now)
    return max(now, case.quiet_until or now) if row.role == Role.OWNER else now


def _rested(until: datetime, due: Sequence[AnyRow], about: Mapping[int, Case], now: datetime) -> datetime:
    """Returns when somebody with do-not-disturb on may be reminded: when it ends, or earlier if a promise would be missed
    meanwhile. A message makes no sound in such a chat, but is there for those who look."""
    asking = [row for row in due if steps.kind_of(row.step) not in steps.NEWS]
    needed = [case for row in asking if (case := about.get(row.follow_up_id)) is not None and _still_needed(row, case)]
    return max(now, min([until, *(case.claim_by if case.owner is None else case.close_by for case in needed)]))


def _still_needed(row: AnyRow, case: Case) -> bool:
    """Returns whether the reminder would still be true."""
    kind = steps.kind_of(row.step)
    if case.is_test:
        return False
    if kind is Kind.AGAIN:
        return case.state is State.CLOSED
    if not case.open or case.promises != row.promise:
        return False
    if kind in steps.BACK:
        return case.owner is None
    if kind is Kind.HELP:
        return case.help_at is not None and case.owner is not None and case.owner.id != row.person_id
    if row.role == Role.OWNER:
        passed_on = steps.is_passed_on(row.step) and case.help_at is not None  # nobody has taken it over since
        mine = case.owner is not None and (case.owner.id == row.person_id or passed_on)
        return mine and (case.contacted_at is None or steps.phase_of(row.step) is not Phase.QUIET)
    nobody_has_it = kind is Kind.LISTED or steps.phase_of(row.step) is Phase.UNCLAIMED
    if case.owner is None:
        return nobody_has_it  # also after a contact: nobody else sees it through
    return case.contacted_at is None and not nobody_has_it and case.owner.id != row.person_id


def _send(tx: Connection, company: Company, ready: _Ready, now: datetime) -> Wanted:
    person, said = ready.person, list(ready.nudges.values())
    day = quiet.day_of(ready.zone, now)
    number = nudges.bundles_on(tx, person.id, day) + 1
    bundle_id = nudges.open_bundle(tx, person.id, day, number, now)
    nudges.finish(
        tx,
        [_finished(row, "sent", now, bundle_id, off=not company.teams[case.team].hours.is_open(now)) for row, case in said],
    )
    ask(tx, company, said, now)
    return wanted.bundle(bundle_id, colleagues.person_in(person))


def items_of(tx: Connection, bundle_id: int) -> Sequence[tuple[AnyRow, Case]]:
    """Returns what a bundle holds, with the cases as they are now."""
    rows = nudges.in_bundle(tx, bundle_id)
    about = cases.read_all(tx, {row.follow_up_id for row in rows})
    return [(row, about[row.follow_up_id]) for row in rows]


def _finished(row: AnyRow, state: str, now: datetime, bundle_id: int | None = None, *, off: bool = False) -> dict[str, Any]:
    return {"nudge": row.id, "becomes": state, "at": now if state == "sent" else None, "bundle": bundle_id, "off": off}
