"""Units of work that wait for a writer: which run together, that one which fails does not take others with it, and who is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from storage.connections import still_begun
from storage.prepared import Prepared


@dataclass(slots=True)
class Unit:
    """Work that waits for the writer. With `together`, `fn` takes a list of items and those that wait are handed over at once.

    Where `loop` is set, the future is one of that loop and only to be touched there.
    """

    fn: Callable[..., Any]
    future: Future[Any] | asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop | None = None
    item: Any = None
    together: bool = False
    context: tuple[Any, ...] = ()

    @property
    def kind(self) -> tuple[Any, ...] | None:
        """Units of one kind may share a call: the same function, given the very same besides their items. None: it runs alone."""
        return (self.fn, *map(id, self.context)) if self.together else None


WAKE = "wake"
"""Where a transaction notes that delivery is to be woken."""
AFTERWARDS = "afterwards"
"""Where a transaction keeps what is to be done once it is committed."""

_BEGIN, _UNDO, _END = (Prepared(text(f"{word} unit")) for word in ("SAVEPOINT", "ROLLBACK TO SAVEPOINT", "RELEASE SAVEPOINT"))

Outcome = tuple[Unit, Any, BaseException | None]
"""A unit, what it answered, and what it raised instead."""


class Spoilt(Exception):
    """One unit of a transaction failed, and nothing keeps it from the others."""


def tell(loop: asyncio.AbstractEventLoop | None, outcomes: list[Outcome]) -> None:
    """Give results to whoever waits. A loop is called once for all of them: waking it costs more than a row."""
    if loop is None:
        _give_out(outcomes)
        return
    with suppress(RuntimeError):  # the loop may be gone already while we shut down
        loop.call_soon_threadsafe(_give_out, outcomes)


def _give_out(outcomes: list[Outcome]) -> None:
    for unit, answer, error in outcomes:
        if unit.future.done():  # whoever waited went away
            continue
        if error is None:
            unit.future.set_result(answer)
        else:
            unit.future.set_exception(error)


def batches(units: list[Unit]) -> Iterator[list[Unit]]:
    """Units in their order; neighbours that are meant to be run together, together."""
    for kind, run in groupby(units, key=lambda unit: unit.kind):
        if kind is not None:
            yield list(run)
        else:
            yield from ([unit] for unit in run)


def run_all(tx: Connection, units: list[Unit], *, guarded: bool) -> list[Outcome]:
    """Run units that share a transaction. When one of them fails: with `guarded` it alone is undone, without Spoilt is raised. A
    unit by itself raises what it raised."""
    if guarded:
        return [outcome for batch in batches(units) for outcome in _run_guarded(tx, batch)]
    try:
        return [outcome for batch in batches(units) for outcome in _run(tx, batch)]
    except Exception as error:
        if len(units) == 1 or isinstance(error, OperationalError):
            raise
        raise Spoilt from error


def _run_guarded(tx: Connection, batch: list[Unit]) -> list[Outcome]:
    """A batch that fails is tried one by one."""
    try:
        with savepoint(tx):
            return _run(tx, batch)
    except Exception as error:
        if isinstance(error, OperationalError):
            raise
        if len(batch) > 1:
            return [outcome for unit in batch for outcome in _run_guarded(tx, [unit])]
        return [(batch[0], None, error)]


def _run(tx: Connection, batch: list[Unit]) -> list[Outcome]:
    first = batch[0]
    answers = first.fn(tx, [unit.item for unit in batch], *first.context) if first.together else [first.fn(tx)]
    still_begun(tx)
    return [(unit, answer, None) for unit, answer in zip(batch, answers, strict=True)]


def afterwards(tx: Connection, do: Callable[[], object]) -> None:
    """Have `do` called once what this unit did is committed, in the writer's thread; not at all where it is undone."""
    tx.info.setdefault(AFTERWARDS, []).append(do)


def wake(tx: Connection) -> None:
    """Say that this unit wants some chat to show something: delivery is woken after the commit."""
    tx.info[WAKE] = True


def is_woken(tx: Connection) -> bool:
    """Whether this unit, or one before it in the same transaction, wants some chat to show something."""
    return WAKE in tx.info


def need_not_wake(tx: Connection) -> None:
    """Take that back, for this unit and those before it: nothing waits any more."""
    tx.info.pop(WAKE, None)


@contextmanager
def savepoint(tx: Connection) -> Iterator[None]:
    """What fails in here is undone, and the rest of the unit goes on.

    By hand, because SQLAlchemy's own nested transaction costs more than the statements of a claim.
    """
    _BEGIN.count(tx)
    before = len(tx.info.get(AFTERWARDS, ()))
    try:
        yield
    except Exception:
        _UNDO.count(tx)
        del tx.info.get(AFTERWARDS, [])[before:]
        raise
    finally:
        _END.count(tx)
