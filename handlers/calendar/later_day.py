"""When to look at something on a later day: as soon as the team is there, and not in the middle of the night. Pure."""

from __future__ import annotations

from datetime import date, datetime, time

from handlers.calendar.hours import OpeningHours

EARLY, MORNING = time(5), time(9)
"""An opening before EARLY is put off to MORNING: nobody should look at a case in the night just because a day begins then."""


def opening_from(hours: OpeningHours, day: date) -> datetime:
    """Returns the first opening from that day on; in the morning if the team is also open at night."""
    opening = hours.next_opening(datetime.combine(day, time(), hours.zone))
    local = opening.astimezone(hours.zone)
    return opening if local.time() >= EARLY else hours.next_opening(datetime.combine(local.date(), MORNING, hours.zone))
