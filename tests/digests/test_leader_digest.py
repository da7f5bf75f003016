"""The leader's weekly post: one for each leader, customers first, and no colleague counted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from handlers.arrivals.arrival import Arrival
from handlers.calendar.duration import Duration
from handlers.calendar.hours import OpeningHours
from handlers.calendar.promise import Promise
from handlers.calendar.weeks import Posting, Week
from handlers.cards import Card, Style
from handlers.colleagues import meet
from handlers.company import Company, People
from handlers.digests import figures, leader_card, leader_digest
from handlers.digests.figures import Figures, Kept, Score, Spread
from handlers.digests.leader_card import OfTeam, Report
from handlers.digests.machine_lines import Health, Noise
from handlers.feedback import Customer
from handlers.ladder import Role
from handlers.receive import receive
from handlers.rules import Route, When
from handlers.team import Team
from handlers.wording.words import opening_time, took
from storage import digests, messages, nudges, people
from tests.conftest import ANA, BEN, LEA, OSLO, Shop, said
from tests.digests.week47 import MONDAY, NEXT, SLOW, Week47
from tests.statements import statements


@pytest.fixture
def company(company: Company, team: Team) -> Company:
    """Two teams, both led by Lea."""
    teams = {name: team.model_copy(update={"name": name, "title": name.title()}) for name in ("harbour", "oak-street")}
    harbour = Route(name="harbour", when=When(band=("detractor",), tag=("harbour",)), team="harbour")
    return company.model_copy(update={"teams": teams, "routes": (harbour, *company.routes)})


@pytest.fixture
def shop(shop_of: Callable[[Company], Shop], company: Company) -> Week47:
    shop = Week47(shop_of(company).store, company, MONDAY)
    lea = shop.leader()
    shop.store.write_sync(nudges.put_on_duty, "harbour", Role.LEADER, [lea])
    return shop


def reads(shop: Week47, at: Any = NEXT, week: str = "2026-W47") -> Any:
    shop.ticks(at)
    row = shop.store.read_sync(digests.by_period, "leader", "1", week)
    return shop.card(f"leader:{row.id}:1")


def all_of(card: Card) -> tuple[str, ...]:
    """Its lines, above and below the customers."""
    return (*card.context, *card.below)


def test_a_leader_of_several_teams_gets_one_post_once(shop: Week47) -> None:
    shop.done(1)
    card = reads(shop)
    assert card.headline == "Your week · 2 teams · 16 to 22 Nov"
    for later in (1, 60, 3000):
        shop.ticks(NEXT + timedelta(minutes=later))
    rows = shop.store.read_sync(digests.sent, "leader", ["2026-W47"])
    assert len(rows) == 1
    assert shop.store.read_sync(messages.by_key, f"leader:{rows[0].id}:1").wanted == 1


@pytest.mark.parametrize(
    ("verb", "answers", "customers"),
    [
        ("wait", {"days": "7"}, "1 customer"),
        ("close", {"outcome": "fixed", "done": "Rang.", "cause": "other"}, "1 customer"),
        ("close", {"outcome": "unreachable", "done": "Dead number.", "cause": "other"}, "0 customers"),
    ],
)
def test_leaders_were_in_touch_where_a_contact_was_noted_and_not_with_a_dead_number(
    shop: Week47, verb: str, answers: dict[str, str], customers: str
) -> None:
    shop.says(2, "Cold.")
    shop.tap("claim", LEA, 1)
    shop.tap(verb, LEA, 1, **answers)
    assert f"Leaders themselves took 1 case and were in touch with {customers}." in all_of(reads(shop))


def test_a_week_in_which_nothing_arrived_is_not_told_as_one_without_an_unhappy_customer(shop: Week47) -> None:
    for _ in range(6):
        shop.says(9, "")
    assert reads(shop).context[0] == "No customer told us that we let them down."
    card = reads(shop, NEXT + timedelta(days=7), "2026-W48")
    assert card.context[0] == "No answers arrived."
    assert card.plain == "Your week, 2 teams: No answers arrived."
    assert "The data: no new answer arrived, every message was delivered." in all_of(card)


def test_what_leaders_did_is_told_in_one_week_only_however_far_apart_their_teams_are(shop: Week47) -> None:
    zones = {"oak-street": "America/Los_Angeles", "harbour": "Pacific/Auckland"}
    hours = {name: OpeningHours.build({"mon-sun": "08:00-18:00"}, ZoneInfo(zone)) for name, zone in zones.items()}
    teams = {name: team.model_copy(update={"hours": hours[name]}) for name, team in shop.company.teams.items()}
    shop.company = shop.company.model_copy(update={"teams": teams})
    shop.now = datetime(2026, 11, 22, 23, 0, tzinfo=UTC)  # Sunday 15:00 in Los Angeles, Monday noon in Auckland
    shop.hears(said("r-1"))
    shop.tap("claim", LEA)
    shop.closes(LEA)
    later = NEXT + timedelta(days=14)
    weeks = [Week.parse(name) for name in ("2026-W47", "2026-W48")]
    told = [shop.store.read_sync(leader_digest.take, list(teams.values()), week, later) for week in weeks]
    assert [(each["claimed"], each["contacted"]) for each in told] == [(1, 1), (0, 0)]


def test_it_says_what_was_kept_who_waits_and_what_leaders_did_themselves(shop: Week47) -> None:
    shop.done(1)
    shop.done(2, LEA)
    shop.says(1, "Cold soup.", tags=("harbour",), customer=Customer(key="c-1", value=48000, currency="NOK"))
    shop.says(10, "Lovely.")
    card = reads(shop)
    assert all_of(card) == (
        "Promise kept: 2 of 3. Of the 2 who heard from us, half did within 30 min of opening time.",
        "1 customer waits for a word from us, since Mon 16 Nov 10:00.",
        "Teams that could use a hand: Harbour: 1 waits.",
        "1 team kept up.",
        "Causes: other 2.",
        "Other: “Waited 45 minutes and nobody came.”",
        "4 NPS answers: too few for a score.",
        "At risk, an estimate: 48,000 NOK from 1 customer. These are the customers with an open case, each counted once.",
        "Leaders themselves took 1 case and were in touch with 1 customer.",
        "The data: 4 answers arrived, every message was delivered.",
        "The bot itself, in all teams: 0 reminders, 0 outside opening hours, 0 snoozed.",
    )
    [waits] = card.items
    assert card.context == all_of(card)[:2]
    assert (waits.headline, waits.quote) == ("Nobody yet; our promise ended Mon 16 Nov 14:00 · worth 48,000 NOK", "Cold soup.")
    assert waits.context == ("Harbour · waiting since Mon 16 Nov 10:00",)
    assert [button.label for button in waits.buttons] == ["I'll call them", "Choose who replies…"]


@pytest.mark.parametrize("named", ["Lea@Northwind.example", "slack:lea"])
@pytest.mark.parametrize(("verb", "to", "said"), [("claim", {}, "Lea has it;"), ("hand_over", {"to": BEN}, "Ben has it;")])
def test_the_post_says_so_once_its_leader_takes_a_customer_or_names_somebody(
    shop: Week47, verb: str, to: dict[str, Any], said: str, named: str
) -> None:
    led = {name: team.model_copy(update={"leader": (named,)}) for name, team in shop.company.teams.items()}
    shop.company = shop.company.model_copy(update={"teams": led})
    shop.store.write_sync(meet, LEA, "lea@northwind.example", "Europe/Oslo", shop.now)
    shop.says(1, "Cold soup.")
    shop.says(1, "Cold tea.")
    assert [item.headline.partition(" ")[0] for item in reads(shop).items] == ["Nobody", "Nobody"]
    [key] = [key for key in set(shop.keys()) if key.startswith("leader:")]
    there = {"shown": 1, "state": "shown", "remote_channel": "D1", "remote_id": "1.1"}
    shop.store.write_sync(lambda tx: tx.execute(update(messages.message).where(messages.message.c.key == key).values(there)))
    shop.tap("claim", BEN, 2)
    assert key not in set(shop.keys()), "it tells who had them when it was made"
    shop.tap(verb, LEA, 1, **to)
    assert key in set(shop.keys())
    [item] = [item for item in shop.card(key).items if item.follow_up == 1]
    assert item.headline.startswith(said)
    assert [button.label for button in item.buttons] == ["I'll call them", "Reassign…"][verb == "claim" :]


def test_who_reached_nobody_is_counted_within_the_week_and_not_among_what_was_imported(shop: Week47) -> None:
    shop.done(1)
    nowhere = shop.company.model_copy(update={"routes": ()})
    for id, days, history in (("lost", 2, False), ("old", 2, True), ("later", 8, False)):
        shop.store.write_sync(receive, nowhere, [Arrival("survey", said(id), MONDAY + timedelta(days=days), history=history)])
    [line] = [line for line in reads(shop, NEXT + timedelta(days=2)).context if line.startswith("The data:")]
    assert line == "The data: 1 answer arrived, 1 reached nobody, for no route took them, every message was delivered."


def test_opening_hours_are_told_in_hours_and_never_as_days_of_24(shop: Week47) -> None:
    shop.says(3, SLOW)
    shop.tap("claim", ANA, 1)
    shop.passes(hours=72)  # of which the team was open for thirty
    shop.tap("contacted", ANA, 1)
    assert "The customer heard from us within 30 h of opening time (3 days for the customer)." in reads(shop).context[0]
    assert (took(timedelta(hours=33)), opening_time(timedelta(hours=33))) == ("1 day", "33 h")


def test_what_the_leader_of_another_team_did_is_not_told_as_done_here(shop: Week47) -> None:
    other = shop.store.write_sync(lambda tx: people.ensure(tx, BEN.chat, BEN.workspace, BEN.user_id, BEN.name).id)
    shop.store.write_sync(nudges.put_on_duty, "harbour", Role.LEADER, [other])
    shop.done(1, BEN, tags=("harbour",))
    shop.done(2, LEA, tags=("harbour",))
    shop.says(10, "Lovely.")
    assert "Leaders themselves took 0 cases and were in touch with 0 customers." in all_of(reads(shop))
    theirs = shop.store.read_sync(digests.by_period, "leader", str(other), "2026-W47")
    assert "Leaders themselves took 1 case and were in touch with 1 customer." in shop.card(f"leader:{theirs.id}:{other}").context


def test_a_team_that_is_closed_all_week_does_not_keep_its_leader_waiting(shop: Week47) -> None:
    shop.company = hours_of(shop.company, harbour=closed(23, 27))
    shop.done(1)
    assert reads(shop).headline == "Your week · 2 teams · 16 to 22 Nov"
    assert reads(shop, NEXT + timedelta(days=7), "2026-W48").headline == "Your week · 2 teams · 23 to 29 Nov"


def test_where_all_teams_are_closed_the_post_comes_with_the_first_that_opens_again(shop: Week47) -> None:
    shop.company = hours_of(shop.company, harbour=closed(23, 30), **{"oak-street": closed(23, 27)})
    shop.done(1)
    monday = NEXT + timedelta(days=7)
    shop.ticks(monday - timedelta(seconds=1))
    assert shop.store.read_sync(digests.by_period, "leader", "1", "2026-W47") is None
    assert reads(shop, monday).headline == "Your week · 2 teams · 16 to 22 Nov"
    assert reads(shop, monday + timedelta(days=1), "2026-W48").headline == "Your week · 2 teams · 23 to 29 Nov"


def test_after_a_closure_a_leader_reads_of_the_last_week_in_which_somebody_said_anything(shop: Week47) -> None:
    fortnight = [date(2026, 11, 23) + timedelta(days=n) for n in range(14)]
    away = OpeningHours.build({"mon-fri": "08:00-18:00"}, OSLO, closed=fortnight)
    shop.company = hours_of(shop.company, harbour=away, **{"oak-street": away})
    shop.done(1)
    back = NEXT + timedelta(days=14)
    assert reads(shop, back).headline == "Your week · 2 teams · 16 to 22 Nov"
    shop.ticks(back + timedelta(days=1))
    assert {week: state_of(shop, week) for week in ("2026-W47", "2026-W48", "2026-W49")} == {
        "2026-W47": "sent",
        "2026-W48": "passed",
        "2026-W49": "passed",
    }


def test_after_a_closure_in_which_customers_wrote_a_leader_reads_of_it(shop: Week47) -> None:
    shop.company = hours_of(shop.company, harbour=closed(23, 27), **{"oak-street": closed(23, 27)})
    shop.done(1)
    shop.now = NEXT + timedelta(days=2)
    shop.says(9, "Nice, though you were closed.")
    assert reads(shop, NEXT + timedelta(days=7), "2026-W48").headline == "Your week · 2 teams · 23 to 29 Nov"
    assert state_of(shop, "2026-W47") == "passed"


def state_of(shop: Week47, week: str) -> str:
    state: str = shop.store.read_sync(digests.by_period, "leader", "1", week).state
    return state


def test_the_leader_of_a_team_that_posts_on_a_day_off_reads_each_week_when_it_opens(shop: Week47) -> None:
    sunday = {name: team.model_copy(update={"posting": Posting(6)}) for name, team in shop.company.teams.items()}
    shop.company = shop.company.model_copy(update={"teams": sunday})
    shop.done(1)
    for week, at in (("2026-W47", NEXT + timedelta(days=7)), ("2026-W48", NEXT + timedelta(days=14))):
        shop.ticks(at - timedelta(seconds=1))
        assert shop.store.read_sync(digests.by_period, "leader", "1", week) is None
        assert reads(shop, at, week).headline.startswith("Your week · 2 teams")


def test_who_begins_to_lead_just_before_a_post_reads_that_one_and_none_before_it(shop: Week47) -> None:
    shop.done(1)
    assert reads(shop, NEXT)
    ben = shop.leader(BEN)
    monday = NEXT + timedelta(days=7)
    shop.ticks(monday - timedelta(minutes=5))
    assert shop.store.read_sync(digests.by_period, "leader", str(ben), "2026-W47") is None
    shop.ticks(monday)
    assert shop.store.read_sync(digests.by_period, "leader", str(ben), "2026-W48").state == "sent"


def closed(first: int, last: int) -> OpeningHours:
    """Open from Monday to Friday, but not on these days of November."""
    return OpeningHours.build({"mon-fri": "08:00-18:00"}, OSLO, closed=[date(2026, 11, day) for day in range(first, last + 1)])


def hours_of(company: Company, **hours: OpeningHours) -> Company:
    teams = {name: team.model_copy(update={"hours": hours.get(name, team.hours)}) for name, team in company.teams.items()}
    return company.model_copy(update={"teams": teams})


def test_whoever_has_heard_from_us_since_is_no_longer_listed(shop: Week47) -> None:
    shop.says(1, "Cold soup.")
    assert len(reads(shop).items) == 1
    shop.tap("claim", BEN, 1)
    shop.tap("contacted", BEN, 1)
    assert reads(shop, NEXT + timedelta(hours=2)).items == ()


def test_whom_nobody_has_comes_first_then_who_has_waited_longest_each_with_who_has_it_until_when(shop: Week47) -> None:
    shop.says(1, "Cold soup.")
    shop.tap("claim", BEN, 1)
    shop.now = NEXT - timedelta(days=3)
    shop.says(2, "Wet floor.", customer=Customer(key="c-1", value=900.0, currency="EUR"))
    shop.now = NEXT - timedelta(minutes=30)
    for words in ("No lid.", "No cup.", "No milk.", "No soap."):
        shop.says(2, words)
        shop.passes(minutes=1)
    shop.tap("claim", ANA, 5)
    card = reads(shop)
    assert [(item.quote, item.headline, item.buttons[0].style) for item in card.items] == [
        ("Wet floor.", "Nobody yet; our promise ended Fri 20 Nov 13:00 · worth 900 EUR", Style.PRIMARY),
        ("No lid.", "Nobody yet; to be taken by Mon 12:30", Style.PRIMARY),
        ("No cup.", "Nobody yet; to be taken by Mon 12:31", Style.PRIMARY),
        ("No soap.", "Nobody yet; to be taken by Mon 12:33", Style.PRIMARY),
        ("Cold soup.", "Ben has it; our promise ended Wed 18 Nov 09:00", Style.PLAIN),
    ]
    shop.tap("claim", BEN, 3)
    shop.tap("contacted", BEN, 1)
    drawn = reads(shop, NEXT + timedelta(minutes=1))
    assert [item.headline for item in drawn.items] == [
        "Nobody yet; our promise ended Fri 20 Nov 13:00 · worth 900 EUR",
        "Nobody yet; to be taken by Mon 12:31",
        "Nobody yet; to be taken by Mon 12:33",
        "Ben has it, by Wed 08:30",
    ]


def test_who_has_a_case_is_named_as_the_company_names_people(shop: Week47) -> None:
    shop.company = shop.company.model_copy(update={"people": People.OFF})
    shop.now = NEXT - timedelta(days=3)
    shop.says(1, "Cold soup.")
    shop.tap("claim", BEN, 1)
    assert [item.headline for item in reads(shop).items] == ["A teammate has it, by Tue 09:00"]


def test_without_anybody_who_waits_all_lines_stand_together(shop: Week47) -> None:
    shop.done(1)
    card = reads(shop)
    assert (card.items, card.below) == ((), ())
    assert card.context[-1].startswith("The bot itself")


def test_beside_each_of_the_first_causes_stands_what_one_customer_wrote(shop: Week47) -> None:
    shop.done(1, comment="Cold soup, ring me on +47 400 00 000.", cause="waiting time")
    shop.done(2, comment="", cause="other")
    told = [line for line in all_of(reads(shop)) if "“" in line]
    assert told == ["Waiting time: “Cold soup, ring me on [phone].”"]


def test_no_colleague_is_named_or_counted(shop: Week47) -> None:
    for n, who in enumerate((ANA, BEN, ANA, ANA), 1):
        shop.done(n, who)
    card = reads(shop)
    told = "\n".join([card.plain, card.headline, *all_of(card), card.footer])
    assert "Ana" not in told
    assert "Ben" not in told


def test_rule_7_one_dismissal_in_ten_is_shown_to_be_looked_at(shop: Week47) -> None:
    for n in range(1, 12):
        shop.says(3, "test")
        shop.tap("dismiss", ANA, n, reason="test")
    [line] = [line for line in all_of(reads(shop)) if "dismissed" in line]
    assert line.startswith("11 were dismissed as no problem. Please look at #")
    assert line.count("#") == 2


def test_rule_8_a_complaint_closed_by_the_one_it_names_is_told_to_the_leader_until_it_is_confirmed(shop: Week47) -> None:
    shop.done(1, ANA, "Ana was rude to me.")
    shop.done(2, ANA, "Ana was rude to me, too.")
    shop.tap("confirm", LEA, 2)
    assert "Ended by somebody whom the customer names, and not confirmed yet: #1." in all_of(reads(shop))


def test_recovered_is_what_the_customer_says_later_and_reopened_is_told_beside_it(shop: Week47) -> None:
    dana, erik = Customer(key="c-1"), Customer(key="c-2")
    shop.done(1, customer=dana)
    shop.done(2, customer=erik)
    shop.done(3)
    shop.says(9, "Much better.", customer=dana)
    shop.says(2, "Again!", customer=erik)
    shop.tap("reopen", ANA, 3)
    line = next(line for line in all_of(reads(shop)) if line.startswith("Recovered"))
    assert line == "Recovered, as their next answer says: 1 of 2 who answered again. 1 case had to be opened again."


def test_whose_promise_still_runs_is_told_apart_and_as_missed_by_nobody(shop: Week47) -> None:
    shop.now = NEXT - timedelta(days=2, minutes=30)
    shop.says(2, "On Saturday morning, when all is closed.")
    card = reads(shop)
    assert card.context[0] == "No promise has ended yet: 1 can still hear from us in time."
    assert [each.label for each in card.menu][:2] == ["All who told us (1)", "No word yet (1)"]
    pressed = next(each for each in card.menu if each.label == "Still has time (1)")
    target: Any = pressed.target
    assert shop.tap("show_list", LEA, target).text == "Customers of that week who wait, and whose promise still runs: 1."
    shop.now = NEXT + timedelta(hours=4)
    assert shop.tap("show_list", LEA, target).text.startswith(
        "Customers of that week who wait, and whose promise still runs: nobody now. The post said 1;"
    )
    shop.tap("claim", ANA, 1)
    assert (
        shop.card(f"leader:{shop.store.read_sync(digests.by_period, 'leader', '1', '2026-W47').id}:1").context[0] == card.context[0]
    )


def test_what_still_runs_beside_what_was_kept_and_what_was_missed(shop: Week47) -> None:
    shop.done(1)
    shop.says(2, "Waits since Monday.")
    shop.now = NEXT - timedelta(days=2)
    for n in (3, 4, 5):
        shop.says(2, f"Saturday {n}.")
    shop.tap("claim", ANA, 3)
    assert (
        reads(shop).context[0]
        == "Promise kept: 1 of 2. 3 can still hear from us in time. The one who heard from us did so within 30 min of opening time."
    )


def test_whose_promise_still_runs_is_missed_in_no_week_before_either(shop: Week47) -> None:
    slow = Promise(claim=Duration.parse("30d"), close=Duration.parse("30d"))
    teams = {name: team.model_copy(update={"promise": slow}) for name, team in shop.company.teams.items()}
    shop.company = shop.company.model_copy(update={"teams": teams})
    shop.done(1)
    shop.says(2, "There is no hurry.")
    shop.now = NEXT
    shop.done(3)
    assert reads(shop, NEXT + timedelta(days=7), "2026-W48").context[0] == (
        "Promise kept: 1 of 1. The customer heard from us within 30 min of opening time. The week before: 1 of 1."
    )


def test_a_team_whose_promises_still_run_has_not_fallen_behind(shop: Week47) -> None:
    shop.now = NEXT - timedelta(days=14)
    for n in range(1, 13):
        shop.done(n)
    shop.now = NEXT - timedelta(days=2)
    for n in range(12):
        shop.says(2, f"Saturday {n}.")
    [line] = [line for line in all_of(reads(shop)) if line.startswith("Teams that could use a hand")]
    assert line == "Teams that could use a hand: Oak-Street: 12 wait."


def test_a_drop_within_chance_or_of_few_cases_is_no_drop() -> None:
    usual = [Kept(20, 18, 2, 0)] * 7
    assert not figures.fell(Kept(20, 16, 4, 0), usual)
    assert figures.fell(Kept(20, 10, 10, 0), usual)
    assert not figures.fell(Kept(9, 0, 9, 0), usual)
    assert not figures.fell(Kept(20, 0, 20, 0), [])


def test_nobody_who_leads_nothing_gets_one(shop: Week47) -> None:
    shop.done(1)

    def omar(tx: Any) -> int:
        return int(people.ensure(tx, "slack", "main", "omar", "Omar").id)

    person_id = shop.store.write_sync(omar)
    shop.ticks(NEXT)
    assert shop.store.read_sync(digests.by_period, "leader", str(person_id), "2026-W47") is None


def raises(shop: Week47, case: int, words: str, days: int) -> None:
    """Ana said so, that many days before the post."""
    shop.now = NEXT - timedelta(days=days)
    shop.tap("raise", ANA, case, words=words)


def test_what_was_raised_and_has_nobody_is_asked_of_who_leads_with_what_can_be_decided(shop: Week47) -> None:
    for n in (1, 2, 3):
        shop.done(n, customer=Customer(key=f"c-{n}", name="Dana Reyes"))
    raises(shop, 1, "Dana Reyes is one of many.", days=15)
    raises(shop, 2, "The lift is slow.", days=13)
    raises(shop, 3, "The door sticks.", days=20)
    raised: Any = "raised:3"
    shop.tap("settle", LEA, raised, became="doing")
    card = reads(shop)
    assert "Asked of you: 2 things were raised, and nobody has them. 1 has waited for 14 days or more." in all_of(card)
    assert [(item.headline, item.context, item.footer) for item in card.items] == [
        (
            "Oak-Street: this keeps happening, and nobody has had it for 15 days.",
            ("“Dana R. is one of many.”",),
            "raised from #1",
        ),
        ("Oak-Street: this keeps happening, and nobody has it yet.", ("“The lift is slow.”",), "raised from #2"),
        ("Oak-Street: this keeps happening, and was taken on.", ("“The door sticks.”",), "raised from #3"),
    ]
    assert [(button.verb, button.label, button.target) for button in card.items[0].buttons] == [("settle", "Decide…", "raised:1")]


@pytest.mark.parametrize("later", [0, 8])
def test_what_is_decided_leaves_the_post_which_is_shown_anew_however_old_it_is(shop: Week47, later: int) -> None:
    shop.says(2, "A test.")
    shop.tap("dismiss", ANA, 1, reason="test")  # so that nothing else is told of it
    raises(shop, 1, "The lift is slow.", days=1)
    assert len(reads(shop).items) == 1
    row = shop.store.read_sync(digests.by_period, "leader", "1", "2026-W47")
    shop.store.write_sync(lambda tx: tx.execute(messages.message.update().values(remote_id="1", shown=1)))
    raised: Any = "raised:1"
    shop.now += timedelta(weeks=later)
    shop.tap("settle", LEA, raised, became="no", why="It is being replaced.")
    assert shop.card(f"leader:{row.id}:1").items == ()
    assert shop.store.read_sync(messages.by_key, f"leader:{row.id}:1").wanted == 2


def test_a_claim_looks_for_the_posts_that_tell_of_it_only_if_a_leader_claims_and_for_no_other_posts(shop: Week47) -> None:
    for who in (ANA, LEA):
        shop.store.write_sync(meet, who, f"{who.user_id}@northwind.example", "Europe/Oslo", shop.now)
    asked_of = {}
    for n, who in enumerate((ANA, LEA), start=1):
        shop.says(2, "Slow.")
        with statements() as asked:
            assert "It is yours" in shop.tap("claim", who, n).text
        asked_of[who] = [each for each in asked if "FROM digest" in each.statement]
    assert asked_of[ANA] == []
    [only] = asked_of[LEA]
    assert "leader" in f"{only.statement} {only.parameters}"
    assert "huddle" not in f"{only.statement} {only.parameters}"


def test_no_more_than_three_of_what_was_raised_stand_in_a_post_and_all_are_counted(shop: Week47) -> None:
    for n in range(1, 6):
        shop.done(n)
        raises(shop, n, f"Thing {n}.", days=1)
    card = reads(shop)
    assert "Asked of you: 5 things were raised, and nobody has them." in all_of(card)
    assert [item.context for item in card.items] == [("“Thing 1.”",), ("“Thing 2.”",), ("“Thing 3.”",)]


def test_of_ten_who_heard_from_us_at_once_no_slowest_tenth_is_told() -> None:
    at_once, score = Spread(10, 0.0, 0.0), Score()
    teams = (OfTeam("Oak Street", Figures(kept=Kept(10, 10)), None),)
    week = Week.of(MONDAY.date())
    report = Report(week, OSLO, NEXT, teams, Kept(), at_once, at_once, score, score, Health(), Noise(), asked=True)
    assert (
        leader_card.report_card(report, NEXT).context[0].endswith("Half heard from us within less than a minute of opening time.")
    )
