"""What happens when a person presses, submits a form, types a command or opens Home, up to what they see."""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from tests.emulators.pending import until
from tests.emulators.slack import forms, payloads
from tests.emulators.slack.bot import Answer, deliver, deliver_event
from tests.emulators.slack.errors import ApiError
from tests.emulators.slack.respond import answer_command
from tests.emulators.slack.seen import Seen
from tests.emulators.slack.words import options_of
from tests.emulators.slack.world import Json, Message, Shown, View

if TYPE_CHECKING:
    from tests.emulators.slack.emulator import Slack
    from tests.emulators.slack.person import Person

_CHOICES = ("overflow", "static_select", "radio_buttons")


def _seen(slack: Slack, person: Person) -> Seen:
    return Seen(slack, person.id, since=len(slack.ephemerals))


def _offers(shown: Shown) -> Iterator[tuple[str, str, Json, Json, Json | None]]:
    """Yields label, id, block, element and option of everything that can be pressed."""
    for block, element in shown.elements:
        if element["type"] in _CHOICES:
            for option in options_of(element):
                yield option["text"]["text"], option["value"], block, element, option
        else:
            label = element["text"]["text"] if element["type"] == "button" else ""
            yield label, element["action_id"], block, element, None


def find(shown: Shown, what: str) -> tuple[Json, Json, Json | None]:
    """Returns the block, element and option that `what` names: by label, else by the start of an action_id or option value."""
    offers = list(_offers(shown))
    labelled = [o for o in offers if o[0].casefold() == what.casefold()]
    exact = [o for o in offers if o[1] == what]
    found = labelled or exact or [o for o in offers if o[1].startswith(what)]
    if len(found) != 1:
        there = ", ".join(f"{label or '?'} ({id})" for label, id, *_ in offers) or "nothing to press"
        raise LookupError(f"{'more than one' if found else 'no'} {what!r} here; there is: {there}\n{shown}")
    return found[0][2:]


def _takes_note(slack: Slack, seen: Seen, answer: Answer, deed: str) -> None:
    """Record what a person sees of the answer itself: nothing if all is well, else Slack's own message."""
    seen.statuses.append(answer.status)
    seen.took = max(seen.took, answer.took)
    if answer.error:
        seen.error = (
            "operation timed out" if answer.error == "http_timeout" else f"something went wrong ({answer.status or answer.error})"
        )
        slack.errors.append(f"{deed}: {seen.error}")


async def press(
    slack: Slack,
    person: Person,
    shown: Message | View,
    what: str,
    *,
    choose: str | None,
    times: int,
    linger: float,
    stale: bool = False,
) -> Seen:
    block, element, option = find(shown, what)
    _must_be_there(slack, person, shown, stale=stale)
    seen = _seen(slack, person)
    seen.opened_url = element.get("url") or (option or {}).get("url")
    action = payloads.action_of(block, element, option or choose)

    async def once() -> None:
        if isinstance(shown, View):
            payload = payloads.press_view(slack, person, shown, action)
        else:
            payload, url = payloads.press_message(slack, person, shown, action)
            seen.urls.add(url)
        seen.triggers.add(payload["trigger_id"])
        answer = await deliver(slack, "interactive", payload)
        _takes_note(slack, seen, answer, f"{person} pressed {what!r}")
        if answer.body.strip() and not answer.error:
            slack.reject("block_actions", "body_ignored", [f"Slack shows nothing of the answer {answer.body[:80]!r}"], answer.body)

    await asyncio.gather(*(once() for _ in range(times)))
    return await seen.settle(linger)


def _must_be_there(slack: Slack, person: Person, shown: Message | View, *, stale: bool) -> None:
    if isinstance(shown, View):
        there = shown.open and shown.user == person.id
    else:
        people = slack.channels[shown.channel].people
        there = (stale or not shown.deleted) and shown.ephemeral_to in (None, person.id) and (people is None or person.id in people)
    if not there:
        raise LookupError(f"{person} does not have this in front of them:\n{shown}")


async def submit(slack: Slack, person: Person, view: View | None, answers: Mapping[str, Any], *, times: int, linger: float) -> Seen:
    if view is None:
        raise LookupError(f"{person} has no modal in front of them")
    _must_be_there(slack, person, view, stale=False)
    seen = _seen(slack, person)
    values, seen.missing = forms.fill(view, answers)
    if seen.missing:
        return seen

    async def once() -> None:
        payload = payloads.submission(slack, person, view, values)
        seen.triggers.add(payload["trigger_id"])
        answer = await deliver(slack, "interactive", payload)
        _takes_note(slack, seen, answer, f"{person} sent {view.title!r}")
        if not answer.error:
            forms.react(slack, seen, view, answer.body, payload["trigger_id"])

    await asyncio.gather(*(once() for _ in range(times)))
    return await seen.settle(linger)


