"""The monthly lost-customer review: last month's decision first, the unknown as large as it is, calls, and one decision."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from handlers.calendar.hours import OpeningHours
from handlers.calendar.weeks import Posting
from handlers.cards import Card, Reply
from handlers.company import Company
from handlers.feedback import Customer, Feedback
from handlers.forgetting import erase, forget
from handlers.forgetting.retention import Retention
from handlers.ladder import Role
from handlers.rules import Route, When
from handlers.team import Team
from storage import delivery_log, digests, messages, nudges, people
from tests import log
from tests.conftest import ANA, BEN, LEA, OSLO, Shop, person
from tests.digests.week47 import Week47

OCTOBER = datetime(2026, 10, 5, 8, 0, tzinfo=UTC)
"""Monday 10:00 in Oslo."""
DUE = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
"""The first working day of November, 9:00 in Oslo."""
OMAR = person("omar")


def customer(n: int, value: float | None = None) -> Customer:
    return Customer(key=f"c-{n}", name=f"Dana Reyes{n}", email=f"c{n}@mail.example", value=value, currency="NOK" if value else None)


@pytest.fixture
def company(company: Company, team: Team) -> Company:
    teams = {name: team.model_copy(update={"name": name, "title": name.title()}) for name in ("harbour", "oak-street")}
    harbour = Route(name="harbour", when=When(band=("detractor",), tag=("harbour",)), team="harbour")
    return company.model_copy(update={"teams": teams, "routes": (harbour, *company.routes)})


@pytest.fixture
def shop(shop_of: Callable[[Company], Shop], company: Company) -> Week47:
    shop = Week47(shop_of(company).store, company, OCTOBER)
    leads(shop, LEA, "harbour", "oak-street")
    return shop


def leads(shop: Week47, who: Any, *teams: str) -> int:
    """One more who leads these teams."""

    def put(tx: Any) -> int:
        row = people.ensure(tx, who.chat, who.workspace, who.user_id, who.name)
        for team in teams:
            nudges.put_on_duty(tx, team, Role.LEADER, [*nudges.on_duty(tx).get((team, Role.LEADER), ()), row.id])
        return int(row.id)

    return shop.store.write_sync(put)


def row(shop: Week47, period: str = "2026-10", person_id: int = 1) -> Any:
    return shop.store.read_sync(digests.by_period, "month", str(person_id), period)


def reads(shop: Week47, at: datetime = DUE, period: str = "2026-10", person_id: int = 1) -> Card:
    shop.ticks(at)
    return shop.card(f"month:{row(shop, period, person_id).id}:{person_id}")


def calls(shop: Week47, at: datetime = DUE, period: str = "2026-10", person_id: int = 1) -> Card:
    reads(shop, at, period, person_id)
    return shop.card(f"calls:{row(shop, period, person_id).id}:{person_id}")


def loses(shop: Week47, n: int, who: Any = LEA, **answers: str) -> None:
    assert shop.tap("lost", who, n, **{"cause": "waiting time", **answers}).cards


def presses(shop: Week47, verb: str, n: int, who: Any = LEA, period: str = "2026-10", **answers: str) -> Reply:
    target: Any = f"call:{row(shop, period).id}:{n}"
    return shop.tap(verb, who, target, **answers)


def decides(shop: Week47, verb: str = "decide", period: str = "2026-10", **answers: Any) -> Reply:
    target: Any = f"review:{row(shop, period).id}"
    return shop.tap(verb, LEA, target, **answers)


def october(shop: Week47) -> None:
    """Four groups: 1 recovered, 2 kept but not happy, 3 and 4 lost (one never reached), 5 and 6 unknown; 7 is dismissed."""
    for n in (1, 2, 3):
        shop.done(n, ANA, f"Words of {n}.", customer=customer(n, 1000 * n))
    for n in (4, 5, 6, 7):
        shop.says(2, f"Words of {n}.", customer=customer(n) if n != 6 else Customer())
    shop.tap("dismiss", ANA, 7, reason="test")
    shop.passes(days=2)
    shop.hears(Feedback(id="again-1", metric="nps", score=9, customer=customer(1, 1000)))
    shop.hears(Feedback(id="again-2", metric="nps", score=1, customer=customer(2, 2000)))
    loses(shop, 3, whys="one till open\n\nrota made in May", value="48000 NOK")
    loses(shop, 4)


def two_are_recovered(shop: Week47) -> None:
    """One of them for the second time: they had come back in September, too."""
    shop.now = OCTOBER - timedelta(days=20)
    shop.done(1, customer=customer(1, 1000))
    shop.passes(days=1)
    shop.hears(Feedback(id="p-1", metric="nps", score=9, customer=customer(1, 1000)))
    shop.now = OCTOBER
    for n in (1, 2):
        shop.done(n + 1, customer=customer(n, 1000))
        shop.passes(days=1)
        shop.hears(Feedback(id=f"p-{n}{n}", metric="nps", score=9, customer=customer(n, 1000)))


def test_every_customer_of_the_month_is_in_one_group_and_the_unknown_is_as_large_as_it_is(shop: Week47) -> None:
    october(shop)
    card = reads(shop)
    assert card.headline == "Customers we lost · Oct 2026 · Harbour, Oak-Street"
    assert card.plain == "Lost customers in Oct 2026: 2 lost, 2 unknown, of 6 unhappy."
    assert card.context[0] == "6 unhappy customers: recovered 1, kept but not happy 1, lost 2, unknown 2."
    assert card.context[1] == (
        "Their value, an estimate, each customer once: recovered: 1,000 NOK from 1 customer; kept but not happy: 2,000 NOK from 1 "
        "customer; lost: 48,000 NOK from 1 customer, plus 1 whose value is unknown; unknown: the value of none of 2 is known."
    )


def test_whoever_came_back_once_before_counts_as_recovered_and_their_value_does_not(shop: Week47) -> None:
    two_are_recovered(shop)
    context = reads(shop).context
    assert context[0] == "2 unhappy customers: recovered 2, kept but not happy 0, lost 0, unknown 0."
    assert context[1] == (
        "Their value, an estimate, each customer once: recovered: 1,000 NOK from 1 customer. "
        "1 who came back once before is not added again."
    )


def test_did_we_even_call(shop: Week47) -> None:
    october(shop)
    assert "Did we even call? 2 lost customers: contacted in time 1, late 0, no contact noted 1." in reads(shop).context


def test_causes_are_chains_by_the_deepest_that_somebody_reached_and_blank_levels_stay_blank(shop: Week47) -> None:
    for _ in range(7):
        shop.says(2, "Bad.")
    loses(shop, 1, cause="other", whys="rota made in may")
    loses(shop, 2, whys="one till open\n\nRota made in May")
    loses(shop, 3)
    shop.done(8)
    shop.tap("reopen", ANA, 8)
    shop.tap("close", ANA, 8, outcome="lost", done="They went.", cause="other")
    [line] = [line for line in reads(shop).context if line.startswith("Why they left")]
    assert line == (
        "Why they left, as deep as somebody asked: 2 × waiting time ← one till open ← (not known) ← Rota made in May; "
        "1 × other; 1 × waiting time."
    )


def test_timelines_tell_three_cases_in_roles_and_never_in_names(shop: Week47) -> None:
    october(shop)
    shop.done(9, BEN, "Again I waited. Dana Reyes9, +47 400 00 000.", customer=customer(9))
    shop.tap("reopen", BEN, 9)
    loses(shop, 9)
    lines = [line for line in reads(shop).context if line.startswith("#")]
    assert len(lines) == 3
    assert lines[0].startswith(
        "#4: Mon 5 Oct 11:30 the customer wrote: “Words of 4.”; nobody took it; no word from us is noted before they left; after 2 days"
    )
    for line in lines:
        assert not any(word in line for word in ("Ana", "Ben", "Lea", "Reyes", "400 00 000"))
    [again] = [line for line in lines if line.startswith("#9")]
    assert "they heard from us after 30 min; it was opened again once" in again


def test_a_case_that_a_leader_gave_to_somebody_was_not_left_alone(shop: Week47) -> None:
    shop.says(2, "Cold.")
    shop.passes(minutes=20)
    shop.tap("hand_over", LEA, 1, to=ANA)
    shop.passes(hours=1)
    shop.tap("contacted", ANA, 1)
    shop.tap("close", ANA, 1, outcome="lost", done="They left.", cause="other")
    [line] = [line for line in reads(shop).context if line.startswith("#1: ")]
    assert "; somebody was asked to take it after 20 min; they heard from us after 1 h 20 min;" in line


def test_a_customer_lost_in_the_month_is_told_of_whenever_they_had_written(shop: Week47) -> None:
    shop.now = OCTOBER - timedelta(days=30)
    shop.says(2, "In September.", customer=customer(1))
    shop.now = OCTOBER
    loses(shop, 1)
    assert reads(shop).context[0] == "1 unhappy customer: recovered 0, kept but not happy 0, lost 1, unknown 0."


def test_a_customer_of_two_teams_counts_once_and_as_lost(shop: Week47) -> None:
    shop.says(2, "Cold.", customer=customer(1))
    shop.says(2, "Cold.", customer=customer(1), tags=("harbour",))
    loses(shop, 2)
    assert reads(shop).context[0] == "1 unhappy customer: recovered 0, kept but not happy 0, lost 1, unknown 0."


def test_it_goes_out_once_on_the_first_working_day_and_a_missed_one_is_made_up_once_and_says_so(shop: Week47) -> None:
    october(shop)
    shop.ticks(DUE - timedelta(minutes=1))
    assert row(shop) is None
    assert digest_comes_at(shop) == DUE
    assert reads(shop).footer == "Oct 2026 · only you read this · names stay here"
    missed = datetime(2026, 12, 10, 8, 0, tzinfo=UTC)
    for hours in (0, 1, 5, 300):
        shop.ticks(missed + timedelta(hours=hours))
    key = f"month:{row(shop, '2026-11').id}:1"
    assert shop.store.read_sync(messages.by_key, key).wanted == 1
    assert shop.card(key).footer == "Nov 2026 · only you read this · names stay here · it comes late"
    assert row(shop, "2026-09") is None, "nobody had said anything by then"


def test_who_begins_to_lead_within_the_month_reads_the_last_review_and_not_that_it_is_late(shop: Week47) -> None:
    october(shop)
    reads(shop)
    ben = leads(shop, BEN, "oak-street")
    assert reads(shop, DUE + timedelta(days=15), person_id=ben).footer == "Oct 2026 · only you read this · names stay here"


@pytest.mark.parametrize("until", [date(2026, 11, 9), date(2026, 12, 31)])
def test_a_team_that_is_closed_when_the_month_begins_does_not_keep_its_leader_waiting(shop: Week47, until: date) -> None:
    shop.company = closed(shop.company, "harbour", until)
    october(shop)
    assert reads(shop).headline == "Customers we lost · Oct 2026 · Harbour, Oak-Street"
    december = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
    assert reads(shop, december, "2026-11").headline == "Customers we lost · Nov 2026 · Harbour, Oak-Street"


def test_where_all_teams_are_closed_all_month_the_review_comes_when_the_first_opens_again(shop: Week47) -> None:
    for team, until in (("harbour", date(2026, 12, 11)), ("oak-street", date(2026, 12, 2))):
        shop.company = closed(shop.company, team, until)
    october(shop)
    shop.ticks(datetime(2026, 12, 3, 7, 59, tzinfo=UTC))
    assert row(shop) is row(shop, "2026-11") is None
    shop.ticks(datetime(2026, 12, 3, 8, 0, tzinfo=UTC))
    assert (row(shop).state, row(shop, "2026-11").state) == ("sent", "passed"), "nobody wrote in November"


def test_what_was_decided_before_a_closure_comes_first_in_the_review_after_it(shop: Week47) -> None:
    for team in ("harbour", "oak-street"):
        shop.company = closed(shop.company, team, date(2026, 12, 2))
    october(shop)
    shop.ticks(datetime(2026, 12, 3, 8, 0, tzinfo=UTC))
    shop.ticks(datetime(2027, 1, 4, 8, 0, tzinfo=UTC))
    assert row(shop, "2026-12").snapshot["before"] == row(shop).id


def test_nothing_can_be_decided_in_a_review_that_was_passed_over(shop: Week47) -> None:
    for team in ("harbour", "oak-street"):
        shop.company = closed(shop.company, team, date(2026, 12, 2))
    october(shop)
    shop.ticks(datetime(2026, 12, 3, 8, 0, tzinfo=UTC))
    assert decides(shop, period="2026-11").text == "This review was not written to you, so nothing was changed."
    assert decides(shop).form is not None


def closed(company: Company, name: str, until: date) -> Company:
    """The company, with that team closed from the first of November."""
    days = [date(2026, 11, 1) + timedelta(days=n) for n in range((until - date(2026, 10, 31)).days)]
    hours = OpeningHours.build({"mon-fri": "08:00-18:00"}, OSLO, closed=days)
    return company.model_copy(update={"teams": {**company.teams, name: company.teams[name].model_copy(update={"hours": hours})}})


def digest_comes_at(shop: Week47) -> datetime | None:
    return shop.ticks(DUE - timedelta(minutes=2))


def test_a_month_without_an_unhappy_customer_says_so(shop: Week47) -> None:
    shop.now = OCTOBER - timedelta(days=40)
    shop.says(9, "Fine.")
    card = reads(shop)
    assert card.context == (
        "No customer told us that we let them down, and nobody left.",
        "One decision is to be taken: it comes first next month.",
    )
    assert not any(row.kind == "calls" for row in shop.store.read_sync(delivery_log.unfinished, 100))


def test_whom_to_call_is_who_left_then_who_is_unhappy_then_who_is_unknown_and_never_who_cannot_be_reached(shop: Week47) -> None:
    october(shop)
    card = calls(shop)
    assert [item.footer for item in card.items] == ["#3", "#4", "#8", "#5"], "6 left no address, 1 came back"
    assert [item.headline.split(" · ")[1] for item in card.items] == ["lost", "lost", "not happy yet", "not known"]
    assert card.items[0].headline == "Oak-Street · lost · 48,000 NOK"
    assert [button.label for button in card.items[0].buttons] == ["Called", "No answer", "Do not call"]
    assert card.footer == "Those who lead these teams have made 0 of 4 calls · only you read this"
    assert "Reyes" not in str(card)
    assert "mail.example" not in str(card)


def test_a_call_is_one_tap_and_what_they_said_stands_beside_it(shop: Week47) -> None:
    october(shop)
    reads(shop)
    shop.now = DUE + timedelta(hours=1)
    assert "Thank you for calling." in presses(shop, "called", 3).text
    assert presses(shop, "call_note", 3).form is not None
    assert presses(shop, "call_note", 3, note=" ").errors
    presses(shop, "call_note", 3, note="Would come back for a second till.")
    presses(shop, "no_answer", 4)
    card = shop.card(f"calls:{row(shop).id}:1")
    assert card.items[0].headline == "Called, Mon 10:00 · Oak-Street · lost · 48,000 NOK"
    assert card.items[0].context == ("They said: Would come back for a second till.",)
    assert [button.label for button in card.items[0].buttons] == ["Add a note…"]
    assert card.items[1].headline == "No answer, Mon 10:00 · Oak-Street · lost"
    assert [button.label for button in card.items[1].buttons] == ["Called", "Do not call", "Add a note…"]
    assert card.footer == "Those who lead these teams have made 2 of 4 calls · only you read this"
    assert shop.acts(3)[-2:] == ["called", "call_note"]
    assert shop.store.read_sync(messages.by_key, f"calls:{row(shop).id}:1").wanted == 4


def test_how_to_reach_somebody_is_shown_privately_and_noted(shop: Week47) -> None:
    october(shop)
    reads(shop)
    told = presses(shop, "reach", 3).text
    assert told.startswith("Dana Reyes3\nc3@mail.example\n")
    assert told.splitlines()[-1] == "4. Say what you will do, and by when."
    assert shop.acts(3)[-1] == "details_shown"


def test_whoever_does_not_lead_the_team_any_more_reads_no_way_to_reach_its_customers(shop: Week47) -> None:
    october(shop)
    reads(shop)
    shop.store.write_sync(nudges.put_on_duty, "oak-street", Role.LEADER, [])
    before = shop.acts(3)
    for verb in ("called", "no_answer", "do_not_call", "call_note", "reach"):
        told = presses(shop, verb, 3, note="x").text
        assert told == "Only those who lead Oak-Street call its customers, so nothing was changed."
    assert shop.acts(3) == before
    omar = leads(shop, OMAR, "oak-street")
    shop.store.write_sync(people.prefer, omar, {"away_until": shop.now + timedelta(days=7), "forward_to": 1})
    assert presses(shop, "reach", 3).text.startswith("Dana Reyes3\n"), "who stands in for a leader may call"


def test_whoever_must_not_be_called_or_was_called_about_it_is_in_no_later_list(shop: Week47) -> None:
    october(shop)
    reads(shop)
    presses(shop, "do_not_call", 4)
    presses(shop, "called", 5)
    presses(shop, "no_answer", 3)
    shop.now = DUE + timedelta(days=1)
    for n in (8, 9, 10):
        shop.says(1, "And again.", customer=customer(n - 5))
    card = calls(shop, datetime(2026, 12, 1, 8, 0, tzinfo=UTC), "2026-11")
    assert [item.footer for item in card.items] == ["#9", "#11"], "3 did not answer, and 5 has a new case"


def test_two_who_lead_a_team_share_its_calls(shop: Week47) -> None:
    omar = leads(shop, OMAR, "oak-street")
    october(shop)
    first, second = calls(shop), calls(shop, person_id=omar)
    assert [item.footer for item in first.items] == ["#3", "#8"]
    assert [item.footer for item in second.items] == ["#4", "#5"]
    presses(shop, "called", 3)
    for person_id in (1, omar):
        card = shop.card(f"calls:{row(shop, person_id=person_id).id}:{person_id}")
        assert card.footer == "Those who lead these teams have made 1 of 4 calls · only you read this"
    assert presses(shop, "called", 4).text == "This review was not written to you, so nothing was changed.", "it is Omar's call"


@pytest.mark.parametrize("number", [0, 1, 10])
def test_app_yaml_says_how_many_calls(shop: Week47, number: int) -> None:
    teams = {name: team.model_copy(update={"posting": Posting(calls=number)}) for name, team in shop.company.teams.items()}
    shop.company = shop.company.model_copy(update={"teams": teams})
    for n in range(1, 15):
        shop.says(2, "Bad.", customer=customer(n))
    reads(shop)
    posted = [row.key for row in shop.store.read_sync(delivery_log.unfinished, 100) if row.kind == "calls"]
    assert len(posted) == min(number, 1)
    assert all(len(shop.card(key).items) == number for key in posted)


def test_a_team_that_asks_for_no_calls_gets_none_beside_one_that_does(shop: Week47) -> None:
    for n in (1, 2):
        shop.says(2, "Cold.", customer=customer(n))
        shop.says(2, "Cold.", customer=customer(n + 10), tags=("harbour",))
    quiet = shop.company.teams["oak-street"].model_copy(update={"posting": Posting(calls=0)})
    shop.company = shop.company.model_copy(update={"teams": {**shop.company.teams, "oak-street": quiet}})
    assert [item.footer for item in calls(shop).items] == ["#2", "#4"]


def test_nobody_else_presses_on_it(shop: Week47) -> None:
    october(shop)
    reads(shop)
    eve = person("eve", workspace="T9")
    for who in (ANA, eve):
        for verb in ("called", "no_answer", "do_not_call", "call_note", "reach"):
            assert presses(shop, verb, 3, who, note="x").text == "This review was not written to you, so nothing was changed."
    target: Any = f"review:{row(shop).id}"
    assert shop.tap("decide", ANA, target).form is None
    for odd in ("review:999", "review:x", "call:1:999", "call:1", "review:" + "9" * 40):
        anything: Any = odd
        assert shop.tap("called", LEA, anything).text == "This review was not written to you, so nothing was changed."
    assert shop.acts(3) == ["received", "claim", "details_shown", "close", "lost"]


def test_one_decision_with_somebody_who_sees_to_it_comes_first_next_month(shop: Week47) -> None:
    october(shop)
    assert reads(shop).context[-1] == "One decision is to be taken: it comes first next month."
    assert decides(shop).form is not None
    assert set(decides(shop, what="", by="").errors) == {"what", "by", "owner"}
    assert decides(shop, what="A second till.", by="15 Nov").errors == {"owner": "Please say who sees to it."}
    reply = decides(shop, what="A second till from ten", by="by 15 Nov", owner="Ben")
    assert reply.text == "Decided. It comes first in next month's review."
    assert shop.card(f"month:{row(shop).id}:1").context[-1] == (
        "Decided: A second till from ten (Ben, by 15 Nov). It comes first next month."
    )
    december = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
    card = reads(shop, december, "2026-11")
    assert card.context[0] == ("Decided last month: A second till from ten (Ben, by 15 Nov). Nobody has said yet how it went.")
    assert [button.label for button in card.buttons] == ["Decide…", "How did it go…"]
    assert decides(shop, "say_how_it_went", "2026-11").form is not None
    assert decides(shop, "say_how_it_went", "2026-11", went="perhaps").errors
    decides(shop, "say_how_it_went", "2026-11", went="not", how="No till to be had.")
    card = shop.card(f"month:{row(shop, '2026-11').id}:1")
    assert card.context[0] == "Decided last month: A second till from ten (Ben, by 15 Nov). Not done. No till to be had."
    assert [button.label for button in card.buttons] == ["Decide…"]
    assert reads(shop, datetime(2027, 1, 4, 8, tzinfo=UTC), "2026-12").context[0] == "Last month nothing was decided."


def test_what_was_said_stays_though_more_is_known_later(shop: Week47) -> None:
    october(shop)
    before = reads(shop).context[0]
    loses(shop, 5)
    assert shop.card(f"month:{row(shop).id}:1").context[0] == before


def test_whoever_is_erased_is_gone_from_it_in_words_and_stays_in_the_numbers(shop: Week47) -> None:
    october(shop)
    before = reads(shop)
    presses(shop, "called", 4)
    presses(shop, "call_note", 4, note="Dana was kind.")
    keys = [f"{kind}:{row(shop).id}:1" for kind in ("month", "calls")]
    told = [str(shop.card(key)) for key in keys]
    assert all("Words of 4" in each for each in told)
    assert "Dana was kind" in told[1]
    shop.store.write_sync(erase.erase, "c-4", shop.now)
    for key in keys:
        assert "Words of 4" not in str(shop.card(key))
        assert "Dana was kind" not in str(shop.card(key))
    assert shop.card(keys[0]).context[0] == before.context[0]


def forgets(shop: Week47, days: int) -> None:
    while shop.store.write_sync(forget.forget, Retention(notes=timedelta(days=days)), OSLO, shop.now):
        pass


def two_decisions(shop: Week47) -> list[str]:
    """Decides in November and in December, and says in December how the first went. Returns the keys of both reviews."""
    october(shop)
    reads(shop)
    decides(shop, what="Ring Dana Reyes each quarter", by="June", owner="Ben")
    reads(shop, datetime(2026, 12, 1, 8, 0, tzinfo=UTC), "2026-11")
    decides(shop, "say_how_it_went", "2026-11", went="done", how="Mrs Reyes was glad.")
    decides(shop, period="2026-11", what="A second till from ten", by="15 Dec", owner="Ben")
    return [f"month:{row(shop, period).id}:1" for period in ("2026-10", "2026-11")]


def test_an_erased_customer_stands_in_no_decision_and_in_nothing_that_came_of_it(shop: Week47) -> None:
    keys = two_decisions(shop)
    shop.hears(Feedback(id="r-9", metric="nps", score=1, customer=Customer(key="c-77", name="Dana Reyes")))
    assert all("Reyes" in str(shop.card(key)) for key in keys)
    gone = shop.store.write_sync(erase.erase, "c-77", shop.now)
    assert set(keys) <= set(gone.keys), "the review and the next one, which repeats it"
    assert not any("Reyes" in str(shop.card(key)) for key in keys)
    assert shop.card(keys[1]).context[0] == "Decided last month: (erased) (Ben, by June). Done. (erased)"
    assert shop.card(keys[1]).context[-1].startswith("Decided: A second till from ten (Ben, by 15 Dec).")


def test_decisions_are_forgotten_with_other_notes_each_in_its_time(shop: Week47) -> None:
    keys = two_decisions(shop)
    forgets(shop, 20)
    assert [set(row(shop, period).choices) for period in ("2026-10", "2026-11")] == [set(), {"decision", "went"}]
    assert "Reyes each quarter" not in str([shop.card(key) for key in keys])
    shop.passes(days=21)
    decides(shop, period="2026-11", what="Two tills.", by="June", owner="Ben")
    forgets(shop, 20)
    assert set(row(shop, "2026-11").choices) == {"decision"}, "it is new, though its review is old"
    shop.passes(days=21)
    forgets(shop, 20)
    assert row(shop, "2026-11").choices == {}
    assert shop.card(keys[1]).context[-1] == "One decision is to be taken: it comes first next month."


def test_the_log_of_a_case_can_still_be_replayed(shop: Week47) -> None:
    october(shop)
    reads(shop)
    presses(shop, "called", 3)
    life = shop.store.read_sync(log.life, 3)
    replayed = log.replay(life)
    assert replayed["lost_at"] == shop.row(3).lost_at
