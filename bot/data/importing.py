"""`hero import feedback`: answers from a CSV file, all or none, with every mistake told by its line."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from bot.config import Settings
from bot.data.cells import text
from bot.refusals import Mistaken
from bot.sources import reading
from bot.terminal import watched
from handlers import rules
from handlers.feedback import Customer, Feedback, FieldError
from handlers.receive import Answer, Arrival, Receipt, receive
from handlers.rules import Company
from storage.database import Store

AT_ONCE = 500
MISTAKES = 20
"""Told; of more only the number."""
OF_OURS = frozenset({"source", "band", "received_at", "route"})
"""Columns of an export that are worked out anew."""
_ANSWER = frozenset(Feedback.model_fields) - {"customer", "scale"} | {"worst", "best"}
_CUSTOMER = {f"customer_{name}": name for name in Customer.model_fields}
_NUMBERS = frozenset({"score", "worst", "best", "customer_value"})
_SAID = {f"customer.{ours}": column for column, ours in _CUSTOMER.items()} | {"scale": "worst and best"}


@dataclass(frozen=True, slots=True)
class Told:
    """What to say, and whether it failed."""

    text: str
    failed: bool = False


@dataclass(frozen=True, slots=True)
class _Mistake:
    line: int
    why: str

    def __str__(self) -> str:
        return f"  line {self.line}: {self.why}"


def imported(settings: Settings, path: Path, source: str, *, dry_run: bool, history: bool) -> Told:
    """Take the file in, or say what would happen. Raises Mistaken for a file that cannot be read at all."""
    found, mistakes = _read(path)
    if mistakes:
        return Told(_mistaken(path, mistakes), failed=True)
    company = settings.company.model_copy(update={"routes": ()}) if history else settings.company
    if dry_run:
        return Told(_would(company, source, found))
    with closing(Store(settings.database)) as store:
        counts = Counter(receipt.answer for receipt in _stored(store, company, source, found, history=history))
    return Told(
        ", ".join(f"{counts[answer]} {answer}" for answer in Answer if counts[answer]) + "." if found else "The file is empty."
    )


def _read(path: Path) -> tuple[list[Feedback], list[_Mistake]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return _parsed(file, path.stat().st_size)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        why = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
        raise Mistaken(f"{path} cannot be read ({why}). Nothing was changed.") from error


def _parsed(file: TextIO, size: int) -> tuple[list[Feedback], list[_Mistake]]:
    lines = csv.reader(file, strict=True)
    columns = [name.strip() for name in next(lines, [])]
    unknown = [name for name in columns if name not in _ANSWER | _CUSTOMER.keys() | OF_OURS]
    if unknown or not {"id", "metric"} <= set(columns):
        known = ", ".join(sorted(_ANSWER | _CUSTOMER.keys()))
        why = f"the column {unknown[0]!r} is not one we know" if unknown else "the columns id and metric are needed"
        return [], [_Mistake(1, f"{why}; there are {known}")]
    found: dict[str, tuple[int, Feedback]] = {}
    mistakes = []
    for at, values in watched("Reading", _numbered(lines), max(1, size // 100)):
        try:
            answer = _answer(columns, values)
        except FieldError as error:
            mistakes.append(_Mistake(at, f"{error.field} {error.why}".strip()))
            continue
        if answer.id in found:
            mistakes.append(_Mistake(at, f"id {answer.id!r} stands in line {found[answer.id][0]} already"))
        found.setdefault(answer.id, (at, answer))
    return [answer for _, answer in found.values()], mistakes


def _numbered(lines: Any) -> Iterator[tuple[int, list[str]]]:
    """Each record with the line of the file that it begins in; empty lines are passed over."""
    begins = lines.line_num + 1
    for values in lines:
        if values:
            yield begins, values
        begins = lines.line_num + 1


def _answer(columns: Sequence[str], values: Sequence[str]) -> Feedback:
    if len(values) != len(columns):
        raise FieldError("", f"has {len(values)} cells, and the first line names {len(columns)} columns")
    row = {name: text(value) for name, value in zip(columns, values, strict=True) if name not in OF_OURS}
    read: dict[str, Any] = {name: _value(name, value) for name, value in row.items() if value.strip()}
    customer = {ours: read.pop(column) for column, ours in _CUSTOMER.items() if column in read}
    worst, best = read.pop("worst", None), read.pop("best", None)
    scale = {"scale": [worst, best]} if worst is not None and best is not None else {}
    return reading.feedback(read | scale | ({"customer": customer} if customer else {}), _SAID)


def _value(name: str, value: str) -> Any:
    if name in _NUMBERS:
        return reading.as_number(value)
    if name == "tags":
        return _tags(value)
    if name == "wants_contact":
        return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}.get(value.strip().casefold(), value)
    return value


def _tags(value: str) -> list[str]:
    """A JSON array, as we export it, or words between semicolons, as people write them."""
    if value.lstrip().startswith("["):
        try:
            tags: list[str] = json.loads(value)
        except ValueError:
            raise FieldError("tags", "is neither a JSON array nor words between semicolons") from None
        return tags
    return [tag.strip() for tag in value.split(";")]


def _stored(store: Store, company: Company, source: str, found: Sequence[Feedback], *, history: bool) -> Iterator[Receipt]:
    now = datetime.now(UTC)
    arrivals = [Arrival(source, each, (each.occurred_at or now) if history else now) for each in found]
    pieces = [arrivals[n : n + AT_ONCE] for n in range(0, len(arrivals), AT_ONCE)]
    for piece in watched("Importing", pieces, len(pieces)):
        yield from store.do(receive, company, piece)


def _would(company: Company, source: str, found: Sequence[Feedback]) -> str:
    """What the routes make of it. What is known already is not looked up: taking it in again changes nothing."""
    counts: Mapping[str, int] = Counter(
        f"would ask {company.teams[route.team].title} to follow up ({route.name})" if route else "would be stored, and nobody asked"
        for route in (rules.route(each, source, company.routes) for each in found)
    )
    lines = [f"{number} {what}" for what, number in counts.items()]
    return "\n".join([f"{len(found)} answers read, no mistakes.", *lines, "Nothing was changed: leave out --dry-run to do it."])


def _mistaken(path: Path, mistakes: Sequence[_Mistake]) -> str:
    more = [f"  … and {len(mistakes) - MISTAKES} more"] if len(mistakes) > MISTAKES else []
    head = f"{path} has {len(mistakes)} mistake{'s' * (len(mistakes) != 1)}, so nothing was changed:"
    return "\n".join([head, *map(str, mistakes[:MISTAKES]), *more])
