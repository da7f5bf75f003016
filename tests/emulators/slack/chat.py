"""chat.*: posting, editing, deleting and ephemerals, and the checks they share."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from tests.emulators.slack.blocks import MOST_CHARACTERS, check_blocks
from tests.emulators.slack.errors import ApiError, BadCallError
from tests.emulators.slack.methods import Method, method
from tests.emulators.slack.world import Channel, Json, Message, named_blocks

if TYPE_CHECKING:
    from tests.emulators.slack.workspace import Workspace

MOST_POSTED = 40_000
MOST_EDITED = 4_000
MOST_METADATA = 4_000
"""The limit on bytes of metadata; Slack has one but does not document it."""
_TS = re.compile(r"\d{10}\.\d{6}")


def content(slack: Workspace, args: Json, most: int) -> tuple[str, list[Json]]:
    """Returns the text and the blocks of a message. Raises BadCallError with everything that is wrong with them."""
    text, blocks = args.get("text", ""), args.get("blocks") or []
    if not isinstance(text, str):
        raise BadCallError("invalid_arguments", "text must be a string")
    if blocks:
        notes = check_blocks(blocks, "message")
        if notes.problems:
            raise BadCallError("invalid_blocks", *notes.problems)
        slack.largest_text = max(slack.largest_text, notes.characters)
        if notes.characters > MOST_CHARACTERS:
            raise BadCallError("msg_blocks_too_long", f"{notes.characters} characters over all blocks")
    if not text.strip() and (not blocks or slack.strict):
        raise BadCallError("no_text", "blocks need a text twin: a notification shows nothing else" if blocks else "nothing to say")
    if len(text) > most:
        raise BadCallError("msg_too_long", f"text has {len(text)} characters, at most {most} are kept")
    if args.get("parse") == "full" or args.get("link_names"):
        raise BadCallError("invalid_arguments", "parse=full and link_names make anybody's words live")
    return text, named_blocks(blocks)


def metadata_of(args: Json) -> Json | None:
    """Returns the metadata of a call; {} means none."""
    given = args.get("metadata")
    if not given:
        return None
    if not isinstance(given, dict) or given.keys() != {"event_type", "event_payload"}:
        raise BadCallError("invalid_metadata_format", "metadata has event_type and event_payload, nothing else")
    kind, payload = given["event_type"], given["event_payload"]
    if not isinstance(kind, str) or not re.fullmatch(r"[A-Za-z0-9_.\-]{1,255}", kind) or not isinstance(payload, dict):
        raise BadCallError("invalid_metadata_format", "event_type is a word, event_payload an object")
    if len(json.dumps(given).encode()) > MOST_METADATA:
        raise BadCallError("metadata_too_large", f"over {MOST_METADATA} bytes")
    return given


def stamp(value: Any, name: str = "ts") -> str:
    """Validate a message's ts: a string of ten digits, a point and six digits, never a number."""
    if not isinstance(value, str) or not _TS.fullmatch(value):
        raise BadCallError("invalid_arguments", f"{name} must be a string like 1700000000.000100, got {value!r}")
    return value


def _parent(channel: Channel, args: Json) -> Message | None:
    if "thread_ts" not in args:
        return None
    found = channel.find(stamp(args["thread_ts"], "thread_ts"))
    if found is None:
        raise ApiError("thread_not_found")
    if found.thread_ts:
        raise BadCallError("cannot_reply_to_message", "thread_ts must be the first message of the thread, not a reply")
    return found


def _postable(slack: Workspace, address: str) -> Channel:
    """Returns the conversation to post to. A user id means their DM, which is opened."""
    if address.startswith(("U", "W")):
        slack.need("im:write")
        return slack.open_dm(address)
    channel = slack.reach(address)
    if channel.archived:
        raise ApiError("is_archived")
    if not channel.member and not ("chat:write.public" in slack.scopes and not channel.private):
        raise ApiError("not_in_channel")
    return channel


@method(
    "chat.postMessage",
    scopes="chat:write",
    needs="channel",
    takes=("text blocks thread_ts reply_broadcast metadata unfurl_links unfurl_media mrkdwn parse link_names as_user"),
)
def post(slack: Workspace, args: Json) -> Json:
    text, blocks = content(slack, args, MOST_POSTED)
    metadata = metadata_of(args)
    channel = _postable(slack, args["channel"])
    parent = _parent(channel, args)
    message = Message(
        channel=channel.id,
        ts=slack.next_ts(),
        author=slack.bot_user,
        text=text,
        blocks=blocks,
        names=slack.name_of,
        metadata=metadata,
        thread_ts=parent.ts if parent else None,
        broadcast=bool(args.get("reply_broadcast")),
        unfurl_links=args.get("unfurl_links"),
        unfurl_media=args.get("unfurl_media"),
    )
    slack.accept(channel, message, parent)
    return {"channel": channel.id, "ts": message.ts, "message": message.as_json(metadata=True)}


def _own(slack: Workspace, args: Json, refusal: str) -> tuple[Channel, Message]:
    """Returns the bot's own message that `channel` and `ts` name. A user id is not accepted here, unlike in chat.postMessage."""
    channel = slack.reach(args["channel"])
    message = channel.find(stamp(args["ts"]))
    if message is None:
        raise ApiError("message_not_found")
    if message.author != slack.bot_user:
        raise ApiError(refusal)
    return channel, message


@method(
    "chat.update", scopes="chat:write", needs="channel ts", takes="text blocks metadata parse link_names as_user reply_broadcast"
)
def update(slack: Workspace, args: Json) -> Json:
    text, blocks = content(slack, args, MOST_EDITED)
    metadata = metadata_of(args)
    channel, message = _own(slack, args, "cant_update_message")
    if channel.archived:
        raise ApiError("is_inactive")
    message.text, message.blocks = text, blocks
    if "metadata" in args:
        message.metadata = metadata
    slack.changed(message, "update")
    return {"channel": channel.id, "ts": message.ts, "text": text, "message": message.as_json(metadata=True)}


@method("chat.delete", scopes="chat:write", needs="channel ts", takes="as_user")
def delete(slack: Workspace, args: Json) -> Json:
    channel, message = _own(slack, args, "cant_delete_message")
    slack.remove(channel, message)
    return {"channel": channel.id, "ts": message.ts}


@method("chat.postEphemeral", scopes="chat:write", needs="channel user", takes="text blocks thread_ts parse link_names as_user")
def whisper(slack: Workspace, args: Json) -> Json:
    text, blocks = content(slack, args, MOST_POSTED)
    channel = slack.reach(args["channel"])
    person = slack.known(args["user"])
    if channel.archived:
        raise ApiError("is_archived")
    if not channel.member:
        raise ApiError("not_in_channel")
    if channel.people is not None and person.id not in channel.people:
        raise ApiError("user_not_in_channel")
    _parent(channel, args)
    shown = slack.show_ephemeral(person.id, channel.id, text, blocks, thread_ts=args.get("thread_ts"))
    return {"message_ts": shown.ts}


@method("chat.getPermalink", needs="channel message_ts", body=False)
def permalink(slack: Workspace, args: Json) -> Json:
    channel = slack.reach(args["channel"])
    message = channel.find(stamp(args["message_ts"], "message_ts"))
    if message is None:
        raise ApiError("message_not_found")
    digits = message.ts.replace(".", "")
    return {"channel": channel.id, "permalink": f"https://{slack.domain}.slack.com/archives/{channel.id}/p{digits}"}


METHODS: list[Method] = [post, update, delete, whisper, permalink]
