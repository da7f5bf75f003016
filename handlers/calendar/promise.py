"""What a customer is promised: how soon somebody claims and closes, and by when that is in the team's opening hours. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from handlers.calendar.duration import Duration
from handlers.calendar.hours import OpeningHours


class Promise(BaseModel):
    """Claim within, close within; counted in the team's opening hours."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    claim: Duration
    close: Duration


@dataclass(frozen=True, slots=True)
class Deadlines:
    """When a promise ends, as aware times in UTC."""

    claim_by: datetime
    close_by: datetime


def sooner(until: Deadlines, hours: OpeningHours, since: datetime) -> Deadlines:
    """Returns the deadlines for a customer whom we let down not long ago: half of the opening time to each."""
    return Deadlines(claim_by=hours.share(since, until.claim_by, 0.5), close_by=hours.share(since, until.close_by, 0.5))
