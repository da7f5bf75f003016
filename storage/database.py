"""The door to the database: runs units of work in its own threads, and answers after the commit.

On SQLite one writer thread; units that wait together share one commit, each in its own savepoint. On PostgreSQL a few
writers, and a transaction for each unit: it gathers flushes by itself, and locks held for a stranger's unit would only cross.
Readers have their own connections. A unit is a plain function given a connection; it never commits, and touches nothing but the
database: one that PostgreSQL undid is run again.
"""

from __future__ import annotations

import asyncio
import os
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import IO, Any, Concatenate, ParamSpec, TypeVar

import structlog
from sqlalchemy import URL, Connection, Row, literal, literal_column, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError

from storage.bell import Bell
from storage.connections import WRITERS, begun, engine, settle
from storage.patience import Watch, lost, passing, undone

log = structlog.get_logger()
P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

AnyRow = Row[*tuple[Any, ...]]
"""A row of a statement; its columns are attributes."""

SQLITE = b"SQLite format 3\0"
"""What every SQLite file begins with, once something is in it."""
TOGETHER = 256
"""The most units that share one commit: bounds how long the first of them waits for the last."""
TRIES = 5
"""How often a unit is run that PostgreSQL undid because of another one, or whose connection was dead before its commit."""


class Unavailable(Exception):
    """The database did not take it: away, full, locked or read-only. The same call may work later.

    Nothing was stored; but where the connection broke in the very commit nobody can tell, so whoever asks again must be known by a
    unique key.
    """


class Occupied(Exception):
    """Another process already serves from this SQLite file."""


