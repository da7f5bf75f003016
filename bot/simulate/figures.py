"""The results of the weeks: as data for programs, and in columns for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from bot.simulate.customers import Story
from bot.simulate.office import Noise
from bot.simulate.staff import Staff

ENOUGH = 10
"""The number of cases below which a percentage means nothing."""
HOUR = timedelta(hours=1)


def figures(stories: Sequence[Story], noise: Noise, staff: Staff, until: datetime) -> dict[str, Any]:
    """Compute the figures. The weeks end at `until`: promises due later are not judged, and whoever still waits counts up to
    then."""
    judged = [story for story in stories if story.close_by < until]
    claimed = [story.claimed_at is not None and story.claimed_at <= story.claim_by for story in judged]
    closed = [story.closed_at is not None and story.closed_at <= story.close_by for story in judged]
    opening = [story.hours.between(story.came, story.contacted_at or until) / HOUR for story in judged]
    clock = [((story.contacted_at or until) - story.came) / HOUR for story in judged]
    at_work = sum(len(who.days) for who in staff.everybody())
    return {
        "cases": len(stories),
        "promise_kept": _kept(list(map(all, zip(claimed, closed, strict=True)))),
        "claimed_in_time": _kept(claimed),
        "closed_in_time": _kept(closed),
        "never_contacted": sum(story.contacted_at is None for story in judged),
        "hours_to_contact": _spread(opening),
        "hours_to_contact_for_the_customer": _spread(clock),
        "reminders_per_case": _ratio(sum(story.reminders for story in stories), len(stories)),
        "most_nudges_per_person_and_case": max((n for story in stories for n in story.told.values()), default=0),
        "reminders_per_person_and_day": _ratio(sum(noise.read.values()), at_work),
        "most_reminders_per_person_and_day": max(noise.read.values(), default=0),
        "most_private_messages_per_person_and_day": max(noise.private.values(), default=0),
        "reminders": noise.reminders,
        "outside_opening_hours": noise.off_hours,
        "claims_released": sum(story.released for story in stories),
    }


def printed(said: Mapping[str, Any]) -> str:
    """Format both ways to remind side by side."""
    rows = [("", "the ladder", "hourly reminder")]
    rows += [(words, _cell(said["ladder"][name]), _cell(said["hourly"][name])) for name, words in _WORDS.items()]
    head = f"{said['company']}: teams {said['teams']}, weeks {said['weeks']}, seed {said['seed']}."
    note = "Customers and colleagues are made up: docs/simulate.md says what is assumed. So compare ladders; it is no forecast."
    return "\n".join([head, note, "", *(f"{words:<49}{ours:>22}{theirs:>22}".rstrip() for words, ours, theirs in rows)])


_WORDS = {
    "cases": "customers",
    "promise_kept": "promise kept",
    "claimed_in_time": "  claimed in time",
    "closed_in_time": "  closed in time",
    "never_contacted": "nobody has been in touch",
    "hours_to_contact": "opening hours to contact: half, slowest tenth",
    "hours_to_contact_for_the_customer": "hours on the customer's clock",
    "reminders_per_case": "reminders a customer",
    "most_nudges_per_person_and_case": "most private ones, one person and customer",
    "reminders_per_person_and_day": "reminders read, a person and day at work",
    "most_reminders_per_person_and_day": "most of them in one day",
    "most_private_messages_per_person_and_day": "most private messages in one day",
    "reminders": "reminders in all",
    "outside_opening_hours": "outside opening hours",
    "claims_released": "claims given back after silence",
}


def _cell(value: Any) -> str:
    if not isinstance(value, dict):
        return f"{value:,}" if isinstance(value, int) else f"{value:g}"
    if "of" in value:
        share = f" ({value['percent']:g} %)" if value["percent"] is not None else ""
        return f"{value['kept']:,} of {value['of']:,}{share}"
    return f"{value['median']:g} h, {value['slowest_tenth']:g} h" if value else "-"


def _kept(promises: Sequence[bool]) -> dict[str, Any]:
    kept, of = sum(promises), len(promises)
    return {"kept": kept, "of": of, "percent": round(100 * kept / of, 1) if of >= ENOUGH else None}


def _spread(hours: Sequence[float]) -> dict[str, float]:
    """Returns the median, and the wait that the slowest tenth at least had."""
    ordered = sorted(hours)
    return {"median": _nth(ordered, 0.5), "slowest_tenth": _nth(ordered, 0.9)} if ordered else {}


def _nth(ordered: Sequence[float], share: float) -> float:
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 1)


def _ratio(number: int, of: int) -> float:
    return round(number / of, 2) if of else 0.0
