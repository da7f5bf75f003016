"""lost, not_lost: a customer left us; since when, why, and what they were worth. It can be undone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from handlers.cards import Ask, Button, Field, Form, Reply, Target
from handlers.digests import money
from handlers.situation import Change, Decision, Situation
from handlers.wording import replies
from handlers.wording.language import gettext as _
from handlers.wording.words import begin

WHYS = 4
"""Answers to “and why was that?”, after the cause: five levels in all."""
WHY = 120


def lost(situation: Situation) -> Decision:
    """The owner or a leader of the team marks the customer of a follow-up as lost, in any state."""
    case = situation.case
    if not situation.may_steer:
        return Reply(_("Whoever has this customer, or leads {team}, can mark them as lost.").format(team=situation.team.title))
    if case.lost_at is not None:
        return Reply(_("This customer is marked as lost already."))
    if situation.tap.answers is None:
        return Reply(form=form(case.id, situation.team.causes))
    cause, errors = situation.tap.answer("cause"), {}
    whys = [line.strip() for line in situation.tap.answer("whys").splitlines()]
    if cause not in situation.team.causes:
        errors["cause"] = _missing(situation, cause)
    if len(_ended(whys)) > WHYS:
        errors["whys"] = _("At most {n} lines, please: one for each why.").format(n=WHYS)
    try:
        value, currency = money.read(situation.tap.answer("value"))
    except ValueError:
        errors["value"] = _("Please write an amount, such as 48000 NOK, or leave it empty.")
    if errors:
        return Reply(errors=errors, form=form(case.id, situation.team.causes))
    detail: dict[str, Any] = {"cause": cause, "note": situation.tap.answer("note")}
    detail |= {f"why_{n}": why[:WHY] for n, why in enumerate(_ended(whys), 1)}
    detail |= {"value": value, "currency": currency or case.customer.currency or ""} if value is not None else {}
    text = _("Marked as lost, and noted who did: #{id}. It stands in the next monthly review.").format(id=case.id)
    undo = Button("not_lost", _("Undo"), case.id, _("Undo: this customer is not lost"))
    return Change({"lost_at": situation.tap.at}, text, detail, undo=undo)


def not_lost(situation: Situation) -> Decision:
    """Undo `lost`."""
    if situation.case.lost_at is None:
        return Reply(_("This customer is not marked as lost, so nothing was changed."))
    if not situation.may_steer:
        return replies.not_yours(situation)
    return Change({"lost_at": None}, _("Undone: this customer is not lost. Both are noted."))


def form(target: Target, causes: Iterable[str], *also: Field) -> Form:
    """Asks why they left, what they were worth, and what else should be known; the fields of `also` come first."""
    missing = _("Please choose what made them leave.")
    fields = (
        *also,
        Field("cause", _("What made them leave?"), Ask.CHOICE, tuple((cause, begin(cause)) for cause in causes), error=missing),
        Field(
            "whys", _("And why was that? And that?"), Ask.TEXT, required=False, max_length=WHYS * WHY,
            hint=_("One line for each why, at most four. Leave a line empty where nobody knows; nobody is to blame."),
        ),
        Field(
            "value", _("What were they worth?"), Ask.TEXT, required=False, max_length=40, short=True,
            hint=_("For example 48000 NOK. Empty: what the survey tool said, or unknown."),
        ),
        Field("note", _("What else should be known?"), Ask.TEXT, required=False, max_length=300),
    )  # fmt: skip
    intro = _("Whoever leads the team reads it in the monthly review. The channel does not.")
    return Form("lost", target, _("A customer left"), intro, _("Mark as lost"), fields)


def _missing(situation: Situation, cause: str) -> str:
    """The typed word offers the causes of all teams, before it is known whose customer it is."""
    if not cause:
        return _("Please choose what made them leave.")
    text = _("{team} has other causes. Please choose one of these: {causes}.")
    return text.format(team=situation.team.title, causes=", ".join(situation.team.causes))


def _ended(whys: Sequence[str]) -> list[str]:
    """Returns the lines without trailing blank ones; a blank line in between is a level that nobody knows."""
    filled = [n for n, why in enumerate(whys) if why]
    return list(whys[: filled[-1] + 1]) if filled else []
