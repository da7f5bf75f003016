"""A customer who is let down again after the end, where the survey tool keeps the id of their answer: a rating of the same ticket,
an edited review."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from handlers.arrivals.arrival import Arrival
from handlers.calendar import weeks
from handlers.digests import counting
from handlers.digests.heroes import counts
from handlers.digests.worked import worked_on
from handlers.feedback import Feedback, Metric, Person
from handlers.receive import receive
from tests import log
from tests.conftest import ANA, BEN, FRIDAY, LEA, Shop, said
from tests.handlers.test_ladder import MONDAY, Role, bundles, lines, passes_until, put_on_duty, ticks, told

STILL = "You promised Monday. STILL nobody came!"
OPEN_AGAIN = "The customer changed their answer since, and the score is low, so this is open again. Who can have a look?"
TOLD = "This customer changed their answer since, and the score is low, so it is open again. Would you like to have it back?"
EIGHT = MONDAY + timedelta(hours=1)


@pytest.fixture
def ended(shop: Shop) -> Shop:
    """Ana closed it on Friday; now it is Monday morning."""
    shop.hears(said(comment="Nobody came."))
    shop.tap("claim", ANA)
    shop.closes()
    passes_until(shop, EIGHT)
    return shop


def state_of(shop: Shop) -> tuple[Any, ...]:
    return shop.row().state, shop.acts().count("reopen"), lines(shop), bundles(shop, ANA)


@pytest.mark.parametrize("more", [{"comment": STILL}, {"score": 1}, {"wants_contact": True}], ids=["words", "worse", "wish"])
def test_who_is_unhappy_again_is_open_again_for_everybody_to_see_with_a_new_promise(ended: Shop, more: dict[str, Any]) -> None:
    ended.hears(said(**{"comment": "Nobody came.", **more}))
    row = ended.row()
    assert (row.state, row.owner_id, row.claimed_at, row.taken_at, row.contacted_at) == ("new", None, None, None, None)
    assert (row.closed_at, row.outcome, row.cause, row.done) == (None, None, None, "")
    assert (row.promises, row.promised_at, row.claim_by) == (1, EIGHT, EIGHT + timedelta(hours=4))
    assert row.next_look_at == EIGHT + timedelta(hours=2), "the ladder begins anew"
    assert lines(ended)[-1] == OPEN_AGAIN
    card = ended.card()
    assert card.headline == f"New · NPS {more.get('score', 3)} of 10 · Oak Street · needs somebody by Mon 13:00"
    assert card.quote == more.get("comment", "Nobody came.")
    assert "Mon 09:00" in card.context[0]
    assert "open again: they changed their answer" in card.context[0]
    assert card.buttons[0].verb == "claim"


def test_whoever_closed_it_reads_so_privately_and_may_have_it_back(ended: Shop) -> None:
    ended.hears(said(comment=STILL))
    ticks(ended)
    [bundle] = bundles(ended, ANA)
    assert bundle.plain.startswith("One customer went back to the channel: ")
    [item] = bundle.items
    assert (item.headline, item.quote) == (TOLD, STILL)
    assert [(button.verb, button.label) for button in item.buttons] == [("claim", "I'll take it")]
    assert ended.card("private:1:1").plain == "#1 is no longer yours: it waits for somebody in the channel again."
    assert "It is yours" in ended.tap("claim", ANA).text
    assert "open again: they changed their answer" in ended.card("private:1:1").context[0]
    assert bundles(ended, ANA)[-1].items[0].headline == "#1 is yours. Thank you."


def test_what_a_colleague_took_before_they_could_read_it_is_no_news(ended: Shop) -> None:
    ended.now = FRIDAY + timedelta(days=3, hours=9)  # Monday 20:00
    ended.hears(said(comment=STILL))
    ended.tap("claim", BEN)
    passes_until(ended, MONDAY + timedelta(days=1, minutes=15))
    assert told(ended, ANA) == []


def test_what_they_say_after_that_is_told_as_ever_and_the_end_of_it_is_an_end_like_any_other(ended: Shop) -> None:
    ended.hears(said(comment=STILL))
    ended.hears(said(comment=f"{STILL} Hello?"))
    assert ended.acts()[-2:] == ["reopen", "updated"], "it is open already"
    ended.tap("claim", BEN)
    ended.closes(BEN)
    ended.passes(hours=1)
    assert ended.card().headline == "Closed · Ben replied after less than a minute · Fixed"
    ended.hears(said(comment="And again."))
    assert (ended.row().state, ended.row().promises) == ("new", 2)
    ticks(ended)
    assert told(ended, BEN) == [TOLD]


SILENT: dict[str, Callable[[Shop], Any]] = {
    "better": lambda shop: shop.hears(said(score=5, comment="A little better now.")),
    "happy": lambda shop: shop.hears(said(score=10, comment="Thank you!")),
    "the same": lambda shop: shop.hears(said(comment="Nobody came.")),
    "our own edit": lambda shop: shop.hears(said(comment="Nobody came.", tags=("refund",), occurred_at=shop.now)),
    "no words": lambda shop: shop.hears(said(comment="")),
    "said before": lambda shop: shop.hears(said(comment="Hello?", occurred_at=FRIDAY - timedelta(minutes=1))),
    "imported": lambda shop: hears_late(shop, history=False, belated=True),
    "imported for the record": lambda shop: hears_late(shop, history=True, belated=True),
}


def hears_late(shop: Shop, **how: bool) -> None:
    shop.store.write_sync(receive, shop.company, [Arrival(shop.source, said(comment=STILL), shop.now, **how)])


@pytest.mark.parametrize("what", SILENT)
def test_what_is_better_known_or_not_said_since_leaves_it_ended_and_is_told_to_nobody(ended: Shop, what: str) -> None:
    before = state_of(ended)
    SILENT[what](ended)
    ticks(ended)
    assert state_of(ended) == before


def test_an_older_delivery_that_comes_after_the_end_does_not_open_it(shop: Shop) -> None:
    shop.hears(said(score=3, comment="Later words.", occurred_at=FRIDAY - timedelta(hours=1)))
    shop.tap("claim", ANA)
    shop.closes()
    shop.passes(hours=1)
    for at in (FRIDAY - timedelta(hours=2), FRIDAY - timedelta(minutes=30), FRIDAY):
        shop.hears(said(score=1, comment=f"Said at {at}.", occurred_at=at))
        assert (shop.row().state, shop.acts().count("reopen")) == ("closed", 0)


def test_a_dismissed_one_is_opened_by_words_or_a_score_and_not_by_a_wish_alone(shop: Shop) -> None:
    shop.hears(said())
    shop.tap("dismiss", BEN, reason="no-problem")
    shop.passes(hours=1)
    shop.hears(said(wants_contact=True))
    assert shop.row().state == "dismissed"
    shop.hears(said(wants_contact=True, comment=STILL))
    assert (shop.row().state, shop.row().reason, shop.row().promised_at) == ("new", "", shop.now)
    assert shop.row().claim_by == shop.now + timedelta(hours=4)
    ticks(shop)
    assert told(shop, BEN) == [TOLD]


def effort(score: float) -> Feedback:
    return Feedback(id="r-1", metric=Metric.CES, score=score, scale=(7, 1), comment="So much to fill in.")


def test_on_a_scale_whose_worst_is_its_highest_worse_is_higher(shop: Shop) -> None:
    shop.hears(effort(6))
    shop.tap("claim", ANA)
    shop.closes()
    shop.passes(hours=1)
    shop.hears(effort(5.5))
    assert shop.row().state == "closed"
    shop.hears(effort(7))
    assert shop.row().state == "new"


def test_the_log_still_tells_the_whole_row_and_says_that_nobody_of_us_reopened_it(ended: Shop) -> None:
    ended.hears(said(comment=STILL))
    life = ended.store.read_sync(log.life, 1)
    told = log.replay(life)
    assert told == {name: getattr(ended.row(), name) for name in told}
    assert (life[-1].verb, life[-1].person_id) == ("reopen", None)


def test_it_counts_as_opened_again_in_the_posts_and_no_story_is_told_of_the_end_that_did_not_hold(ended: Shop) -> None:
    [team] = ended.company.teams.values()
    week = weeks.now_in(team.hours, FRIDAY)

    def figures(at: Any) -> Any:
        return ended.store.read_sync(counting.figures_of, team, weeks.now_in(team.hours, at), ended.now)

    def worked() -> Any:
        start = FRIDAY - timedelta(days=7)
        return ended.store.read_sync(worked_on, team.name, start, ended.now + timedelta(days=1), ended.now)

    assert (figures(FRIDAY).reopened, figures(ended.now).reopened) == (0, 0)
    assert [counts(case, {}) for case in worked()] == [True]
    ended.hears(said(comment=STILL))
    assert (figures(FRIDAY).reopened, figures(ended.now).reopened) == (0, 1)
    assert ended.store.read_sync(counting.kept_of, team, week).waiting == 1, "they wait again, by the new promise"
    assert not any(counts(case, {}) for case in worked())
    ended.tap("claim", BEN)
    ended.closes(BEN)
    ended.passes(minutes=1)
    assert [counts(case, {}) for case in worked()] == [False]


def test_a_leader_who_was_asked_whether_it_may_stay_ended_sees_that_it_is_settled(shop: Shop) -> None:
    put_on_duty(shop, Role.LEADER, LEA)
    ana: Person = replace(ANA, name="Ana Silva")
    shop.hears(said(comment="Ana Silva was rude to me."))
    shop.tap("claim", ana)
    shop.closes(ana)
    wanted = shop.keys()
    [question] = [key for key in wanted if key.startswith("closing:")]
    assert shop.card(question).buttons
    shop.passes(hours=1)
    shop.hears(said(comment="Ana Silva was rude to me again."))
    assert shop.row().named_closer_id is None
    assert not shop.card(question).buttons
