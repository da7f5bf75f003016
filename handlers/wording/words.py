"""How times, scores and people are worded in every sentence. Pure."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from handlers.calendar.duration import Duration
from handlers.case import Case
from handlers.company import People
from handlers.feedback import Metric, Person
from handlers.wording.language import gettext as _

_HALF_AN_HOUR = timedelta(minutes=30)
MANY_HOURS = 10
"""From so many on, nobody counts the minutes."""
NAMELESS = "a colleague"
ENDS = ".!?…。！？"
TITLE = 40
"""Characters of a team's title on a card."""
QUOTED = 280
"""Characters of a customer's own words on a card; a private button shows the rest."""
BEGINNING = 80
"""Characters of a customer's own words in the one line that a phone shows."""
CALLED = 40
"""Characters of a colleague's name: enough for nearly all, and short enough for the one line that a phone shows."""


def when(at: datetime, zone: ZoneInfo, now: datetime) -> str:
    """Returns `Fri 16:40`, with the date where the weekday alone could mean another week. Never "today": cards are read later."""
    return _at(at, zone, dated=abs(_days(at, zone, now)) >= 6)


def deadline(by: datetime, zone: ZoneInfo, now: datetime) -> str:
    """Like `when`, for the end of a promise: with the date also from two days after it on, or “by Wed” would be read as the next
    Wednesday."""
    return _at(by, zone, dated=not -2 < _days(by, zone, now) < 6)


def _days(at: datetime, zone: ZoneInfo, now: datetime) -> int:
    return (at.astimezone(zone).date() - now.astimezone(zone).date()).days


def _at(at: datetime, zone: ZoneInfo, *, dated: bool) -> str:
    local = at.astimezone(zone)
    return f"{day(local) if dated else _weekday(local)} {local:%H:%M}"


def took(span: timedelta) -> str:
    """Returns `2 h 10 min` or `3 days`, rounded to what a person would say."""
    days = round(span / timedelta(days=1))
    if span < timedelta(days=1) - _HALF_AN_HOUR:
        return opening_time(span)
    return _("1 day") if days == 1 else _("{n} days").format(n=days)


def opening_time(span: timedelta) -> str:
    """Like `took`, for opening time, which is never given in days: `33 h` of it are more than three days for most teams."""
    minutes = round(span / timedelta(minutes=1))
    if minutes < 1:
        return _("less than a minute")
    if minutes < 60:
        return _("{n} min").format(n=minutes)
    hours, rest = divmod(minutes, 60)
    if hours >= MANY_HOURS:
        return _("{h} h").format(h=round(minutes / 60))
    return _("{h} h {m} min").format(h=hours, m=rest) if rest else _("{h} h").format(h=hours)


def waited(span: timedelta, hours: timedelta) -> str:
    """Returns how long somebody waited, and how many `hours` of it in opening hours: not in days, each of which may stand for
    34 h, where these would be fewer."""
    said, open_for = took(span), opening_time(hours)
    if open_for == opening_time(span):
        return _("{span}, all of it in opening hours").format(span=said)
    if hours > timedelta(days=round(span / timedelta(days=1))):
        said = opening_time(span)
    return _("{span}, {hours} of it in opening hours").format(span=said, hours=open_for)


