"""Message actions: what a package offers on a message, the dialog the bot opens, and its submission.

Stricter than Teams: a dialog holds an Adaptive Card whose only actions are Action.Submit and Action.OpenUrl, an answer may
have no unknown members, and each repeated request has another id, like a client's second try.
"""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any

from tests.emulators.msteams import activities, forms, payloads
from tests.emulators.msteams.answers import WRONG
from tests.emulators.msteams.bot import Answer, Delivery, attempt, read_json
from tests.emulators.msteams.cards import check_card, size, walk
from tests.emulators.msteams.forms import Form
from tests.emulators.msteams.seen import Seen
from tests.emulators.msteams.world import Json, Message, Shown

if TYPE_CHECKING:
    from tests.emulators.msteams.emulator import MsTeams
    from tests.emulators.msteams.person import Person

TRIES = 3
"""A client that gets no answer in time asks twice more."""
SIZES = ("small", "medium", "large")


@dataclass(kw_only=True)
class Dialog(Form):
    """The window over the conversation. `about` is repeated in every request from it."""

    about: Json = field(default_factory=dict, repr=False)


def offered(package: bytes, app_id: str) -> dict[str, Json]:
    """Returns the message actions of an app package by title. Raises ValueError for one that Teams would not show."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        manifest = json.loads(archive.read("manifest.json"))
    found: dict[str, Json] = {}
    for extension in manifest.get("composeExtensions", ()):
        if extension.get("botId") != app_id:
            raise ValueError("the message extension belongs to another bot")
        for command in extension["commands"]:
            if command.get("type") != "action" or "message" not in command.get("context", ()):
                continue
            if not command.get("fetchTask") and not command.get("parameters"):
                raise ValueError(f"{command['id']}: neither fetchTask nor parameters, so there is nothing to fill in")
            if not 0 < len(command["title"]) <= 32 or len(command.get("description", "")) > 128:
                raise ValueError(f"{command['id']}: at most 32 characters of title and 128 of description")
            found[command["title"]] = command
    return found


async def choose(teams: MsTeams, person: Person, message: Message, title: str, times: int) -> Seen:
    """Choose an action in the menu of a message."""
    command = teams.actions.get(title)
    if command is None:
        raise LookupError(f"no {title!r} in the menu; there is: {', '.join(teams.actions) or 'nothing'}")
    about = {
        "commandId": command["id"],
        "commandContext": "message",
        "context": {"theme": "default"},
        "messagePayload": _payload(teams, message),
    }
    seen = Seen(teams, person.id, since=len(teams.accepted))
    await _ask(teams, person, message, "composeExtension/fetchTask", about, {}, seen, times)
    return seen


async def send(teams: MsTeams, person: Person, dialog: Dialog, given: Mapping[str, Any], button: str | None, times: int) -> Seen:
    """Fill in a dialog and press its button."""
    seen = Seen(teams, person.id, since=len(teams.accepted))
    control = forms.find(dialog, button) if button else forms.sender(dialog)
    data, seen.errors = forms.fill(control, given)
    if not seen.errors:
        name = "composeExtension/submitAction"
        await _ask(teams, person, dialog.message, name, dialog.about, {"data": data}, seen, times)
    return seen


def _payload(teams: MsTeams, message: Message) -> Json:
    """Returns a message in Microsoft Graph's form: HTML, or plain text if a bot wrote it as such."""
    author = teams.people.get(message.author)
    user = {"userIdentityType": "aadUser", "id": author.aad, "displayName": author.name} if author else None
    app = None if author else {"applicationIdentityType": "bot", "id": teams.app_id, "displayName": teams.bot_name}
    content = "".join(f"<p>{escape(line)}</p>" for line in message.text.splitlines())
    return {
        "linkToMessage": f"https://teams.microsoft.com/l/message/{message.conversation}/{message.id}",
        "id": message.id, "replyToId": message.root, "createdDateTime": "2026-11-20T10:00:00.000Z", "lastModifiedDateTime": None,
        "deleted": False, "subject": None, "summary": None, "importance": "normal", "locale": "en-gb",
        "body": {"contentType": "html", "content": f"<div>{content}</div>"},
        "from": {"device": None, "conversation": None, "user": user, "application": app},
        "attachments": [], "mentions": [], "reactions": [],
    }  # fmt: skip


