"""The delivery log, for ops: what no chat shows yet and why; to send again or to give up. Times are real seconds since 1970."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, Connection, TextClause, and_, case, func, or_, select, union_all, update

from storage.lanes import gate
from storage.messages import PARKED, PERHAPS_THERE, WAITING, message
from storage.prepared import AnyRow
from storage.units import wake

UNDRAWN, FAILED = "it could not be drawn", "it failed inside Action Hero"
"""How the reasons begin that are a failure of ours: another release may well show such a message."""
LATELY = timedelta(days=7)
"""A post that was wanted longer ago is sent only where ops ask for it: nobody expects it any more."""


def unfinished(tx: Connection, limit: int) -> Sequence[AnyRow]:
    """Returns messages not shown in their wanted version, oldest first: `waiting`, `sending` (in doubt once it lasts), `parked`."""
    return tx.execute(select(message).where(message.c.shown < message.c.wanted).order_by(message.c.id).limit(limit)).all()


def left(tx: Connection, keys: Sequence[str]) -> Sequence[AnyRow]:
    """Returns those of these messages that no chat shows in their wanted version."""
    return tx.execute(select(message).where(message.c.key.in_(keys), message.c.shown < message.c.wanted)).all()


def depth(tx: Connection) -> Sequence[AnyRow]:
    """For metrics: returns, per chat and state, how many messages wait, how many of them no chat shows at all (`unseen`), and since
    when the oldest of these does (real seconds). None if there is none: how long a change waits is not known. The age leaves out
    what waits for one person with a reason, as where they removed the bot, unless something in a channel is held up, too: else the
    chat itself takes what it is sent."""
    unseen = func.sum(case((message.c.shown == 0, 1), else_=0))
    waits = case((message.c.shown == 0, message.c.created_s))
    late = case((or_(message.c.person_id.is_(None), message.c.reason == ""), waits))
    channel_held_up = func.max(case((and_(message.c.person_id.is_(None), message.c.reason != ""), 1), else_=0))
    columns = (
        *(message.c.chat, message.c.state, func.count().label("number")),
        *(unseen.label("unseen"), case((channel_held_up == 1, func.min(waits)), else_=func.min(late)).label("oldest_s")),
    )
    # Two halves: this runs all the time, and one condition for both would read every message.
    waiting, gone = (select(*columns).where(half).group_by(message.c.chat, message.c.state) for half in (WAITING, PARKED))
    return tx.execute(union_all(waiting, gone.where(message.c.shown < message.c.wanted))).all()


def parked(tx: Connection) -> int:
    """Returns how many messages are parked because they could not be shown as they are."""
    return tx.execute(select(func.count()).select_from(message).where(message.c.state == "parked")).scalar_one()


def parked_by_reason(tx: Connection, but: str = "") -> Sequence[AnyRow]:
    """The parked messages by chat and reason, the most first: how many, how many of them cards, one of the keys. `but` is a kind
    that is not counted."""
    return _by_reason(tx, PARKED, message.c.shown < message.c.wanted, message.c.kind != but)


def held_up(tx: Connection, longer_than: timedelta) -> Sequence[AnyRow]:
    """The same of what no chat shows at all, and what is tried again for longer than that."""
    tried = (message.c.shown == 0, message.c.reason != "", message.c.created_s < time.time() - longer_than.total_seconds())
    return _by_reason(tx, WAITING, *tried)


def not_shown_yet(tx: Connection, kind: str) -> frozenset[int]:
    """To whom a private message of that kind is on its way."""
    whom = select(message.c.person_id).where(WAITING, message.c.kind == kind, message.c.person_id.is_not(None))
    return frozenset(tx.execute(whom).scalars())


def _by_reason(tx: Connection, *which: ColumnElement[bool] | TextClause) -> Sequence[AnyRow]:
    number, cards = func.count().label("number"), func.sum(case((message.c.kind == "card", 1), else_=0)).label("cards")
    columns = (message.c.chat, message.c.reason, number, cards, func.min(message.c.key).label("key"))
    asked = select(*columns).where(*which).group_by(message.c.chat, message.c.reason)
    return tx.execute(asked.order_by(number.desc(), message.c.chat, message.c.reason)).all()


def replay(tx: Connection, key: str | None, but: str = "") -> int:
    """Send a parked message again, or with None all that are, without those parked for the reason `but`; one that may have arrived
    is looked for first. Returns how many."""
    return _send_again(tx, message.c.reason != but if key is None else message.c.key == key)


def retry_our_failures(tx: Connection, tries: int) -> int:
    """Send again what was parked lately for a failure of ours: a process that starts may be of a release that knows better. They
    count as tried so often already, so that what fails again soon makes room for what waits behind it. Returns how many."""
    ours = or_(*(message.c.reason.startswith(reason) for reason in (UNDRAWN, FAILED)))
    return _send_again(tx, ours, _lately(), tries=tries)


def retry_mended(tx: Connection, reasons: Collection[str]) -> int:
    """Send again what was parked lately for one of these reasons, which are none any more. Returns how many."""
    return _send_again(tx, message.c.reason.in_(reasons), _lately())


def _lately() -> ColumnElement[bool]:
    return or_(message.c.shown > 0, message.c.created_s > time.time() - LATELY.total_seconds())


def _send_again(tx: Connection, *which: ColumnElement[bool], tries: int = 0) -> int:
    rows = tx.execute(
        update(message)
        .where(PARKED, message.c.shown < message.c.wanted, *which)
        .values(state=case((PERHAPS_THERE, "sending"), else_="waiting"), attempts=tries)
        .returning(message.c.gate)
    ).scalars()
    gates = list(rows)
    tx.execute(update(gate).where(gate.c.key.in_(gates)).values(idle=False))
    if gates:
        wake(tx)
    return len(gates)


def drop(tx: Connection, key: str, reason: str) -> bool:
    """Give up a message that waits or is parked for good, and say why; it stays in the log. Returns whether it did: what is being
    sent may arrive."""
    left = and_(message.c.key == key, message.c.shown < message.c.wanted, message.c.state != "sending")
    never = case((message.c.shown == 0, "parked"), else_=message.c.state)  # so that what happens next does not send it after all
    given_up = {"wanted": message.c.shown, "state": never, "reason": f"dropped: {reason}"}
    return tx.execute(update(message).where(left).values(given_up)).rowcount == 1
