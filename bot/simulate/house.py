"""The company's own ladder through the real handlers, on a temporary database. The clock jumps from event to event."""

from __future__ import annotations

import heapq
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, bindparam, func, select

from bot.simulate.assumptions import Assumptions
from bot.simulate.chance import draw
from bot.simulate.customers import BEGINS, Story, usual_colleague_of
from bot.simulate.office import Deed, Office, Reminder
from bot.simulate.staff import Colleague, Staff
from handlers import cases, colleagues
from handlers.actions import act
from handlers.arrivals.arrival import Arrival
from handlers.case import Case
from handlers.commands import answer
from handlers.company import Company
from handlers.ladder import Role
from handlers.nudges import away, steps
from handlers.nudges.bundles import AT_ONCE, send_bundles
from handlers.nudges.clock_look import BATCH, look
from handlers.receive import receive
from handlers.situation import Tap
from storage import act_log, followups, messages, nudges, people, schema
from storage.database import Store
from storage.prepared import AnyRow

SECOND = timedelta(seconds=1)
"""How long after something comes due the simulated clock ticks, and the least time between two ticks."""
DAY = timedelta(days=1)

_message, _act, _row = messages.message, act_log.act, followups.follow_up
_said = (
    select(
        _message.c.id,
        _message.c.kind,
        _message.c.follow_up_id,
        _message.c.bundle_id,
        _message.c.person_id,
        _act.c.verb,
        _act.c.detail,
    )
    .outerjoin(_act, _act.c.id == _message.c.act_id)
    .where(_message.c.id > bindparam("last"), _message.c.kind.in_(("card", "line", "bundle")))
    .where(~_message.c.key.like("%:%:%"))  # a team's other channels show the same message
    .order_by(_message.c.id)
)
_stands = (
    select(_row.c.version, _row.c.contacted_at, _row.c.closed_at, people.person.c.user_id)
    .outerjoin(people.person, people.person.c.id == _row.c.owner_id)
    .where(_row.c.id == bindparam("this"))
)
_due = (
    select(func.min(_row.c.next_look_at)).where(_row.c.next_look_at.is_not(None)),
    select(func.min(nudges.nudge.c.send_at)).where(nudges.nudge.c.state == "waiting"),
)