async def close(slack: Slack, person: Person, view: View) -> Seen:
    _must_be_there(slack, person, view, stale=False)
    seen = _seen(slack, person)
    view.open = False
    if view.payload.get("notify_on_close"):
        answer = await deliver(slack, "interactive", payloads.closed(slack, person, view))
        _takes_note(slack, seen, answer, f"{person} closed {view.title!r}")
    return seen


async def command(slack: Slack, person: Person, name: str, text: str, channel: str, *, linger: float) -> Seen:
    slack.channel(channel)
    seen = _seen(slack, person)
    fields, url = payloads.command(slack, person, name, text, channel)
    seen.urls.add(url)
    seen.triggers.add(fields["trigger_id"])
    answer = await deliver(slack, "slash_commands", fields)
    _takes_note(slack, seen, answer, f"{person} typed {name} {text}")
    if not answer.error and answer.body.strip():
        try:
            answer_command(slack, url, answer.body)
        except ApiError as error:
            seen.error = str(error)
            slack.reject("command answer", error.code, error.detail, answer.body)
    return await seen.settle(linger)


async def shortcut(slack: Slack, person: Person, message: Message, callback_id: str, *, linger: float) -> Seen:
    _must_be_there(slack, person, message, stale=False)
    seen = _seen(slack, person)
    payload, url = payloads.shortcut(slack, person, message, callback_id)
    seen.urls.add(url)
    seen.triggers.add(payload["trigger_id"])
    _takes_note(slack, seen, await deliver(slack, "interactive", payload), f"{person} chose {callback_id}")
    return await seen.settle(linger)


async def open_home(slack: Slack, person: Person, tab: str, *, linger: float) -> View | None:
    before = slack.home(person)
    old = before.hash if before else None
    event: Json = {"type": "app_home_opened", "user": person.id, "channel": slack.dm(person).id, "tab": tab}
    if before:
        event["view"] = json.loads(json.dumps({**before.payload, "id": before.id, "hash": before.hash}))
    under_way = asyncio.ensure_future(deliver_event(slack, event))
    slack.keep(under_way)

    def published() -> bool:
        home = slack.home(person)
        return home is not None and home.hash != old

    await until(lambda: published() or (under_way.done() and under_way.exception()), linger)
    if under_way.done():
        under_way.result()  # raises if the bot could not be reached
    return slack.home(person)


async def write(slack: Slack, person: Person, text: str, *, linger: float) -> list[Message]:
    place = slack.dm(person)
    message = await say(slack, person, place.id, text)
    since = len(place.messages)
    marked = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    event: Json = {
        "type": "message",
        "user": person.id,
        "text": re.sub(r"\S+@\S+", lambda found: f"<mailto:{found[0]}|{found[0]}>", marked),
        "ts": message.ts,
        "channel": place.id,
        "channel_type": "im",
        "team": person.team or slack.team,
        "client_msg_id": str(uuid.uuid4()),
    }
    await deliver_event(slack, event)
    await until(lambda: len(place.messages) > since, linger)
    return place.messages[since:]


async def reply(slack: Slack, person: Person, root: Message, text: str, more: Json) -> Message:
    message = Message(
        channel=root.channel,
        ts=slack.next_ts(),
        author=person.id,
        text=text,
        names=slack.name_of,
        thread_ts=root.thread_ts or root.ts,
    )
    slack.channel(root.channel).add(message)
    await deliver_event(slack, {**_said(slack, person, message), **_stands(slack, message), "event_ts": message.ts, **more})
    return message


async def rewrite(slack: Slack, person: Person, said: Message, text: str | None) -> None:
    before = _said(slack, person, said)
    base = {"type": "message", "hidden": True, **_stands(slack, said), "ts": slack.next_ts(), "previous_message": before}
    if text is None:
        await deliver_event(slack, {**base, "subtype": "message_deleted", "deleted_ts": said.ts})
    else:
        edited = {"user": person.id, "ts": base["ts"]}
        await deliver_event(slack, {**base, "subtype": "message_changed", "message": {**before, "text": text, "edited": edited}})


def _said(slack: Slack, person: Person, message: Message) -> Json:
    marked = (message.text or "").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    about = {"type": "message", "user": person.id, "text": marked, "ts": message.ts, "thread_ts": message.thread_ts}
    return {**about, "team": person.team or slack.team, "client_msg_id": str(uuid.uuid4()), "parent_user_id": slack.bot_user}


def _stands(slack: Slack, message: Message) -> Json:
    place = slack.channel(message.channel)
    return {"channel": place.id, "channel_type": "group" if place.private else "channel"}


async def say(slack: Slack, person: Person, channel: str, text: str) -> Message:
    message = Message(channel=channel, ts=slack.next_ts(), author=person.id, text=text, names=slack.name_of)
    slack.channel(channel).add(message)
    return message
