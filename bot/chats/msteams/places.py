"""Resolves a place to a conversation in Microsoft Teams, by what the events told us.

A place without the bot is not called: its messages wait, and are sent when the bot is added.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from bot.chats import CannotPost, Unknown, Unreachable
from bot.chats.msteams.outcome import RefusedByCode
from bot.chats.msteams.wire import Wire, path
from handlers.feedback import MAIN_WORKSPACE, Place
from storage import msteams
from storage.database import Store
from storage.prepared import AnyRow

log = structlog.get_logger()

AGAIN = 60.0
"""Seconds after which a place that cannot be posted to is checked again; an installation is noticed at once."""
REMOVED = "this person removed Action Hero from their chats: ask them to add it again"


@dataclass(frozen=True, slots=True)
class Spot:
    """Where to call: a conversation (a channel's, or somebody's private chat) and its service URL."""

    conversation: str
    service_url: str
    tenant: str
    person: str | None = None


class Places:
    """Reads channels and people from their rows, which all replicas share."""

    def __init__(self, wire: Wire, store: Store) -> None:
        self._wire, self._store = wire, store
        self._asked_again: dict[str, float] = {}

    async def spot(self, place: Place) -> Spot:
        """Where this place is. Raises CannotPost while the bot is not there, and what a call raises."""
        if place.workspace != MAIN_WORKSPACE:  # there is one tenant: a team whose name is all in capitals reads like a workspace
            return await self._channel(f"{place.workspace}/{place.channel}")
        return await self._person(place.channel) if is_person(place.channel) else await self._channel(place.channel)

    async def spot_of(self, conversation: str, place: Place) -> Spot:
        """Returns where a conversation is that was posted to before; calls Teams only if its channel had refused us. Raises
        CannotPost while the bot is not there."""
        row = await self._store.read(msteams.by_id, base(conversation))
        if row is None:
            row = await self._store.read(msteams.whose, conversation)
            if row is None and is_person(place.channel):
                row = await self._store.read(msteams.who, place.channel)
            if row is None or not row.installed:
                raise CannotPost(AGAIN, f"the bot is no longer in {place.channel}: add Action Hero there again")
            return Spot(conversation, row.service_url, row.tenant, row.id)
        await self._open(row)
        return Spot(conversation, row.service_url, row.tenant)

    async def named(self, channel: str) -> Place:
        """Returns the channel as app.yaml names it."""
        return Place("msteams", MAIN_WORKSPACE, await self._store.read(msteams.called, channel))

    async def mark(self, spot: Spot, error: RefusedByCode) -> None:
        """Record that a conversation is closed to us, if that is what the error means."""
        if not error.is_of_the_place:
            return
        log.warning("msteams.closed", conversation=spot.conversation, status=error.status, code=error.code)
        if spot.person is not None:
            await self._store.write(msteams.forget_chat, spot.person)
        else:
            await self._store.write(msteams.block, base(spot.conversation), time.time())

    async def learn_channels(self, team_id: str, tenant: str, service_url: str) -> None:
        """Fetch and store the channels of a team, except what events change while we fetch."""
        before = await self._store.read(msteams.known, team_id)
        said = await self._wire.get(service_url, path("v3", "teams", team_id, "conversations"), team_id)
        listed = [each for each in said.get("conversations") or () if isinstance(each, Mapping) and isinstance(each.get("id"), str)]
        seen = [msteams.Seen(each["id"], team_id, tenant, service_url, _name(each, team_id)) for each in listed if each["id"]]
        await self._store.write(msteams.learn_listed, team_id, seen, before)
        log.info("msteams.channels", team=team_id, channels=len(seen))

    async def _channel(self, name: str) -> Spot:
        row = await self._store.read(msteams.by_id, name)
        if row is None:
            found = await self._store.read(msteams.by_name, name)
            if len(found) > 1:
                raise CannotPost(
                    AGAIN, f"{len(found)} channels are called {name!r}: write msteams:Team/Channel, or the channel's id"
                )
            row = found[0] if found else None
        if row is None:
            raise CannotPost(
                AGAIN, f"the bot knows no channel {name!r}: add Action Hero to its team, or correct the name in app.yaml"
            )
        await self._open(row)
        return Spot(row.id, row.service_url, row.tenant)

    async def _open(self, row: AnyRow) -> None:
        """Raises CannotPost unless the bot may post in this channel. After a refusal, the team's channels are fetched to see
        whether the bot is in it."""
        where = f"{row.team_name or 'its team'}/{row.name or row.id}"
        if not row.installed:
            raise CannotPost(AGAIN, f"the bot was removed from {where}: add Action Hero to the team again")
        if not row.blocked_s:
            return
        if time.monotonic() - self._asked_again.get(row.id, -AGAIN) < AGAIN:
            raise CannotPost(
                AGAIN, f"Microsoft Teams let nothing into {where}: is Action Hero still in that team, and allowed to write?"
            )
        self._asked_again[row.id] = time.monotonic()
        try:
            await self.learn_channels(row.team_id, row.tenant, row.service_url)
        except RefusedByCode as error:
            raise CannotPost(AGAIN, f"Microsoft Teams keeps the bot out of {where}: {error}") from error
        again = await self._store.read(msteams.by_id, row.id)
        if again is None or again.blocked_s:
            raise CannotPost(AGAIN, f"the channel {where} is no longer listed in its team: correct it in app.yaml")

    async def _person(self, user_id: str) -> Spot:
        row = await self._store.read(msteams.who, user_id)
        if row is not None and not row.installed:
            raise CannotPost(AGAIN, REMOVED)
        if row is not None and row.conversation_id:
            return Spot(row.conversation_id, row.service_url, row.tenant, user_id)
        if row is None:
            row = await self._store.read(msteams.anywhere)
            if row is None:
                raise CannotPost(AGAIN, "the bot is in no team yet: add Action Hero to one")
        conversation = await self._create(user_id, row.tenant, row.service_url)
        if not await self._store.write(msteams.opened, user_id, row.tenant, row.service_url, conversation):
            raise CannotPost(AGAIN, REMOVED)
        return Spot(conversation, row.service_url, row.tenant, user_id)

    async def _create(self, user_id: str, tenant: str, service_url: str) -> str:
        """Open the private chat with somebody. Idempotent, so an unknown outcome can simply be retried."""
        asked = {
            "isGroup": False,
            "bot": {"id": self._wire.bot_id},
            "members": [{"id": user_id}],
            "tenantId": tenant,
            "channelData": {"tenant": {"id": tenant}},
        }
        try:
            said = await self._wire.post(service_url, path("v3", "conversations"), asked, user_id)
        except Unknown as error:
            raise Unreachable(f"the private chat could not be opened: {error}") from error
        conversation = said.get("id")
        if not isinstance(conversation, str) or not conversation:
            raise Unreachable("the private chat could not be opened: Microsoft Teams did not say which it is")
        return conversation


def base(conversation: str) -> str:
    """Returns the channel of a thread's conversation."""
    return conversation.partition(";")[0]


def is_person(channel: str) -> bool:
    """Returns whether a place is somebody's private chat: people's ids begin with 29:."""
    return channel.startswith("29:")


def _name(each: Mapping[str, Any], team_id: str) -> str:
    """Only a team's first channel has no name; its id is the team's."""
    name = each.get("name")
    return name if isinstance(name, str) and name else "General" if each["id"] == team_id else ""
