"""What becomes of feedback that arrives: new, again, revised, in batches, for teams that are gone, from people nobody knows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from handlers.arrivals.arrival import Arrival
from handlers.calendar.promise import Promise
from handlers.company import Company
from handlers.feedback import Feedback, Place
from handlers.receive import Answer, receive
from handlers.rules import Route, When
from handlers.team import Team
from handlers.unshowable import Unshowable
from storage import messages, models, personal
from storage.database import Store
from storage.feedback import HISTORY
from tests import log
from tests.conftest import ANA, FRIDAY, Shop, said
from tests.statements import kinds, statements

feedback = models.Feedback.__table__
customer = models.Customer.__table__
follow_up = models.FollowUp.__table__

DANA = {"key": "c-1", "name": "Dana Reyes", "email": "dana@mail.example", "phone": "+47 400 00 000"}


def rows(shop: Shop, table: Any) -> Sequence[Any]:
    return shop.store.read_sync(lambda tx: tx.execute(select(table).order_by(table.c.id)).all())


def answers(shop: Shop, *several: Feedback) -> list[Answer]:
    return [receipt.answer for receipt in shop.hears(*several)]


def test_an_unhappy_customer_becomes_a_card_with_both_promises(shop: Shop) -> None:
    receipt = shop.hears(said())[0]
    assert (receipt.answer, receipt.id, receipt.routed) == (Answer.ACCEPTED, 1, True)
    row = shop.row()
    assert (row.state, row.version, row.owner_id) == ("new", 1, None)
    assert row.claim_by == FRIDAY + timedelta(hours=4)
    assert row.close_by > row.claim_by
    assert row.next_look_at == FRIDAY + timedelta(hours=2), "at half of the promise"
    assert shop.keys() == ["card:1"]


def test_what_no_route_asks_for_is_stored_and_said_to_be_unrouted(shop: Shop) -> None:
    receipt = shop.hears(said(score=10))[0]
    assert (receipt.answer, receipt.routed) == (Answer.ACCEPTED, False)
    assert rows(shop, feedback)[0].route is None
    assert shop.row() is None
    assert shop.keys() == []


def test_the_log_of_a_new_follow_up_already_tells_its_whole_row(shop: Shop) -> None:
    shop.hears(said())
    told = log.replay(shop.store.read_sync(log.life, 1))
    row = shop.row()
    stored = {column.name for column in follow_up.c} - {"id"}
    assert stored == set(told)
    assert told == {name: getattr(row, name) for name in told}


def test_an_answer_of_which_only_the_address_is_new_gets_it_and_nobody_is_told_that_the_customer_wrote(shop: Shop) -> None:
    shop.hears(said())
    shop.tap("claim", ANA)
    before = (shop.acts(), sorted(shop.keys()))
    [receipt] = shop.hears(said(link="https://reviews.example/r-1"))
    assert receipt.answer.value == "updated"
    assert shop.row().link == "https://reviews.example/r-1"
    assert (shop.acts(), sorted(shop.keys())) == before
    assert shop.hears(said(link="https://reviews.example/r-1"))[0].answer.value == "duplicate"


def test_a_late_update_shows_the_new_words_on_the_same_card(shop: Shop) -> None:
    shop.hears(said())
    shop.passes(minutes=5)
    receipt = shop.hears(said(comment="And now the refund is missing, too."))[0]
    assert (receipt.answer, receipt.id, receipt.routed) == (Answer.UPDATED, 1, True)
    assert shop.card().quote == "And now the refund is missing, too."
    assert shop.keys() == ["card:1"]
    assert shop.row().claim_by == FRIDAY + timedelta(hours=4), "the promise stands from the first time we heard"


def test_whoever_is_replying_reads_in_the_thread_that_the_answer_changed(shop: Shop) -> None:
    shop.hears(said())
    shop.tap("claim", ANA)
    shop.hears(said(comment="And the refund is missing."))
    line = shop.keys()[-1]
    assert line.startswith("line:")
    assert "added to their answer" in shop.card(line).plain


def test_an_update_before_anybody_claimed_says_nothing_in_the_thread(shop: Shop) -> None:
    shop.hears(said())
    shop.hears(said(comment="And the refund is missing."))
    assert shop.keys() == ["card:1"]


def test_an_update_after_the_end_neither_reopens_nor_posts_again(shop: Shop) -> None:
    shop.hears(said())
    shop.tap("claim", ANA)
    shop.closes()
    before = set(shop.keys())
    assert answers(shop, said(comment="Thank you for calling!")) == [Answer.UPDATED]
    assert shop.row().state == "closed"
    assert set(shop.keys()) == before
    assert shop.card().quote == "Thank you for calling!"
    assert shop.acts()[-1] == "updated"


def test_an_update_that_a_route_asks_for_opens_the_follow_up_the_first_answer_did_not(shop: Shop) -> None:
    shop.hears(said(score=9))
    shop.passes(hours=1)
    receipt = shop.hears(said(score=2))[0]
    assert (receipt.answer, receipt.id, receipt.routed) == (Answer.UPDATED, 1, True)
    assert shop.row().claim_by == shop.now + timedelta(hours=4), "the promise begins when we first had a reason to make it"
    assert answers(shop, said(score=2)) == [Answer.DUPLICATE]
    assert shop.keys() == ["card:1"]


def remembered_only(shop: Shop, *several: Feedback) -> None:
    """As `hero import feedback --history` stores them."""
    company = shop.company.model_copy(update={"routes": ()})
    at = shop.now - timedelta(days=400)
    shop.store.write_sync(receive, company, [Arrival(shop.source, each, at, history=True) for each in several])


@pytest.mark.parametrize("update", [{"tags": ("oslo",)}, {"link": "https://reviews.example/r-1"}, {"customer": DANA}])
def test_an_answer_imported_for_the_record_asks_nobody_when_its_tool_sends_it_again(shop: Shop, update: dict[str, Any]) -> None:
    remembered_only(shop, said())
    [receipt] = shop.hears(said(**update))
    assert (receipt.answer, receipt.routed) == (Answer.UPDATED, False)
    assert (shop.row(), shop.keys()) == (None, [])
    [row] = rows(shop, feedback)
    assert (row.route, row.team) == (HISTORY, None)
    assert row.link or row.customer_id or row.tags, "what is new in it is kept"


@pytest.mark.parametrize("update", [{"score": 1}, {"comment": "And now it is broken."}])
def test_an_answer_imported_for_the_record_is_followed_up_once_its_customer_says_something_else(
    shop: Shop, update: dict[str, Any]
) -> None:
    remembered_only(shop, said())
    [receipt] = shop.hears(said(**update))
    assert (receipt.answer, receipt.routed) == (Answer.UPDATED, True)
    assert shop.keys() == ["card:1"]
    assert rows(shop, feedback)[0].route == "everyone"


@pytest.mark.parametrize("forgotten", [True, False])
def test_words_of_one_imported_for_the_record_that_were_forgotten_or_left_out_stay_away(shop: Shop, forgotten: bool) -> None:
    remembered_only(shop, said(comment="Waited for an hour." if forgotten else ""))
    shop.store.write_sync(personal.forget_words, [1])
    [receipt] = shop.hears(said(comment="Waited for an hour.", tags=("oslo",)))
    assert (receipt.answer, receipt.routed) == (Answer.UPDATED, False)
    assert (shop.row(), shop.keys()) == (None, [])
    [row] = rows(shop, feedback)
    assert (row.comment, row.tags, row.route) == ("", ["oslo"], HISTORY)
    assert shop.hears(said(score=1, comment="Waited for an hour."))[0].routed


@pytest.mark.parametrize("update", [{"comment": "You charged me twice. Please call me back!"}, {"wants_contact": True}])
def test_who_goes_on_with_an_answer_that_was_imported_half_done_is_heard(shop: Shop, update: dict[str, Any]) -> None:
    no_routes = shop.company.model_copy(update={"routes": ()})
    shop.store.write_sync(receive, no_routes, [Arrival(shop.source, said(comment=""), shop.now, history=True)])
    shop.passes(hours=1)
    [receipt] = shop.hears(said(**{"comment": "", **update}))
    assert (receipt.answer, receipt.routed) == (Answer.UPDATED, True)
    assert shop.keys() == ["card:1"]
    assert rows(shop, feedback)[0].comment == update.get("comment", "")


def test_an_update_to_a_better_score_leaves_the_follow_up_with_its_team(shop: Shop) -> None:
    shop.hears(said(score=3))
    receipt = shop.hears(said(score=10))[0]
    assert receipt.routed
    assert shop.row().state == "new"
    assert rows(shop, feedback)[0].route == "everyone"
    assert "NPS 10 of 10" in shop.card().headline


def test_an_update_without_its_customer_does_not_forget_who_it_was(shop: Shop) -> None:
    shop.hears(said(customer=DANA))
    shop.tap("claim", ANA)
    shop.hears(said(comment="Still nobody."))
    assert "dana@mail.example" in shop.card("private:1:1").reach


def test_an_update_without_a_time_does_not_make_the_answer_younger(shop: Shop) -> None:
    shop.hears(said(occurred_at=FRIDAY - timedelta(days=3)))
    shop.hears(said(comment="Still nobody."))
    assert rows(shop, feedback)[0].occurred_at == FRIDAY - timedelta(days=3)
    assert rows(shop, feedback)[0].received_at == FRIDAY


WORDS = "You charged me twice. Call me!"


def test_a_score_that_is_delivered_once_more_after_the_words_wipes_them_out_nowhere(shop: Shop) -> None:
    shop.hears(said(comment=WORDS, wants_contact=True))
    shop.tap("claim", ANA)
    before = (shop.acts(), sorted(shop.keys()))
    assert answers(shop, said(comment="")) == [Answer.DUPLICATE]
    assert answers(shop, said(comment="", tags=("oslo",))) == [Answer.UPDATED]
    [row] = rows(shop, feedback)
    assert (row.comment, row.wants_contact, row.tags) == (WORDS, True, ["oslo"])
    assert (shop.acts(), sorted(shop.keys())) == before, "nobody is told of what they know"


def test_nor_do_words_that_are_delivered_once_more_without_the_score_that_came_since(shop: Shop) -> None:
    shop.hears(said(score=3))
    assert answers(shop, said(score=None)) == [Answer.DUPLICATE]
    assert answers(shop, said("happy", 10), said("happy", None)) == [Answer.ACCEPTED, Answer.DUPLICATE]
    assert [(row.score, row.band) for row in rows(shop, feedback)] == [(3, "detractor"), (10, "promoter")]
    assert shop.keys() == ["card:1"]


def test_another_score_without_words_is_taken_as_it_is(shop: Shop) -> None:
    shop.hears(said(score=3, comment=WORDS))
    assert answers(shop, said(score=1, comment="")) == [Answer.UPDATED]
    assert [(row.score, row.comment) for row in rows(shop, feedback)] == [(1, "")]


TEN, ELEVEN = FRIDAY - timedelta(hours=3), FRIDAY - timedelta(hours=2)


@pytest.mark.parametrize("score", [1, 10])
def test_what_a_customer_said_before_what_is_known_changes_nothing_when_it_comes_late(shop: Shop, score: int) -> None:
    shop.hears(said(score=score, comment=WORDS, occurred_at=ELEVEN))
    assert answers(shop, said(score=3, comment="Slow.", occurred_at=TEN)) == [Answer.DUPLICATE]
    assert [(row.score, row.comment, row.occurred_at) for row in rows(shop, feedback)] == [(score, WORDS, ELEVEN)]
    assert shop.keys() == (["card:1"] if score == 1 else [])
    assert answers(shop, said(score=3, comment="Slow.", occurred_at=FRIDAY)) == [Answer.UPDATED]


@pytest.mark.parametrize("ahead", [FRIDAY + timedelta(hours=2), datetime(2098, 1, 1, tzinfo=UTC)], ids=["time-zone", "clock"])
def test_a_first_time_that_is_still_to_come_makes_no_later_words_older(shop: Shop, ahead: datetime) -> None:
    shop.hears(said(score=9, comment="", occurred_at=ahead))
    shop.passes(minutes=10)
    assert answers(shop, said(score=0, comment=WORDS, occurred_at=shop.now - timedelta(minutes=1))) == [Answer.UPDATED]
    assert answers(shop, said(score=0, comment="Slow.", occurred_at=shop.now - timedelta(minutes=2))) == [Answer.DUPLICATE]
    assert [(row.score, row.comment) for row in rows(shop, feedback)] == [(0, WORDS)]


def test_where_a_tool_gave_no_time_at_first_its_first_time_is_no_earlier_one(shop: Shop) -> None:
    shop.hears(said(comment="Slow."))
    assert answers(shop, said(comment=WORDS, occurred_at=TEN)) == [Answer.UPDATED]
    assert [(row.comment, row.occurred_at) for row in rows(shop, feedback)] == [(WORDS, TEN)]


def test_a_time_alone_that_moves_with_each_change_is_no_update(shop: Shop) -> None:
    shop.hears(said(occurred_at=TEN))
    assert answers(shop, said(occurred_at=ELEVEN)) == [Answer.DUPLICATE]
    assert answers(shop, said(occurred_at=ELEVEN, tags=("oslo",))) == [Answer.UPDATED]
    assert answers(shop, said(occurred_at=FRIDAY, tags=("oslo",))) == [Answer.DUPLICATE]
    assert rows(shop, feedback)[0].occurred_at == TEN


def test_one_response_twice_in_a_batch_is_one_card_with_the_later_words(shop: Shop) -> None:
    assert answers(shop, said(), said(comment="Later words.")) == [Answer.ACCEPTED, Answer.UPDATED]
    assert shop.keys() == ["card:1"]
    assert shop.card().quote == "Later words."
    assert len(rows(shop, follow_up)) == 1


def test_a_batch_in_which_a_response_turns_bad_opens_one_follow_up(shop: Shop) -> None:
    assert answers(shop, said(score=10), said(score=1), said(score=1)) == [Answer.ACCEPTED, Answer.UPDATED, Answer.DUPLICATE]
    assert len(rows(shop, follow_up)) == 1


def test_a_batch_is_answered_in_its_order_whatever_is_new_in_it(shop: Shop) -> None:
    shop.hears(said("old"), said("older", comment="x"))
    receipts = shop.hears(said("a"), said("old"), said("b", score=10), said("older", comment="y"), said("a"))
    assert [receipt.answer.value for receipt in receipts] == ["accepted", "duplicate", "accepted", "updated", "duplicate"]
    assert receipts[0].id == receipts[4].id
    assert [receipt.routed for receipt in receipts] == [True, True, False, True, True]


def test_the_same_id_from_two_sources_is_two_responses(shop: Shop) -> None:
    receipts = shop.store.write_sync(receive, shop.company, [Arrival(source, said(), FRIDAY) for source in ("till", "web")])
    assert [receipt.answer for receipt in receipts] == [Answer.ACCEPTED] * 2
    assert receipts[0].id != receipts[1].id


def test_nothing_at_all_is_received_without_complaint(shop: Shop) -> None:
    assert shop.hears() == []


def test_a_huge_batch_is_one_unit_and_every_card_belongs_to_its_own_answer(shop: Shop) -> None:
    many = [said(f"r-{n}", comment=f"Words of {n}.", customer={"key": f"c-{n % 700}", "name": f"Guest {n}"}) for n in range(1200)]
    receipts = shop.hears(*many)
    assert [receipt.answer for receipt in receipts] == [Answer.ACCEPTED] * 1200
    assert len({receipt.id for receipt in receipts}) == 1200
    assert len(rows(shop, customer)) == 700
    for target in (1, 701, 1200):
        stored = shop.row(target)
        assert stored.comment == f"Words of {int(rows(shop, feedback)[stored.feedback_id - 1].external_id[2:])}."
    assert answers(shop, *many) == [Answer.DUPLICATE] * 1200


def test_answers_that_are_all_known_are_as_few_statements_as_one(shop: Shop) -> None:
    many = [said(f"r-{n}") for n in range(50)]
    shop.hears(*many)
    for again in (many[:1], many):
        with statements() as asked:
            assert answers(shop, *again) == [Answer.DUPLICATE] * len(again)
        assert len(kinds(asked)) == 3, "whether anything was erased, what of it is new, and what was stored of the others"


def test_of_two_updates_in_one_batch_the_second_is_held_against_the_first(shop: Shop) -> None:
    shop.hears(said("r-1", comment="One."), said("r-2"))
    twice = [said("r-1", comment="Two."), said("r-1", comment="Two."), said("r-1", comment="One."), said("r-2")]
    assert answers(shop, *twice) == [Answer.UPDATED, Answer.DUPLICATE, Answer.UPDATED, Answer.DUPLICATE]
    assert shop.row(1).comment == "One."


def test_customers_without_any_identity_stay_apart_and_nameless(shop: Shop) -> None:
    shop.hears(said("a"), said("b"))
    assert [row.customer_id for row in rows(shop, feedback)] == [None, None]
    shop.tap("claim", ANA)
    private = shop.card("private:1:1")
    assert private.headline.startswith("You are replying to this customer")
    assert "The customer left no way to reach them." in private.reach


def test_two_people_of_one_name_without_key_or_address_are_two_customers(shop: Shop) -> None:
    shop.hears(said("a", customer={"name": "Kim"}), said("b", customer={"name": "Kim"}))
    assert len(rows(shop, customer)) == 2


def test_one_customer_is_known_again_by_key_and_by_address_in_any_case(shop: Shop) -> None:
    shop.hears(
        said("a", customer={"email": "Dana@Mail.example"}), said("b", customer={"email": "dana@mail.example", "name": "Dana"})
    )
    assert [row.name for row in rows(shop, customer)] == ["Dana"]


def test_what_a_customer_does_not_say_again_is_kept(shop: Shop) -> None:
    shop.hears(said("a", customer=DANA | {"value": 48000.0}))
    shop.hears(said("b", customer={"key": "c-1", "segment": "gold"}))
    (known,) = rows(shop, customer)
    assert (known.name, known.value, known.segment) == ("Dana Reyes", 48000.0, "gold")


def test_earlier_low_scores_of_the_same_customer_are_counted_on_the_card(shop: Shop) -> None:
    shop.hears(said("a", customer=DANA))
    shop.passes(hours=1)
    shop.hears(said("b", customer=DANA))
    shop.passes(hours=1)
    shop.hears(said("c", customer=DANA), said("d", customer={"key": "somebody else"}))
    assert "2 earlier low scores" in shop.card("card:3").context[0]
    assert "1 earlier low score" in shop.card("card:2").context[0]
    assert "earlier" not in shop.card("card:1").context[0] + shop.card("card:4").context[0]


def test_a_low_score_of_last_winter_is_forgiven(shop: Shop) -> None:
    shop.hears(said("a", customer=DANA))
    shop.passes(days=91)
    shop.hears(said("b", customer=DANA))
    assert "earlier" not in shop.card("card:2").context[0]


def test_a_route_may_promise_more_than_its_team(shop: Shop, team: Team, company: Company) -> None:
    hours = team.promise.claim
    quick = Route(
        name="vip", when=When(segment=("gold",)), team=team.name, promise=Promise(claim=type(hours).parse("30m"), close=hours)
    )
    shop.company = company.model_copy(update={"routes": (quick, *company.routes)})
    shop.hears(said(customer={"key": "c", "segment": "Gold"}))
    assert shop.row().claim_by == FRIDAY + timedelta(minutes=30)
    assert shop.row().route == "vip"


def test_a_card_is_mirrored_in_every_channel_of_its_team(shop: Shop, team: Team, company: Company) -> None:
    both = team.model_copy(update={"channels": (Place.parse("slack:C1"), Place.parse("practice:oak"))})
    shop.company = company.model_copy(update={"teams": {team.name: both}})
    shop.hears(said())
    assert shop.keys() == ["card:1", "card:1:2"]


@pytest.fixture
def orphan(shop: Shop, company: Company, shop_of: Callable[[Company], Shop]) -> Shop:
    """A follow-up whose team was taken out of app.yaml."""
    shop.hears(said())
    return shop_of(company.model_copy(update={"teams": {}, "routes": ()}))


def test_an_update_for_a_team_that_is_gone_is_kept_without_a_fuss(orphan: Shop) -> None:
    receipt = orphan.hears(said(comment="Hello?"))[0]
    assert (receipt.answer, receipt.routed) == (Answer.UPDATED, True)
    assert rows(orphan, feedback)[0].comment == "Hello?"


def test_a_tap_on_the_card_of_a_team_that_is_gone_says_whom_to_ask(orphan: Shop) -> None:
    assert "“oak-street” is not set up any more" in orphan.tap("claim", ANA).text


def test_the_card_of_a_team_that_is_gone_says_to_ops_what_to_do(orphan: Shop) -> None:
    with pytest.raises(Unshowable, match="put the team back, and replay"):
        orphan.card()


def test_replicas_that_receive_the_same_response_at_once_store_it_once(shop: Shop) -> None:
    with ThreadPoolExecutor(16) as pool:
        got = list(pool.map(lambda _: shop.hears(said())[0], range(100)))
    assert sorted(receipt.answer.value for receipt in got) == ["accepted"] + ["duplicate"] * 99
    assert len({receipt.id for receipt in got}) == 1  # which one, PostgreSQL does not promise: who loses has used up a number
    assert len(shop.keys()) == 1


def test_a_clock_set_back_between_answer_and_update_breaks_nothing(shop: Shop) -> None:
    shop.hears(said(customer=DANA))
    shop.passes(hours=-2)
    assert answers(shop, said(customer=DANA, comment="More.")) == [Answer.UPDATED]
    shop.tap("claim", ANA)
    shop.closes()
    assert shop.card().headline == "Closed · Ana replied after less than a minute · Fixed"


SOME = st.builds(
    lambda number, score, comment, who: said(number, score, comment, customer={"key": who} if who else {}),
    st.sampled_from(["a", "b", "c"]),
    st.sampled_from([1.0, 6.0, 8.0, 10.0]),
    st.sampled_from(["Slow.", "Rude."]),
    st.sampled_from([None, "k1", "k2"]),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.lists(SOME, max_size=5), max_size=4))
def test_any_batches_leave_the_same_rows_as_the_same_answers_one_by_one(shop: Shop, batches: list[list[Feedback]]) -> None:
    def outcome(pieces: list[list[Feedback]]) -> tuple[list[Any], ...]:
        def play(tx: Any) -> tuple[list[Any], ...]:
            receipts = [
                (receipt.answer, receipt.routed)
                for batch in pieces
                for receipt in receive(tx, shop.company, [Arrival("survey", each, FRIDAY) for each in batch])
            ]
            what = select(feedback.c.external_id, feedback.c.score, feedback.c.comment, feedback.c.route).order_by("external_id")
            open_for = (
                select(feedback.c.external_id).join(follow_up, follow_up.c.feedback_id == feedback.c.id).order_by("external_id")
            )
            cards = select(messages.message.c.kind, messages.message.c.wanted > 0)
            raise _Enough((receipts, *([tuple(row) for row in tx.execute(each)] for each in (what, open_for, cards))))

        return taken_back(shop.store, play)

    assert outcome(batches) == outcome([[each] for batch in batches for each in batch])


class _Enough(Exception):
    """Carries what was seen out of a unit that must leave nothing behind."""


def taken_back(store: Store, play: Callable[[Any], Any]) -> Any:
    with pytest.raises(_Enough) as seen:
        store.write_sync(play)
    return seen.value.args[0]
