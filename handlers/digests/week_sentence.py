"""A week in one sentence: how many told us that we let them down, and what became of them. Pure."""

from __future__ import annotations

from handlers.calendar.duration import Duration
from handlers.digests.figures import Figures, Kept, Promised
from handlers.wording.language import gettext as _
from handlers.wording.language import ngettext
from handlers.wording.words import lasts


def sentence(week: Figures, promise: Promised | None = None, *, closed: bool = False) -> str:
    """Returns the week in one sentence, the denominator first. `promise` is named if given; `closed`: the team did not open."""
    kept = week.kept
    if not kept.told and week.told_again:
        return told_again(week.told_again)
    if not week.answers and not kept.told:
        return _("No answers this week. We were closed.") if closed else _("No answers this week.")
    if not kept.told:
        said = ngettext(
            "{n} answer, and nobody unhappy. Enjoy it.",
            "{n} answers, none from an unhappy customer. Enjoy it.",
            week.answers,
        )
        return said.format(n=week.answers)
    told = ngettext("{n} customer told us we let them down.", "{n} customers told us we let them down.", kept.told).format(
        n=kept.told
    )
    again = f" {told_again(week.told_again)}" if week.told_again else ""
    return f"{told} {_became(week, _named(promise))}{again}"


def told_again(number: int) -> str:
    """Returns the sentence about those who wrote to us in an earlier week and let us know again in this one."""
    return ngettext(
        "{n} customer told us again that we let them down, after their case had ended.",
        "{n} customers told us again that we let them down, after their case had ended.",
        number,
    ).format(n=number)


def _named(promise: Promised | None) -> str:
    """Returns the promise in brackets; empty if it was not the same for everybody."""
    if promise is None:
        return ""
    said = (
        _(" (taken within {claim}, answered within {close}, in opening hours)")
        if promise.opening
        else _(" (taken within {claim}, answered within {close})")
    )
    return said.format(claim=lasts(Duration.parse(promise.claim)), close=lasts(Duration.parse(promise.close)))


def _became(week: Figures, named: str) -> str:
    """Returns what became of them, in numbers that add up to all who told us. Customers whose promise can still be kept are counted
    apart from those who wait past it, and those whom nobody could reach from those of whom no contact is noted."""
    kept, running = week.kept, week.running
    if running == kept.told:
        return _("No word from us yet; our promise{named} can still be kept.").format(named=named)
    if week.unreachable == kept.told:
        return ngettext("They could not be reached.", "None of them could be reached.", kept.told)
    past, closed = kept.waiting - running, kept.unreached - week.unreachable
    if past == kept.told:
        return _("No word from us yet, and our promise{named} has passed.").format(named=named)
    if not kept.answered:
        late = ngettext("{n} still waits past our promise{named}", "{n} still wait past our promise{named}", past)
        begins = _("No word from us yet: ") if kept.waiting and not closed else ""
    else:
        late = ngettext("{n} still waits past our promise", "{n} still wait past our promise", past)
        begins = f"{_got_back(kept, named)}; "
    rest = (
        (running, _("{n} can still hear from us in time")),
        (past, late),
        (week.unreachable, ngettext("{n} could not be reached", "{n} could not be reached", week.unreachable)),
        (closed, ngettext("{n} was closed with no contact noted", "{n} were closed with no contact noted", closed)),
    )
    told = "; ".join(clause.format(n=number, named=named) for number, clause in rest if number)
    return f"{begins}{told}".removesuffix("; ") + "."


def _got_back(kept: Kept, named: str) -> str:
    if not kept.in_time:
        said = _("You got back to {whom}, later than we promised{named}")
    elif not kept.later:
        said = _("You got back to {whom} within our promise{named}")
    elif kept.answered == kept.told:
        said = _("You got back to {whom}: {in_time} within our promise{named}, {later} later")
    else:
        said = _("You got back to {in_time} within our promise{named}, {later} later")
    return said.format(whom=_whom(kept), in_time=kept.in_time, later=kept.later, named=named)


def _whom(kept: Kept) -> str:
    if kept.answered < kept.told:
        return _("{n} of them").format(n=kept.answered)
    return _("both") if kept.told == 2 else ngettext("them", "all {n}", kept.told).format(n=kept.told)
