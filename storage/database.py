"""The door to the database: runs units of work, and returns results after the commit.

SQLite has one writer thread; units that wait at the same time share one commit, and one that fails leaves the others intact.
PostgreSQL has a few writers, and a transaction for each unit: it groups commits by itself, and locks held for an unrelated unit
would only cause deadlocks. Only units of one call (`write_together`) share one, in the event loop: see storage/crowd.py. Readers
have their own connections. A unit is a plain function given a connection; it never commits, and touches nothing but the database,
because it may be run more than once.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext, suppress
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from storage import address, sqlite_file
from storage.bell import Bell
from storage.connections import begun, checkpoint, engine, leave, lift_limits
from storage.patience import Watch, locked, lost, passing, reads_only, undone
from storage.sqlite_writer import SqliteWriter
from storage.units import AFTERWARDS, WAKE, Outcome, Spoilt, Unit, run_all, tell

if TYPE_CHECKING:
    from storage.postgresql_writers import PostgresqlWriters

log = structlog.get_logger()
P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

TRIES = 5
"""At most how often a unit is run if PostgreSQL rolls it back because of another, or its connection dies before the commit."""


ANEW_EVERY_S = 1.0
"""Seconds from one time that connections are opened anew, because their server takes no writes, to the next."""


class Unavailable(Exception):
    """The database is away, full, locked or read-only. The same call may work later.

    Nothing was stored, except that after a connection broke during the commit itself nobody can tell. A caller that retries must
    therefore be recognisable by a unique key.
    """


class Busy(Unavailable):
    """Others held what was asked for all the while. The same call may work later; nothing was stored."""


class Store:
    """An open database. `on_wake` is called, in a thread of the store or in the event loop, after each commit here or on another
    replica that wants a chat to show something."""

    def __init__(self, url: str, *, alone: bool = False) -> None:
        """Open `url` (`sqlite:///file` or `postgresql://…`). With `alone`, refuse a SQLite file that another process serves.

        Raises Unusable or Occupied.
        """
        self.url = address.read(url)
        self.sqlite = self.url.get_backend_name() == "sqlite"
        if self.sqlite:
            sqlite_file.check(self.url.database or "")
        self.on_wake: Callable[[], None] = lambda: None
        self._lock = sqlite_file.lock(self.url.database) if alone and self.sqlite and self.url.database else None
        self._engine = engine(self.url, writes=True)
        self._reading = engine(self.url, writes=False)
        self._readers = ThreadPoolExecutor(4, thread_name_prefix="reader")
        self._watch = None if self.sqlite else Watch()
        self._bell = None if self.sqlite else Bell(self.url, self._wake)
        self._anew_s, self._written_since = -ANEW_EVERY_S, True
        self._door = threading.Lock()
        self._closed = False
        self._writer = self._new_writer()
        if alone and self._bell is not None:
            self._bell.listen()

    async def write(self, fn: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run `fn(tx, …)` as one unit; returns after the commit. If `fn` raises, the error is raised here and nothing is stored.

        `fn` may be run more than once; only one run is committed.
        """
        return await self._asked(lambda tx: fn(tx, *args, **kwargs))  # type: ignore[no-any-return]

    async def write_together(
        self, fn: Callable[Concatenate[Connection, Sequence[T], P], Sequence[R]], item: T, *args: P.args, **_: P.kwargs
    ) -> R:
        """Like `write`, for `fn(tx, items, …) -> results`: calls that wait at the same time, with the very same `args`, become one
        call with all their items."""
        return await self._asked(fn, item, together=True, context=args)  # type: ignore[no-any-return]

    async def read(self, fn: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run `fn(tx, …)` on a connection that cannot write."""
        if self._closed:
            raise Unavailable("the bot is stopping")
        return await asyncio.get_running_loop().run_in_executor(self._readers, partial(self.read_sync, fn, *args, **kwargs))

    def read_sync(self, fn: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Like `read`, without an event loop: for the command line."""
        with _translated():
            for last in (False, True):
                hung_up = _never
                try:
                    with self._reading.connect() as tx, self._watched(tx) as hung_up, begun(tx, writes=False):
                        return fn(tx, *args, **kwargs)
                except DBAPIError as error:  # an idle connection may have died; the next one is new
                    if last or not lost(error) or hung_up():
                        raise
        raise AssertionError("the last look answers or raises")

    def write_sync(self, fn: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Like `write`, without an event loop: for the command line and for threads of tests."""
        future: Future[R] = Future()
        self._enter(Unit(lambda tx: fn(tx, *args, **kwargs), future))
        return future.result()

    def write_unhurried(self, fn: Callable[[Connection], R], *, waits: bool = True) -> R:
        """Like `write_sync`, in this thread and for as long as it takes: for migrations, and for what the command line does in one
        go. Without `waits` it waits for the locks of others no longer than any unit, since others wait behind it meanwhile."""
        with _translated():
            for tries_left in reversed(range(TRIES)):
                try:
                    with self._engine.connect() as tx:
                        _left(tx)  # by a unit that was rolled back
                        with begun(tx, writes=True):
                            lift_limits(tx, locks=waits)
                            answer = fn(tx)
                        wakes, afterwards = _left(tx)
                    break
                except DBAPIError as error:
                    if not undone(error) or not tries_left:
                        raise
        self._committed(wakes, afterwards)
        return answer

    def check_pooler(self) -> None:
        """Raise NoAddress if connections share a process of PostgreSQL. Then a statement that one of ours prepared is in the way of
        another, nobody hears the bell, and our settings hold for strangers, that of the bell to commit without waiting for us."""
        if self.sqlite:
            return
        with _translated(), self._engine.connect() as one, self._engine.connect() as other:
            if _process(one) == _process(other):
                why = "a pooler stands before this PostgreSQL that is not in session mode"
                raise address.NoAddress("set it so (PgBouncer: pool_mode = session), or name the server itself", why)

    def checkpoint(self, *, vacuum: bool = False) -> None:
        """Write everything committed into the database file and empty SQLite's WAL, so that what was erased is in neither.

        With `vacuum` the database is rewritten, without the free space in which old bytes may remain; nobody can write meanwhile.
        """
        driver: Any = self._engine.dialect.loaded_dbapi
        with _translated(), closing(self._engine.raw_connection()) as raw:
            try:
                checkpoint(raw.driver_connection, sqlite=self.sqlite, vacuum=vacuum)
            except driver.OperationalError as error:  # the driver's own: SQLAlchemy has no part in it
                raise Unavailable(str(error)) from error

    def close(self) -> None:
        """Finish the waiting units, then close the database and release its lock."""
        with self._door:
            self._closed = True
        self._writer.close()
        self._readers.shutdown()
        if self._bell is not None:
            self._bell.close()
        if self._watch is not None:
            self._watch.close()
        self._engine.dispose()
        self._reading.dispose()
        if self._lock is not None:
            self._lock.close()

    def _new_writer(self) -> SqliteWriter | PostgresqlWriters:
        if self.sqlite:
            return SqliteWriter(self._engine, self._commit)
        from storage.postgresql_writers import PostgresqlWriters  # SQLite does without what it loads

        return PostgresqlWriters(self.url, self._commit)

    def _asked(
        self, fn: Callable[..., Any], item: Any = None, *, together: bool = False, context: tuple[Any, ...] = ()
    ) -> asyncio.Future[Any]:
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        self._enter(Unit(fn, future, loop, item, together, context))
        return future

    def _enter(self, unit: Unit) -> None:
        with self._door:
            if self._closed:  # no writer would take it: the caller would wait for ever
                raise Unavailable("the bot is stopping")
            self._writer.ask(unit)

    def _commit(self, units: list[Unit], connect: Callable[[], Connection] | None = None) -> None:
        """Run all units in one transaction, on a connection of the engine or of `connect`; results are handed out only after its
        commit. What nobody waits for any more is not begun."""
        units = [unit for unit in units if not unit.future.cancelled()]
        if not units:
            return
        try:
            with _translated():
                outcomes, wakes, afterwards = self._transacted(units, connect or self._engine.connect)
        except BaseException as error:  # noqa: BLE001  (the futures carry it to the callers; the writer thread must live on)
            outcomes, wakes, afterwards = [(unit, None, error) for unit in units], False, []
        for loop, told in groupby(outcomes, key=lambda outcome: outcome[0].loop):
            tell(loop, list(told))
        self._committed(wakes, afterwards)

    def _committed(self, wakes: bool, afterwards: list[Callable[[], object]]) -> None:
        """Call what units asked to be called once they are committed, and wake delivery, here and on other replicas."""
        for do in afterwards:
            with suppress(RuntimeError):  # the loop may be gone already while we shut down
                do()
        if wakes:
            self._wake()
            if self._bell is not None:
                self._bell.ring()

    def _transacted(
        self, units: list[Unit], connect: Callable[[], Connection]
    ) -> tuple[list[Outcome], bool, list[Callable[[], object]]]:
        """Returns the outcomes of the units, whether a chat must show something, and what to call now that they are committed.

        Units hardly ever fail, so each gets a savepoint only after one has failed: a savepoint costs more than the statements of a
        claim.
        """
        try:
            return self._tried(units, connect, guarded=False)
        except Spoilt:
            return self._tried(units, connect, guarded=True)

    def _tried(
        self, units: list[Unit], connect: Callable[[], Connection], *, guarded: bool
    ) -> tuple[list[Outcome], bool, list[Callable[[], object]]]:
        for tries_left in reversed(range(TRIES)):
            committing, hung_up = False, _never
            try:
                with connect() as tx, self._watched(tx) as hung_up:
                    _left(tx)  # by a unit that was rolled back
                    with begun(tx, writes=True):
                        outcomes = run_all(tx, units, guarded=guarded)
                        committing = True
                    if not self._written_since:  # who read meanwhile may have come to the old server once more
                        self._written_since = True
                        self._read_where_it_is_written()
                    return outcomes, *_left(tx)
            except DBAPIError as error:
                if reads_only(error):
                    self._connect_anew(tx.engine)
                again = undone(error) or (lost(error) and not committing and not hung_up())
                if not again or not tries_left:
                    raise
                log.info("database.again", error=type(error.orig).__name__)
        raise AssertionError("the last try answers or raises")

    def _connect_anew(self, engine: Engine) -> None:
        """Leave a server that takes no writes: another may have its name by now, or be one of the hosts named. Its connections are
        sound, so the pools would keep them for ever."""
        if time.monotonic() > self._anew_s + ANEW_EVERY_S:
            self._anew_s, self._written_since = time.monotonic(), False
            leave(engine)
            self._read_where_it_is_written()

    def _read_where_it_is_written(self) -> None:
        """Read, and listen, on new connections."""
        leave(self._reading)
        if self._bell is not None:
            self._bell.listen_anew()

    def _watched(self, tx: Connection) -> AbstractContextManager[Callable[[], bool]]:
        return nullcontext(_never) if self._watch is None else self._watch.over(tx)

    def _wake(self) -> None:
        with suppress(RuntimeError):  # the loop may be gone already while we shut down
            self.on_wake()


def _never() -> bool:
    return False


def _process(tx: Connection) -> int:
    """Returns which process of PostgreSQL serves this connection. A pooler may then give it to others."""
    with begun(tx, writes=False):
        return int(tx.exec_driver_sql("SELECT pg_backend_pid()").scalar_one())


def _left(tx: Connection) -> tuple[bool, list[Callable[[], object]]]:
    """Take what units left in `tx`: whether a chat must show something, and what to call once they are committed."""
    return tx.info.pop(WAKE, False), tx.info.pop(AFTERWARDS, [])


@contextmanager
def _translated() -> Iterator[None]:
    """Raise `Unavailable` for errors a sender should retry; other errors, our own mistakes, pass unchanged."""
    try:
        yield
    except PoolTimeout as error:  # `checkpoint` holds the only connection that writes
        log.error("database.unavailable", error="Busy", detail="")
        raise Unavailable("the database is being written anew") from error
    except DBAPIError as error:
        broken = type(error.orig) is sqlite3.DatabaseError  # the file itself is damaged, or was replaced
        if passing(error) or broken:
            log.error("database.unavailable", error=type(error.orig).__name__, detail=str(error.orig)[:200])
            raise (Busy if locked(error) else Unavailable)(str(error.orig)) from error
        raise
