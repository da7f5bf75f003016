"""Says things in Microsoft Teams; one attempt each, with one of four words for what went wrong."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from bot.chats import House, Pace, Posted, Profile, Refused, Unknown
from bot.chats.msteams import Options, adaptive
from bot.chats.msteams.events import Events
from bot.chats.msteams.forms import Colleague
from bot.chats.msteams.keys import Keys
from bot.chats.msteams.listen import Ears
from bot.chats.msteams.outcome import Said
from bot.chats.msteams.places import Places, Spot, base, bot_id
from bot.chats.msteams.roster import Rosters, colleague
from bot.chats.msteams.trust import Doorkeeper
from bot.chats.msteams.wire import Wire, path
from handlers.cards import Card
from handlers.feedback import Person, Place
from storage import msteams

EVERY = 2.0
"""Seconds between two messages in a conversation: 1800 an hour is the longest of Teams' four limits, and holds the others."""


def connect(options: Options, house: House) -> MsTeams:
    """Microsoft Teams, not yet listening: start() opens the connection."""
    return MsTeams(options, house)


class MsTeams:
    """The seam's Chat for one tenant."""

    name = "msteams"
    pace = Pace(post=EVERY, edit=EVERY)

    def __init__(self, options: Options, house: House) -> None:
        self._house = house
        self._wire = Wire(options, house.deadline)
        self._keys = Keys(options.openid_url, lambda: self._wire.client)
        self._places, self._rosters = Places(self._wire, house.store), Rosters(self._wire)
        events = Events(self._wire, house.store, self._places, self._rosters)
        door = Doorkeeper(options, self._keys)
        self._ears = Ears(self._wire, house, self._places, self._rosters, events, door)

    async def start(self) -> None:
        self._wire.open()
        self._wire.soon(self._keys.warm())

    async def stop(self) -> None:
        await self._rosters.stop()
        await self._keys.stop()
        await self._wire.close()

    def routes(self) -> Sequence[BaseRoute]:
        async def messages(request: Request) -> Response:
            return await self._ears.hear(request)

        return (Route("/msteams/messages", messages, methods=["POST"]),)

    async def post(self, place: Place, card: Card, key: str, thread: Posted | None = None) -> Posted:
        del key  # it has nowhere to stand in a message of Teams: what was lost cannot be found again
        said = adaptive.message(card)
        if thread is not None:
            spot = await self._places.spot_of(_thread(thread), place)
            return await self._say(spot, said)
        spot = await self._places.spot(place)
        return await (self._say(spot, said) if spot.person is not None else self._begin(spot, said))

    async def edit(self, posted: Posted, place: Place, card: Card) -> None:
        spot = await self._places.spot_of(posted.channel, place)
        where = path("v3", "conversations", posted.channel, "activities", posted.id)
        try:
            await self._wire.put(spot.service_url, where, {**adaptive.message(card), "id": posted.id})
        except Said as error:
            await self._mark_after_edit(spot, error)
            raise

    async def profile(self, person: Person) -> Profile | None:
        known = self._rosters.find(person.user_id) or await self._member(person)
        return Profile(known.name, known.email) if known is not None and known.name else None

    async def find(self, place: Place, key: str, since: datetime, thread: Posted | None = None) -> Posted | None:
        del place, key, since, thread
        raise Refused("Microsoft Teams cannot be searched by a bot, so a message whose answer was lost is sent again")

    async def _begin(self, spot: Spot, said: adaptive.Activity) -> Posted:
        """A new thread in a channel."""
        asked = {
            "isGroup": True,
            "bot": {"id": bot_id(self._wire)},
            "tenantId": spot.tenant,
            "channelData": {"channel": {"id": spot.conversation}, "tenant": {"id": spot.tenant}},
            "activity": said,
        }
        try:
            begun = await self._wire.post(spot.service_url, path("v3", "conversations"), asked)
        except Said as error:
            await self._places.mark(spot, error)
            raise
        return _posted(begun.get("id"), begun.get("activityId"))

    async def _say(self, spot: Spot, said: adaptive.Activity) -> Posted:
        where = path("v3", "conversations", spot.conversation, "activities")
        try:
            answer = await self._wire.post(spot.service_url, where, said)
        except Said as error:
            await self._places.mark(spot, error)
            raise
        return _posted(spot.conversation, answer.get("id"))

    async def _mark_after_edit(self, spot: Spot, error: Said) -> None:
        """A message that is gone says nothing about its channel; a door that is shut does."""
        if error.status == 403:
            await self._places.mark(spot, error)

    async def _member(self, person: Person) -> Colleague | None:
        row = await self._house.store.read(msteams.who, person.user_id)
        conversation = (row.conversation_id or row.seen_in) if row is not None else ""
        if row is None or not conversation:
            return None
        try:
            where = path("v3", "conversations", conversation, "members", person.user_id)
            return colleague(await self._wire.get(row.service_url, where))
        except Said as error:
            if error.status in (403, 404):
                return None
            raise


def _thread(thread: Posted) -> str:
    """The conversation of a thread: the channel's id with the id of its first message."""
    conversation = thread.channel
    if ";" in conversation or not conversation.startswith("19:"):
        return conversation
    return f"{base(conversation)};messageid={thread.id}"


def _posted(conversation: object, activity: object) -> Posted:
    if not (isinstance(conversation, str) and conversation and isinstance(activity, str) and activity):
        raise Unknown("the answer of Microsoft Teams does not say where the message is")
    return Posted(conversation, activity)
