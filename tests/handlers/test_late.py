"""What the clock sees: deadlines that passed are shown, once, whenever and however often it looks; and names that became known."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from handlers.calendar.hours import OpeningHours
from handlers.colleagues import meet
from handlers.feedback import Person
from handlers.nudges.clock_look import BATCH, look
from storage import followups, messages
from tests import log
from tests.conftest import ANA, BEN, OSLO, Shop, said
from tests.handlers.test_ladder import MONDAY


def clock_looks(shop: Shop) -> int:
    return shop.store.write_sync(look, shop.company, shop.now)


def wanted(shop: Shop, key: str = "card:1") -> int:
    return shop.store.read_sync(messages.by_key, key).wanted


@pytest.fixture
def waiting(shop: Shop) -> Shop:
    shop.hears(said())
    return shop


def test_before_half_of_the_promise_there_is_nothing_to_see(waiting: Shop) -> None:
    waiting.passes(hours=1, minutes=59)
    assert clock_looks(waiting) == 0


def test_at_the_very_deadline_nothing_is_late_yet_and_a_moment_later_it_is(waiting: Shop) -> None:
    waiting.passes(hours=4)
    clock_looks(waiting)
    assert waiting.card().headline.startswith("New")
    waiting.passes(microseconds=1)
    before = wanted(waiting)
    assert clock_looks(waiting) == 1
    assert wanted(waiting) == before + 1
    assert waiting.card().headline.startswith("Still waiting for us · NPS 3 of 10 · Oak Street · promised by Fri 15:00")


def test_looking_twice_changes_nothing_more(waiting: Shop) -> None:
    waiting.passes(hours=5)
    assert clock_looks(waiting) == 1
    after = wanted(waiting), waiting.acts(), waiting.row().version
    assert clock_looks(waiting) == 0
    assert (wanted(waiting), waiting.acts(), waiting.row().version) == after


def test_a_clock_set_back_does_not_make_anything_late_again(waiting: Shop) -> None:
    waiting.passes(hours=5)
    clock_looks(waiting)
    waiting.passes(hours=-2)
    assert clock_looks(waiting) == 0
    assert waiting.acts().count("became_late") == 1


def test_a_claimed_one_is_late_only_when_its_close_is_overdue(waiting: Shop) -> None:
    waiting.tap("claim", ANA)
    waiting.passes(hours=5)
    assert clock_looks(waiting) == 0
    waiting.passes(days=5)
    assert clock_looks(waiting) == 1
    assert waiting.card().headline == "Still waiting for us · promised by Tue 11:00"
    assert waiting.card().plain.startswith("Still waiting for us: 3/10 at Oak Street, promised by Tue 11:00.")


def test_claiming_a_late_one_starts_the_wait_for_its_close(waiting: Shop) -> None:
    waiting.passes(hours=5)
    clock_looks(waiting)
    waiting.tap("claim", ANA)
    assert waiting.card().headline.startswith("Claimed · Ana is replying")
    assert waiting.row().next_look_at < waiting.row().close_by, "the owner is asked privately before"


def test_giving_back_one_whose_claim_was_due_long_ago_is_seen_at_once(waiting: Shop) -> None:
    waiting.tap("claim", ANA)
    waiting.passes(hours=6)
    waiting.tap("release", ANA)
    assert clock_looks(waiting) == 1
    assert waiting.card().headline.startswith("Still waiting for us")


def test_a_promise_that_ends_in_hours_that_are_closed_by_now_is_late_at_once_all_the_same(waiting: Shop) -> None:
    short = OpeningHours.build({"mon-thu": "08:00-18:00", "fri": "08:00-12:30"}, OSLO)
    teams = {name: team.model_copy(update={"hours": short}) for name, team in waiting.company.teams.items()}
    waiting.company = waiting.company.model_copy(update={"teams": teams})
    waiting.passes(hours=2, minutes=1)
    clock_looks(waiting)
    waiting.passes(hours=2)
    assert clock_looks(waiting) == 1
    assert (wanted(waiting), waiting.acts()[-1]) == (2, "became_late")
    assert waiting.row().next_look_at == MONDAY, "nobody is told before"


@pytest.mark.parametrize("end", ["close", "dismiss"])
def test_what_has_ended_never_becomes_late(waiting: Shop, end: str) -> None:
    waiting.tap("claim", ANA)
    waiting.closes() if end == "close" else waiting.tap("dismiss", ANA, reason="test")
    waiting.passes(days=30)
    assert clock_looks(waiting) == 0
    assert "waiting" not in waiting.card().headline


def test_after_a_long_night_all_are_seen_in_batches_without_being_seen_twice(shop: Shop) -> None:
    shop.hears(*(said(f"r-{n}") for n in range(BATCH + 30)))
    shop.passes(days=3)
    assert [clock_looks(shop), clock_looks(shop), clock_looks(shop)] == [BATCH, 30, 0]
    assert wanted(shop, "card:1") == 2
    assert wanted(shop, f"card:{BATCH + 30}") == 2


def test_the_log_still_tells_the_whole_life_after_a_late_look(waiting: Shop) -> None:
    waiting.passes(hours=5)
    clock_looks(waiting)
    row = waiting.row()
    told = log.replay(waiting.store.read_sync(log.life, 1))
    assert told == {column: getattr(row, column) for column in told}


def test_the_next_deadline_is_the_soonest_ahead_of_these_teams(shop: Shop) -> None:
    def ahead(after: datetime) -> datetime | None:
        row = shop.store.read_sync(followups.next_deadline, ["oak-street"], after)
        return row.claim_by if row is not None else None

    assert ahead(shop.now) is None
    shop.hears(said("a"))
    shop.passes(minutes=10)
    shop.hears(said("b"))
    first = shop.row(1).claim_by
    assert ahead(shop.now) == first
    assert ahead(first) == shop.row(2).claim_by
    assert shop.store.read_sync(followups.next_deadline, ["harbour"], shop.now) is None


NAMELESS = Person("slack", "main", "ana")


def meets(shop: Shop, name: str, who: Person = ANA) -> None:
    shop.store.write_sync(
        meet, Person(who.chat, who.workspace, who.user_id, name), "Ana@Northwind.example", "Europe/Oslo", shop.now
    )


def test_somebody_without_a_name_is_a_colleague_until_the_platform_tells(waiting: Shop) -> None:
    waiting.tap("claim", NAMELESS)
    assert waiting.card().headline.startswith("Claimed · a colleague is replying")
    assert waiting.card().plain.startswith("A colleague is replying: 3/10")
    assert waiting.tap("claim", BEN).text.startswith("A colleague was a moment faster")
    before = wanted(waiting)
    meets(waiting, "Ana Silva")
    assert wanted(waiting) == before + 1, "the card is drawn anew"
    assert waiting.card().headline.startswith("Claimed · Ana Silva is replying")


def test_a_new_name_is_shown_on_every_card_they_are_replying_to(shop: Shop) -> None:
    shop.hears(said("a"), said("b"), said("c"))
    for target in (1, 2):
        shop.tap("claim", ANA, target)
    meets(shop, "Ana Silva")
    assert [wanted(shop, f"card:{n}") for n in (1, 2, 3)] == [3, 3, 1]


def test_meeting_somebody_again_under_the_same_name_draws_nothing_anew(waiting: Shop) -> None:
    waiting.tap("claim", ANA)
    meets(waiting, "Ana Silva")
    before = wanted(waiting)
    meets(waiting, "Ana Silva")
    assert wanted(waiting) == before


def test_an_address_is_remembered_in_small_letters_so_that_the_leader_is_known(waiting: Shop) -> None:
    meets(waiting, "Ana")
    waiting.passes(seconds=timedelta(days=1).total_seconds())
    waiting.tap("claim", ANA)
    assert waiting.row().owner_email == "ana@northwind.example"
