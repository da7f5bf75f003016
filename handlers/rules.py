"""Decisions: which band, which route, which promise. Pure: the same question always gets the same answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any, Self, TypeGuard
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from handlers.calendar.duration import Duration
from handlers.calendar.hours import OpeningHours
from handlers.calendar.weeks import Posting
from handlers.feedback import MAIN_WORKSPACE, Band, Feedback, Metric, Moment, Person, Place
from handlers.ladder import USUAL, Role, Step
from handlers.matching import plain, same, says
from handlers.places import NOWHERE, Places, TeamOf, team_at
from handlers.survey_tools import Safe, Source, Tool


class _Rule(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class People(StrEnum):
    """How colleagues are named where others can read it."""

    NAMES = "names"
    FIRST_NAMES = "first-names"
    OFF = "off"


class Promise(_Rule):
    """Claim within, close within; counted in the team's opening hours."""

    claim: Duration
    close: Duration


class Comparison(_Rule):
    """A condition on a number: `>=10`, `<3`, `=5`, or a bare number, which means equal."""

    sign: str
    number: float

    @classmethod
    def parse(cls, text: str | float) -> Comparison:
        match = re.fullmatch(r"\s*(>=|<=|>|<|=)?\s*(-?\d+(?:\.\d+)?)\s*", str(text))
        if match is None:
            raise ValueError(f"{text!r} is not a comparison; write a number or, in quotes, for example '>=10'")
        return cls(sign=match[1] or "=", number=float(match[2]))

    def holds(self, value: float | None) -> bool:
        """Returns whether `value` meets the condition; an unknown value never does."""
        if value is None:
            return False
        match self.sign:
            case ">=":
                return value >= self.number
            case "<=":
                return value <= self.number
            case ">":
                return value > self.number
            case "<":
                return value < self.number
            case _:
                return value == self.number


class When(_Rule):
    """The conditions of a route. All that are given must hold; an empty one always holds. A list means any of."""

    source: tuple[str, ...] = ()
    band: tuple[Band, ...] = ()
    metric: tuple[Metric, ...] = ()
    score: tuple[Comparison, ...] = ()
    touchpoint: tuple[str, ...] = ()
    location: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    value: tuple[Comparison, ...] = ()
    segment: tuple[str, ...] = ()
    wants_contact: bool | None = None
    words: tuple[str, ...] = ()

    def holds(self, feedback: Feedback, source: str, *, however_happy: bool = False) -> bool:
        """Returns whether the conditions hold for this feedback. `however_happy` ignores those on band and score."""
        return (
            (not self.source or source in self.source)
            and (however_happy or not self.band or band(feedback) in self.band)
            and (not self.metric or feedback.metric in self.metric)
            and (however_happy or not self.score or any(c.holds(feedback.score) for c in self.score))
            and (not self.touchpoint or same(self.touchpoint, (feedback.touchpoint,)))
            and (not self.location or same(self.location, (feedback.customer.location,)))
            and (not self.tag or same(self.tag, feedback.tags))
            and (not self.value or any(c.holds(feedback.customer.value) for c in self.value))
            and (not self.segment or same(self.segment, (feedback.customer.segment,)))
            and (self.wants_contact is None or self.wants_contact == feedback.wants_contact)
            and (not self.words or says(feedback.comment, self.words))
        )


SHOWN = frozenset({"words", "touchpoint", "history", "wishes", "owner"})
"""What a channel may be shown beside the score: the customer's words, the touchpoint, earlier low scores, a wish to be called, and
which colleague's customer it is."""


class Team(_Rule):
    """People who share a channel. `channels` has at least one place; the card is mirrored in all of them.

    `leader`, `backup` and `manager` name people by e-mail, or as `slack:U…`, and user groups as `slack:S…`. A private bundle of
    reminders goes out no earlier than `bundle` after the opening; the weekly post goes out at `posting`. `written` is the place in
    app.yaml, such as `app.yaml:14`; empty when the team was made in chat. `mask` describes numbers that its channel must not read;
    `show` says what else it may. `places` are what answers call the places that it looks after, beside its name and title.
    """

    name: str
    title: str
    channels: tuple[Place, ...]
    hours: OpeningHours
    promise: Promise
    causes: tuple[str, ...]
    leader: tuple[str, ...] = ()
    backup: tuple[str, ...] = ()
    manager: tuple[str, ...] = ()
    ladder: tuple[Step, ...] = USUAL
    bundle: timedelta = timedelta(minutes=15)
    written: str = ""
    posting: Posting = Posting()
    mask: tuple[str, ...] = ()
    show: frozenset[str] = SHOWN
    places: tuple[str, ...] = ()

    @property
    def called(self) -> tuple[str, ...]:
        """Returns all that answers may call it."""
        return (self.name, self.title, *self.places)

    @property
    def workspace(self) -> str:
        """Returns the workspace of its first channel: what happens to its follow-ups is logged there."""
        return self.channels[0].workspace

    @property
    def duties(self) -> Mapping[Role, tuple[str, ...]]:
        """Returns whom app.yaml names for each duty."""
        return {Role.LEADER: self.leader, Role.BACKUP: self.backup, Role.MANAGER: self.manager}

    def reaches(self, person: Person) -> bool:
        """Returns whether the team has a channel in this person's workspace: people elsewhere must not read what it hears."""
        return any(place.is_near(person.place) for place in self.channels)

    def names_as_leader(self, email: str | None) -> bool:
        """Returns whether app.yaml names this e-mail as its leader's. A person's e-mail is known once the chat has told us."""
        return email is not None and email.casefold() in map(str.casefold, self.leader)


