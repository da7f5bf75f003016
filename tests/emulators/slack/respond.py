"""response_url: answers to an interaction, up to five within thirty minutes, even where the bot is not a member."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from tests.emulators.slack.chat import MOST_POSTED, content, metadata_of
from tests.emulators.slack.errors import ApiError, BadCallError
from tests.emulators.slack.workspace import RESPONSE_LIFE, RESPONSES, ResponseUrl
from tests.emulators.slack.world import Json, Message

if TYPE_CHECKING:
    from tests.emulators.slack.workspace import Workspace

_TAKES = {
    "text",
    "blocks",
    "response_type",
    "replace_original",
    "delete_original",
    "thread_ts",
    "metadata",
    "unfurl_links",
    "unfurl_media",
}


def respond(slack: Workspace, id: str, body: Json) -> None:
    """Handle a POST to a response_url. Raises ApiError `expired_url` or `used_url`, and BadCallError on bad content."""
    url = slack.response_urls.get(id)
    if url is None or time.monotonic() - url.made > RESPONSE_LIFE:
        raise ApiError("expired_url")
    url.uses += 1
    if url.uses > RESPONSES:
        raise ApiError("used_url")
    _show(slack, id, url, body)


def answer_command(slack: Workspace, id: str, body: str) -> None:
    """Handle the answer to a slash command in the HTTP response: plain text or JSON; it uses up none of the five."""
    try:
        read = json.loads(body)
    except ValueError:
        read = body
    _show(slack, id, slack.response_urls[id], read if isinstance(read, dict) else {"text": body})


def _show(slack: Workspace, id: str, url: ResponseUrl, body: Json) -> None:
    unknown = sorted(body.keys() - _TAKES)
    if unknown:
        raise BadCallError("invalid_arguments", f"unknown fields: {', '.join(unknown)}")
    if body.get("delete_original"):
        _delete(slack, url)
        return
    text, blocks = content(slack, body, MOST_POSTED)
    kind = body.get("response_type", "ephemeral")
    if kind not in ("ephemeral", "in_channel"):
        raise BadCallError("invalid_arguments", f"response_type is ephemeral or in_channel, got {kind!r}")
    if body.get("replace_original"):
        original = _original(url)
        original.text, original.blocks = text, blocks
        slack.changed(original, "update")
    elif kind == "ephemeral":
        slack.show_ephemeral(url.user, url.channel, text, blocks, thread_ts=body.get("thread_ts"), via=id)
    else:
        message = Message(
            channel=url.channel, ts=slack.next_ts(), author=slack.bot_user, text=text, blocks=blocks,
            names=slack.name_of, metadata=metadata_of(body),
        )  # fmt: skip
        slack.accept(slack.channels[url.channel], message, None)


def _original(url: ResponseUrl) -> Message:
    if url.message is None or url.message.deleted:
        raise BadCallError("invalid_arguments", "there is no original message to replace or delete")
    return url.message


def _delete(slack: Workspace, url: ResponseUrl) -> None:
    original = _original(url)
    if original.ephemeral_to:
        original.deleted = True
    else:
        slack.remove(slack.channels[url.channel], original)
