"""conversations.*, users.* and auth.test: looking things up, and reading history with Slack's pagination."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from tests.emulators.slack.chat import stamp
from tests.emulators.slack.errors import ApiError, BadCallError
from tests.emulators.slack.methods import Method, method
from tests.emulators.slack.world import Channel, Json, Message

if TYPE_CHECKING:
    from tests.emulators.slack.workspace import Workspace

_PAGING = "cursor inclusive include_all_metadata latest limit oldest"


def _family(channel: Channel) -> str:
    return "im" if channel.is_dm else "groups" if channel.private else "channels"


def _readable(slack: Workspace, args: Json) -> Channel:
    channel = slack.reach(args["channel"])
    slack.need(f"{_family(channel)}:history")
    if not channel.member:
        raise ApiError("not_in_channel")
    return channel


def _bound(args: Json, name: str) -> float | None:
    """Parse `oldest` or `latest`: seconds as a string; 0 means no bound."""
    value = args.get(name)
    if value is None or value == "":
        return None
    try:
        return float(value) or None
    except (TypeError, ValueError):
        raise BadCallError("invalid_arguments", f"{name} must be seconds since 1970, got {value!r}") from None


def _within(args: Json, messages: list[Message]) -> list[Message]:
    """Returns the messages within the bounds, which are exclusive unless `inclusive`."""
    oldest, latest, inclusive = _bound(args, "oldest"), _bound(args, "latest"), bool(args.get("inclusive"))
    return [
        m
        for m in messages
        if (oldest is None or float(m.ts) > oldest or (inclusive and float(m.ts) == oldest))
        and (latest is None or float(m.ts) < latest or (inclusive and float(m.ts) == latest))
    ]


def _page(slack: Workspace, args: Json, messages: list[Message]) -> tuple[list[Message], str]:
    """Returns one page and the cursor of the next, empty at the end. A page may be shorter than requested."""
    limit = args.get("limit", 100)
    if not isinstance(limit, int) or not 1 <= limit <= 999:
        raise BadCallError("invalid_limit", f"limit is 1 to 999, got {limit!r}")
    start = 0
    if args.get("cursor"):
        try:
            start = int(base64.b64decode(str(args["cursor"]), validate=True).decode().removeprefix("next:"))
        except (binascii.Error, ValueError):
            raise BadCallError("invalid_cursor", repr(args["cursor"])) from None
    end = start + min(limit, slack.page)
    cursor = base64.b64encode(f"next:{end}".encode()).decode() if end < len(messages) else ""
    return messages[start:end], cursor


def _answer(args: Json, messages: list[Message], cursor: str) -> Json:
    metadata = bool(args.get("include_all_metadata"))
    return {
        "messages": [m.as_json(metadata=metadata) for m in messages],
        "has_more": bool(cursor),
        "response_metadata": {"next_cursor": cursor},
    }


@method("conversations.history", needs="channel", takes=_PAGING, body=False)
def history(slack: Workspace, args: Json) -> Json:
    channel = _readable(slack, args)
    found = _within(args, sorted((m for m in channel.everything if not m.thread_ts or m.broadcast), key=lambda m: m.ts))
    forward = _bound(args, "oldest") is not None and _bound(args, "latest") is None
    # With only `oldest`, the first page is the one closest to it; each page is newest first.
    page, cursor = _page(slack, args, found if forward else found[::-1])
    return _answer(args, page[::-1] if forward else page, cursor)


@method("conversations.replies", needs="channel ts", takes=_PAGING, body=False)
def replies(slack: Workspace, args: Json) -> Json:
    channel = _readable(slack, args)
    named = channel.find(stamp(args["ts"]))
    parent = channel.find(named.thread_ts) if named and named.thread_ts else named
    if parent is None:
        raise ApiError("thread_not_found")
    page, cursor = _page(slack, args, _within(args, list(parent.replies)))
    return _answer(args, page if args.get("cursor") else [parent, *page], cursor)


@method("conversations.info", needs="channel", takes="include_locale include_num_members", body=False)
def info(slack: Workspace, args: Json) -> Json:
    channel = slack.reach(args["channel"])
    slack.need(f"{_family(channel)}:read")
    return {"channel": channel_json(slack, channel)}


@method("conversations.open", scopes="im:write", takes="users channel return_im prevent_creation")
def opened(slack: Workspace, args: Json) -> Json:
    users = args.get("users", "")
    people = users.split(",") if isinstance(users, str) else list(users)
    if len(people) != 1 or not people[0]:
        raise BadCallError("invalid_arguments", "the emulator opens conversations with one person")
    channel = slack.open_dm(people[0])
    return {"channel": channel_json(slack, channel) if args.get("return_im") else {"id": channel.id}}


def channel_json(slack: Workspace, channel: Channel) -> Json:
    """Returns a conversation as conversations.info shows it."""
    shown: Json = {
        "id": channel.id,
        "is_im": channel.is_dm,
        "is_archived": channel.archived,
        "is_ext_shared": channel.shared,
        "context_team_id": slack.team,
    }
    if channel.is_dm:
        return {**shown, "user": channel.owner}
    kinds = {"is_channel": not channel.private, "is_group": channel.private, "is_private": channel.private}
    return {**shown, **kinds, "name": channel.name, "is_member": channel.member}


def _user_json(slack: Workspace, user: str) -> Json:
    person = slack.known(user)
    profile: Json = {"real_name": person.name, "display_name": person.display_name}
    if "users:read.email" in slack.scopes and person.email and not person.stranger:
        profile["email"] = person.email
    company = slack.oauth.organisation
    return {
        "id": person.id,
        "team_id": company or person.team,
        **({"enterprise_user": {"id": person.id, "enterprise_id": company, "teams": [person.team]}} if company else {}),
        "name": person.handle,
        "real_name": person.name,
        "deleted": person.deleted,
        "is_bot": person.bot,
        "is_stranger": person.stranger,
        "tz": person.tz,
        "profile": profile,
    }


@method("users.info", scopes="users:read", needs="user", takes="include_locale", body=False)
def user_info(slack: Workspace, args: Json) -> Json:
    return {"user": _user_json(slack, args["user"])}


@method("users.lookupByEmail", scopes="users:read.email", needs="email", body=False)
def by_email(slack: Workspace, args: Json) -> Json:
    for person in filter(None, map(slack.person, list(slack.people))):
        if person.email and person.email.casefold() == str(args["email"]).casefold() and not person.deleted:
            return {"user": _user_json(slack, person.id)}
    raise ApiError("users_not_found")


@method("usergroups.users.list", scopes="usergroups:read", needs="usergroup", body=False)
def group_members(slack: Workspace, args: Json) -> Json:
    if args["usergroup"] not in slack.groups:
        raise ApiError("no_such_subteam")
    return {"users": [id for id in slack.groups[args["usergroup"]] if not slack.people[id].deleted]}


@method("dnd.teamInfo", scopes="dnd:read", needs="users", takes="team_id", body=False)
def dnd_team_info(slack: Workspace, args: Json) -> Json:
    wanted, team = str(args["users"]).split(","), args.get("team_id", slack.team)
    if slack.oauth.organisation and "team_id" not in args:
        raise BadCallError("missing_argument", "team_id is required if an org token is used")
    if len(wanted) > 50:
        raise ApiError("too_many_users")
    nobody = {"dnd_enabled": False, "next_dnd_start_ts": 1, "next_dnd_end_ts": 1}
    told = {}
    for id in (id for id in wanted if id in slack.people and slack.people[id].team == team):
        pause = slack.people[id].do_not_disturb
        told[id] = nobody if pause is None else {
            "dnd_enabled": True, "next_dnd_start_ts": int(pause[0]), "next_dnd_end_ts": int(pause[1])
        }  # fmt: skip
    return {"users": told}


@method("auth.test")
def auth_test(slack: Workspace, _args: Json) -> Json:
    return {
        "url": f"https://{slack.domain}.slack.com/",
        "team": slack.domain,
        "user": "action-hero",
        "team_id": slack.acting,
        **({"enterprise_id": slack.company} if slack.company else {}),
        "user_id": slack.bot_user,
        "bot_id": slack.bot_id,
        "is_enterprise_install": False,
    }


METHODS: list[Method] = [history, replies, info, opened, user_info, by_email, group_members, dnd_team_info, auth_test]
