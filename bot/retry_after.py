"""How long a server asks us to wait."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def asked_to_wait(header: str | None, otherwise: float) -> float:
    """Parse Retry-After in either of its two formats, a number of seconds or a date. Returns seconds, however many are asked for,
    and at least one for a date; `otherwise` if it is neither."""
    said = (header or "").strip()
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", said):
        return float(said)
    try:
        at = parsedate_to_datetime(said)
    except (ValueError, IndexError, OverflowError):  # the last for a year of many digits
        return otherwise
    aware = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return max(1.0, (aware - datetime.now(UTC)).total_seconds())
