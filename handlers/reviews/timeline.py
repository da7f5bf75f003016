"""How one case went, told without blame: what the customer experienced, with roles and never names. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import takewhile
from typing import TYPE_CHECKING

from handlers.case import Case
from handlers.team import Team
from handlers.wording.language import gettext as _
from handlers.wording.words import cut, times, took, when

if TYPE_CHECKING:
    from storage.prepared import AnyRow

WORDS = 80
BACK = frozenset({"release", "let_go"})


def told(case: Case, acts: Sequence[AnyRow], team: Team, now: datetime) -> str:
    """Returns one case in one paragraph. `acts` are those of its log, in order; `case` as its channel may read it."""
    words = cut(" ".join(case.comment.split()), WORDS)
    begun = _("{at} the customer wrote").format(at=when(case.created_at, team.hours.zone, now))
    steps = [f"{begun}: “{words}”" if words else begun]
    steps += [text for text in (_taken(case, acts), _passed_on(acts), _reached(case, acts, now), _ended(case, acts)) if text]
    return f"#{case.id}: {'; '.join(steps)}."


def _taken(case: Case, acts: Sequence[AnyRow]) -> str:
    first = _first_owner(acts)
    if first is None:
        return _("nobody took it")
    said = _("somebody took it after {span}") if first.verb == "claim" else _("somebody was asked to take it after {span}")
    return said.format(span=took(first.at - case.created_at))


def _first_owner(acts: Sequence[AnyRow]) -> AnyRow | None:
    """Returns the act by which somebody had it first: they took it, or whoever leads the team chose them."""
    return next((act for act in acts if act.verb in ("claim", "hand_over")), None)


def _passed_on(acts: Sequence[AnyRow]) -> str:
    first = _first_owner(acts)
    passed = sum(act.verb == "hand_over" and act is not first for act in acts)
    back = sum(act.verb in BACK for act in acts)
    said = []
    if passed:
        said.append(_("it was handed on {times}").format(times=times(passed)))
    if back:
        said.append(_("it went back to the team {times}").format(times=times(back)))
    return "; ".join(said)


def _reached(case: Case, acts: Sequence[AnyRow], now: datetime) -> str:
    first = first_contact(acts)
    if first is None and case.lost_at is not None:
        return _("no word from us is noted before they left")
    if first is None:
        return _("in {span} they did not hear from us").format(span=took((case.closed_at or now) - case.created_at))
    return _("they heard from us after {span}").format(span=took(first.at - case.created_at))


def first_contact(acts: Sequence[AnyRow]) -> AnyRow | None:
    """Returns the act that first noted a contact. Taken from the log, because reopening a case clears the contact in its row."""
    return next((act for act in acts if act.set.get("contacted_at")), None)


def promised(acts: Sequence[AnyRow], contact: AnyRow) -> datetime | None:
    """Returns by when an answer was promised at that contact: a reopening begins a new promise."""
    given = [act.set["close_by"] for act in takewhile(lambda act: act is not contact, acts) if act.set.get("close_by")]
    return datetime.fromisoformat(given[-1]) if given else None


def _ended(case: Case, acts: Sequence[AnyRow]) -> str:
    reopened = sum(act.verb == "reopen" for act in acts)
    said = [_("it was opened again {times}").format(times=times(reopened))] if reopened else []
    if case.lost_at is not None:
        said.append(_("after {span} they had left").format(span=took(case.lost_at - case.created_at)))
    return "; ".join(said)
