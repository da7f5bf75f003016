"""Wins: what happy customers said is told to the team once a day, at its opening; nobody is asked to do anything."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from bot.config import load
from bot.config.check import findings
from handlers.calendar.duration import Duration
from handlers.calendar.hours import OpeningHours
from handlers.calendar.promise import Promise
from handlers.company import Company
from handlers.digests import digest
from handlers.digests.wins_card import QUOTES, Win, wins_card
from handlers.feedback import Customer, Moment, Place
from handlers.forgetting.erase import erase
from handlers.rules import Route, When
from handlers.team import Team
from handlers.wording.masking import mask
from storage import delivery_log, digests, followups, messages
from storage.feedback import feedback
from tests.conftest import OSLO, Shop, said
from tests.digests.week47 import Week47

MONDAY = datetime(2026, 11, 16, 12, 0, tzinfo=UTC)
TUESDAY_OPENS = datetime(2026, 11, 17, 7, 0, tzinfo=UTC)
KEY = "wins:oak-street:2026-11-17"
WINS = Route(name="wins", when=When(band=("promoter",)), team="oak-street", moment=Moment.RELATIONSHIP, wins=True)


@pytest.fixture
def shop(shop_of: Callable[[Company], Shop], company: Company) -> Week47:
    known = company.model_copy(update={"routes": (*company.routes, WINS)})
    return Week47(shop_of(known).store, known, MONDAY)


def posts(shop: Week47) -> list[str]:
    return [row.key for row in shop.store.read_sync(delivery_log.unfinished, 100) if row.kind == "wins"]


def test_happy_customers_are_told_at_the_next_opening_in_one_post_and_no_card_is_made(shop: Week47) -> None:
    shop.hears(said("r-1", 10, "Best flat white in town."), said("r-2", 9, "Quick & kind."), said("r-3", 10, ""))
    assert shop.ticks(MONDAY) == TUESDAY_OPENS
    shop.ticks(TUESDAY_OPENS - timedelta(seconds=1))
    assert shop.keys() == []
    shop.ticks(TUESDAY_OPENS)
    assert posts(shop) == [KEY]
    card = shop.card(KEY)
    assert card.plain == "Wins at Oak Street: 3 happy customers. “Best flat white in town.”"
    assert [(item.headline, item.quote) for item in card.items] == [
        ("NPS 10 of 10", "Best flat white in town."),
        ("NPS 9 of 10", "Quick & kind."),
    ]
    assert "1 more was happy" not in str(card)
    assert "One more was happy with us." in card.context
    assert card.buttons == card.menu == ()
    assert shop.store.read_sync(followups.case, 1) is None


def test_however_often_and_however_late_it_is_asked_for_each_win_is_told_once(shop: Week47) -> None:
    shop.hears(said("r-1", 10, "One."))
    for minutes in (0, 1, 60, 600):
        shop.ticks(TUESDAY_OPENS + timedelta(minutes=minutes))
    assert posts(shop) == [KEY]
    shop.hears(said("r-2", 10, "Two."))
    shop.ticks(TUESDAY_OPENS + timedelta(days=1))
    assert [item.quote for item in shop.card("wins:oak-street:2026-11-18").items] == ["Two."]
    shop.ticks(TUESDAY_OPENS + timedelta(days=2))
    assert len(posts(shop)) == 2, "a day without wins is passed over in silence"


def test_many_replicas_make_one_post(shop: Week47) -> None:
    shop.hears(said("r-1", 10, "One."))
    with ThreadPoolExecutor(8) as replicas:
        each = [replicas.submit(shop.store.write_sync, digest.send_digests, shop.company, TUESDAY_OPENS) for _ in range(8)]
        assert [one.result() for one in each]
    assert posts(shop) == [KEY]
    assert shop.store.read_sync(messages.by_key, KEY).wanted == 1


def test_what_was_stored_while_a_post_was_made_is_in_the_next_one(shop: Week47) -> None:
    shop.hears(said("r-1", 10, "One."))
    shop.ticks(TUESDAY_OPENS)
    shop.now = TUESDAY_OPENS - timedelta(seconds=1)
    shop.hears(said("r-2", 10, "Just before."))
    shop.ticks(TUESDAY_OPENS + timedelta(days=1))
    assert [item.quote for item in shop.card("wins:oak-street:2026-11-18").items] == ["Just before."]


def test_after_an_outage_the_newest_post_tells_all_of_it_once_and_nothing_older_than_a_week(shop: Week47) -> None:
    shop.hears(said("r-0", 10, "Long ago."))
    shop.passes(days=8)
    shop.hears(said("r-1", 10, "Tuesday."))
    shop.passes(days=1)
    shop.hears(said("r-2", 10, "Wednesday."))
    late = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
    shop.ticks(late)
    assert posts(shop) == ["wins:oak-street:2026-11-27"], "Saturday is a day off: Friday's opening was the last"
    assert [item.quote for item in shop.card("wins:oak-street:2026-11-27").items] == ["Tuesday.", "Wednesday."]


def is_closed_for_long(shop: Week47) -> None:
    """The team opens once more, and then not for nineteen days."""
    days = [date(2026, 11, 18) + timedelta(days=n) for n in range(19)]
    team = shop.company.teams["oak-street"]
    hours = OpeningHours.build({"mon-fri": "08:00-18:00"}, OSLO, closed=days)
    shop.company = shop.company.model_copy(update={"teams": {team.name: team.model_copy(update={"hours": hours})}})
    shop.ticks(TUESDAY_OPENS)


def test_what_was_said_during_a_long_closure_is_told_when_the_team_opens_again(shop: Week47) -> None:
    is_closed_for_long(shop)
    shop.passes(days=2)
    shop.hears(said("r-1", 10, "Lovely, though you were closed."))
    opens = datetime(2026, 12, 7, 7, 0, tzinfo=UTC)
    shop.ticks(opens)
    assert [item.quote for item in shop.card("wins:oak-street:2026-12-07").items] == ["Lovely, though you were closed."]


def test_of_more_than_one_post_can_hold_the_next_one_tells_the_rest(shop: Week47) -> None:
    is_closed_for_long(shop)
    for day in range(1, 10):
        shop.passes(days=1)
        shop.hears(*(said(f"r-{day}-{n}", 10, "Lovely.") for n in range(150)))
    opens = datetime(2026, 12, 7, 7, 0, tzinfo=UTC)
    for later in range(3):
        shop.ticks(opens + timedelta(days=later))
    assert [shop.card(key).headline for key in posts(shop)] == [
        "1000 happy customers · Oak Street",
        "350 happy customers · Oak Street",
    ]


def test_of_more_than_two_posts_can_hold_that_came_all_at_once_nobody_is_told_twice_and_nobody_left_out(shop: Week47) -> None:
    shop.now = TUESDAY_OPENS - timedelta(minutes=1)
    shop.hears(*(said(f"r-{n}", 10, "Lovely.") for n in range(2010)))
    late = update(feedback).where(feedback.c.external_id == "r-7")
    shop.store.write_sync(lambda tx: tx.execute(late.values(route="not stored yet")))
    shop.ticks(TUESDAY_OPENS)
    shop.store.write_sync(lambda tx: tx.execute(late.values(route="wins")))
    for later in range(1, 4):
        shop.ticks(TUESDAY_OPENS + timedelta(days=later))
    told = [id for day in ("17", "18", "19") for id in _answers(shop, f"2026-11-{day}")]
    assert [shop.card(key).headline for key in posts(shop)] == [
        f"{number} happy customers · Oak Street" for number in (1000, 1000, 10)
    ]
    assert len(set(told)) == 2010


def _answers(shop: Week47, on: str) -> list[int]:
    return list(shop.store.read_sync(digests.by_period, "wins", "oak-street", on).snapshot["answers"])


def test_who_asks_to_be_contacted_gets_a_card_and_is_no_win(shop: Week47) -> None:
    shop.hears(said("r-1", 10, "Lovely. Please ring me.", wants_contact=True), said("r-2", 10, "Lovely."))
    assert (shop.row().route, shop.row().moment) == ("wins", "relationship")
    shop.ticks(TUESDAY_OPENS)
    assert [item.quote for item in shop.card(KEY).items] == ["Lovely."]


def test_a_customer_who_thinks_better_of_it_gets_a_card_and_leaves_the_post(shop: Week47) -> None:
    shop.hears(said("r-1", 10, "Lovely."), said("r-2", 10, "Great."))
    shop.hears(said("r-1", 2, "No, it broke."))
    assert shop.row().route == "everyone"
    shop.ticks(TUESDAY_OPENS)
    assert [item.quote for item in shop.card(KEY).items] == ["Great."]


def test_a_channel_reads_no_surname_no_address_and_nothing_that_its_team_does_not_show(shop: Week47) -> None:
    words = "Ring me, Dana Reyes, on +47 400 00 000 or dana@mail.example!"
    shop.hears(said("r-1", 10, words, customer=Customer(key="c-1", name="Dana Reyes"), touchpoint="Desk of Mr Reyes"))
    shop.ticks(TUESDAY_OPENS)
    card = str(shop.card(KEY))
    assert [secret for secret in ("Reyes", "400", "dana@") if secret in card] == []
    team = shop.company.teams["oak-street"]
    quiet = team.model_copy(update={"show": frozenset()})
    shop.company = shop.company.model_copy(update={"teams": {quiet.name: quiet}})
    assert shop.card(KEY).items == ()
    assert shop.card(KEY).plain == "Wins at Oak Street: one happy customer."


def test_an_erased_customers_words_leave_every_channel_that_read_them(shop: Week47) -> None:
    team = shop.company.teams["oak-street"]
    both = team.model_copy(update={"channels": (*team.channels, Place.parse("slack:C2"))})
    shop.company = shop.company.model_copy(update={"teams": {both.name: both}})
    shop.hears(said("r-1", 10, "Canary words.", customer=Customer(key="c-1")), said("r-2", 10, "Others."))
    shop.ticks(TUESDAY_OPENS)
    assert posts(shop) == [KEY, f"{KEY}:2"]
    shop.store.write_sync(lambda tx: tx.execute(messages.message.update().values(remote_id="1")))
    assert {KEY, f"{KEY}:2"} <= set(shop.store.write_sync(erase, "c-1", shop.now).keys)
    assert [shop.store.read_sync(messages.by_key, key).wanted for key in (KEY, f"{KEY}:2")] == [2, 2]
    assert [item.quote for item in shop.card(f"{KEY}:2").items] == ["Others."]


def test_an_erased_customers_thank_you_leaves_the_weekly_post(shop: Week47) -> None:
    shop.hears(said("r-1", 10, "Canary words of praise.", customer=Customer(key="c-1")))
    shop.ticks(MONDAY + timedelta(days=7))
    key = "digest:oak-street:2026-W47"
    assert "Canary words of praise." in str(shop.card(key))
    assert key in shop.store.write_sync(erase, "c-1", shop.now).keys
    assert "Canary" not in str(shop.card(key))


@pytest.mark.parametrize(
    ("hours", "due"),
    [
        ("always", datetime(2026, 11, 17, 8, 0, tzinfo=UTC)),
        ({"mon-sun": "22:00-06:00"}, datetime(2026, 11, 17, 21, 0, tzinfo=UTC)),
        ({"wed": "10:00-12:00"}, datetime(2026, 11, 18, 9, 0, tzinfo=UTC)),
        ({"mon-sun": "00:00-23:59"}, datetime(2026, 11, 17, 8, 0, tzinfo=UTC)),
        ({"mon-fri": "00:00-24:00"}, datetime(2026, 11, 17, 8, 0, tzinfo=UTC)),
        ({"mon-sun": "00:00-08:00"}, datetime(2026, 11, 16, 23, 0, tzinfo=UTC)),
    ],
)
@pytest.mark.parametrize("closed", [(), (date(2026, 12, 25),)])
def test_it_comes_when_the_team_opens_whatever_its_hours_are(
    shop: Week47, hours: object, closed: tuple[date, ...], due: datetime
) -> None:
    team = shop.company.teams["oak-street"]
    other = team.model_copy(update={"hours": OpeningHours.build(hours, OSLO, closed=closed)})
    shop.company = shop.company.model_copy(update={"teams": {other.name: other}})
    shop.hears(said("r-1", 10, "One."))
    on = str(due.astimezone(OSLO).date())
    shop.ticks(due - timedelta(seconds=1))
    assert shop.store.read_sync(digests.by_period, "wins", "oak-street", on) is None
    shop.ticks(due)
    assert shop.store.read_sync(digests.by_period, "wins", "oak-street", on).due_at == due
    assert len(posts(shop)) == 1


@given(st.lists(st.text(max_size=600), max_size=12))
def test_whatever_they_write_the_post_keeps_within_its_bounds_and_counts_everybody(words: list[str]) -> None:
    team = _team()
    wins = [Win(Customer(name="Dana Reyes"), "nps", 10, (0, 10), each, None) for each in words]
    card = wins_card(team, wins)
    assert len(card.items) == min(QUOTES, sum(bool(each.strip()) for each in words))
    assert all(len(item.quote) <= 280 and mask(item.quote) == item.quote for item in card.items)
    assert str(len(words)) in card.headline or len(words) == 1


def _team() -> Team:
    hours = OpeningHours.build("always", OSLO)
    place = Place.parse("slack:C1")
    promise = Promise(claim=Duration.parse("4h"), close=Duration.parse("2d"))
    return Team(name="oak-street", title="Oak Street", channels=(place,), hours=hours, promise=promise, causes=("other",))


def config(folder: Path, route: str) -> str:
    path = folder / "app.yaml"
    path.write_text(
        'company: {name: N, timezone: Europe/Oslo, country: "NO"}\nchats: {practice: {}}\n'
        'teams: {oak-street: {channel: "practice:oak-street"}}\n'
        f"routes:\n  - {{name: everyone, when: {{band: detractor}}, team: oak-street}}\n  - {route}\n",
        encoding="utf-8",
    )
    loaded = load(path, environ={})
    return " ".join(f"{found.code} {found.message}" for found in findings(loaded))


def test_a_route_of_wins_is_of_happy_customers_and_promises_nothing(tmp_path: Path) -> None:
    good = config(tmp_path, "{name: wins, when: {band: promoter}, team: oak-street, wins: true}")
    assert "wins" not in good, good
    for bad in ("when: {band: [promoter, detractor]}, ", "", "when: {score: 9}, "):
        assert "gets no reply" in config(tmp_path, f"{{name: wins, {bad}team: oak-street, wins: true}}")
    promised = "{name: wins, when: {band: promoter}, team: oak-street, wins: true, promise: {claim: 1h, close: 1d}}"
    assert "nothing can be promised" in config(tmp_path, promised)


def test_an_answer_that_the_customer_makes_a_happy_one_later_is_told_once(shop: Week47) -> None:
    shop.hears(said("r-1", 8, ""), said("r-2", 10, "Loved it."))
    shop.ticks(TUESDAY_OPENS)
    assert [item.quote for item in shop.card(KEY).items] == ["Loved it."]
    shop.now = TUESDAY_OPENS + timedelta(hours=1)
    shop.hears(said("r-1", 10, "You saved my week."))
    for day in (1, 2, 3):
        shop.ticks(TUESDAY_OPENS + timedelta(days=day))
    assert posts(shop) == [KEY, "wins:oak-street:2026-11-18"]
    assert [item.quote for item in shop.card("wins:oak-street:2026-11-18").items] == ["You saved my week."]


def test_one_of_long_ago_that_becomes_happy_is_not_told_any_more(shop: Week47) -> None:
    shop.hears(said("r-1", 8, ""))
    shop.ticks(TUESDAY_OPENS)
    shop.now = TUESDAY_OPENS + timedelta(days=9)
    shop.ticks()
    shop.hears(said("r-1", 10, "You saved my week.", occurred_at=shop.now))
    shop.ticks(TUESDAY_OPENS + timedelta(days=10))
    assert posts(shop) == []
