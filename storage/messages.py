"""Messages that chats must show: want them, want them again, find them by key. Times `_s` are real seconds since 1970."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Executable,
    and_,
    bindparam,
    case,
    false,
    insert,
    literal_column,
    or_,
    select,
    text,
    union,
    update,
)

from storage import models
from storage.followups import follow_up
from storage.lanes import Lane, key_of, open_gates
from storage.nudges import nudge
from storage.prepared import AnyRow, Prepared
from storage.statements import upsert

ANSWER = "answer"
"""The kind of a private answer to a typed word or a tap, which a chat posted by itself; delivery only changes it."""

message = models.Message.__table__

WAITING, PARKED = text("message.shown < message.wanted AND message.state <> 'parked'"), text("message.state = 'parked'")
"""What is still to be shown, and what is given up. Written exactly as in two partial indexes, which hold few of all the messages
there ever were: SQLite uses those only if the condition matches textually."""
PERHAPS_THERE = and_(message.c.doubts > 0, message.c.remote_id.is_(None))
"""An earlier send may have arrived; in the state `sending` it is looked for before it is sent again."""

_unsent = {"wanted": 1, "shown": 0, "state": "waiting", "attempts": 0, "doubts": 0, "reason": "", "sent_s": 0.0}
_add = Prepared(upsert(message, ["key"], lambda _: {"wanted": message.c.wanted + 1}), always=_unsent)

# Built once, like everything each tap needs: building a statement costs more than running it.
_lane = (message.c.chat, message.c.workspace, message.c.gate)
_lanes_of_known = select(*_lane).where(message.c.key.in_(bindparam("keys", expanding=True)))
_standing = and_(
    message.c.remote_id == bindparam("activity"),
    message.c.remote_channel == bindparam("conversation"),
    message.c.chat == bindparam("in_chat"),
    message.c.workspace == bindparam("in_workspace"),
    message.c.state != "parked",
    message.c.kind != ANSWER,
)
_lanes_there = select(*_lane).where(_standing)
_raise_there = update(message).where(_standing).values(wanted=message.c.wanted + 1).returning(*_lane)


def _pictures(about: Callable[[ColumnElement[Any]], ColumnElement[bool]]) -> tuple[Executable, Executable]:
    """Returns two statements about the pictures of follow-ups: one selects their lanes, one wants them anew and returns lanes."""
    cards = and_(about(message.c.follow_up_id), message.c.kind.in_((literal_column("'card'"), literal_column("'private'"))))
    lanes, ids = (_those(columns, cards, about) for columns in (_lane, (message.c.id,)))
    raised = update(message).where(message.c.id.in_(ids)).values(wanted=message.c.wanted + literal_column("1"))
    return lanes, raised.returning(*_lane)


def _those(
    columns: Sequence[ColumnElement[Any]],
    direct: ColumnElement[bool],
    about: Callable[[ColumnElement[Any]], ColumnElement[bool]],
) -> CompoundSelect[Any]:
    """Selects the messages that match `direct`, and the bundles that tell about these follow-ups. A union, because with an OR in
    one condition both databases read every message there is."""
    bundled = select(*columns).join(nudge, nudge.c.bundle_id == message.c.bundle_id).where(about(nudge.c.follow_up_id))
    return union(select(*columns).where(direct), bundled)


_lanes_of_one, _raise_one = map(Prepared, _pictures(lambda column: column == bindparam("this")))
_lanes_of_many, _raise_many = _pictures(lambda column: column.in_(bindparam("these", expanding=True)))
_its_team = select(follow_up.c.team).where(follow_up.c.id == message.c.follow_up_id).scalar_subquery()
WITH_TEAM = select(message, _its_team.label("team"))
"""A message, and the `team` of its follow-up if any."""
_cards = (
    select(message)
    .where(message.c.follow_up_id.in_(bindparam("these", expanding=True)), message.c.kind == "card")
    .order_by(message.c.id)
)
_by_id = Prepared(WITH_TEAM.where(message.c.id == bindparam("this")))


@dataclass(frozen=True, slots=True)
class Wanted:
    """A message to show: its unique key, where it belongs and what it is a picture of. `channel` may be a person's user id.

    `fresh`: the key was never wanted before, so nothing about it needs to be looked up.
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


