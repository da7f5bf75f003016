"""Once a month each colleague reads what they did themselves, and nothing that compares."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from handlers import colleagues
from handlers.calendar.hours import OpeningHours
from handlers.commands import answer
from handlers.company import Company, People
from handlers.feedback import Person, Place
from handlers.reviews import own_month
from storage import delivery_log, digests, feedback, people
from tests.conftest import ANA, BEN, LEA, OSLO, Shop, person, said
from tests.digests.week47 import MONDAY, Week47

DUE = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)


@pytest.fixture
def shop(shop_of: Callable[[Company], Shop], company: Company) -> Week47:
    return Week47(shop_of(company).store, company, MONDAY)


def notes(shop: Week47) -> dict[str, tuple[str, ...]]:
    """What each colleague was told, by user id."""
    rows = [row for row in shop.store.read_sync(delivery_log.unfinished, 1000) if row.kind == "own"]
    return {row.channel: shop.card(row.key).context for row in rows}


def ticks(shop: Week47, at: datetime = DUE) -> None:
    while (again := shop.ticks(at)) is not None and again <= at:
        continue


def test_rule_10_each_reads_only_what_they_did_themselves(shop: Week47) -> None:
    shop.done(1, ANA)
    shop.done(2, ANA)
    shop.done(3, BEN)
    shop.says(2, "Cold.")
    shop.tap("claim", ANA, 4)
    shop.tap("contacted", ANA, 4)
    shop.tap("hand_over", ANA, 4, to=LEA)
    ticks(shop, DUE - timedelta(seconds=1))
    assert notes(shop) == {}
    ticks(shop)
    assert notes(shop) == {
        "ana": (
            "You took on 3 customers.",
            "You were in touch with 3.",
            "You looked after 2 to the end.",
            "You handed 1 on to a colleague.",
        ),
        "ben": ("You took on 1 customer.", "You were in touch with 1.", "You looked after 1 to the end."),
    }


def test_whatever_notes_a_contact_counts_as_one_and_what_does_not_does_not(shop: Week47) -> None:
    for n in range(1, 5):
        shop.says(2, "Cold.")
        shop.tap("claim", BEN, n)
    shop.tap("contacted", BEN, 1)
    shop.tap("wait", BEN, 1, days="7")
    shop.tap("wait", BEN, 2, days="7")
    shop.closes(BEN, 3)
    shop.tap("reopen", ANA, 3)
    shop.tap("close", BEN, 4, outcome="unreachable", done="Dead number.", cause="other")
    ticks(shop)
    assert notes(shop)["ben"] == ("You took on 4 customers.", "You were in touch with 3.", "You looked after 2 to the end.")


def test_who_waits_for_a_customer_a_colleague_was_in_touch_with_was_not_in_touch_themselves(shop: Week47) -> None:
    shop.says(2, "Cold.")
    shop.tap("claim", ANA, 1)
    shop.tap("contacted", ANA, 1)
    shop.tap("hand_over", ANA, 1, to=BEN)
    shop.tap("wait", BEN, 1, days="7")
    ticks(shop)
    assert notes(shop) == {"ana": ("You took on 1 customer.", "You were in touch with 1.", "You handed 1 on to a colleague.")}


def test_rule_10_nothing_in_it_is_a_rank_an_average_or_somebody_else(shop: Week47) -> None:
    shop.done(1, ANA)
    shop.done(2, BEN)
    ticks(shop)
    row = next(row for row in shop.store.read_sync(delivery_log.unfinished, 1000) if row.kind == "own" and row.channel == "ana")
    card = shop.card(row.key)
    told = "\n".join([card.plain, card.headline, *card.context, card.footer]).casefold()
    assert not any(word in told for word in ("ben", "average", "rank", "team", "best", "%", "more than", "last month"))
    assert card.buttons == card.items == ()


def test_what_was_done_in_another_month_is_not_in_it_and_each_month_is_told_once(shop: Week47) -> None:
    shop.done(1, ANA)
    ticks(shop)
    shop.now = DUE + timedelta(days=2)
    shop.done(2, BEN)
    for days in (0, 1, 20):
        ticks(shop, DUE + timedelta(days=days))
    assert set(notes(shop)) == {"ana"}
    assert {row.wanted for row in shop.store.read_sync(delivery_log.unfinished, 1000) if row.kind == "own"} == {1}
    ticks(shop, datetime(2027, 1, 4, 8, 0, tzinfo=UTC))
    assert set(notes(shop)) == {"ana", "ben"}


def test_what_is_done_in_the_last_hours_of_a_month_is_told_in_one_month_only_however_far_apart_the_teams_are(shop: Week47) -> None:
    west, east = (
        OpeningHours.build({"mon-sun": "08:00-18:00"}, ZoneInfo(zone)) for zone in ("America/Los_Angeles", "Pacific/Auckland")
    )
    team = shop.company.teams["oak-street"].model_copy(update={"hours": west})
    ponsonby = team.model_copy(update={"name": "ponsonby", "hours": east})
    shop.company = shop.company.model_copy(update={"teams": {team.name: team, ponsonby.name: ponsonby}})
    shop.now = datetime(2026, 11, 30, 23, 0, tzinfo=UTC)  # 15:00 on 30 November in Los Angeles, December in Auckland
    shop.hears(said("r-1"))
    shop.tap("claim", ANA)
    shop.closes(ANA)
    for at in (datetime(2026, 12, 3, 17, tzinfo=UTC), datetime(2027, 1, 5, 17, tzinfo=UTC)):
        ticks(shop, at)
    rows = [row for row in shop.store.read_sync(delivery_log.unfinished, 1000) if row.kind == "own"]
    assert [shop.card(row.key).headline for row in rows] == ["Your own Nov 2026"]


def test_what_was_done_for_a_team_that_is_gone_since_is_told_too(shop: Week47) -> None:
    shop.done(1, ANA)
    team = shop.company.teams["oak-street"]
    zones = {"harbour": OSLO, "ponsonby": ZoneInfo("Pacific/Auckland")}
    hours = {name: OpeningHours.build({"mon-fri": "08:00-18:00"}, zone) for name, zone in zones.items()}
    teams = {name: team.model_copy(update={"name": name, "hours": each}) for name, each in hours.items()}
    shop.company = shop.company.model_copy(update={"teams": teams, "routes": ()})
    ticks(shop, DUE + timedelta(days=1))
    assert notes(shop) == {"ana": ("You took on 1 customer.", "You were in touch with 1.", "You looked after 1 to the end.")}


def test_a_team_that_is_closed_for_months_keeps_nobody_in_the_company_waiting(shop: Week47) -> None:
    days = [date(2026, 11, 1) + timedelta(days=n) for n in range(90)]
    hours = OpeningHours.build({"mon-fri": "08:00-18:00"}, OSLO, closed=days)
    ice_bar = shop.company.teams["oak-street"].model_copy(update={"name": "ice-bar", "hours": hours})
    shop.company = shop.company.model_copy(update={"teams": {**shop.company.teams, "ice-bar": ice_bar}})
    shop.done(1, ANA)
    ticks(shop)
    assert set(notes(shop)) == {"ana"}


def test_what_somebody_did_in_the_month_before_a_closure_is_told_after_it(shop: Week47) -> None:
    days = [date(2026, 12, 1) + timedelta(days=n) for n in range(31)]
    hours = OpeningHours.build({"mon-fri": "08:00-18:00"}, OSLO, closed=days)
    team = shop.company.teams["oak-street"].model_copy(update={"hours": hours})
    shop.company = shop.company.model_copy(update={"teams": {team.name: team}})
    shop.done(1, ANA)
    back = datetime(2027, 1, 4, 8, 0, tzinfo=UTC)
    for day in (0, 1):
        ticks(shop, back + timedelta(days=day))
    rows = [row for row in shop.store.read_sync(delivery_log.unfinished, 1000) if row.kind == "own"]
    assert [shop.card(row.key).headline for row in rows] == ["Your own Nov 2026"]


def test_many_colleagues_are_told_in_several_units_and_each_once(shop: Week47) -> None:
    crowd = [person(f"p{n}") for n in range(own_month.AT_ONCE + 5)]
    for n, who in enumerate(crowd, 1):
        shop.says(2, "Cold.")
        shop.tap("claim", who, n)
    assert shop.store.write_sync(own_month.send_notes, shop.company, DUE), "there is more to be made"
    ticks(shop)
    assert set(notes(shop)) == {who.user_id for who in crowd}


def test_whoever_typed_stop_gets_none(shop: Week47) -> None:
    shop.done(1, ANA)
    shop.store.write_sync(answer, shop.company, "stop", ANA, ANA.place, shop.now)
    ticks(shop)
    assert notes(shop) == {}
    row: Any = shop.store.read_sync(digests.by_period, "own", "1", "2026-11")
    assert row.state == "passed"


def test_whoever_looked_after_nothing_but_a_test_of_a_source_gets_none(shop: Week47) -> None:
    shop.done(1, BEN)
    shop.hears(said(f"{feedback.TEST}1", 0))
    shop.tap("claim", ANA, 2)
    shop.closes(ANA, 2)
    ticks(shop)
    assert set(notes(shop)) == {"ben"}


@pytest.fixture
def in_both(shop: Week47) -> Person:
    """The team has a channel in two chats, and both know Ana. She did one case in Slack, and two in Microsoft Teams."""
    team = shop.company.teams["oak-street"]
    channels = (*team.channels, Place.parse("msteams:19:x@thread.tacv2"))
    shop.company = shop.company.model_copy(update={"teams": {team.name: team.model_copy(update={"channels": channels})}})
    there = person("29:ana", "Ana", "msteams")
    for n, who in enumerate((ANA, there, there), 1):
        shop.done(n, who)
    for who in (ANA, there):
        shop.store.write_sync(lambda tx, who=who: people.learn_email(tx, colleagues.remember(tx, who).id, "ana@northwind.example"))
    return there


def test_whom_two_chats_know_reads_all_of_it_once_where_they_did_most(shop: Week47, in_both: Person) -> None:
    shop.done(4, BEN)
    ticks(shop)
    assert notes(shop) == {
        in_both.user_id: ("You took on 3 customers.", "You were in touch with 3.", "You looked after 3 to the end."),
        "ben": ("You took on 1 customer.", "You were in touch with 1.", "You looked after 1 to the end."),
    }


def test_nowhere_once_they_typed_stop_in_one_of_them(shop: Week47, in_both: Person) -> None:
    shop.store.write_sync(answer, shop.company, "stop", in_both, in_both.place, shop.now)
    ticks(shop)
    assert notes(shop) == {}


def test_a_company_that_names_nobody_sends_none(shop: Week47) -> None:
    shop.company = shop.company.model_copy(update={"people": People.OFF})
    shop.done(1, ANA)
    ticks(shop)
    assert notes(shop) == {}
