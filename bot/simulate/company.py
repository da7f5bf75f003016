"""The simulated company: a made-up one, or that of an app.yaml with its routes changed so that made-up feedback can target them."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from handlers.calendar.duration import Duration
from handlers.calendar.hours import OpeningHours
from handlers.calendar.promise import Promise
from handlers.company import Company, People
from handlers.feedback import MAIN_WORKSPACE, Band, Moment, Place
from handlers.rules import Route, When
from handlers.team import Team

_ZONES = ("Europe/Oslo", "Europe/London", "America/New_York", "Asia/Kolkata")
_WEEKS = (
    {"mon-fri": "08:00-18:00"},
    {"mon-fri": "09:00-17:00", "sat": "10:00-16:00"},
    {"mon-sun": "07:00-20:00"},
    {"mon-fri": "22:00-06:00"},
)


def made_up(teams: int) -> Company:
    """Returns a company with day, weekend and night shifts in four time zones, and the usual ladder."""
    made = {team.name: team for team in map(_team, range(teams))}
    routes = tuple(Route(name=name, when=When(band=(Band.DETRACTOR,)), team=name, moment=Moment.RESCUE) for name in made)
    return Company(
        name="A made-up company (no --config)", timezone=ZoneInfo(_ZONES[0]), people=People.NAMES, teams=made, routes=routes
    )


def aimed_at(company: Company) -> Company:
    """Returns the company with each route matching only a tag of its own; team, moment, promise and `at_once` stay the same. One to
    the team of the place stands there once for each team that it may lead to. Those that take wins are left out: nobody replies."""
    followed_up = [route for route in company.routes if not route.wins]
    each = [(route, team) for route in followed_up for team in company.teams.values() if route.may_lead_to(team)]
    routes = tuple(
        route.model_copy(update={"when": When(tag=(tag_of(n),)), "team": team.name, "team_of": None})
        for n, (route, team) in enumerate(each)
    )
    return company.model_copy(update={"routes": routes})


def tag_of(route: int) -> str:
    """Returns the tag that the n-th route matches."""
    return f"route-{route}"


def _team(number: int) -> Team:
    name = f"team-{number + 1}"
    return Team(
        name=name,
        title=name.capitalize(),
        channels=(Place("practice", MAIN_WORKSPACE, name),),
        hours=OpeningHours.build(_WEEKS[number % len(_WEEKS)], ZoneInfo(_ZONES[number // len(_WEEKS) % len(_ZONES)])),
        promise=Promise(claim=Duration.parse("4h"), close=Duration.parse("2d")),
        causes=("waiting time", "other"),
        leader=(f"leader@{name}.example",),
    )
