"""Receives what people do in Slack, over HTTP or Socket Mode, and responds right after the commit, within three seconds whatever is
slow.

No listener calls Slack before it has responded, except to ask who was chosen in a form; further messages are sent in the
background. A new verb needs no change here.
"""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext, AsyncBoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.response import BoltResponse

from bot.chats import ChatServices, TurnedAway
from bot.chats.slack import blocks, guard, taps, whisper
from bot.chats.slack.choosing import chosen
from bot.chats.slack.direct import Once, hear_direct
from bot.chats.slack.in_time import Answer
from bot.chats.slack.manifest import HEARD
from bot.chats.slack.opening import filled
from bot.chats.slack.taps import Json
from bot.chats.slack.wire import LOGGER, Wire
from bot.chats.slack.wires import Wires, known_only
from bot.doors.bounded import NotTaken
from bot.doors.machine_door import Answered, Respond
from bot.logs import broken
from handlers.cards import Reply
from handlers.feedback import Person
from handlers.situation import Tap
from handlers.wording import asides
from storage.database import Unavailable

log = structlog.get_logger()

ANY = re.compile(".*", re.DOTALL)
NO_RETRY = ((b"x-slack-no-retry", b"1"),)


def bolt(wires: Wires, services: ChatServices) -> AsyncApp:
    """Returns Bolt with one listener per kind of event, whatever its verb. Requests are verified by the guard instead."""

    wire, services = wires.main, known_only(services)

    async def authorize() -> AuthorizeResult:
        return await wire.authorize()

    app = AsyncApp(
        name="slack",
        logger=LOGGER,
        client=wire.client,
        authorize=authorize,
        process_before_response=True,  # otherwise Bolt polls for the response every 10 ms
        request_verification_enabled=False,
        ssl_check_enabled=False,
        attaching_function_token_enabled=False,
    )
    app.use(_Presses(wires, services))
    _hear_forms(app, wires, services)
    _hear_words(app, wires, services)
    _hear_goodbyes(app, wires)
    _hear_the_rest(app)

    @app.error
    async def on_error(error: Exception) -> BoltResponse:
        """Bolt's own handler logs the message of the exception, which may quote a customer."""
        log.error("slack.event_broken", **broken(error))
        return BoltResponse(status=500)

    return app


async def over_http(headers: Mapping[str, str], body: bytes, respond: Respond, app: AsyncApp, secret: str, wire: Wire) -> None:
    """POST /slack/events: events, interactivity and commands."""
    if guard.is_ssl_check(body):
        await respond(Answered())
        return
    try:
        payload = guard.admit(headers, body, secret, time.time())
    except TurnedAway as error:
        log.warning("slack.turned_away", status=error.status, why=str(error))
        raise NotTaken(error.status, "turned-away", str(error), headers=NO_RETRY) from None

    async def say(response: BoltResponse) -> None:
        if response.status == 404:  # nobody listens to this event, which is not the sender's fault
            await respond(Answered())
            return
        told = tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in response.first_headers().items())
        await respond(Answered(response.status, response.body.encode(), told))

    await hear(app, payload, headers, Answer(payload, wire, say))


async def hear(app: AsyncApp, payload: dict[str, Any], headers: Mapping[str, Any], answer: Answer) -> None:
    """Respond to a verified payload. No call to Slack may delay the response."""
    request = AsyncBoltRequest(body=payload, headers=dict(headers), context={"answer": answer}, mode="socket_mode")
    await answer.end(await app.async_dispatch(request))


class _Presses(AsyncMiddleware):
    """Answers buttons before Bolt looks for a listener: for each that it asks or calls, it gathers whatever one might want to know,
    and that takes nearly as long as the rest of its dispatch."""

    def __init__(self, wires: Wires, services: ChatServices) -> None:
        self._wires, self._services = wires, services

    async def async_process(
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,  # noqa: ARG002  (Bolt passes it by name)
        next: Callable[[], Awaitable[BoltResponse]],
    ) -> BoltResponse:
        if req.body.get("type") != "block_actions":
            return await next()
        await self._pressed(req.body, req.context)
        return BoltResponse(status=200)

    async def _pressed(self, body: dict[str, Any], context: AsyncBoltContext) -> None:
        wires, services = self._wires, self._services
        press, at, who = taps.pressed(body), taps.origin(body), await wires.person(body)
        reply = (
            await _done(services, Tap(press.verb, press.target, who, services.now())) if press else Reply(asides.not_understood())
        )
        late = context["answer"].stop_timer()
        if reply is None:
            reply, at = Reply(asides.not_saved()), at.lasting if late else at
        if reply.form is not None:
            form = filled(reply.form, press.typed if press else {})
            _later(context, wires, services, who, whisper.open_form, at, str(body.get("trigger_id", "")), form)
        if reply.text or reply.cards or (at.home and reply.form is None):
            _later(context, wires, services, who, whisper.answer, at, reply, press.target if press else None)


