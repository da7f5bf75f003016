"""Sends messages to Slack and finds them again; one attempt per call, raising one of the errors that delivery knows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from starlette.routing import BaseRoute

from bot.chats import ChatServices, Pace, Posted, Profile, Refused, Trouble, Unknown, Unreachable
from bot.chats.slack import Options, blocks, install, listen
from bot.chats.slack.choosing import is_colleague, name_of
from bot.chats.slack.examine import examined
from bot.chats.slack.outcome import NotAllowed, RefusedByCode, answer_of
from bot.chats.slack.permalink import permalink
from bot.chats.slack.resting import Schedules
from bot.chats.slack.socket_mode import SocketMode
from bot.chats.slack.wire import Wire
from bot.chats.slack.wires import Wires
from bot.diagnosis import Diagnosis
from bot.doors.machine_door import Door
from handlers.cards import Card
from handlers.feedback import MAIN_WORKSPACE, Person, Place

log = structlog.get_logger()

EVENT_TYPE = "action_hero"
EARLIER = 900
"""Seconds before `since` at which a search begins: our clock may be ahead of Slack's, and what is missed is posted again. More than
the five minutes of signatures, as Socket Mode has none."""
PAGES = 10
PAGE = 200
UNDRAWN = frozenset({"invalid_blocks", "invalid_blocks_format"})
"""Slack's codes for an unknown block: nothing was posted."""


def connect(options: Options, services: ChatServices) -> Slack:
    """Returns the Slack chat, not yet connected: start() opens the connection."""
    return Slack(options, services)


class Slack:
    """Implements Chat for the workspace of app.yaml's own token and all that installed the app."""

    name = "slack"
    pace = Pace(post=1.0, edit=60 / 50, edits_together=True)

    def __init__(self, options: Options, services: ChatServices) -> None:
        self._options = options
        self._services = services
        self._wires = Wires(options, services)
        self._schedules = Schedules(self._wires)
        self._bolt = listen.bolt(self._wires, services)
        self._socket: SocketMode | None = None

    async def start(self, *, listening: bool = True) -> None:
        await self._wires.open(listening=listening)
        if listening and self._options.app_token is not None:
            self._socket = SocketMode(self._bolt, self._options.app_token.get_secret_value(), self._wires.main)

    async def stop(self) -> None:
        await self._wires.finish()
        if self._socket is not None:
            await self._socket.stop()
        await self._wires.close()

    def routes(self) -> Sequence[BaseRoute]:
        """Returns the route for Slack's HTTP calls, unless Socket Mode is used, and the routes for installation."""
        installing = install.routes(self._options, self._services, self._wires)
        if self._options.app_token is not None or self._options.signing_secret is None:
            return installing
        secret = self._options.signing_secret.get_secret_value()

        hear = partial(listen.over_http, app=self._bolt, secret=secret, wire=self._wires.main)
        return (Door("/slack/events", hear), *installing)

    async def post(self, place: Place, card: Card, key: str, thread: Posted | None = None) -> Posted:
        wire = await self._wires.of(place.workspace)

        def say(message: blocks.Message) -> Awaitable[Mapping[str, Any]]:
            return answer_of(
                wire.client.chat_postMessage(
                    channel=thread.channel if thread else place.channel,
                    thread_ts=thread.id if thread else None,
                    metadata={"event_type": EVENT_TYPE, "event_payload": {"key": key}},
                    mrkdwn=False,
                    unfurl_links=False,
                    unfurl_media=False,
                    **message,
                )
            )

        return _posted(await _said(card, say))

    async def edit(self, posted: Posted, place: Place, card: Card) -> None:
        wire = await self._wires.of(place.workspace)
        await _said(card, lambda message: answer_of(wire.client.chat_update(channel=posted.channel, ts=posted.id, **message)))

    async def remove(self, posted: Posted, place: Place) -> None:
        wire = await self._wires.of(place.workspace)
        await answer_of(wire.client.chat_delete(channel=posted.channel, ts=posted.id))

    def link(self, reader: Place, posted: Posted) -> str:
        return permalink(self._wires.site(reader.workspace), posted)

    async def examine(self, places: Sequence[Place]) -> Sequence[Diagnosis]:
        return await examined(self._wires, self._options, places)

    async def profile(self, person: Person) -> Profile | None:
        wire = await self._wires.of_person(person)
        try:
            user = (await answer_of(wire.client.users_info(user=person.user_id))).get("user") or {}
        except RefusedByCode as error:
            if error.code in ("user_not_found", "user_not_visible"):
                return None
            raise
        if user.get("deleted") is True:  # their account is deactivated
            return None
        about, name = user.get("profile") or {}, name_of(user)
        admin = user.get("is_admin") is True or user.get("is_owner") is True
        return Profile(name, about.get("email"), user.get("tz"), admin) if name else None

    async def resting(self, who: Sequence[Person]) -> Mapping[Person, datetime]:
        return await self._schedules.resting(who, self._services.now())

    async def parted(self, who: Sequence[Person]) -> Sequence[Person]:  # noqa: ARG002 - required by Chat
        """Always empty: in Slack nobody can remove the bot for themselves alone."""
        return ()

    async def people(self, name: str) -> Sequence[Person]:
        """Looks up an e-mail in each reachable workspace. An id is of the workspace before its slash, as in `T0123/U0456`, or else
        of app.yaml's own token."""
        if "@" in name:
            return await self._everywhere(name)
        if not name or name.endswith("/"):
            return []
        named = Place.parse(f"slack:{name}")
        if named.workspace != MAIN_WORKSPACE and self._wires.vault is None:
            return []  # app.yaml's own token is the only one, and its workspace has no name
        named = replace(named, workspace=await self._wires.named(named.workspace))
        users = await self._group(named) if named.channel.startswith("S") else [named.channel]
        return [Person("slack", named.workspace, user) for user in users]

    async def _everywhere(self, email: str) -> list[Person]:
        """Returns whom the workspaces know by an e-mail. Raises what one of them raised if no other knows it."""
        reachable, troubles = await self._wires.everywhere()
        found: list[Person] = []
        for workspace, wire in reachable:
            try:
                found += await self._by_email(wire, workspace, email)
            except Trouble as error:
                troubles.append(error)
        if troubles and not found:
            raise troubles[0]
        return found

    async def _by_email(self, wire: Wire, workspace: str, email: str) -> list[Person]:
        """Returns the colleague with this e-mail. Somebody of another company who shares a channel may have it as well. Raises
        Unreachable while that is not known."""
        try:
            user = (await answer_of(wire.client.users_lookupByEmail(email=email)))["user"]
        except RefusedByCode as error:
            if error.code == "users_not_found":
                return []
            raise
        ours = await is_colleague(self._wires, workspace, user)
        if ours is None:
            self._wires.main.learn_soon()
            raise Unreachable("Slack has not yet told which workspace the bot token is of")
        return [Person("slack", workspace, user["id"], user.get("name") or "", email=email)] if ours else []

    async def _group(self, group: Place) -> list[str]:
        """Returns the ids of a user group's members."""
        wire = await self._wires.of(group.workspace)
        return list((await answer_of(wire.client.usergroups_users_list(usergroup=group.channel))).get("users") or ())

    async def find(self, place: Place, key: str, since: datetime, thread: Posted | None = None) -> Posted | None:
        wire = await self._wires.of(place.workspace)
        try:
            channel = thread.channel if thread else await _channel(wire, place)
            async for message in _history(wire, channel, since, thread):
                if _is_ours(wire, message, key):
                    return Posted(channel, message["ts"])
        except NotAllowed as error:
            raise Refused(f"A lost message cannot be looked for. {error}") from error
        return None


