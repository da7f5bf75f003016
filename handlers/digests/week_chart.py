"""The last weeks as bars, and the same numbers in a sentence. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import groupby

from handlers.calendar.weeks import Week
from handlers.cards import Chart
from handlers.digests.figures import Kept
from handlers.wording.language import gettext as _
from handlers.wording.words import date_of

FROM_WEEKS = 3
"""Minimum number of weeks with unhappy customers for bars to say more than the sentence about the last week."""


def chart(weeks: Mapping[Week, Kept], unheard: Collection[Week] = ()) -> Chart | None:
    """Returns in time, later, or without a word from us, by week; None if fewer than FROM_WEEKS weeks hold anything. In the weeks
    `unheard` no answer arrived at all."""
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
        twin=_("When customers we let down heard from us, week by week: {weeks}.").format(weeks="; ".join(_twins(weeks, unheard))),
    )


def _twins(weeks: Mapping[Week, Kept], unheard: Collection[Week]) -> Iterator[str]:
    """Yields `nobody let down in the 2 weeks from 28 Sep`, `no answers in the week of 5 Oct`, `week of 12 Oct, 8 in time, 1 later
    and 2 without a word`."""
    for (anybody, heard), run in groupby(weeks.items(), key=lambda pair: (pair[1].told > 0, pair[0] not in unheard)):
        these = list(run)
        if anybody:
            yield from (_("week of {day}, {numbers}").format(day=date_of(week.monday), numbers=_said(kept)) for week, kept in these)
            continue
        if heard:
            one, several = _("nobody let down in the week of {day}"), _("nobody let down in the {n} weeks from {day}")
        else:
            one, several = _("no answers in the week of {day}"), _("no answers in the {n} weeks from {day}")
        yield (one if len(these) == 1 else several).format(n=len(these), day=date_of(these[0][0].monday))


def _said(kept: Kept) -> str:
    each = (
        (kept.in_time, _("{n} in time")),
        (kept.later, _("{n} later")),
        (kept.told - kept.answered, _("{n} without a word")),
    )
    *first, last = [said.format(n=number) for number, said in each if number]
    return _("{numbers} and {last}").format(numbers=", ".join(first), last=last) if first else last
