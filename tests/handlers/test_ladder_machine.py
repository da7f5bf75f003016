"""Any weeks a team can have, with any people: what the ladder may never do."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from handlers import bundles, cases, look, quiet
from handlers.actions import ACTIONS
from handlers.commands import answer
from handlers.feedback import Person
from handlers.ladder import Role
from storage import followups, messages, nudges, people
from tests.conftest import ANA, BEN, FRIDAY, LEA, OSLO, Shop, said
from tests.handlers.test_life import forget

PEOPLE = st.sampled_from([ANA, BEN, LEA])
FORMS: dict[str, list[dict[str, str]]] = {
    "close": [{"outcome": "fixed", "done": "Rang her.", "cause": "other"}],
    "dismiss": [{"reason": "test"}],
    "note": [{"note": "On it."}],
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
]
TICKS = 6
"""Enough looks for all that can come due at one moment to come."""


class Weeks(RuleBasedStateMachine):
    """Three customers, three colleagues, one of them the leader."""

    def __init__(self, shop: Shop) -> None:
        super().__init__()
        self.shop = shop
        self.shop.now = FRIDAY
        self.shop.store.do(forget)
        self.heard = 0
        self.ended: dict[int, datetime] = {}
        self.checked = 0

    @initialize()
    def a_team_with_a_leader(self) -> None:
        self.shop.store.do(self._meet)
        for _ in range(3):
            self.a_customer_answers()

    def _meet(self, tx: Any) -> None:
        for who in (ANA, BEN, LEA):
            known = cases.remember(tx, who)
            people.meet(tx, known.id, who.name, f"{who.user_id}@x.example", "Europe/Oslo", FRIDAY)
        nudges.put_on_duty(tx, "oak-street", Role.LEADER, [cases.remember(tx, LEA).id])

    @rule()
    def a_customer_answers(self) -> None:
        if self.heard < 5:
            self.heard += 1
            self.shop.hears(said(f"r-{self.heard}"))

    @rule(number=st.integers(1, 3), comment=st.sampled_from(["Still waiting.", "Thank you."]))
    def a_customer_answers_again(self, number: int, comment: str) -> None:
        self.shop.hears(said(f"r-{number}", comment=comment))

    @rule(verb=st.sampled_from(sorted(ACTIONS)), who=PEOPLE, case=st.integers(1, 4), choice=st.integers(0, 3))
    def somebody_does_something(self, verb: str, who: Person, case: int, choice: int) -> None:
        answers = FORMS.get(verb, [{}])
        self.shop.tap(verb, who, case, **answers[choice % len(answers)])

    @rule(who=PEOPLE, to=PEOPLE, case=st.integers(1, 4))
    def somebody_hands_over(self, who: Person, to: Person, case: int) -> None:
        self.shop.tap("hand_over", who, case, to=to)

    @rule(who=PEOPLE, words=st.sampled_from(WORDS))
    def somebody_types(self, who: Person, words: str) -> None:
        assert self.shop.store.do(answer, self.shop.company, words, who, who.place, self.shop.now).text

    @rule(hours=st.sampled_from([0.2, 1, 2, 5, 14, 24, 72, 200, -2]))
    def time_passes(self, hours: float) -> None:
        self.shop.passes(hours=hours)

    @rule()
    def the_clock_ticks_on_several_replicas(self) -> None:
        before = self.sent()
        for _ in range(TICKS):
            self.shop.store.do(look.look, self.shop.company, self.shop.now)
            self.shop.store.do(bundles.send_bundles, self.shop.company, self.shop.now)
        new = [row for row in self.sent() if row.id not in {old.id for old in before}]
        for person_id, number in Counter(row.person_id for row in new).items():
            assert number == 1, f"{person_id} got {number} messages at once"
        for row in new:
            self.was_welcome(row)

    def was_welcome(self, row: Any) -> None:
        """At its moment, nobody was disturbed."""
        person = self.shop.store.look(people.by_id, row.person_id)
        assert self.shop.company.teams["oak-street"].hours.is_open(row.at)
        assert person.rhythm != "stop"
        assert person.paused_until is None or person.paused_until <= row.at
        if person.quiet:
            start, end = quiet.quiet_hours(person.quiet) or (None, None)
            assert start
            assert end
            assert not start <= row.at.astimezone(OSLO).time() < end
        for nudge in self.shop.store.look(nudges.in_bundle, row.id):
            assert self.shop.row(nudge.follow_up_id).state in ("new", "claimed", "waiting")

    def sent(self) -> list[Any]:
        return list(self.shop.store.look(lambda tx: tx.execute(select(nudges.bundle)).all()))

    def asked(self) -> list[Any]:
        return list(self.shop.store.look(lambda tx: tx.execute(select(nudges.nudge)).all()))

    @invariant()
    def nobody_hears_more_than_twice_of_one_case(self) -> None:
        said = Counter(
            (row.follow_up_id, row.person_id)
            for row in self.asked()
            if row.state == "sent" and row.person_id and not row.step.startswith(("asked", "list"))
        )
        assert max(said.values(), default=0) <= 2

    @invariant()
    def no_step_speaks_twice_to_the_same(self) -> None:
        said = Counter((row.follow_up_id, row.promise, row.step, row.audience) for row in self.asked())
        assert max(said.values(), default=0) <= 1

    @invariant()
    def nobody_has_more_than_two_messages_a_day(self) -> None:
        each = Counter((row.person_id, row.day) for row in self.sent())
        assert max(each.values(), default=0) <= 2

    @invariant()
    def every_log_tells_its_row(self) -> None:
        for target in range(1, self.heard + 1):
            row, told = self.shop.row(target), followups.replay(self.shop.store.look(followups.life, target))
            assert told == {column: getattr(row, column) for column in told}

    @invariant()
    def what_is_open_is_looked_at_again(self) -> None:
        for target in range(1, self.heard + 1):
            row = self.shop.row(target)
            assert (row.next_look_at is not None) == (row.state in ("new", "claimed", "waiting"))

    @invariant()
    def every_message_can_be_drawn(self) -> None:
        for row in self.shop.store.look(messages.unfinished, 1000):
            assert self.shop.card(row.key).plain


def test_whatever_weeks_a_team_has_nobody_is_pestered(shop: Shop) -> None:
    quick = settings(max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(lambda: Weeks(shop), settings=quick)


def test_a_clock_that_is_set_back_says_nothing_again(shop: Shop) -> None:
    shop.hears(said())
    shop.passes(hours=5)
    shop.store.do(look.look, shop.company, shop.now)
    before = shop.keys()
    shop.now -= timedelta(hours=2)
    shop.store.do(look.look, shop.company, shop.now)
    assert shop.keys() == before
