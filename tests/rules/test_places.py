"""A route to the team of the place: it takes what a plain route for each place would take, and sends it to the place's team."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.calendar.duration import Duration
from handlers.calendar.hours import OpeningHours
from handlers.calendar.promise import Promise
from handlers.company import Company, People
from handlers.feedback import Band, Feedback, Place
from handlers.matching import same
from handlers.places import TeamOf
from handlers.rules import Route, When, unknown_place
from handlers.team import Team

CALLED = ("oak-street", "Oak Street", "0412", "Elm Road", "STRASSE", "Café")
SPELT = (*CALLED, "oak street", " 0412", "ELM\t ROAD", "straße", "Cafe\u0301", "Mill Lane", "oak")
ELSEWHERE = Route(name="everyone else", team="head-office")


def team(name: str, places: tuple[str, ...] = (), **more: Any) -> Team:
    return Team(
        name=name,
        title=more.pop("title", f"Team {name}"),
        channels=(Place.parse(f"practice:{name}"),),
        hours=OpeningHours.build("always", ZoneInfo("UTC")),
        promise=Promise(claim=Duration.parse("4h"), close=Duration.parse("2d")),
        causes=("other",),
        places=places,
        **more,
    )


def company(teams: list[Team], *routes: Route) -> Company:
    by_name = {each.name: each for each in teams}
    return Company(name="N", timezone=ZoneInfo("UTC"), people=People.NAMES, teams=by_name, routes=routes)


def feedback(where: TeamOf = TeamOf.TOUCHPOINT, place: str | None = None, **more: Any) -> Feedback:
    told: dict[str, Any] = {
        TeamOf.TOUCHPOINT: {"touchpoint": place},
        TeamOf.TAG: {"tags": ("vip", place) if place else ("vip",)},
        TeamOf.LOCATION: {"customer": {"location": place}},
    }[where]
    return Feedback(**({"id": "r", "metric": "nps", "score": 3, "comment": "Waited long."} | told | more))


@st.composite
def chains(draw: st.DrawFn) -> list[Team]:
    """Teams of which no two are called the same."""
    owners = draw(st.lists(st.integers(0, 3), min_size=len(CALLED), max_size=len(CALLED)))
    owned = [tuple(place for place, owner in zip(CALLED, owners, strict=True) if owner == n) for n in range(3)]
    return [team(f"team-{n}", places) for n, places in enumerate(owned)]


WHENS = st.builds(
    When,
    band=st.sampled_from([(), (Band.DETRACTOR,), (Band.PROMOTER,)]),
    touchpoint=st.sampled_from([(), (), ("Elm Road", "Mill Lane"), ("0412",)]),
    location=st.sampled_from([(), (), ("OAK STREET",)]),
    tag=st.sampled_from([(), (), ("vip",)]),
)


@given(chains(), st.lists(st.tuples(WHENS, st.sampled_from([None, *TeamOf])), max_size=4), st.data())
def test_it_equals_the_list_of_plain_routes_one_for_each_place(
    teams: list[Team], asked: list[tuple[When, TeamOf | None]], data: st.DataObject
) -> None:
    short, long = list[Route](), list[Route]()
    for n, (when, team_of) in enumerate(asked):
        if team_of is None:
            plain = Route(name=str(n), when=when, team="head-office")
            short.append(plain)
            long.append(plain)
            continue
        short.append(Route(name=str(n), when=when, team_of=team_of))
        for each in teams:
            for place in each.called:
                long += [Route(name=str(n), when=both, team=each.name) for both in _at(place, team_of, when)]
    where, place = data.draw(st.sampled_from(list(TeamOf))), data.draw(st.none() | st.sampled_from(SPELT))
    said = feedback(where, place, score=data.draw(st.sampled_from([3, 10])))
    for house in (company(teams, *short), company(teams, *short, ELSEWHERE)):
        expanded = company(teams, *long, *house.routes[len(short) :])
        taken, alike = house.route_of(said, "shop"), expanded.route_of(said, "shop")
        assert (taken and (taken.name, taken.team)) == (alike and (alike.name, alike.team))
        assert house.home_of(said, "shop") == expanded.home_of(said, "shop")


def _at(place: str, team_of: TeamOf, when: When) -> list[When]:
    """The same conditions, and that it happened there; none if that cannot be."""
    asked = getattr(when, team_of)
    if not asked or team_of is TeamOf.TAG:  # all answers here have the tag that is asked for
        return [when.model_copy(update={team_of.value: (place,)})]
    return [when.model_copy(update={team_of.value: (each,)}) for each in asked if same((place,), (each,))]


@pytest.mark.parametrize("where", TeamOf)
@pytest.mark.parametrize("place", ["oak-street", "Oak Street", "OAK  STREET ", "0412", "elm road"])
def test_a_teams_name_its_title_and_its_places_count_in_any_case(where: TeamOf, place: str) -> None:
    oak = team("oak-street", ("0412", "Elm  Road"), title="Oak Street")
    house = company([oak, team("harbour")], Route(name="the shop", team_of=where), ELSEWHERE)
    taken = house.route_of(feedback(where, place), "survey")
    assert taken is not None
    assert (taken.name, taken.team) == ("the shop", "oak-street")


@pytest.mark.parametrize("place", [None, "Mill Lane", "oak", "0413"])
def test_what_names_no_team_goes_on_to_the_next_routes(place: str | None) -> None:
    house = company([team("oak-street", ("0412",))], Route(name="the shop", team_of=TeamOf.TOUCHPOINT), ELSEWHERE)
    assert house.route_of(feedback(place=place), "survey") == ELSEWHERE
    assert unknown_place(feedback(place=place), "survey", house.routes, house.places) == place


def test_of_several_tags_the_first_that_is_a_place_counts() -> None:
    house = company([team("harbour"), team("oak-street")], Route(name="the shop", team_of=TeamOf.TAG))
    for tags in (("vip", "oak-street", "harbour"), ("oak-street",)):
        taken = house.route_of(feedback(tags=tags), "survey")
        assert taken is not None
        assert taken.team == "oak-street"
    assert unknown_place(feedback(tags=("vip", "oka-street")), "survey", house.routes, house.places) is None


def test_a_place_is_unknown_only_to_a_route_that_would_have_taken_the_answer() -> None:
    the_shop = Route(name="the shop", when=When(band=(Band.DETRACTOR,)), team_of=TeamOf.TOUCHPOINT)
    first, places = Route(name="first", team="oak-street"), company([team("oak-street")], the_shop).places
    assert unknown_place(feedback(place="Mill Lane", score=10), "survey", (the_shop,), places) is None
    assert unknown_place(feedback(place="Mill Lane"), "survey", (first, the_shop), places) is None
    assert unknown_place(feedback(place="oak-street"), "survey", (the_shop, the_shop), places) is None
    by_tag = Route(name="tagged", team_of=TeamOf.TAG)
    assert unknown_place(feedback(place="Mill Lane", tags=("vip",)), "survey", (by_tag, the_shop), places) == "Mill Lane"


def test_other_teams_and_routes_are_looked_up_anew() -> None:
    house = company([team("oak-street")], Route(name="the shop", team_of=TeamOf.TOUCHPOINT))
    said = feedback(place="Harbour")
    assert (house.route_of(said, "survey"), list(house.named_routes)) == (None, ["the shop"])
    harbour = team("harbour", title="Harbour")
    later = house.model_copy(update={"teams": {**house.teams, "harbour": harbour}, "routes": (*house.routes, ELSEWHERE)})
    taken = later.route_of(said, "survey")
    assert taken is not None
    assert (taken.team, list(later.named_routes)) == ("harbour", ["the shop", "everyone else"])


def test_what_app_yaml_calls_a_place_counts_before_a_team_made_in_chat() -> None:
    in_chat, written = team("shop", title="Oak Street"), team("oak-street", ("Oak Street",), written="app.yaml:5")
    house = company([in_chat, written], Route(name="the shop", team_of=TeamOf.TAG))
    assert house.places["oak street"] == "oak-street"
    assert company([written]).places == {}, "no route looks for one"


def test_it_may_lead_to_each_team_whose_place_it_asks_for() -> None:
    oak, harbour = team("oak-street", ("0412",)), team("harbour")
    assert [Route(name="r", team="harbour").may_lead_to(each) for each in (oak, harbour)] == [False, True]
    for when, led in (
        (When(), [True, True]),
        (When(touchpoint=("0412", "x")), [True, False]),
        (When(location=("x",)), [True, True]),
    ):
        assert [Route(name="r", when=when, team_of=TeamOf.TOUCHPOINT).may_lead_to(each) for each in (oak, harbour)] == led
    assert Route(name="r", when=When(tag=("vip",)), team_of=TeamOf.TAG).may_lead_to(oak)


def test_a_place_is_looked_up_and_not_searched_for_among_the_teams() -> None:
    asked = 0

    class Counting(dict[str, str]):
        def get(self, key: str, default: Any = None) -> Any:
            nonlocal asked
            asked += 1
            return super().get(key, default)

    house = company([team(f"shop-{n}", (f"{n:04}",)) for n in range(300)], Route(name="the shop", team_of=TeamOf.TOUCHPOINT))
    house.__dict__["places"] = Counting(house.places)
    for n in range(300):
        taken = house.route_of(feedback(place=f"{n:04}"), "survey")
        assert taken is not None
        assert taken.team == f"shop-{n}"
    assert asked == 300
