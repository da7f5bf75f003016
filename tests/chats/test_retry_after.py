"""How long a server asks us to wait: a number of seconds, or a date on any of the world's clocks."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import time_machine

from bot.retry_after import asked_to_wait


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("Fri, 20 Nov 2026 10:01:30 GMT", 90),
        ("Fri, 20 Nov 2026 11:01:30 +0100", 90),
        ("Fri, 20 Nov 2026 10:01:30 -0000", 90),
        ("Fri, 20 Nov 2026 10:00:01 GMT", 1),
        ("Fri, 20 Nov 2026 10:00:00 GMT", 1),
        ("Fri, 20 Nov 2026 11:00:00 +0200", 1),
        ("90", 90),
        ("999999999", 999_999_999),
        (" 90 ", 90),
        ("in a minute", 15),
        ("", 15),
        (None, 15),
    ],
)
def test_a_date_is_read_as_the_seconds_until_then_whatever_its_zone(header: str | None, seconds: float) -> None:
    with time_machine.travel(datetime(2026, 11, 20, 10, tzinfo=UTC), tick=False):
        assert asked_to_wait(header, 15) == seconds