async def _ask(
    teams: MsTeams, person: Person, message: Message, name: str, about: Json, more: Json, seen: Seen, times: int
) -> None:
    deed = f"{person} chose {about['commandId']!r} on a message"

    async def once() -> None:
        answer = await _until_answered(teams, person, message, name, {**about, **more})
        _take(teams, seen, message, answer, about, name, deed)

    await asyncio.gather(*(once() for _ in range(times)))


async def _until_answered(teams: MsTeams, person: Person, message: Message, name: str, value: Json) -> Answer:
    answer = Answer(None)
    for _ in range(TRIES):
        channel = teams.channels[message.conversation]
        root = None if channel.is_personal else message.root or message.id
        value = {**value, "requestId": teams.new_activity_id()}
        delivery = Delivery(payloads.activity(teams, "invoke", person, channel, root=root, name=name, value=value))
        teams.deliveries.append(delivery)
        answer = await attempt(teams, delivery.activity)
        delivery.attempts.append(answer)
        if answer.error != "timeout":
            break
    return answer


def _take(teams: MsTeams, seen: Seen, message: Message, answer: Answer, about: Json, name: str, deed: str) -> None:
    """Show the person the answer."""
    seen.statuses.append(answer.status)
    seen.took = max(seen.took, answer.took)
    closes = name.endswith("submitAction") and answer.status == 200 and answer.body.strip() in ("", "{}")
    if closes:
        return
    found = [f"{WRONG} ({answer.status or answer.error})"] if answer.error else []
    body: Any = None
    if not found:
        try:
            body = read_json(answer)
            found = check(body) if answer.status == 200 else [f"an invoke must be answered 200, not {answer.status}"]
        except ValueError as error:
            body, found = answer.body, [str(error)]
        if found:
            teams.reject(name, "unreadable", found, body)
    if found:
        seen.error = f"{WRONG} {found[0]}"
        teams.errors.append(f"{deed}: {seen.error}")
        return
    _show(teams, seen, message, body["task"], about)


def _show(teams: MsTeams, seen: Seen, message: Message, task: Json, about: Json) -> None:
    if task["type"] == "message":
        seen.shown = Shown(text=task["value"], text_format="plain")
        return
    card = task["value"]["card"]["content"]
    teams.largest_card = max(teams.largest_card, size(card))
    seen.shown = Shown(cards=[card])
    if forms.inputs_of(card):
        seen.form = Dialog(cards=[card], message=message, path=(card,), title=task["value"]["title"], about=about)


def check(body: Any) -> list[str]:
    """Returns everything that is wrong with the answer to a message action."""
    if not isinstance(body, dict) or set(body) != {"task"}:
        return [f"the body must hold task and nothing else: {str(body)[:100]}"]
    task = body["task"]
    if not isinstance(task, dict) or set(task) != {"type", "value"}:
        return ["task must hold type and value, and nothing else"]
    if task["type"] == "message":
        return [] if isinstance(task["value"], str) and task["value"].strip() else ["a message has words in value"]
    if task["type"] != "continue":
        return [f"task.type must be message or continue, not {task['type']!r}"]
    return _check_dialog(task["value"])


def _check_dialog(value: Any) -> list[str]:
    if not isinstance(value, dict) or not {"title", "card"} <= set(value) <= {"title", "card", "height", "width"}:
        return ["a dialog holds title and card, and maybe height and width"]
    found = [
        f"{side} must be a number of pixels or one of {', '.join(SIZES)}"
        for side in ("height", "width")
        if side in value and type(value[side]) is not int and value[side] not in SIZES
    ]
    if not isinstance(value["title"], str) or not 0 < len(value["title"].strip()) <= 64:
        found.append("a dialog's title has 1 to 64 characters")
    card = value["card"]
    if not isinstance(card, dict) or set(card) != {"contentType", "content"} or card["contentType"] != activities.CARD:
        return [*found, f"card must be of {activities.CARD} with a content"]
    found += check_card(card["content"])
    kinds = {node["type"] for node in walk(card["content"], fallbacks=True)} if not found else set()
    odd = sorted(kind for kind in kinds if kind.startswith("Action.") and kind not in ("Action.Submit", "Action.OpenUrl"))
    return [*found, *(f"a dialog knows no {kind}" for kind in odd)]
