"""The ladder: who hears of a customer who waits, when, and in which words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from handlers import colleagues
from handlers.arrivals.customers import know
from handlers.calendar.duration import Duration
from handlers.calendar.hours import OpeningHours
from handlers.cards import Card
from handlers.case import State
from handlers.company import Company
from handlers.feedback import Customer, Moment, Person
from handlers.ladder import Phase, Role, Step
from handlers.nudges.away import end_absences
from handlers.nudges.bundles import send_bundles
from handlers.nudges.clock_look import look
from handlers.rules import Route, When
from handlers.team import Team
from storage import delivery_log, messages, nudges
from tests.conftest import ANA, BEN, FRIDAY, LEA, OSLO, Shop, said

MONDAY = datetime(2026, 11, 23, 7, 0, tzinfo=FRIDAY.tzinfo)
"""Monday 8:00 in Oslo: the opening."""


def ticks(shop: Shop) -> None:
    """As the clock would."""
    shop.store.write_sync(_tick, shop)


def passes_until(shop: Shop, at: datetime) -> None:
    """As the clock would: a look at every quarter of an hour. Eight hours are one unit of work, as most looks find nothing to do."""
    while shop.now < at:
        shop.store.write_sync(_eight_hours, shop, at)


def _eight_hours(tx: Connection, shop: Shop, at: datetime) -> None:
    until = min(at, shop.now + timedelta(hours=8))
    while shop.now < until:
        shop.now = min(at, shop.now + timedelta(minutes=15))
        _tick(tx, shop)


def _tick(tx: Connection, shop: Shop) -> None:
    look(tx, shop.company, shop.now)
    end_absences(tx, shop.now)
    send_bundles(tx, shop.company, shop.now)


def lines(shop: Shop) -> list[str]:
    """What was said in the thread of the card."""
    return [card.plain for card in drawn(shop, "line")]


def bundles(shop: Shop, who: Person) -> list[Card]:
    """The reminders somebody got, oldest first."""
    return drawn(shop, "bundle", who)


def drawn(shop: Shop, kind: str, who: Person | None = None) -> list[Card]:
    rows = shop.store.read_sync(delivery_log.unfinished, 1000)
    return [shop.card(row.key) for row in rows if row.kind == kind and (who is None or row.channel == who.user_id)]


def told(shop: Shop, who: Person) -> list[str]:
    return [item.headline for card in bundles(shop, who) for item in card.items]


@pytest.fixture
def led(shop: Shop) -> Shop:
    """A shop whose leader the chat knows, and a customer who waits since Friday 11:00."""
    put_on_duty(shop, Role.LEADER, LEA)
    shop.hears(said())
    return shop


def put_on_duty(shop: Shop, role: Role, *who: Person) -> None:

    shop.store.write_sync(lambda tx: nudges.put_on_duty(tx, "oak-street", role, [colleagues.remember(tx, one).id for one in who]))


# The steps of the usual ladder


def test_at_half_of_the_promise_the_thread_asks_who_can_reply(led: Shop) -> None:
    passes_until(led, FRIDAY + timedelta(hours=2))
    assert lines(led) == []
    passes_until(led, FRIDAY + timedelta(hours=2, minutes=15))
    assert lines(led) == [
        "This customer has been waiting since Fri 11:00 (2 h 15 min by Fri 13:15) and nobody has it yet. Who can reply?"
    ]
    assert led.card().headline.startswith("New")


def test_when_the_promise_has_passed_the_card_is_late_and_the_thread_says_it_in_other_words(led: Shop) -> None:
    passes_until(led, FRIDAY + timedelta(hours=4, minutes=15))
    first, second = lines(led)
    assert "Our promise has passed" in second
    assert first != second
    assert led.card().headline.startswith("Still waiting for us")
    assert "As of Fri 15:15 the customer has waited 4 h 15 min, all of it in opening hours" in led.card().context


def test_a_card_is_drawn_anew_once_it_is_late_and_by_no_reminder_before(led: Shop) -> None:
    def wanted() -> int:
        row = led.store.read_sync(messages.by_key, "card:1")
        assert row is not None
        return int(row.wanted)

    passes_until(led, FRIDAY + timedelta(hours=3, minutes=45))
    assert len(lines(led)) == 1, "the thread was asked, and the card says all it said"
    assert wanted() == 1
    passes_until(led, FRIDAY + timedelta(hours=4, minutes=15))
    assert wanted() == 2, "now it is late"


def test_half_a_promise_later_the_leader_is_asked_privately(led: Shop) -> None:
    passes_until(led, FRIDAY + timedelta(hours=6, minutes=15))
    [text] = told(led, LEA)
    assert text == "A customer has been waiting since Fri 11:00 for a word from us. Nobody has it yet. Can you free someone?"
    [item] = bundles(led, LEA)[0].items
    assert [button.label for button in item.buttons] == ["I'll take it", "Choose who replies…"]


def test_the_leader_may_take_it_from_there(led: Shop) -> None:
    passes_until(led, FRIDAY + timedelta(hours=6, minutes=15))
    assert "It is yours" in led.tap("claim", LEA).text
    assert led.row().owner_user_id == "lea"


def test_whoever_has_it_is_asked_at_three_quarters_and_not_in_the_channel(led: Shop) -> None:
    led.tap("claim", ANA)
    passes_until(led, MONDAY + timedelta(hours=9))
    [text] = told(led, ANA)
    assert text == "We promised this customer a reply by Tue 11:00. Is anything in the way?"
    assert lines(led) == []


def test_a_contact_ends_the_questions_about_one(led: Shop) -> None:
    led.tap("claim", ANA)
    led.tap("contacted", ANA)
    passes_until(led, MONDAY + timedelta(days=1, hours=2))
    assert told(led, ANA) == []


def test_a_promise_that_passes_without_contact_asks_whether_it_is_still_theirs(led: Shop) -> None:
    led.tap("claim", ANA)
    passes_until(led, MONDAY + timedelta(days=1, hours=3, minutes=30))
    assert told(led, ANA)[-1].endswith("longer than we promised. Still yours?")
    assert lines(led) == [
        "This customer has been waiting since Fri 11:00 (4 days by Tue 11:15), longer than we promised. Can somebody lend a hand?"
    ]
    item = bundles(led, ANA)[-1].items[0]
    assert [button.label for button in item.buttons] == ["Still mine", "Hand over…"]
    assert led.acts()[-1] == "asked"


def test_once_it_is_answered_the_message_does_not_go_on_asking(led: Shop) -> None:
    led.tap("claim", ANA)
    passes_until(led, MONDAY + timedelta(days=1, hours=3, minutes=30))
    led.tap("keep", ANA)
    [item] = bundles(led, ANA)[-1].items
    assert item.headline == "It stays yours, thank you. We promised a reply by Tue 11:00."
    assert [button.label for button in item.buttons] == ["Done…", "Hand over…"]


def test_without_an_answer_it_goes_back_at_the_next_opening_with_a_kind_line(led: Shop) -> None:
    led.tap("claim", ANA)
    passes_until(led, MONDAY + timedelta(days=2, minutes=15))
    assert led.row().state == "new"
    assert led.row().owner_id is None
    assert lines(led)[-1] == "Nobody could get to this one so far, so it waits for somebody again. Who can reply to this customer?"
    assert led.card().headline.startswith("Still waiting for us")


@pytest.mark.parametrize("verb", ["keep", "note", "contacted", "tried", "help"])
def test_whatever_the_owner_does_is_an_answer(led: Shop, verb: str) -> None:
    led.tap("claim", ANA)
    passes_until(led, MONDAY + timedelta(days=1, hours=3, minutes=30))
    led.tap(verb, ANA, **({"note": "On it."} if verb == "note" else {}))
    passes_until(led, MONDAY + timedelta(days=2, hours=1))
    assert led.row().owner_user_id == "ana"


def test_the_daily_list_does_not_say_of_a_customer_who_has_heard_from_us_that_they_wait(led: Shop) -> None:
    led.tap("claim", ANA)
    led.tap("contacted", ANA)
    passes_until(led, MONDAY + timedelta(days=3, hours=4))
    assert told(led, ANA) == [
        "You have been in touch, and our promise ended Tue 24 Nov 11:00. Can it be closed?",
        "Still open Wed 25 Nov: this customer has heard from us, and our promise ended Tue 24 Nov 11:00. Can it be closed?",
        "Still open Thu 26 Nov: this customer has heard from us, and our promise ended Tue 24 Nov 11:00. Can it be closed?",
    ]


def test_nobody_hears_more_than_twice_of_one_case_and_then_only_the_daily_list(led: Shop) -> None:
    led.tap("claim", ANA)
    led.passes(days=4, hours=1)
    ticks(led)
    for days in range(1, 9):
        led.tap("keep", ANA)
        passes_until(led, MONDAY + timedelta(days=1 + days, hours=4))
    nudged = [text for text in told(led, ANA) if not text.startswith("Still yours on")]
    assert len(nudged) <= 2
    assert len(told(led, ANA)) == len(set(told(led, ANA))), "never the same words twice"
    assert any(text.startswith("Still yours on") for text in told(led, ANA))


def test_three_days_of_downtime_end_in_one_bundle_a_person(shop: Shop) -> None:
    put_on_duty(shop, Role.LEADER, LEA)
    shop.hears(*(said(f"r-{n}") for n in range(5)))
    for target in (1, 2, 3):
        shop.tap("claim", ANA, target)
    shop.now = MONDAY + timedelta(days=2, hours=4)
    for _ in range(3):
        ticks(shop)
    assert len(bundles(shop, ANA)) == 1
    assert len(bundles(shop, ANA)[0].items) == 3
    assert len(bundles(shop, LEA)) == 1


# What narrows a step, and what repeats it


def with_ladder(shop: Shop, *steps: Step) -> Shop:
    team = shop.company.teams["oak-street"].model_copy(update={"ladder": steps})
    return replace(shop, company=shop.company.model_copy(update={"teams": {"oak-street": team}}))


def test_no_line_is_said_twice_where_what_a_customer_is_worth_becomes_known(shop: Shop) -> None:
    shop = with_ladder(
        shop,
        Step(phase=Phase.UNCLAIMED, after=0.25, role=Role.LEADER, least_value=10_000),
        Step(phase=Phase.UNCLAIMED, after=0.5, role=Role.THREAD),
        Step(phase=Phase.UNCLAIMED, after=1, role=Role.THREAD),
        Step(phase=Phase.UNCLAIMED, after=1.5, role=Role.LEADER),
    )
    shop.hears(said(customer=Customer(key="c-1")))
    passes_until(shop, FRIDAY + timedelta(hours=4, minutes=30))
    before = lines(shop)
    assert len(before) == 2
    shop.store.write_sync(know, [Customer(key="c-1", value=20_000)], shop.now)
    passes_until(shop, MONDAY + timedelta(hours=9))
    assert lines(shop) == before


def test_no_line_is_said_twice_where_ops_put_a_step_in_front(shop: Shop) -> None:
    steps = [Step(phase=Phase.UNCLAIMED, after=after, role=Role.THREAD) for after in (0.25, 0.5, 1)]
    shop = with_ladder(shop, *steps[1:])
    shop.hears(said())
    passes_until(shop, FRIDAY + timedelta(hours=4, minutes=30))
    assert len(lines(shop)) == 2
    shop = with_ladder(shop, *steps)
    shop.tap("note", ANA, note="She likes tea.")
    passes_until(shop, MONDAY + timedelta(hours=9))
    assert len([line for line in lines(shop) if "tea" not in str(line)]) == 2


def test_a_ladder_without_steps_reminds_nobody_and_ends_no_claim(shop: Shop) -> None:
    shop = with_ladder(shop)
    put_on_duty(shop, Role.LEADER, LEA)
    shop.hears(said(), said("r-2"))
    shop.tap("claim", ANA, 2)
    passes_until(shop, MONDAY + timedelta(days=10))
    assert bundles(shop, LEA) == bundles(shop, ANA) == []
    assert not lines(shop)
    assert shop.row(2).state == State.CLAIMED
    assert shop.card().headline.startswith("Still waiting for us"), "the card says it nevertheless"


def test_a_step_may_be_for_some_moments_and_for_customers_of_some_worth(shop: Shop) -> None:
    shop = with_ladder(
        shop,
        Step(phase=Phase.UNCLAIMED, after=0.5, role=Role.LEADER, moments=(Moment.REVENUE,)),
        Step(phase=Phase.UNCLAIMED, after=0.5, role=Role.BACKUP, least_value=10_000),
    )
    put_on_duty(shop, Role.LEADER, LEA)
    put_on_duty(shop, Role.BACKUP, BEN)
    shop.hears(said("r-1"), said("r-2", customer={"key": "big", "value": 20_000}))
    passes_until(shop, FRIDAY + timedelta(hours=3))
    assert told(shop, LEA) == []
    assert len(told(shop, BEN)) == 1
    assert told(shop, BEN)[0].endswith("Can you step in?")


def test_a_step_waits_for_its_times_of_the_day(shop: Shop) -> None:
    step = Step(phase=Phase.UNCLAIMED, after=0.5, role=Role.LEADER, between=(time(15), time(17)))
    shop = with_ladder(shop, step)
    put_on_duty(shop, Role.LEADER, LEA)
    shop.hears(said())
    passes_until(shop, FRIDAY + timedelta(hours=4))
    assert told(shop, LEA) == []
    passes_until(shop, FRIDAY + timedelta(hours=4, minutes=15))
    assert len(told(shop, LEA)) == 1


def test_a_step_that_repeats_itself_says_something_new_each_time(shop: Shop) -> None:
    step = Step(phase=Phase.UNCLAIMED, after=0.5, role=Role.THREAD, again=Duration.parse("1h"), times=3)
    shop = with_ladder(shop, step)
    shop.hears(said())
    passes_until(shop, FRIDAY + timedelta(hours=6))
    assert len(lines(shop)) == 3
    assert len(set(lines(shop))) == 3


# Cards that wait for the opening


def test_what_arrives_at_night_is_posted_at_the_opening_under_one_line(shop: Shop) -> None:
    shop.now = FRIDAY + timedelta(hours=12)
    shop.hears(said("r-1"), said("r-2"))
    assert shop.keys() == []
    shop.now = MONDAY + timedelta(seconds=1)
    ticks(shop)
    opening, first, second = map(shop.card, shop.keys())
    assert opening.plain == "2 customers wrote while we were closed:"
    assert first.headline.endswith("needs somebody by Mon 12:00")
    assert second.headline.startswith("New")


def test_after_a_closed_season_the_line_counts_all_who_wrote_since_its_beginning(
    company: Company, team: Team, shop_of: Callable[[Company], Shop]
) -> None:
    season = [FRIDAY.date() + timedelta(days=n) for n in range(60)]
    hours = OpeningHours.build({"mon-fri": "08:00-18:00"}, team.hours.zone, closed=season)
    shop = shop_of(company.model_copy(update={"teams": {team.name: team.model_copy(update={"hours": hours})}}))
    for n in range(3):
        shop.hears(said(f"r-{n}"))
        shop.passes(days=12)
    shop.now = hours.next_opening(shop.now) + timedelta(seconds=1)
    ticks(shop)
    assert shop.card(shop.keys()[0]).plain == "3 customers wrote while we were closed:"


def test_one_alone_needs_no_line_above_it(shop: Shop) -> None:
    shop.now = FRIDAY + timedelta(hours=12)
    shop.hears(said("r-1"))
    shop.now = MONDAY + timedelta(seconds=1)
    ticks(shop)
    assert shop.keys() == ["card:1"]


def test_a_route_that_says_at_once_does_not_wait_and_counts_round_the_clock(
    company: Company, team: Team, shop_of: Callable[[Company], Shop]
) -> None:
    rescue = Route(name="rescue", when=When(band=("detractor",)), team=team.name, at_once=True)
    shop = shop_of(company.model_copy(update={"routes": (rescue,)}))
    put_on_duty(shop, Role.LEADER, LEA)
    shop.now = FRIDAY + timedelta(hours=12)
    shop.hears(said())
    assert shop.keys() == ["card:1"]
    assert shop.row().claim_by == shop.now + timedelta(hours=4)
    passes_until(shop, shop.now + timedelta(hours=6, minutes=15))
    assert len(told(shop, LEA)) == 1


def test_a_claim_before_its_card_is_posted_is_shown_on_it(shop: Shop) -> None:
    shop.now = FRIDAY + timedelta(hours=12)
    shop.hears(said())
    shop.tap("claim", ANA)
    shop.now = MONDAY + timedelta(seconds=1)
    ticks(shop)
    assert shop.card().headline.startswith("Claimed · Ana is replying")


# Help, waiting, snoozing


def test_asking_for_a_hand_lets_a_colleague_take_over_and_both_are_thanked(led: Shop) -> None:
    led.tap("claim", ANA)
    assert "a moment faster" in led.tap("claim", BEN).text
    led.tap("help", ANA)
    assert lines(led)[-1] == "Ana asks for a hand with this one. Who can take it over or help?"
    assert "Ana could use a hand" in led.card().context
    assert "It is yours" in led.tap("claim", BEN).text
    assert lines(led)[-1] == "Ben took this over. Thank you both."
    assert led.row().owner_user_id == "ben"
    assert led.row().help_at is None


def test_waiting_for_the_customer_is_seen_and_comes_back_on_its_day(led: Shop) -> None:
    led.tap("claim", ANA)
    led.tap("wait", ANA, days="4")
    assert led.card().headline == "Waiting for the customer · Ana looks again Tue 08:00"
    passes_until(led, MONDAY + timedelta(days=1, minutes=30))
    assert led.row().state == "claimed"
    assert told(led, ANA) == ["It is time to look at this one again."]


def test_the_customers_answer_ends_the_wait_for_it(led: Shop) -> None:
    led.tap("claim", ANA)
    led.tap("wait", ANA, days="7")
    led.passes(minutes=30)
    led.hears(said(comment="I still have no coffee."))
    ticks(led)
    assert led.row().state == "claimed"
    assert told(led, ANA) == ["The customer has answered. Have another look?"]


def test_what_the_customer_adds_is_told_to_whoever_has_it_though_they_neither_wait_nor_snoozed(led: Shop) -> None:
    led.tap("claim", ANA)
    led.hears(said(comment="Waited 45 minutes, and the bill was wrong."))
    ticks(led)
    assert told(led, ANA) == ["The customer added to their answer. Have a look?"]
    for words in ("Waited 45 minutes, and the bill was wrong. Twice.", "Waited 45 minutes, and the bill was wrong. Three times."):
        led.hears(said(comment=words))
        led.passes(minutes=30)
        ticks(led)
    assert len(bundles(led, ANA)) == 1, "not the same words again for whatever a tool sends next"
    led.tap("contacted", ANA)
    led.hears(said(comment="Thank you, but the bill is still wrong."))
    led.passes(minutes=30)
    ticks(led)
    assert len(bundles(led, ANA)) == 2, "but for what they add after a word from us"


def test_who_is_handed_a_customer_they_had_before_is_told_since_their_old_card_only_changes(led: Shop) -> None:
    led.tap("claim", ANA)
    led.tap("hand_over", ANA, to=BEN)
    ticks(led)
    assert told(led, BEN) == [], "a new card is telling enough"
    led.tap("hand_over", BEN, to=ANA)
    ticks(led)
    assert told(led, ANA) == ["This customer is yours again. Have a look?"]


@pytest.mark.parametrize(("verb", "answers"), [("wait", {"days": "14"}), ("snooze", {"until": "shift"})])
def test_and_at_once_however_long_the_owner_before_them_meant_to_wait(led: Shop, verb: str, answers: dict[str, str]) -> None:
    led.tap("claim", ANA)
    led.tap("hand_over", ANA, to=BEN)
    led.tap(verb, BEN, **answers)
    assert led.row().quiet_until is not None
    led.tap("hand_over", BEN, to=ANA)
    ticks(led)
    assert told(led, ANA) == ["This customer is yours again. Have a look?"]


OUR_OWN_EDITS = (
    {"tags": ("late-tag",)},
    {"occurred_at": FRIDAY + timedelta(minutes=5)},
    {"touchpoint": "till"},
    {"link": "https://desk.example/35"},
    {"customer": {"key": "c-1", "value": 1000.0}},
)
"""Such as a survey tool or our own colleagues make to a response: the customer says nothing by them."""


@pytest.mark.parametrize("edit", OUR_OWN_EDITS, ids=lambda edit: next(iter(edit)))
@pytest.mark.parametrize(("verb", "answers"), [("contacted", {}), ("wait", {"days": "14"}), ("snooze", {"until": "shift"})])
def test_an_update_of_anything_but_their_words_is_told_to_nobody_and_wakes_nobody(
    led: Shop, edit: dict[str, Any], verb: str, answers: dict[str, str]
) -> None:
    led.tap("claim", ANA)
    led.tap(verb, ANA, **answers)
    before = (led.row().state, led.row().quiet_until, led.acts(), lines(led))
    led.passes(minutes=10)
    led.hears(said(**edit))
    ticks(led)
    assert (led.row().state, led.row().quiet_until, led.acts(), lines(led)) == before
    assert told(led, ANA) == []
    assert led.row().occurred_at == FRIDAY, "it does not become younger"


@pytest.mark.parametrize("more", [{"score": 1}, {"comment": "And now it is broken."}, {"wants_contact": True}])
def test_another_score_other_words_or_the_wish_to_be_called_wake_and_are_told(led: Shop, more: dict[str, Any]) -> None:
    led.tap("claim", ANA)
    led.tap("wait", ANA, days="14")
    led.passes(minutes=10)
    led.hears(said(**more))
    ticks(led)
    assert (led.row().state, led.row().quiet_until) == ("claimed", None)
    assert lines(led)[-1] == "The customer added to their answer: the card above shows it."
    assert told(led, ANA) == ["The customer has answered. Have another look?"]


def test_that_they_need_not_be_called_any_more_is_shown_and_told_to_nobody(led: Shop) -> None:
    led.hears(said("r-2", wants_contact=True))
    led.tap("claim", ANA, 2)
    led.hears(said("r-2"))
    assert "asks to be contacted" not in led.card("card:2").context[0]
    assert "updated" not in led.acts(2)


def test_several_updates_before_the_next_bundle_are_one_line_of_it_and_no_nudge(led: Shop) -> None:
    led.tap("claim", ANA)
    led.now = FRIDAY + timedelta(hours=8)  # 19:00
    for n in range(3):
        led.hears(said(comment=f"Nobody came. {n}"))
    passes_until(led, MONDAY + timedelta(minutes=15))
    assert told(led, ANA) == ["The customer added to their answer. Have a look?"]
    passes_until(led, MONDAY + timedelta(days=1, hours=4))
    assert len(told(led, ANA)) == 3, "the two of the ladder come all the same"


def test_an_update_is_told_to_nobody_once_another_has_it_or_it_is_closed(led: Shop) -> None:
    led.tap("claim", ANA)
    led.hears(said(comment="Nobody came at all."))
    led.tap("hand_over", ANA, to=BEN)
    ticks(led)
    assert (told(led, ANA), told(led, BEN)) == ([], [])
    led.closes(BEN)
    led.hears(said(comment="Thank you, Ben."))
    ticks(led)
    assert told(led, BEN) == []


def test_snoozing_reminds_then_and_never_moves_the_promise(led: Shop) -> None:
    led.tap("claim", ANA)
    before = led.row().close_by
    assert "We remind you Fri 13:30" in led.tap("snooze", ANA, until="lunch").text
    assert "Snoozed until Fri 13:30" in led.card().context
    assert led.row().close_by == before
    passes_until(led, FRIDAY + timedelta(hours=2, minutes=30))
    assert told(led, ANA) == ["You asked to be reminded of this one: we promised a reply by Tue 11:00."]


def test_snoozing_until_the_customer_answers_ends_when_the_team_is_open(led: Shop) -> None:
    led.tap("claim", ANA)
    led.now = MONDAY + timedelta(days=1, hours=9, minutes=45)  # Tue 17:45, past the promise
    assert "at the latest Wed 08:00" in led.tap("snooze", ANA, until="answer").text


def test_days_that_end_in_one_opening_are_offered_once(led: Shop) -> None:
    led.tap("claim", ANA)
    form = led.tap("wait", ANA).form
    assert form is not None
    said = [("1", "Mon 08:00"), ("4", "Tue 08:00"), ("7", "Fri 27 Nov 08:00"), ("14", "Fri 4 Dec 08:00")]
    assert list(form.fields[0].options) == said
    assert "until Mon 08:00" in led.tap("wait", ANA, days="2").text, "as a form from before may still say"


def test_a_reminder_after_a_contact_does_not_say_that_we_owe_a_reply(led: Shop) -> None:
    led.tap("claim", ANA)
    led.tap("contacted", ANA)
    led.tap("snooze", ANA, until="lunch")
    passes_until(led, FRIDAY + timedelta(hours=2, minutes=30))
    assert told(led, ANA) == ["You asked to be reminded of this one: it is still to be closed."]


def test_only_the_owner_snoozes(led: Shop) -> None:
    led.tap("claim", ANA)
    assert "Ana is replying" in led.tap("snooze", BEN).text


def test_whoever_was_reminded_reads_that_the_customer_has_heard_from_us_whoever_it_was_from(led: Shop) -> None:
    passes_until(led, FRIDAY + timedelta(hours=6, minutes=15))
    led.tap("claim", ANA)
    led.tap("contacted", LEA)
    assert told(led, LEA) == ["#1: this customer has heard from us."]


def test_a_new_promise_climbs_the_ladder_anew(led: Shop) -> None:
    led.tap("claim", ANA)
    led.closes()
    led.tap("reopen", BEN)
    passes_until(led, FRIDAY + timedelta(hours=2, minutes=30))
    assert any("nobody has it yet" in line for line in lines(led))


def test_a_team_that_never_closes_has_a_day_to_answer(company: Company, team: Team, shop_of: Callable[[Company], Shop]) -> None:
    always = team.model_copy(update={"hours": OpeningHours.build("always", OSLO)})
    shop = shop_of(company.model_copy(update={"teams": {team.name: always}}))
    shop.hears(said())
    shop.tap("claim", ANA)
    passes_until(shop, FRIDAY + timedelta(days=2, hours=1))
    assert shop.acts()[-1] == "asked"
    passes_until(shop, FRIDAY + timedelta(days=3, hours=2))
    assert shop.row().state == "new"


def test_whoever_was_asked_to_step_in_may_take_it_over_or_reassign_it_and_nobody_else(shop: Shop) -> None:
    shop = with_ladder(shop, Step(phase=Phase.QUIET, after=0.5, role=Role.BACKUP))
    put_on_duty(shop, Role.BACKUP, BEN)
    shop.hears(said())
    shop.tap("claim", ANA)
    assert "Ana was a moment faster" in shop.tap("claim", BEN).text, "nobody asked him yet"
    passes_until(shop, MONDAY + timedelta(hours=9))
    assert [button.label for item in bundles(shop, BEN)[0].items for button in item.buttons] == ["I'll take it", "Reassign…"]
    assert shop.tap("hand_over", BEN).form is not None
    assert shop.tap("hand_over", LEA).form is None
    assert "It is yours" in shop.tap("claim", BEN).text
    assert shop.row().owner_user_id == BEN.user_id


def test_once_the_owner_was_in_touch_nobody_steps_in_any_more(shop: Shop) -> None:
    shop = with_ladder(shop, Step(phase=Phase.QUIET, after=0.5, role=Role.BACKUP))
    put_on_duty(shop, Role.BACKUP, BEN)
    shop.hears(said())
    shop.tap("claim", ANA)
    passes_until(shop, MONDAY + timedelta(hours=9))
    shop.tap("contacted", ANA)
    assert "is replying to the customer" in shop.tap("claim", BEN).text
    assert shop.row().owner_user_id == ANA.user_id
