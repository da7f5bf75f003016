"""The note to ops: sent in the morning, once a day, only while something is wrong; and `status`, which says it at any time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, update

from handlers.arranged import ops_note
from handlers.arranged.ops_note_card import card, is_wrong
from handlers.calendar.hours import OpeningHours
from handlers.cards import Card
from handlers.colleagues import meet
from handlers.commands import answer
from handlers.company import Company
from handlers.ladder import Role
from handlers.survey_tools import Source
from storage import errands, messages, nudges, payloads, people, sending
from storage.database import Store
from storage.messages import message
from tests.conftest import LEA, Shop, person, said

KIM = replace(person("kim"), email="kim@northwind.example")
MORNING = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
"""Tuesday 9:00 in Oslo."""
DAY = timedelta(days=1)


@pytest.fixture
def shop(shop_of: Callable[[Company], Shop], company: Company) -> Shop:
    """Kim is ops; she and Lea, who leads, are known. It is Tuesday morning, and nothing is wrong."""
    sources = {"survey": Source("plain", "app.yaml:9")}
    shop = shop_of(company.model_copy(update={"ops": ("kim@northwind.example",), "sources": sources}))
    shop.now = MORNING
    shop.store.write_sync(meet, KIM, KIM.email, "Europe/Oslo", shop.now)
    shop.store.write_sync(_on_duty, "", "ops", "kim")
    shop.store.write_sync(_on_duty, "oak-street", Role.LEADER, "lea")
    return shop


def _on_duty(tx: Connection, team: str, role: str, *who: str) -> None:
    ids = [people.ensure(tx, "slack", "main", each, each.title()).id for each in who]
    nudges.put_on_duty(tx, team, role, ids)


def ticks(shop: Shop, store: Store | None = None) -> None:
    """As House.tick asks."""
    store = store or shop.store
    if store.read_sync(ops_note.is_due, shop.company, shop.now):
        store.write_sync(ops_note.send, shop.company, shop.now)


def notes(shop: Shop) -> list[str]:
    return [key for key in Shop.keys(shop) if key.startswith("ops:")]


def note(shop: Shop) -> Card:
    return shop.card(notes(shop)[-1])


def parked(shop: Shop, reason: str = "Slack says this channel is archived: name another one in app.yaml, then replay") -> None:
    """Everything that waits is parked."""
    while leased := shop.store.write_sync(sending.lease, ["slack"], time.time(), 10.0, 20.0, 10)[0]:
        for attempt in leased:
            shop.store.write_sync(sending.park, attempt, 0.0, reason)


def is_shown(shop: Shop, key: str) -> None:
    shop.store.write_sync(lambda tx: tx.execute(update(message).where(message.c.key == key).values(shown=1, state="shown")))


def hears_daily(shop: Shop, until: datetime, days: int, a_day: int = 1) -> None:
    for back in range(days, 0, -1):
        shop.now = until - back * DAY
        shop.hears(*(said(f"day-{back}-{n}", score=10) for n in range(a_day)))
    shop.now = until


def test_nobody_is_told_that_all_is_well(shop: Shop) -> None:
    hears_daily(shop, MORNING, 6)
    for hours in range(24 * 3):
        shop.now = MORNING + timedelta(hours=hours)
        shop.hears(said(f"well-{hours}", score=10))
        ticks(shop)
    assert notes(shop) == []


def test_a_parked_card_is_told_with_its_reason_what_it_means_and_the_command(shop: Shop) -> None:
    shop.hears(said())
    parked(shop)
    ticks(shop)
    assert note(shop).context == (
        (
            "slack: one message cannot be shown: Slack says this channel is archived: name another one in app.yaml, then replay. "
            "One customer's card is not seen by their team. Mend that, then in a terminal: hero deliveries --replay"
        ),
    )
    assert note(shop).plain.startswith("Action Hero needs you: slack: one message cannot be shown")


def test_customers_of_a_team_that_got_another_name_are_told_every_day_until_nobody_waits(shop: Shop) -> None:
    shop.hears(said(), said("r-2"))
    [team] = shop.company.teams.values()
    named, renamed = shop.company, {"harbour": team.model_copy(update={"name": "harbour"})}
    shop.company = named.model_copy(update={"teams": renamed, "routes": ()})
    ticks(shop)
    told = (
        "oak-street: 2 customers still wait, and no team of that name is set up any more, so nobody is reminded. "
        "Put the team back in app.yaml under that name; you can give it another title."
    )
    assert note(shop).context[0] == told
    is_shown(shop, notes(shop)[-1])
    shop.company, shop.now = named, shop.now + DAY
    ticks(shop)
    assert notes(shop) == []


def test_status_names_the_reason_of_what_is_parked(shop: Shop) -> None:
    shop.hears(said("a"), said("b"))
    parked(shop, "the channel is archived")
    [stands] = shop.store.write_sync(answer, shop.company, "status", KIM, KIM.place, shop.now).cards
    assert "slack: 2 parked: the channel is archived" in stands.context
    assert "Once that is mended, hero deliveries --replay sends them again." in stands.context


def test_a_source_that_fell_silent_against_its_own_rhythm_is_told(shop: Shop) -> None:
    hears_daily(shop, MORNING - 4 * DAY, 10)
    shop.now = MORNING
    ticks(shop)
    assert note(shop).context == (
        (
            "survey: nothing for 5 days, and before that never more than 1 day apart. Unhappy customers may wait unheard. "
            "Look in the survey tool whether it still sends."
        ),
    )


@pytest.mark.parametrize(("a_day", "silent", "told"), [(1, 2, False), (1, 3, True), (6, 1, False), (6, 2, True)])
def test_a_busy_source_is_missed_after_one_whole_day_and_a_quiet_one_after_two(
    shop: Shop, a_day: int, silent: int, told: bool
) -> None:
    hears_daily(shop, MORNING - (silent - 1) * DAY, 10, a_day)
    shop.now = MORNING
    ticks(shop)
    assert bool(notes(shop)) == told


def test_a_source_that_rests_at_weekends_or_was_hardly_heard_of_is_not_called_silent(shop: Shop) -> None:
    for day in (2, 3, 4, 5, 6, 9, 10, 11, 12, 13, 16, 17, 18, 19, 20):  # Mondays to Fridays
        shop.now = datetime(2026, 11, day, 8, tzinfo=UTC)
        shop.hears(*(said(f"{day}-{n}", score=10) for n in range(8)))
    shop.source = "once-in-a-while"
    shop.now = datetime(2026, 11, 3, 8, tzinfo=UTC)
    shop.hears(said("rare", score=10))
    shop.now = datetime(2026, 11, 23, 8, tzinfo=UTC)  # Monday
    ticks(shop)
    assert notes(shop) == []


def test_neither_the_first_weekend_of_a_source_nor_a_holiday_makes_it_silent(shop: Shop) -> None:
    for day in (16, 17, 18, 19, 20):  # Monday to Friday
        shop.now = datetime(2026, 11, day, 8, tzinfo=UTC)
        shop.hears(*(said(f"{day}-{n}", score=10) for n in range(8)))
    shop.now = datetime(2026, 11, 23, 8, tzinfo=UTC)
    ticks(shop)
    assert notes(shop) == []
    shop.now += DAY
    ticks(shop)
    assert len(notes(shop)) == 1, "a whole Monday without an answer is another thing"


def test_a_source_that_is_gone_for_good_is_told_of_for_as_long_as_it_is_configured(shop: Shop) -> None:
    hears_daily(shop, MORNING - 60 * DAY, 10)
    shop.now = MORNING
    ticks(shop)
    assert "survey: nothing for 61 days" in note(shop).context[0]


def test_nobody_is_told_at_night_or_in_their_quiet_hours(shop: Shop) -> None:
    hears_daily(shop, MORNING - 4 * DAY, 10)
    shop.now = MORNING
    shop.store.write_sync(answer, shop.company, "quiet 17:00-11:00", KIM, KIM.place, shop.now)
    ticks(shop)
    assert notes(shop) == []
    shop.now += timedelta(hours=2)  # 11:00 in Oslo
    ticks(shop)
    assert len(notes(shop)) == 1


def nothing_is_told_the_day_after(shop: Shop) -> None:
    is_shown(shop, notes(shop)[0])
    shop.now += DAY
    ticks(shop)
    assert notes(shop) == []


def test_an_unhappy_customer_whom_no_route_took_is_told_once_and_a_happy_one_never(shop: Shop) -> None:
    shop.company = shop.company.model_copy(update={"routes": ()})
    shop.hears(said("a"), said("b", score=10))
    shop.passes(minutes=1)
    ticks(shop)
    assert note(shop).context == (
        "One answer, unhappy or without a score, matched no route, so nobody was asked to reply. Type “routes” to add one that takes them.",
    )
    nothing_is_told_the_day_after(shop)


def test_a_leader_whom_no_chat_knows_is_told_once_the_chats_had_a_day_to_find_them(shop: Shop) -> None:
    shop.store.write_sync(_on_duty, "oak-street", Role.LEADER)
    ticks(shop)
    assert notes(shop) == []
    shop.now += DAY
    ticks(shop)
    assert note(shop).context == (
        (
            "Oak Street: no chat knows lea@northwind.example, the leader. Correct the address, or invite them: "
            "until then nobody in that role hears of customers who wait too long."
        ),
    )


def test_a_token_that_is_refused_is_told_once_messages_wait_for_an_hour(shop: Shop) -> None:
    shop.hears(said())
    [attempt], _ = shop.store.write_sync(sending.lease, ["slack"], time.time(), 10.0, 20.0, 10)
    shop.store.write_sync(sending.put_off, attempt, time.time(), "Slack does not accept the bot token (token_revoked)")
    ticks(shop)
    assert notes(shop) == []
    shop.store.write_sync(lambda tx: tx.execute(update(message).values(created_s=time.time() - 3700)))
    shop.now += DAY
    ticks(shop)
    assert note(shop).context == (
        (
            "slack: one message waits: Slack does not accept the bot token (token_revoked). "
            "One customer's card is not seen by their team. Mend that; they go out by themselves then."
        ),
    )


def fetched(shop: Shop, put_off: Callable[..., None], *references: str) -> None:
    """The survey named these responses, and that is what became of asking for them."""
    shop.store.write_sync(errands.name, "survey", references, 0.0)
    for _ in references:
        errand = shop.store.write_sync(errands.take, ["survey"], 1.0, 2.0)
        assert errand is not None
        shop.store.write_sync(put_off, errand)


def test_a_token_that_a_survey_tool_refuses_is_told_every_day_until_it_is_mended(shop: Shop) -> None:
    fetched(shop, lambda tx, errand: errands.refused(tx, "survey", errand.id, 3600.0, "it does not accept our token"), "r-1")
    ticks(shop)
    said_then = (
        "survey cannot be read: it does not accept our token. What customers say there reaches nobody. Mend that; it is tried again by itself.",
    )
    assert note(shop).context == said_then
    is_shown(shop, notes(shop)[0])
    shop.now += DAY
    ticks(shop)
    assert note(shop).context == said_then
    is_shown(shop, notes(shop)[0])
    [waits] = shop.store.read_sync(errands.unfinished)
    shop.store.write_sync(errands.done, waits.id, waits.wanted)
    shop.now += DAY
    ticks(shop)
    assert notes(shop) == []


def test_a_tool_that_only_asks_us_to_wait_is_told_to_nobody(shop: Shop) -> None:
    fetched(shop, lambda tx, errand: errands.put_off_all(tx, "survey", errand.id, 3600.0, "it asks us to wait 60 s"), "r-1")
    ticks(shop)
    assert notes(shop) == []


def test_responses_that_are_gone_are_told_once_with_the_command_that_fetches_them_again(shop: Shop) -> None:
    def gone(tx: Connection, errand: Any) -> None:
        errands.park(tx, errand.id, errand.wanted, (shop.now - timedelta(hours=1)).timestamp(), "it is not there (HTTP 404)")

    fetched(shop, gone, "r-1", "r-2")
    ticks(shop)
    assert note(shop).context == (
        (
            "survey: 2 answers could not be fetched: it is not there (HTTP 404). Nobody hears what these customers said. "
            "If it was not deleted there, mend that, then in a terminal: hero sources --replay survey"
        ),
    )
    nothing_is_told_the_day_after(shop)


def test_payloads_that_could_not_be_read_are_told_once_and_without_a_word_of_the_customer(shop: Shop) -> None:
    unread = {"source": "survey", "body": "Cold soup", "rejected": True, "reason": "score must be a number"}
    shop.store.write_sync(payloads.keep, [unread | {"received_at": shop.now - timedelta(hours=n)} for n in (1, 2, 30)])
    ticks(shop)
    assert note(shop).context == (
        (
            "survey: 2 payloads could not be read, so nobody hears what they say. "
            "See why in a terminal, and read it again once that is mended: hero sources --replay survey"
        ),
    )
    nothing_is_told_the_day_after(shop)


def test_status_says_what_of_the_sources_cannot_be_read(shop: Shop) -> None:
    fetched(shop, lambda tx, errand: errands.park(tx, errand.id, errand.wanted, shop.now.timestamp(), "it is not there"), "r-1")
    fetched(shop, lambda tx, errand: errands.refused(tx, "survey", errand.id, 3600.0, "it does not accept our token"), "r-2")
    row = {"source": "survey", "body": "{}", "received_at": shop.now, "rejected": True, "reason": "score must be a number"}
    shop.store.write_sync(payloads.keep, [row] * 30)
    [stands] = shop.store.write_sync(answer, shop.company, "status", KIM, KIM.place, shop.now).cards
    assert stands.context[-4:] == (
        "survey cannot be read: it does not accept our token",
        "survey: one answer is parked: it is not there",
        "survey: 30 payloads of the last 7 days could not be read.",
        "In a terminal, hero sources says what to do about it.",
    )


def test_it_is_said_again_the_next_day_only_if_something_is_still_wrong(shop: Shop) -> None:
    shop.hears(said())
    parked(shop)
    ticks(shop)
    [first] = notes(shop)
    is_shown(shop, first)
    shop.now += DAY
    ticks(shop)
    [second] = notes(shop)
    assert second != first
    is_shown(shop, second)
    shop.store.write_sync(lambda tx: tx.execute(update(message).where(message.c.key == "card:1").values(shown=1, state="shown")))
    shop.now += DAY
    ticks(shop)
    assert notes(shop) == []


def test_who_was_not_reached_with_one_note_gets_no_second(shop: Shop) -> None:
    shop.hears(said())
    parked(shop)
    for _day in range(3):
        ticks(shop)
        shop.now += DAY
    assert len(notes(shop)) == 1


def test_a_note_that_cannot_be_shown_is_no_news_of_its_own(shop: Shop) -> None:
    shop.company = shop.company.model_copy(update={"routes": ()})
    shop.hears(said())
    shop.passes(minutes=1)
    ticks(shop)
    parked(shop, "the app takes no direct messages")
    shop.now += DAY
    ticks(shop)
    assert len(notes(shop)) == 1


@pytest.mark.parametrize("hour", [2, 6, 19])
def test_nothing_is_said_before_the_morning_or_while_everybody_is_closed(shop: Shop, hour: int) -> None:
    shop.hears(said())
    parked(shop)
    shop.now = MORNING.replace(hour=hour)
    ticks(shop)
    shop.now = datetime(2026, 11, 28, 9, tzinfo=UTC)  # Saturday
    ticks(shop)
    assert notes(shop) == []


@pytest.mark.parametrize("known", ["Asia/Tokyo", None])
@pytest.mark.parametrize("office", [ZoneInfo("UTC"), ZoneInfo("America/Los_Angeles")])
def test_it_comes_in_the_morning_of_its_readers_wherever_the_company_is(shop: Shop, office: ZoneInfo, known: str | None) -> None:
    tokyo = OpeningHours.build({"mon-fri": "07:00-17:00"}, ZoneInfo("Asia/Tokyo"))
    teams = {name: team.model_copy(update={"hours": tokyo}) for name, team in shop.company.teams.items()}
    shop.company = shop.company.model_copy(update={"teams": teams, "timezone": office})
    shop.store.write_sync(lambda tx: tx.execute(update(people.person).values(timezone=known)))
    shop.now = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
    shop.hears(said())
    parked(shop)
    shop.now = datetime(2026, 11, 23, 22, 59, tzinfo=UTC)  # Tuesday 7:59 in Tokyo
    ticks(shop)
    assert notes(shop) == []
    shop.now += timedelta(minutes=1)
    ticks(shop)
    assert len(notes(shop)) == 1


def test_who_is_away_is_left_alone_and_the_day_waits_for_somebody_of_ops(shop: Shop) -> None:
    shop.hears(said())
    parked(shop)
    shop.store.write_sync(answer, shop.company, "away until tomorrow", KIM, KIM.place, shop.now)
    ticks(shop)
    assert notes(shop) == []
    shop.store.write_sync(answer, shop.company, "more", KIM, KIM.place, shop.now)
    ticks(shop)
    assert len(notes(shop)) == 1


def test_each_of_ops_reads_it_once_however_many_chats_know_them(shop: Shop) -> None:
    at_msteams = replace(KIM, chat="msteams", user_id="29:kim")
    shop.store.write_sync(meet, at_msteams, KIM.email, "Europe/Oslo", shop.now)

    def both(tx: Connection) -> None:
        known = [people.ensure(tx, each.chat, each.workspace, each.user_id, each.name) for each in (KIM, at_msteams, LEA)]
        nudges.put_on_duty(tx, "", "ops", [row.id for row in known])

    shop.store.write_sync(both)
    shop.hears(said())
    parked(shop)
    ticks(shop)
    told = [shop.store.read_sync(messages.by_key, key) for key in notes(shop)]
    assert sorted((row.chat, row.channel) for row in told if row is not None) == [("slack", "kim"), ("slack", "lea")]


@contextmanager
def replicas(shop: Shop, number: int) -> Iterator[Sequence[Store]]:
    stores = [Store(str(shop.store.url)) for _ in range(number)]
    try:
        yield stores
    finally:
        for store in stores:
            store.close()


def test_it_is_said_once_however_many_replicas_tick_at_once(shop: Shop) -> None:
    shop.hears(said())
    parked(shop)
    with replicas(shop, 4) as stores, ThreadPoolExecutor(4) as pool:
        for _again in range(3):
            list(pool.map(lambda store: ticks(shop, store), stores))
    assert len(notes(shop)) == 1


def test_of_much_trouble_of_one_kind_three_are_told_and_the_rest_is_counted() -> None:
    found: dict[str, Any] = {"silent": [[f"survey-{n}", 5, 1] for n in range(5)]}
    told = card(found, {})
    assert (len(told.context), told.context[-1]) == (4, "2 more like that.")


@pytest.mark.parametrize("key", ["parked_answers", "set_aside"])
def test_parked_answers_are_told_also_of_a_note_that_was_stored_under_the_older_word(key: str) -> None:
    found: dict[str, Any] = {key: [["survey", 1, "it is not there"]]}
    assert is_wrong(found)
    assert card(found, {}).context[0].startswith("survey: one answer could not be fetched: it is not there.")
