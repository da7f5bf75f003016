"""Words without a score are weighed by people; customers who were let down before are answered sooner; reviews are answered in public."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Connection, text

from handlers.arrivals.arrival import Arrival
from handlers.company import Company
from handlers.digests.figures import became
from handlers.feedback import Feedback
from handlers.receive import receive
from handlers.rules import Route, When
from handlers.team import Team
from storage import delivery_log, figures, followups
from tests.conftest import ANA, BEN, FRIDAY, Shop, said
from tests.statements import statements

DANA = {"key": "c-1", "name": "Dana Reyes"}


@pytest.fixture
def open_door(shop_of: Callable[[Company], Shop], company: Company, team: Team) -> Shop:
    """A shop whose only route takes everything."""
    return shop_of(company.model_copy(update={"routes": (Route(name="everything", team=team.name),)}))


def labels(shop: Shop, key: str = "card:1") -> list[str]:
    return [button.label for button in shop.card(key).buttons]


def words(id: str = "w-1") -> Feedback:
    return Feedback(id=id, metric="comment", comment="Your delivery drivers never ring the bell.")


def test_a_comment_without_a_score_asks_people_whether_it_tells_of_a_problem(open_door: Shop) -> None:
    open_door.hears(words())
    assert open_door.card().headline == "New · no score · Oak Street · is this a problem?"
    assert open_door.card().plain.startswith("New: no score at Oak Street. Is this a problem?")
    assert labels(open_door) == ["Yes, a problem", "No"]


def test_yes_makes_it_a_follow_up_like_any_other_whose_promise_begins_then(open_door: Shop) -> None:
    open_door.hears(words())
    open_door.passes(hours=1)
    assert open_door.tap("problem", BEN).text.startswith("Thank you.")
    assert labels(open_door) == ["I'll reply", "Not a problem…"]
    assert open_door.row().claim_by == FRIDAY + timedelta(hours=5)
    open_door.tap("claim", ANA)
    assert open_door.card().headline.startswith("Claimed · Ana is replying")


def test_yes_begins_no_new_promise_to_a_customer_who_has_heard_from_us(open_door: Shop) -> None:
    open_door.hears(words())
    open_door.tap("claim", ANA)
    open_door.passes(minutes=5)
    open_door.tap("contacted", ANA)
    open_door.tap("release", ANA)
    before = open_door.row()
    open_door.passes(days=1)
    assert open_door.tap("problem", BEN).text.startswith("Thank you.")
    after = open_door.row()
    assert (after.contacted_at, after.taken_at) == (before.contacted_at, before.taken_at)
    assert (after.promised_at, after.close_by) == (before.promised_at, before.close_by)
    assert labels(open_door) == ["I'll reply", "Not a problem…"]
    [told] = open_door.store.read_sync(figures.told, "oak-street", FRIDAY, FRIDAY + timedelta(days=7))
    assert became(told) == "in_time"


def test_yes_begins_no_new_promise_where_somebody_had_taken_it_and_gave_it_back(open_door: Shop) -> None:
    open_door.hears(words())
    open_door.tap("claim", ANA)
    open_door.tap("release", ANA)
    open_door.passes(hours=1)
    open_door.tap("problem", BEN)
    assert open_door.row().claim_by == FRIDAY + timedelta(hours=4)


def test_no_ends_it_without_a_form_and_undo_leads_back(open_door: Shop) -> None:
    open_door.hears(words())
    assert open_door.tap("no_problem", BEN).form is None
    assert open_door.card().headline == "Dismissed · Praise or a question, not a problem"
    open_door.tap("reopen", ANA)
    assert labels(open_door) == ["I'll reply", "Not a problem…"]


def test_to_undo_a_dismissal_that_did_not_answer_the_question_brings_it_back(open_door: Shop) -> None:
    open_door.hears(words())
    open_door.tap("dismiss", BEN, reason="test")
    open_door.passes(hours=1)
    assert open_door.tap("reopen", ANA).text == "Open again. The channel is asked whether it is a problem."
    assert labels(open_door) == ["Yes, a problem", "No"]
    assert open_door.card().plain.startswith("New: no score at Oak Street. Is this a problem?")
    open_door.passes(hours=1)
    open_door.tap("problem", BEN)
    open_door.tap("claim", ANA)
    open_door.passes(minutes=30)
    open_door.tap("contacted", ANA)
    open_door.closes(ANA)
    assert open_door.card().headline.startswith("Closed · Ana replied after 2 h 30 min")


def test_whoever_answers_second_changes_nothing_and_reads_why(open_door: Shop) -> None:
    open_door.hears(words())
    open_door.tap("problem", BEN)
    version = open_door.row().version
    for verb in ("problem", "no_problem"):
        assert open_door.tap(verb, ANA).text.startswith("Somebody has said already")
    open_door.tap("claim", ANA)
    assert open_door.tap("no_problem", BEN).text.startswith("Ana was a moment faster")
    assert open_door.row().version == version + 1


def test_a_scored_answer_is_never_asked_about(open_door: Shop) -> None:
    open_door.hears(said(score=9))
    assert labels(open_door) == ["I'll reply", "Not a problem…"]
    assert open_door.tap("no_problem", BEN).text.startswith("Somebody has said already")


def test_a_customer_let_down_again_within_90_days_is_promised_a_reply_in_half_the_time(shop: Shop) -> None:
    shop.hears(said("r-1", customer=DANA))
    assert shop.row().claim_by == FRIDAY + timedelta(hours=4)
    shop.passes(days=87)  # a Monday
    shop.hears(said("r-2", customer=DANA))
    second = shop.row(2)
    assert second.claim_by - shop.now == timedelta(hours=2)
    assert second.close_by < shop.row(2).claim_by + timedelta(days=2)
    assert "1 earlier low score" in shop.card("card:2").context[0]


@pytest.mark.parametrize(
    ("first", "days"),
    [({"score": 9, "customer": DANA}, 3), ({"customer": {"key": "c-2"}}, 3), ({"customer": DANA}, 91), ({"customer": DANA}, 0)],
)
def test_anybody_else_is_promised_what_everybody_is(shop: Shop, first: dict[str, object], days: int) -> None:
    shop.hears(said("r-1", **first))
    shop.passes(days=days)
    shop.hears(said("r-2", customer=DANA))
    latest = max(shop.store.read_sync(followups.unclaimed, ["oak-street"], 9), key=lambda row: row.id)
    usual = shop.company.teams["oak-street"].hours.after(shop.now, shop.company.teams["oak-street"].promise.claim)
    assert latest.claim_by == usual


def test_whoever_answers_twice_in_one_delivery_is_let_down_again_by_the_later_answer(shop: Shop) -> None:
    earlier, later = (Arrival("survey", said(f"r-{n}", customer=DANA), shop.now + timedelta(minutes=n)) for n in (1, 2))
    usual = shop.company.teams["oak-street"].hours.after(earlier.at, shop.company.teams["oak-street"].promise.claim)
    shop.store.write_sync(receive, shop.company, [later, earlier])
    promised = {row.created_at: row.claim_by for row in (shop.row(1), shop.row(2))}
    assert promised[earlier.at] == usual
    assert promised[later.at] < usual


def test_in_one_delivery_an_answer_that_nobody_was_asked_about_counts_too(
    shop_of: Callable[[Company], Shop], company: Company
) -> None:
    [everyone] = company.routes
    shop = shop_of(company.model_copy(update={"routes": (everyone.model_copy(update={"when": When(source=("survey",))}),)}))
    earlier = Arrival("till", said("r-1", customer=DANA), shop.now)
    later = Arrival("survey", said("r-2", customer=DANA), shop.now + timedelta(minutes=1))
    shop.store.write_sync(receive, shop.company, [earlier, later])
    hours, promise = shop.company.teams["oak-street"].hours, shop.company.teams["oak-street"].promise
    assert shop.row(1).claim_by < hours.after(later.at, promise.claim)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_an_answer_that_is_just_being_stored_counts_too(shop: Shop) -> None:
    stored, go_on = threading.Event(), threading.Event()

    def slowly(tx: Connection) -> None:
        receive(tx, shop.company, [Arrival("survey", said("r-1", customer=DANA), shop.now)])
        stored.set()
        assert go_on.wait(4)

    with ThreadPoolExecutor(2) as replicas:
        first = replicas.submit(shop.store.write_sync, slowly)
        assert stored.wait(4)
        second = replicas.submit(
            lambda: Shop(shop.store, shop.company, shop.now + timedelta(seconds=1)).hears(said("r-2", customer=DANA))
        )
        waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
        while not shop.store.read_sync(lambda tx: tx.execute(waiting).scalar_one()):
            time.sleep(0.01)
        go_on.set()
        first.result()
        second.result()
    assert shop.row(2).claim_by - shop.row(2).created_at == timedelta(hours=2)


def test_an_answer_that_was_good_until_the_customer_changed_it_is_no_earlier_one(shop: Shop) -> None:
    shop.hears(said("r-1", score=9, customer=DANA))
    shop.passes(minutes=1)
    shop.hears(said("r-1", score=2, customer=DANA))
    promise = shop.company.teams["oak-street"].promise
    assert shop.row().claim_by == shop.company.teams["oak-street"].hours.after(shop.now, promise.claim)


def test_whoever_never_answered_before_costs_no_look_at_earlier_answers(shop: Shop) -> None:
    with statements() as asked:
        shop.hears(*(said(f"r-{n}", customer={"key": f"c-{n}"}) for n in range(5)))
    assert not [each.kind for each in asked if each.kind.startswith("SELECT") and "feedback.band" in each.kind]
    with statements() as asked:
        shop.hears(said("r-9", customer={"key": "c-1"}))
    assert len([each.kind for each in asked if each.kind.startswith("SELECT") and "feedback.band" in each.kind]) == 1


def test_a_review_without_a_way_to_reach_its_author_is_closed_with_a_public_reply(open_door: Shop) -> None:
    open_door.hears(
        Feedback(
            id="s-1", metric="stars", score=1, comment="Never again.", customer={"name": "Dana"}, link="https://store.example/1"
        )
    )
    open_door.tap("claim", ANA)
    private = next(row.key for row in open_door.store.read_sync(delivery_log.unfinished, 100) if row.kind == "private")
    assert open_door.card(private).reach == ("Dana", "They left no way to reach them: reply in public.")
    form = open_door.tap("close", ANA).form
    assert form is not None
    assert form.fields[0].options[0] == ("replied", "Replied in public")
    assert form.fields[1].label == "What did we reply?"
    assert open_door.closes(ANA, outcome="unreachable").errors
    assert open_door.closes(ANA, outcome="replied", done="We apologised under the review.").text.startswith("Closed.")
    assert open_door.row().contacted_at is not None


def test_a_review_by_somebody_we_can_write_to_is_closed_as_any_other(open_door: Shop) -> None:
    open_door.hears(Feedback(id="s-1", metric="stars", score=1, comment="Never again.", customer={"email": "dana@example.com"}))
    open_door.tap("claim", ANA)
    form = open_door.tap("close", ANA).form
    assert form is not None
    assert [value for value, _ in form.fields[0].options] == [
        "fixed",
        "partly",
        "could-not",
        "unreachable",
        "not-ours",
        "lost-reached",
        "lost",
    ]
