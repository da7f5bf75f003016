"""Receives what people do in Microsoft Teams, and responds right after the commit, within three seconds whatever is slow.

The response to a tap is seen only by the person who pressed; delivery shows everybody the rest. A new verb needs no change here.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from typing import Any

import structlog
from botbuilder.schema import Activity

from bot.chats import ChatServices, TurnedAway
from bot.chats.msteams import adaptive, answers, forms, plain, taps
from bot.chats.msteams.answers import InvokeResponse
from bot.chats.msteams.behind import card_behind
from bot.chats.msteams.choosing import Choosing
from bot.chats.msteams.dialogs import OPENS, SENDS, Dialogs
from bot.chats.msteams.events import Events
from bot.chats.msteams.forms import Asked
from bot.chats.msteams.guard import Doorkeeper
from bot.chats.msteams.places import Places, Spot
from bot.chats.msteams.roster import Rosters
from bot.chats.msteams.taps import Pressed, Where
from bot.chats.msteams.whisper import Whispered, activities, whisper
from bot.chats.msteams.wire import Wire
from bot.doors.bounded import NotTaken
from bot.doors.machine_door import JSON, Answered, Respond
from bot.latest import Latest
from bot.logs import broken
from bot.untrusted import clean
from handlers.cards import Form, Reply, Target
from handlers.commands import is_word
from handlers.feedback import Person
from handlers.situation import Tap, Written
from handlers.wording import asides
from storage import messages
from storage.database import Unavailable

log = structlog.get_logger()

IN_TIME = 2.5
"""Seconds after which a tap is answered, done or not."""
REMEMBERED = 2000
"""Activities kept to recognise a redelivery."""
IN_A_SENTENCE = 400


class Listener:
    """Receives everything from Teams, and handles each activity once."""

    def __init__(
        self,
        wire: Wire,
        services: ChatServices,
        places: Places,
        rosters: Rosters,
        events: Events,
        door: Doorkeeper,
    ) -> None:
        self._wire, self._services, self._places, self._rosters, self._events = wire, services, places, rosters, events
        self._choosing, self._dialogs = Choosing(services.store, places, rosters), Dialogs(wire, services, places)
        self._door = door
        self._heard = Latest[tuple[str, ...], asyncio.Task[InvokeResponse] | None](REMEMBERED)
        self._late: set[asyncio.Task[InvokeResponse]] = set()

    async def hear(self, headers: Mapping[str, str], body: bytes, respond: Respond) -> None:
        """POST /msteams/messages."""
        await respond(await self._response_to(headers, body))

    async def _response_to(self, headers: Mapping[str, str], body: bytes) -> Answered:
        begun = asyncio.get_running_loop().time()
        try:
            activity = await self._door.admit(headers, body)
        except TurnedAway as error:
            log.warning("msteams.turned_away", status=error.status, why=str(error))
            raise NotTaken(error.status, "turned-away", str(error)) from None
        who, at = taps.person(activity), taps.where(activity)
        if who is not None and at.conversation:
            self._rosters.saw(who.user_id, at.roster, at.service_url)
        if activity.type == "invoke":
            return await self._invoked(activity, begun + IN_TIME)
        try:
            return await self._told(activity)
        except Unavailable:
            raise NotTaken(503, "unavailable", "the database is away", headers=((b"retry-after", b"5"),)) from None

    async def _invoked(self, activity: Activity, until: float) -> Answered:
        who, button = taps.person(activity), taps.pressed(activity)
        if activity.name in (OPENS, SENDS) and who is not None:
            return _json(await self._dialogs.answer(activity, who, until))
        if activity.name != "adaptiveCard/action":
            return _json({}, 501)
        if who is None or button is None:
            return _json(answers.sentence(asides.not_understood()))
        answer = await self._answered(activity, who, button, until)
        return replace(_json(answer), then=self._later(self._seen, activity))

    async def _answered(self, activity: Activity, who: Person, button: Pressed, until: float) -> InvokeResponse:
        """Returns the answer to a tap, or the same answer for a redelivered tap, at the latest at `until` in the event loop's
        time."""
        key = _identity(activity)
        task = self._heard.get(key) if key else None
        if task is None:
            task = asyncio.create_task(self._tapped(who, button, activity))
            if key:
                self._heard[key] = task
        done, _ = await asyncio.wait({task}, timeout=max(0.0, until - asyncio.get_running_loop().time()))
        if done:
            if key and answers.is_error(task.result()):
                self._heard.pop(key, None)  # nothing was saved: a redelivery may succeed
            return task.result()
        if task not in self._late:
            self._late.add(task)
            task.add_done_callback(self._late.discard)
            self._wire.soon(self._too_late(task, who, taps.where(activity), button.target))
        return answers.sentence(asides.taking_long())

    async def _tapped(self, who: Person, button: Pressed, activity: Activity) -> InvokeResponse:
        """Returns an error answer instead of raising."""
        at = taps.where(activity)
        try:
            if button.verb == forms.CANCEL:
                return await self._left(who, button, activity)
            people = await self._choosing.chosen(button, at) if button.chosen else {}
            tap = Tap(button.verb, button.target, who, self._services.now(), button.answers, people or None)
            reply = await self._services.tap(tap)
            if reply.form is not None:
                return await self._form(reply.form, reply, button, at)
            if reply.text and reply.as_before and button.answers is not None and not button.listed:
                back = await card_behind(self._services, who, activity, clean(reply.text))
                return back or self._said(reply, who, button, at)
            return self._said(reply, who, button, at)
        except Unavailable:
            log.warning("msteams.tap_not_saved", verb=button.verb, target=button.target)
        except Exception as error:  # noqa: BLE001 - a mistake of ours
            log.error("msteams.tap_broken", verb=button.verb, target=button.target, **broken(error))
        return answers.not_saved()

    async def _left(self, who: Person, button: Pressed, activity: Activity) -> InvokeResponse:
        """Leave a form or a long text: this person sees the card behind it again. Where that cannot be the answer, its message is
        sent again to everybody. A card of a list is not in the delivery log; it is redrawn for the person who sees it."""
        if button.listed and isinstance(button.target, int):
            again = asides.all_of_it(button.target)
            reply = await self._services.tap(Tap(again.verb, button.target, who, self._services.now()))
            if reply.cards:
                return answers.card(adaptive.drawn(reply.cards[0], listed=True))
        elif (back := await card_behind(self._services, who, activity)) is not None:
            return back
        stood = taps.stood(activity)
        if (
            button.listed
            or stood is None
            or not await self._services.store.write(messages.want_back, "msteams", who.workspace, stood)
        ):
            return answers.words(asides.cancelled())
        return answers.sentence(asides.cancelled())

    async def _form(self, form: Form, reply: Reply, button: Pressed, at: Where) -> InvokeResponse:
        people = await self._choosing.offered(form, at)
        if people is None:
            return answers.sentence(asides.form_did_not_open())
        skip = button.skip if button.skip < len(people) else 0
        asked = Asked(people, skip, button.answers or button.typed, reply.errors, button.listed)
        return answers.card(forms.drawn(form, asked))

    def _said(self, reply: Reply, who: Person, button: Pressed, at: Where) -> InvokeResponse:
        """Show a sentence as one. In a list, which nobody edits, it replaces its card; so does a single requested card, and a long
        text."""
        said = clean(reply.text or " ".join(reply.errors.values()))
        back = adaptive.action(asides.back(), {"verb": forms.CANCEL, "target": button.target, "listed": button.listed})
        if len(reply.cards) == 1 and not said:
            return answers.card(adaptive.drawn(reply.cards[0], listed=button.listed, also=() if button.listed else (back,)))
        if reply.cards or plain.weight(said) > answers.ON_A_CARD:
            self._wire.soon(self._whisper(who, at, activities(Reply(said, cards=reply.cards), button.target)))
            return answers.sentence(asides.in_our_chat() if reply.cards else asides.sent_privately())
        if plain.weight(said) > IN_A_SENTENCE or "\n" in said:
            return answers.words(said, back)
        return answers.words(said) if button.listed else answers.sentence(said)

    async def _too_late(self, task: asyncio.Task[InvokeResponse], who: Person, at: Where, target: Target) -> None:
        """Send privately what was ready only after the platform's time limit: the card cannot show it."""
        await self._whisper(who, at, [(answers.as_activity(await task), Reply().about(target))])

    async def _whisper(self, who: Person, at: Where, said: Sequence[Whispered]) -> None:
        """If this is the private chat, send there directly, without asking the database."""
        here = Spot(at.conversation, at.service_url, at.tenant, who.user_id) if at.personal and at.conversation else None
        await whisper(self._wire, self._places, self._services, who, said, here)

    async def _told(self, activity: Activity) -> Answered:
        """Handle messages and events. An event is stored before the response; messages about it are sent afterwards."""
        who, welcome = taps.person(activity), False
        if activity.type == "installationUpdate":
            welcome = await self._events.installation(activity)
        elif activity.type == "conversationUpdate":
            welcome = await self._events.conversation(activity)
        elif activity.type == "message" and who is not None and self._is_new(activity):
            return Answered(then=self._later(self._answer_message, activity, who))
        if welcome and who is not None:
            return Answered(then=self._later(self._command, "help", who, taps.where(activity)))
        return Answered()

    def _later(self, do: Callable[..., Coroutine[Any, Any, None]], *about: Any) -> Callable[[], None]:
        """Returns what begins this once the response was sent."""

        def begin() -> None:
            self._wire.soon(do(*about))

        return begin

    async def _answer_message(self, activity: Activity, who: Person) -> None:
        """A word, or a button of an old client, which arrives as a message and is answered with one."""
        await self._seen(activity)
        button, at = taps.pressed(activity), taps.where(activity)
        if button is None:
            if not await self._overheard(activity, who):
                await self._command(taps.word(activity), who, at)
            return
        answer = answers.as_activity(await self._tapped(who, button, activity))
        await self._whisper(who, at, [(answer, Reply().about(button.target))])

    async def _overheard(self, activity: Activity, who: Person) -> bool:
        """Returns whether it was kept, as written under one of our cards; a known word is a command there, too."""
        thread, words = taps.thread(activity), taps.words(activity)
        if thread is None or not words or is_word(taps.word(activity)):
            return False
        try:
            return await self._services.overhear(Written(who, thread, activity.id or "", words, self._services.now()))
        except Unavailable:
            return False

    async def _command(self, word: str, who: Person, at: Where) -> None:
        """Answer in the private chat, wherever it was typed: lists are for the person who asked."""
        try:
            place = await self._places.named(at.channel) if at.channel else who.place
            reply = await self._services.answer(word, who, place)
        except Unavailable:
            reply = Reply(asides.not_read())
        said = activities(reply)
        if reply.form is not None:
            people = await self._choosing.offered(reply.form, at)
            if people is None:
                said.append((adaptive.line(asides.form_did_not_open()), {}))
            else:
                said.append((adaptive.activity(forms.drawn(reply.form, Asked(people, listed=True)), reply.form.title), {}))
        await self._whisper(who, at, said)

    async def _seen(self, activity: Activity) -> None:
        try:
            await self._events.presence(activity)
        except Unavailable:
            log.info("msteams.not_noted")

    def _is_new(self, activity: Activity) -> bool:
        key = _identity(activity)
        known = key in self._heard
        if key is not None and not known:
            self._heard[key] = None
        return not known


def _json(said: Any, status: int = 200) -> Answered:
    return Answered(status, json.dumps(said).encode(), JSON)


def _identity(activity: Activity) -> tuple[str, ...] | None:
    """Returns what is the same in a redelivery; None when that cannot be determined."""
    at = taps.where(activity)
    who = taps.person(activity)
    if not (isinstance(activity.id, str) and activity.id):
        return None
    return (activity.type, at.conversation, activity.id, who.user_id if who else "")
