"""The door to the database: runs units of work in its own threads, and answers after the commit.

On SQLite one writer thread; units that wait together share one commit, each in its own savepoint. On PostgreSQL a few
writers do the same. Readers have their own connections. A unit is a plain function given a connection; it never commits.
"""

from __future__ import annotations

import asyncio
import os
import queue
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import IO, Any, Concatenate, ParamSpec, TypeVar

import structlog
from sqlalchemy import Connection, Row, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, OperationalError

from storage.connections import engine, settle

log = structlog.get_logger()
P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

AnyRow = Row[*tuple[Any, ...]]
"""A row of a statement; its columns are attributes."""

TOGETHER = 256
"""The most units that share one commit: bounds how long the first of them waits for the last."""


class Unavailable(Exception):
    """The database did not take it: away, full, locked or read-only. Nothing was stored; the same call may work later."""


class Occupied(Exception):
    """Another process already serves from this SQLite file."""


@dataclass(slots=True)
class _Unit:
    """Work that waits for the writer. With `together`, `fn` takes a list of items and those that wait are handed over at once.

    Where `loop` is set, the future is one of that loop and only to be touched there.
    """

    fn: Callable[..., Any]
    future: Future[Any] | asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop | None = None
    item: Any = None
    together: bool = False


_Outcome = tuple[_Unit, Any, BaseException | None]
"""A unit, what it answered, and what it raised instead."""


