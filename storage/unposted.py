"""Messages for channels that no chat has ever shown: finds them, and gives them another place."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Connection, and_, bindparam, case, select, union_all, update

from storage.followups import follow_up
from storage.lanes import Lane, key_of, open_gates
from storage.messages import PARKED, WAITING, message
from storage.prepared import AnyRow

_NEVER = and_(
    message.c.remote_id.is_(None), message.c.doubts == 0, message.c.shown < message.c.wanted, message.c.state != "sending"
)
"""Nobody can have seen it. While it is being sent, or may have arrived, it is left where it is."""
_columns = (
    message.c.id.label("id"),
    message.c.key,
    message.c.kind,
    message.c.chat,
    message.c.workspace,
    message.c.channel,
    message.c.gate,
    message.c.reason,
)
_given_up = message.c.reason == bindparam("parked_for")
_give_place = (
    update(message)
    .where(message.c.id == bindparam("this"), _NEVER)
    .values({name: bindparam(f"to_{name}") for name in ("chat", "workspace", "channel", "gate")} | {"attempts": 0})
    .values(state=case((_given_up, "waiting"), else_=message.c.state), reason=case((_given_up, ""), else_=message.c.reason))
)


def of_channels(tx: Connection, kinds: Collection[str], after: int, limit: int) -> Sequence[AnyRow]:
    """Returns messages of these kinds that were never posted, from the id `after` on, with the team of their follow-up if any."""
    these = (_NEVER, message.c.kind.in_(kinds), message.c.id > after)
    joined = message.outerjoin(follow_up, follow_up.c.id == message.c.follow_up_id)
    each = select(*_columns, message.c.follow_up_id, follow_up.c.team).select_from(joined).where(*these)
    return tx.execute(union_all(*(each.where(half) for half in (WAITING, PARKED))).order_by("id").limit(limit)).all()


def at(tx: Connection, keys: Collection[str]) -> Sequence[AnyRow]:
    """Returns the messages with these keys, and where they belong."""
    return tx.execute(select(*_columns).where(message.c.key.in_(keys))).all()


def move(tx: Connection, places: Mapping[int, Lane], parked_for: str) -> int:
    """Move messages, by id, to another place; what was to be said in the thread of a card moves with it. A parked one stays
    parked, unless it was `parked_for` that reason. Returns how many were moved."""
    if not places:
        return 0
    cards = select(message.c.key, message.c.id).where(message.c.id.in_(places), message.c.kind == "card")
    place_of = {row.key: places[row.id] for row in tx.execute(cards)}
    about = select(message.c.follow_up_id).where(message.c.id.in_(places))
    said = select(*_columns, message.c.thread_of).where(message.c.follow_up_id.in_(about), message.c.kind == "line", _NEVER)
    lines = [row for row in tx.execute(said) if row.thread_of in place_of]
    moved = dict(places) | {row.id: place_of[row.thread_of] for row in lines}
    left = tx.execute(select(message.c.chat, message.c.workspace, message.c.channel).where(message.c.id.in_(moved))).all()
    # Lanes before messages, as wherever both are changed: until the commit delivery leases nothing there.
    open_gates(tx, {*moved.values(), *((row.chat, row.workspace, row.channel) for row in left)})
    tx.execute(_give_place, [_to(lane) | {"this": id, "parked_for": parked_for} for id, lane in moved.items()])
    return len(moved)


def park(tx: Connection, message_ids: Collection[int], reason: str) -> None:
    """Park messages that wait to be posted for the first time."""
    if message_ids:
        waits = (message.c.id.in_(message_ids), _NEVER, message.c.state != "parked")
        tx.execute(update(message).where(*waits).values(state="parked", reason=reason))


def _to(lane: Lane) -> dict[str, str]:
    chat, workspace, channel = lane
    return {"to_chat": chat, "to_workspace": workspace, "to_channel": channel, "to_gate": key_of(*lane)}
