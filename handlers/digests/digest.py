"""Sends the weekly post: once per team and local week, when it is due in the week after. Idempotent: may run twice, late, on any
replica.

The row decides: whoever inserts it, or finishes its draft, makes the post; everybody else finds it made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from handlers import leaders, message_keys, wanted
from handlers.calendar import months, weeks
from handlers.calendar.weeks import Week
from handlers.company import Company
from handlers.digests import making, snapshot, wins
from handlers.digests.isolation import Failed, Isolation
from handlers.digests.leader_digest import send_to_leaders
from handlers.digests.making import FirstAnswers
from handlers.digests.worked import TOLD_SINCE
from handlers.ladder import Role
from handlers.reviews.own_month import send_notes
from handlers.reviews.review import send_reviews
from handlers.team import Team
from storage import digests, material, messages, nudges
from storage.units import savepoint


def send_digests(tx: Connection, company: Company, now: datetime, failed: Failed | None = None) -> datetime | None:
    """Make the posts and previews that are due. Returns when to call again (`now` if there may be more); None without a team.
    Errors are raised; with `failed` they are passed to it instead, and all other posts are made."""
    if failed is None:
        return _send_all(tx, company, now, Isolation(tx))
    try:
        with savepoint(tx):
            return _send_all(tx, company, now, Isolation(tx))
    except OperationalError:
        raise
    except Exception:  # noqa: BLE001 - it fails again below, and is told then
        return _send_all(tx, company, now, Isolation(tx, failed))


def _send_all(tx: Connection, company: Company, now: datetime, isolate: Isolation) -> datetime | None:
    made = 0
    first_answers = FirstAnswers(tx)
    known = {key: row.state for key, row in digests.states(tx, snapshot.KIND, _periods(company, now)).items()}
    duty = nudges.on_duty(tx)
    for team in company.teams.values():
        leads = (team.name, Role.LEADER) in duty
        made += isolate(f"team:{team.name}", partial(_send_week, tx, company, team, first_answers, known, now, leads=leads)) or 0
        made += isolate(f"wins:{team.name}", partial(wins.send, tx, company, team, now)) or 0
        if made >= making.AT_ONCE:
            return now
    for send in (send_to_leaders, send_reviews):
        if send(tx, company, first_answers, now, isolate) >= making.AT_ONCE:
            return now
    if isolate("own", partial(send_notes, tx, company, now)):
        return now
    ahead = [isolate(f"team:{team.name}", partial(_next_of, company, team, now)) for team in company.teams.values()]
    return min((at for at in ahead if at is not None), default=None)


def _send_week(
    tx: Connection,
    company: Company,
    team: Team,
    first_answers: FirstAnswers,
    known: Mapping[tuple[str, str], str],
    now: datetime,
    *,
    leads: bool,
) -> int:
    """Make a team's weekly post and, if somebody leads it, its preview, as far as they are due. `known` are the states of existing
    posts, by team and week. Returns how many were made."""
    due = [week for week in _finished(team, now) if known.get((team.name, str(week))) in (None, "draft")]
    due = due if due and _may_come(team, due[0], now) else []
    made = _send(tx, company, team, [week for week in due if has_begun(first_answers, team, week)], now)
    return made + (_preview(tx, company, team, known, now) if leads and first_answers.before([team], now) else 0)


def next_moment(company: Company, after: datetime) -> datetime | None:
    """Returns the soonest moment after `after` at which a post or its preview is due; None without a team."""
    ahead = (_next_of(company, team, after) for team in company.teams.values())
    return min((at for at in ahead if at is not None), default=None)


def _next_of(company: Company, team: Team, after: datetime) -> datetime | None:
    return min((at for at in (*_moments(team, after), *wins.moments(company, team, after)) if at > after), default=None)


def _moments(team: Team, at: datetime) -> Iterator[datetime]:
    this = weeks.now_in(team.hours, at)
    for back in range(-1, weeks.MADE_UP + 1):
        yield weeks.due(this.after(-back), team.hours, team.posting)
        yield weeks.preview(this.after(-back), team.hours, team.posting)
    for back in (1, 0):
        yield months.due(months.now_in(team.hours, at).after(-back), team.hours, team.posting.at)


def _periods(company: Company, now: datetime) -> list[str]:
    """Returns every week that may be reported now, in any team's time zone."""
    weeks_now = {weeks.now_in(team.hours, now) for team in company.teams.values()}
    return sorted({str(week.after(-back)) for week in weeks_now for back in range(-1, weeks.MADE_UP + 1)})


