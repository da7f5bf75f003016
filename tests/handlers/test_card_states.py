"""What a card says in every state, before and after the deadline, with and without a contact: headline, plain line, private card."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from handlers.calendar.hours import OpeningHours
from handlers.case import Case, State
from handlers.company import People
from handlers.digests.waiting_item import item
from handlers.feedback import Band, Customer, Known, Metric, Moment
from handlers.followup.followup_card import channel_card, private_card
from tests.conftest import FRIDAY, OSLO
from tests.handlers.test_cards import ANA, BEN, TEAM, case

CONTACT = FRIDAY + timedelta(hours=1)
BEFORE = FRIDAY + timedelta(hours=2)
AFTER = FRIDAY + timedelta(days=5)

New, Claimed, Waiting, Closed, Dismissed = State
TOLD = {
    # state, after the deadline, contacted: headline, plain line before the customer's words, private headline
    (New, False, False): (
        "New · NPS 3 of 10 · Oak Street · needs somebody by Fri 15:00",
        "New: 3/10 at Oak Street, needs somebody by Fri 15:00.",
        "",
    ),
    (New, False, True): (
        "New · NPS 3 of 10 · Oak Street · needs somebody again by Fri 15:00, we have been in touch",
        "New: 3/10 at Oak Street, needs somebody again by Fri 15:00, we have been in touch.",
        "",
    ),
    (New, True, False): (
        "Still waiting for us · NPS 3 of 10 · Oak Street · promised by Fri 20 Nov 15:00",
        "Still waiting for us: 3/10 at Oak Street, promised by Fri 20 Nov 15:00.",
        "",
    ),
    (New, True, True): (
        "New · NPS 3 of 10 · Oak Street · needs somebody again, we have been in touch",
        "New: 3/10 at Oak Street, needs somebody again, we have been in touch.",
        "",
    ),
    (Claimed, False, False): (
        "Claimed · Ana Silva is replying · by Tue 11:00",
        "Ana Silva is replying: 3/10 at Oak Street, by Tue 11:00.",
        "You are replying to Dana Reyes-Quintero · by Tue 11:00",
    ),
    (Claimed, False, True): (
        "Claimed · Ana Silva has been in touch · to be closed by Tue 11:00",
        "Ana Silva has been in touch: 3/10 at Oak Street, to be closed by Tue 11:00.",
        "Dana Reyes-Quintero has heard from us · to be closed by Tue 11:00",
    ),
    (Claimed, True, False): (
        "Still waiting for us · promised by Tue 11:00",
        "Still waiting for us: 3/10 at Oak Street, promised by Tue 11:00.",
        "Dana Reyes-Quintero is still waiting for us · promised by Tue 11:00",
    ),
    (Claimed, True, True): (
        "Claimed · Ana Silva has been in touch · still to be closed",
        "Ana Silva has been in touch: 3/10 at Oak Street, still to be closed.",
        "Dana Reyes-Quintero has heard from us · still to be closed",
    ),
    **{
        (Waiting, after, contacted): (
            "Waiting for the customer · Ana Silva looks again Wed 15:00",
            "Waiting for the customer: 3/10 at Oak Street, Ana Silva looks again Wed 15:00.",
            "Waiting for Dana Reyes-Quintero · you look again Wed 15:00",
        )
        for after in (False, True)
        for contacted in (False, True)
    },
    **{
        (Closed, after, contacted): (
            "Closed · Ana Silva replied after 1 h · Fixed" if contacted else "Closed · Fixed",
            "Closed by Ana Silva: 3/10 at Oak Street.",
            "",
        )
        for after in (False, True)
        for contacted in (False, True)
    },
    **{
        (Dismissed, after, contacted): ("Dismissed · A test or spam", "Dismissed: 3/10 at Oak Street.", "")
        for after in (False, True)
        for contacted in (False, True)
    },
}
EVERY = [pytest.param(*key, *said, id=f"{key[0]}-{'after' if key[1] else 'before'}-{key[2]}") for key, said in TOLD.items()]


def standing(state: State, contacted: bool) -> Case:
    again = FRIDAY.replace(hour=14) + timedelta(days=5) if state is Waiting else None
    return case(state, contacted_at=CONTACT if contacted else None, quiet_until=again)


def at(after: bool) -> datetime:
    return AFTER if after else BEFORE


def test_where_the_log_was_not_read_a_closed_card_names_nobody() -> None:
    card = channel_card(case(State.CLOSED, replied_by=None, closed_by=None), TEAM, People.NAMES, AFTER)
    assert card.headline == "Closed · heard from us after 2 h 10 min · Fixed"
    assert card.plain.startswith("Closed: 3/10 at Oak Street.")


def test_the_table_holds_every_state_before_and_after_its_deadline_contacted_or_not() -> None:
    assert set(TOLD) == {(state, after, contacted) for state in State for after in (False, True) for contacted in (False, True)}


@pytest.mark.parametrize(("state", "after", "contacted", "headline", "plain", "private"), EVERY)
def test_headline_plain_line_and_private_card_say_the_same_in_every_state(
    state: State, after: bool, contacted: bool, headline: str, plain: str, private: str
) -> None:
    some = standing(state, contacted)
    card, own = (
        channel_card(some, TEAM, People.NAMES, at(after)),
        private_card(some, TEAM, People.NAMES, ANA, at(after)),
    )
    assert card.headline == headline
    assert card.plain == f"{plain} “Waited 45 minutes and nobody came.”"
    assert own.headline == private
    assert not private or own.plain == f"{private.replace(' · ', ', ')}."


@pytest.mark.parametrize(("state", "after", "contacted"), list(TOLD))
def test_nobody_who_was_contacted_is_late_and_no_name_stands_beside_a_missed_promise(
    state: State, after: bool, contacted: bool
) -> None:
    card = channel_card(standing(state, contacted), TEAM, People.NAMES, at(after))
    late = "Still waiting for us" in card.headline
    assert late == (after and not contacted and state in (New, Claimed))
    assert late == any("in opening hours" in text for text in card.context), "both clocks stand on a late card alone"
    assert not late or "Ana" not in card.headline + card.plain
    assert ("Ana Silva is on it" in card.context) == (late and state is Claimed)


@pytest.mark.parametrize(("state", "after", "contacted"), list(TOLD))
def test_who_has_been_in_touch_is_not_asked_to_say_so_again(state: State, after: bool, contacted: bool) -> None:
    some = standing(state, contacted)
    for card in (channel_card(some, TEAM, People.NAMES, at(after)), private_card(some, TEAM, People.NAMES, ANA, at(after))):
        offered = [button.verb for button in (*card.buttons, *card.menu)]
        assert "contacted" not in offered or not contacted
        if state is Claimed:
            assert ("contacted" in offered) != contacted


@pytest.mark.parametrize("help_at", [None, CONTACT])
def test_the_private_card_asks_for_the_contact_first_and_then_for_the_end(help_at: datetime | None) -> None:
    def first(contacted: bool) -> list[str]:
        some = replace(standing(Claimed, contacted), help_at=help_at)
        return [button.label for button in private_card(some, TEAM, People.NAMES, ANA, BEFORE).buttons]

    assert first(contacted=False) == ["I've been in touch", "Done…"]
    assert first(contacted=True) == ["Done…", "Hand over…"]


def test_whoever_takes_a_customer_over_is_not_said_to_have_been_in_touch() -> None:
    some = replace(standing(Claimed, contacted=True), owner=BEN, claimed_at=CONTACT + timedelta(minutes=5))
    card = channel_card(some, TEAM, People.NAMES, BEFORE)
    assert card.headline == "Claimed · Ben has it, we have been in touch · to be closed by Tue 11:00"
    assert card.plain.startswith("Ben has it, we have been in touch: 3/10 at Oak Street, to be closed by Tue 11:00.")


def test_a_comment_without_a_score_is_a_question_in_the_headline_and_on_the_phone() -> None:
    card = channel_card(case(metric=Metric.COMMENT, score=None, band=Band.UNSCORED), TEAM, People.NAMES, AFTER)
    assert card.headline == "New · no score · Oak Street · is this a problem?"
    assert card.plain.startswith("New: no score at Oak Street. Is this a problem? “")


ANONYMOUS = Customer(key="c-1", name="Dana Reyes-Quintero")


@pytest.mark.parametrize(
    ("customer", "metric", "said"),
    [
        (ANONYMOUS, Metric.NPS, "left no way to reach them"),
        (ANONYMOUS, Metric.STARS, "to be answered in public"),
        (Customer(email="dana@mail.example"), Metric.NPS, None),
        (Known(given_phone="+47 400 00 000"), Metric.NPS, None),
    ],
)
def test_a_new_card_says_where_nobody_can_reach_the_customer(customer: Customer, metric: Metric, said: str | None) -> None:
    parts = "collection · Fri 11:00 · asks to be contacted" + (f" · {said}" if said else "")
    assert channel_card(case(customer=customer, metric=metric), TEAM, People.NAMES, FRIDAY).context == (parts,)
    taken = channel_card(case(State.CLAIMED, customer=customer, metric=metric), TEAM, People.NAMES, FRIDAY)
    assert not said or said not in str(taken.context)


def test_a_new_card_says_score_and_place_in_its_headline_and_nowhere_else() -> None:
    card = channel_card(case(), TEAM, People.NAMES, FRIDAY)
    assert card.context == ("collection · Fri 11:00 · asks to be contacted",)
    claimed = channel_card(case(State.CLAIMED), TEAM, People.NAMES, FRIDAY)
    assert claimed.context[0].startswith("NPS 3 of 10 · Oak Street · collection")


@pytest.mark.parametrize(
    ("passed", "said"), [(0, ""), (1, ""), (2, " · passed on twice"), (3, " · passed on 3 times")], ids=["never", "once", "2", "3"]
)
def test_how_often_a_customer_was_passed_on_is_said_to_all_who_may_take_them_on_and_names_nobody(passed: int, said: str) -> None:
    some = replace(standing(Claimed, contacted=False), passed=passed)
    for card in (channel_card(some, TEAM, People.NAMES, BEFORE), private_card(some, TEAM, People.NAMES, ANA, BEFORE)):
        assert card.context[0] == f"NPS 3 of 10 · Oak Street · collection · Fri 11:00 · asks to be contacted{said}"
    assert item(some, TEAM, People.NAMES, BEFORE).headline == f"Ana Silva has it, by Tue 11:00{said} · worth 48,000 NOK"
    assert "passed on" not in str(channel_card(replace(some, state=Closed), TEAM, People.NAMES, BEFORE))


@pytest.mark.parametrize(
    ("tries", "said"), [(1, "Tried once, Fri 12:00"), (2, "Tried twice, last Fri 12:00"), (3, "Tried 3 times, last Fri 12:00")]
)
def test_attempts_are_counted_as_people_say_it(tries: int, said: str) -> None:
    some = replace(standing(Claimed, contacted=False), tries=tries, tried_at=CONTACT)
    for card in (channel_card(some, TEAM, People.NAMES, BEFORE), private_card(some, TEAM, People.NAMES, ANA, BEFORE)):
        assert said in card.context


def test_a_happy_customer_waits_for_thanks_and_nothing_is_counted_against_us() -> None:
    happy = case(moment=Moment.RELATIONSHIP, band=Band.PROMOTER, score=10, comment="Best flat white in town.")
    card = channel_card(happy, TEAM, People.NAMES, AFTER)
    assert card.headline == "Not thanked yet · NPS 10 of 10 · Oak Street · due Fri 20 Nov 15:00"
    assert [button.label for button in card.buttons] == ["I'll reply", "No thanks needed…"]
    assert not any("opening hours" in line for line in card.context)
    unhappy_since = replace(happy, band=Band.DETRACTOR, score=2)
    assert channel_card(unhappy_since, TEAM, People.NAMES, AFTER).headline.startswith("Still waiting for us")


@pytest.mark.parametrize(
    ("week", "hours", "said"),
    [
        ("always", 34, "1 day, all of it in opening hours"),
        ({"mon-sun": "05:00-24:00"}, 34, "34 h, 29 h of it in opening hours"),
        ({"mon-fri": "08:00-18:00"}, 34, "1 day, 7 h of it in opening hours"),
    ],
    ids=["always open", "open nearly all day", "open by day"],
)
def test_nobody_waits_more_hours_in_opening_hours_than_in_all(week: dict[str, str] | str, hours: int, said: str) -> None:
    team = TEAM.model_copy(update={"hours": OpeningHours.build(week, OSLO)})
    [*_, line] = channel_card(case(), team, People.NAMES, FRIDAY + timedelta(hours=hours)).context
    assert line == f"As of Sat 21:00 the customer has waited {said}"
