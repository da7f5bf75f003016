"""What chats must show, and the lanes it waits in: wanting, leasing, finishing. Sending times are real seconds since 1970."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, case, exists, false, func, or_, select, text, update

from storage import models
from storage.database import AnyRow, upsert, wake
from storage.nudges import nudge

message = models.Message.__table__  # type: ignore[attr-defined]
gate = models.Gate.__table__  # type: ignore[attr-defined]

_due = and_(message.c.shown < message.c.wanted, message.c.state != "parked")
_want = upsert(message, ["key"], lambda _: {"wanted": message.c.wanted + 1})
_wake = {
    dialect: statement.returning(gate.c.key)
    for dialect, statement in upsert(gate, ["key"], lambda _: {"idle": false()}, only=gate.c.idle).items()
}

# Built once, as all that each tap and each message needs: building a statement costs more than running it.
_bundles = select(nudge.c.bundle_id).where(
    nudge.c.follow_up_id.in_(bindparam("these", expanding=True)), nudge.c.bundle_id.is_not(None)
)
_pictures = or_(
    and_(message.c.follow_up_id.in_(bindparam("these", expanding=True)), message.c.kind.in_(("card", "private"))),
    message.c.bundle_id.in_(_bundles),
)
_lane = (message.c.chat, message.c.workspace, message.c.gate)
_lanes_of = select(*_lane).where(_pictures)
_raise = update(message).where(_pictures).values(wanted=message.c.wanted + 1).returning(*_lane)

_free_at = case((gate.c.lease_s > gate.c.next_s, gate.c.lease_s), else_=gate.c.next_s)
# In the words of the index over lanes that are not idle: SQLite knows it again only by them.
_ours = and_(text("NOT gate.idle"), gate.c.chat.in_(bindparam("chats", expanding=True)))
_soonest = select(func.min(_free_at)).where(_ours)
_may_speak = (
    select(gate)
    .where(_ours, gate.c.next_s <= bindparam("now"), gate.c.lease_s <= bindparam("now"))
    .order_by(gate.c.next_s)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_head = select(message).where(message.c.gate == bindparam("lane"), _due).order_by(message.c.id).limit(1)
_lane_changes = update(gate).where(gate.c.key == bindparam("lane"))
_take = _lane_changes.values(fence=gate.c.fence + 1)
_let = _lane_changes.where(gate.c.fence == bindparam("held"))
_by_id = select(message).where(message.c.id == bindparam("this"))
_change = update(message).where(message.c.id == bindparam("this"))
_begin = _change.values(state="sending", attempts=message.c.attempts + 1)
_doubt = _begin.values(doubts=message.c.doubts + 1)
_show = _change.values(state="shown", attempts=0, reason="").returning(message.c.wanted)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A message to be: its unique key, where it belongs and what it is a picture of. `channel` may be a person's user id."""

    key: str
    kind: str
    chat: str
    workspace: str
    channel: str
    follow_up_id: int | None = None
    act_id: int | None = None
    person_id: int | None = None
    bundle_id: int | None = None
    thread_of: str | None = None


@dataclass(frozen=True, slots=True)
class Errand:
    """One message leased for sending. `posted` is where it is shown already (then this is an edit), in the version `shown`;
    `doubtful`: an earlier send, begun at `sent_s`, may have arrived."""

    id: int
    key: str
    gate: str
    fence: int
    chat: str
    workspace: str
    channel: str
    posted: tuple[str, str] | None
    doubtful: bool
    sent_s: float
    attempts: int
    thread_of: str | None
    shown: int = 0


def want(tx: Connection, messages: Sequence[Wanted], at: datetime) -> None:
    """New messages, wanted from now on; one whose key exists already is rendered anew instead."""
    if not messages:
        return
    now = time.time()
    # Lanes before messages, here and wherever both are changed: delivery takes them in this order, and locks must not cross.
    open_gates(tx, {(m.chat, m.workspace, m.channel) for m in messages})
    tx.execute(_want[tx.dialect.name], [_row(m, at, now) for m in messages])


def want_again(tx: Connection, *follow_up_ids: int) -> None:
    """The follow-ups changed: each of their pictures is rendered anew. What was said in a thread stays as it was."""
    these = {"these": follow_up_ids}
    lanes = _lanes(tx.execute(_lanes_of, these))
    if not lanes:
        return
    open_gates(tx, lanes)
    raised = tx.execute(_raise, these)
    if moved := _lanes(raised) - lanes:  # delivery finished one in between: it waits in the lane for edits now
        open_gates(tx, moved)


