"""No claim is kept by silence: whoever has a customer past the promise is asked, once, whichever way they came to have them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from handlers.calendar.duration import Duration
from handlers.ladder import Phase, Role, Step
from tests.conftest import ANA, BEN, FRIDAY, LEA, Shop, said
from tests.handlers.test_away import reminders, types
from tests.handlers.test_ladder import MONDAY, bundles, passes_until, put_on_duty, ticks, told, with_ladder

GIVEN_BACK = MONDAY + timedelta(days=2, minutes=30)
"""Wednesday morning: Ana said nothing, and the claim has gone back to the channel."""
KEPT = GIVEN_BACK + timedelta(days=1)


@pytest.fixture
def given_back(shop: Shop) -> Shop:
    put_on_duty(shop, Role.LEADER, LEA)
    shop.hears(said())
    shop.tap("claim", ANA)
    passes_until(shop, GIVEN_BACK)
    assert shop.row().state == "new"
    return shop


@pytest.mark.parametrize("who", [ANA, BEN])
def test_whoever_takes_a_late_one_on_is_asked_too_and_it_goes_back_again(given_back: Shop, who: object) -> None:
    given_back.tap("claim", BEN if who is BEN else ANA)
    passes_until(given_back, GIVEN_BACK + timedelta(days=5))
    assert given_back.acts().count("asked") == 2
    assert given_back.acts().count("let_go") == 2
    assert given_back.card().context[0].endswith(" · passed on twice")


WHEN_TAKEN = [
    pytest.param(MONDAY + timedelta(hours=9), id="after three quarters of the promise"),
    pytest.param(MONDAY + timedelta(days=1, hours=9, minutes=45), id="late, and the team closes in a quarter of an hour"),
]


@pytest.mark.parametrize("taken", WHEN_TAKEN)
@pytest.mark.parametrize("how", ["claims it", "is handed it"])
def test_whoever_takes_on_what_has_waited_long_is_not_asked_at_once_and_has_it_on_the_next_day(
    shop: Shop, taken: datetime, how: str
) -> None:
    put_on_duty(shop, Role.LEADER, LEA)
    shop.hears(said())
    passes_until(shop, taken)
    shop.tap("claim", BEN) if how == "claims it" else shop.tap("hand_over", LEA, to=BEN)
    shop.passes(seconds=15)
    ticks(shop)
    assert told(shop, BEN) == []
    passes_until(shop, taken.replace(hour=8) + timedelta(days=1))
    assert shop.row().owner_user_id == "ben"
    passes_until(shop, MONDAY + timedelta(days=9))
    assert shop.row().state == "new", "though no claim is kept by silence"


BACK_IN_THE_CHANNEL = (
    "This customer went back to the channel, so that somebody with time can reply. Would you like to have it back?"
)


def test_whoever_had_it_is_told_kindly_that_it_went_back_and_may_have_it_again(given_back: Shop) -> None:
    asked, news = bundles(given_back, ANA)[-2:]
    assert asked.headline == "Nothing here waits for you any more."
    assert asked.items[0].headline == "#1 waits for somebody in the channel again."
    assert news.headline == "One customer went back to the channel"
    assert news.plain.startswith(
        "One customer went back to the channel: 3/10 at Oak Street, promised by Fri 20 Nov 15:00. Would you"
    )
    [item] = news.items
    assert item.headline == BACK_IN_THE_CHANNEL
    assert [(button.verb, button.label) for button in item.buttons] == [("claim", "I'll reply after all")]
    assert "It is yours" in given_back.tap("claim", ANA).text
    [item] = bundles(given_back, ANA)[-1].items
    assert (item.headline, item.buttons) == ("#1 is yours. Thank you.", ())
    assert bundles(given_back, ANA)[-1].headline == "It is yours now. Thank you."


def test_what_somebody_else_took_meanwhile_is_no_news_any_more(given_back: Shop) -> None:
    given_back.tap("claim", BEN)
    news = bundles(given_back, ANA)[-1]
    assert news.headline == "Nothing here waits for you any more."
    assert [(item.headline, item.buttons) for item in news.items] == [("#1: Ben is replying now.", ())]
    given_back.closes(BEN)
    assert bundles(given_back, ANA)[-1].headline == "All of these are dealt with. Thank you."


def test_the_news_counts_for_nothing_and_waits_until_they_are_back(shop: Shop) -> None:
    shop.hears(said())
    shop.tap("claim", ANA)
    passes_until(shop, MONDAY + timedelta(days=1, hours=4))
    types(shop, "away until friday")
    passes_until(shop, GIVEN_BACK + timedelta(hours=5))
    assert shop.row().state == "new"
    before = len(bundles(shop, ANA))
    assert BACK_IN_THE_CHANNEL not in told(shop, ANA)
    passes_until(shop, MONDAY + timedelta(days=4, minutes=15))
    assert told(shop, ANA)[-1] == BACK_IN_THE_CHANNEL
    assert len(bundles(shop, ANA)) == before + 1


def test_beside_what_waits_for_them_the_news_is_not_counted(shop: Shop) -> None:
    shop.hears(said())
    shop.tap("claim", ANA)
    passes_until(shop, MONDAY + timedelta(days=1, hours=11))  # Tuesday 19:00
    shop.hears(said("r-2"))
    shop.tap("claim", ANA, 2)
    shop.hears(said("r-2", comment="And it was cold."))
    passes_until(shop, GIVEN_BACK)
    assert [shop.row(n).state for n in (1, 2)] == ["new", "claimed"]
    last = bundles(shop, ANA)[-1]
    assert last.headline == "One customer waits for a word from you"
    assert len(last.items) == 2


def test_the_question_of_the_daily_list_has_its_button_until_it_is_answered(given_back: Shop) -> None:
    given_back.tap("claim", BEN)
    passes_until(given_back, GIVEN_BACK + timedelta(days=1))
    [item] = bundles(given_back, BEN)[-1].items
    assert item.headline == "This customer has been waiting since Fri 20 Nov 11:00, longer than we promised. Still yours?"
    assert [button.label for button in item.buttons] == ["Still mine", "Hand over…"]
    given_back.tap("keep", BEN)
    [item] = bundles(given_back, BEN)[-1].items
    assert item.headline == "Still yours on Thu 26 Nov: this customer has been waiting since Fri 20 Nov 11:00."
    assert [button.label for button in item.buttons] == ["Done…", "Hand over…"]


def test_whoever_takes_it_again_is_asked_in_other_words(given_back: Shop) -> None:
    before = told(given_back, ANA)
    given_back.tap("claim", ANA)
    passes_until(given_back, GIVEN_BACK + timedelta(days=1))
    [item] = bundles(given_back, ANA)[-1].items
    assert item.headline not in before
    assert item.headline == (
        "This customer has been waiting since Fri 20 Nov 11:00, as of Thu 26 Nov. Is it yours, or should somebody else reply?"
    )
    assert [button.label for button in item.buttons] == ["Still mine", "Hand over…"]


@pytest.fixture
def kept(given_back: Shop) -> Shop:
    """Ben took the late one on, was asked, and said on Thursday at 8:30 that it is his; the promise is two days."""
    given_back.tap("claim", BEN)
    passes_until(given_back, KEPT)
    assert given_back.acts().count("asked") == 2
    given_back.tap("keep", BEN)
    return given_back


def test_whoever_said_that_it_is_theirs_is_only_on_the_daily_list_for_another_promise(kept: Shop) -> None:
    passes_until(kept, KEPT + timedelta(days=4) - timedelta(minutes=15))
    assert kept.row().owner_user_id == "ben"
    assert kept.acts().count("asked") == 2
    assert told(kept, BEN)[-1] == "Still yours on Mon 30 Nov: this customer has been waiting since Fri 20 Nov 11:00."


def test_after_another_full_promise_without_contact_they_are_asked_again_in_other_words(kept: Shop) -> None:
    passes_until(kept, KEPT + timedelta(days=5))
    assert kept.acts().count("asked") == 3
    assert (
        told(kept, BEN)[-1]
        == "This customer has been waiting since Fri 20 Nov 11:00, as of Tue 1 Dec. Is it yours, or should somebody else reply?"
    )
    passes_until(kept, KEPT + timedelta(days=6))
    assert kept.row().state == "new", "nobody answered"


def test_each_still_mine_holds_for_another_full_promise(kept: Shop) -> None:
    for days in range(1, 25):
        passes_until(kept, KEPT + timedelta(days=days))
        kept.tap("keep", BEN)
    assert kept.row().owner_user_id == "ben"
    private = [row for row in reminders(kept) if row.state == "sent" and row.person_id == kept.row().owner_id]
    assert sum(not row.step.startswith("list") for row in private) <= 2


def test_after_a_contact_nobody_is_asked_again(kept: Shop) -> None:
    kept.tap("contacted", BEN)
    passes_until(kept, KEPT + timedelta(days=9))
    assert kept.row().owner_user_id == "ben"
    assert kept.acts().count("asked") == 2


@pytest.fixture
def asked(shop: Shop) -> Shop:
    """Lea leads, and Ana is asked whether the case is still hers."""
    put_on_duty(shop, Role.LEADER, LEA)
    shop.hears(said())
    shop.tap("claim", ANA)
    passes_until(shop, MONDAY + timedelta(days=1, hours=4))
    assert shop.row().asked_at is not None
    return shop


@pytest.mark.parametrize("verb", ["contacted", "wait"])
def test_a_contact_that_a_leader_notes_answers_the_question_too(asked: Shop, verb: str) -> None:
    asked.tap(verb, LEA, **({"days": "1"} if verb == "wait" else {}))
    assert asked.row().asked_at is None
    passes_until(asked, MONDAY + timedelta(days=9))
    assert (asked.row().state, asked.row().owner_user_id) == ("claimed", "ana")
    assert "let_go" not in asked.acts()


@pytest.mark.parametrize("verb", ["note", "show"])
def test_what_a_leader_does_without_a_contact_answers_nothing(asked: Shop, verb: str) -> None:
    asked.tap(verb, LEA, **({"note": "Who has it?"} if verb == "note" else {}))
    passes_until(asked, GIVEN_BACK)
    assert asked.row().state == "new"


def test_a_second_promise_to_the_same_customer_is_not_kept_by_silence_either(shop: Shop) -> None:
    shop.hears(said())
    shop.tap("claim", ANA)
    passes_until(shop, MONDAY + timedelta(days=1, hours=4))
    shop.closes()
    shop.tap("reopen", ANA)
    passes_until(shop, MONDAY + timedelta(days=8, hours=1))
    assert shop.acts().count("asked") == 2
    assert shop.row().state == "new"


def test_a_late_claim_of_somebody_who_wants_no_reminders_goes_back_as_well(given_back: Shop) -> None:
    types(given_back, "stop", BEN)
    given_back.tap("claim", BEN)
    passes_until(given_back, GIVEN_BACK + timedelta(days=3))
    assert told(given_back, BEN) == []
    assert given_back.row().state == "new"


def test_after_a_pause_a_case_comes_once_as_the_question_and_counts_as_one_customer(shop: Shop) -> None:
    shop.hears(said())
    shop.tap("claim", ANA)
    types(shop, "pause until wednesday")
    passes_until(shop, MONDAY + timedelta(days=2, minutes=15))
    [bundle] = bundles(shop, ANA)
    assert bundle.headline == "One customer waits for a word from you"
    assert [item.headline for item in bundle.items] == [
        "This customer has been waiting since Fri 11:00, longer than we promised. Still yours?"
    ]


def test_no_customer_waits_for_the_end_of_a_long_pause_and_whoever_had_them_reads_then_that_they_went_back(shop: Shop) -> None:
    shop.hears(said())
    shop.tap("claim", ANA)
    types(shop, "pause until 2026-12-11")
    passes_until(shop, MONDAY + timedelta(days=1, hours=8))
    assert (shop.row().state, shop.acts().count("asked")) == ("claimed", 1)
    passes_until(shop, GIVEN_BACK)
    assert shop.row().state == "new"
    assert told(shop, ANA) == []
    passes_until(shop, MONDAY + timedelta(days=18, minutes=15))
    assert told(shop, ANA) == [BACK_IN_THE_CHANNEL]


def test_what_was_snoozed_into_a_long_pause_goes_back_once_the_snooze_is_over(shop: Shop) -> None:
    shop.hears(said())
    shop.tap("claim", ANA)
    passes_until(shop, MONDAY + timedelta(hours=1))
    shop.tap("snooze", ANA, until="2026-11-25")
    types(shop, "pause until 2026-12-11")
    passes_until(shop, MONDAY + timedelta(days=2, minutes=-15))
    assert (shop.row().state, shop.acts().count("asked")) == ("claimed", 0)
    passes_until(shop, MONDAY + timedelta(days=4))
    assert shop.row().state == "new"


def test_somebody_who_pauses_may_say_all_the_same_that_it_is_theirs(shop: Shop) -> None:
    shop.hears(said())
    shop.tap("claim", ANA)
    types(shop, "pause until 2026-12-11")
    passes_until(shop, MONDAY + timedelta(days=1, hours=8))
    shop.tap("keep", ANA)
    passes_until(shop, GIVEN_BACK)
    assert (shop.row().state, shop.row().owner_user_id) == ("claimed", "ana")


@pytest.mark.parametrize("typed", ["more", "stop", "pause until 2026-12-11"])
def test_whoever_says_that_it_is_theirs_has_another_full_promise_however_they_are_reminded(shop: Shop, typed: str) -> None:
    shop.hears(said())
    shop.tap("claim", ANA)
    types(shop, typed)
    passes_until(shop, MONDAY + timedelta(days=1, hours=8))
    shop.tap("keep", ANA)
    passes_until(shop, MONDAY + timedelta(days=4))
    assert (shop.row().state, shop.acts().count("asked")) == ("claimed", 1)
    passes_until(shop, MONDAY + timedelta(days=7, hours=1))
    assert (shop.row().state, shop.acts().count("asked")) == ("new", 2)


def test_a_leader_is_not_asked_for_somebody_where_somebody_has_it_by_now(shop: Shop) -> None:
    put_on_duty(shop, Role.LEADER, LEA)
    types(shop, "quiet 17:00-10:00", LEA)
    shop.hears(said())
    passes_until(shop, FRIDAY + timedelta(hours=6, minutes=30))
    shop.tap("claim", ANA)
    passes_until(shop, MONDAY + timedelta(hours=3))
    assert told(shop, LEA) == []


def test_a_snooze_holds_back_what_came_due_before_it(shop: Shop) -> None:
    types(shop, "quiet 16:00-08:30")
    shop.hears(said())
    shop.tap("claim", ANA)
    passes_until(shop, MONDAY + timedelta(hours=8, minutes=30))
    shop.tap("snooze", ANA, until="opening")
    types(shop, "more")
    passes_until(shop, MONDAY + timedelta(hours=10))
    assert told(shop, ANA) == []
    passes_until(shop, MONDAY + timedelta(days=1, minutes=30))
    assert told(shop, ANA) == ["You asked to be reminded of this one: we promised a reply by Tue 11:00."]


@pytest.mark.parametrize(("after", "contact"), [(0.5, False), (1, False), (1, True)])
def test_a_step_that_repeats_itself_privately_never_says_the_same_words_twice(shop: Shop, after: float, contact: bool) -> None:
    shop = with_ladder(shop, Step(phase=Phase.CLAIMED, after=after, role=Role.OWNER, again=Duration.parse("5h"), times=2))
    shop.hears(said())
    shop.tap("claim", ANA)
    if contact:
        shop.tap("contacted", ANA)
    for _ in range(18):
        passes_until(shop, shop.now + timedelta(hours=12))
        shop.tap("keep", ANA)
    nudged = [text for text in told(shop, ANA) if not text.startswith(("Still yours on", "Still open"))]
    assert len(nudged) == len(set(nudged)) == 2


def test_a_leader_reads_of_one_that_came_back_late_and_of_the_others_in_one_message(shop: Shop) -> None:
    put_on_duty(shop, Role.LEADER, LEA)
    shop.hears(said("r-1"), said("r-2"))
    shop.tap("claim", ANA)
    for days in (3, 3, 4):
        shop.passes(days=days)
        before = len(bundles(shop, LEA))
        for _ in range(3):
            ticks(shop)
        assert len(bundles(shop, LEA)) <= before + 1
    assert "let_go" in shop.acts()
