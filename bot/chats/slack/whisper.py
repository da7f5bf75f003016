"""Sends one person something that nobody else reads: a form, a private message, their App Home."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import structlog

from bot.chats import EDITS, ChatServices, Posted, Refused, Throttled, Unreachable
from bot.chats.slack import blocks, taps
from bot.chats.slack.opening import again, opening
from bot.chats.slack.outcome import RefusedByCode, answer_of
from bot.chats.slack.taps import Json, Origin, Pressed
from bot.chats.slack.wire import Wire
from handlers.cards import About, Form, Reply, Target
from handlers.feedback import Person
from handlers.wording import asides

log = structlog.get_logger()

Say = Callable[[blocks.Message], Awaitable[Any]]


async def answer(wire: Wire, services: ChatServices, who: Person, at: Origin, reply: Reply, target: Target | None = None) -> None:
    """Send the private part of a reply to where the tap came from, which was about `target`. In the App Home it is shown at the top
    of the refreshed page."""
    if at.home:
        await publish_home(wire, services, who, at.view_hash, reply.text)
        if not reply.cards:
            return
        reply = Reply(cards=reply.cards)
    await whisper(wire, services, who, at, blocks.messages(reply), reply.about(target))


async def after_all(
    wire: Wire,
    services: ChatServices,
    who: Person,
    at: Origin,
    reply: Reply,
    view: Json,
    press: Pressed | None,
    typed: Mapping[str, str],
) -> None:
    """Tell what became of a form after Slack had its response, and the window was given up. If it has to be sent again, a button
    opens it with what was typed; if another follows, a button opens that."""
    words = " ".join(reply.errors.values())
    if press is not None and words:
        said = [opening(again(view, press, typed, words))]
    elif reply.form is not None:
        said = [opening(reply.form)]
    else:
        await answer(wire, services, who, at, Reply(reply.text or words, cards=reply.cards), press.target if press else None)
        return
    await whisper(wire, services, who, at, said, {})


async def whisper(
    wire: Wire, services: ChatServices, who: Person, at: Origin, messages: Sequence[blocks.Message], about: About
) -> None:
    """Send the messages in the first way that works: the tap's response_url, an ephemeral message, a direct message. Only the last
    stays, so only that is noted."""
    ways = _ways(wire, who, at, lambda posted: services.note_answer(who, about, posted, EDITS))
    await wire.turn()
    for message in messages:
        while ways:
            try:
                await ways[0](message)
                break
            except (Refused, Unreachable, Throttled) as error:
                # Certainly not sent. After Unknown no other way is tried, since a duplicate is worse than a missing answer.
                log.info("slack.whisper", why=str(error))
                del ways[0]


async def write(wire: Wire, who: Person, message: blocks.Message) -> Posted:
    """Post one direct message. Raises what a call raises."""
    said = await answer_of(wire.client.chat_postMessage(channel=who.user_id, unfurl_links=False, unfurl_media=False, **message))
    return Posted(str(said["channel"]), str(said["ts"]))


async def open_form(wire: Wire, services: ChatServices, who: Person, at: Origin, trigger_id: str, form: Form) -> None:
    """Must be called within 3 seconds of the press, or Slack no longer opens the form."""
    view = blocks.modal(form, taps.luggage(form.target, at))
    try:
        await answer_of(wire.client.views_open(trigger_id=trigger_id, view=view))
    except (Refused, Unreachable, Throttled) as error:
        log.warning("slack.form", why=str(error))
        await whisper(wire, services, who, at, blocks.messages(Reply(asides.form_did_not_open())), {})


async def publish_home(wire: Wire, services: ChatServices, who: Person, view_hash: str = "", note: str = "") -> None:
    """Redraw somebody's App Home. `view_hash` is the hash of the page they see; if the page changed meanwhile, its content is read
    again."""
    for seen in (view_hash, ""):
        reply = await services.answer("home", who, who.place)
        view = blocks.home(asides.my_follow_ups(), reply.cards, "\n\n".join(text for text in (note, reply.text) if text))
        try:
            await answer_of(wire.client.views_publish(user_id=who.user_id, view=view, **({"hash": seen} if seen else {})))
        except RefusedByCode as error:
            if error.code != "hash_conflict":
                raise
        else:
            return


def _ways(wire: Wire, who: Person, at: Origin, told: Callable[[Posted], Awaitable[None]]) -> list[Say]:
    async def respond(message: blocks.Message) -> None:
        threaded = {"thread_ts": at.thread_ts} if at.thread_ts else {}
        await wire.respond(at.response_url, {**message, **threaded, "response_type": "ephemeral", "replace_original": False})

    async def show(message: blocks.Message) -> None:
        await answer_of(
            wire.client.chat_postEphemeral(channel=at.channel, user=who.user_id, thread_ts=at.thread_ts or None, **message)
        )

    async def stay(message: blocks.Message) -> None:
        await told(await write(wire, who, message))

    return [*([respond] if at.response_url else []), *([show] if at.channel else []), stay]
