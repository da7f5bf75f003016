"""The message action: somebody forwards an existing message from anywhere in Teams.

A dialog opens, is submitted, and shows its answer itself: the bot may not be in that conversation, so it cannot post there. The
client repeats a request up to twice if it gets no response within five seconds; the form's own name identifies repetitions."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from html.parser import HTMLParser
from typing import Any

import structlog
from botbuilder.schema import Activity

from bot.chats import ChatServices
from bot.chats.msteams import adaptive, answers, forms, taps
from bot.chats.msteams.forms import Asked
from bot.chats.msteams.package import HEARD
from bot.chats.msteams.places import Places
from bot.chats.msteams.runs import Element
from bot.chats.msteams.taps import Pressed
from bot.chats.msteams.whisper import whisper
from bot.chats.msteams.wire import Wire
from bot.logs import broken
from bot.untrusted import clean
from handlers.cards import Form, Reply
from handlers.feedback import Person
from handlers.situation import Tap
from handlers.wording import asides
from storage.database import Unavailable

log = structlog.get_logger()

Dialog = dict[str, Any]

OPENS, SENDS = "composeExtension/fetchTask", "composeExtension/submitAction"
TITLE = 60
MOST_WORDS = 20_000
"""Characters of a message that are read."""
BREAKS = frozenset({"p", "div", "br", "li", "tr", "blockquote", "h1", "h2", "h3", "pre"})


class Dialogs:
    """Opens the dialog of a message action and handles its submission."""

    def __init__(self, wire: Wire, services: ChatServices, places: Places) -> None:
        self._wire, self._services, self._places = wire, services, places

    async def answer(self, activity: Activity, who: Person, until: float) -> Dialog:
        """Returns what Teams shows next, at the latest at `until`, in the event loop's time."""
        button = sent(activity) if activity.name == SENDS else None
        if activity.name == SENDS and button is None:
            return said(asides.not_understood())
        work = self._tapped(who, button) if button else self._opened(who, activity)
        typed = (button.answers or {}) if button else {}
        task = asyncio.create_task(self._safe(work))
        done, _ = await asyncio.wait({task}, timeout=max(0.0, until - asyncio.get_running_loop().time()))
        if done:
            return drawn(task.result(), typed)
        if button is None:
            task.cancel()
            return said(asides.form_did_not_open())
        self._wire.soon(self._told_late(task, who))
        return said(asides.told_later())

    async def _opened(self, who: Person, activity: Activity) -> Reply:
        at = taps.where(activity)
        place = await self._places.named(at.channel) if at.channel else who.place
        return await self._services.command(f"{HEARD} {message(activity)}", who, place)

    async def _tapped(self, who: Person, button: Pressed) -> Reply:
        return await self._services.tap(Tap(button.verb, button.target, who, self._services.now(), button.answers))

    async def _safe(self, work: Coroutine[Any, Any, Reply]) -> Reply:
        """Returns a reply instead of raising; an error becomes a sentence in the dialog."""
        try:
            return await work
        except Unavailable:
            log.warning("msteams.dialog_not_saved")
        except Exception as error:  # noqa: BLE001 - a mistake of ours
            log.error("msteams.dialog_broken", **broken(error))
        return Reply(asides.not_saved())

    async def _told_late(self, task: asyncio.Task[Reply], who: Person) -> None:
        reply = await task
        text = reply.text or " ".join(reply.errors.values())
        if text:
            await whisper(self._wire, self._places, self._services, who, [(adaptive.line(text), {})])


def sent(activity: Activity) -> Pressed | None:
    """Returns the submitted form of a dialog; None when it is not ours."""
    value = activity.value if isinstance(activity.value, Mapping) else {}
    return taps.pressed(Activity(value=value.get("data"))) if value.get("commandId") == HEARD else None


def drawn(reply: Reply, typed: Mapping[str, str]) -> Dialog:
    """Returns a reply as a dialog: its form with what was typed so far, or else its words."""
    if reply.form is not None:
        return _dialog(reply.form.title, _form(reply.form, Asked(typed=typed, errors=reply.errors)))
    return said(reply.text or " ".join(reply.errors.values()))


def said(text: str) -> Dialog:
    """Returns a sentence in the dialog, which its reader then closes."""
    return _dialog(asides.passed_on(), answers.words(text)["value"])


def _form(form: Form, asked: Asked) -> Element:
    """Returns the form with one plain button: dialogs do not support Action.Execute, and have a close button of their own."""
    content = forms.drawn(form, asked)
    [send, *_] = content["actions"]
    return content | {"actions": [send["fallback"]]}


def _dialog(title: str, content: Element) -> Dialog:
    card = {"contentType": adaptive.CARD_TYPE, "content": content}
    shown = {"title": clean(title)[:TITLE], "height": "medium", "width": "medium", "card": card}
    return {"task": {"type": "continue", "value": shown}}


def message(activity: Activity) -> str:
    """Returns the words of the passed-on message, without markup. Empty when it has none, or the payload is malformed."""
    value = activity.value if isinstance(activity.value, Mapping) else {}
    payload = value.get("messagePayload")
    body = payload.get("body") if isinstance(payload, Mapping) else None
    content = body.get("content") if isinstance(body, Mapping) else None
    if not (isinstance(body, Mapping) and isinstance(content, str)):
        return ""
    words = _words(content[:MOST_WORDS]) if body.get("contentType") != "text" else content[:MOST_WORDS]
    return clean("\n".join(" ".join(line.split()) for line in words.splitlines()))


class _Words(HTMLParser):
    """Collects the text of a message in HTML."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.read: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in BREAKS:
            self.read.append("\n")
        elif tag in ("emoji", "img"):
            self.read.append(dict(attrs).get("alt") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag in BREAKS:
            self.read.append("\n")

    def handle_data(self, data: str) -> None:
        self.read.append(data)


def _words(html: str) -> str:
    parser = _Words()
    parser.feed(html)
    parser.close()
    lines = "".join(parser.read).replace("\xa0", " ").splitlines()
    return "\n".join(line for line in lines if line.strip())