class Store:
    """A database, open. `on_wake` is called (in a writer thread) after each commit that wants a chat to show something."""

    def __init__(self, url: str, *, alone: bool = False) -> None:
        """Open `url` (`sqlite:///file` or `postgresql://…`). With `alone`, refuse a SQLite file that another process serves."""
        self.url = make_url(url)
        self.sqlite = self.url.get_backend_name() == "sqlite"
        self.on_wake: Callable[[], None] = lambda: None
        self._lock = _lock(self.url.database) if alone and self.sqlite and self.url.database else None
        self._engine = engine(self.url, writes=True)
        self._reading = engine(self.url, writes=False) if self.sqlite else self._engine
        self._readers = ThreadPoolExecutor(4, thread_name_prefix="reader")
        self._waiting: queue.SimpleQueue[_Unit | None] = queue.SimpleQueue()
        self._writers = [
            threading.Thread(target=self._run, name=f"writer-{n}", daemon=True) for n in range(1 if self.sqlite else 4)
        ]
        for writer in self._writers:
            writer.start()

    async def write(self, fn: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run `fn(tx, …)` as one unit; returns after the commit. Raises what `fn` raised, then nothing was stored."""
        return await self._asked(lambda tx: fn(tx, *args, **kwargs))  # type: ignore[no-any-return]

    async def write_together(self, fn: Callable[[Connection, Sequence[T]], Sequence[R]], item: T) -> R:
        """Like write, for `fn(tx, items) -> results`: calls that wait at the same time become one call with all their items."""
        return await self._asked(fn, item, together=True)  # type: ignore[no-any-return]

    async def read(self, fn: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run `fn(tx, …)` on a connection that cannot write."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, partial(self.look, fn, *args, **kwargs))

    def look(self, fn: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """The same without a loop, for the command line."""
        with _translated(), self._reading.connect() as tx:
            return fn(tx, *args, **kwargs)

    def do(self, fn: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Write without a loop, for the command line and for threads of tests."""
        future: Future[R] = Future()
        self._waiting.put(_Unit(lambda tx: fn(tx, *args, **kwargs), future))
        return future.result()

    def settle(self, *, rebuild: bool = False) -> None:
        """Write all that was committed into the database itself and empty its log, so that what was erased stands in neither.

        With `rebuild` the database is written anew, without the gaps in which old bytes may lie; nobody can write meanwhile.
        """
        with _translated(), closing(self._engine.raw_connection()) as raw:
            settle(raw.driver_connection, sqlite=self.sqlite, rebuild=rebuild)

    def close(self) -> None:
        """Finish what waits, then let go of the file."""
        for _ in self._writers:
            self._waiting.put(None)
        for writer in self._writers:
            writer.join()
        self._readers.shutdown()
        self._engine.dispose()
        self._reading.dispose()
        if self._lock is not None:
            self._lock.close()

    def _asked(self, fn: Callable[..., Any], item: Any = None, *, together: bool = False) -> asyncio.Future[Any]:
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        self._waiting.put(_Unit(fn, future, loop, item, together))
        return future

    def _run(self) -> None:
        while (unit := self._waiting.get()) is not None:
            units = [unit]
            while len(units) < TOGETHER:
                try:
                    more = self._waiting.get_nowait()
                except queue.Empty:
                    break
                if more is None:
                    self._waiting.put(None)
                    break
                units.append(more)
            self._commit([unit for unit in units if not unit.future.cancelled()])

    def _commit(self, units: list[_Unit]) -> None:
        """All units in one transaction; results are given out only after its commit."""
        outcomes: list[_Outcome] = []
        try:
            with _translated(), self._engine.connect() as tx:
                tx.info.pop("wake", None)
                with tx.begin():
                    for batch in _batches(units):
                        outcomes += _run_batch(tx, batch, guarded=len(units) > 1)
                wake = bool(tx.info.pop("wake", False))
        except BaseException as error:  # noqa: BLE001  (the futures carry it to whoever waits; the writer must live on)
            outcomes, wake = [(unit, None, error) for unit in units], False
        for loop, told in groupby(outcomes, key=lambda outcome: outcome[0].loop):
            _tell(loop, list(told))
        if wake:
            with suppress(RuntimeError):  # the loop may be gone already while we shut down
                self.on_wake()


def upsert(
    table: Any, keys: Sequence[str], change: Callable[[Any], Mapping[str, Any]] | None = None, *, only: Any = None
) -> Mapping[str, Any]:
    """An INSERT that does nothing for a known key, or the `change` (given the excluded row) to a row for which `only` holds.

    As a statement by dialect name.
    """

    def build(statement: Any) -> Any:
        if change is None:
            return statement.on_conflict_do_nothing(index_elements=keys)
        return statement.on_conflict_do_update(index_elements=keys, set_=change(statement.excluded), where=only)

    return {"sqlite": build(sqlite.insert(table)), "postgresql": build(postgresql.insert(table))}


def wake(tx: Connection) -> None:
    """Say that this unit wants some chat to show something: delivery is woken after the commit."""
    tx.info["wake"] = True


def _tell(loop: asyncio.AbstractEventLoop | None, outcomes: list[_Outcome]) -> None:
    """Give results to whoever waits. A loop is called once for all of them: waking it costs more than a row."""
    if loop is None:
        _settle(outcomes)
        return
    with suppress(RuntimeError):  # the loop may be gone already while we shut down
        loop.call_soon_threadsafe(_settle, outcomes)


def _settle(outcomes: list[_Outcome]) -> None:
    for unit, answer, error in outcomes:
        if unit.future.done():  # whoever waited went away
            continue
        if error is None:
            unit.future.set_result(answer)
        else:
            unit.future.set_exception(error)


def _batches(units: list[_Unit]) -> Iterator[list[_Unit]]:
    """Units in their order; neighbours that are meant to be run together, together."""
    for together, run in groupby(units, key=lambda unit: unit.fn if unit.together else None):
        if together is not None:
            yield list(run)
        else:
            yield from ([unit] for unit in run)


def _run_batch(tx: Connection, batch: list[_Unit], *, guarded: bool) -> list[_Outcome]:
    """Run units that share one call, in a savepoint where others share the commit. A batch that fails is tried one by one."""
    try:
        with _savepoint(tx) if guarded else nullcontext():
            if not batch[0].together:
                return [(batch[0], batch[0].fn(tx), None)]
            answers = batch[0].fn(tx, [unit.item for unit in batch])
            return [(unit, answer, None) for unit, answer in zip(batch, answers, strict=True)]
    except Exception as error:
        if not guarded or isinstance(error, OperationalError):
            raise
        if len(batch) > 1:
            return [outcome for unit in batch for outcome in _run_batch(tx, [unit], guarded=True)]
        return [(batch[0], None, error)]


@contextmanager
def _savepoint(tx: Connection) -> Iterator[None]:
    """By hand, because SQLAlchemy's own nested transaction costs more than the statements of a claim."""
    tx.exec_driver_sql("SAVEPOINT unit")
    try:
        yield
    except Exception:
        tx.exec_driver_sql("ROLLBACK TO SAVEPOINT unit")
        raise
    finally:
        tx.exec_driver_sql("RELEASE SAVEPOINT unit")


@contextmanager
def _translated() -> Iterator[None]:
    """Say `Unavailable` for what a sender should try again; leave our own mistakes as they are."""
    try:
        yield
    except DBAPIError as error:
        if isinstance(error, OperationalError) or error.connection_invalidated:
            log.error("database.unavailable", error=type(error.orig).__name__, detail=str(error.orig)[:200])
            raise Unavailable(str(error.orig)) from error
        raise


def _lock(path: str) -> IO[str]:
    """Hold `path`.lock for as long as we live; the kernel lets go of it when the process dies, however it dies."""
    try:
        import fcntl
    except ImportError:  # Windows
        return Path(os.devnull).open()
    file = Path(f"{Path(path).resolve()}.lock").open("a+")  # noqa: SIM115
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise Occupied(
            f"another process already serves from {path}. Two on one SQLite file would lose promises. "
            "Stop the other one first, or move to PostgreSQL to run several."
        ) from None
    return file
