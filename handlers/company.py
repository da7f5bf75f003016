"""The company: its teams, its routes, and what it is called; what handlers may know of the configuration. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from handlers.calendar.hours import OpeningHours
from handlers.calendar.promise import Deadlines, Promise
from handlers.feedback import MAIN_WORKSPACE, Feedback, Person
from handlers.places import NOWHERE, Places, whose
from handlers.rules import Route, home, route, unknown_place
from handlers.survey_tools import Safe, Source, Tool
from handlers.team import Team


class People(StrEnum):
    """How colleagues are named where others can read it."""

    NAMES = "names"
    FIRST_NAMES = "first-names"
    OFF = "off"


class Company(BaseModel):
    """The house rules, from app.yaml and from ops in chat: what handlers may know of the configuration.

    `ops` name people as the leaders of a team do. `holidays` supports `day in holidays` for the country. `sources` and `address`
    (of this server as others reach it, without a trailing slash) are there to be shown to ops. `tools` returns the kinds of source
    that ops may connect in chat; `safe` is None if the server has no secret to seal with.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    name: str
    timezone: ZoneInfo
    people: People
    teams: Mapping[str, Team]
    routes: tuple[Route, ...]
    ops: tuple[str, ...] = ()
    holidays: Any = frozenset()
    sources: Mapping[str, Source] = {}
    address: str = ""
    tools: Callable[[], tuple[Tool, ...]] = tuple
    safe: Safe | None = None

    def __copy__(self) -> Self:
        """Returns a copy that looks things up in its own routes and teams, once these are replaced."""
        copied = super().__copy__()
        for looked_up in ("named_routes", "places", "seeks_places"):
            copied.__dict__.pop(looked_up, None)
        return copied

    @cached_property
    def named_routes(self) -> Mapping[str, Route]:
        """The routes by name; names are unique."""
        return {route.name: route for route in self.routes}

    @cached_property
    def places(self) -> Places:
        """Whose each place is; empty if no route looks for one. What app.yaml says counts before what a team made in chat is called
        by chance."""
        return NOWHERE if not self.seeks_places else whose(sorted(self.teams.values(), key=lambda team: not team.written))

    @cached_property
    def seeks_places(self) -> bool:
        """Whether some route leads to the team of a place."""
        return any(route.team_of for route in self.routes)

    def route_of(self, feedback: Feedback, source: str) -> Route | None:
        """Returns the route that takes this feedback, with the team that it leads to; None if no route asks for it."""
        return route(feedback, source, self.routes, self.places)

    def home_of(self, feedback: Feedback, source: str) -> str | None:
        """Returns the team whose customer this is if no route asks for a reply: see `home`."""
        return home(feedback, source, self.routes, self.places)

    def unknown_place(self, feedback: Feedback, source: str) -> str | None:
        """Returns the place in an answer that is no team's, if a route looked for one: see `unknown_place`."""
        return unknown_place(feedback, source, self.routes, self.places) if self.seeks_places else None

    def within_reach(self, person: Person) -> list[Team]:
        """Returns the teams with a channel in this person's workspace."""
        return [team for team in self.teams.values() if team.reaches(person)]

    def is_ours(self, person: Person) -> bool:
        """Returns whether the person's workspace is ours: that of app.yaml's own token, or one where a team has a channel. What
        other workspaces say about their people, such as an e-mail, gives no rights here."""
        return person.workspace == MAIN_WORKSPACE or bool(self.within_reach(person))

    def promise_of(self, team: str, route: str) -> Promise:
        """Returns the promise for a follow-up of that team and route; the team's own where the route has none or is gone."""
        known = self.named_routes.get(route)
        return (known.promise if known else None) or self.teams[team].promise

    def hours_of(self, team: str, route: str) -> OpeningHours:
        """Returns the opening hours that count for a follow-up of that team and route."""
        own, known = self.teams[team].hours, self.named_routes.get(route)
        return own.nonstop_twin if known and known.at_once else own

    def deadlines(self, team: str, route: str, since: datetime) -> Deadlines:
        """Returns when a promise made at `since` (aware) to a customer of that team and route ends."""
        promise, hours = self.promise_of(team, route), self.hours_of(team, route)
        return Deadlines(claim_by=hours.after(since, promise.claim), close_by=hours.after(since, promise.close))
