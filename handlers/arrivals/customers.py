"""The directory of customers as other systems keep it: in a file or a CRM. And the merging of two customers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from handlers.feedback import MAIN_WORKSPACE, Customer, FieldError
from handlers.receive import Answer, Receipt
from storage import act_log, customers, messages, personal
from storage.act_log import Act
from storage.feedback import ABOUT
from storage.pieces import pieces
from storage.prepared import AnyRow


class NotTwo(Exception):
    """The names given mean nobody, several customers, or one and the same; the text says which."""


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge does: the key that stays, the other key, how many answers move, and how many follow-ups about them are open."""

    keep: str
    other: str
    answers: int
    open: int


def checked(said: Customer) -> Customer:
    """Returns a customer of a directory. Raises FieldError for one with neither key nor e-mail."""
    if said.identity is None:
        raise FieldError("key", "is missing; a customer of the directory has a key, or else an email")
    return said


def know(tx: Connection, told: Sequence[Customer], now: datetime, again: bool = False) -> list[Receipt]:
    """Store what a directory says, in order: later values replace earlier ones, and what is left out keeps its value. Open cards
    are redrawn where this changes them. An e-mail leads to the first key that came with it. `again`: this very request was
    answered before, so it changes nobody who is known. Returns a receipt for each."""
    rows = _rows(told)
    before = customers.by_key(tx, MAIN_WORKSPACE, rows)
    if again:
        rows = {key: row for key, row in rows.items() if key not in before}
    news = {key: row for key, row in rows.items() if _news(before.get(key), row)}
    ids = {key: row.id for key, row in before.items()}
    for piece in pieces(sorted(news), customers.AT_ONCE):
        ids |= {key: row.id for key, row in customers.know(tx, [news[key] for key in piece]).items()}
    customers.told_of(tx, set(ids.values()), now)
    moved = _name_by_email(tx, rows, ids)
    known = [ids[key] for key in news if key in before]
    _draw_anew(tx, [*customers.follow_ups(tx, known, open_only=True), *moved])
    return [Receipt(_answer(each.identity or "", before, news), ids[each.identity or ""], routed=False) for each in told]


def named(told: Sequence[Customer]) -> Collection[str]:
    """Returns the keys by which a directory names its customers."""
    return _rows(told).keys()


def would_know(before: Mapping[str, AnyRow], told: Sequence[Customer]) -> list[Answer]:
    """Returns what `know` would do with each of them, however many units of work that takes. `before` holds the customers who
    are known already. A customer who is named twice, by a key and by only the e-mail that came with it, is new once."""
    rows = _rows(told)
    owners = _owners(rows)
    known = {row.key: {name: getattr(row, name) for name in ABOUT} for row in before.values()}
    answers = []
    for key in (each.identity or "" for each in told):
        owner = key if key in before else owners.get(key, key)
        who = before[owner].key if owner in before else owner
        news = {name: value for name, value in rows[key].items() if name in ABOUT and value is not None}
        same = who in known and news.items() <= known[who].items()
        answers.append(Answer.ACCEPTED if who not in known else Answer.DUPLICATE if same else Answer.UPDATED)
        known[who] = known.get(who, {}) | news
    return answers


def _rows(told: Sequence[Customer]) -> dict[str, dict[str, Any]]:
    """Returns one row per key; later values replace earlier ones."""
    rows: dict[str, dict[str, Any]] = {}
    for each in told:
        key = each.identity or ""
        said = {name: getattr(each, name) for name in ABOUT}
        earlier = rows.get(key, {})
        rows[key] = {"workspace": MAIN_WORKSPACE, "key": key} | {
            name: value if value is not None else earlier.get(name) for name, value in said.items()
        }
    return rows


def _news(known: AnyRow | None, row: Mapping[str, Any]) -> bool:
    return known is None or any(row[name] is not None and row[name] != getattr(known, name) for name in ABOUT)


