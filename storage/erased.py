"""What was erased and must not come back: answers are recognised by a keyed hash of where they came from."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection, bindparam, delete, literal_column, select

from storage import models
from storage.prepared import Prepared
from storage.statements import upsert

erased = models.Erased.__table__
house_key = models.HouseKey.__table__

R = TypeVar("R")
Origin = tuple[str, ...]
"""Where an answer came from: (source, external id). With a word as third item, only that word of the answer was erased."""

_NAME = "erasures"
_BYTES = "bytes of what was erased"
"""Begins the names under which it is remembered that the database was not written anew since somebody was erased."""
_MARKS = house_key.c.name.startswith(_BYTES, autoescape=True)
# Built once: every batch of feedback runs them.
_the_key = Prepared(select(house_key.c.value).where(house_key.c.name == literal_column(f"'{_NAME}'")))
_known = select(erased.c.hash).where(erased.c.hash.in_(bindparam("these", expanding=True)))
_make_key = upsert(house_key, ["name"])
_remember = upsert(erased, ["hash"])


def among(tx: Connection, workspace: str, origins: Iterable[Origin]) -> frozenset[Origin]:
    """Returns those of these answers that were erased. Costs one small query until something is erased."""
    found = _the_key.first(tx)
    if found is None:
        return frozenset()
    hashes = {_hash(found.value, workspace, origin): origin for origin in origins}
    return frozenset(hashes[known] for known in tx.execute(_known, {"these": list(hashes)}).scalars())


def hold_back(tx: Connection) -> None:
    """Let nobody take anything in until this unit ends, and wait for those who are doing so. Call it before any row is locked.

    Otherwise `among` could miss what is being erased on PostgreSQL, and the answer would come back as a new one. Taking something
    in needs no lock of its own for that: it calls `among` first, and nobody can lock a table that an open unit has read.
    """
    if tx.dialect.name != "sqlite":
        tx.exec_driver_sql("LOCK TABLE house_key IN ACCESS EXCLUSIVE MODE")


def hold_back_erasures(tx: Connection) -> None:
    """Let nobody else erase or try to until this unit ends, and wait for those who do; everybody else goes on. Call it before any
    row is locked: an erasure calls `hold_back` before it locks any, and the two would wait for each other."""
    if tx.dialect.name != "sqlite":
        tx.exec_driver_sql("LOCK TABLE house_key IN SHARE ROW EXCLUSIVE MODE")


def while_held_back(tx: Connection, read: Callable[[Connection], R]) -> R:
    """Returns what `read` finds at a moment when nobody takes anything in; everybody goes on afterwards. Call it before any row is
    locked."""
    with tx.begin_nested() as moment:
        hold_back(tx)
        found = read(tx)
        moment.rollback()  # lets go of the table
    return found


def remember(tx: Connection, workspace: str, origins: Collection[Origin], at: datetime) -> None:
    """Mark these answers as erased, so that they are never taken in again."""
    if not origins:
        return
    key = _key(tx)
    tx.execute(_remember[tx.dialect.name], [{"hash": _hash(key, workspace, origin), "at": at} for origin in origins])


def leave_bytes(tx: Connection, who: str) -> bool:
    """Remember that old bytes of what is erased in this unit, for somebody known as `who`, may be left in the database. Returns
    whether that was so of anybody, such as of them, before."""
    before = any(bytes_left(tx, who))
    tx.execute(_make_key[tx.dialect.name], {"name": _bytes_of(_key(tx), who), "value": ""})
    return before


def bytes_left(tx: Connection, who: str) -> tuple[bool, bool]:
    """Returns whether old bytes may be left of whoever was erased under this very name, and whether of others."""
    names = set(tx.execute(select(house_key.c.name).where(_MARKS)).scalars())
    key = _the_key.first(tx)
    theirs = {_bytes_of(key.value, who)} if key is not None else set()
    return bool(names & theirs), bool(names - theirs)


def bytes_are_gone(tx: Connection) -> None:
    """Note that the database was written anew."""
    tx.execute(delete(house_key).where(_MARKS))


def told(origin: tuple[str, str], word: str) -> Origin:
    """Returns the origin of one word in an answer that somebody else gave; only its letters and digits count, in either case."""
    return (*origin, "".join(letter for letter in word.casefold() if letter.isalnum()))


def entry(source: str, name: str) -> Origin:
    """Returns the origin of an entry as a tool gives it, read or not, by a name that it keeps. No answer has an empty id."""
    return (source, "", name)


def _key(tx: Connection) -> str:
    """Returns the key of the hashes, which the first erasure makes."""
    tx.execute(_make_key[tx.dialect.name], {"name": _NAME, "value": secrets.token_hex(32)})
    [key] = _the_key.all(tx)
    made: str = key.value
    return made


def _bytes_of(key: str, who: str) -> str:
    return f"{_BYTES}: {_hash(key, '', (who.casefold(),))}"


def _hash(key: str, workspace: str, origin: Origin) -> str:
    told = "\0".join((workspace, *origin)).encode()
    return hmac.new(key.encode(), told, hashlib.sha256).hexdigest()
