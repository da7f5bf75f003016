"""Learns from Teams events where the bot was added and removed, which channels exist, and who is there."""

from __future__ import annotations

import time
from typing import Any

from botbuilder.schema import Activity

from bot.chats.msteams import taps
from bot.chats.msteams.places import Places, base
from bot.chats.msteams.roster import Rosters
from bot.chats.msteams.taps import Where
from bot.chats.msteams.wire import Wire
from bot.latest import Latest
from handlers.feedback import MAIN_WORKSPACE
from storage import msteams
from storage.database import Store
from storage.msteams import Seen

REMEMBERED = 5000
"""People and channels whose rows are known to be current, so that a tap need not write them again."""

GONE = frozenset({"channelDeleted", "channelUnshared", "channelMemberRemoved"})
THERE = frozenset({"channelCreated", "channelRestored", "channelShared"})
TEAM_GONE = frozenset({"teamDeleted", "teamHardDeleted"})
TEAM_BACK = frozenset({"teamRestored", "teamUnarchived"})


class Events:
    """Stores what events report. Idempotent, and events may arrive in the wrong order."""

    def __init__(self, wire: Wire, store: Store, places: Places, rosters: Rosters) -> None:
        self._wire, self._store, self._places, self._rosters = wire, store, places, rosters
        self._current = Latest[tuple[str, ...], None](REMEMBERED)

    async def installation(self, activity: Activity) -> bool:
        """Handle an installationUpdate. Returns whether to welcome somebody in their private chat."""
        return await (self._removed(activity) if _says(activity.action, "remove") else self._added(activity))

    async def conversation(self, activity: Activity) -> bool:
        """Handle a conversationUpdate. Returns whether to welcome somebody in their private chat."""
        at = taps.where(activity)
        if _holds_bot(activity.members_removed, activity):
            return await self._removed(activity)
        if _holds_bot(activity.members_added, activity):
            return await self._added(activity)
        if activity.members_added or activity.members_removed:
            self._rosters.forget()
        elif at.event:
            await self._changed(at, _seconds(activity))
        return False

    async def presence(self, activity: Activity) -> None:
        """Record that somebody wrote or pressed something: they are there, and so is the channel."""
        at, who = taps.where(activity), taps.person(activity)
        channel = ("channel", at.channel, at.service_url)
        if at.channel and at.team and channel not in self._current:
            seen = [_seen(at, at.channel, at.channel_name)]
            if await self._store.write(msteams.learn, seen, _seconds(activity)):
                self._current[channel] = None
        if who is None or who.workspace != MAIN_WORKSPACE or not at.conversation:
            return
        chat = at.conversation if at.personal else None
        about = ("person", who.user_id, at.service_url, chat or "", at.roster)
        if about not in self._current:
            met = (who.user_id, at.tenant, at.service_url, _seconds(activity), chat, at.roster)
            if await self._store.write(msteams.meet, *met) is not None:
                self._current[about] = None

    async def _added(self, activity: Activity) -> bool:
        at = taps.where(activity)
        if at.personal:
            who = taps.person(activity)
            if who is None or who.workspace != MAIN_WORKSPACE:
                return False
            met = (who.user_id, at.tenant, at.service_url, _seconds(activity), at.conversation, at.conversation)
            return bool(await self._store.write(msteams.meet, *met))
        await self._store.write(msteams.learn, _told(at), _seconds(activity))  # not for a group chat: no follow-ups are shown there
        if at.team:
            await self._asks_for_channels(at)
        return False

    async def _removed(self, activity: Activity) -> bool:
        at, who = taps.where(activity), taps.person(activity)
        self._current.clear()
        if at.personal:
            if who is not None:
                await self._store.write(msteams.part, who.user_id, at.tenant, at.service_url, _seconds(activity))
        elif at.team:
            await self._store.write(msteams.leave_team, at.team, _seconds(activity))
        elif at.conversation:
            await self._store.write(msteams.leave, _seen(at, base(at.conversation)), _seconds(activity))
        return False

    async def _changed(self, at: Where, at_s: float) -> None:
        """A channel or team was created, renamed or removed."""
        self._current.clear()
        if at.event in TEAM_GONE:
            await self._store.write(msteams.leave_team, at.team, at_s)
        elif at.event in GONE and at.channel:
            await self._store.write(msteams.leave, _seen(at, at.channel, at.channel_name), at_s)
        elif at.event in THERE and at.channel and at.team:
            await self._store.write(msteams.learn, [_seen(at, at.channel, at.channel_name)], at_s)
        elif at.event == "channelRenamed" and at.channel and at.channel_name:
            await self._store.write(msteams.rename, _seen(at, at.channel, at.channel_name))
        elif at.event == "teamRenamed" and at.team_name:
            await self._store.write(msteams.rename_team, at.team, at.team_name)
        elif at.event in TEAM_BACK and at.team:
            await self._asks_for_channels(at)

    async def _asks_for_channels(self, at: Where) -> None:
        if at.team_name:  # first: the list that is asked for does not say it, and may come after another name
            await self._store.write(msteams.rename_team, at.team, at.team_name)
        self._wire.soon(self._places.learn_channels(at.team, at.tenant, at.service_url))


def _seconds(activity: Activity) -> float:
    """Returns when it happened, as Teams says, in real seconds."""
    return float(activity.timestamp.timestamp()) if activity.timestamp is not None else time.time()


def _told(at: Where) -> list[Seen]:
    """Returns the channels that an installation event itself names: the one it was made from, and the team's first, whose id is the
    team's."""
    chosen = [_seen(at, at.channel, at.channel_name)] if at.channel and at.channel != at.team else []
    return [*([_seen(at, at.team)] if at.team else []), *chosen]


def _seen(at: Where, channel: str, name: str = "") -> Seen:
    name = name or ("General" if channel == at.team else "")
    return Seen(channel, at.team or channel, at.tenant, at.service_url, name, at.team_name)


def _holds_bot(members: Any, activity: Activity) -> bool:
    us = activity.recipient.id if activity.recipient is not None else None
    return bool(us) and any(getattr(member, "id", None) == us for member in members or ())


def _says(action: Any, wanted: str) -> bool:
    """Matches `add`, `remove`, and their variants when the app is upgraded."""
    return isinstance(action, str) and action.startswith(wanted)
