"""Validates and stores the bot's activities: whether Teams would accept one and show it as intended."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from tests.emulators.msteams.cards import check_card, size
from tests.emulators.msteams.errors import BadCallError
from tests.emulators.msteams.world import Channel, Json, Message

if TYPE_CHECKING:
    from tests.emulators.msteams.tenant import Tenant

MOST = 100 * 1024
CARD = "application/vnd.microsoft.card.adaptive"
_AT = re.compile(r"<at>.*?</at>")
_FIELDS = frozenset({"type", "id", "text", "textFormat", "summary", "attachments", "attachmentLayout", "entities"}) | {
    *(
        "channelData",
        "from",
        "recipient",
        "conversation",
        "replyToId",
        "channelId",
        "serviceUrl",
        "locale",
        "importance",
        "inputHint",
    )
}
_CHANNEL_DATA = frozenset({"tenant", "team", "channel", "notification"})
_MOST_CARDS = 10


def check_size(body: str) -> None:
    """Raise BadCallError if the request is too large in UTF-16, as sent or with its escapes resolved, whichever is larger."""
    try:
        plain = json.dumps(json.loads(body), ensure_ascii=False)
    except ValueError:
        plain = ""
    most = max(len(text.encode("utf-16-le", "surrogatepass")) for text in (body, plain))
    if most > MOST:
        raise BadCallError("MessageSizeTooBig", f"Message size too large: {most} bytes in UTF-16, at most {MOST}")


def check(tenant: Tenant, channel: Channel, activity: Any, id: str | None = None) -> None:
    """Raise BadCallError listing everything that is wrong with an activity. `id` is that of the message it replaces."""
    if not isinstance(activity, dict):
        raise BadCallError("BadSyntax", "the activity must be an object")
    found = [f"unknown field: {key}" for key in activity if key not in _FIELDS]
    if activity.get("type") != "message":
        found.append(f"type must be message, not {activity.get('type')!r}")
    if activity.get("id", id) != id:
        found.append("id is not that of the message" if id else "a new message has no id yet")
    if activity.get("from", {}).get("id", tenant.bot_id) != tenant.bot_id:
        found.append(f"from must be the bot, {tenant.bot_id}")
    said = str(activity.get("conversation", {}).get("id", channel.id))
    if said.partition(";")[0] != channel.id:
        found.append("conversation.id is another conversation than that of the address")
    found += [f"unknown field in channelData: {key}" for key in activity.get("channelData", {}) if key not in _CHANNEL_DATA]
    found += _content(tenant, activity)
    if found:
        raise BadCallError("BadArgument", *found)


def _content(tenant: Tenant, activity: Json) -> list[str]:
    text, attachments = activity.get("text") or "", activity.get("attachments") or []
    found: list[str] = []
    if not isinstance(text, str) or not isinstance(attachments, list):
        return ["text must be a string and attachments a list"]
    if not text.strip() and not attachments:
        found.append("neither text nor attachments")
    if text and attachments:
        found.append("text beside a card: Teams splits them and the id of the card is lost; use summary")
    if attachments and not str(activity.get("summary") or "").strip():
        found.append("a card without summary: the notification would say nothing")
    if len(attachments) > _MOST_CARDS:
        found.append(f"at most {_MOST_CARDS} cards")
    if activity.get("textFormat", "markdown") not in ("markdown", "plain", "xml"):
        found.append("textFormat must be markdown, plain or xml")
    if activity.get("attachmentLayout", "list") not in ("list", "carousel"):
        found.append("attachmentLayout must be list or carousel")
    found += _mentions(tenant, text, activity.get("entities") or [])
    for attachment in attachments:
        found += _attachment(tenant, attachment)
    return found


def _attachment(tenant: Tenant, attachment: Any) -> list[str]:
    if not isinstance(attachment, dict) or attachment.get("contentType") != CARD:
        return [f"an attachment must be of {CARD}"]
    unknown = [key for key, value in attachment.items() if key not in ("contentType", "content") and value is not None]
    if unknown:
        return [f"unknown field in an attachment: {', '.join(unknown)}"]
    tenant.largest_card = max(tenant.largest_card, size(attachment.get("content")))
    return check_card(attachment.get("content"))


def _mentions(tenant: Tenant, text: str, entities: list[Any]) -> list[str]:
    told = {e.get("text"): e.get("mentioned", {}).get("id") for e in entities if e.get("type") == "mention"}
    found = [f"{at} has no mention entity" for at in _AT.findall(text) if at not in told]
    found += [f"the mention {at} is nowhere in the text" for at in told if not at or at not in text]
    found += [f"nobody has the mentioned id {id!r}" for id in told.values() if id not in tenant.people and id != tenant.bot_id]
    return found


def message_of(tenant: Tenant, channel: Channel, activity: Json, root: str | None) -> Message:
    """Returns the message that an accepted activity becomes."""
    message = Message(conversation=channel.id, id=tenant.next_id(), author=tenant.bot_id, root=root)
    show(message, activity)
    return message


def show(message: Message, activity: Json) -> None:
    """Make the message show this activity."""
    message.activity = activity
    message.text = activity.get("text") or ""
    message.text_format = activity.get("textFormat", "markdown")
    message.summary = activity.get("summary") or ""
    message.cards = [attachment["content"] for attachment in activity.get("attachments") or []]
