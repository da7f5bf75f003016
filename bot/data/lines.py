"""Reads a CSV file for import: completely, before anything is stored, reporting each mistake with its line."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO, TypeVar

from bot.data.cells import text
from bot.progress import watched
from bot.refusals import Mistaken, unfinished
from handlers.feedback import FieldError

STANDARD_INPUT = Path("-")
MISTAKES = 20
"""The number of mistakes listed; beyond it only a count is given."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What to print, and whether the import failed."""

    text: str
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Mistake:
    line: int
    why: str

    def __str__(self) -> str:
        return f"  line {self.line}: {self.why}"


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a file. At least one of each collection in `needed` is required; `ours` are allowed, but computed anew."""

    known: frozenset[str]
    needed: Sequence[Collection[str]]
    ours: frozenset[str] = frozenset()

    def wrong(self, named: Sequence[str]) -> str:
        """Returns what is wrong with the header line; empty if nothing is."""
        unknown = [name for name in named if name not in self.known | self.ours]
        missing = [" or ".join(sorted(choice)) for choice in self.needed if not set(choice) & set(named)]
        twice = [name for name in dict.fromkeys(named) if list(named).count(name) > 1]
        if len(named) == 1 and (cells := next((sign for sign in (";", "\t") if sign in named[0]), "")):
            return f"the columns stand between {'semicolons' if cells == ';' else 'tabs'}; save the file with commas between them"
        if unknown:
            why = f"the column {unknown[0]!r} is not one we know"
        elif missing:
            why = f"the column{'s' * (len(missing) > 1)} {' and '.join(missing)} {'are' if len(missing) > 1 else 'is'} needed"
        elif twice:
            why = f"the column {twice[0]!r} stands there twice"
        else:
            return ""
        return f"{why}; there are {', '.join(sorted(self.known))}"


def read(
    path: Path,
    columns: Columns,
    one: Callable[[Mapping[str, str]], T],
    name_of: Callable[[T], Hashable],
    called: Callable[[T], str],
) -> tuple[list[T], list[Mistake]]:
    """Parse each record of the file, or of standard input where `path` is `-`, with `one`, which is given the non-blank cells and
    may raise FieldError. Returns the records and the mistakes.

    `name_of` gives a record's unique key, and `called` describes a record in messages. Raises Mistaken when the file cannot be
    read at all.
    """
    with _opened(path) as (file, size):
        lines = csv.reader(file, strict=True)
        try:
            named = [name.strip() for name in next(lines, [])]
        except csv.Error as error:
            return [], [Mistake(1, _no_csv(error))]
        if wrong := columns.wrong(named):
            return [], [Mistake(1, wrong)]
        found: dict[Hashable, tuple[int, T]] = {}
        mistakes = []
        for at, values in watched("Reading", _numbered(lines), max(1, size // 100)):
            try:
                if isinstance(values, FieldError):
                    raise values
                record = one(_cells(named, values))
            except FieldError as error:
                mistakes.append(Mistake(at, f"{error.field} {error.why}".strip()))
                continue
            name = name_of(record)
            if name in found:
                mistakes.append(Mistake(at, f"{called(record)} stands in line {found[name][0]} already"))
            found.setdefault(name, (at, record))
        return [record for _, record in found.values()], mistakes


@contextmanager
def _opened(path: Path) -> Iterator[tuple[TextIO, int]]:
    """Yields the file and its size. Raises Mistaken if it cannot be opened, or read to its end."""
    try:
        if path == STANDARD_INPUT:
            given = sys.stdin.buffer.read().decode("utf-8-sig")
            yield io.StringIO(given, newline=""), len(given)
        else:
            with path.open(encoding="utf-8-sig", newline="") as file:
                yield file, path.stat().st_size
    except (OSError, UnicodeDecodeError) as error:
        why = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else getattr(error, "strerror", None) or str(error)
        raise Mistaken(f"{_as_named(path)} cannot be read ({why}). Nothing was changed.") from error


def _numbered(lines: Any) -> Iterator[tuple[int, list[str] | FieldError]]:
    """Yields each record with the number of the line it begins on, skipping empty lines; last the mistake from which on the file is
    no CSV."""
    begins = lines.line_num + 1
    try:
        for values in lines:
            if values:
                yield begins, values
            begins = lines.line_num + 1
    except csv.Error as error:
        yield begins, FieldError("", _no_csv(error))


def _no_csv(error: csv.Error) -> str:
    return f"from here on it is no CSV ({error}); a quotation mark inside a cell is written twice"


def _cells(named: Sequence[str], values: Sequence[str]) -> dict[str, str]:
    if len(values) != len(named):
        raise FieldError("", f"has {len(values)} cells, and the first line names {len(named)} columns")
    row = {name: text(value) for name, value in zip(named, values, strict=True)}
    return {name: value for name, value in row.items() if value.strip()}


def mistaken(path: Path, mistakes: Sequence[Mistake]) -> Outcome:
    """Returns the outcome that lists the mistakes and says that nothing was changed."""
    more = [f"  … and {len(mistakes) - MISTAKES} more"] if len(mistakes) > MISTAKES else []
    head = f"{_as_named(path)} has {len(mistakes)} mistake{'s' * (len(mistakes) != 1)}, so nothing was changed:"
    return Outcome("\n".join([head, *map(str, mistakes[:MISTAKES]), *more]), failed=True)


def _as_named(path: Path) -> str:
    return "standard input" if path == STANDARD_INPUT else str(path)


def gone_on_with(done: int, all_of_them: int, noun: str) -> AbstractContextManager[None]:
    """Raise Unfinished if the database goes away once `done` of them are taken in."""
    if not done:
        return nullcontext()
    return unfinished(
        f"{done} of {all_of_them} {noun} are taken in, then the database went away",
        "Run the same command again: it goes on from there",
    )
