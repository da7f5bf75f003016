"""Where the bot can speak in Microsoft Teams: channels and people as its events told. Times `_s` are real seconds since 1970."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from math import inf
from typing import Any

from sqlalchemy import ColumnElement, Connection, Float, Select, and_, bindparam, case, false, func, null, or_, select, true, update

from storage import lanes, models
from storage.lanes import gate
from storage.messages import message
from storage.prepared import AnyRow
from storage.statements import upsert

CHAT = "msteams"
channel = models.MsTeamsChannel.__table__
person = models.MsTeamsPerson.__table__
AT = bindparam("at_s", type_=Float)
"""When it happened that we are told of."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A channel as an event or a list told of it. What was not told is empty; what was known of it is kept."""

    id: str
    team_id: str
    tenant: str
    service_url: str
    name: str = ""
    team_name: str = ""


def _kept(new: Any, column: str) -> Any:
    return func.coalesce(func.nullif(new[column], ""), channel.c[column])


def _newer(told_s: ColumnElement[Any]) -> ColumnElement[bool]:
    """Of what is delivered late or again, nothing undoes what happened after it: that the bot was removed, or that it came back."""
    return or_(told_s.is_(None), told_s < AT)


def _latest(told_s: ColumnElement[Any], new_s: ColumnElement[Any]) -> ColumnElement[Any]:
    return case((told_s > new_s, told_s), else_=func.coalesce(new_s, told_s))


_learn = upsert(
    channel,
    ["id"],
    lambda new: {
        **{name: _kept(new, name) for name in ("team_id", "name", "team_name", "tenant")},
        "service_url": new.service_url,
        "installed": true(),
        "blocked_s": 0.0,
        "left_s": _latest(channel.c.left_s, new.left_s),
    },
    only=or_(channel.c.installed, _newer(channel.c.left_s)),
)
_list = upsert(  # for channels that were unknown a moment ago: whatever was stored since was told by an event
    channel,
    ["id"],
    lambda new: {name: func.coalesce(func.nullif(channel.c[name], ""), new[name]) for name in ("name", "team_name")},
)
_rename = upsert(channel, ["id"], lambda new: {"name": new.name})
_leave = upsert(channel, ["id"], lambda new: {"installed": false(), "left_s": new.left_s}, only=_newer(channel.c.left_s))
_meet = upsert(
    person,
    ["id"],
    lambda new: {
        "conversation_id": func.coalesce(new.conversation_id, person.c.conversation_id),
        "seen_in": func.coalesce(func.nullif(new.seen_in, ""), person.c.seen_in),
        "tenant": new.tenant,
        "service_url": new.service_url,
        "installed": or_(person.c.installed, new.conversation_id.is_not(None)),
        "parted_s": _latest(person.c.parted_s, new.parted_s),
    },
    only=or_(person.c.installed, _newer(person.c.parted_s)),
    returning=[person.c.id],
)
_open = upsert(
    person,
    ["id"],
    lambda new: {"conversation_id": new.conversation_id, "tenant": new.tenant, "service_url": new.service_url},
    only=person.c.installed,
    returning=[person.c.id],
)
_part = upsert(
    person,
    ["id"],
    lambda new: {"installed": false(), "conversation_id": null(), "parted_s": new.parted_s},
    only=_newer(person.c.parted_s),
)


def learn(tx: Connection, seen: Collection[Seen], at_s: float | None) -> bool:
    """Note that the bot was in these channels at this time, unless it was removed since, and release what waits for them. Without
    a time it is there now. Returns whether it is in all of them, as far as is known."""
    return _store(tx, _learn, seen, left_s=at_s, at_s=inf if at_s is None else at_s)


def learn_listed(tx: Connection, team_id: str, listed: Collection[Seen], before: Mapping[str, AnyRow]) -> None:
    """Like `learn`, for a list requested when the team's channels were `before`; where events told otherwise since, they are newer.
    A list does not say what the team is called, so channels new to us get the name that its other channels have."""
    now = {row.id: row for row in tx.execute(_of_team(team_id).with_for_update())}  # else a name told meanwhile is overwritten
    team_name = next((row.team_name for row in now.values() if row.team_name), "")
    there = [each for each in listed if not _left(before.get(each.id), now.get(each.id))]
    newest = [_newest(each, before.get(each.id), now.get(each.id), team_name) for each in there]
    learn(tx, [each for each in newest if each.id in now], None)
    _store(tx, _list, [each for each in newest if each.id not in now])


