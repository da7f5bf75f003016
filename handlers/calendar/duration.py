"""How long a promise runs: `4h` of opening time, or `2d`, days on which the team opens. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pydantic_core import CoreSchema, core_schema

_UNITS = {"h": 3600, "m": 60, "s": 1}
_DAY = 86_400
_LONGEST_DAYS = 3660
_TYPED = re.compile(r"([0-9]{1,9})\s*(s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Duration:
    """How long a promise runs: `seconds` of opening time, or `days` on which the team opens; one is positive, the other 0."""

    seconds: int = 0
    days: int = 0

    def __post_init__(self) -> None:
        if min(self.seconds, self.days) < 0 or (self.seconds > 0) == (self.days > 0):
            raise ValueError("a duration is a positive number of seconds or of days, and not both")

    @classmethod
    def parse(cls, text: str) -> Duration:
        """Parse `90s`, `30m`, `4h` or `2d`. Raises ValueError, which says what to write instead."""
        match = re.fullmatch(r"\s*([0-9]{1,9})([smhd])\s*", text) if isinstance(text, str) else None
        if match is None:
            raise ValueError(f"{text!r} is not a duration; write for example 30m, 4h or 2d")
        number, unit = int(match[1]), match[2]
        if number == 0:
            raise ValueError(f"{text!r} is no time at all; write for example 30m, 4h or 2d")
        if number * _UNITS.get(unit, _DAY) > _LONGEST_DAYS * _DAY:
            raise ValueError(f"{text!r} is longer than ten years; write for example 30m, 4h or 2d")
        return cls(days=number) if unit == "d" else cls(seconds=number * _UNITS[unit])

    @classmethod
    def typed(cls, text: str) -> Duration:
        """Like `parse`, for what somebody types into a form: also `2 days`, `4 hours`, `30 min`."""
        match = _TYPED.fullmatch(text.strip().lower())
        return cls.parse(f"{match[1]}{match[2][0]}" if match else text)

    def __str__(self) -> str:
        """The shortest form that `parse` accepts."""
        if self.days:
            return f"{self.days}d"
        unit, size = next((unit, size) for unit, size in _UNITS.items() if self.seconds % size == 0)
        return f"{self.seconds // size}{unit}"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: object) -> CoreSchema:
        """A field of this type accepts `4h` as well as a Duration, and is serialised as `4h`."""
        return core_schema.no_info_plain_validator_function(
            lambda given: given if isinstance(given, cls) else cls.parse(given),
            serialization=core_schema.to_string_ser_schema(),
        )
