"""Parses opening hours as people write them on a door: `mon-fri: 08:00-18:00`. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

ClockSpan = tuple[int, int]
"""Seconds of clock time after the midnight at which the day begins; the end of a night shift is beyond 24 hours."""

Words = str | Sequence[str]
"""The hours of a day as people write them: `08:00-12:00, 13:00-18:00`, or a list of such spans."""

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SPAN = re.compile(r"\s*(\d\d?):(\d\d)\s*[-\u2013]\s*(\d\d?):(\d\d)\s*", re.ASCII)
_ON_A_DOOR = re.compile(r"\b(\d\d?)(?:[:.](\d\d))?(?: ?([ap]m))?(?:-| to )(\d\d?)(?:[:.](\d\d))?(?: ?([ap]m))?\b", re.ASCII)
_MINUTE, _DAY = 60, 86_400
_NOON, _EARLY = 12, 5


class HoursError(ValueError):
    """Opening hours could not be parsed. `key` is the wrong entry as it was written; None when it is the week as a whole."""

    def __init__(self, why: str, key: object = None) -> None:
        super().__init__(why)
        self.key = key


def read_week(week: Mapping[str, Words] | str) -> tuple[tuple[ClockSpan, ...], ...]:
    """Returns the spans of each day, Monday first. Raises HoursError, which says what to write instead."""
    if week == "always":
        return (((0, _DAY),),) * 7
    if not isinstance(week, Mapping):
        raise HoursError(f"{week!r} is not a week of opening hours; write always, or days such as mon-fri with their hours")
    days: dict[int, tuple[ClockSpan, ...]] = {}
    for key, words in week.items():
        for day in _read_days(key):
            if day in days:
                raise HoursError(f"{_DAYS[day]} has hours twice, the second time in {key!r}; name each day once", key)
            days[day] = read_spans(words, key)
    if not days:
        raise HoursError("never open: no day of the week has hours; write for example mon-fri: 08:00-18:00")
    return tuple(days.get(day, ()) for day in range(7))


def _read_days(key: str) -> list[int]:
    """Parse `mon`, `mon-fri`, `fri-mon` or `mon,wed`, with days in three letters or in full. Returns 0 for Monday to 6."""
    names = {name: day for day, full in enumerate(_DAYS) for name in (full, full[:3])}
    days: list[int] = []
    for part in str(key).lower().split(","):
        ends = [names.get(name.strip()) for name in part.split("-")]
        first, last = ends[0], ends[-1]
        if first is None or last is None or len(ends) > 2:
            raise HoursError(f"{key!r} is not a day of the week; write for example mon, mon-fri or mon,wed", key)
        days += [day % 7 for day in range(first, last + 1 if last >= first else last + 8)]
    return days


def read_spans(words: Words, key: object) -> tuple[ClockSpan, ...]:
    """Returns the spans of one day, sorted and merged. Raises HoursError with `key`, the entry they are in."""
    texts = words.split(",") if isinstance(words, str) else words
    if not isinstance(texts, Sequence) or not texts:
        raise HoursError(f"{words!r} is not opening hours; write for example 08:00-18:00, or leave the day out", key)
    return merged(_read_span(text, key) for text in texts)


def _read_span(text: str, key: object) -> ClockSpan:
    """Parse one span; one that ends before it begins runs past midnight."""
    match = _SPAN.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise HoursError(f"{text!r} is not opening hours; write for example 08:00-18:00, or leave the day out", key)
    opens, opens_past, closes, closes_past = (int(number) for number in match.groups())
    start, end = (opens * 60 + opens_past) * _MINUTE, (closes * 60 + closes_past) * _MINUTE
    if max(opens_past, closes_past) > 59 or start >= _DAY or end > _DAY:
        raise HoursError(f"{text.strip()!r} holds a time that no clock shows; a day runs from 00:00 to 24:00", key)
    if start == end:
        raise HoursError(f"{text.strip()!r} begins and ends at the same time; for the whole day write 00:00-24:00", key)
    return start, end if end > start else end + _DAY


def merged(spans: Iterable[ClockSpan]) -> tuple[ClockSpan, ...]:
    """Returns the spans sorted, with those that touch or overlap joined."""
    whole: list[ClockSpan] = []
    for start, end in sorted(spans):
        if whole and start <= whole[-1][1]:
            whole[-1] = whole[-1][0], max(whole[-1][1], end)
        else:
            whole.append((start, end))
    return tuple(whole)


def on_a_door(text: str) -> dict[str, str] | str:
    """Parse `mon-fri 08:00-12:00 13:00-18:00, sat 10-16` into app.yaml's form. Raises HoursError for days without hours."""
    if text.strip().lower() == "always":
        return "always"
    days: dict[str, str] = {}
    names: list[str] = []
    spans: list[str] = []
    tidied = _ON_A_DOOR.sub(_by_the_clock, re.sub(r"\s*[-–]\s*", "-", " ".join(text.lower().split())))
    for word in [*tidied.replace(" to ", "-").replace(",", " ").split(), "end"]:
        if word[0].isdigit():
            spans.append(word)
            continue
        if spans:
            days[",".join(names)] = ", ".join(spans)
            names, spans = [], []
        names.append(word.rstrip(":"))
    if names != ["end"] or "" in days:
        raise HoursError(f"{text!r} is not opening hours; write for example mon-fri 08:00-18:00, sat 10:00-16:00")
    return days


def _by_the_clock(span: re.Match[str]) -> str:
    """Returns `9-17` or `9am-5pm` as `09:00-17:00`; unchanged, and so refused, what may mean two things, as `9-5`."""
    opens, opens_past, before, closes, closes_past, after = span.groups()
    if (before is None) != (after is None):
        return span[0]
    start, end = (
        int(hour) % _NOON + _NOON * (half == "pm") if half else int(hour) for hour, half in ((opens, before), (closes, after))
    )
    bare = not (before or opens_past or closes_past)
    if bare and (end <= start <= _NOON or (start < _EARLY and end <= _NOON)):
        return span[0]
    return f"{start:02}:{opens_past or '00'}-{end:02}:{closes_past or '00'}"


def door_sign(week: Mapping[str, str] | str) -> str:
    """Returns the text that `on_a_door` parses."""
    if isinstance(week, str):
        return week
    return ", ".join(f"{days} {' '.join(hours.replace(',', ' ').split())}" for days, hours in week.items())
