"""How delivery uses lanes: it leases them, and stores what became of each message. Times are real seconds since 1970."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache

from sqlalchemy import Connection, and_, bindparam, case, exists, func, literal_column, select, text, update

from storage.lanes import gate, key_of, open_gates
from storage.messages import WITH_TEAM, message
from storage.prepared import AnyRow, Prepared
from storage.statements import constants

_due = and_(message.c.shown < message.c.wanted, message.c.state != "parked")

OTHERS_FIRST_S = 1.0
"""Seconds for which a process stands back from what it left to others, once it is due."""

# Built once, like everything each message needs: building a statement costs more than running it.
_free_at = case((gate.c.lease_s > gate.c.next_s, gate.c.lease_s), else_=gate.c.next_s)


@cache
def _speaking(chats: tuple[str, ...]) -> tuple[Prepared, Prepared]:
    """Returns two statements about the lanes of these chats: which may send now, and when the next one may."""
    # Written exactly as in the partial index over awake lanes: SQLite uses that index only if the condition matches textually.
    ours = and_(text("NOT gate.idle"), gate.c.chat.in_(constants(dict(zip(chats, chats, strict=True))).values()))
    may = select(gate).where(ours, gate.c.next_s <= bindparam("now"), gate.c.lease_s <= bindparam("now")).order_by(gate.c.next_s)
    may = may.limit(bindparam("most")).with_for_update(skip_locked=True)
    return Prepared(may), Prepared(select(func.min(_free_at).label("soonest")).where(ours))


_head = Prepared(WITH_TEAM.where(message.c.gate == bindparam("lane"), _due).order_by(message.c.id).limit(literal_column("1")))
_this_lane = update(gate).where(gate.c.key == bindparam("lane"))
_opened = gate.c.next_s < literal_column("0")
_held = _this_lane.where(gate.c.fence == bindparam("held"))
_change_lane = Prepared(_this_lane)
_take = Prepared(_this_lane.values(fence=gate.c.fence + 1, next_s=case((_opened, literal_column("0.0")), else_=gate.c.next_s)))
_let = Prepared(_held)
_rest = Prepared(_held.values(lease_s=0.0, next_s=case((_opened, literal_column("0.0")), else_=bindparam("until"))))
_this = update(message).where(message.c.id == bindparam("this"))
_sending = _this.values(state="sending", attempts=message.c.attempts + 1)
_change = Prepared(_this)
_begin = Prepared(_sending)
_doubt = Prepared(_sending.values(doubts=message.c.doubts + 1))
_show = Prepared(_this.values(state="shown", attempts=0, reason="").returning(message.c.wanted))


@dataclass(frozen=True, slots=True)
class Attempt:
    """One message leased for sending. `posted` is where it is shown already (then this is an edit). `doubtful`: an earlier send,
    begun at `sent_s`, may have arrived. `row` is the message as it was when leased."""

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


def lease(
    tx: Connection, chats: Sequence[str], now: float, settle: float, seconds: float, limit: int, left: Collection[int] = ()
) -> tuple[list[Attempt], float | None]:
    """Lease each lane that may send now for `seconds`, with its oldest waiting message. Other processes are first to lease those
    messages, by id, that this one `left` to them.

    Also returns when to come again: the soonest time at which some lane may send, None when nothing waits.
    """
    if not chats:
        return [], None
    may_speak, soonest = _speaking(tuple(chats))
    lanes = may_speak.all(tx, {"now": now, "most": limit})
    attempts = [attempt for lane in lanes if (attempt := _lease_lane(tx, lane, now, settle, seconds, left)) is not None]
    [next_] = soonest.all(tx)
    return attempts, next_.soonest


def _lease_lane(tx: Connection, lane: AnyRow, now: float, settle: float, seconds: float, left: Collection[int]) -> Attempt | None:
    head = _head.first(tx, {"lane": lane.key})
    if head is None:
        _change_lane.count(tx, {"lane": lane.key, "idle": True})
        return None
    if head.id in left and now < lane.next_s + OTHERS_FIRST_S:
        return None
    doubtful = head.state == "sending" and head.remote_id is None
    begun = min(head.sent_s, now)
    if begun < head.sent_s:  # the clock was set back since
        _change.count(tx, {"this": head.id, "sent_s": begun})
    if doubtful and now < begun + settle:  # it may be accepted late: a look-up now could miss it
        _change_lane.count(tx, {"lane": lane.key, "next_s": begun + settle})
        return None
    _take.count(tx, {"lane": lane.key, "lease_s": now + seconds})
    if doubtful:
        _doubt.count(tx, {"this": head.id})
    else:
        _begin.count(tx, {"this": head.id, "sent_s": now})
    return Attempt(
        id=head.id,
        key=head.key,
        gate=lane.key,
        fence=lane.fence + 1,
        chat=head.chat,
        workspace=head.workspace,
        channel=head.channel,
        posted=(head.remote_channel, head.remote_id) if head.remote_id else None,
        doubtful=doubtful,
        sent_s=begun if doubtful else now,
        attempts=head.attempts + 1,
        thread_of=head.thread_of,
        row=head,
    )


def begin_again(tx: Connection, attempt: Attempt, now: float) -> bool:
    """Note that a new send starts, after an earlier one was looked for and had not arrived. Returns False if the lease was lost."""
    held = tx.execute(select(gate.c.key).where(gate.c.key == attempt.gate, gate.c.fence == attempt.fence).with_for_update()).first()
    if held is not None:
        tx.execute(update(message).where(message.c.id == attempt.id).values(sent_s=now))
    return held is not None


def shown(tx: Connection, attempt: Attempt, version: int, posted: tuple[str, str], edits: str | None, next_s: float) -> bool:
    """Note that the chat shows `version`. Later versions wait in the lane `edits` of the workspace, if the chat has a lane for
    edits. Returns False if the lease was lost."""
    if not _let_go(tx, attempt, next_s):
        return False
    lane = key_of(attempt.chat, attempt.workspace, edits) if edits else attempt.gate
    there = {"remote_channel": posted[0], "remote_id": posted[1], "gate": lane}
    [row] = _show.all(tx, {"this": attempt.id, "shown": version} | there)
    if edits is not None and row.wanted > version:
        open_gates(tx, [(attempt.chat, attempt.workspace, edits)])
    return True


def put_off(tx: Connection, attempt: Attempt, next_s: float, reason: str, *, doubt: bool = False) -> bool:
    """Note that the message was not shown. The lane may send again at `next_s`, or at once if its wait was cleared meanwhile.

    With `doubt` the message counts as perhaps sent, else as not sent. Returns False if the lease was lost.
    """
    if _rest.count(tx, {"lane": attempt.gate, "held": attempt.fence, "until": next_s}) != 1:
        return False
    _change.count(tx, {"this": attempt.id, "state": "sending" if doubt else "waiting", "reason": reason})
    return True


def park(tx: Connection, attempt: Attempt, next_s: float, reason: str, *, doubt: bool = False) -> bool:
    """Park a message that will never work as it is, with the reason; its lane goes on. With `doubt` this attempt counts as perhaps
    sent. Returns False if the lease was lost."""
    if not _let_go(tx, attempt, next_s):
        return False
    _change.count(tx, {"this": attempt.id, "state": "parked", "reason": reason})
    if doubt:
        tx.execute(update(message).where(message.c.id == attempt.id).values(doubts=message.c.doubts + 1))
    return True


def _let_go(tx: Connection, attempt: Attempt, next_s: float) -> bool:
    return _let.count(tx, {"lane": attempt.gate, "held": attempt.fence, "lease_s": 0.0, "next_s": next_s}) == 1


def wake_forgotten(tx: Connection, now: float, longest: float) -> int:
    """The safety net: wake lanes that are marked idle although something waits, and shorten waits and leases beyond `longest`, as
    after the clock was set back. Returns how many lanes were wrongly idle."""
    tx.execute(update(gate).where(~gate.c.idle, gate.c.next_s > now + longest).values(next_s=now))
    tx.execute(update(gate).where(~gate.c.idle, gate.c.lease_s > now + longest).values(lease_s=now))
    waits = exists().where(message.c.gate == gate.c.key, _due)
    return tx.execute(update(gate).where(gate.c.idle, waits).values(idle=False)).rowcount