def want(tx: Connection, messages: Sequence[Wanted], at: datetime, *, again: Sequence[int] = ()) -> None:
    """Want these messages; one whose key exists is rendered anew instead. The follow-ups `again` changed, as for `want_again`."""
    now = time.time()
    known = [m.key for m in messages if not m.fresh and m.follow_up_id not in again]  # those of `again` are found anyway
    _want(tx, [_row(m, at, now) for m in messages], again, known)


def note_shown(tx: Connection, answers: Sequence[Wanted], posted: tuple[str, str], edits: str | None, at: datetime) -> None:
    """Note that one message of a chat, which stands at `posted`, shows all of these. Later versions wait in the lane `edits` of the
    workspace, if the chat has a lane for edits."""
    now = time.time()
    there = {"remote_channel": posted[0], "remote_id": posted[1], "shown": 1, "state": "shown", "sent_s": now}
    rows = [{**_unsent, **_row(each, at, now), **there} for each in answers]
    if edits is not None:
        rows = [{**row, "gate": key_of(row["chat"], row["workspace"], edits)} for row in rows]
    if rows:
        tx.execute(insert(message), rows)


def want_again(tx: Connection, *follow_up_ids: int) -> None:
    """Render every picture of these follow-ups anew, because they changed. What was said in a thread stays as it was."""
    _want(tx, [], follow_up_ids)


def want_back(tx: Connection, chat: str, workspace: str, posted: tuple[str, str]) -> bool:
    """Send the message that stands at `posted` again: it has not changed, but somebody sees something else in its place. Returns
    False, and does nothing, if no message of ours that could still be changed stands there in this workspace."""
    there = {"in_chat": chat, "in_workspace": workspace, "conversation": posted[0], "activity": posted[1]}
    lanes = _lanes(tx.execute(_lanes_there, there))
    if not lanes:
        return False
    open_gates(tx, lanes)
    open_gates(tx, _lanes(tx.execute(_raise_there, there)) - lanes)  # delivery may have finished it in between
    return True


def show_anew(tx: Connection, keys: Sequence[str]) -> None:
    """Render these once more, as far as a chat shows them or may be about to: the data behind them is gone. Parked ones are
    tried again."""
    these = message.c.key.in_(keys)
    lanes = _lanes(tx.execute(select(*_lane).where(these)))
    if not lanes:
        return
    open_gates(tx, lanes)
    # While one is being posted, or the outcome of that is unknown, nobody has noted where it stands.
    there = or_(message.c.remote_id.is_not(None), message.c.state == "sending", PERHAPS_THERE)
    again = case((message.c.state != "parked", message.c.state), (PERHAPS_THERE, "sending"), else_="waiting")
    raised = update(message).where(these, there).values(wanted=message.c.wanted + 1, state=again, attempts=0)
    open_gates(tx, _lanes(tx.execute(raised.returning(*_lane))) - lanes)  # delivery may have finished it in between


def _want(tx: Connection, rows: Sequence[Mapping[str, Any]], again: Sequence[int], known: Sequence[str] = ()) -> None:
    """`known` are the keys among the rows that may have been wanted, and shown, before."""
    lanes = {(row["chat"], row["workspace"], row["channel"]) for row in rows}
    opened, changed = set[Lane](), bool(again)
    if tx.dialect.name != "sqlite":
        # Lock lanes before messages, here and wherever both are changed: delivery uses the same order, so there is no deadlock.
        # On SQLite nobody else writes meanwhile, and skipping this saves a statement.
        drawn = _drawn(tx, again)
        opened, changed = lanes | drawn, bool(drawn)
        open_gates(tx, opened)
    # Messages that delivery has finished, just now or long ago, wait in the lane for edits. They are looked up only after those
    # lanes are locked: from then on nobody can move one of these messages to another lane.
    if changed:
        lanes |= _raise(tx, again)
    if known:
        lanes |= _lanes(tx.execute(_lanes_of_known, {"keys": known}))
    open_gates(tx, lanes - opened)
    _add.each(tx, rows)


