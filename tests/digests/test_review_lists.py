"""Every figure of the monthly review leads to the list behind it, privately."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from handlers.cards import Button, Card, Reply
from handlers.company import Company
from handlers.forgetting import erase
from handlers.ladder import Role
from handlers.reviews import review_lists
from handlers.team import Team
from storage import nudges, people
from tests.conftest import ANA, BEN, LEA, Shop, person
from tests.digests.test_review import DUE, OCTOBER, customer, leads, loses, october, reads, row, two_are_recovered
from tests.digests.week47 import Week47

NOT_YOURS = "This list does not belong to a post written to you or to a team here, so nothing is shown."


@pytest.fixture
def shop(shop_of: Callable[[Company], Shop], company: Company, team: Team) -> Week47:
    """Lea leads both teams, and all that is not tagged is told to the first."""
    pier = team.model_copy(update={"name": "pier", "title": "Pier"})
    two = company.model_copy(update={"teams": {"oak-street": company.teams["oak-street"], "pier": pier}})
    shop = Week47(shop_of(two).store, two, OCTOBER)
    leads(shop, LEA, "oak-street", "pier")
    return shop


def opens(shop: Week47, card: Card, label: str, who: Any = LEA) -> Reply:
    pressed = next(each for each in (*card.buttons, *card.menu) if each.label == label)
    return press(shop, pressed, who)


def press(shop: Week47, pressed: Button, who: Any = LEA) -> Reply:
    target: Any = pressed.target
    return shop.tap(pressed.verb, who, target)


def asks(shop: Week47, name: str, who: Any = LEA) -> Reply:
    target: Any = f"list:{row(shop).id}:{name}"
    return shop.tap("show_list", who, target)


def numbers(reply: Reply) -> list[str]:
    return [card.footer.split(" ")[0] for card in reply.cards if card.footer]


def test_every_figure_of_the_review_leads_to_its_list(shop: Week47) -> None:
    october(shop)
    post = reads(shop)
    listed = {each.label: numbers(press(shop, each)) for each in post.menu}
    assert listed == {
        "All unhappy (6)": ["#1", "#3", "#4", "#5", "#6", "#8"],
        "Recovered (1)": ["#1"],
        "Kept but not happy (1)": ["#8"],
        "Lost (2)": ["#3", "#4"],
        "Unknown (2)": ["#5", "#6"],
        "Contacted in time (1)": ["#3"],
        "No contact noted (1)": ["#4"],
        "Rota made in May (1)": ["#3"],
        "Waiting time (1)": ["#4"],
        "What is counted": [],
    }
    assert opens(shop, post, "Lost (2)").text == "Customers who left: 2."
    assert opens(shop, post, "Rota made in May (1)").text == "Customers who left because of “rota made in May”: 1."


def test_all_causes_lead_to_their_cases_also_the_rare_ones_and_those_nobody_said(shop: Week47) -> None:
    for n in range(1, 9):
        shop.says(2, "Bad.", customer=customer(n))
    for n, why in ((1, "till"), (2, "Till"), (3, "rota"), (4, "queue"), (5, "music"), (6, "light")):
        loses(shop, n, cause="other", whys=why)
    post = reads(shop)
    whys = {each.label: numbers(press(shop, each)) for each in post.menu if ":why-" in str(each.target)}
    assert whys == {
        "Till (2)": ["#1", "#2"],
        "Light (1)": ["#6"],
        "Music (1)": ["#5"],
        "Something else (2)": ["#3", "#4"],
    }
    [line] = [line for line in post.context if line.startswith("Why they left")]
    assert line.endswith("; 2 × something else.")


def test_a_case_closed_as_lost_late_is_behind_contacted_late_and_its_cause(shop: Week47) -> None:
    shop.says(2, "Bad.", customer=customer(1))
    shop.passes(days=6)
    shop.tap("claim", BEN, 1)
    shop.tap("contacted", BEN, 1)
    shop.tap("close", BEN, 1, outcome="lost", done="Rang; they went.", cause="other")
    post = reads(shop)
    assert numbers(opens(shop, post, "Contacted late (1)")) == ["#1"]
    assert numbers(opens(shop, post, "Other (1)")) == ["#1"]


def test_whoever_came_back_before_is_a_list_where_their_value_is_left_out(shop: Week47) -> None:
    two_are_recovered(shop)
    post = reads(shop)
    assert numbers(opens(shop, post, "Recovered (2)")) == ["#2", "#3"]
    assert numbers(opens(shop, post, "Came back before (1)")) == ["#2"]


def test_a_long_list_is_read_page_by_page(shop: Week47) -> None:
    for n in range(13):
        shop.says(2, f"Customer {n + 1}.")
    page = opens(shop, reads(shop), "Unknown (13)")
    assert page.text == "Customers who never answered again, so that nobody knows: 13. These are 1 to 10."
    page = opens(shop, page.cards[-1], "Show the next 3")
    assert numbers(page) == ["#11", "#12", "#13"]


def test_a_list_says_todays_number_where_it_differs_from_what_was_said(shop: Week47) -> None:
    october(shop)
    post = reads(shop)
    loses(shop, 5, cause="waiting time")
    changed = "The post said {n}; what arrived or changed since makes the difference."
    assert opens(shop, post, "Lost (2)").text == "Customers who left: 3. " + changed.format(n=2)
    assert numbers(opens(shop, post, "Unknown (2)")) == ["#6"]
    assert opens(shop, post, "Waiting time (1)").text == ("Customers who left because of “waiting time”: 2. " + changed.format(n=1))


def test_a_causes_button_still_leads_to_its_cause_when_the_causes_changed_places(shop: Week47) -> None:
    for n in range(1, 6):
        shop.says(2, "Bad.", customer=customer(n))
    loses(shop, 1, cause="waiting time")
    loses(shop, 2, cause="waiting time")
    loses(shop, 3, cause="other")
    post = reads(shop)
    for n in (4, 5):
        loses(shop, n, cause="other")
    assert numbers(opens(shop, post, "Waiting time (2)")) == ["#1", "#2"]
    assert numbers(opens(shop, post, "Other (1)")) == ["#3", "#4", "#5"]


def test_the_lists_of_a_review_are_read_by_nobody_else(shop: Week47) -> None:
    leads(shop, BEN, "oak-street")
    october(shop)
    post = reads(shop)
    for each in (each for each in post.menu if each.verb == "show_list"):
        for who in (ANA, BEN, person("lea", workspace="T9")):
            assert press(shop, each, who) == Reply(NOT_YOURS)


def test_whoever_leads_a_team_no_longer_reads_nobody_of_it_and_is_told_no_wrong_difference(shop: Week47) -> None:
    october(shop)
    post = reads(shop)
    stays(shop, "oak-street", BEN)
    assert opens(shop, post, "Lost (2)").text == "Customers who left: nobody now."
    assert asks(shop, "why-3").text == "There is no such list in this post."
    stays(shop, "pier", BEN)
    assert opens(shop, post, "Lost (2)") == Reply(NOT_YOURS)


def stays(shop: Week47, team: str, who: Any) -> None:
    """From now on only this person leads it."""

    def put(tx: Any) -> None:
        id = people.ensure(tx, who.chat, who.workspace, who.user_id, who.name).id
        nudges.put_on_duty(tx, team, Role.LEADER, [id])

    shop.store.write_sync(put)


@pytest.mark.parametrize(
    "name", ["", "nonsense", "in_time", "why-", "why-99", "why-x", "why-1", "cause-0", "contacted_", "at_risk"]
)
def test_a_forged_list_of_a_review_is_answered_and_shows_nobody(shop: Week47, name: str) -> None:
    october(shop)
    reads(shop)
    assert asks(shop, name) == Reply("There is no such list in this post.")


def test_whoever_was_erased_stands_in_no_words_of_a_list(shop: Week47) -> None:
    october(shop)
    post = reads(shop)
    assert "Words of 4" in str(opens(shop, post, "No contact noted (1)"))
    shop.store.write_sync(erase.erase, "c-4", shop.now)
    assert "Words of 4" not in str(opens(shop, post, "No contact noted (1)"))


def test_what_a_review_counts_is_said_in_words_and_not_what_a_week_does(shop: Week47) -> None:
    october(shop)
    text = opens(shop, reads(shop), "What is counted").text
    for word in ("Unhappy:", "Recovered:", "Kept but not happy:", "Unknown:", "Lost:", "Contacted in time:", "Why they left:"):
        assert word in text
    assert "Answered again" not in text


def test_every_label_of_a_review_fits_on_a_button_and_names_nobody(shop: Week47) -> None:
    counted = dict.fromkeys(review_lists.titles(), 123)
    chains = {1: ("waiting time", "nobody ever answered the telephone at the counter " * 3), 2: ("",)}
    labels = [each.label for each in review_lists.menu(10**9, counted, chains)]
    assert all(len(label) <= 24 for label in labels)
    assert all(len(each.spoken) <= 75 for each in review_lists.menu(10**9, counted, chains))
    assert "Kept but not happy (123)" in labels
    assert "No cause said (1)" in labels


def test_a_review_of_nobody_has_only_what_is_counted(shop: Week47) -> None:
    shop.now = OCTOBER - timedelta(days=40)
    shop.says(9, "Fine.")
    assert [each.label for each in reads(shop, DUE).menu] == ["What is counted"]
