"""The last weeks as bars, and the same numbers in words. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby

from handlers.cards import Chart
from handlers.digests.figures import Kept
from handlers.digests.weeks import Week
from handlers.language import gettext as _


def chart(weeks: Mapping[Week, Kept]) -> Chart | None:
    """Kept in time, later, or not yet, by week; none where there was nobody in all that time."""
    if not any(kept.told for kept in weeks.values()):
        return None
    series = (
        (_("In time"), tuple(kept.in_time for kept in weeks.values())),
        (_("Later"), tuple(kept.later for kept in weeks.values())),
        (_("No word yet"), tuple(kept.told - kept.answered for kept in weeks.values())),
    )
    told = " · ".join(_twins(weeks))
    return Chart(
        title=_("Customers who heard from us"),
        labels=tuple(_("Week {number}").format(number=week.number) for week in weeks),
        series=series,
        twin=_("By week, in time + later + no word yet: {weeks}").format(weeks=told),
    )


def _twins(weeks: Mapping[Week, Kept]) -> Iterator[str]:
    """`40 to 46: nobody`, `47: 5 + 0 + 1`."""
    for anybody, run in groupby(weeks.items(), key=lambda pair: pair[1].told > 0):
        these = list(run)
        if anybody:
            yield from (f"{week.number}: {kept.in_time} + {kept.later} + {kept.told - kept.answered}" for week, kept in these)
        elif len(these) == 1:
            yield _("{number}: nobody").format(number=these[0][0].number)
        else:
            yield _("{first} to {last}: nobody").format(first=these[0][0].number, last=these[-1][0].number)
