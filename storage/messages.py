"""What chats must show, and the lanes it waits in: wanting, leasing, finishing. Sending times are real seconds since 1970."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Executable,
    and_,
    bindparam,
    case,
    exists,
    false,
    func,
    literal_column,
    or_,
    select,
    text,
    union,
    union_all,
    update,
)

from storage import models
from storage.database import AnyRow, constants, upsert, wake
from storage.nudges import nudge

MOST_MIRRORED = 20
"""Channels of one team that are looked through for a post."""

message = models.Message.__table__  # type: ignore[attr-defined]
gate = models.Gate.__table__  # type: ignore[attr-defined]

_due = and_(message.c.shown < message.c.wanted, message.c.state != "parked")
_unsent = {"wanted": 1, "shown": 0, "state": "waiting", "attempts": 0, "doubts": 0, "reason": "", "sent_s": 0.0, "shown_s": 0.0}
_add = upsert(message, ["key"], lambda _: {"wanted": message.c.wanted + 1}, always=_unsent)
_awake = {"idle": False, "next_s": 0.0, "lease_s": 0.0, "fence": 0}
_wake = {
    dialect: statement.returning(gate.c.key)
    for dialect, statement in upsert(gate, ["key"], lambda _: {"idle": false()}, only=gate.c.idle, always=_awake).items()
}

# Built once, as all that each tap and each message needs: building a statement costs more than running it.
_lane = (message.c.chat, message.c.workspace, message.c.gate)
_lanes_of_known = select(*_lane).where(message.c.key.in_(bindparam("keys", expanding=True)))
_standing = and_(
    message.c.remote_id == bindparam("activity"),
    message.c.remote_channel == bindparam("conversation"),
    message.c.chat == bindparam("in_chat"),
    message.c.workspace == bindparam("in_workspace"),
    message.c.state != "parked",
)
_lanes_there = select(*_lane).where(_standing)
_raise_there = update(message).where(_standing).values(wanted=message.c.wanted + 1).returning(*_lane)


def _pictures(about: Callable[[ColumnElement[Any]], ColumnElement[bool]]) -> tuple[Executable, Executable]:
    """Two statements about the pictures of some follow-ups: in which lanes they wait, and that they are wanted anew."""
    cards = and_(about(message.c.follow_up_id), message.c.kind.in_((literal_column("'card'"), literal_column("'private'"))))
    lanes, ids = (_those(columns, cards, about) for columns in (_lane, (message.c.id,)))
    raised = update(message).where(message.c.id.in_(ids)).values(wanted=message.c.wanted + literal_column("1"))
    return lanes, raised.returning(*_lane)


def _those(
    columns: Sequence[ColumnElement[Any]],
    direct: ColumnElement[bool],
    about: Callable[[ColumnElement[Any]], ColumnElement[bool]],
) -> CompoundSelect[Any]:
    """What is found `direct`, and the bundles that tell of these follow-ups. Two halves: for one condition with an OR in it, both
    databases go through all messages there are."""
    bundled = select(*columns).join(nudge, nudge.c.bundle_id == message.c.bundle_id).where(about(nudge.c.follow_up_id))
    return union(select(*columns).where(direct), bundled)


_pictures_of_one = _pictures(lambda column: column == bindparam("this"))
_pictures_of_many = _pictures(lambda column: column.in_(bindparam("these", expanding=True)))

_free_at = case((gate.c.lease_s > gate.c.next_s, gate.c.lease_s), else_=gate.c.next_s)


@cache
def _speaking(chats: tuple[str, ...]) -> tuple[Executable, Executable]:
    """Two statements about the lanes of these chats: which may speak now, and when the next one may."""
    # In the words of the index over lanes that are not idle: SQLite knows it again only by them.
    ours = and_(text("NOT gate.idle"), gate.c.chat.in_(constants(dict(zip(chats, chats, strict=True))).values()))
    may = select(gate).where(ours, gate.c.next_s <= bindparam("now"), gate.c.lease_s <= bindparam("now")).order_by(gate.c.next_s)
    return may.limit(bindparam("most")).with_for_update(skip_locked=True), select(func.min(_free_at)).where(ours)


_head = select(message).where(message.c.gate == bindparam("lane"), _due).order_by(message.c.id).limit(1)
_lane_changes = update(gate).where(gate.c.key == bindparam("lane"))
_opened = gate.c.next_s < literal_column("0")
_take = _lane_changes.values(fence=gate.c.fence + 1, next_s=case((_opened, literal_column("0.0")), else_=gate.c.next_s))
_let = _lane_changes.where(gate.c.fence == bindparam("held"))
_rest = _let.values(lease_s=0.0, next_s=case((_opened, literal_column("0.0")), else_=bindparam("until")))
_by_id = select(message).where(message.c.id == bindparam("this"))
_change = update(message).where(message.c.id == bindparam("this"))
_begin = _change.values(state="sending", attempts=message.c.attempts + 1)
_doubt = _begin.values(doubts=message.c.doubts + 1)
_show = _change.values(state="shown", attempts=0, reason="").returning(message.c.wanted)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A message to be: its unique key, where it belongs and what it is a picture of. `channel` may be a person's user id.

    `fresh`: its key was never wanted before, so nothing need be looked up about it.
    """

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
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class Errand:
    """One message leased for sending. `posted` is where it is shown already (then this is an edit); `doubtful`: an earlier
    send, begun at `sent_s`, may have arrived. `row` is the message as it was leased."""

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
    row: AnyRow


