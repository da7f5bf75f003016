"""The simulated customers: when each arrives, and what becomes of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bot.simulate.assumptions import Assumptions
from bot.simulate.chance import draw
from bot.simulate.company import tag_of
from handlers.calendar.hours import OpeningHours
from handlers.company import Company
from handlers.feedback import Customer, Feedback, Metric

BEGINS = datetime(2026, 9, 7, tzinfo=UTC)
"""A Monday; ten weeks from here include the end of summer time in Europe and in America."""
FIRST, BUSIEST, LAST = 6, 15, 23
"""The local hours between which customers write, with the busiest in the middle."""
VALUABLE, ORDINARY = 20_000, 500


@dataclass(slots=True)
class Story:
    """One customer's wait. `reminders` counts all reminders about it, `told` the private nudges by person."""

    number: int
    team: str
    tag: str
    value: float
    hours: OpeningHours
    came: datetime
    claim_by: datetime
    close_by: datetime
    owner: str | None = None
    claimed_at: datetime | None = None
    contacted_at: datetime | None = None
    closed_at: datetime | None = None
    reminders: int = 0
    released: int = 0
    told: dict[str, int] = field(default_factory=dict)

    @property
    def feedback(self) -> Feedback:
        customer = Customer(key=f"c-{self.number}", value=self.value, owner=usual_colleague_of(self.team))
        return Feedback(id=f"r-{self.number}", metric=Metric.NPS, score=3, tags=(self.tag,), customer=customer)


def usual_colleague_of(team: str) -> str:
    """Returns the e-mail of whoever usually looks after a team's customers, for steps of the ladder that tell them."""
    return f"usual@{team}.example"


def arrivals(company: Company, seed: int, weeks: int, assumed: Assumptions) -> list[Story]:
    """Returns everybody who arrives in these weeks, in order. The routes of a team are equally likely."""
    came: list[tuple[datetime, int, float]] = []
    for name in company.teams:
        routes = [n for n, route in enumerate(company.routes) if route.team == name]
        number = round(assumed.customers_a_week * weeks * (0.7 + 0.6 * draw(seed, "busy", name))) if routes else 0
        for nth in range(number):
            route = routes[int(draw(seed, "route", name, nth) * len(routes))]
            worth = VALUABLE if draw(seed, "value", name, nth) < assumed.valuable else ORDINARY
            came.append((_moment(company, name, weeks, seed, nth), route, worth))
    came.sort()
    return [_story(company, number, *each) for number, each in enumerate(came, 1)]


def _moment(company: Company, team: str, weeks: int, seed: int, nth: int) -> datetime:
    """Returns a random moment (UTC): a day, and a local time of the team that clusters around the busiest hour."""
    day = BEGINS.replace(tzinfo=company.teams[team].hours.zone) + timedelta(days=int(draw(seed, "day", team, nth) * weeks * 7))
    early, late = draw(seed, "early", team, nth), draw(seed, "late", team, nth)
    at = BUSIEST - (BUSIEST - FIRST) * early + (LAST - BUSIEST) * late
    return (day + timedelta(minutes=round(at * 60))).astimezone(UTC)


def _story(company: Company, number: int, at: datetime, route: int, value: float) -> Story:
    """Build a story with the deadlines that the handlers will set, so that the hourly reminder is held to the same promise."""
    chosen = company.routes[route]
    hours = company.hours_of(chosen.team, chosen.name)
    until = company.deadlines(chosen.team, chosen.name, at)
    return Story(number, chosen.team, tag_of(route), value, hours, at, until.claim_by, until.close_by)