def known(tx: Connection, team_id: str) -> Mapping[str, AnyRow]:
    """Returns what is known of a team's channels, by id: also of those the bot is no longer in."""
    return {row.id: row for row in tx.execute(_of_team(team_id))}


def rename(tx: Connection, renamed: Seen) -> None:
    """Store a channel's new name, also of one we do not know yet: a list that is on its way may hold the old name."""
    tx.execute(_rename[tx.dialect.name], _present(renamed))
    _reached(tx, channel.c.id == renamed.id)


def rename_team(tx: Connection, team_id: str, name: str) -> None:
    tx.execute(update(channel).where(channel.c.team_id == team_id).values(team_name=name))
    _reached(tx, channel.c.team_id == team_id)


def leave(tx: Connection, left: Seen, at_s: float) -> None:
    """Note that this channel is gone, unless it came back since. Stored even for an unknown channel: a list that is on its way may
    still hold it."""
    tx.execute(_leave[tx.dialect.name], _present(left) | {"installed": False, "left_s": at_s, "at_s": at_s})


def leave_team(tx: Connection, team_id: str, at_s: float) -> None:
    """Note that the bot was removed from the team, or that the team is gone, unless it was in one of its channels since."""
    other = channel.alias()
    since = select(other.c.id).where(other.c.team_id == team_id, other.c.installed, other.c.left_s >= at_s)
    gone = and_(channel.c.team_id == team_id, _newer(channel.c.left_s), ~since.exists())
    tx.execute(update(channel).where(gone).values(installed=False, left_s=at_s), {"at_s": at_s})


def block(tx: Connection, channel_id: str, at_s: float) -> None:
    """Note that the channel turned us away."""
    tx.execute(update(channel).where(channel.c.id == channel_id).values(blocked_s=at_s))


def by_id(tx: Connection, channel_id: str) -> AnyRow | None:
    return tx.execute(select(channel).where(channel.c.id == channel_id)).one_or_none()


def by_name(tx: Connection, name: str) -> Sequence[AnyRow]:
    """Returns the channels that `Channel` or `Team/Channel` means, in upper or lower case: those the bot is still in, else all."""
    wanted = name.casefold()
    rows = tx.execute(select(channel).where(channel.c.name != "").order_by(channel.c.id)).all()
    found = [row for row in rows if wanted in {each.casefold() for each in _names(row)}]
    return [row for row in found if row.installed] or found


def channels(tx: Connection) -> Sequence[AnyRow]:
    """Returns one channel of each team the bot is in: its roster is the team's."""
    first = select(func.min(channel.c.id)).where(channel.c.installed).group_by(channel.c.team_id)
    return tx.execute(select(channel).where(channel.c.id.in_(first)).order_by(channel.c.id)).all()


def anywhere(tx: Connection) -> AnyRow | None:
    """Returns any channel that the bot is in and that does not block it: its service URL serves the whole tenant."""
    here = and_(channel.c.installed, channel.c.blocked_s == 0)
    return tx.execute(select(channel).where(here).order_by(channel.c.id).limit(1)).one_or_none()


def channel_of(tx: Connection, follow_up_id: int) -> str | None:
    """Returns the channel of this follow-up's card, as app.yaml writes it; None if there is no card."""
    cards = and_(message.c.follow_up_id == follow_up_id, message.c.chat == CHAT, message.c.kind == "card")
    return tx.execute(select(message.c.channel).where(cards).order_by(message.c.id).limit(1)).scalar_one_or_none()


def called(tx: Connection, channel_id: str) -> str:
    """Returns this channel's name in app.yaml, if anything was ever sent there under that name; else its id."""
    row = by_id(tx, channel_id)
    names = _names(row) if row is not None else {channel_id}
    wanted = {name.casefold() for name in names}
    used = tx.execute(select(gate.c.channel).where(gate.c.chat == CHAT).order_by(gate.c.channel)).scalars()
    return next((place for place in used if place.casefold() in wanted), channel_id)


def meet(
    tx: Connection,
    person_id: str,
    tenant: str,
    service_url: str,
    at_s: float,
    conversation_id: str | None = None,
    seen_in: str = "",
) -> bool | None:
    """Record that somebody was seen at this time. Returns whether their private chat with the bot is new, or reopened after they
    had left it; None if they have removed the bot since, and nothing was recorded: this was delivered late, or again."""
    before = who(tx, person_id)
    about = _somebody(person_id, tenant, service_url) | {"conversation_id": conversation_id, "seen_in": seen_in, "at_s": at_s}
    about["parted_s"] = at_s if conversation_id is not None else None
    if tx.execute(_meet[tx.dialect.name], about).first() is None:
        return None
    fresh = conversation_id is not None and (before is None or not before.installed or before.conversation_id is None)
    if fresh:
        _open_lanes(tx, {person_id})
    return fresh


