"""The keys of one step of the ladder, as written in app.yaml."""

from __future__ import annotations

import re
from datetime import time
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, model_validator

from bot.config.values import Listed, time_of_day, wrong
from handlers.calendar.duration import Duration
from handlers.feedback import Moment
from handlers.ladder import Phase, Role, Step


def _share(given: Any) -> float:
    match = re.fullmatch(r"\s*(\d{1,4}(?:\.\d)?)\s*%\s*", str(given))
    if match is None or float(match[1]) > 1000:
        raise wrong(f"{given!r} is not a part of the promise", "write for example 50%, 100% or 150%")
    return float(match[1]) / 100


def _least(given: Any) -> float:
    match = re.fullmatch(r"\s*(?:>=\s*)?(\d+(?:\.\d+)?)\s*", str(given))
    if match is None:
        raise wrong(f"{given!r} is not a least value", "write a number or, in quotes, for example '>=10000'")
    return float(match[1])


def _between(given: Any) -> tuple[time, time]:
    start, dash, end = str(given).partition("-")
    if not dash or time_of_day(start) >= time_of_day(end):
        raise wrong(f"{given!r} are not times of one day", 'write for example "09:00-16:00"')
    return time_of_day(start), time_of_day(end)


class StepKeys(BaseModel):
    """One step: who is told once a case in that state has used up this share of its promise."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, arbitrary_types_allowed=True)

    when: Phase
    after: Annotated[float, PlainValidator(_share)]
    to: Role
    moment: Annotated[tuple[Moment, ...], Listed, Field(min_length=1)] | None = None
    value: Annotated[float, PlainValidator(_least)] | None = None
    between: Annotated[tuple[time, time], PlainValidator(_between)] | None = None
    again: Duration | None = None
    times: Annotated[int, Field(ge=1, le=10)] = 1

    @model_validator(mode="after")
    def _makes_sense(self) -> StepKeys:
        if self.when is Phase.UNCLAIMED and self.to is Role.OWNER:
            raise wrong("nobody has an unclaimed case, so it has no owner to tell", "write to: thread, or to: leader")
        if not self.after and self.to is not Role.COLLEAGUE:
            raise wrong("at 0% the card has just been posted, so that reminds nobody", "write for example 50%, or to: colleague")
        if (self.times > 1) != (self.again is not None):
            raise wrong("`again` and `times` belong together", "write for example again: 4h, times: 2")
        return self

    @property
    def step(self) -> Step:
        """The step as the handlers know it."""
        return Step(
            phase=self.when, after=self.after, role=self.to, moments=self.moment or (), least_value=self.value,
            between=self.between, again=self.again, times=self.times,
        )  # fmt: skip