def _answer(key: str, before: Mapping[str, AnyRow], news: Mapping[str, Any]) -> Answer:
    return Answer.ACCEPTED if key not in before else Answer.UPDATED if key in news else Answer.DUPLICATE


def _name_by_email(tx: Connection, rows: Mapping[str, Mapping[str, Any]], ids: Mapping[str, int]) -> Sequence[int]:
    """Let e-mails lead to their keys: somebody who answered with only an e-mail that the directory knows is that customer. Returns
    the ids of the follow-ups that were reassigned."""
    owners = _owners(rows)
    there = customers.by_key(tx, MAIN_WORKSPACE, owners)
    moved: list[int] = []
    for name, key in sorted(owners.items()):
        if name not in there and not customers.name(tx, MAIN_WORKSPACE, name, ids[key]):
            there |= customers.by_key(tx, MAIN_WORKSPACE, [name])  # they have answered with it meanwhile
        if name in there and there[name].key == name and there[name].id != ids[key]:
            [keep] = customers.by_key(tx, MAIN_WORKSPACE, [key]).values()
            answers = customers.join(tx, keep, there[name])
            moved += [row.id for row in personal.follow_ups_of(tx, answers)]
    return moved


def _owners(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Returns the key that each e-mail belongs to; the first one, if it came with two."""
    owners: dict[str, str] = {}
    for key, row in rows.items():
        name = Customer.model_construct(email=row["email"]).identity
        if name is not None and name != key:
            owners.setdefault(name, key)
    return owners


def meant(tx: Connection, who: str) -> AnyRow:
    """Returns the one customer with that key or e-mail. Raises NotTwo for none or several."""
    known = personal.known_as(tx, who, lock=False)
    real = [row for row in known if row.merged_into is None]
    named = [row for row in known if row.key == who]
    if named:
        wanted = named[0].merged_into or named[0].id
        real = [row for row in real if row.id == wanted]
    if not real:
        raise NotTwo(f"nobody is known by {who!r}; a customer is named by their key or their e-mail")
    if len(real) > 1:
        keys = ", ".join(row.key for row in real[:5])
        raise NotTwo(f"{len(real)} customers have the e-mail {who!r}; name one of them by their key: {keys}")
    return real[0]


def merging(tx: Connection, keep: str, other: str) -> Merged:
    """Returns what `merge` would do. Raises NotTwo."""
    first, second = _two(tx, keep, other)
    answers = personal.answers_of(tx, [second.id])
    return Merged(first.key, second.key, len(answers), len(customers.follow_ups(tx, [second.id], open_only=True)))


def merge(tx: Connection, keep: str, other: str, now: datetime) -> Merged:
    """Merge `other` into `keep`: their answers become one history, and both keys and e-mails lead to it. Their value is that of
    `keep`, or if unknown that of `other`; never the sum. Raises NotTwo."""
    first, second = _two(tx, keep, other)
    done = merging(tx, keep, other)
    answers = customers.join(tx, first, second)
    if second.email:  # the first keeps its own, and this one is still theirs
        customers.name(tx, MAIN_WORKSPACE, Customer.model_construct(email=second.email).identity or "", first.id)
    cases = personal.follow_ups_of(tx, answers)
    detail = {"into": first.id, "from": second.id}
    act_log.write(tx, [Act(row.workspace, row.id, "merged", now, detail=detail) for row in cases])
    _draw_anew(tx, customers.follow_ups(tx, [first.id]))
    return done


def _two(tx: Connection, keep: str, other: str) -> tuple[AnyRow, AnyRow]:
    first, second = meant(tx, keep), meant(tx, other)
    if first.id == second.id:
        raise NotTwo(f"{keep!r} and {other!r} are one customer already")
    return first, second


def _draw_anew(tx: Connection, follow_up_ids: Sequence[int]) -> None:
    messages.show_anew(tx, messages.about(tx, follow_up_ids, but=messages.ANSWER))  # an answer can only be taken back
