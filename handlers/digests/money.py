"""Adds up what customers are worth, honestly: each customer once, with a count of those whose value is unknown. Pure.

Every sum is an estimate, is called one, and says what it consists of.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from handlers.wording.language import gettext as _
from handlers.wording.language import ngettext

MOST = 1e12
"""No customer is worth more; a larger number is a typo."""
_SIGNS = {"€": "EUR", "£": "GBP"}
_NUMBER = re.compile(r"\d+(?:[,.]\d+)*")


@dataclass(frozen=True, slots=True)
class Worth:
    """One customer: `who` is any key that identifies them; `value` is None if unknown. `noted` says how late a colleague noted it,
    0 where it is the survey tool's."""

    who: object
    value: float | None = None
    currency: str = ""
    noted: int = 0


@dataclass(frozen=True, slots=True)
class Sum:
    """The value of some customers, by currency; `known` of them have a value, `unknown` do not."""

    sums: Mapping[str, float] = field(default_factory=dict)
    known: int = 0
    unknown: int = 0

    @property
    def customers(self) -> int:
        return self.known + self.unknown


@dataclass(frozen=True, slots=True)
class Money:
    """The three sums of a digest."""

    at_risk: Sum = Sum()
    recovered: Sum = Sum()
    lost: Sum = Sum()

    @property
    def known(self) -> bool:
        """Returns whether the value of any of these customers is known; if not, there is nothing to say."""
        return any(each.known for each in (self.at_risk, self.recovered, self.lost))


def total(customers: Iterable[Worth]) -> Sum:
    """Add up, each customer once: one whose value is known in any case is known. What was noted last goes before all else."""
    worth: dict[object, Worth] = {}
    for each in customers:
        before = worth.get(each.who)
        if before is None or _is_better(each, before):
            worth[each.who] = each
    sums: dict[str, float] = {}
    for each in worth.values():
        if each.value is not None:
            sums[each.currency] = sums.get(each.currency, 0) + each.value
    known = sum(each.value is not None for each in worth.values())
    return Sum(sums, known, len(worth) - known)


def _is_better(one: Worth, known: Worth) -> bool:
    return one.value is not None and (known.value is None or one.noted > known.noted)


def amounts(one: Sum) -> str:
    """Returns `48,000 NOK, 1,200 EUR`; empty where no value is known."""
    return ", ".join(f"{value:,.0f} {currency}".strip() for currency, value in sorted(one.sums.items()))


def said(one: Sum) -> str:
    """Returns `48,000 NOK from 2 customers, plus 3 whose value is unknown`: the unknown ones are counted, too."""
    if not one.known:
        return _("the value of none of {n} is known").format(n=one.unknown)
    known = ngettext("{sums} from {n} customer", "{sums} from {n} customers", one.known).format(sums=amounts(one), n=one.known)
    if not one.unknown:
        return known
    return _("{known}, plus {n} whose value is unknown").format(known=known, n=one.unknown)


def lines(money: Money) -> tuple[str, ...]:
    """Returns the three sums, each called an estimate and with what it consists of; empty if no value is known at all."""
    if not money.known:
        return ()
    told = (
        (money.at_risk, _("At risk, an estimate: {sum}. These are the customers with an open case, each counted once.")),
        (
            money.recovered,
            _(
                "Recovered, an estimate: {sum}. After their case, these customers answered that they are satisfied, "
                "for the first time."
            ),
        ),
        (money.lost, _("Lost, an estimate: {sum}. These are the customers marked as lost, each counted once.")),
    )
    return tuple(line.format(sum=said(one)) for one, line in told if one.customers)


def read(text: str) -> tuple[float | None, str]:
    """Parse `48 000 NOK`, `€ 1,200.50` or nothing. Returns (value, currency). Raises ValueError if it is not an amount."""
    for sign, code in _SIGNS.items():
        text = text.replace(sign, f" {code} ")
    letters = re.findall(r"[^\W\d_]+", text)
    digits = re.sub(r"[^\W\d_]+|[\s'’_]", "", text)
    if not digits and not letters:
        return None, ""
    if not _NUMBER.fullmatch(digits) or len(letters) > 1 or any(len(word) != 3 or not word.isascii() for word in letters):
        raise ValueError(text)
    value = float(_plain(digits))
    if value > MOST:
        raise ValueError(text)
    return value, letters[0].upper() if letters else ""


def _plain(digits: str) -> str:
    """Returns the digits with a decimal point only: three digits after a single separator are thousands."""
    last = max(digits.rfind(","), digits.rfind("."))
    signs = [char for char in digits if char in ",."]
    if not signs:
        return digits
    whole, decimals = digits[:last], digits[last + 1 :]
    thousands = len(set(signs)) == 1 and (len(signs) > 1 or len(decimals) == 3)
    return re.sub("[,.]", "", digits) if thousands else re.sub("[,.]", "", whole) + "." + decimals
