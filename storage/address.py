"""Reads the address of a database. It may hold a password, so what is wrong with one is said without quoting any of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from storage.sqlite_file import Unusable

if TYPE_CHECKING:
    from sqlalchemy import URL

_EXAMPLES = "write sqlite:///action-hero.db or postgresql://user@host/name"
_SEVERAL = "write several hosts as postgresql://user@/name?host=one:5432&host=two:5432&target_session_attrs=read-write"
_ON_SERVER = "write postgresql://user@host/name, or postgresql://user:password@host/name with %40 for each @ in the password"


class NoAddress(Unusable):
    """This is not the address of a database that we support. `why` is a clause; `help` says what to write instead."""

    def __init__(self, help: str, why: str = "this is not the address of a database") -> None:
        super().__init__(f"{why}. {help[0].upper()}{help[1:]}.")
        self.why, self.help = why, help


def read(address: str) -> URL:
    """Returns the parts of an address. Raises NoAddress."""
    from sqlalchemy import make_url

    check(address)
    return make_url(address)


def check(address: str) -> None:
    """Raises NoAddress unless this is the address of a database that we support. That of a file is told without SQLAlchemy, which
    whoever only reads app.yaml need not wait for."""
    if address.startswith("postgres:"):
        raise NoAddress("write postgresql:// in full")
    if re.match(r"sqlite:///(?!:memory:)[^?]", address):
        if "?" in address:
            raise NoAddress("leave out the ? and what follows it", "the address of a SQLite file takes no options")
        return
    if re.match(r"postgresql(?:\+\w+)?://", address) is None:
        raise NoAddress(_EXAMPLES)
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        raise NoAddress(_SEVERAL if re.match(r"[^/]+//[^/]*,[^/]*/", address) else _ON_SERVER) from None
    if "@" in (url.host or ""):  # half of the password was taken for the server, whose name errors tell
        raise NoAddress(_ON_SERVER)
    if url.query and not _has_known_options(url):
        raise NoAddress("write them as in ?sslmode=require", "PostgreSQL does not know all options behind the ? of this address")


def shown(url: URL) -> str:
    """Returns an address without its password and its options, of which several may be secret."""
    return url.set(query={}).render_as_string(hide_password=True) + ("?***" if url.query else "")


def _has_known_options(url: URL) -> bool:
    from psycopg import ProgrammingError
    from psycopg.conninfo import make_conninfo
    from sqlalchemy.exc import ArgumentError

    from storage.connections import keywords

    try:
        make_conninfo(**keywords(url))
    except (ArgumentError, ProgrammingError):
        return False
    return True
