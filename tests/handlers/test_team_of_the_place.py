"""A route leads to the team of the place that an answer names: when it comes, in what ops read and make in chat, and in posts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from handlers.arranged.sources import send_test
from handlers.arrivals.customers import know
from handlers.calendar.duration import Duration
from handlers.calendar.hours import OpeningHours
from handlers.calendar.promise import Promise
from handlers.company import Company
from handlers.digests import digest
from handlers.feedback import Customer, Moment, Place
from handlers.places import TeamOf
from handlers.rules import Route, When
from handlers.situation import Tap
from handlers.survey_tools import Source
from storage import feedback
from tests.conftest import OSLO, Shop, said
from tests.handlers.test_arrangements import HARBOUR, KIM, Desk, desk

__all__ = ["desk"]

UNHAPPY = When(band=("detractor", "unscored"))
THE_SHOP = Route(name="the shop", when=UNHAPPY, team_of=TeamOf.TOUCHPOINT, written="app.yaml:20")
THEIR_SHOP = Route(name="their shop", when=UNHAPPY, team_of=TeamOf.LOCATION, written="app.yaml:21")
WINS = Route(name="wins", when=When(band=("promoter",)), team_of=TeamOf.TAG, moment=Moment.RELATIONSHIP, wins=True)
QUAY = {"name": "quay", "title": "Old Quay", "places": ("0413",), "channels": (Place.parse("slack:C2"),), "written": "app.yaml:15"}


def with_places(company: Company, *routes: Route, **of_quay: Any) -> Company:
    """Oak Street, which is also head office, and the quay; with these routes before the one that takes the rest."""
    oak = company.teams["oak-street"]
    teams = {"oak-street": oak.model_copy(update={"places": ("0412",)}), "quay": oak.model_copy(update=QUAY | of_quay)}
    return company.model_copy(update={"teams": teams, "routes": (*routes, *company.routes)})


@pytest.fixture
def chain(desk: Desk) -> Desk:
    desk.base = with_places(desk.base, THE_SHOP)
    desk._catch_up()
    return desk


def test_each_place_leads_to_its_own_team_and_its_channel(chain: Desk) -> None:
    shop = chain.shop
    receipts = shop.hears(
        *(said(str(n), touchpoint=place) for n, place in enumerate(("0413", "OLD  quay", "0412", "Mill Lane", None)))
    )
    assert [(shop.row(n).team, shop.row(n).route) for n in range(1, 6)] == [
        ("quay", "the shop"),
        ("quay", "the shop"),
        ("oak-street", "the shop"),
        ("oak-street", "everyone"),
        ("oak-street", "everyone"),
    ]
    assert [receipt.unplaced for receipt in receipts] == [False, False, False, True, False]
    assert shop.card("card:1").footer.endswith("the shop")


def test_a_happy_customer_is_one_of_the_places_team_although_no_route_asks_for_a_reply(chain: Desk) -> None:
    [receipt] = chain.shop.hears(said("happy", 10, touchpoint="0413"))
    assert (receipt.routed, receipt.unplaced) == (False, False)
    assert chain.shop.store.read_sync(feedback.first_by_team).keys() == {"quay"}


def test_the_directory_may_tell_where_a_customer_usually_is(shop: Shop, company: Company) -> None:
    shop.company = with_places(company, THEIR_SHOP, Route(name="at the mill", when=When(location=("mill lane",)), team="quay"))
    known = [Customer(key="c-1", location="Old Quay"), Customer(key="c-2", location="Mill Lane")]
    shop.store.write_sync(know, known, shop.now)
    [one, two, three] = shop.hears(*(said(key, customer=Customer(key=key)) for key in ("c-1", "c-2", "c-3")))
    assert [(shop.row(n).team, shop.row(n).route) for n in (1, 2, 3)] == [
        ("quay", "their shop"),
        ("quay", "at the mill"),
        ("oak-street", "everyone"),
    ]
    assert [each.unplaced for each in (one, two, three)] == [False, True, False]


def test_a_late_update_of_a_happy_answer_opens_a_card_with_the_team_of_its_place(chain: Desk) -> None:
    chain.shop.hears(said("r-1", 10, touchpoint="0413"))
    chain.shop.hears(said("r-1", 2, touchpoint="0413"))
    assert (chain.shop.row().team, chain.shop.row().route) == ("quay", "the shop")


def test_a_case_stays_with_its_team_when_the_place_is_corrected_and_its_card_tells_the_new_one(chain: Desk) -> None:
    chain.shop.hears(said("a", touchpoint="0412"))
    chain.shop.hears(said("a", touchpoint="0413"))
    assert (chain.shop.row().team, chain.shop.row().route) == ("oak-street", "the shop")
    assert "0413" in str(chain.shop.card("card:1"))


def test_wins_are_told_by_the_team_of_each_place(shop: Shop, company: Company) -> None:
    shop.company = with_places(company, WINS)
    shop.hears(
        said("r-1", 10, "Lovely.", tags=("vip", "0413")), said("r-2", 10, "Quick.", tags=("oak-street",)), said("r-3", 10, "Warm.")
    )
    shop.passes(days=3)
    shop.store.write_sync(digest.send_digests, shop.company, shop.now)
    wanted = shop.keys()
    told = {key.split(":")[1]: str(shop.card(key)) for key in wanted if key.startswith("wins:")}
    assert {team: [words for words in ("Lovely", "Quick", "Warm") if words in card] for team, card in told.items()} == {
        "quay": ["Lovely"],
        "oak-street": ["Quick"],
    }


# In chat


def test_routes_of_app_yaml_are_told_with_where_they_lead(chain: Desk) -> None:
    at_the_quay = THEIR_SHOP.model_copy(update={"name": "b", "when": When(location=("Old Quay",))})
    chain.base = chain.base.model_copy(
        update={"routes": (*chain.base.routes, WINS.model_copy(update={"written": "x:1"}), at_the_quay)}
    )
    chain._catch_up()
    below = chain.routes().below
    assert below[0] == "the shop → the team of the touchpoint: unhappy customers or words without a score (app.yaml:20)"
    assert below[2:4] == (
        "wins → the team that a tag names: happy customers (x:1)",
        "b → the team where the customer usually is: usually at Old Quay (app.yaml:21)",
    )


def test_ops_make_a_route_to_the_team_of_the_place_and_change_it(chain: Desk) -> None:
    form = chain.presses(chain.routes(), "Add a route…").form
    assert form is not None
    [where] = [field.options for field in form.fields if field.name == "team"]
    assert [label for _, label in where] == [
        "Oak Street",
        "Old Quay",
        "The team of the touchpoint",
        "The team that a tag names",
        "The team where the customer usually is",
    ]
    filled = {"name": "by tag", "band": "detractor", "moment": "rescue", "team": "of:tag"}
    chain.does(form.verb, form.target, **filled)
    assert "by tag → the team that a tag names: unhappy customers (made in chat)" in chain.routes().items[0].headline
    chain.shop.hears(said("a", tags=("0413",)))
    assert (chain.shop.row().team, chain.shop.row().route) == ("quay", "by tag")
    form = chain.presses(chain.routes(), "Change…").form
    assert form is not None
    assert {field.name: field.value for field in form.fields}["team"] == "of:tag"
    chain.does(form.verb, form.target, **(filled | {"team": "quay"}))
    assert chain.shop.company.routes[0].team == "quay"
    assert "team" in chain.does("route_add", "route:new", **(filled | {"name": "x", "team": "of:weather"})).errors


def test_a_team_made_in_chat_is_found_by_its_title_and_told_that_its_customers_come(chain: Desk) -> None:
    reply = chain.sets_up(tag="")
    assert reply.cards[0].context[0] == "The next unhappy customer whose feedback comes here is shown as a card."
    chain.shop.hears(said("a", touchpoint="HARBOUR"))
    assert chain.shop.row().team == "harbour"
    assert chain.shop.company.teams["harbour"].channels == (HARBOUR,)


def test_no_team_made_in_chat_gets_a_title_by_which_another_team_is_found(chain: Desk) -> None:
    form = chain.sets_up(title="OLD  Quay", tag="")
    assert form.errors == {"title": "Answers that name OLD  Quay go to Old Quay already. Please choose another title."}
    assert "0413" in chain.sets_up(title="0413", tag="").errors["title"]
    assert chain.shop.company.teams.keys() == {"oak-street", "quay"}
    chain.sets_up(tag="")
    assert chain.sets_up(title="HARBOUR", tag="").cards, "its own"
    chain.base = with_places(chain.base.model_copy(update={"routes": ()}), THE_SHOP, places=("harbour",))
    chain._catch_up()
    assert chain.sets_up(title="HARBOUR", tag="", claim="1h").cards, "it had the title before, and something else is changed"


def test_without_a_route_to_the_team_of_a_place_teams_may_have_one_title(desk: Desk) -> None:
    assert desk.sets_up(title="Oak Street").cards


def test_of_many_teams_the_one_to_which_a_route_leads_stands_in_its_form(chain: Desk) -> None:
    oak = chain.base.teams["oak-street"]
    many = {f"shop-{n}": oak.model_copy(update={"name": f"shop-{n}", "title": f"Shop {n}"}) for n in range(200)}
    chain.base = chain.base.model_copy(update={"teams": {**chain.base.teams, **many}})
    chain._catch_up()
    chain.does("route_add", "route:new", name="far", band="detractor", moment="rescue", team="shop-199")
    form = chain.presses(chain.routes(), "Change…").form
    assert form is not None
    [where] = [field for field in form.fields if field.name == "team"]
    assert (where.options[0], where.value, len(where.options)) == (("shop-199", "Shop 199"), "shop-199", 100)


def test_a_test_of_a_source_goes_to_a_place_where_no_other_route_takes_it(desk: Desk) -> None:
    asks = THE_SHOP.model_copy(update={"when": When(touchpoint=("Mill Lane", "0413"))})
    desk.base = with_places(desk.base, asks).model_copy(
        update={"routes": (asks,), "sources": {"survey": Source("plain", "app.yaml:9")}}
    )
    desk._catch_up()
    reply = desk.shop.store.write_sync(send_test, desk.shop.company, Tap("send_test", "source:survey", KIM, desk.shop.now))
    assert reply.text.startswith("A test went to Old Quay, by the route the shop.")


def test_status_tells_which_places_no_team_is_called_until_one_is(chain: Desk) -> None:
    def told() -> list[str]:
        [card] = chain.types("status").cards
        return [line for line in card.context if "no team is called" in line]

    chain.shop.hears(said("fine", touchpoint="0413"), said("none"), said("happy", 10, touchpoint="Old Qay"))
    assert told() == []
    chain.shop.hears(said("a", touchpoint="Old Qay"))
    one = "One answer of the last 7 days, unhappy or without a score, is of a place that no team is called: “Old Qay”."
    assert told() == [one]
    chain.shop.hears(*(said(f"b{n}", touchpoint=place) for n, place in enumerate(("Old Qay", "Mill", "Elm", "Ash"))))
    several = "5 answers of the last 7 days, unhappy or without a score, are of places that no team is called: "
    assert told() == [several + "“Old Qay” (2), “Mill”, “Elm”, 1 more."]
    chain.base = with_places(
        chain.base.model_copy(update={"routes": chain.base.routes[1:]}), THE_SHOP, places=("0413", "Old Qay", "Mill", "elm", "ash")
    )
    chain._catch_up()
    assert told() == [], "what was mended is told no more"
    chain.shop.passes(days=8)
    chain.base = with_places(chain.base.model_copy(update={"routes": chain.base.routes[1:]}), THE_SHOP)
    chain._catch_up()
    assert told() == []


def test_an_unknown_place_counts_alike_in_status_and_metric_whichever_route_takes_the_answer(chain: Desk) -> None:
    by_tag = Route(name="by tag", when=UNHAPPY, team_of=TeamOf.TAG, written="app.yaml:21")
    chain.base = with_places(chain.base.model_copy(update={"routes": chain.base.routes[1:]}), by_tag, THE_SHOP, THEIR_SHOP)
    chain._catch_up()
    receipts = chain.shop.hears(
        said("a", touchpoint="Old Qay", customer=Customer(key="c-1", location="Old Quay")),
        said("b", touchpoint="Old Qay", tags=("0413",)),
        said("c", touchpoint="Old Quay"),
        said("d", touchpoint="Mill Lane"),
    )
    assert [chain.shop.row(n).route for n in range(1, 5)] == ["their shop", "by tag", "the shop", "everyone"]
    assert [receipt.unplaced for receipt in receipts] == [True, False, False, True]
    [card] = chain.types("status").cards
    [told] = [line for line in card.context if "no team is called" in line]
    assert told.startswith("2 answers")
    assert "“Old Qay”" in told


def test_a_promise_of_the_route_counts_the_hours_of_the_team_that_was_found(chain: Desk) -> None:
    quick = THE_SHOP.model_copy(update={"promise": Promise(claim=Duration.parse("1h"), close=Duration.parse("1d"))})
    always = OpeningHours.build("always", OSLO)
    chain.shop.company = with_places(chain.base.model_copy(update={"routes": chain.base.routes[1:]}), quick, hours=always)
    chain.shop.passes(hours=12)  # Oak Street is closed by then
    chain.shop.hears(said("a", touchpoint="0413"), said("b", touchpoint="0412"))
    at_the_quay, at_oak_street = chain.shop.row(1), chain.shop.row(2)
    assert at_the_quay.claim_by == chain.shop.now + timedelta(hours=1)
    assert at_oak_street.claim_by > at_the_quay.claim_by + timedelta(hours=12)
