"""The last weeks as bars, and the same numbers in a sentence. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby

from handlers.cards import Chart
from handlers.digests.figures import Kept
from handlers.digests.weeks import Week
from handlers.language import gettext as _
from handlers.words import date_of

FROM_WEEKS = 3
"""Minimum number of weeks with unhappy customers for bars to say more than the sentence about the last week."""


def chart(weeks: Mapping[Week, Kept]) -> Chart | None:
    """Returns in time, later, or without a word from us, by week; None if fewer than FROM_WEEKS weeks hold anything."""
    if sum(kept.told > 0 for kept in weeks.values()) < FROM_WEEKS:
        return None
    series = (
        (_("In time"), tuple(kept.in_time for kept in weeks.values())),
        (_("Later"), tuple(kept.later for kept in weeks.values())),
        (_("No word"), tuple(kept.told - kept.answered for kept in weeks.values())),
    )
    return Chart(
        title=_("Customers who heard from us, by week"),
        labels=tuple(date_of(week.monday) for week in weeks),
        series=series,
        twin=_("When customers we let down heard from us, week by week: {weeks}.").format(weeks="; ".join(_twins(weeks))),
    )


def _twins(weeks: Mapping[Week, Kept]) -> Iterator[str]:
    """Yields `nobody let down in the 2 weeks from 28 Sep`, `week of 12 Oct, 8 in time, 1 later and 2 without a word`."""
    for anybody, run in groupby(weeks.items(), key=lambda pair: pair[1].told > 0):
        these = list(run)
        day = date_of(these[0][0].monday)
        if anybody:
            yield from (_("week of {day}, {numbers}").format(day=date_of(week.monday), numbers=_said(kept)) for week, kept in these)
        elif len(these) == 1:
            yield _("nobody let down in the week of {day}").format(day=day)
        else:
            yield _("nobody let down in the {n} weeks from {day}").format(n=len(these), day=day)


def _said(kept: Kept) -> str:
    each = (
        (kept.in_time, _("{n} in time")),
        (kept.later, _("{n} later")),
        (kept.told - kept.answered, _("{n} without a word")),
    )
    *first, last = [said.format(n=number) for number, said in each if number]
    return _("{numbers} and {last}").format(numbers=", ".join(first), last=last) if first else last