def _finished(team: Team, now: datetime) -> list[Week]:
    """Returns the weeks that are due, the newest first."""
    this = weeks.now_in(team.hours, now)
    each = (this.after(-back) for back in range(1, weeks.MADE_UP + 1))
    return [week for week in each if weeks.due(week, team.hours, team.posting) <= now]


def _may_come(team: Team, newest: Week, now: datetime) -> bool:
    """Returns whether the post about that week may come now: a late one waits for an opening, and where the next is due on that
    day, for the next."""
    at, next_at = (weeks.due(week, team.hours, team.posting) for week in (newest, newest.after(1)))
    comes_today = now < next_at and next_at.astimezone(team.hours.zone).date() == now.astimezone(team.hours.zone).date()
    return weeks.may_come(at, [team.hours], now) and not comes_today


def _send(tx: Connection, company: Company, team: Team, due: Sequence[Week], now: datetime) -> int:
    """Post the newest week that has something to tell; older missed weeks are marked as passed, so that a channel gets only one
    post."""
    if not due:
        return 0

    def take(week: Week) -> dict[str, Any]:
        # Locked, so that no leader's choice is confirmed after it was read here: the post would not obey it.
        row = digests.by_period(tx, snapshot.KIND, team.name, str(week), lock=True)
        return snapshot.take(tx, company, team, week, row.choices if row is not None else {}, now)

    said, taken = making.newest_telling(due, take, snapshot.has_something_to_tell)
    made = 0
    for week in due:
        broken = week == due[0] and taken[week]["broken"]
        state = "withheld" if broken else "sent" if week == said else "passed"
        made += _make(tx, team, week, state, taken.get(week, {"week": str(week)}), now)
    return made


def has_begun(first_answers: FirstAnswers, team: Team, week: Week) -> bool:
    """Returns whether that week is told: a customer of the team had answered by its end, or the team has read such posts before."""
    return first_answers.has_begun(snapshot.KIND, team.name, week, [team], weeks.bounds)


def _make(tx: Connection, team: Team, week: Week, state: str, told: dict[str, Any], now: datetime) -> int:
    """Record that this week is handled, unless another run did; whoever records it also creates the messages."""
    row = digests.by_period(tx, snapshot.KIND, team.name, str(week))
    if row is not None:
        digest_id = row.id if digests.finish(tx, row.id, state, told, now) else None
    else:
        digest_id = _begin(tx, team, week, state, told, now)
    if digest_id is None:
        return 0
    if state == "sent":
        messages.want(tx, wanted.posts("digest", team, str(week)), now)
    elif state == "withheld":
        messages.want(tx, [wanted.silent(str(week), leader) for leader in leaders.of(tx, team)], now)
    if row is not None:  # the preview that the leader already has becomes a line that says what came of it
        shown = messages.beginning(tx, "preview", [message_keys.of_whoever("preview", digest_id)])
        messages.want(tx, [each for each in snapshot.previews(tx, team, digest_id) if each.key in shown], now)
    return 1


def _preview(tx: Connection, company: Company, team: Team, known: Mapping[tuple[str, str], str], now: datetime) -> int:
    """Send the preview to the leader once: if it is time for it, and there is anything in it to look at."""
    this = weeks.now_in(team.hours, now)
    for week in (this.after(-2), this.after(-1), this):
        start, end = weeks.bounds(week, team.hours)
        shown_from = weeks.preview(week, team.hours, team.posting)
        ripe = shown_from <= now < weeks.due(week, team.hours, team.posting) and (team.name, str(week)) not in known
        if not ripe or shown_from < start:  # closed all week: there is no working day in it to show it on
            continue
        # Asked first, and cheaply: where nothing happened this is asked anew until the week is over.
        if not material.eventful(tx, team.name, start, end, start - TOLD_SINCE) or snapshot.feed_is_broken(tx, company, start, end):
            continue
        told = snapshot.take(tx, company, team, week, {}, now)
        empty = not (snapshot.has_something_to_tell(told) or told["figures"]["waiting_now"])
        digest_id = None if empty else _begin(tx, team, week, "draft", told, now)
        if digest_id is not None:
            messages.want(tx, snapshot.previews(tx, team, digest_id), now)
            return 1
    return 0


def _begin(tx: Connection, team: Team, week: Week, state: str, told: dict[str, Any], now: datetime) -> int | None:
    due_at = weeks.due(week, team.hours, team.posting)
    return digests.begin(
        tx, kind=snapshot.KIND, about=team.name, period=str(week), state=state, due_at=due_at, made_at=now, snapshot=told
    )
