"""`hero import feedback`: imports feedback from a CSV file, a piece at a time, once no line has a mistake."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from bot.config import Settings
from bot.data import lines
from bot.data.cells import cell, text
from bot.data.lines import Columns, Outcome
from bot.listening import reading
from bot.progress import watched
from handlers import rules
from handlers.arrivals.arrival import Arrival, as_known
from handlers.company import Company
from handlers.feedback import MAIN_WORKSPACE, OURS, Customer, Feedback, FieldError
from handlers.receive import Answer, receive
from storage import erased, exports, schema
from storage.database import Store
from storage.pieces import pieces

AT_ONCE = 200
"""Lines stored in one unit of work: few enough to stay well within the time limits of a database on a slow machine."""
USUAL_SOURCE = "import"
"""The source when neither the row nor the command names one."""
OF_OURS = frozenset({"band", "received_at", "route", "given_name", "given_email", "given_phone"})
"""Columns of an export that are ignored: they are computed anew, or are meaningful in that database only."""
_ANSWER = frozenset(Feedback.model_fields) - {"customer", "scale"} | {"worst", "best"}
_CUSTOMER = {f"customer_{name}": name for name in Customer.model_fields}
_NUMBERS = frozenset({"score", "worst", "best", "customer_value"})
COLUMNS = Columns(_ANSWER | _CUSTOMER.keys() | {"source"}, [["id"], ["metric"]], OF_OURS)
_NOBODYS = ("erased:", "hero-test:")
"""Prefixes of ids in an export that no survey tool assigned: erased feedback and tests."""
_WORDLESS = {"id", "band", "received_at"}
"""The columns that an export still fills for feedback whose content was erased."""
_SOURCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_SAID = {f"customer.{ours}": column for column, ours in _CUSTOMER.items()} | {"scale": "worst and best"}


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the file and its source. `said` is None for a test, or for feedback that was erased before the export."""

    source: str
    id: str
    said: Feedback | None


def imported(settings: Settings, path: Path, source: str | None, *, dry_run: bool, history: bool) -> Outcome:
    """Import the file, or with `dry_run` describe what would happen. `source` overrides the one in the file. Raises Mistaken when
    the file cannot be read at all."""
    read = partial(_line, source=source)
    found, mistakes = lines.read(path, COLUMNS, read, lambda line: (line.id, line.source), lambda line: f"id {line.id!r}")
    if mistakes:
        return lines.mistaken(path, mistakes)
    company = settings.company.model_copy(update={"routes": ()}) if history else settings.company
    if dry_run:
        return Outcome(_would(settings, company, found))
    with schema.ready(settings.database) as store:
        counts = Counter(_stored(store, company, found, history=history))
    return Outcome(
        ", ".join(f"{counts[answer]} {answer}" for answer in Answer if counts[answer]) + "." if found else "The file is empty."
    )


def _line(row: Mapping[str, str], *, source: str | None) -> Line:
    named = source or row.get("source", USUAL_SOURCE).strip()
    if _SOURCE.fullmatch(named) is None:
        raise FieldError("source", "must be a name of letters, digits, - and _")
    gone = row.keys() >= _WORDLESS and not row.keys() & {"score", "comment"}
    if gone or row.get("id", "").startswith(_NOBODYS):
        return Line(named, row["id"], None)
    said = _answer(row)
    return Line(named, said.id, said)


def _answer(row: Mapping[str, str]) -> Feedback:
    read: dict[str, Any] = {name: _value(name, value) for name, value in row.items() if name not in OF_OURS and name != "source"}
    customer = {ours: read.pop(column) for column, ours in _CUSTOMER.items() if column in read}
    if customer.get("key", "").startswith(OURS):  # comes from an export and is computed anew
        del customer["key"]
    worst, best = read.pop("worst", None), read.pop("best", None)
    if (worst is None) != (best is None):
        raise FieldError("worst and best", "are the two ends of the scale: fill in both, or neither")
    scale = {} if best is None else {"scale": [worst, best]}
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
    """Parse tags: words separated by semicolons, or the JSON array we export where that would be ambiguous."""
    if value.lstrip().startswith("["):
        try:
            tags: list[str] = json.loads(value)
        except ValueError:
            raise FieldError("tags", "is neither a JSON array nor words between semicolons") from None
        return tags
    return [tag.strip() for tag in value.split(";")]


