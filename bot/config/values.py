"""Parsers for single values of app.yaml, with help on how to write them."""

from __future__ import annotations

import re
from datetime import date, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from bot.config.file import nearest


def wrong(why: str, help: str = "") -> PydanticCustomError:
    """Returns the error for one invalid value: `why` is a clause, `help` says what to write instead."""
    return PydanticCustomError("wrong", "{why}", {"why": why, "help": help})


def is_zone(name: str) -> bool:
    """Whether `name` is a time zone."""
    try:
        return bool(name and ZoneInfo(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False


def zone(given: Any) -> ZoneInfo:
    """Parse a time zone such as `Europe/Oslo`."""
    try:
        return ZoneInfo(given)
    except (ZoneInfoNotFoundError, ValueError, OSError, TypeError):
        near = nearest(str(given).rsplit("/", 1)[-1], {name.rsplit("/", 1)[-1] for name in available_timezones()})
        full = next((name for name in sorted(available_timezones()) if near and name.endswith(f"/{near}")), None)
        help = f"did you mean `{full}`?" if full else "write it as Europe/Oslo or America/New_York"
        raise wrong(f"{given!r} is not a time zone", help) from None


def http_url(host: str, port: int) -> str:
    """Returns the URL of what listens there, with an IPv6 address in brackets."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def seconds(given: Any) -> float:
    """Parse a length of real time such as `15s` or `2m`. Returns seconds."""
    match = re.fullmatch(r"\s*(\d{1,6}(?:\.\d{1,3})?)\s*(ms|s|m|h)\s*", str(given))
    if match is None or not float(match[1]):
        raise wrong(f"{given!r} is not a length of time", "write for example 15s or 2m")
    return float(match[1]) * {"ms": 0.001, "s": 1, "m": 60, "h": 3600}[match[2]]


def keeping(given: Any) -> timedelta | None:
    """Parse how long something is kept: `730d`; None for `never`, which deletes nothing."""
    if str(given).strip() == "never":
        return None
    match = re.fullmatch(r"\s*([1-9]\d{0,4})\s*d\s*", str(given))
    if match is None:
        raise wrong(f"{given!r} is not a number of days", "write for example 730d, or never")
    return timedelta(days=int(match[1]))


def time_of_day(given: Any) -> time:
    """Parse `09:00`."""
    match = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", str(given).strip())
    if match is None:
        raise wrong(f"{given!r} is not a time of day", 'write for example "09:00"')
    return time(int(match[1]), int(match[2]))


def day(given: Any) -> date:
    """Parse `2026-12-24`."""
    try:
        return date.fromisoformat(str(given))
    except ValueError:
        raise wrong(f"{given!r} is not a day", "write it as 2026-12-24") from None


def _list(given: Any) -> Any:
    return given if isinstance(given, list | tuple) else [given]


Listed = BeforeValidator(_list)
"""Accepts a single value in place of a list of one."""