def _drawn(tx: Connection, follow_up_ids: Sequence[int]) -> set[Lane]:
    """Returns the lanes in which pictures of these follow-ups wait."""
    if len(follow_up_ids) == 1:
        return _lanes(_lanes_of_one.all(tx, {"this": follow_up_ids[0]}))
    return _lanes(tx.execute(_lanes_of_many, {"these": follow_up_ids})) if follow_up_ids else set()


def _raise(tx: Connection, follow_up_ids: Sequence[int]) -> set[Lane]:
    """Want the pictures of these follow-ups anew. Returns the lanes they wait in."""
    if len(follow_up_ids) == 1:
        return _lanes(_raise_one.all(tx, {"this": follow_up_ids[0]}))
    return _lanes(tx.execute(_raise_many, {"these": follow_up_ids}))


def _row(m: Wanted, at: datetime, now: float) -> dict[str, Any]:
    place = {"chat": m.chat, "workspace": m.workspace, "channel": m.channel, "gate": key_of(m.chat, m.workspace, m.channel)}
    about = {name: getattr(m, name) for name in ("follow_up_id", "act_id", "person_id", "bundle_id", "thread_of")}
    return {"key": m.key, "kind": m.kind, "created_at": at, "created_s": now} | place | about


def _lanes(rows: Iterable[AnyRow]) -> set[Lane]:
    """Returns the lanes these messages wait in."""
    return {(row.chat, row.workspace, row.gate.removeprefix(key_of(row.chat, row.workspace, ""))) for row in rows}


def about(tx: Connection, follow_up_ids: Collection[int], but: str = "") -> Sequence[str]:
    """Returns the keys of all messages ever wanted about these follow-ups, including those in threads and bundles, but not of the
    kind `but`."""
    these = list(follow_up_ids)
    alone = and_(message.c.follow_up_id.in_(these), message.c.kind != but)
    said = _those((message.c.key, message.c.id), alone, lambda column: column.in_(these))
    return tx.execute(said.order_by("id")).scalars().all()


def wanted_of(tx: Connection, keys: Sequence[str]) -> Sequence[str]:
    """Returns those of these keys that were ever wanted."""
    return tx.execute(select(message.c.key).where(message.c.key.in_(keys)).order_by(message.c.id)).scalars().all() if keys else ()


def cards(tx: Connection, follow_up_ids: Collection[int]) -> Sequence[AnyRow]:
    """Returns the cards of these follow-ups in channels, in the order in which they were wanted."""
    if not follow_up_ids:
        return ()
    return tx.execute(_cards, {"these": list(follow_up_ids)}).all()


def closings(tx: Connection, follow_up_id: int) -> Sequence[str]:
    """Returns the keys of the messages that asked the leaders whether this follow-up may stay ended."""
    asked = (message.c.follow_up_id == follow_up_id, message.c.kind == "closing")
    return tx.execute(select(message.c.key).where(*asked).order_by(message.c.id)).scalars().all()


def beginning(tx: Connection, kind: str, prefixes: Sequence[str]) -> Sequence[str]:
    """Returns the keys of this kind of message that begin with one of these prefixes."""
    named = or_(false(), *(message.c.key.startswith(prefix) for prefix in prefixes))
    found = select(message.c.key).where(message.c.kind == kind, named).order_by(message.c.id)
    return tx.execute(found).scalars().all() if prefixes else ()


def by_id(tx: Connection, message_id: int) -> AnyRow | None:
    """Returns a message, with the `team` of its follow-up if any."""
    return _by_id.first(tx, {"this": message_id})


def by_key(tx: Connection, key: str) -> AnyRow | None:
    return tx.execute(select(message).where(message.c.key == key)).one_or_none()


def standing(tx: Connection, chat: str, posted: tuple[str, str]) -> AnyRow | None:
    """Returns our message that stands at `posted` in a chat, in any workspace; None for a private answer, which is drawn once."""
    there = (message.c.chat == chat, message.c.remote_channel == posted[0], message.c.remote_id == posted[1])
    return tx.execute(select(message).where(*there, message.c.kind != ANSWER).limit(1)).one_or_none()