def opened(tx: Connection, person_id: str, tenant: str, service_url: str, conversation_id: str) -> bool:
    """Store the private chat that we opened with somebody, unless they removed the bot meanwhile. Returns whether it was stored."""
    about = _somebody(person_id, tenant, service_url) | {"conversation_id": conversation_id}
    if tx.execute(_open[tx.dialect.name], about).first() is None:
        return False
    _open_lanes(tx, {person_id})
    return True


def part(tx: Connection, person_id: str, tenant: str, service_url: str, at_s: float) -> None:
    """Note that somebody removed the bot from their private chat, unless they have it back since. Stored even for somebody unknown:
    we may be opening that chat."""
    about = _somebody(person_id, tenant, service_url) | {"installed": False, "parted_s": at_s, "at_s": at_s}
    tx.execute(_part[tx.dialect.name], about)


def parted(tx: Connection, person_ids: Collection[str]) -> Collection[str]:
    """Returns those of these people who removed the bot from their private chat and have not added it again."""
    return tx.execute(select(person.c.id).where(person.c.id.in_(person_ids), ~person.c.installed)).scalars().all()


def forget_chat(tx: Connection, person_id: str) -> None:
    """Forget the private chat that turned us away, so that another is opened next time."""
    tx.execute(update(person).where(person.c.id == person_id).values(conversation_id=None))


def who(tx: Connection, person_id: str) -> AnyRow | None:
    return tx.execute(select(person).where(person.c.id == person_id)).one_or_none()


def whose(tx: Connection, conversation_id: str) -> AnyRow | None:
    """Returns the person on the other side of a private chat."""
    return tx.execute(select(person).where(person.c.conversation_id == conversation_id).limit(1)).one_or_none()


def _store(tx: Connection, how: Mapping[str, Any], seen: Collection[Seen], **more: float | None) -> bool:
    if not seen:
        return True
    tx.execute(how[tx.dialect.name], [_present(each) | more for each in sorted(seen, key=lambda each: each.id)])
    return _reached(tx, channel.c.id.in_([each.id for each in seen]))


def _of_team(team_id: str) -> Select[Any]:
    return select(channel).where(channel.c.team_id == team_id).order_by(channel.c.id)


def _names(row: AnyRow) -> set[str]:
    """Returns every name by which app.yaml may refer to a channel."""
    return {row.id, row.name or row.id, f"{row.team_name}/{row.name}"}


def _left(before: AnyRow | None, now: AnyRow | None) -> bool:
    """Returns whether the bot was told since `before` that this channel is gone."""
    return now is not None and not now.installed and (before is None or before.installed)


def _newest(listed: Seen, before: AnyRow | None, now: AnyRow | None, team_name: str) -> Seen:
    """Returns a channel of a list without its name, which is then kept as it is, if it was renamed since the list was requested."""
    renamed = now is not None and now.name != (before.name if before is not None else "")
    return replace(listed, name="" if renamed else listed.name, team_name=team_name)


def _present(seen: Seen) -> dict[str, Any]:
    return asdict(seen) | {"installed": True, "blocked_s": 0.0}


def _somebody(person_id: str, tenant: str, service_url: str) -> dict[str, Any]:
    about = {"id": person_id, "tenant": tenant, "service_url": service_url}
    return {"conversation_id": None, "seen_in": "", "installed": True} | about


def _reached(tx: Connection, which: ColumnElement[bool]) -> bool:
    """Release what waits for these channels. Returns whether the bot is in all of them."""
    known = tx.execute(select(channel).where(which)).all()
    _open_lanes(tx, {name for row in known for name in _names(row)})
    return all(row.installed for row in known)


def _open_lanes(tx: Connection, channels: set[str]) -> None:
    """Release the lanes to these channels: they waited because the place was unknown."""
    wanted = {name.casefold() for name in channels}
    waiting = tx.execute(select(gate.c.key, gate.c.channel).where(gate.c.chat == CHAT, ~gate.c.idle)).all()
    keys = [row.key for row in waiting if row.channel.casefold() in wanted]
    if keys:
        lanes.let_speak(tx, gate.c.key.in_(keys))