class Unusable(Exception):
    """No database of ours can be where the address says; the text says why, and what to do. Nothing was changed."""


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
    """A database, open. `on_wake` is called (in a thread of ours) after each commit, here or on another replica, that wants a chat
    to show something."""

    def __init__(self, url: str, *, alone: bool = False) -> None:
        """Open `url` (`sqlite:///file` or `postgresql://…`). With `alone`, refuse a SQLite file that another process serves.

        Raises Unusable and Occupied.
        """
        self.url = _read(url)
        self.sqlite = self.url.get_backend_name() == "sqlite"
        if self.sqlite:
            _usable(self.url.database or "")
        self.on_wake: Callable[[], None] = lambda: None
        self._lock = _lock(self.url.database) if alone and self.sqlite and self.url.database else None
        self._engine = engine(self.url, writes=True)
        self._reading = engine(self.url, writes=False)
        self._readers = ThreadPoolExecutor(4, thread_name_prefix="reader")
        self._waiting: queue.SimpleQueue[_Unit | None] = queue.SimpleQueue()
        self._watch = None if self.sqlite else Watch()
        self._bell = None if self.sqlite else Bell(self.url, self._wake)
        self._door = threading.Lock()
        self._closed = False
        self._writers = [
            threading.Thread(target=self._run, name=f"writer-{n}", daemon=True) for n in range(1 if self.sqlite else WRITERS)
        ]
        for writer in self._writers:
            writer.start()
        if alone and self._bell is not None:
            self._bell.listen()

    async def write(self, fn: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run `fn(tx, …)` as one unit; returns after the commit. Raises what `fn` raised, then nothing was stored.

        `fn` may be run more than once; only one of its runs is committed.
        """
        return await self._asked(lambda tx: fn(tx, *args, **kwargs))  # type: ignore[no-any-return]

    async def write_together(self, fn: Callable[[Connection, Sequence[T]], Sequence[R]], item: T) -> R:
        """Like write, for `fn(tx, items) -> results`: calls that wait at the same time become one call with all their items."""
        return await self._asked(fn, item, together=True)  # type: ignore[no-any-return]

    async def read(self, fn: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run `fn(tx, …)` on a connection that cannot write."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, partial(self.look, fn, *args, **kwargs))

    def look(self, fn: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """The same without a loop, for the command line."""
        with _translated():
            for last in (False, True):
                hung_up = _never
                try:
                    with self._reading.connect() as tx, self._watched(tx) as hung_up, begun(tx, writes=False):
                        return fn(tx, *args, **kwargs)
                except DBAPIError as error:  # it may have died since it was used last; the next one is new
                    if last or not lost(error) or hung_up():
                        raise
        raise AssertionError("the last look answers or raises")

    def do(self, fn: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Write without a loop, for the command line and for threads of tests."""
        future: Future[R] = Future()
        self._enter(_Unit(lambda tx: fn(tx, *args, **kwargs), future))
        return future.result()

    def settle(self, *, rebuild: bool = False) -> None:
        """Write all that was committed into the database itself and empty its log, so that what was erased stands in neither.

        With `rebuild` the database is written anew, without the gaps in which old bytes may lie; nobody can write meanwhile.
        """
        with _translated(), closing(self._engine.raw_connection()) as raw:
            settle(raw.driver_connection, sqlite=self.sqlite, rebuild=rebuild)

    def close(self) -> None:
        """Finish what waits, then let go of the file."""
        with self._door:
            self._closed = True
            for _ in self._writers:
                self._waiting.put(None)
        for writer in self._writers:
            writer.join()
        self._readers.shutdown()
        if self._bell is not None:
            self._bell.close()
        if self._watch is not None:
            self._watch.close()
        self._engine.dispose()
        self._reading.dispose()
        if self._lock is not None:
            self._lock.close()

    def _asked(self, fn: Callable[..., Any], item: Any = None, *, together: bool = False) -> asyncio.Future[Any]:
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        self._enter(_Unit(fn, future, loop, item, together))
        return future

    def _enter(self, unit: _Unit) -> None:
        with self._door:
            if self._closed:  # nobody would come for it: whoever waited would wait for ever
                raise Unavailable("the bot is stopping")
            self._waiting.put(unit)

    def _run(self) -> None:
        while (unit := self._waiting.get()) is not None:
            units = [unit]
            while len(units) < TOGETHER and (self.sqlite or (units[-1].together and units[-1].fn == unit.fn)):
                try:
                    more = self._waiting.get_nowait()
                except queue.Empty:
                    break
                if more is None:
                    self._waiting.put(None)
                    break
                units.append(more)
            asked = [unit for unit in units if not unit.future.cancelled()]
            for transaction in [asked] if self.sqlite else _batches(asked):
                self._commit(transaction)

    def _commit(self, units: list[_Unit]) -> None:
        """All units in one transaction; results are given out only after its commit."""
        try:
            with _translated():
                outcomes, wakes = self._transacted(units)
        except BaseException as error:  # noqa: BLE001  (the futures carry it to whoever waits; the writer must live on)
            outcomes, wakes = [(unit, None, error) for unit in units], False
        for loop, told in groupby(outcomes, key=lambda outcome: outcome[0].loop):
            _tell(loop, list(told))
        if wakes:
            self._wake()
            if self._bell is not None:
                self._bell.ring()

    def _transacted(self, units: list[_Unit]) -> tuple[list[_Outcome], bool]:
        """What came of the units, and whether a chat must show something now."""
        for tries_left in reversed(range(TRIES)):
            committing, hung_up = False, _never
            try:
                with self._engine.connect() as tx, self._watched(tx) as hung_up:
                    tx.info.pop("wake", None)
                    with begun(tx, writes=True):
                        outcomes: list[_Outcome] = []
                        for batch in _batches(units):
                            outcomes += _run_batch(tx, batch, guarded=len(units) > 1)
                        committing = True
                    return outcomes, bool(tx.info.pop("wake", False))
            except DBAPIError as error:
                again = undone(error) or (lost(error) and not committing and not hung_up())
                if not again or not tries_left:
                    raise
                log.info("database.again", error=type(error.orig).__name__)
        raise AssertionError("the last try answers or raises")

    def _watched(self, tx: Connection) -> AbstractContextManager[Callable[[], bool]]:
        return nullcontext(_never) if self._watch is None else self._watch.over(tx)

    def _wake(self) -> None:
        with suppress(RuntimeError):  # the loop may be gone already while we shut down
            self.on_wake()


def upsert(
    table: Any,
    keys: Sequence[str],
    change: Callable[[Any], Mapping[str, Any]] | None = None,
    *,
    only: Any = None,
    always: Mapping[str, Any] | None = None,
) -> Mapping[str, Any]:
    """An INSERT that does nothing for a known key, or the `change` (given the excluded row) to a row for which `only` holds.

    `always` are columns that begin the same in every row. As a statement by dialect name.
    """

    def build(statement: Any) -> Any:
        statement = statement.values(constants(always or {}))
        if change is None:
            return statement.on_conflict_do_nothing(index_elements=keys)
        return statement.on_conflict_do_update(index_elements=keys, set_=change(statement.excluded), where=only)

    return {"sqlite": build(sqlite.insert(table)), "postgresql": build(postgresql.insert(table))}


def _never() -> bool:
    return False


def constants(columns: Mapping[str, Any]) -> dict[str, Any]:
    """Values as part of a statement's text, for what is the same in every row: nothing is bound for them, row by row."""
    return {
        name: literal_column(str(literal(value).compile(compile_kwargs={"literal_binds": True}))) for name, value in columns.items()
    }


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
        with savepoint(tx) if guarded else nullcontext():
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
def savepoint(tx: Connection) -> Iterator[None]:
    """What fails in here is undone, and the rest of the unit goes on.

    By hand, because SQLAlchemy's own nested transaction costs more than the statements of a claim.
    """
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
        broken = type(error.orig) is sqlite3.DatabaseError  # the file itself is damaged, or was replaced
        if passing(error) or broken:
            log.error("database.unavailable", error=type(error.orig).__name__, detail=str(error.orig)[:200])
            raise Unavailable(str(error.orig)) from error
        raise


def _read(url: str) -> URL:
    try:
        return make_url(url)
    except (ArgumentError, ValueError):  # without the address: it may hold a password
        raise Unusable(
            "this is not the address of a database. Write sqlite:///action-hero.db or postgresql://user@host/name."
        ) from None


def _usable(path: str) -> None:
    """Raise Unusable for what SQLite would call only "unable to open database file"."""
    file = Path(path)
    if path in ("", ":memory:"):
        raise Unusable("a database in memory would forget every promise. Name a file, as in sqlite:///action-hero.db.")
    if not file.resolve().parent.is_dir():
        raise Unusable(f"there is no folder {file.parent} for the database {file.name}. Make it first, or name another file.")
    if file.is_dir():
        raise Unusable(f"{path} is a folder, and the database is a file. Name one in it, as in sqlite:///{path}/action-hero.db.")
    try:
        begins = b"" if not file.exists() else _beginning(file)
    except OSError as error:
        raise Unusable(
            f"the database {path} cannot be read ({error.strerror}). Give this user the right to, or name another."
        ) from None
    if begins and begins != SQLITE:
        raise Unusable(f"{path} is there, but it is no SQLite database. It was left as it is; name another file.")


def _beginning(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(len(SQLITE))


def _lock(path: str) -> IO[str]:
    """Hold `path`.lock for as long as we live; the kernel lets go of it when the process dies, however it dies."""
    try:
        import fcntl
    except ImportError:  # Windows
        return Path(os.devnull).open()
    try:
        file = Path(f"{Path(path).resolve()}.lock").open("a+")  # noqa: SIM115
    except OSError as error:
        why = f"the bot may not write beside the database {path} ({error.strerror})"
        raise Unusable(f"{why}. Give this user the right to write in that folder, or name another file.") from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise Occupied(
            f"another process already serves from {path}. Two on one SQLite file would lose promises. "
            "Stop the other one first, or move to PostgreSQL to run several."
        ) from None
    return file
