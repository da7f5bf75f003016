"""Any life a follow-up can have: people tapping in any order, time passing both ways, updates and the clock; rules that always hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import select

from handlers.actions import ACTIONS
from handlers.cards import Card
from handlers.colleagues import meet
from handlers.feedback import Person
from handlers.nudges.bundles import send_bundles
from handlers.nudges.clock_look import look
from handlers.pictures import picture
from handlers.receive import Answer
from storage import followups, lanes, messages, schema, sending
from tests import log
from tests.conftest import ANA, BEN, FRIDAY, LEA, Shop, said

PEOPLE = st.sampled_from([ANA, BEN, LEA, Person("slack", "main", "nameless")])
FILLED = st.sampled_from(
    [
        {"outcome": "fixed", "done": "Called.", "cause": "other"},
        {"outcome": "unreachable", "done": "Rang twice.", "cause": "other"},
        {"outcome": "nonsense", "done": "", "cause": "weather"},
        {"reason": "test"},
        {"reason": "nonsense"},
        {"note": "At the till."},
        {"note": " "},
        {"words": "One till open."},
        {"until": "opening"},
        {"until": "answer"},
        {"days": "2"},
    ]
)


class Life(RuleBasedStateMachine):
    """One customer at a time, in a shop that begins empty each time."""

    def __init__(self, shop: Shop) -> None:
        super().__init__()
        self.shop = shop
        self.shop.now = FRIDAY
        self.shop.store.write_sync(schema.forget_everything)
        self.target = 0

    @initialize(score=st.sampled_from([2, 9]))
    def a_customer_answers(self, score: int) -> None:
        self.hear(score=score, comment="Waited long.")
        if not self.target:  # a happy customer who changed their mind
            self.hear(score=1, comment="Waited long.")
        assert self.target

    def hear(self, **words: Any) -> None:
        receipt = self.shop.hears(said(customer={"key": "c-1"}, **words))[0]
        assert receipt.id is not None
        row = self.shop.store.read_sync(followups.of_feedback, receipt.id)
        self.target = row.id if row is not None else 0

    @rule(verb=st.sampled_from(sorted(ACTIONS)), who=PEOPLE)
    def somebody_presses(self, verb: str, who: Any) -> None:
        before = self.row()
        reply = self.shop.tap(verb, who, self.target)
        assert reply.text or reply.form or reply.cards, "every tap is answered"
        if reply.form:
            assert self.row() == before, "a form that opens changes nothing"

    @rule(verb=st.sampled_from(["close", "dismiss", "note", "raise", "snooze", "wait"]), who=PEOPLE, answers=FILLED)
    def somebody_sends_a_form(self, verb: str, who: Any, answers: dict[str, str]) -> None:
        before = self.row()
        reply = self.shop.tap(verb, who, self.target, **answers)
        assert reply.text or reply.errors
        if reply.errors:
            assert self.row() == before, "a form with errors changes nothing"

    @rule(who=PEOPLE, to=PEOPLE)
    def somebody_hands_over(self, who: Any, to: Any) -> None:
        before = self.row()
        reply = self.shop.tap("hand_over", who, self.target, to=to)
        if "is asked to take this on" in reply.text or reply.text.startswith(
            ("Handed over", "It is yours")
        ):  # who chooses themselves takes it on
            assert self.row().owner_user_id == to.user_id
        else:
            assert self.row() == before

    @rule(minutes=st.sampled_from([0, 1, 50, 300, 3000, -90]))
    def time_passes(self, minutes: int) -> None:
        self.shop.passes(minutes=minutes)

    @rule()
    def the_clock_looks(self) -> None:
        before = self.row()
        self.shop.store.write_sync(look, self.shop.company, self.shop.now)
        after = self.row()
        if (after.state, after.owner_id, after.version) != (before.state, before.owner_id, before.version):
            last = self.shop.acts(self.target)[-1]
            assert (before.state, after.state, last) in [("waiting", "claimed", "looked_again"), ("claimed", "new", "let_go")]
            self.shop.store.write_sync(look, self.shop.company, self.shop.now)
        assert self.shop.store.write_sync(look, self.shop.company, self.shop.now) == 0, "looking again finds nothing"
        self.shop.store.write_sync(send_bundles, self.shop.company, self.shop.now)

    @rule(comment=st.sampled_from(["Waited long.", "And then longer.", "Thank you."]), score=st.sampled_from([1, 10]))
    def the_customer_answers_again(self, comment: str, score: int) -> None:
        before = self.row()
        self.hear(comment=comment, score=score)
        after, something_new = self.row(), (before.comment, before.score) != (comment, score)
        assert after.id == before.id
        if something_new and score == 1 and before.closed_at is not None and self.shop.now > before.closed_at:
            assert (after.state, after.owner_id, self.shop.acts(self.target)[-1]) == ("new", None, "reopen")
        elif something_new and before.state == "waiting":  # their answer ends the wait for it
            assert (after.state, after.owner_id) == ("claimed", before.owner_id)
        else:
            assert (after.state, after.owner_id) == (before.state, before.owner_id)

    @rule()
    def the_sender_repeats_itself(self) -> None:
        words = {"comment": self.row().comment, "score": self.row().score}
        receipt = self.shop.hears(said(customer={"key": "c-1"}, **words))[0]
        assert receipt.answer is Answer.DUPLICATE

    @rule(who=PEOPLE)
    def the_platform_tells_a_name(self, who: Any) -> None:
        self.shop.store.write_sync(meet, who, f"{who.user_id}@northwind.example", "Europe/Oslo", self.shop.now)

    @rule()
    @precondition(lambda self: self.unshown())
    def delivery_shows_one(self) -> None:
        attempts, _ = self.shop.store.write_sync(sending.lease, ["slack"], 4e9, 0.0, 0.0, 50)
        for attempt in attempts:
            wanted = self.shop.store.read_sync(messages.by_id, attempt.id).wanted
            assert self.shop.store.write_sync(sending.shown, attempt, wanted, ("C1", f"ts-{attempt.id}"), "edits", 0.0)

    def row(self) -> Any:
        return self.shop.row(self.target)

    def messages(self) -> Any:
        mine = select(messages.message).where(messages.message.c.follow_up_id == self.target)
        return self.shop.store.read_sync(lambda tx: tx.execute(mine).all())

    def drawn(self, kept: Sequence[Any]) -> list[Card]:
        company, now = self.shop.company, self.shop.now
        return self.shop.store.read_sync(lambda tx: [picture(tx, company, each.id, now).card for each in kept])

    def unshown(self) -> bool:
        return any(each.shown < each.wanted for each in self.messages())

    @invariant()
    @precondition(lambda self: self.target)
    def the_log_tells_the_row(self) -> None:
        row, life = self.row(), self.shop.store.read_sync(log.life, self.target)
        told = log.replay(life)
        assert told == {column: getattr(row, column) for column in told}
        assert {"state", "owner_id", "version", "next_look_at", "closed_at", "contacted_at", "outcome"} <= set(told)
        assert life[0].verb == "received"
        for act in life:
            by_itself = ("received", "updated", "became_late", "nudged", "looked", "posted", "looked_again", "let_go", "asked")
            assert act.verb == "reopen" or (act.person_id is None) == (act.verb in by_itself)  # by the customer, or by a person

    @invariant()
    @precondition(lambda self: self.target)
    def the_state_is_whole(self) -> None:
        row = self.row()
        match row.state:
            case "new":
                assert (row.owner_id, row.claimed_at, row.closed_at, row.outcome) == (None, None, None, None)
            case "claimed" | "waiting":
                assert (row.state == "claimed") or row.quiet_until
                assert row.owner_id
                assert row.claimed_at
                assert (row.closed_at, row.outcome, row.reason) == (None, None, "")
            case "closed":
                assert row.owner_id
                assert row.outcome
                assert row.cause
                assert row.done
                assert row.closed_at
                assert row.next_look_at is None
                assert row.contacted_at or row.outcome in ("unreachable", "lost")
            case "dismissed":
                assert row.reason
                assert row.closed_at
                assert row.next_look_at is None
            case other:
                raise AssertionError(f"no verb leads to {other}")

    @invariant()
    @precondition(lambda self: self.target)
    def every_picture_can_be_drawn_and_there_is_one_card(self) -> None:
        kept = self.messages()
        assert [each.key for each in kept if each.kind == "card"] == [f"card:{self.target}"]
        assert all(each.wanted >= each.shown for each in kept)
        assert all(card.plain for card in self.drawn(kept))

    @invariant()
    @precondition(lambda self: self.target)
    def what_waits_has_a_lane_that_is_looked_at(self) -> None:
        gates = {lane.key: lane for lane in self.shop.store.read_sync(lambda tx: tx.execute(select(lanes.gate)).all())}
        for each in self.messages():
            if each.shown < each.wanted:
                assert not gates[each.gate].idle

    @invariant()
    @precondition(lambda self: self.target)
    def the_customers_address_is_seen_by_its_owner_alone(self) -> None:
        row = self.row()
        private = [each for each in self.messages() if each.kind == "private"]
        for each, card in zip(private, self.drawn(private), strict=True):
            full = not card.is_line
            assert full == (row.state in ("claimed", "waiting") and each.person_id == row.owner_id)


def test_whatever_people_do_the_rows_stay_true(shop: Shop) -> None:
    quick = settings(
        max_examples=35 if shop.store.sqlite else 12,
        stateful_step_count=25,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    run_state_machine_as_test(lambda: Life(shop), settings=quick)


def test_a_leader_who_closes_leaves_the_owner_in_the_log(shop: Shop) -> None:
    shop.hears(said())
    shop.tap("claim", ANA)
    shop.store.write_sync(meet, LEA, "lea@northwind.example", None, shop.now)
    shop.closes(LEA)
    row = shop.row()
    closing = shop.store.read_sync(log.life, 1)[-1]
    assert (row.owner_user_id, closing.verb, closing.person_name) == ("ana", "close", "Lea")
