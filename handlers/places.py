"""Where something happened, and whose place that is: what answers say about it, and what they call each team. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from handlers.feedback import Feedback
from handlers.matching import plain
from handlers.team import Team


class TeamOf(StrEnum):
    """What in an answer names the place to whose team a route leads."""

    TOUCHPOINT = "touchpoint"
    TAG = "tag"
    LOCATION = "location"

    def said(self, feedback: Feedback) -> Sequence[str]:
        """Returns what the answer says there; empty if it says nothing."""
        match self:
            case TeamOf.TOUCHPOINT:
                said: Sequence[str | None] = (feedback.touchpoint,)
            case TeamOf.TAG:
                said = feedback.tags
            case TeamOf.LOCATION:
                said = (feedback.customer.location,)
        return [each for each in said if each]


Places = Mapping[str, str]
"""The name of each place's team, by the place as `matching.plain` has it."""
NOWHERE: Places = {}


def whose(teams: Iterable[Team]) -> Places:
    """Returns the team of each place; the first one's, should several be called the same."""
    found: dict[str, str] = {}
    for team in teams:
        for called in team.called:
            found.setdefault(plain(called), team.name)
    return found


def team_at(places: Places, said: Sequence[str]) -> str | None:
    """Returns the team of the first of these that is a place; None if none is. One look-up each, however many teams there are."""
    return next((team for each in said if (team := places.get(plain(each)))), None)
