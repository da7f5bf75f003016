"""Hides what a channel must not read: how to reach a customer, identifying numbers, surnames. Only the owner reads them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from handlers.feedback import Case, Customer
from handlers.language import gettext as _
from handlers.rules import Team

_EMAIL = re.compile(r"[^\s@<>()\[\]{},;:\"“”„«»|]{1,64}@[^\s@<>()\[\]{},;:\"“”„«»|]{1,190}\.[^\W\d_]{2,24}(?![\w-])")
_IBAN = re.compile(r"(?<![^\W_])[A-Z]{2}\d{2}(?:[ -]?[A-Z\d]){11,30}(?![^\W_])", re.IGNORECASE | re.ASCII)
_NUMBER = re.compile(r"(?<!\d)[+(]?\d(?:[ \u00a0\u2009.\-\u2010-\u2015/()]{0,3}\d){6,40}(?!\d)")
_DATE = re.compile(r"(?:19|20)\d\d([-./])\d\d?\1\d\d?|\d\d?([-./])\d\d?\2(?:19|20)\d\d")
_PHONE, _CARD = (8, 15), (13, 19)
"""The least and the most digits of each. Seven are enough for a number that begins as telephone numbers do."""


def mask(text: str, surnames: Iterable[str] = (), patterns: Sequence[str] = ()) -> str:
    """Returns the text with e-mails, IBANs, card, telephone and other long numbers, whatever matches `patterns`, and surnames
    hidden.

    In a pattern `#` is a digit, `?` a letter, and anything else stands for itself, as in `NW-######`.
    """
    text = _EMAIL.sub(_("[e-mail]"), text)
    for pattern in patterns:
        text = _as_regex(pattern).sub(_("[number]"), text)
    text = _IBAN.sub(_iban, text)
    text = _NUMBER.sub(_number, text)
    for surname in surnames:
        text = _word(surname).sub(lambda match: f"{match[0][0]}.", text)
    return text


def surnames(name: str | None) -> tuple[str, ...]:
    """Returns the parts of a name that friends do not use: all but the first word, or those before a comma; no words such as
    “van”."""
    if not name:
        return ()
    before, comma, _after = name.partition(",")
    words = before.split() if comma else name.split()[1:]
    written_large = [word for word in words if word[:1].isupper()]
    found = (word.strip(".,;:()\"'’“”") for word in written_large or words)
    return tuple(word for word in found if len(word) > 1)


def hide(text: str, customer: Customer, team: Team) -> str:
    """Returns what a channel of the team may read of a text about this customer."""
    return mask(text, (surname for name in customer.names for surname in surnames(name)), team.mask)


def for_channel(case: Case, team: Team) -> Case:
    """Returns the case as a channel of its team may see it: without what app.yaml does not `show`, and the rest masked."""
    shown = team.show
    return replace(
        case,
        comment=hide(case.comment, case.customer, team) if "words" in shown else "",
        touchpoint=hide(case.touchpoint, case.customer, team) if case.touchpoint and "touchpoint" in shown else None,
        earlier_low=case.earlier_low if "history" in shown else 0,
        wants_contact=case.wants_contact and "wishes" in shown,
        customer=case.customer if "owner" in shown else case.customer.model_copy(update={"owner": None}),
        done=hide(case.done, case.customer, team),
    )


def hide_all(detail: Mapping[str, Any], customer: Customer, team: Team) -> dict[str, Any]:
    """Like `hide`, for the texts that people wrote about a case: notes, and what was done."""
    return {name: hide(value, customer, team) if isinstance(value, str) else value for name, value in detail.items()}


def _iban(match: re.Match[str]) -> str:
    """Masks only what has the check digits of an IBAN. A match may run into the words that follow it: these are kept."""
    parts = re.split(r"([ -])", match[0])
    for end in range(len(parts), 0, -2):
        text = "".join(part for part in parts[:end] if part not in (" ", "-")).upper()
        if 15 <= len(text) <= 34 and _checks(text):
            return _("[IBAN]") + "".join(parts[end:])
    return match[0]


def _checks(iban: str) -> bool:
    return int("".join(str(int(sign, 36)) for sign in iban[4:] + iban[:4])) % 97 == 1


def _number(match: re.Match[str]) -> str:
    digits = [int(sign) for sign in match[0] if sign.isdigit()]
    if _DATE.fullmatch(match[0].strip(" (")):
        return match[0]
    if _CARD[0] <= len(digits) <= _CARD[1] and _luhn(digits):
        return _("[card]")
    begins_as_one = match[0].startswith(("+", "(", "00")) or digits[0] == 0
    if len(digits) < (7 if begins_as_one else _PHONE[0]):
        return match[0]
    return _("[phone]") if len(digits) <= _PHONE[1] else _("[number]")


def _luhn(digits: Sequence[int]) -> bool:
    doubled = [digit * 2 - 9 if digit > 4 else digit * 2 for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


@lru_cache(256)
def _as_regex(pattern: str) -> re.Pattern[str]:
    signs = {"#": r"\d", "?": r"[^\W\d_]"}
    inside = "".join(signs.get(sign, re.escape(sign)) for sign in pattern.strip())
    return re.compile(rf"(?<!\w){inside}(?!\w)", re.IGNORECASE)


@lru_cache(1024)
def _word(surname: str) -> re.Pattern[str]:
    """Short surnames are also words (“An”, “Lee”), so these are hidden only where they are written with the same capitals."""
    return re.compile(rf"(?<!\w){re.escape(surname)}(?!\w)", re.IGNORECASE if len(surname) > 3 else 0)
