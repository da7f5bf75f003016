"""One line of `hero doctor`: a part, its state, what that means and the one thing to do. Chats produce such lines, too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum


class Severity(StrEnum):
    """The state of a part. A warning costs nobody a reply yet; an error does."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """`found` is what was seen; unless it is well, `means` is what it costs customers or colleagues, `do` the one thing to do."""

    part: str
    state: Severity
    found: str
    means: str = ""
    do: str = ""


def well(part: str, found: str) -> Diagnosis:
    return Diagnosis(part, Severity.OK, found)


def warning(part: str, found: str, means: str, do: str) -> Diagnosis:
    return Diagnosis(part, Severity.WARNING, found, means, do)


def error(part: str, found: str, means: str, do: str) -> Diagnosis:
    return Diagnosis(part, Severity.ERROR, found, means, do)


CLOCK_S = 60
"""Seconds by which our clock may differ from another: signatures are valid for five minutes."""


def clock(whose: str, their_date: str | None, now: datetime) -> Diagnosis | None:
    """Compare our clock with the Date header of a response that has just come. Returns None without a readable header."""
    try:
        theirs = parsedate_to_datetime(their_date or "")
    except ValueError:
        return None
    if theirs.tzinfo is None:
        return None
    return compared(whose, theirs, now)


def compared(whose: str, theirs: datetime, now: datetime) -> Diagnosis:
    """Compare our clock with another one."""
    off = round((now - theirs).total_seconds())
    if abs(off) <= CLOCK_S:
        return well("clock", f"agrees with that of {whose}")
    found = f"{abs(off)} s {'ahead of' if off > 0 else 'behind'} that of {whose}"
    means = "Signed requests are refused once it is 5 minutes off, and promises are counted wrongly."
    return error("clock", found, means, "Switch on time synchronisation on this machine (timedatectl set-ntp true).")
