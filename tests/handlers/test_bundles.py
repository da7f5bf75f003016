"""Private reminders: together, rarely, when their person may be disturbed, and how people ask for less."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from handlers.calendar.duration import Duration
from handlers.calendar.hours import OpeningHours
from handlers.colleagues import meet
from handlers.commands import answer
from handlers.feedback import Person
from handlers.ladder import Phase, Role, Step
from handlers.nudges.preferences import until_day
from handlers.nudges.quiet import Preferences, may_hear, next_morning, quiet_hours
from handlers.rules import Route, When
from storage import nudges, people
from tests.conftest import ANA, BEN, FRIDAY, LEA, OSLO, Shop, said
from tests.handlers.test_ladder import MONDAY, bundles, passes_until, put_on_duty, ticks, told

HOURS = OpeningHours.build({"mon-fri": "08:00-18:00"}, OSLO)
QUARTER = timedelta(minutes=15)


def types(shop: Shop, words: str, who: Person = ANA) -> str:
    return shop.store.write_sync(answer, shop.company, words, who, who.place, shop.now).text


def noise(shop: Shop) -> list[Any]:
    return list(shop.store.read_sync(nudges.noise, FRIDAY - timedelta(days=1)))


@pytest.fixture
def busy(shop: Shop) -> Shop:
    """Ana has three customers and has been in touch with none of them."""
    put_on_duty(shop, Role.LEADER, LEA)
    shop.hears(*(said(f"r-{n}") for n in range(3)))
    for target in (1, 2, 3):
        shop.tap("claim", ANA, target)
    return shop


def test_all_that_waits_for_somebody_comes_in_one_message(busy: Shop) -> None:
    passes_until(busy, MONDAY + timedelta(hours=9))
    [bundle] = bundles(busy, ANA)
    assert bundle.headline == "3 customers wait for a word from you"
    assert [item.footer.partition(" ")[0] for item in bundle.items] == ["#1", "#2", "#3"]
    assert {button.verb for item in bundle.items for button in item.buttons} == {"close", "hand_over"}


def test_the_owner_reads_whom_to_ring_and_nobody_else_does(shop: Shop) -> None:
    put_on_duty(shop, Role.LEADER, LEA)
    shop.hears(said(customer={"name": "Dana Reyes", "phone": "+47 400 00 000"}))
    shop.tap("claim", ANA)
    passes_until(shop, MONDAY + timedelta(hours=9))
    [*_, bundle] = bundles(shop, ANA)
    assert bundle.items[0].reach == ("Dana Reyes", "+47 400 00 000")
    for other in bundles(shop, LEA):
        assert "Reyes" not in str(other)
    shop.tap("hand_over", ANA, to=BEN)
    [*_, bundle] = bundles(shop, ANA)
    assert "Reyes" not in str(bundle), "it is no longer theirs"


def test_a_message_about_customers_of_whom_the_reader_took_one_says_so(shop: Shop) -> None:
    put_on_duty(shop, Role.LEADER, LEA)
    shop.hears(said("r-1"), said("r-2"))
    passes_until(shop, FRIDAY + timedelta(hours=6, minutes=30))
    shop.tap("claim", LEA, 1)
    shop.tap("claim", LEA, 2)
    shop.closes(LEA, 2)
    [bundle] = bundles(shop, LEA)
    assert bundle.headline == "One of these is yours now. Thank you."


def test_a_customer_who_heard_from_us_is_not_dealt_with_while_nobody_has_them(shop: Shop) -> None:
    shop.hears(said())
    shop.tap("claim", ANA)
    passes_until(shop, MONDAY + timedelta(hours=9))
    shop.tap("contacted", ANA)
    shop.tap("release", ANA)
    [bundle] = bundles(shop, ANA)
    assert bundle.headline == "Nothing here waits for you any more."
    assert bundle.items[0].headline == "#1 waits for somebody in the channel again."


def test_a_leader_who_took_a_late_one_is_not_told_of_it_as_if_it_were_a_colleagues(shop: Shop) -> None:
    put_on_duty(shop, Role.LEADER, LEA)
    shop.hears(said())
    shop.tap("claim", ANA)
    passes_until(shop, MONDAY + timedelta(days=1, hours=4))
    shop.tap("keep", ANA)
    types(shop, "quiet 06:00-15:00", LEA)
    passes_until(shop, MONDAY + timedelta(days=2, hours=4))
    shop.tap("claim", LEA)
    passes_until(shop, MONDAY + timedelta(days=2, hours=8))
    assert told(shop, LEA) == []


def test_what_was_dismissed_since_is_not_called_closed(busy: Shop) -> None:
    passes_until(busy, MONDAY + timedelta(hours=9))
    busy.tap("dismiss", ANA, 2, reason="test")
    assert bundles(busy, ANA)[0].items[1].headline == "#2 was dismissed. Thank you."


def test_who_left_no_number_is_written_to(shop: Shop) -> None:
    shop.hears(said(customer={"name": "Mia Berg", "email": "mia@mail.example"}))
    shop.tap("claim", ANA)
    passes_until(shop, MONDAY + timedelta(hours=9))
    assert bundles(shop, ANA)[-1].items[0].reach == ("Mia Berg", "mia@mail.example")


def test_who_has_been_in_touch_is_not_asked_to_say_so_again(busy: Shop) -> None:
    busy.tap("contacted", ANA, 1)
    passes_until(busy, MONDAY + timedelta(hours=9))
    asked = [item.footer[:2] for item in bundles(busy, ANA)[-1].items if "contacted" in {button.verb for button in item.menu}]
    assert asked == ["#2", "#3"]


def test_the_headline_says_that_somebody_waits_only_where_a_customer_does(busy: Shop) -> None:
    for target in (1, 2):
        busy.tap("contacted", ANA, target)
    passes_until(busy, MONDAY + timedelta(days=1, hours=3, minutes=30))
    assert bundles(busy, ANA)[-1].headline == "One customer waits for a word from you"
    busy.tap("contacted", ANA, 3)
    bundle = bundles(busy, ANA)[-1]
    assert bundle.headline == "3 follow-ups need one more look from you"
    assert {item.headline for item in bundle.items} == {
        "You have been in touch, and our promise ended Tue 11:00. Can it be closed?"
    }
    for target in (1, 2):
        busy.closes(ANA, target)
    assert bundles(busy, ANA)[-1].plain.startswith("One follow-up needs one more look from you: ")


def test_nor_does_who_was_answered_and_is_looked_at_again_but_who_answered_since_does(shop: Shop) -> None:
    shop.hears(said())
    shop.tap("claim", ANA)
    shop.tap("contacted", ANA)
    shop.tap("snooze", ANA, until="shift")
    passes_until(shop, MONDAY + timedelta(minutes=30))
    assert bundles(shop, ANA)[-1].headline == "One follow-up needs one more look from you"
    shop.hears(said(comment="It is broken again."))
    passes_until(shop, MONDAY + timedelta(hours=4))
    assert bundles(shop, ANA)[-1].items[0].headline == "The customer has answered. Have another look?"
    assert bundles(shop, ANA)[-1].headline == "One customer waits for a word from you"


def test_what_was_dealt_with_since_says_so_and_has_no_buttons_left(busy: Shop) -> None:
    passes_until(busy, MONDAY + timedelta(hours=9))
    busy.closes(ANA, 1)
    busy.tap("hand_over", ANA, 2, to=BEN)
    [bundle] = bundles(busy, ANA)
    assert bundle.headline == "One customer waits for a word from you"
    assert [item.headline for item in bundle.items[:2]] == ["#1 is closed. Thank you.", "#2: Ben is replying now."]
    assert not any(item.buttons for item in bundle.items[:2])


def test_of_more_than_ten_the_others_come_up_as_the_first_are_dealt_with(shop: Shop) -> None:
    shop.hears(*(said(f"r-{n}") for n in range(13)))
    for target in range(1, 14):
        shop.tap("claim", ANA, target)
    passes_until(shop, MONDAY + timedelta(hours=9))
    [bundle] = bundles(shop, ANA)
    assert (bundle.headline, len(bundle.items)) == ("13 customers wait for a word from you", 10)
    assert bundle.context == ("And 3 more, which come up here as these are dealt with.",)
    for target in range(1, 4):
        shop.closes(ANA, target)
    [bundle] = bundles(shop, ANA)
    assert [item.follow_up for item in bundle.items] == list(range(4, 14))
    assert bundle.context == ()
    shop.closes(ANA, 4)
    [bundle] = bundles(shop, ANA)
    assert bundle.headline == "9 customers wait for a word from you"
    assert bundle.items[0].follow_up == 1, "what is dealt with stays where there is room"


def test_nothing_private_is_sent_in_the_first_quarter_of_an_hour_or_while_closed(busy: Shop) -> None:
    busy.now = MONDAY + timedelta(days=1, hours=-8)  # Tuesday at midnight, past three quarters of the promise
    ticks(busy)
    assert bundles(busy, ANA) == []
    busy.now = MONDAY + timedelta(days=1, minutes=14)
    ticks(busy)
    assert bundles(busy, ANA) == []
    busy.now = MONDAY + timedelta(days=1, minutes=15)
    ticks(busy)
    assert len(bundles(busy, ANA)) == 1
    assert all(row.off_hours in (0, None) for row in noise(busy))


def test_less_is_one_message_a_day(busy: Shop) -> None:
    assert "one message a day" in types(busy, "less")
    passes_until(busy, MONDAY + timedelta(days=1, hours=10))
    days = {f"{MONDAY + timedelta(days=n):%Y-%m-%d}" for n in range(2)}
    assert all(busy.store.read_sync(nudges.bundles_on, 1, day) <= 1 for day in days)


def bundled_at(shop: Shop) -> list[datetime]:
    return shop.store.read_sync(lambda tx: list(tx.execute(select(nudges.bundle.c.at).order_by(nudges.bundle.c.id)).scalars()))


def test_less_is_a_message_in_the_morning_whatever_comes_up_during_the_day(shop: Shop) -> None:
    put_on_duty(shop, Role.LEADER, LEA)
    types(shop, "less", LEA)
    shop.now = MONDAY + timedelta(minutes=30)
    shop.hears(said())  # half of its promise past its end on Monday afternoon: the leader is to know
    passes_until(shop, MONDAY + timedelta(hours=10))
    assert bundled_at(shop) == []
    passes_until(shop, MONDAY + timedelta(days=1, hours=10))
    [at] = bundled_at(shop)
    assert MONDAY + timedelta(days=1, minutes=15) <= at <= MONDAY + timedelta(days=1, minutes=16)


def test_after_a_morning_that_was_missed_it_comes_as_soon_as_it_can(shop: Shop) -> None:
    put_on_duty(shop, Role.LEADER, LEA)
    types(shop, "less", LEA)
    shop.now = MONDAY + timedelta(minutes=30)
    shop.hears(said())
    passes_until(shop, MONDAY + timedelta(hours=10))
    shop.now = MONDAY + timedelta(days=1, hours=5)  # the bot was down; or her chat's do-not-disturb was on
    ticks(shop)
    assert len(bundled_at(shop)) == 1


def test_who_asked_for_less_is_reminded_when_they_asked_to_be(busy: Shop) -> None:
    types(busy, "less")
    busy.now = MONDAY + timedelta(minutes=30)
    busy.tap("snooze", ANA, until="lunch")
    passes_until(busy, MONDAY + timedelta(hours=7))
    assert len(bundled_at(busy)) == 1


@pytest.mark.parametrize(
    ("hours", "since", "morning"),
    [
        ({"mon-fri": "08:00-18:00"}, "2026-11-23 03:00", "2026-11-23 08:15"),
        ({"mon-fri": "08:00-18:00"}, "2026-11-23 09:15", "2026-11-23 08:15"),
        ({"mon-fri": "08:00-18:00"}, "2026-11-23 09:16", "2026-11-24 08:15"),
        ({"mon-fri": "08:00-18:00"}, "2026-11-27 17:00", "2026-11-30 08:15"),
        ({"mon-sun": "17:00-01:00"}, "2026-11-23 00:30", "2026-11-23 17:15"),
        ({"mon-sun": "17:00-01:00"}, "2026-11-23 20:00", "2026-11-24 17:15"),
        ({"mon-sun": "00:00-24:00"}, "2026-11-23 20:00", "2026-11-24 09:15"),
        ("always", "2026-11-23 20:00", "2026-11-24 09:15"),
    ],
)
def test_the_morning_of_a_team(hours: Any, since: str, morning: str) -> None:
    begun, ends = (datetime.fromisoformat(text).replace(tzinfo=OSLO).astimezone(UTC) for text in (since, morning))
    assert next_morning(OpeningHours.build(hours, OSLO), QUARTER, time(9), begun) == ends


def test_whose_own_day_nobody_knows_hears_no_more_than_twice_on_a_day_of_their_team(shop: Shop) -> None:
    team = shop.company.teams["oak-street"]
    los_angeles = OpeningHours.build({"mon-fri": "08:00-18:00"}, ZoneInfo("America/Los_Angeles"))  # midnight in Oslo is 15:00 there
    away = {"hours": los_angeles, "ladder": (Step(phase=Phase.UNCLAIMED, after=1, role=Role.LEADER),)}
    promise = team.promise.model_copy(update={"claim": Duration.parse("30m")})
    shop.company = shop.company.model_copy(
        update={"timezone": OSLO, "teams": {"oak-street": team.model_copy(update={**away, "promise": promise})}}
    )
    put_on_duty(shop, Role.LEADER, LEA)
    shop.now = datetime(2026, 11, 16, 17, 0, tzinfo=UTC)
    for n in range(8):
        shop.hears(said(f"r-{n}"))
        passes_until(shop, shop.now + timedelta(hours=1))
    assert len(bundled_at(shop)) == 2


def test_after_less_a_team_round_the_clock_is_told_in_the_morning_and_not_at_midnight(shop: Shop) -> None:
    team = shop.company.teams["oak-street"]
    promise = team.promise.model_copy(update={"claim": Duration.parse("30m")})
    ladder = (Step(phase=Phase.UNCLAIMED, after=1, role=Role.LEADER),)
    always = {"hours": OpeningHours.build("always", OSLO), "ladder": ladder, "promise": promise}
    shop.company = shop.company.model_copy(update={"teams": {"oak-street": team.model_copy(update=always)}})
    put_on_duty(shop, Role.LEADER, LEA)
    types(shop, "less", LEA)
    shop.now = datetime(2026, 11, 16, 7, 0, tzinfo=UTC)
    for n in range(3):
        shop.hears(said(f"r-{n}"))
        passes_until(shop, shop.now + timedelta(days=1))
    assert {at.astimezone(OSLO).hour for at in bundled_at(shop)} == {9}


def test_a_leader_of_teams_in_zones_far_apart_hears_no_more_than_twice_on_a_day_of_their_own(shop: Shop) -> None:
    team, ladder = shop.company.teams["oak-street"], (Step(phase=Phase.UNCLAIMED, after=1, role=Role.LEADER),)
    promise = team.promise.model_copy(update={"claim": Duration.parse("30m")})
    zones = {"oak-street": "America/Los_Angeles", "ponsonby": "Pacific/Auckland"}
    teams = {
        name: team.model_copy(
            update={"name": name, "hours": OpeningHours.build("always", ZoneInfo(zone)), "ladder": ladder, "promise": promise}
        )
        for name, zone in zones.items()
    }
    far = Route(name="far", when=When(band=("detractor",), tag=("far",)), team="ponsonby")
    shop.company = shop.company.model_copy(update={"teams": teams, "routes": (far, *shop.company.routes)})
    put_on_duty(shop, Role.LEADER, LEA)
    shop.store.write_sync(nudges.put_on_duty, "ponsonby", Role.LEADER, [1])
    shop.store.write_sync(lambda tx: tx.execute(update(people.person).values(timezone="America/Los_Angeles")))
    shop.now = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)  # in every zone it is the 16th, or 22:00 of it in Auckland
    for n in range(8):
        shop.hears(said(f"r-{n}", tags=("far",) if n % 2 else ()))
        passes_until(shop, shop.now + timedelta(hours=1))
    assert len(bundled_at(shop)) == 2


def test_stop_is_none_at_all_and_is_counted(busy: Shop) -> None:
    assert "no reminders any more" in types(busy, "stop")
    passes_until(busy, MONDAY + timedelta(days=1, hours=4))
    assert bundles(busy, ANA) == []
    assert {row.state for row in noise(busy) if row.role == Role.OWNER} == {"muted"}
    assert busy.store.read_sync(nudges.muted) == 1


@pytest.mark.parametrize("word", ["stop", "less"])
@pytest.mark.parametrize(("verb", "answers"), [("snooze", {"until": "lunch"}), ("wait", {"days": "1"})])
def test_what_somebody_asks_for_comes_whatever_else_they_want_to_hear(
    busy: Shop, word: str, verb: str, answers: dict[str, str]
) -> None:
    types(busy, word)
    busy.tap(verb, ANA, 1, **answers)
    passes_until(busy, FRIDAY + (timedelta(hours=2, minutes=30) if verb == "snooze" else timedelta(days=2, hours=21, minutes=15)))
    [item] = bundles(busy, ANA)[0].items
    assert item.footer[:2] == "#1"


def test_a_reminder_that_was_asked_for_comes_as_the_third_of_a_day_and_no_other_does(busy: Shop) -> None:
    for n in range(3):
        busy.hears(said(f"r-{n}", comment="And the bill was wrong."))
        ticks(busy)
        busy.passes(minutes=10)
    assert len(bundles(busy, ANA)) == 2, "the third is put off until the next day"
    busy.tap("snooze", ANA, 1, until="lunch")
    passes_until(busy, FRIDAY + timedelta(hours=6))
    assert [item.footer[:2] for item in bundles(busy, ANA)[2].items] == ["#1"]
    assert len(bundles(busy, ANA)) == 3


def test_a_claim_of_somebody_who_wants_no_reminders_is_not_kept_for_ever(busy: Shop) -> None:
    types(busy, "stop")
    passes_until(busy, MONDAY + timedelta(days=2, hours=1))
    assert busy.row().state == "new"


def test_a_pause_holds_reminders_back_until_its_end(busy: Shop) -> None:
    assert "No reminders until Wed 25 Nov." in types(busy, "pause until Wednesday")
    passes_until(busy, MONDAY + timedelta(days=1, hours=10))
    assert bundles(busy, ANA) == []
    passes_until(busy, MONDAY + timedelta(days=2, minutes=15))
    assert len(bundles(busy, ANA)) == 1


def test_more_ends_what_keeps_reminders_back_says_so_and_leaves_quiet_hours(busy: Shop) -> None:
    for words in ("stop", "pause until Friday", "quiet 18-8", "away until Friday"):
        types(busy, words)
    told = types(busy, "more")
    assert told.startswith("You are reminded as usual")
    assert "This has ended: no reminders at all, your pause, your time away." in told
    assert "Your quiet hours 18:00-08:00 stay; “quiet off” ends them." in told
    passes_until(busy, MONDAY + timedelta(hours=9))
    assert len(bundles(busy, ANA)) == 1


def test_who_wished_for_nothing_reads_of_nothing_that_ended(busy: Shop) -> None:
    assert types(busy, "more") == "You are reminded as usual: in opening hours, in at most two messages a day."


def test_quiet_hours_end_when_somebody_says_so(busy: Shop) -> None:
    types(busy, "quiet 8-18")
    assert "no quiet hours" in types(busy, "quiet off")
    passes_until(busy, MONDAY + timedelta(hours=9))
    assert len(bundles(busy, ANA)) == 1


def test_own_quiet_hours_hold_reminders_back(busy: Shop) -> None:
    assert "between 12:00 and 10:00" in types(busy, "quiet 12:00-10:00")
    passes_until(busy, MONDAY + timedelta(days=1, hours=1, minutes=45))
    assert bundles(busy, ANA) == []
    passes_until(busy, MONDAY + timedelta(days=1, hours=2))
    assert len(bundles(busy, ANA)) == 1


def test_while_somebody_is_away_the_one_they_named_hears_of_it_and_may_take_over(busy: Shop) -> None:
    busy.tap("note", BEN, 1, note="hello")
    busy.store.write_sync(meet, BEN, "ben@northwind.example", None, busy.now)
    assert "Ben hears of your customers until then" in types(busy, "away until Friday forward ben@northwind.example")
    passes_until(busy, MONDAY + timedelta(hours=9))
    assert bundles(busy, ANA) == []
    assert told(busy, BEN)[0].startswith("Ana is away, and this customer has been waiting since Fri 11:00.")
    assert "It is yours" in busy.tap("claim", BEN, 1).text


def test_without_a_name_the_backup_hears_of_it_else_the_leader(busy: Shop) -> None:
    types(busy, "away until Friday")
    passes_until(busy, MONDAY + timedelta(hours=9))
    assert told(busy, LEA)[0].startswith("Ana is away")


def test_a_stand_in_nobody_knows_changes_nothing(busy: Shop) -> None:
    assert "nothing was changed" in types(busy, "away until Friday forward nobody@northwind.example")
    passes_until(busy, MONDAY + timedelta(hours=9))
    assert len(bundles(busy, ANA)) == 1


def test_several_leaders_each_hear_of_it_once(shop: Shop) -> None:
    put_on_duty(shop, Role.LEADER, LEA, BEN)
    shop.hears(said())
    passes_until(shop, FRIDAY + timedelta(hours=6, minutes=30))
    assert (len(told(shop, LEA)), len(told(shop, BEN))) == (1, 1)


def test_a_step_that_reaches_nobody_is_counted(shop: Shop) -> None:
    shop.hears(said())
    passes_until(shop, FRIDAY + timedelta(hours=6, minutes=30))
    assert {(row.state, row.role): row.number for row in noise(shop)}["unaddressed", "leader"] == 1


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("until Monday", "2026-11-23"),
        ("monday", "2026-11-23"),
        ("until Friday", "2026-11-27"),
        ("until sat", "2026-11-21"),
        ("tomorrow", "2026-11-21"),
        ("until next week", "2026-11-23"),
        ("until 2026-12-01", "2026-12-01"),
    ],
)
def test_a_day_is_read_as_people_type_it(words: str, day: str) -> None:
    assert until_day(words, OSLO, FRIDAY) == datetime.fromisoformat(day).replace(tzinfo=OSLO).astimezone(UTC)


NO_DAYS = [
    "",
    "until",
    "until yesterday",
    "2026-11-20",
    "2020-01-01",
    "2099-01-01",
    "0001-01-01",
    "9999-12-31",
    "mo",
    "until 32.13.",
]


@pytest.mark.parametrize("words", NO_DAYS)
def test_what_is_no_day_ahead_is_asked_again(shop: Shop, words: str) -> None:
    assert until_day(words, OSLO, FRIDAY) is None
    assert "Until when?" in types(shop, f"pause {words}")
    assert "Until when?" in types(shop, f"away {words}")


@pytest.mark.parametrize(
    ("words", "hours"),
    [("18:00-08:00", (18, 8)), ("18-8", (18, 8)), ("9 to 17", (9, 17)), ("8-8", None), ("late", None), ("25-3", None)],
)
def test_quiet_hours_are_read_as_people_type_them(words: str, hours: tuple[int, int] | None) -> None:
    assert quiet_hours(words) == (hours and (time(hours[0]), time(hours[1])))


clocks = st.times().map(lambda t: t.replace(second=0, microsecond=0, tzinfo=None))


@pytest.mark.parametrize(
    ("verb", "answers"),
    [("snooze", {"until": "opening"}), ("contacted", {}), ("wait", {"days": "7"}), ("help", {})],
    ids=["snoozed", "in touch", "waits for the customer", "asks for a hand"],
)
def test_whatever_was_done_about_the_first_ten_makes_room_for_the_others(shop: Shop, verb: str, answers: dict[str, str]) -> None:
    shop.hears(*(said(f"r-{n}") for n in range(13)))
    for target in range(1, 14):
        shop.tap("claim", ANA, target)
    passes_until(shop, MONDAY + timedelta(hours=9))
    for target in range(1, 11):
        shop.tap(verb, ANA, target, **answers)
    [bundle] = bundles(shop, ANA)
    assert [item.follow_up for item in bundle.items] == [*range(1, 8), 11, 12, 13]
    assert bundle.context == (), "nobody waits for a word of whom nothing is shown"


def test_what_a_leader_gave_to_somebody_makes_room_too(shop: Shop) -> None:
    put_on_duty(shop, Role.LEADER, LEA)
    shop.hears(*(said(f"r-{n}") for n in range(13)))
    passes_until(shop, FRIDAY + timedelta(hours=6, minutes=30))
    for target in range(1, 11):
        shop.tap("hand_over", LEA, target, to=BEN)
    [bundle] = bundles(shop, LEA)
    assert [item.follow_up for item in bundle.items][-3:] == [11, 12, 13]


preferences = st.builds(
    Preferences,
    rhythm=st.sampled_from(["", "less"]),
    paused_until=st.none() | st.integers(0, 10_000).map(lambda n: FRIDAY + timedelta(minutes=n)),
    quiet=st.none() | st.tuples(clocks, clocks).filter(lambda pair: pair[0] != pair[1]),
    zone=st.none() | st.sampled_from([ZoneInfo("Asia/Kolkata"), ZoneInfo("America/New_York")]),
)


@settings(max_examples=300, deadline=None)
@given(preferences, st.integers(0, 20_000), st.dictionaries(st.integers(0, 14), st.integers(0, 2)))
def test_whatever_somebody_wishes_is_kept(wants: Preferences, minutes: int, had: dict[int, int]) -> None:
    at = FRIDAY + timedelta(minutes=minutes)
    counted = {f"{FRIDAY + timedelta(days=n):%Y-%m-%d}": number for n, number in had.items()}
    moment = may_hear(wants, HOURS, QUARTER, lambda day: counted.get(day, 0), at)
    if moment is None:
        return
    assert moment >= max(at, wants.paused_until or at)
    assert HOURS.is_open(moment)
    local = moment.astimezone(OSLO)
    assert local.time() >= time(8, 15)
    assert counted.get(f"{local:%Y-%m-%d}", 0) < (1 if wants.rhythm else 2)
    if wants.quiet:
        clock, (start, end) = moment.astimezone(wants.zone or OSLO).time(), wants.quiet
        assert not (start <= clock < end if start < end else clock >= start or clock < end)
    assert may_hear(wants, HOURS, QUARTER, lambda day: counted.get(day, 0), moment) == moment


@pytest.mark.parametrize("week", [{"mon-sun": "18:00-24:00"}, {"mon-sun": "18:00-02:00"}])
def test_what_came_up_before_the_opening_waits_to_be_collected_however_late_the_night_before_was(week: dict[str, str]) -> None:
    hours = OpeningHours.build(week, OSLO)
    opens = datetime(2026, 11, 24, 18, tzinfo=OSLO)
    assert may_hear(Preferences(), hours, QUARTER, lambda _: 0, opens - timedelta(hours=8)) == opens + QUARTER


def test_who_wants_none_gets_none() -> None:
    assert may_hear(Preferences("stop"), HOURS, QUARTER, lambda _: 0, FRIDAY) is None


def test_quiet_hours_that_cover_all_opening_hours_leave_no_moment() -> None:
    assert may_hear(Preferences(quiet=(time(7), time(19))), HOURS, QUARTER, lambda _: 0, FRIDAY) is None
