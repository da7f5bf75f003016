"""Every figure of a post leads to the list behind it, privately."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from handlers.cards import Button, Card, Reply
from handlers.commands import answer
from handlers.company import Company
from handlers.digests import figure_lists
from handlers.feedback import Customer
from handlers.ladder import Role
from handlers.rules import When
from storage import digests, nudges
from tests.conftest import ANA, BEN, LEA, Shop, person
from tests.digests.week47 import KEY, MONDAY, NEXT, Week47


@pytest.fixture
def shop(shop_of: Callable[[Company], Shop], company: Company) -> Week47:
    shop = Week47(shop_of(company).store, company, MONDAY)
    shop.leader()
    return shop


def leaders_post(shop: Week47) -> Card:
    shop.ticks(NEXT)
    row = shop.store.read_sync(digests.by_period, "leader", "1", "2026-W47")
    return shop.card(f"leader:{row.id}:1")


def button(card: Card, label: str) -> Button:
    return next(each for each in (*card.buttons, *card.menu) if each.label == label)


def opens(shop: Week47, card: Card, label: str, who: Any = LEA) -> Reply:
    pressed = button(card, label)
    target: Any = pressed.target
    return shop.tap(pressed.verb, who, target)


def numbers(reply: Reply) -> list[str]:
    return [card.footer.split(" ")[0] for card in reply.cards if card.footer]


def a_week(shop: Week47) -> None:
    """One in time, one late, one not reached, one who waits, one dismissed, one content."""
    shop.done(1, cause="waiting time", customer=Customer(key="c-1"))
    for n in (2, 3, 4, 5):
        shop.says(2, f"Customer {n} is cross.")
    shop.tap("claim", BEN, 3)
    shop.tap("close", BEN, 3, outcome="unreachable", done="Rang twice.", cause="other")
    shop.tap("dismiss", ANA, 5, reason="test")
    shop.passes(days=3)
    shop.tap("claim", BEN, 2)
    shop.tap("close", BEN, 2, outcome="fixed", done="Rang.", cause="waiting time")
    shop.says(9, "Lovely.", customer=Customer(key="c-1"))


def test_a_customer_with_two_cases_is_one_at_risk_and_one_in_the_list(shop: Week47) -> None:
    for _twice in range(2):
        shop.says(2, "Cold.", customer=Customer(key="c-1", value=500, currency="NOK"))
    reply = opens(shop, leaders_post(shop), "At risk (1)")
    assert reply.text == "Customers with an open case and a known value, the most valuable first: 1."
    assert numbers(reply) == ["#1"]


def test_every_figure_of_the_weekly_post_leads_to_its_list(shop: Week47) -> None:
    a_week(shop)
    shop.ticks(NEXT)
    post = shop.card(KEY)
    assert [each.label for each in post.menu] == [
        "All who told us (4)", "In time (1)", "Later (1)", "No contact noted (1)", "Past our promise (1)", "All answers (6)",
        "Waiting time (2)", "What is counted", "Huddle notes",
    ]  # fmt: skip
    listed = {each.label: numbers(opens(shop, post, each.label, BEN)) for each in post.menu}
    assert listed == {
        "All who told us (4)": ["#1", "#2", "#3", "#4"],
        "In time (1)": ["#1"],
        "Later (1)": ["#2"],
        "No contact noted (1)": ["#3"],
        "Past our promise (1)": ["#4"],
        "All answers (6)": [],
        "Waiting time (2)": ["#1", "#2"],
        "What is counted": [],
        "Huddle notes": [],
    }
    answers = opens(shop, post, "All answers (6)", BEN)
    assert (answers.text, len(answers.cards)) == ("Answers that arrived: 6.", 6)
    assert answers.cards[-1].quote == "Lovely."


def test_every_figure_of_the_leaders_post_leads_to_its_list(shop: Week47) -> None:
    a_week(shop)
    shop.says(2, "Ana was rude.", customer=Customer(key="c-6", value=900, currency="NOK"))
    shop.tap("claim", ANA, 6)
    shop.closes(ANA, 6)
    shop.says(1, "Worth a lot.", customer=Customer(key="c-7", value=48000, currency="NOK"))
    shop.says(1, "Gone.", customer=Customer(key="c-8", value=100, currency="NOK"))
    shop.tap("lost", LEA, 8, cause="other")
    shop.tap("reopen", LEA, 2)
    post = leaders_post(shop)
    listed = {each.label: numbers(opens(shop, post, each.label)) for each in post.menu}
    assert listed == {
        "All who told us (7)": ["#1", "#2", "#3", "#4", "#6", "#7", "#8"],
        "In time (2)": ["#1", "#6"],
        "No contact noted (1)": ["#3"],
        "No word yet (4)": ["#2", "#4", "#7", "#8"],
        "Past our promise (4)": ["#2", "#4", "#7", "#8"],
        "Answered again (1)": ["#1"],
        "Opened again (1)": ["#2"],
        "Dismissed (1)": ["#5"],
        "Not confirmed (1)": ["#6"],
        "At risk (2)": ["#7", "#8"],
        "Recovered (1)": ["#1"],
        "Lost (1)": ["#8"],
        "All answers (9)": [],
        "Other (2)": ["#3", "#6"],
        "Waiting time (1)": ["#1"],
        "What is counted": [],
    }


def test_whose_promise_still_runs_and_whom_we_let_wait_past_it_are_two_lists_of_the_weekly_post(shop: Week47) -> None:
    shop.says(2, "Slow.")
    shop.now = NEXT - timedelta(days=3)
    shop.says(2, "Slower.")
    shop.tap("claim", BEN, 2)
    shop.ticks(NEXT)
    post = shop.card(KEY)
    assert "1 can still hear from us in time; 1 still waits past our promise" in post.context[0]
    assert numbers(opens(shop, post, "Still has time (1)", BEN)) == ["#2"]
    assert numbers(opens(shop, post, "Past our promise (1)", BEN)) == ["#1"]
    shop.now = NEXT + timedelta(days=3)
    assert numbers(opens(shop, post, "Past our promise (1)", BEN)) == ["#1", "#2"]


def test_a_long_list_is_read_page_by_page_and_says_so(shop: Week47) -> None:
    for n in range(23):
        shop.says(2, f"Customer {n + 1}.")
    shop.ticks(NEXT)
    page = opens(shop, shop.card(KEY), "All who told us (23)")
    assert page.text == "Customers who told us that we let them down: 23. These are 1 to 10."
    assert numbers(page) == [f"#{n}" for n in range(1, 11)]
    page = opens(shop, page.cards[-1], "Show the next 10")
    assert page.text.endswith("These are 11 to 20.")
    assert numbers(page) == [f"#{n}" for n in range(11, 21)]
    page = opens(shop, page.cards[-1], "Show the next 3")
    assert page.text.endswith("These are 21 to 23.")
    assert numbers(page) == ["#21", "#22", "#23"]


def test_a_list_says_openly_what_changed_since_the_post(shop: Week47) -> None:
    a_week(shop)
    shop.ticks(NEXT)
    post = shop.card(KEY)
    shop.tap("dismiss", ANA, 4, reason="test")
    reply = opens(shop, post, "Past our promise (1)")
    assert reply.text == (
        "Customers of that week who wait longer than we promised: nobody now. "
        "The post said 1; what arrived or changed since makes the difference."
    )


def test_a_leaders_lists_are_read_by_nobody_else(shop: Week47) -> None:
    a_week(shop)
    post = leaders_post(shop)
    for each in (each for each in post.menu if each.verb == "show_list"):
        reply = opens(shop, post, each.label, ANA)
        assert reply == Reply("This list does not belong to a post written to you or to a team here, so nothing is shown.")


def test_a_post_without_figures_has_no_list(shop: Week47) -> None:
    place = shop.company.teams["oak-street"].channels[0]
    shop.store.write_sync(answer, shop.company, "huddle", ANA, place, shop.now)
    row = shop.store.read_sync(digests.by_period, "huddle", "oak-street", f"{shop.now:%Y-%m-%d}")
    target: Any = f"list:{row.id}:told"
    reply = shop.tap("show_list", ANA, target)
    assert reply == Reply("This list does not belong to a post written to you or to a team here, so nothing is shown.")


def test_whoever_leads_a_team_no_longer_reads_no_list_of_it(shop: Week47) -> None:
    a_week(shop)
    post = leaders_post(shop)
    shop.leader(BEN)
    assert opens(shop, post, "In time (1)").cards == ()


def test_what_only_a_leader_reads_is_in_no_list_of_the_channel(shop: Week47) -> None:
    a_week(shop)
    shop.ticks(NEXT)
    for name in ("dismissed", "unconfirmed", "lost", "at_risk", "reopened", "again", "recovered", "unscored"):
        target: Any = f"list:{shop.post().id}:{name}"
        assert shop.tap("show_list", BEN, target).cards == ()
    stranger = person("eve", workspace="T9")
    assert opens(shop, shop.card(KEY), "In time (1)", stranger).cards == ()


@pytest.mark.parametrize("end", ["", ":", ":told:x", ":told:-1", ":nonsense", ":cause-99", ":cause-", ":told:1:2", ":told:99999"])
def test_a_forged_list_is_answered(shop: Week47, end: str) -> None:
    a_week(shop)
    shop.ticks(NEXT)
    target: Any = f"list:{shop.post().id}{end}"
    reply = shop.tap("show_list", BEN, target)
    assert reply.text
    assert end == ":told:99999" or reply.cards == ()


def test_every_label_fits_on_a_button_whatever_the_cause_and_the_number(shop: Week47) -> None:
    named = {"somebody was rude to the customer on the telephone": 12345, "": 3}
    counted = dict.fromkeys(figure_lists.titles(), 1_000_000)
    for each in figure_lists.menu(10**9, counted, named, list(named)):
        assert len(each.label) <= 24
        assert len(each.spoken) <= 75


def test_what_is_counted_is_said_in_words(shop: Week47) -> None:
    a_week(shop)
    text = opens(shop, leaders_post(shop), "What is counted").text
    assert "In time: somebody took it within the promise to claim" in text
    assert "under 30 answers it is too few to compare" in text


def leads_elm_too(shop: Week47) -> None:
    """Lea leads a second team, which gets what is tagged `elm`."""
    elm = shop.company.teams["oak-street"].model_copy(update={"name": "elm", "title": "Elm"})
    to_elm = shop.company.routes[0].model_copy(
        update={"name": "elm", "team": "elm", "when": When(band=("detractor",), tag=("elm",))}
    )
    teams = {**shop.company.teams, "elm": elm}
    shop.company = shop.company.model_copy(update={"teams": teams, "routes": (to_elm, *shop.company.routes)})
    shop.store.write_sync(nudges.put_on_duty, "elm", Role.LEADER, [1])


def test_those_who_wait_are_listed_the_longest_waiting_first_over_all_teams(shop: Week47) -> None:
    leads_elm_too(shop)
    shop.done(1)
    shop.says(2, "Waits since Monday.")
    shop.passes(hours=1)
    shop.says(2, "Waits since an hour later.", tags=("elm",))
    shop.now = MONDAY + timedelta(days=4)
    shop.tap("reopen", ANA, 1)
    card = leaders_post(shop)
    target: Any = f"list:{card.menu[0].target.split(':')[1]}:waiting_now"  # type: ignore[union-attr]
    reply = shop.tap("show_list", LEA, target)
    assert reply.text == "Customers who wait for a word from us now, the longest waiting first: 3."
    assert numbers(reply) == ["#2", "#3", "#1"]


def test_a_cause_leads_to_its_own_cases_also_where_one_leads_fewer_teams_since(shop: Week47) -> None:
    leads_elm_too(shop)
    shop.done(1, cause="other")
    for n in (2, 3):
        shop.done(n, cause="waiting time", tags=("elm",))
    card = leaders_post(shop)
    shop.store.write_sync(nudges.put_on_duty, "elm", Role.LEADER, [])
    assert opens(shop, card, "Waiting time (2)").text == "Closed cases with the cause “waiting time”: nobody now."
    other = opens(shop, card, "Other (1)")
    assert (other.text, numbers(other)) == ("Closed cases with the cause “other”: 1.", ["#1"])
