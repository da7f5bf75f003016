"""Sends messages to Microsoft Teams; one attempt per call, raising one of the errors that delivery knows."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection
from starlette.routing import BaseRoute

from bot.chats import ChatServices, Pace, Posted, Profile, Refused, Unknown, Unreachable
from bot.chats.msteams import Options, adaptive
from bot.chats.msteams.deep_link import deep_link
from bot.chats.msteams.events import Events
from bot.chats.msteams.examine import examined
from bot.chats.msteams.forms import Colleague
from bot.chats.msteams.guard import Doorkeeper
from bot.chats.msteams.keys import Keys
from bot.chats.msteams.listen import Listener
from bot.chats.msteams.outcome import RefusedByCode
from bot.chats.msteams.places import Places, Spot, base
from bot.chats.msteams.roster import Rosters, colleague
from bot.chats.msteams.wire import Wire, path
from bot.diagnosis import Diagnosis
from bot.doors.machine_door import Door
from handlers.cards import Card
from handlers.feedback import MAIN_WORKSPACE, Person, Place
from storage import msteams

EVERY = 0.5
"""Seconds between two messages in a conversation: sixty in half a minute. budget.py keeps to the hourly limit."""


T = TypeVar("T")


def connect(options: Options, services: ChatServices) -> MsTeams:
    """Returns the Microsoft Teams chat, not yet connected: start() opens the connection."""
    return MsTeams(options, services)


class MsTeams:
    """Implements Chat for one tenant."""

    name = "msteams"
    pace = Pace(post=EVERY, edit=EVERY)

    def __init__(self, options: Options, services: ChatServices) -> None:
        self._services = services
        self._wire = Wire(options, services.deadline)
        self._keys = Keys(options.openid_url, lambda: self._wire.client)
        self._places, self._rosters = Places(self._wire, services.store), Rosters(self._wire)
        events = Events(self._wire, services.store, self._places, self._rosters)
        door = Doorkeeper(options, self._keys)
        self._listener = Listener(self._wire, services, self._places, self._rosters, events, door)

    async def start(self, *, listening: bool = True) -> None:
        self._wire.open()
        if listening:
            self._wire.soon(self._keys.warm())

    async def stop(self) -> None:
        await self._rosters.stop()
        await self._keys.stop()
        await self._wire.close()

    def routes(self) -> Sequence[BaseRoute]:
        return (Door("/msteams/messages", self._listener.hear),)

    async def post(self, place: Place, card: Card, key: str, thread: Posted | None = None) -> Posted:
        del key  # a Teams message has no field for it: a lost message cannot be found again
        end = self._wire.end()
        finding = self._places.spot(place) if thread is None else self._places.spot_of(_thread(thread), place)
        spot = await self._found(finding, end)
        begins = thread is None and spot.person is None
        try:
            return await _drawn(card, lambda said: self._begin(spot, said, end) if begins else self._say(spot, said, end))
        except RefusedByCode as error:
            await self._places.mark(spot, error)
            raise

    async def edit(self, posted: Posted, place: Place, card: Card) -> None:
        end = self._wire.end()
        spot = await self._found(self._places.spot_of(posted.channel, place), end)
        where = path("v3", "conversations", posted.channel, "activities", posted.id)

        def put(said: adaptive.Activity) -> Awaitable[object]:
            return self._wire.put(spot.service_url, where, {**said, "id": posted.id}, base(posted.channel), end)

        try:
            await _drawn(card, put)
        except RefusedByCode as error:
            if error.status == 403:  # a missing message says nothing about its channel; a 403 does
                await self._places.mark(spot, error)
            raise

    async def remove(self, posted: Posted, place: Place) -> None:
        spot = await self._found(self._places.spot_of(posted.channel, place), self._wire.end())
        where = path("v3", "conversations", posted.channel, "activities", posted.id)
        await self._wire.delete(spot.service_url, where, base(posted.channel))

    def link(self, reader: Place, posted: Posted) -> str:  # noqa: ARG002 - there is one tenant
        return deep_link(posted, self._wire.options.tenant, self._wire.options.service_urls)

    async def examine(self, places: Sequence[Place]) -> Sequence[Diagnosis]:
        return await examined(self._wire, self._places, self._services.store, places)

    async def profile(self, person: Person) -> Profile | None:
        known = self._rosters.find(person.user_id) or await self._member(person)
        return Profile(known.name, known.email) if known is not None and known.name else None

    async def resting(self, who: Sequence[Person]) -> Mapping[Person, datetime]:  # noqa: ARG002 - required by Chat
        """Always empty: Microsoft Teams does not tell apps."""
        return {}

    async def parted(self, who: Sequence[Person]) -> Sequence[Person]:
        parted = await self._services.store.read(msteams.parted, [person.user_id for person in who]) if who else ()
        return [person for person in who if person.user_id in parted]

    async def people(self, name: str) -> Sequence[Person]:
        """Looks up an id, or an e-mail on the roster of any channel the bot is in; groups are not supported."""
        if "@" not in name:
            return [Person("msteams", MAIN_WORKSPACE, name)] if name.startswith("29:") else []
        channels = {channel.id: channel for channel in await self._services.store.read(msteams.channels)}
        rosters = {id: channel.service_url for id, channel in channels.items()}
        who, unread = await self._rosters.who_has(name, rosters, self._services.deadline)
        if who is not None:
            return [Person("msteams", MAIN_WORKSPACE, who.id, who.name, email=who.email)]
        if missing := sum(not channels[id].blocked_s for id in unread):  # one that turned us away may never be read
            raise Unreachable(f"{missing} rosters could not be read, and nobody on the others has this e-mail")
        return []

    async def find(self, place: Place, key: str, since: datetime, thread: Posted | None = None) -> Posted | None:
        del place, key, since, thread
        raise Refused("Microsoft Teams cannot be searched by a bot, so a message whose answer was lost is sent again")

    async def _found(self, finding: Coroutine[Any, Any, Spot], end: float) -> Spot:
        """Returns where to post, while there is still time to do so: a private chat may have to be opened first. Raises Unreachable
        when it takes too long."""
        try:
            async with asyncio.timeout_at(end - self._services.deadline / 2):
                return await finding
        except TimeoutError:
            raise Unreachable("it took too long to find out where to say it") from None

    async def _begin(self, spot: Spot, said: adaptive.Activity, end: float) -> Posted:
        """Start a new thread in a channel."""
        asked = {
            "isGroup": True,
            "bot": {"id": self._wire.bot_id},
            "tenantId": spot.tenant,
            "channelData": {"channel": {"id": spot.conversation}, "tenant": {"id": spot.tenant}},
            "activity": said,
        }
        begun = await self._wire.post(spot.service_url, path("v3", "conversations"), asked, spot.conversation, end)
        return _posted(begun.get("id"), begun.get("activityId"))

    async def _say(self, spot: Spot, said: adaptive.Activity, end: float) -> Posted:
        where = path("v3", "conversations", spot.conversation, "activities")
        answer = await self._wire.post(spot.service_url, where, said, base(spot.conversation), end)
        return _posted(spot.conversation, answer.get("id"))

    async def _member(self, person: Person) -> Colleague | None:
        """Returns somebody as described by a roster they are on; if none is known, by the first that has them. None if they are on
        none."""
        known = self._rosters.where(person.user_id)
        for conversation, service_url in [known] if known else await self._services.store.read(_rosters_of, person.user_id):
            try:
                where = path("v3", "conversations", conversation, "members", person.user_id)
                return colleague(await self._wire.get(service_url, where, conversation), self._wire.options.tenant)
            except RefusedByCode as error:
                if error.status not in (403, 404):
                    raise
        return None


async def _drawn(card: Card, say: Callable[[adaptive.Activity], Awaitable[T]]) -> T:
    """Send a card; if Teams does not accept its chart, send the chart's words alone."""
    try:
        return await say(adaptive.message(card))
    except RefusedByCode as error:
        if card.chart is None or error.status != 400:
            raise
        return await say(adaptive.message(card, charts=False))


def _rosters_of(tx: Connection, user_id: str) -> list[tuple[str, str]]:
    row = msteams.who(tx, user_id)
    if row is not None and (row.conversation_id or row.seen_in):
        return [(row.conversation_id or row.seen_in, row.service_url)]
    return [(channel.id, channel.service_url) for channel in msteams.channels(tx)]


def _thread(thread: Posted) -> str:
    """Returns the conversation of a thread: the channel's id with the id of its first message."""
    conversation = thread.channel
    if ";" in conversation or not conversation.startswith("19:"):
        return conversation
    return f"{base(conversation)};messageid={thread.id}"


def _posted(conversation: object, activity: object) -> Posted:
    if not (isinstance(conversation, str) and conversation and isinstance(activity, str) and activity):
        raise Unknown("the answer of Microsoft Teams does not say where the message is")
    return Posted(conversation, activity)
