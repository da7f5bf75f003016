"""Decisions, pure: which band, which route, which promise. Everything here can be asked again and answers the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from handlers.arranged.tools import Safe, Source, Tool
from handlers.digests.weeks import Posting
from handlers.duration import Duration
from handlers.feedback import MAIN_WORKSPACE, Band, Feedback, Metric, Moment, Person, Place
from handlers.hours import OpeningHours
from handlers.nudges.ladder import USUAL, Step


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
        """Whether `value` meets the condition; an unknown value never does."""
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
    """The conditions of a route. All that are named must hold; an empty one holds always. Lists mean any of."""

    source: tuple[str, ...] = ()
    band: tuple[Band, ...] = ()
    metric: tuple[Metric, ...] = ()
    score: tuple[Comparison, ...] = ()
    touchpoint: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    value: tuple[Comparison, ...] = ()
    segment: tuple[str, ...] = ()
    wants_contact: bool | None = None
    words: tuple[str, ...] = ()

    def holds(self, feedback: Feedback, source: str, *, however_happy: bool = False) -> bool:
        """`however_happy` asks whether it would hold for another score."""
        return (
            (not self.source or source in self.source)
            and (however_happy or not self.band or band(feedback) in self.band)
            and (not self.metric or feedback.metric in self.metric)
            and (however_happy or not self.score or any(c.holds(feedback.score) for c in self.score))
            and (not self.touchpoint or _same(self.touchpoint, (feedback.touchpoint,)))
            and (not self.tag or _same(self.tag, feedback.tags))
            and (not self.value or any(c.holds(feedback.customer.value) for c in self.value))
            and (not self.segment or _same(self.segment, (feedback.customer.segment,)))
            and (self.wants_contact is None or self.wants_contact == feedback.wants_contact)
            and (not self.words or any(_says(feedback.comment, word) for word in self.words))
        )


SHOWN = frozenset({"words", "touchpoint", "history", "wishes", "owner"})
"""What a channel may be shown beside the score: the customer's words, where it was, earlier low scores, a wish to be called, and
which colleague's customer it is."""


class Team(_Rule):
    """People who share a channel. `channels` has at least one place; the card is mirrored in all of them.

    `leader`, `backup` and `manager` name people by e-mail, or as `slack:U…` and, for a user group, `slack:S…`. A private bundle of
    reminders goes out `bundle` after the opening at the earliest, the weekly post at `posting`. `written` is where app.yaml says
    so, as `app.yaml:14`; empty when it was made in chat. `mask` describes numbers that its channel must not read; `show` says what
    else it may.
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

    def reaches(self, person: Person) -> bool:
        """Whether it has a channel in this person's workspace: what others hear is not theirs to read."""
        return any((place.chat, place.workspace) == (person.chat, person.workspace) for place in self.channels)

    def names_as_leader(self, email: str | None) -> bool:
        """Whether app.yaml names this e-mail as its leader's; it is known once the chat has told us theirs."""
        return email is not None and email.casefold() in map(str.casefold, self.leader)


class Route(_Rule):
    """One ordered rule. `promise` replaces the team's own. `at_once`: its customers are worth an evening, so nothing about them
    waits for the opening and their promise counts round the clock. `wins`: nobody has to follow them up, the team reads them once a
    day. `written` as for a team."""

    name: str
    when: When = When()
    team: str
    moment: Moment = Moment.RESCUE
    promise: Promise | None = None
    at_once: bool = False
    wins: bool = False
    written: str = ""


class Retention(_Rule):
    """How long each field is kept; None is for ever.

    A customer's fields count from their last answer, `comment` (with the link) from the answer itself, `notes`, which is all that
    colleagues wrote, from the end of the follow-up.
    """

    comment: timedelta | None = None
    name: timedelta | None = None
    email: timedelta | None = None
    phone: timedelta | None = None
    company: timedelta | None = None
    value: timedelta | None = None
    notes: timedelta | None = None