def lasts(duration: Duration) -> str:
    """Returns how long a promise runs, never rounded: `30 min`, `4 h`, `2 days`."""
    if duration.days:
        return took(timedelta(days=duration.days))
    minutes, seconds = divmod(duration.seconds, 60)
    if seconds:
        return _("{n} s").format(n=duration.seconds)
    return _("{n} min").format(n=minutes) if minutes % 60 else _("{h} h").format(h=minutes // 60)


def date_of(on: date) -> str:
    """Returns `16 Nov`."""
    return f"{on.day} {_month(on)}"


def score(case: Case) -> str:
    """Returns `NPS 3 of 10`, `2 of 5 stars` or `no score`."""
    return asked(case.metric, case.score, case.scale)


def asked(metric: str, score: float | None, scale: tuple[float, float]) -> str:
    """Like `score`, for an answer that has no follow-up."""
    if score is None:
        return _("no score")
    said, top = f"{score:g}", f"{max(scale):g}"
    match metric:
        case Metric.NPS:
            return _("NPS {said} of {top}").format(said=said, top=top)
        case Metric.STARS:
            return _("{said} of {top} stars").format(said=said, top=top)
        case Metric.CES:
            return _("effort score {said} of {top}").format(said=said, top=top)
        case _:
            return _("satisfaction {said} of {top}").format(said=said, top=top)


def short_score(case: Case) -> str:
    """Returns `3/10`, for the one line that a phone shows."""
    return _("no score") if case.score is None else f"{case.score:g}/{max(case.scale):g}"


def called(person: Person | None, people: People) -> str:
    """Returns what a colleague is called where others can read it, as the company chose."""
    if person is None:
        return _("nobody")
    names = person.name.split()
    match people:
        case People.OFF:
            return _("a teammate")
        case People.FIRST_NAMES:
            names = names[:1]
    return cut(" ".join(names), CALLED) or _(NAMELESS)


def colleague(said: str | None, people: People) -> str:
    """Returns what to call somebody whom only a directory names, by a name or an e-mail; of an e-mail only the name in it. Empty
    where colleagues are not named."""
    if not said or people is People.OFF:
        return ""
    name, at, _host = said.partition("@")
    words = re.split(r"[._+\s-]+", name.strip()) if at else said.split()
    words = [word.capitalize() if at else word for word in words if word]
    return cut(" ".join(words[:1] if people is People.FIRST_NAMES else words), CALLED)


def day(on: date) -> str:
    """Returns `Mon 16 Nov`."""
    return f"{_weekday(on)} {date_of(on)}"


def days(first: date, last: date) -> str:
    """Returns `9 to 15 Nov` or `28 Dec to 3 Jan`."""
    month = "" if first.month == last.month else f" {_month(first)}"
    return _("{first}{month} to {last} {last_month}").format(first=first.day, month=month, last=last.day, last_month=_month(last))


def month(of: date) -> str:
    """Returns `Oct 2026`."""
    return f"{_month(of)} {of.year}"


def times(number: int) -> str:
    """Returns `once`, `twice` or `3 times`."""
    return {1: _("once"), 2: _("twice")}.get(number, _("{n} times").format(n=number))


def whole(sentence: str) -> str:
    """Returns what somebody typed with a full stop at its end, if it has none of its own, so that more can follow."""
    return sentence if not sentence or sentence.rstrip("\"'”’»)")[-1:] in ENDS else f"{sentence}."


def begin(sentence: str) -> str:
    """Returns the text with a capital first letter, for a name that opens a sentence."""
    return sentence[:1].upper() + sentence[1:]


def within(sentence: str) -> str:
    """Returns the text with a small first letter, for what stands inside a sentence."""
    return sentence[:1].lower() + sentence[1:]


def cut(text: str, length: int) -> str:
    """Returns at most `length` characters, cut between words if there is a space near the end, with an ellipsis."""
    text = text.strip()
    if len(text) <= length:
        return text
    head = text[: length - 1]
    at_word = head.rfind(" ")
    return (head[:at_word] if at_word > length // 2 else head).rstrip() + "…"


def opening_words(comment: str) -> str:
    """Returns how a customer's words begin, quoted, for the one line that a phone shows; empty if there are none."""
    return f"“{cut(' '.join(comment.split()), BEGINNING)}”" if comment else ""


def _weekday(at: date) -> str:
    return (_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun"))[at.weekday()]


def _month(at: date) -> str:
    names = (_("Jan"), _("Feb"), _("Mar"), _("Apr"), _("May"), _("Jun"), _("Jul"), _("Aug"), _("Sep"), _("Oct"), _("Nov"), _("Dec"))
    return names[at.month - 1]
