"""The figures of a leader's weekly post in words: the promise kept, how soon customers heard from us, the score. Pure."""

from __future__ import annotations

from datetime import timedelta

from handlers.digests import figures
from handlers.digests.figures import FROM_ANSWERS, FROM_CASES, Kept, Score, Spread
from handlers.wording.language import gettext as _
from handlers.wording.language import ngettext
from handlers.wording.words import opening_time, took


def kept(week: Kept, running: int) -> str:
    """Counts those whose promise is still running separately: nobody has missed it."""
    ended = week.told - running
    time = _("{n} can still hear from us in time.").format(n=running) if running else ""
    if not ended:
        return _("No promise has ended yet: {time}").format(time=time)
    share = figures.percent(week.in_time, ended)
    percent = "" if share is None else _(" ({percent} %)").format(percent=share)
    return f"{_('Promise kept: {part} of {whole}{share}.').format(part=week.in_time, whole=ended, share=percent)} {time}".rstrip()


def how_soon(spread: Spread, waited: Spread, told: int) -> str:
    """Says how soon, in opening hours, and in the customers' hours if they differ, and of how many, unless all who `told` us heard
    from us."""
    median, theirs = (timedelta(seconds=each.median or 0) for each in (spread, waited))
    if spread.number == told:
        said = ngettext("The customer heard from us within {median} of opening time", "Half heard from us within {median} of opening time", told)  # fmt: skip # noqa: E501
    else:
        said = ngettext(
            "The one who heard from us did so within {median} of opening time",
            "Of the {n} who heard from us, half did within {median} of opening time",
            spread.number,
        )
    said = said.format(n=spread.number, median=opening_time(median))
    if opening_time(theirs) != opening_time(median):
        said += _(" ({waited} for the customer)").format(waited=took(theirs))
    if spread.slowest_tenth is None or opening_time(timedelta(seconds=spread.slowest_tenth)) == opening_time(timedelta()):
        return f"{said}."
    return said + _("; the slowest tenth took {slow} or more.").format(slow=opening_time(timedelta(seconds=spread.slowest_tenth)))


def score(week: Score, before: Score) -> tuple[str, ...]:
    """Returns the score with its margin, and whether it moved more than chance explains; empty without an answer."""
    if week.value is None or week.margin is None:
        return ()
    if week.answers < FROM_CASES:
        few = ngettext("{n} NPS answer: too few for a score.", "{n} NPS answers: too few for a score.", week.answers)
        return (few.format(n=week.answers),)
    said = ngettext(
        "NPS {value:+.0f} ± {margin:.0f} from {n} answer", "NPS {value:+.0f} ± {margin:.0f} from {n} answers", week.answers
    )
    said = said.format(value=week.value, margin=week.margin, n=week.answers)
    moved = week.moved_from(before)
    if min(week.answers, before.answers) < FROM_ANSWERS:
        said = _("{score}: too few to compare.").format(score=said)
    elif moved is None:
        said = _("{score}: no change beyond chance.").format(score=said)
    else:
        said = _("{score}: {moved:+.0f} against the week before, more than chance.").format(score=said, moved=moved)
    meant = _("NPS is the percentage who gave 9 or 10, less the percentage who gave 0 to 6; ± is how far chance alone may move it.")
    return (f"{said} {meant}",)
