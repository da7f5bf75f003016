"""The ladder: who hears about a waiting follow-up, and when. Pure; the rows say which steps were passed.

A step belongs to a phase of the follow-up and becomes due when a share of its promise is used up, counted in opening hours. Each
step is passed once per promise, whatever happens in between; after downtime only the last due step of each role speaks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from pydantic import BaseModel, ConfigDict

from handlers.calendar.duration import Duration
from handlers.calendar.hours import OpeningHours
from handlers.case import Case, State
from handlers.feedback import Moment

if TYPE_CHECKING:
    from storage.prepared import AnyRow


class Phase(StrEnum):
    """The state of a follow-up in which a step speaks: `quiet` is claimed, with no contact with the customer yet."""

    UNCLAIMED = "unclaimed"
    CLAIMED = "claimed"
    QUIET = "quiet"


class Role(StrEnum):
    """Whom a step addresses: the thread of the card, or one or several people privately. `owner` has the follow-up; `colleague` is
    whoever usually looks after the customer, as a directory says."""

    THREAD = "thread"
    OWNER = "owner"
    COLLEAGUE = "colleague"
    BACKUP = "backup"
    LEADER = "leader"
    MANAGER = "manager"


class Step(BaseModel):
    """One step. `after` is a share of the promise (to claim while unclaimed, else to close); 1.5 is half of the promise past its
    end, 0 is its first open second.

    `moments`, `least_value` and `between` (the team's local times of day) restrict when it speaks. `again` repeats it after that
    much opening time, `times` in total.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    phase: Phase
    after: float
    role: Role
    moments: tuple[Moment, ...] = ()
    least_value: float | None = None
    between: tuple[time, time] | None = None
    again: Duration | None = None
    times: int = 1

    @cached_property
    def name(self) -> str:
        """Returns the name in the log and the figures, as in `quiet-75-owner`."""
        return f"{self.phase}-{self.after * 100:g}-{self.role}"


TEST_LASTS = timedelta(hours=1)
USUAL = (
    Step(phase=Phase.UNCLAIMED, after=0.5, role=Role.THREAD),
    Step(phase=Phase.UNCLAIMED, after=1, role=Role.THREAD),
    Step(phase=Phase.UNCLAIMED, after=1.5, role=Role.LEADER),
    Step(phase=Phase.QUIET, after=0.75, role=Role.OWNER),
    Step(phase=Phase.CLAIMED, after=1, role=Role.OWNER),
    Step(phase=Phase.CLAIMED, after=1, role=Role.THREAD),
    Step(phase=Phase.QUIET, after=1.5, role=Role.LEADER),
)
"""The default ladder of a team."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fresh:
    """A follow-up that was just opened, as the ladder sees it, whether it is stored or not."""

    promised_at: datetime
    claim_by: datetime
    close_by: datetime
    state_since: datetime
    moment: str
    value: float | None = None
    held_until: datetime | None = None
    state: str = State.NEW
    contacted_at: datetime | None = None
    rungs_unclaimed: int = 0
    rungs_claimed: int = 0
    quiet_until: datetime | None = None
    asked_at: datetime | None = None
    is_test: bool = False


Standing: TypeAlias = "Case | Fresh | AnyRow"
"""A follow-up as the ladder sees it: a case, one that was just opened, or a row of storage.looks."""


@dataclass(frozen=True, slots=True)
class Rung:
    """A step of one follow-up, and when it becomes due. `name` tells repetitions apart."""

    name: str
    step: Step
    at: datetime


@dataclass(frozen=True, slots=True)
class Climb:
    """What the clock finds: the steps that speak now, how many are passed in this phase, whether there are no more of a ladder that
    has any, and when to look again."""

    speaks: tuple[Rung, ...]
    passed: int
    at_the_top: bool
    next_look_at: datetime | None


def climb(standing: Standing, ladder: Sequence[Step], hours: OpeningHours, now: datetime) -> Climb:
    """Returns which steps speak now. Of several for one role only the last does. What the thread or the owner would have been told
    before the present state began is omitted: it would greet whoever has just taken a late one on with “still yours?”. A test
    nags nobody."""
    if standing.is_test:
        return Climb((), _passed(standing), at_the_top=False, next_look_at=test_ends(standing, hours))
    passed, last, upcoming = _passed(standing), {}, None
    for rung in _rungs(standing, ladder, hours, passed):
        if rung.at >= now:
            upcoming = rung.at
            break
        passed += 1
        outlived = rung.step.role in (Role.THREAD, Role.OWNER) and rung.at < standing.state_since
        if not outlived and (rung.step.phase is not Phase.QUIET or standing.contacted_at is None):
            last[rung.step.role] = rung
    return Climb(tuple(last.values()), passed, upcoming is None and bool(ladder), _soonest(standing, hours, now, upcoming))


def next_look(standing: Standing, ladder: Sequence[Step], hours: OpeningHours, now: datetime) -> datetime | None:
    """Returns when the clock must look at a follow-up that changed at `now`; None once it has ended."""
    if standing.state in (State.CLOSED, State.DISMISSED):
        return None
    if standing.is_test:
        return standing.held_until or test_ends(standing, hours)
    first = next(_rungs(standing, ladder, hours, _passed(standing)), None)
    return _soonest(standing, hours, now, first.at if first else None)


def ahead(standing: Standing, ladder: Sequence[Step], hours: OpeningHours) -> list[Rung]:
    """Returns all steps still to come in its present phase, if nothing happens to it."""
    return list(_rungs(standing, ladder, hours, _passed(standing)))


def let_go_of(standing: Standing, hours: OpeningHours) -> datetime | None:
    """Returns when a claim ends unless its owner answers “still yours?” before: with the next working day. None if nobody asked, or
    the customer has heard from us."""
    asked = standing.state == State.CLAIMED and standing.contacted_at is None
    return hours.next_day(standing.asked_at) if asked and standing.asked_at else None


def test_ends(standing: Standing, hours: OpeningHours) -> datetime:
    """Returns when a test of a source ends by itself: an hour after its card appeared."""
    return hours.next_opening(standing.promised_at) + TEST_LASTS


def _soonest(standing: Standing, hours: OpeningHours, now: datetime, upcoming: datetime | None) -> datetime | None:
    held = standing.held_until
    if standing.state == State.WAITING:
        ahead = held is not None and standing.quiet_until is not None and now < held < standing.quiet_until
        return held if ahead else standing.quiet_until
    deadline = standing.claim_by if standing.state == State.NEW else standing.close_by
    release = let_go_of(standing, hours)
    daily_list = _next_working_day(hours, now) if upcoming is None and deadline < now else None
    return min(at for at in (upcoming, deadline if deadline >= now else None, release, daily_list, held) if at is not None)


def _next_working_day(hours: OpeningHours, now: datetime) -> datetime:
    """Returns when the next line of the daily list is due: what changes while the team is closed is on that of the coming day."""
    return hours.next_day(now) if hours.is_open(now) else hours.next_opening(now)


def _passed(standing: Standing) -> int:
    return standing.rungs_unclaimed if standing.state == State.NEW else standing.rungs_claimed


def _rungs(standing: Standing, ladder: Sequence[Step], hours: OpeningHours, passed: int) -> Iterator[Rung]:
    """Yield the steps of the present phase that were not passed yet, in the order in which they become due."""
    new = standing.state == State.NEW
    steps = [step for step in ladder if (step.phase is Phase.UNCLAIMED) == new and _concerns(step, standing)]
    if standing.state == State.WAITING or passed >= sum(step.times for step in steps):
        return
    since, until = standing.promised_at, standing.claim_by if new else standing.close_by
    whole = hours.between(since, until)
    if any(step.between or step.again for step in steps):
        yield from sorted(_timed(steps, hours, since, until, whole), key=lambda rung: rung.at)[passed:]
        return
    for step in sorted(steps, key=lambda step: step.after)[passed:]:  # in order of due time, computed on demand
        yield Rung(step.name, step, _moment(hours, since, until, whole, step.after))


def _timed(steps: Sequence[Step], hours: OpeningHours, since: datetime, until: datetime, whole: timedelta) -> Iterator[Rung]:
    for step in steps:
        at = _moment(hours, since, until, whole, step.after)
        for n in range(step.times):
            if n and step.again:
                at = hours.after(at, step.again)
            yield Rung(step.name if n == 0 else f"{step.name}-{n + 1}", step, _within(step, hours, at))


def _moment(hours: OpeningHours, since: datetime, until: datetime, whole: timedelta, share: float) -> datetime:
    if share == 1 or not whole:
        return until
    seconds = max(1, round(whole.total_seconds() * (share if share < 1 else share - 1)))
    return hours.passed(since if share < 1 else until, timedelta(seconds=seconds))


def _within(step: Step, hours: OpeningHours, at: datetime) -> datetime:
    """Returns the first moment from `at` on that is within the step's times of day and in opening hours; `at` itself where the team
    is not open at any of them."""
    if step.between is None:
        return at
    due, (start, end) = at, step.between
    for _ in range(14):  # a fortnight: holidays may close several days in a row
        local = at.astimezone(hours.zone)
        day = local.date() if local.time() < end else local.date() + timedelta(days=1)
        at = max(at, datetime.combine(day, start, hours.zone).astimezone(at.tzinfo))
        opening = hours.next_opening(at)
        if opening == at:
            return opening
        at = opening
    return due


def _concerns(step: Step, standing: Standing) -> bool:
    return (not step.moments or standing.moment in step.moments) and (
        step.least_value is None or (standing.value is not None and standing.value >= step.least_value)
    )