def want(tx: Connection, messages: Sequence[Wanted], at: datetime, *, again: Sequence[int] = ()) -> None:
    """New messages, wanted from now on; one whose key exists already is rendered anew instead. The follow-ups `again` changed,
    as for `want_again`."""
    now = time.time()
    known = [m.key for m in messages if not m.fresh and m.follow_up_id not in again]  # those of `again` are found anyway
    _want(tx, [_row(m, at, now) for m in messages], again, known)


def want_again(tx: Connection, *follow_up_ids: int) -> None:
    """The follow-ups changed: each of their pictures is rendered anew. What was said in a thread stays as it was."""
    _want(tx, [], follow_up_ids)


def want_back(tx: Connection, chat: str, workspace: str, posted: tuple[str, str]) -> bool:
    """Nothing changed, but somebody had something else in its place: the message that stands at `posted` is sent anew. False, and
    nothing happens, where none of ours stands in this workspace that could still be changed."""
    there = {"in_chat": chat, "in_workspace": workspace, "conversation": posted[0], "activity": posted[1]}
    lanes = _lanes(tx.execute(_lanes_there, there))
    if not lanes:
        return False
    open_gates(tx, lanes)
    open_gates(tx, _lanes(tx.execute(_raise_there, there)) - lanes)  # delivery may have finished it in between
    return True


def _want(tx: Connection, rows: Sequence[Mapping[str, Any]], again: Sequence[int], known: Sequence[str] = ()) -> None:
    """`known` are the keys among the rows that may have been wanted, and shown, before."""
    find, raise_ = _pictures_of_one if len(again) == 1 else _pictures_of_many
    these = {"this": again[0]} if len(again) == 1 else {"these": again}
    drawn = _lanes(tx.execute(find, these)) if again else set()
    lanes = drawn | {(row["chat"], row["workspace"], row["channel"]) for row in rows}
    # Lanes before messages, here and wherever both are changed: delivery takes them in this order, and locks must not cross.
    open_gates(tx, lanes)
    # What delivery finished since, or long ago, waits in the lane for edits now. Asked once those lanes are ours: from then on
    # none of these messages can be moved to another any more.
    now_in = _lanes(tx.execute(raise_, these)) if drawn else set()
    if known:
        now_in |= _lanes(tx.execute(_lanes_of_known, {"keys": known}))
    open_gates(tx, now_in - lanes)
    if rows:
        tx.execute(_add[tx.dialect.name], rows)


def about(tx: Connection, follow_up_ids: Collection[int]) -> Sequence[str]:
    """The keys of all that was ever said about these follow-ups, in threads and bundles, too."""
    these = list(follow_up_ids)
    said = _those((message.c.key, message.c.id), message.c.follow_up_id.in_(these), lambda column: column.in_(these))
    return tx.execute(said.order_by("id")).scalars().all()


def wanted_of(tx: Connection, keys: Sequence[str]) -> Sequence[str]:
    """Those of these keys that were ever wanted."""
    return tx.execute(select(message.c.key).where(message.c.key.in_(keys)).order_by(message.c.id)).scalars().all() if keys else ()


def previews(tx: Connection, digest_ids: Sequence[int]) -> Sequence[str]:
    """The keys of what leaders were shown of these posts before."""
    named = or_(false(), *(message.c.key.startswith(f"preview:{id}:") for id in digest_ids))
    shown = select(message.c.key).where(message.c.kind == "preview", named).order_by(message.c.id)
    return tx.execute(shown).scalars().all() if digest_ids else ()


def closings(tx: Connection, follow_up_id: int) -> Sequence[str]:
    """The keys of what those who lead were asked about the end of this follow-up."""
    asked = (message.c.follow_up_id == follow_up_id, message.c.kind == "closing")
    return tx.execute(select(message.c.key).where(*asked).order_by(message.c.id)).scalars().all()


def mirrored(tx: Connection, keys: Sequence[str]) -> Sequence[str]:
    """These keys, and those of the same post in a team's other channels, as far as they were ever wanted."""
    named = [name for key in keys for name in (key, *(f"{key}:{n}" for n in range(2, MOST_MIRRORED + 1)))]
    return wanted_of(tx, named)


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
    rows = [{"key": ":".join(lane), "chat": lane[0], "workspace": lane[1], "channel": lane[2]} for lane in sorted(lanes)]
    if rows and tx.execute(_wake[tx.dialect.name], rows).all():
        wake(tx)