async def _channel(wire: Wire, place: Place) -> str:
    """Returns the conversation id of a place; for a person, opens the direct messages by their user id."""
    if not place.channel.startswith(("U", "W")):
        return place.channel
    said = await answer_of(wire.client.conversations_open(users=place.channel))
    return str(said["channel"]["id"])


async def _history(wire: Wire, channel: str, since: datetime, thread: Posted | None) -> AsyncIterator[Mapping[str, Any]]:
    client, cursor = wire.client, None
    oldest = f"{since.timestamp() - EARLIER:.6f}"
    for _ in range(PAGES):
        asked: dict[str, Any] = {
            "channel": channel,
            "oldest": oldest,
            "limit": PAGE,
            "include_all_metadata": True,
            "cursor": cursor,
        }
        page = await answer_of(
            client.conversations_replies(ts=thread.id, **asked) if thread else client.conversations_history(**asked)
        )
        for message in page.get("messages") or ():
            yield message
        cursor = (page.get("response_metadata") or {}).get("next_cursor")
        if not cursor:
            return
    raise Refused(f"A lost message cannot be looked for: more than {PAGES * PAGE} newer ones stand in the channel")


def _is_ours(wire: Wire, message: Mapping[str, Any], key: str) -> bool:
    """Any app may write metadata, so the message must also be from our bot, if we know its id."""
    metadata = message.get("metadata") or {}
    author, us = message.get("bot_id"), wire.us
    known = not (author and us and us.bot) or author == us.bot
    return known and metadata.get("event_type") == EVENT_TYPE and (metadata.get("event_payload") or {}).get("key") == key


def _posted(said: Mapping[str, Any]) -> Posted:
    if not (said.get("channel") and said.get("ts")):
        raise Unknown("Slack's answer does not say where the message is")
    return Posted(said["channel"], said["ts"])


async def _said(card: Card, say: Callable[[blocks.Message], Awaitable[Mapping[str, Any]]]) -> Mapping[str, Any]:
    """Send a card; if Slack cannot render its chart or links, send their words alone."""
    try:
        return await say(blocks.message(card))
    except RefusedByCode as error:
        drawn = card.chart is not None or any(each.reach for each in (card, *card.items))
        if not drawn or error.code not in UNDRAWN:
            raise
        log.info("slack.said_plainly", why=error.code)
        return await say(blocks.message(card, plainly=True))