class Ladder(Office):
    """The same people with the real bot: they read what it posts, and it receives what they press."""

    def __init__(
        self, company: Company, staff: Staff, stories: Sequence[Story], seed: int, weeks: int, assumed: Assumptions
    ) -> None:
        super().__init__(staff, stories, seed, weeks, assumed)
        self.company = company
        self.of_id: dict[int, Story] = {}
        self.ids: dict[int, int] = {}
        self.usual: dict[tuple[str, str], Sequence[int]] = {}
        self.last_message = 0
        self.ticked = BEGINS - 2 * DAY
        for who in staff.everybody():
            for gone in who.away:
                if draw(seed, "says away", who.person.user_id, gone) < assumed.says_away:
                    self.plan(gone - DAY, Deed.AWAY, who=who)

    def played(self, tell: Callable[[], None]) -> None:
        """Play all weeks; `tell` is called after each day. A day is one unit of work, as single taps need not survive a crash."""
        with (
            tempfile.TemporaryDirectory(prefix="action-hero-", ignore_cleanup_errors=True) as folder,
            closing(Store(f"sqlite:///{Path(folder) / 'simulate.db'}")) as store,
        ):
            schema.migrate(store)
            store.write_sync(self._put_on_duty)
            day = BEGINS - DAY
            while day < self.until:
                day += DAY
                store.write_sync(self._until, day)
                tell()

    def does(self, deed: Deed, story: Story, who: Colleague, to: Colleague | None, now: datetime) -> bool:
        target = self.ids[story.number]
        before: int = self.tx.execute(_stands, {"this": target}).one().version
        filled = self._filled(deed, story, to)
        act(self.tx, self.company, Tap(deed, target, who.person, now, filled, {"to": to.person} if to else None))
        after: int = self._see(story, now).version
        return before != after

    def _filled(self, deed: Deed, story: Story, to: Colleague | None) -> Mapping[str, str] | None:
        """Fill in the form of a verb that has one."""
        if deed is Deed.CLOSE:
            cause = self.company.teams[story.team].causes[-1]
            return {"outcome": "fixed", "done": "Called and apologised.", "cause": cause}
        if deed is Deed.HAND_OVER and to is not None:
            return {"to": to.person.user_id}
        return {"until": "opening"} if deed is Deed.SNOOZE else None

    def _see(self, story: Story, now: datetime) -> AnyRow:
        """Update the story from the database. Returns its row."""
        row = self.tx.execute(_stands, {"this": self.ids[story.number]}).one()
        story.owner, story.contacted_at, story.closed_at = row.user_id, row.contacted_at, row.closed_at
        if story.owner is not None and story.claimed_at is None:
            story.claimed_at = now
        return row

    def _until(self, tx: Connection, end: datetime) -> None:
        """Play everything that happens before `end`, in order."""
        self.tx = tx
        while (now := min(self._next_person(), self._next_tick())) < end:
            if self._next_person() <= now:
                self._person(*heapq.heappop(self.queue))
            else:
                self._tick(now)
            self._hear(now)

    def _next_person(self) -> datetime:
        return max(self.queue[0][0], self.ticked) if self.queue else self.until

    def _next_tick(self) -> datetime:
        """Returns when to tick next: just after the first thing that is due. What was due before the last tick is done already."""
        ahead = [self.tx.execute(statement).scalar_one() for statement in _due]
        return min((max(at, self.ticked) + SECOND for at in ahead if at is not None), default=self.until)

    def _person(self, at: datetime, _: int, deed: Deed, story: Story | None, who: Colleague | None) -> None:
        now = max(at, self.ticked)
        if story is None:
            assert who is not None
            words = f"away until {(at + 8 * DAY):%Y-%m-%d}"
            answer(self.tx, self.company, words, who.person, who.person.place, now)
        elif who is not None:
            self.acts(deed, story, who, now)
        else:
            (receipt,) = receive(self.tx, self.company, [Arrival("simulated", story.feedback, now)])
            row = followups.of_feedback(self.tx, receipt.id or 0)
            assert row is not None, "a route of its own leads to each"
            self.of_id[row.id], self.ids[story.number] = story, row.id

    def _tick(self, now: datetime) -> None:
        """Do what the bot does on a tick, as in bot.tick."""
        self.ticked = now
        while look(self.tx, self.company, now, self.usual) == BATCH:
            pass
        away.end_absences(self.tx, now)
        while send_bundles(self.tx, self.company, now) == AT_ONCE:
            pass

    def _hear(self, now: datetime) -> None:
        """Let everybody read what was posted since the last call."""
        for said in self.tx.execute(_said, {"last": self.last_message}).all():
            self.last_message = said.id
            if said.kind == "bundle":
                self._bundle(said, now)
                continue
            story = self.of_id[said.follow_up_id]
            if said.kind == "card":
                self.card_appears(story, now)
            elif said.verb in ("nudged", "became_late", "let_go"):
                self._line(story, said, now)

    def _line(self, story: Story, said: AnyRow, now: datetime) -> None:
        if said.verb == "let_go":
            story.released += 1
            self._see(story, now)
        story.reminders += 1
        self._count(now, [story])
        self.line_appears([Reminder(story, said.detail.get("says", said.verb))], story.team, now)

    def _bundle(self, said: AnyRow, now: datetime) -> None:
        user_id = people.by_id(self.tx, said.person_id).user_id
        held = nudges.in_bundle(self.tx, said.bundle_id)
        asked = cases.read_all(self.tx, [row.follow_up_id for row in held])
        about = [_reminder(self.of_id[row.follow_up_id], row, asked[row.follow_up_id]) for row in held]
        for story in [each.story for each in about if each.words not in steps.NO_NUDGES]:
            story.reminders += 1
            story.told[user_id] = story.told.get(user_id, 0) + 1
        self._count(now, [each.story for each in about])
        who = self.staff.called(about[0].story.team, user_id)
        if who is None:
            return
        at, will = self.reads_privately(who, about, now)
        if at is not None:
            self.owner_hears([each for each in about if each.story.owner == user_id], who, at, will)
            self.helper_hears([each for each in about if each.story.owner != user_id], who, at, will)

    def _count(self, now: datetime, about: Sequence[Story]) -> None:
        self.noise.reminders += 1
        self.noise.off_hours += not all(story.hours.is_open(now) for story in about)

    def _put_on_duty(self, tx: Connection) -> None:
        for (team, role), group in self.staff.on_duty.items():
            ids = [colleagues.remember(tx, who.person).id for who in group]
            if role is Role.COLLEAGUE:
                self.usual[team, usual_colleague_of(team)] = [id for id in ids if id is not None]
            else:
                nudges.put_on_duty(tx, team, role, ids)


def _reminder(story: Story, row: AnyRow, case: Case) -> Reminder:
    """Build the reminder of a nudge. The daily list repeats its words every day. An owner's stand-in takes over, like a backup."""
    words = next((kind for kind in steps.NO_NUDGES if row.step.startswith(kind)), row.step)
    role = Role.BACKUP if steps.is_passed_on(row.step) else Role(row.role)
    return Reminder(story, words, role, asks=case.asked_at is not None)
