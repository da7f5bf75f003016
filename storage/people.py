"""Who is who in which chat."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Connection, bindparam, or_, select, tuple_, update

from storage import models
from storage.pieces import pieces
from storage.prepared import AnyRow, Prepared
from storage.statements import upsert

person = models.Person.__table__
_KEY = ("chat", "workspace", "user_id")
WISHES = ("rhythm", "quiet", "naming", "paused_until", "away_until", "forward_to")
"""The columns with what somebody typed about how they are reminded and named."""
AT_ONCE = 500
"""Addresses looked for by one statement."""
_ensure = upsert(person, _KEY)
_find = Prepared(select(person).where(*(person.c[name] == bindparam(name) for name in _KEY)))
_by_id = Prepared(select(person).where(person.c.id == bindparam("this")))
_find_all = select(person).where(tuple_(*(person.c[name] for name in _KEY)).in_(bindparam("these", expanding=True)))


def known_by_one_of(addresses: Collection[str] | BindParameter[Any]) -> ColumnElement[bool]:
    """The condition that somebody has one of these addresses, own or linked."""
    return or_(person.c.email.in_(addresses), person.c.linked_email.in_(addresses))


_by_emails = select(person).where(known_by_one_of(bindparam("these", expanding=True)))


def ensure(tx: Connection, chat: str, workspace: str, user_id: str, name: str) -> AnyRow:
    """Returns somebody's row, added if there is none yet. A row that exists keeps its name."""
    row = find(tx, chat, workspace, user_id)
    if row is not None:
        return row
    # On PostgreSQL another replica may add the same person at this very moment: then this does nothing.
    tx.execute(_ensure[tx.dialect.name], {"chat": chat, "workspace": workspace, "user_id": user_id, "name": name})
    return ensure(tx, chat, workspace, user_id, name)


def find(tx: Connection, chat: str, workspace: str, user_id: str) -> AnyRow | None:
    return _find.first(tx, {"chat": chat, "workspace": workspace, "user_id": user_id})


def find_all(tx: Connection, keys: Collection[tuple[str, str, str]]) -> dict[tuple[str, str, str], AnyRow]:
    """Returns the rows of those who are known, by (chat, workspace, user id)."""
    if len(keys) == 1:
        [key] = keys
        row = find(tx, *key)
        return {} if row is None else {key: row}
    return {(row.chat, row.workspace, row.user_id): row for row in tx.execute(_find_all, {"these": list(keys)})}


def by_id(tx: Connection, person_id: int) -> AnyRow:
    [row] = _by_id.all(tx, {"this": person_id})
    return row


def by_ids(tx: Connection, person_ids: Sequence[int]) -> dict[int, AnyRow]:
    return {row.id: row for row in tx.execute(select(person).where(person.c.id.in_(person_ids)))} if person_ids else {}


def by_email(tx: Connection, email: str, home: Collection[tuple[str, str]]) -> Sequence[AnyRow]:
    """Returns everybody known by that address, their own or a linked one, in one of these (chat, workspace)."""
    found = tx.execute(_by_emails.order_by(person.c.id), {"these": [email.casefold()]}).all()
    return [row for row in found if (row.chat, row.workspace) in home]


def by_emails(tx: Connection, emails: Collection[str]) -> Sequence[AnyRow]:
    """Returns everybody known by one of these addresses, their own or a linked one."""
    found = {row.id: row for these in pieces(sorted(emails), AT_ONCE) for row in tx.execute(_by_emails, {"these": these})}
    return [found[id] for id in sorted(found)]


def selves(tx: Connection, these: Collection[int], among: Collection[int]) -> frozenset[int]:
    """Returns which of the ids `among` are one of these people, in whichever chat. It reads nobody else."""
    others = set(among) - set(these)
    known = by_ids(tx, [*{*these, *others}]) if these and others else {}
    alike = (id for id in others if any(is_one(known[id], known[each]) for each in these))
    return frozenset({*set(among).intersection(these), *alike})


