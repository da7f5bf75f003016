"""Any weeks a team can have, with any people: what the ladder may never do."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, time, timedelta
from itertools import cycle
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from handlers import colleagues
from handlers.actions import ACTIONS
from handlers.commands import answer
from handlers.company import Company
from handlers.feedback import Person
from handlers.ladder import USUAL, Phase, Role, Step
from handlers.nudges import away, bundles, clock_look, quiet, steps
from handlers.nudges.clock_look import Usual
from handlers.nudges.steps import Kind
from handlers.pictures import picture
from storage import delivery_log, followups, nudges, people, schema
from storage.database import Store
from tests import log
from tests.conftest import ANA, BEN, FRIDAY, LEA, OSLO, Shop, said

PEOPLE = st.sampled_from([ANA, BEN, LEA])
FORMS: dict[str, list[dict[str, str]]] = {
    "close": [{"outcome": "fixed", "done": "Rang her.", "cause": "other"}],
    "dismiss": [{"reason": "test"}],
    "note": [{"note": "On it."}],
    "raise": [{"words": "One till open."}],
    "snooze": [{"until": "lunch"}, {"until": "shift"}, {"until": "opening"}, {"until": "answer"}],
    "wait": [{"days": "1"}, {"days": "7"}],
}
WORDS = [
    "less",
    "more",
    "stop",
    "pause until monday",
    "quiet 12:00-15:00",
    "away until friday",
    "away until friday forward ben@x.example",
    "away until monday forward ana@x.example",
    "away until next week forward lea@x.example",
    "pause until tomorrow",
    "quiet 22:00-13:00",
    "pause until the cows come home",
]
ZONES = {ANA: "Europe/Oslo", BEN: "America/Sao_Paulo", LEA: "Asia/Kolkata"}
TICKS = 3
"""Enough looks for all that can come due at one moment to come."""
TO_BEN = [
    Step(phase=phase, after=after, role=Role.COLLEAGUE)
    for phase, after in ((Phase.UNCLAIMED, 0), (Phase.UNCLAIMED, 1.25), (Phase.QUIET, 0.75))
]
TURNS = st.lists(st.booleans(), max_size=6)
"""Which of two replicas goes on next. Each looks and then sends, by turns, as a tick of the house does."""
BUNDLES, NUDGES = select(nudges.bundle), select(nudges.nudge)


def of_ben(number: int) -> dict[str, str]:
    return {"key": f"c-{number}", "owner": "Ben@x.example"}


class Weeks(RuleBasedStateMachine):
    """Three customers, three colleagues, one of them the leader, and one whose customers they usually are."""

    def __init__(self, shop: Shop) -> None:
        super().__init__()
        self.shop = shop
        self.shop.now = FRIDAY
        team = shop.company.teams["oak-street"].model_copy(update={"ladder": (*TO_BEN, *USUAL)})
        self.shop.company = shop.company.model_copy(update={"teams": {team.name: team}})
        self.shop.store.write_sync(schema.forget_everything)
        self.heard = 0
        self.told: dict[tuple[int, int], list[str]] = {}
        self.replica = Store(str(shop.store.url))

    def teardown(self) -> None:
        self.replica.close()

    @initialize()
    def a_team_with_a_leader(self) -> None:
        self.shop.store.write_sync(self._meet)
        for _ in range(3):
            self.a_customer_answers()

    def _meet(self, tx: Any) -> None:
        for who in (ANA, BEN, LEA):
            known = colleagues.remember(tx, who)
            people.meet(tx, known.id, who.name, f"{who.user_id}@x.example", ZONES[who], FRIDAY)
        nudges.put_on_duty(tx, "oak-street", Role.LEADER, [colleagues.remember(tx, LEA).id])
        self.usual: Usual = {("oak-street", "ben@x.example"): [colleagues.remember(tx, BEN).id or 0]}

    @rule()
    def a_customer_answers(self) -> None:
        if self.heard < 5:
            self.heard += 1
            self.shop.hears(said(f"r-{self.heard}", customer=of_ben(self.heard)))

    @rule(number=st.integers(1, 3), comment=st.sampled_from(["Still waiting.", "Thank you."]))
    def a_customer_answers_again(self, number: int, comment: str) -> None:
        self.shop.hears(said(f"r-{number}", comment=comment, customer=of_ben(number)))

    @rule(verb=st.sampled_from(sorted(ACTIONS)), who=PEOPLE, case=st.integers(1, 4), choice=st.integers(0, 3))
    def somebody_does_something(self, verb: str, who: Person, case: int, choice: int) -> None:
        answers = FORMS.get(verb, [{}])
        self.shop.tap(verb, who, case, **answers[choice % len(answers)])

    @rule(who=PEOPLE, to=PEOPLE, case=st.integers(1, 4))
    def somebody_hands_over(self, who: Person, to: Person, case: int) -> None:
        self.shop.tap("hand_over", who, case, to=to)

    @rule(who=PEOPLE, words=st.sampled_from(WORDS))
    def somebody_types(self, who: Person, words: str) -> None:
        assert self.shop.store.write_sync(answer, self.shop.company, words, who, who.place, self.shop.now).text

    @rule(hours=st.sampled_from([0.2, 1, 2, 5, 14, 24, 72, 200, -2]))
    def time_passes(self, hours: float) -> None:
        self.shop.passes(hours=hours)

    @rule()
    def a_replica_starts_again(self) -> None:
        self.replica.close()
        self.replica = Store(str(self.shop.store.url))

    @rule(turns=TURNS)
    def the_clock_ticks_on_several_replicas(self, turns: list[bool]) -> None:
        before = {row.id for row in self.sent()}
        duties = {replica: cycle((self._look, bundles.send_bundles)) for replica in (False, True)}
        for on_the_other in [*turns, *[False, False, True, True] * TICKS]:
            store = self.replica if on_the_other else self.shop.store
            store.write_sync(away.end_absences, self.shop.now)
            store.write_sync(next(duties[on_the_other]), self.shop.company, self.shop.now)
        new = [row for row in self.sent() if row.id not in before]
        for person_id, number in Counter(row.person_id for row in new).items():
            assert number == 1, f"{person_id} got {number} messages at once"
        for row in new:
            self.was_welcome(row)
            self.was_new(row)

    def _look(self, tx: Any, company: Company, now: datetime) -> int:
        return clock_look.look(tx, company, now, self.usual)

    @rule()
    def a_replica_that_does_not_know_the_team_ticks(self) -> None:
        elsewhere = self.shop.company.model_copy(update={"teams": {}, "routes": ()})
        before = self.sent()
        self.replica.write_sync(clock_look.look, elsewhere, self.shop.now)
        self.replica.write_sync(bundles.send_bundles, elsewhere, self.shop.now)
        assert self.sent() == before

    @rule()
    def the_bot_was_down_for_three_days(self) -> None:
        self.shop.passes(days=3)
        self.the_clock_ticks_on_several_replicas([])

    def was_welcome(self, row: Any) -> None:
        """At its moment, nobody was disturbed."""
        person = self.shop.store.read_sync(people.by_id, row.person_id)
        hours = self.shop.company.teams["oak-street"].hours
        assert hours.is_open(row.at)
        assert row.at.astimezone(OSLO).time() >= time(8, 15), "not in the first quarter of an hour"
        assert person.rhythm != "stop" or self.was_asked_for(row)
        assert person.paused_until is None or person.paused_until <= row.at
        if person.quiet:
            start, end = quiet.quiet_hours(person.quiet) or (None, None)
            assert start
            assert end
            clock = row.at.astimezone(ZoneInfo(person.timezone)).time()
            assert not (start <= clock < end if start < end else clock >= start or clock < end)

    def was_new(self, row: Any) -> None:
        """It is about open cases, each once, and says of none what it said before."""
        items = self.shop.store.read_sync(nudges.in_bundle, row.id)
        about = [nudge.follow_up_id for nudge in items]
        assert len(about) == len(set(about)), "a case comes once in a message"
        drawn = self.shop.card(f"bundle:{row.id}").items
        for nudge, item in zip(items, drawn, strict=True):
            assert self.shop.row(nudge.follow_up_id).state in ("new", "claimed", "waiting")
            if steps.kind_of(nudge.step) in (*steps.NUDGES, Kind.LISTED):
                said = self.told.setdefault((nudge.follow_up_id, row.person_id), [])
                assert item.headline not in said, "never the same words twice"
                said.append(item.headline)

    def was_asked_for(self, row: Any) -> bool:
        """Whether they wanted it at that time themselves, snoozing a case or waiting for its customer."""
        return any(steps.is_own_request(nudge.step) for nudge in self.shop.store.read_sync(nudges.in_bundle, row.id))

    def sent(self) -> list[Any]:
        return list(self.shop.store.read_sync(lambda tx: tx.execute(BUNDLES).all()))

    def asked(self) -> list[Any]:
        return list(self.shop.store.read_sync(lambda tx: tx.execute(NUDGES).all()))

    @invariant()
    def nobody_hears_more_than_twice_of_one_case(self) -> None:
        said = Counter(
            (row.follow_up_id, row.person_id)
            for row in self.asked()
            if row.state == "sent" and row.person_id and steps.kind_of(row.step) in steps.NUDGES
        )
        assert max(said.values(), default=0) <= 2

    @invariant()
    def no_step_speaks_twice_to_the_same(self) -> None:
        said = Counter((row.follow_up_id, row.promise, row.step, row.audience) for row in self.asked())
        assert max(said.values(), default=0) <= 1

    @invariant()
    def a_reminder_is_passed_on_to_few(self) -> None:
        each = Counter((row.follow_up_id, row.promise, row.step.partition("-for-")[0]) for row in self.asked())
        assert max(each.values(), default=0) <= 2 * len(ZONES)

    @invariant()
    def nobody_has_more_than_two_messages_a_day(self) -> None:
        each = Counter((row.person_id, row.day) for row in self.sent() if not self.was_asked_for(row))
        assert max(each.values(), default=0) <= 2

    @invariant()
    def every_log_tells_its_row(self) -> None:
        self.shop.store.read_sync(self._tell_their_rows)

    def _tell_their_rows(self, tx: Any) -> None:
        for target in range(1, self.heard + 1):
            row, told = followups.case(tx, target), log.replay(log.life(tx, target))
            assert told == {column: getattr(row, column) for column in told}

    @invariant()
    def what_is_open_is_looked_at_again(self) -> None:
        for row in self.shop.store.read_sync(lambda tx: [followups.case(tx, target) for target in range(1, self.heard + 1)]):
            assert row is not None
            assert (row.next_look_at is not None) == (row.state in ("new", "claimed", "waiting"))

    @invariant()
    def every_message_can_be_drawn(self) -> None:
        self.shop.store.read_sync(self._draw)

    def _draw(self, tx: Any) -> None:
        for message in delivery_log.unfinished(tx, 1000):
            assert picture(tx, self.shop.company, message.id, self.shop.now).card.plain


def test_whatever_weeks_a_team_has_nobody_is_pestered(shop: Shop) -> None:
    quick = settings(
        max_examples=25 if shop.store.sqlite else 8, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
    )
    run_state_machine_as_test(lambda: Weeks(shop), settings=quick)


def test_a_clock_that_is_set_back_says_nothing_again(shop: Shop) -> None:
    shop.hears(said())
    shop.passes(hours=5)
    shop.store.write_sync(clock_look.look, shop.company, shop.now)
    before = shop.keys()
    shop.now -= timedelta(hours=2)
    shop.store.write_sync(clock_look.look, shop.company, shop.now)
    assert shop.keys() == before
