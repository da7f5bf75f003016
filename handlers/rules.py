"""Decisions: which band, which route, and so which team and promise. Pure: the same question always gets the same answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TypeGuard

from pydantic import BaseModel, ConfigDict

from handlers.calendar.promise import Promise
from handlers.feedback import Band, Feedback, Metric, Moment
from handlers.matching import same, says
from handlers.places import NOWHERE, Places, TeamOf, team_at
from handlers.team import Team

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


class _Rule(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


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
