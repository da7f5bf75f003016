"""Responds within Slack's three seconds although the database hangs. What became of it is told privately, once it is known.

Slack sends an event again if it gets no response, so events are never answered before they are stored.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from slack_bolt.response import BoltResponse

from bot.chats.slack import blocks, taps
from bot.chats.slack.taps import Json
from bot.chats.slack.wire import Wire
from handlers.cards import Reply
from handlers.wording import asides

IN_TIME = 2.5
"""Seconds after which Slack gets a response, whether or not it is known what became of it."""

Later = Callable[[], Coroutine[Any, Any, None]]
Say = Callable[[BoltResponse], Awaitable[None]]


class Answer:
    """The response to one payload, sent by `say`, and `later`: what begins once Slack has it.

    A timer responds if nobody did so before, because a task for each tap would cost a lone tap ten times as much.
    """

    def __init__(self, payload: Json, wire: Wire, say: Say) -> None:
        self.later: list[Later] = []
        self._payload, self._wire, self._say = payload, wire, say
        self._early: asyncio.Task[None] | None = None
        waited_for = payload.get("type") in ("block_actions", "view_submission", "message_action") or "command" in payload
        self._timer = asyncio.get_running_loop().call_later(IN_TIME, self._hurry) if waited_for else None

    def stop_timer(self) -> bool:
        """Keep the timer from responding, now that it is known what became of it. Returns whether it has done so already, so that
        everything must be told privately."""
        if self._timer is not None:
            self._timer.cancel()
        return self._early is not None

    async def end(self, response: BoltResponse) -> None:
        """Respond, unless it is too late, and begin what was put off."""
        self.stop_timer()
        if self._early is None:
            await self._say(response)
        else:
            await asyncio.wait({self._early})
        for work in self.later:
            self._wire.soon(work())

    def _hurry(self) -> None:
        self._early = self._wire.soon(self._respond_early())

    async def _respond_early(self) -> None:
        """Where Slack shows nothing of the response, the same is said through the response_url, which needs no database."""
        url, kind = str(self._payload.get("response_url") or ""), self._payload.get("type")
        await self._say(early(self._payload))
        if url and kind in ("block_actions", "message_action"):
            words = asides.taking_long() if kind == "block_actions" else asides.answer_follows()
            [message] = blocks.messages(Reply(words))
            await self._wire.turn()
            await self._wire.respond(url, {**message, **_PRIVATELY})


def early(payload: Json) -> BoltResponse:
    """Returns the response to something whose outcome is not known yet. A form makes room for the news that it may be closed: if it
    stayed, it would be sent once more."""
    if "command" in payload:
        [message] = blocks.messages(Reply(asides.answer_follows()))
        return BoltResponse(status=200, body={**message, "response_type": "ephemeral"})
    if payload.get("type") == "view_submission":
        page = blocks.note(taps.title_of(payload["view"]), asides.told_later())
        return BoltResponse(status=200, body={"response_action": "update", "view": page})
    return BoltResponse(status=200, body="")


_PRIVATELY = {"response_type": "ephemeral", "replace_original": False}