def _row(m: Wanted, at: datetime, now: float) -> dict[str, Any]:
    place = {"chat": m.chat, "workspace": m.workspace, "channel": m.channel, "gate": f"{m.chat}:{m.workspace}:{m.channel}"}
    about = {name: getattr(m, name) for name in ("follow_up_id", "act_id", "person_id", "bundle_id", "thread_of")}
    return {"key": m.key, "kind": m.kind, "created_at": at, "created_s": now} | place | about


def lease(
    tx: Connection, chats: Sequence[str], now: float, settle: float, seconds: float, limit: int
) -> tuple[list[Errand], float | None]:
    """Take the oldest waiting message of each lane that may speak now; nobody else does until `seconds` have passed.

    Also answers when to come again: the soonest time at which some lane may speak, None when nothing waits.
    """
    may_speak, soonest = _speaking(tuple(chats))
    lanes = tx.execute(may_speak, {"now": now, "most": limit}).all()
    errands = [errand for lane in lanes if (errand := _lease_lane(tx, lane, now, settle, seconds)) is not None]
    return errands, tx.execute(soonest).scalar_one()


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
        row=head,
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
    """Not shown now; the lane may speak again at `next_s`, or at once where it was let speak meanwhile.

    In doubt the message counts as perhaps sent, else as not sent.
    """
    if tx.execute(_rest, {"lane": errand.gate, "held": errand.fence, "until": next_s}).rowcount != 1:
        return False
    tx.execute(_change, {"this": errand.id, "state": "sending" if doubt else "waiting", "reason": reason})
    return True


def park(tx: Connection, errand: Errand, next_s: float, reason: str) -> bool:
    """It will never work as it is: set it aside with its reason, so that the lane goes on."""
    if not _let_go(tx, errand, next_s):
        return False
    tx.execute(_change, {"this": errand.id, "state": "parked", "reason": reason})
    return True


def let_speak(tx: Connection, *which: ColumnElement[bool]) -> None:
    """What kept these lanes from speaking is over. One that tries at this very moment, and fails, need not rest either."""
    if tx.execute(update(gate).where(~gate.c.idle, *which).values(next_s=-1.0)).rowcount:
        wake(tx)


def _let_go(tx: Connection, errand: Errand, next_s: float) -> bool:
    return tx.execute(_let, {"lane": errand.gate, "held": errand.fence, "lease_s": 0.0, "next_s": next_s}).rowcount == 1


def seconds(tx: Connection) -> float:
    """What time it is for the database, in real seconds."""
    if tx.dialect.name == "sqlite":
        return time.time()
    return float(tx.exec_driver_sql("SELECT extract(epoch FROM clock_timestamp())").scalar_one())


def wake_forgotten(tx: Connection, now: float, longest: float) -> int:
    """The safety net: look again at lanes marked idle in which something waits after all, and at those that would rest longer
    than any is allowed to, as after a clock was set back. Answers how many lanes were idle."""
    tx.execute(update(gate).where(~gate.c.idle, gate.c.next_s > now + longest).values(next_s=now))
    tx.execute(update(gate).where(~gate.c.idle, gate.c.lease_s > now + longest).values(lease_s=now))
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


def standing(tx: Connection, chat: str, posted: tuple[str, str]) -> AnyRow | None:
    """The message of ours that stands there in a chat, in whatever workspace."""
    there = (message.c.chat == chat, message.c.remote_channel == posted[0], message.c.remote_id == posted[1])
    return tx.execute(select(message).where(*there).limit(1)).one_or_none()


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


def parked(tx: Connection) -> int:
    """How many messages were set aside, because they could not be shown as they are."""
    return tx.execute(select(func.count()).select_from(message).where(message.c.state == "parked")).scalar_one()


def depth(tx: Connection) -> Sequence[AnyRow]:
    """For metrics: per chat and state how many messages wait, and since when the oldest does (real seconds) of those that no chat
    shows at all; None where all are shown in an older form. How long such a change waits is not known."""
    never = case((message.c.shown == 0, message.c.created_s))
    columns = (message.c.chat, message.c.state, func.count().label("number"), func.min(never).label("oldest_s"))
    # In the words of two indexes: this is asked all the time, and one condition for both reads all messages there ever were.
    halves = ("message.shown < message.wanted AND message.state <> 'parked'", "message.state = 'parked'")
    waiting, aside = (select(*columns).where(text(half)).group_by(message.c.chat, message.c.state) for half in halves)
    return tx.execute(union_all(waiting, aside.where(message.c.shown < message.c.wanted))).all()