def _hear_forms(app: AsyncApp, wires: Wires, services: ChatServices) -> None:
    @app.view_submission(ANY)
    async def on_form(ack: AsyncAck, body: dict[str, Any], view: dict[str, Any], context: AsyncBoltContext) -> None:
        press, at = taps.submitted(view)
        who, filled_in = await wires.person(body), taps.answers(view)
        if press is None:
            reply: Reply | None = Reply(asides.not_understood())
        else:
            people, why_not = await chosen(wires, view, who)
            tap = Tap(press.verb, press.target, who, services.now(), filled_in, people)
            reply = Reply(errors=why_not) if why_not else await _done(services, tap)
        if reply is None:
            reply = Reply(errors={"": asides.not_saved()})
        errors = _errors(reply, list(filled_in))
        if context["answer"].stop_timer():
            await ack()
            _later(context, wires, services, who, whisper.after_all, at.lasting, reply, view, press, filled_in)
        elif errors:
            await ack(response_action="errors", errors=errors)
        elif reply.form is not None:
            await ack(response_action="update", view=blocks.modal(reply.form, taps.luggage(reply.form.target, at)))
        else:
            await ack()
            text = reply.text or " ".join(reply.errors.values())
            said = Reply(text, cards=reply.cards)
            _later(context, wires, services, who, whisper.answer, at, said, press.target if press else None)


def _hear_words(app: AsyncApp, wires: Wires, services: ChatServices) -> None:
    once = Once()
    hear_direct(app, wires, services, once)

    @app.command(ANY)
    async def on_command(ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext) -> None:
        at, who = taps.origin(body), await wires.person(body)
        reply = await services.answer(str(body.get("text") or "").strip() or "help", who, taps.place(at, who))
        if reply.form is not None:
            _later(context, wires, services, who, whisper.open_form, at, str(body.get("trigger_id", "")), reply.form)
        first, *rest = blocks.messages(reply) or [{}]
        if context["answer"].stop_timer():
            first, rest = {}, [first, *rest] if first else []
        await ack({"response_type": "ephemeral", **first} if first else "")
        if rest:
            _later(context, wires, services, who, whisper.whisper, at, rest, reply.about())

    @app.shortcut({"type": "message_action", "callback_id": HEARD})
    async def on_message(ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext) -> None:
        """A message that somebody passes on: the same as typing the word with the message after it."""
        at, who = taps.origin(body), await wires.person(body)
        reply = await services.answer(f"{HEARD} {taps.message_text(body)}", who, taps.place(at, who))
        await ack()
        if reply.form is not None:
            _later(context, wires, services, who, whisper.open_form, at, str(body.get("trigger_id", "")), reply.form)
        else:
            _later(context, wires, services, who, whisper.whisper, at, blocks.messages(reply), reply.about())

    @app.event("app_home_opened")
    async def on_home(body: dict[str, Any], event: dict[str, Any], context: AsyncBoltContext) -> None:
        if event.get("tab") != "home" or not once.is_new(body.get("event_id")):
            return
        who = await wires.person({**body, **event})
        _later(context, wires, services, who, whisper.publish_home, taps.origin(event).view_hash)


def _hear_goodbyes(app: AsyncApp, wires: Wires) -> None:
    """The two events arrive in either order. Each is stored before the response: once it has a 200, Slack does not send it
    again."""

    @app.event("app_uninstalled")
    async def on_uninstalled(body: dict[str, Any]) -> None:
        await _forgotten(wires, body)

    @app.event("tokens_revoked")
    async def on_revoked(body: dict[str, Any], event: dict[str, Any]) -> None:
        tokens = event.get("tokens")
        if isinstance(tokens, dict) and tokens.get("bot"):  # a user's own token is not ours
            await _forgotten(wires, body)


async def _forgotten(wires: Wires, body: Json) -> None:
    for workspace in taps.here(body).ids:
        await wires.forget(workspace)


def _hear_the_rest(app: AsyncApp) -> None:
    """Acknowledge everything else: Slack counts a response other than 200 as our failure, retries, and eventually stops sending
    events."""

    @app.event(ANY)
    async def on_event() -> None:
        pass

    @app.view_closed(ANY)
    @app.shortcut(ANY)
    @app.options(ANY)
    async def on_anything(ack: AsyncAck) -> None:
        await ack()


async def _done(services: ChatServices, tap: Tap) -> Reply | None:
    """Returns the reply to a tap; None when nothing was saved, because the database is unavailable or the code failed."""
    try:
        return await services.tap(tap)
    except Unavailable:
        log.warning("slack.tap_not_saved", verb=tap.verb, target=tap.target)
    except Exception as error:  # noqa: BLE001 - a mistake of ours
        log.error("slack.tap_broken", verb=tap.verb, target=tap.target, **broken(error))
    return None


def _errors(reply: Reply, fields: list[str]) -> dict[str, str]:
    """Assign each error to an existing field: otherwise Slack closes the form and what was typed is lost."""
    if not fields:
        return {}
    return {field if field in fields else fields[0]: text for field, text in reply.errors.items()}


def _later(
    context: AsyncBoltContext,
    wires: Wires,
    services: ChatServices,
    who: Person,
    say: Callable[..., Coroutine[Any, Any, None]],
    *told: Any,
) -> None:
    """Schedule a message to somebody, through the wire of their workspace, for after the response to Slack."""

    async def said() -> None:
        await say(await wires.of_person(who), services, who, *told)

    context["answer"].later.append(said)