def _stored(store: Store, company: Company, found: Sequence[Line], *, history: bool) -> Iterator[Answer]:
    now = datetime.now(UTC)
    each = list(pieces(found, AT_ONCE))
    for n, piece in enumerate(watched("Importing", each, len(each))):
        with lines.gone_on_with(n * AT_ONCE, len(found), "lines"):
            yield from _piece_stored(store, company, piece, now, history=history)


def _piece_stored(store: Store, company: Company, piece: Sequence[Line], now: datetime, *, history: bool) -> list[Answer]:
    told = _remembered(store, piece)
    answers, arrivals = [], []
    for line in piece:
        if line.said is None:
            answers.append(Answer.IGNORED)
        elif told.get((line.source, line.id)) == line.said.fingerprint:
            answers.append(Answer.DUPLICATE)
        else:
            at = (line.said.occurred_at or now) if history else now
            arrivals.append(Arrival(line.source, line.said, at, history=history, belated=True))
    receipts = store.write_sync(receive, company, arrivals) if arrivals else ()
    return answers + [receipt.answer for receipt in receipts]


def _remembered(store: Store, piece: Sequence[Line]) -> dict[tuple[str, str], str | None]:
    """Returns the fingerprints of these rows as an export of today would give them. A row with the same fingerprint changes
    nothing, though it may say more than the survey tool once did, such as the customer's current name. None for erased content."""
    names = exports.columns("feedback")
    told: dict[tuple[str, str], str | None] = {}
    for row in store.read_sync(exports.answers, MAIN_WORKSPACE, [(line.source, line.id) for line in piece]):
        cells = {name: text(cell(value)) for name, value in zip(names, row[1:], strict=True)}
        told[row.source, row.id] = None
        with suppress(FieldError):  # what is left of erased content is not valid feedback
            told[row.source, row.id] = _answer({name: value for name, value in cells.items() if value.strip()}).fingerprint
    return told


def _would(settings: Settings, company: Company, found: Sequence[Line]) -> str:
    """Describe what would happen to each row: known feedback changes little or nothing, the routes decide about the rest."""
    with closing(Store(settings.database)) as store:
        known = store if _is_there(store) else None
        counts = Counter(what for piece in pieces(found, AT_ONCE) for what in _each_would(known, company, piece))
    lines = [f"{number} {what}" for what, number in counts.items()]
    read = f"{len(found)} answer{'s' * (len(found) != 1)} read, no mistakes."
    return "\n".join([read, *lines, "Nothing was changed: leave out --dry-run to do it."])


def _is_there(store: Store) -> bool:
    """Whether there is a database with this schema; a file may be tried before the bot was ever started."""
    try:
        schema.require(store)
    except schema.Older:
        return False
    return True


def _each_would(store: Store | None, company: Company, piece: Sequence[Line]) -> Iterator[str]:
    told = _remembered(store, piece) if store else {}
    gone = store.read_sync(erased.among, MAIN_WORKSPACE, [(line.source, line.id) for line in piece]) if store else frozenset()
    answers = [line.said for line in piece if line.said is not None]
    known = iter(store.read_sync(as_known, answers) if store else answers)
    for line in piece:
        said = next(known) if line.said is not None else None
        name = (line.source, line.id)
        if line.said is None or said is None or name in gone:
            yield "would be ignored: erased before, or a test"
        elif name in told:
            same = told[name] == line.said.fingerprint
            yield "known already" if same else "known already: what the file says otherwise would be taken over"
        else:
            yield _routed(company, said, line.source)


def _routed(company: Company, said: Feedback, source: str) -> str:
    route = company.route_of(said, source)
    if rules.asks_somebody(route, said):
        return f"would ask {company.teams[route.team].title} to follow up ({route.name})"
    return "would be stored, and nobody asked"