class Route(_Rule):
    """One ordered rule. `promise` replaces the team's own. `at_once`: its customers are worth an evening's work, so nothing about
    them waits for the opening, and their promise counts round the clock. `wins`: nobody has to follow them up; the team reads them
    once a day. `written` as in Team.

    It leads to `team`, or with `team_of` to the team of the place that an answer names there. Such a route has no `team` of its
    own, and takes only answers whose place is known; the one that `route` returns has the team that was found.
    """

    name: str
    when: When = When()
    team: str = ""
    team_of: TeamOf | None = None
    moment: Moment = Moment.RESCUE
    promise: Promise | None = None
    at_once: bool = False
    wins: bool = False
    written: str = ""

    def to(self, team: str) -> Route:
        """Returns the route as it leads to this team."""
        return self.model_copy(update={"team": team})

    def may_lead_to(self, team: Team) -> bool:
        """Returns whether some answer can reach this team by this route."""
        if self.team_of is None:
            return self.team == team.name
        asked: tuple[str, ...] = () if self.team_of is TeamOf.TAG else getattr(self.when, self.team_of)
        return not asked or same(asked, team.called)  # one answer may have several tags: one that is asked for, and a place


class Retention(_Rule):
    """How long each field is kept; None means for ever.

    A customer's fields count from their last answer, or from the day on which a directory named them last; `comment` (with the
    link) from the answer itself; `notes`, which is everything that colleagues wrote, from the end of the follow-up.
    """

    comment: timedelta | None = None
    name: timedelta | None = None
    email: timedelta | None = None
    phone: timedelta | None = None
    company: timedelta | None = None
    value: timedelta | None = None
    notes: timedelta | None = None


class Company(_Rule):
    """The house rules, from app.yaml and from ops in chat: what handlers may know of the configuration.

    `ops` name people as the leaders of a team do. `holidays` supports `day in holidays` for the country. `sources` and `address`
    (of this server as others reach it, without a trailing slash) are there to be shown to ops. `tools` returns the kinds of source
    that ops may connect in chat; `safe` is None if the server has no secret to seal with.
    """

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


@dataclass(frozen=True, slots=True)
class Deadlines:
    """When a promise ends, as aware times in UTC."""

    claim_by: datetime
    close_by: datetime


LOW = (Band.DETRACTOR, Band.UNSCORED)
"""Bands for which somebody should be asked to reply; a happy customer may rightly match no route."""


def band(feedback: Feedback) -> Band:
    """Returns the band of an answer.

    NPS: 0 to 6, 7 to 8, 9 to 10 (Reichheld). Any other metric goes by how far up its scale the score lies: below the middle is a
    detractor, three quarters and more a promoter; that is 1-2, 3, 4-5 of five stars and 1-3, 4-5, 6-7 of a CES question.
    """
    if feedback.score is None:
        return Band.UNSCORED
    if feedback.metric is Metric.NPS:
        return Band.DETRACTOR if feedback.score < 7 else Band.PASSIVE if feedback.score < 9 else Band.PROMOTER
    worst, best = feedback.worst_and_best
    climbed = (feedback.score - worst) / (best - worst)
    return Band.DETRACTOR if climbed < 0.5 else Band.PASSIVE if climbed < 0.75 else Band.PROMOTER


def whose(teams: Iterable[Team]) -> Places:
    """Returns the team of each place; the first one's, should several be called the same."""
    found: dict[str, str] = {}
    for team in teams:
        for called in team.called:
            found.setdefault(plain(called), team.name)
    return found


def route(feedback: Feedback, source: str, routes: Sequence[Route], places: Places = NOWHERE) -> Route | None:
    """Returns the first route whose conditions hold, and which knows its team: its own, or that of the place in the feedback, which
    is filled in. None if no route asks for such feedback."""
    return next(_takers(feedback, source, routes, places), None)


def asks_somebody(route: Route | None, said: Feedback) -> TypeGuard[Route]:
    """Returns whether somebody has to follow this up."""
    return route is not None and (not route.wins or said.wants_contact)


def home(feedback: Feedback, source: str, routes: Sequence[Route], places: Places = NOWHERE) -> str | None:
    """Returns the team whose customer this is if no route asks for a reply: that of the first to match with another score."""
    return next((r.team for r in _takers(feedback, source, routes, places, however_happy=True)), None)


def _takers(
    feedback: Feedback, source: str, routes: Sequence[Route], places: Places, *, however_happy: bool = False
) -> Iterator[Route]:
    for each in routes:
        if each.when.holds(feedback, source, however_happy=however_happy):
            if each.team_of is None:
                yield each
            elif team := team_at(places, each.team_of.said(feedback)):
                yield each.to(team)


def unknown_place(feedback: Feedback, source: str, routes: Sequence[Route], places: Places) -> str | None:
    """Returns the place in an answer that is no team's, if a route looked for one and so did not take it. Tags do not count: nobody
    knows which of them was meant for a place."""
    for each in routes:
        if each.when.holds(feedback, source):
            said = each.team_of.said(feedback) if each.team_of else ()
            if each.team_of is None or team_at(places, said):
                return None
            if said and each.team_of is not TeamOf.TAG:
                return said[0]
    return None


def sooner(until: Deadlines, hours: OpeningHours, since: datetime) -> Deadlines:
    """Returns the deadlines for a customer whom we let down not long ago: half of the opening time to each."""
    return Deadlines(claim_by=hours.share(since, until.claim_by, 0.5), close_by=hours.share(since, until.close_by, 0.5))