def about(tx: Connection, follow_up_ids: Collection[int]) -> Sequence[str]:
    """The keys of all that was ever said about these follow-ups, in threads and bundles, too."""
    these = {"these": list(follow_up_ids)}
    said = or_(message.c.follow_up_id.in_(bindparam("these", expanding=True)), message.c.bundle_id.in_(_bundles))
    return tx.execute(select(message.c.key).where(said).order_by(message.c.id), these).scalars().all()


def show_anew(tx: Connection, keys: Sequence[str]) -> None:
    """Draw these once more, whatever they are: what stood behind them is gone. One that was parked may be tried again."""
    rows = tx.execute(select(*_lane).where(message.c.key.in_(keys))).all()
    if not rows:
        return
    open_gates(tx, _lanes(rows))
    again = case((message.c.state == "parked", "waiting"), else_=message.c.state)
    shown_once = and_(message.c.key.in_(keys), message.c.remote_id.is_not(None))
    tx.execute(update(message).where(shown_once).values(wanted=message.c.wanted + 1, state=again, attempts=0))


def left(tx: Connection, keys: Sequence[str]) -> Sequence[AnyRow]:
    """Those of these messages that a chat does not show as they are now."""
    return tx.execute(select(message).where(message.c.key.in_(keys), message.c.shown < message.c.wanted)).all()


def _lanes(rows: Iterable[AnyRow]) -> set[tuple[str, str, str]]:
    """The lanes these messages wait in, as (chat, workspace, channel or name of the lane)."""
    return {(row.chat, row.workspace, row.gate.removeprefix(f"{row.chat}:{row.workspace}:")) for row in rows}


def open_gates(tx: Connection, lanes: Iterable[tuple[str, str, str]]) -> None:
    """Make sure that these lanes, each (chat, workspace, channel), exist and are looked at; in one order, against deadlocks.

    Delivery is woken only for a lane that was idle: it knows already when to come back to the others.
    """
    fresh = {"idle": False, "next_s": 0.0, "lease_s": 0.0, "fence": 0}
    rows = [{"key": ":".join(lane), "chat": lane[0], "workspace": lane[1], "channel": lane[2]} | fresh for lane in sorted(lanes)]
    if tx.execute(_wake[tx.dialect.name], rows).all():
        wake(tx)


def _row(m: Wanted, at: datetime, now: float) -> dict[str, Any]:
    place = {"chat": m.chat, "workspace": m.workspace, "channel": m.channel, "gate": f"{m.chat}:{m.workspace}:{m.channel}"}
    about = {name: getattr(m, name) for name in ("follow_up_id", "act_id", "person_id", "bundle_id", "thread_of")}
    fresh = {"wanted": 1, "shown": 0, "state": "waiting", "attempts": 0, "doubts": 0, "reason": "", "sent_s": 0.0, "shown_s": 0.0}
    return {"key": m.key, "kind": m.kind, "created_at": at, "created_s": now} | place | about | fresh


def lease(
    tx: Connection, chats: Sequence[str], now: float, settle: float, seconds: float, limit: int
) -> tuple[list[Errand], float | None]:
    """Take the oldest waiting message of each lane that may speak now; nobody else does until `seconds` have passed.

    Also answers when to come again: the soonest time at which some lane may speak, None when nothing waits.
    """
    lanes = tx.execute(_may_speak, {"chats": chats, "now": now, "most": limit}).all()
    errands = [errand for lane in lanes if (errand := _lease_lane(tx, lane, now, settle, seconds)) is not None]
    return errands, tx.execute(_soonest, {"chats": chats}).scalar_one()


def _lease_lane(tx: Connection, lane: AnyRow, now: float, settle: float, seconds: float) -> Errand | None:
    head = tx.execute(_head, {"lane": lane.key}).one_or_none()
    if head is None:
        tx.execute(_lane_changes, {"lane": lane.key, "idle": True})
        return None
    doubtful = head.state == "sending" and head.remote_id is None
    if doubtful and now < head.sent_s + settle:  # a late accept may still be on its way: looking now could miss it
        tx.execute(_lane_changes, {"lane": lane.key, "next_s": head.sent_s + settle})
        return None
    tx.execute(_take, {"lane": lane.key, "lease_s": now + seconds})
    tx.execute(*(_doubt, {"this": head.id}) if doubtful else (_begin, {"this": head.id, "sent_s": now}))
    return Errand(
        id=head.id,
        key=head.key,
        gate=lane.key,
        fence=lane.fence + 1,
        chat=head.chat,
        workspace=head.workspace,
        channel=head.channel,
        posted=(head.remote_channel, head.remote_id) if head.remote_id else None,
        doubtful=doubtful,
        sent_s=head.sent_s if doubtful else now,
        attempts=head.attempts + 1,
        thread_of=head.thread_of,
        shown=head.shown,
    )


