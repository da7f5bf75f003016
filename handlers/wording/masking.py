"""Hides what a channel must not read: how to reach a customer, identifying numbers, surnames. Only the owner reads them. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from handlers.case import Case
from handlers.feedback import Customer
from handlers.matching import UNSPACED, is_unspaced
from handlers.team import Team
from handlers.wording.language import gettext as _

_SPACES = " \t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_DASHES = "\\-\u2010-\u2015\u2212\ufe63\uff0d"
_GAPS = _SPACES + _DASHES
_APOSTROPHES = "'\u2019\u2018\u02bc\u00b4`\u2032\uff07"
_JOINED_EMOJI = re.compile("(?<=[\u2600-\u27bf\ufe0f\U0001f000-\U0001faff])\u200d(?=[\u2600-\u27bf\U0001f000-\U0001faff])")
_NO_LETTER_BEFORE, _NO_LETTER_AFTER = rf"(?<![^\W_{UNSPACED}])", rf"(?![^\W_{UNSPACED}])"
"""Where a word may begin and end. In Japanese, others follow it without a space."""
_IN_AN_ADDRESS = r"[^\s@＠<>()\[\]{},;:\"“”„«»|、。，；：！？（）「」『』【】]"
_EMAIL = re.compile(
    rf"{_IN_AN_ADDRESS}{{1,64}}[@＠]{_IN_AN_ADDRESS}{{1,190}}"
    rf"\.(?:xn--[A-Za-z\d-]{{1,59}}|[A-Za-z]{{2,24}}{_NO_LETTER_AFTER}|[^\W\d_]{{2,24}})"
)
_IBAN = re.compile(rf"(?<![^\W_])[A-Z]{{2}}\d{{2}}(?:[{_GAPS}]?[A-Z\d]){{11,30}}(?![^\W_])", re.IGNORECASE | re.ASCII)
_NUMBER = re.compile(rf"(?<!\d)[+(]?\d(?:[{_GAPS}.·/()（）]{{0,3}}\d){{6,40}}(?!\d)")
_DATE = re.compile(r"(?:19|20)\d\d([-./])\d\d?\1\d\d?|\d\d?([-./])\d\d?\2(?:19|20)\d\d")
_PHONE, _CARD = (8, 15), (13, 19)
"""The least and the most digits of each. Seven are enough for a number that begins as telephone numbers do."""


def mask(text: str, surnames: Iterable[str] = (), patterns: Sequence[str] = ()) -> str:
    """Returns the text with e-mails, IBANs, card, telephone and other long numbers, whatever matches `patterns`, and surnames
    hidden.

    In a pattern `#` is a digit, `?` a letter, `-` any hyphen, and anything else stands for itself, as in `NW-######`.
    """
    seen = _seen(text)
    hidden = _hidden(seen, surnames, patterns)
    return text if hidden == seen else hidden


def _seen(text: str) -> str:
    """Returns the text without what no chat shows, such as soft hyphens and zero-width spaces: a number could be written around
    them. Joined emoji stay."""
    if text.isascii() or text.isprintable():
        return text
    pieces = _JOINED_EMOJI.split(text)
    return "\u200d".join("".join(sign for sign in piece if unicodedata.category(sign) != "Cf") for piece in pieces)


def _hidden(text: str, surnames: Iterable[str], patterns: Sequence[str]) -> str:
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
    name = _seen(name)
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
    parts = re.split(f"([{_GAPS}])", match[0])
    for end in range(len(parts), 0, -2):
        text = "".join(parts[:end:2]).upper()
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
    signs = {"#": r"\d", "?": r"[^\W\d_]", "-": f"[{_DASHES}]"}
    inside = "".join(signs.get(sign, re.escape(sign)) for sign in pattern.strip())
    return re.compile(_NO_LETTER_BEFORE + inside + _NO_LETTER_AFTER, re.IGNORECASE)


@lru_cache(1024)
def _word(surname: str) -> re.Pattern[str]:
    """Short surnames are also words (“An”, “Lee”), so these are hidden only where they are written with the same capitals. Others
    may have the s of a genitive, as in “Hansens ordre”."""
    signs = unicodedata.normalize("NFC", surname)
    before = "" if is_unspaced(signs[0]) else _NO_LETTER_BEFORE
    after = "" if is_unspaced(signs[-1]) else _NO_LETTER_AFTER
    inside = "".join(map(_spelt, signs))
    return re.compile(f"{before}{inside}(?=s?{after})", re.IGNORECASE) if len(signs) > 3 else re.compile(before + inside + after)


def _spelt(sign: str) -> str:
    """Returns a pattern of all the ways to type a sign of a name: with each accent as part of the letter or after it, and any
    apostrophe or hyphen."""
    for alike in (_APOSTROPHES, _DASHES):
        if re.match(f"[{alike}]", sign):
            return f"[{alike}]"
    apart = unicodedata.normalize("NFD", sign)
    ways = {unicodedata.normalize("NFC", apart[:n]) + apart[n:] for n in range(1, len(apart) + 1)}
    return f"(?:{'|'.join(map(re.escape, sorted(ways)))})"