def same(tx: Connection, these: Collection[int], those: Collection[int]) -> dict[int, frozenset[int]]:
    """Returns, for each of these ids, itself and which of those are the same person. It reads nobody else."""
    known = by_ids(tx, [*{*these, *those}])
    by_mail: dict[str, set[int]] = {}
    for id in those:
        for mail in mails(known[id]):
            by_mail.setdefault(mail, set()).add(id)
    alike = {id: {other for mail in mails(known[id]) for other in by_mail.get(mail, ())} for id in these}
    return {id: frozenset({id, *(other for other in alike[id] if is_one(known[id], known[other]))}) for id in these}


def everywhere(tx: Connection, these: Collection[int]) -> dict[int, list[AnyRow]]:
    """Returns, for each of these ids, the rows of that person in every chat, their own first."""
    known = by_ids(tx, list(these))
    known_by = {mail for row in known.values() for mail in mails(row)}
    alike = tx.execute(select(person).where(known_by_one_of(known_by))).all() if known_by else ()
    return {id: [row, *(other for other in alike if other.id != id and is_one(row, other))] for id, row in known.items()}


def is_one(one: AnyRow, other: AnyRow) -> bool:
    """Returns whether two rows, of different chats or workspaces, are one person: somebody with the same address, own or linked.
    Colleagues in one chat may be linked to an address that they share."""
    elsewhere = (one.chat, one.workspace) != (other.chat, other.workspace)
    return not mails(one).isdisjoint(mails(other)) and (elsewhere or one.email == other.email is not None)


def themselves(tx: Connection, person_id: int) -> list[AnyRow]:
    """Like `everywhere`, for somebody who wishes something for themselves: by an address that colleagues in one chat share, nobody
    speaks for the others."""
    own, *others = everywhere(tx, [person_id])[person_id]
    around = everywhere(tx, [each.id for each in others])
    return [own, *(each for each in others if _all_one([own, *others], each) and _all_one(around[each.id], own))]


def _all_one(these: Sequence[AnyRow], row: AnyRow) -> bool:
    return all(each.id == row.id or is_one(each, row) for each in these)


def mails(row: AnyRow) -> set[str]:
    """Returns the addresses of somebody, own and linked."""
    return {mail for mail in (row.email, row.linked_email) if mail is not None}


def linked(tx: Connection, email: str) -> Sequence[AnyRow]:
    """Returns everybody whom ops linked to this address."""
    return tx.execute(select(person).where(person.c.linked_email == email.casefold()).order_by(person.c.id)).all()


def prefer(tx: Connection, person_id: int, columns: Mapping[str, Any]) -> None:
    """Store how somebody wants to be reminded (rhythm, quiet, paused_until, away_until, forward_to), or their linked address."""
    tx.execute(update(person).where(person.c.id == person_id).values(**columns))


def wish_as_elsewhere(tx: Connection, person_id: int) -> None:
    """Give somebody who wished nothing in this chat, and whose address was just learned, what they wished in another one."""
    own, *others = themselves(tx, person_id)
    usual = dict.fromkeys(WISHES) | {"rhythm": "", "quiet": ""}
    wished = [{name: getattr(row, name) for name in WISHES} for row in (own, *others)]
    elsewhere = next((each for each in wished[1:] if each != usual), None)
    if wished[0] == usual and elsewhere is not None:
        prefer(tx, person_id, elsewhere)


def learn_email(tx: Connection, person_id: int, email: str) -> None:
    """Store the address by which the platform knows somebody, unless it has told us one already."""
    known = update(person).where(person.c.id == person_id, person.c.email.is_(None)).values(email=email.casefold())
    if tx.execute(known).rowcount:
        wish_as_elsewhere(tx, person_id)


def meet(
    tx: Connection, person_id: int, name: str, email: str | None, timezone: str | None, at: datetime, *, admin: bool = False
) -> None:
    """Store what the platform says about somebody."""
    known = {"name": name, "email": email.casefold() if email else None, "timezone": timezone, "met_at": at, "admin": admin}
    tx.execute(update(person).where(person.c.id == person_id).values(**known))