class Company(_Rule):
    """The house rules, as app.yaml and ops in chat state them: what handlers may know of the configuration.

    `ops` name people as the leaders of a team do. `holidays` answers `day in holidays` for the country. `sources` and `address`
    (of this server, as others reach it, without a slash at the end) are there to be told to ops. `tools` answers the kinds of
    source they may connect in chat; `safe` is None where the server has no secret to seal with.
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

    @cached_property
    def named_routes(self) -> Mapping[str, Route]:
        """The routes by their names, each of which one has."""
        return {route.name: route for route in self.routes}

    def within_reach(self, person: Person) -> list[Team]:
        """The teams with a channel in this person's workspace."""
        return [team for team in self.teams.values() if team.reaches(person)]

    def is_ours(self, person: Person) -> bool:
        """Whether their workspace is ours: that of app.yaml's own token, or one where a team has a channel. What others say of
        their people, such as an e-mail, gives no rights here."""
        return person.workspace == MAIN_WORKSPACE or bool(self.within_reach(person))

    def promise_of(self, team: str, route: str) -> Promise:
        """What holds for a follow-up of that team and route; the team's own promise where the route says none or is gone."""
        known = self.named_routes.get(route)
        return (known.promise if known else None) or self.teams[team].promise

    def hours_of(self, team: str, route: str) -> OpeningHours:
        """The opening hours that count for a follow-up of that team and route."""
        own, known = self.teams[team].hours, self.named_routes.get(route)
        return own.nonstop_twin if known and known.at_once else own

    def deadlines(self, team: str, route: str, since: datetime) -> Deadlines:
        """When the promise made at `since` (aware) to a customer of that team and route ends."""
        promise, hours = self.promise_of(team, route), self.hours_of(team, route)
        return Deadlines(claim_by=hours.after(since, promise.claim), close_by=hours.after(since, promise.close))


@dataclass(frozen=True, slots=True)
class Deadlines:
    """When a promise ends, as aware times in UTC."""

    claim_by: datetime
    close_by: datetime


def band(feedback: Feedback) -> Band:
    """Which band an answer falls in.

    NPS: 0 to 6, 7 to 8, 9 to 10 (Reichheld). Every other metric by how far up its scale the score lies: below the middle is
    a detractor, three quarters and more is a promoter; that is 1-2, 3, 4-5 of five stars and 1-3, 4-5, 6-7 of a CES question.
    """
    if feedback.score is None:
        return Band.UNSCORED
    if feedback.metric is Metric.NPS:
        return Band.DETRACTOR if feedback.score < 7 else Band.PASSIVE if feedback.score < 9 else Band.PROMOTER
    worst, best = feedback.worst_and_best
    climbed = (feedback.score - worst) / (best - worst)
    return Band.DETRACTOR if climbed < 0.5 else Band.PASSIVE if climbed < 0.75 else Band.PROMOTER


def route(feedback: Feedback, source: str, routes: Sequence[Route]) -> Route | None:
    """The first route whose conditions hold; None when nobody asked for such feedback."""
    return next((r for r in routes if r.when.holds(feedback, source)), None)


def home(feedback: Feedback, source: str, routes: Sequence[Route]) -> str | None:
    """The team whose customer this is where no route asks for a reply: that of the first that would, were the score another."""
    return next((r.team for r in routes if r.when.holds(feedback, source, however_happy=True)), None)


def sooner(until: Deadlines, hours: OpeningHours, since: datetime) -> Deadlines:
    """The promise to a customer whom we let down not long ago: half of the time."""
    return Deadlines(claim_by=hours.share(since, until.claim_by, 0.5), close_by=hours.share(since, until.close_by, 0.5))


def _same(wanted: tuple[str, ...], said: Sequence[str | None]) -> bool:
    folded = _folded(wanted)
    return any(text and text.casefold() in folded for text in said)


@lru_cache(maxsize=4096)
def _folded(words: tuple[str, ...]) -> frozenset[str]:
    """Of the words of a route, once: each piece of feedback is held against all of them."""
    return frozenset(map(str.casefold, words))


def _says(comment: str, words: str) -> bool:
    """Whole words, any case: `refund` is not found in `refundable`. Space inside matches any white space."""
    pattern = r"\s+".join(re.escape(part) for part in words.split())
    return re.search(rf"(?<!\w){pattern}(?!\w)", comment, re.IGNORECASE) is not None