def sending_again(tx: Connection, errand: Errand, now: float) -> bool:
    """An earlier send was looked for and never arrived: note that a new one starts. False when the lease was lost."""
    held = tx.execute(select(gate.c.key).where(gate.c.key == errand.gate, gate.c.fence == errand.fence).with_for_update()).first()
    if held is not None:
        tx.execute(update(message).where(message.c.id == errand.id).values(sent_s=now))
    return held is not None


def shown(tx: Connection, errand: Errand, version: int, posted: tuple[str, str], edits: str | None, next_s: float) -> bool:
    """The chat shows `version`. From now on it waits in the lane `edits` of its workspace, where the chat has one apart."""
    if not _let_go(tx, errand, next_s):
        return False
    lane = f"{errand.chat}:{errand.workspace}:{edits}" if edits else errand.gate
    there = {"remote_channel": posted[0], "remote_id": posted[1], "gate": lane}
    wanted = tx.execute(_show, {"this": errand.id, "shown": version, "shown_s": time.time()} | there).scalar_one()
    if edits is not None and wanted > version:
        open_gates(tx, [(errand.chat, errand.workspace, edits)])
    return True


def put_off(tx: Connection, errand: Errand, next_s: float, reason: str, *, doubt: bool = False) -> bool:
    """Not shown now; the lane may speak again at `next_s`. In doubt the message counts as perhaps sent, else as not sent."""
    if not _let_go(tx, errand, next_s):
        return False
    tx.execute(_change, {"this": errand.id, "state": "sending" if doubt else "waiting", "reason": reason})
    return True


def park(tx: Connection, errand: Errand, next_s: float, reason: str) -> bool:
    """It will never work as it is: set it aside with its reason, so that the lane goes on."""
    if not _let_go(tx, errand, next_s):
        return False
    tx.execute(_change, {"this": errand.id, "state": "parked", "reason": reason})
    return True


def _let_go(tx: Connection, errand: Errand, next_s: float) -> bool:
    return tx.execute(_let, {"lane": errand.gate, "held": errand.fence, "lease_s": 0.0, "next_s": next_s}).rowcount == 1


def wake_forgotten(tx: Connection) -> int:
    """The safety net: look again at lanes marked idle in which something waits after all. Answers how many there were."""
    waits = exists().where(message.c.gate == gate.c.key, _due)
    return tx.execute(update(gate).where(gate.c.idle, waits).values(idle=False)).rowcount


def remote(tx: Connection, key: str) -> tuple[str, str] | None:
    """Where the chat shows the message with this key; None while it does not."""
    row = tx.execute(select(message.c.remote_channel, message.c.remote_id).where(message.c.key == key)).one_or_none()
    return (row.remote_channel, row.remote_id) if row is not None and row.remote_id else None


def by_id(tx: Connection, message_id: int) -> AnyRow | None:
    return tx.execute(_by_id, {"this": message_id}).one_or_none()


def by_key(tx: Connection, key: str) -> AnyRow | None:
    return tx.execute(select(message).where(message.c.key == key)).one_or_none()


def unfinished(tx: Connection, limit: int) -> Sequence[AnyRow]:
    """What is not shown yet, oldest first, for ops: `waiting`, `sending` (in doubt once it lasts) or `parked`."""
    return tx.execute(select(message).where(message.c.shown < message.c.wanted).order_by(message.c.id).limit(limit)).all()


def replay(tx: Connection, keys: Sequence[str]) -> int:
    """Send parked messages again; one that may have arrived is looked for first. Answers how many."""
    perhaps_there = and_(message.c.doubts > 0, message.c.remote_id.is_(None))
    rows = tx.execute(
        update(message)
        .where(message.c.key.in_(keys), message.c.state == "parked")
        .values(state=case((perhaps_there, "sending"), else_="waiting"), attempts=0)
        .returning(message.c.gate)
    ).scalars()
    gates = list(rows)
    tx.execute(update(gate).where(gate.c.key.in_(gates)).values(idle=False))
    if gates:
        wake(tx)
    return len(gates)


def drop(tx: Connection, key: str, reason: str) -> bool:
    """Give up a parked message for good, with why; it stays in the log as shown never."""
    parked = and_(message.c.key == key, message.c.state == "parked")
    return tx.execute(update(message).where(parked).values(wanted=message.c.shown, reason=f"dropped: {reason}")).rowcount == 1


def depth(tx: Connection) -> Sequence[AnyRow]:
    """For metrics: per chat and state how many messages wait, and since when the oldest does (real seconds)."""
    unshown = message.c.shown < message.c.wanted
    columns = (message.c.chat, message.c.state, func.count().label("number"), func.min(message.c.created_s).label("oldest_s"))
    return tx.execute(select(*columns).where(unshown).group_by(message.c.chat, message.c.state)).all()
