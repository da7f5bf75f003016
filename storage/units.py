"""Units of work that wait for a writer: which ones run together, how a failing one is isolated, and who gets the results."""

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
    """Work that waits for a writer. With `together`, `fn` takes a list of items, and units that wait at the same time share one
    call.

    If `loop` is set, the future belongs to that event loop and may be touched only there.
    """

    fn: Callable[..., Any]
    future: Future[Any] | asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop | None = None
    item: Any = None
    together: bool = False
    context: tuple[Any, ...] = ()

    @property
    def kind(self) -> tuple[Any, ...] | None:
        """Units of one kind may share a call: same function, and the very same arguments besides the items. None: it runs alone."""
        return (self.fn, *map(id, self.context)) if self.together else None


WAKE = "wake"
"""The key in `tx.info` under which a transaction notes that delivery is to be woken."""
AFTERWARDS = "afterwards"
"""The key in `tx.info` under which a transaction keeps what to call once it is committed."""

_BEGIN, _UNDO, _END = (Prepared(text(f"{word} unit")) for word in ("SAVEPOINT", "ROLLBACK TO SAVEPOINT", "RELEASE SAVEPOINT"))

Outcome = tuple[Unit, Any, BaseException | None]
"""A unit, what it returned, and what it raised instead."""


class Spoilt(Exception):
    """A unit failed in a transaction without savepoints, so all its units must run again with them."""


def tell(loop: asyncio.AbstractEventLoop | None, outcomes: list[Outcome]) -> None:
    """Hand results to the callers. An event loop is called once for all of them: waking it costs more than a row."""
    if loop is None:
        _give_out(outcomes)
        return
    with suppress(RuntimeError):  # the loop may be gone already while we shut down
        loop.call_soon_threadsafe(_give_out, outcomes)


def _give_out(outcomes: list[Outcome]) -> None:
    for unit, answer, error in outcomes:
        if unit.future.done():  # the caller was cancelled
            continue
        if error is None:
            unit.future.set_result(answer)
        elif isinstance(error, StopIteration):  # which no future takes
            unit.future.set_exception(RuntimeError("a unit raised StopIteration"))
        else:
            unit.future.set_exception(error)


def batches(units: list[Unit]) -> Iterator[list[Unit]]:
    """Yields the units in their order, grouping neighbours that share a call."""
    for kind, run in groupby(units, key=lambda unit: unit.kind):
        if kind is not None:
            yield list(run)
        else:
            yield from ([unit] for unit in run)


def run_all(tx: Connection, units: list[Unit], *, guarded: bool) -> list[Outcome]:
    """Run units that share a transaction. If one fails, with `guarded` only that one is rolled back; without, Spoilt is raised. A
    unit that is alone raises its own error, and an OperationalError is always raised."""
    if guarded:
        return [outcome for batch in batches(units) for outcome in _run_guarded(tx, batch)]
    try:
        return [outcome for batch in batches(units) for outcome in _run(tx, batch)]
    except Exception as error:
        if len(units) == 1 or isinstance(error, OperationalError):
            raise
        raise Spoilt from error


def _run_guarded(tx: Connection, batch: list[Unit]) -> list[Outcome]:
    """Run a batch in a savepoint; if it fails, run its units one by one."""
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
    try:
        answers = first.fn(tx, [unit.item for unit in batch], *first.context) if first.together else [first.fn(tx)]
    except Exception:
        if tx.invalidated:  # whatever the unit made of that, it is another try that is needed
            still_begun(tx)
        raise
    still_begun(tx)
    return [(unit, answer, None) for unit, answer in zip(batch, answers, strict=True)]


def afterwards(tx: Connection, do: Callable[[], object]) -> None:
    """Call `do` where the unit ran, a writer's thread or the event loop, once it is committed; not at all if it is rolled back."""
    tx.info.setdefault(AFTERWARDS, []).append(do)


def wake(tx: Connection) -> None:
    """Note that this unit wants some chat to show something: delivery is woken after the commit."""
    tx.info[WAKE] = True


def is_woken(tx: Connection) -> bool:
    """Returns whether this unit, or one before it in the same transaction, has called `wake`."""
    return WAKE in tx.info


def need_not_wake(tx: Connection) -> None:
    """Cancel `wake`, for this unit and those before it in the transaction: nothing waits any more."""
    tx.info.pop(WAKE, None)


@contextmanager
def savepoint(tx: Connection) -> Iterator[None]:
    """Roll back only this block if it raises, so that the rest of the unit can go on. The error is raised again.

    Done by hand, because SQLAlchemy's nested transaction costs more than the statements of a claim.
    """
    _BEGIN.count(tx)
    before = len(tx.info.get(AFTERWARDS, ()))
    try:
        yield
    except Exception:
        if not tx.invalidated:
            _UNDO.count(tx)
            del tx.info.get(AFTERWARDS, [])[before:]
        raise
    finally:
        if not tx.invalidated:
            _END.count(tx)
