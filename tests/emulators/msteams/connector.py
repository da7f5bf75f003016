"""The connector's methods: conversations, messages, members and channels, with the bot's permissions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.emulators.msteams import activities
from tests.emulators.msteams.errors import BadCallError, RefusedError
from tests.emulators.msteams.world import Channel, Json, Message

if TYPE_CHECKING:
    from tests.emulators.msteams.emulator import MsTeams
    from tests.emulators.msteams.person import Person

_CREATION = frozenset({"isGroup", "bot", "members", "activity", "channelData", "tenantId", "topicName"})
_LEAST_PAGE, _MOST_PAGE = 50, 500


@dataclass(frozen=True)
class Asked:
    """One call: its path parameters, its query and its body."""

    path: dict[str, str]
    query: dict[str, str]
    body: Any


@dataclass(frozen=True)
class Method:
    """A method of the connector. `budget` is the limit it counts against: sends or reads."""

    name: str
    verb: str
    path: str
    budget: str
    status: int
    run: Callable[[MsTeams, Asked], Json | None]


def reach(teams: MsTeams, id: str) -> tuple[Channel, Message | None]:
    """Returns a conversation by id and, if the id has `;messageid=`, the first message of that thread. Raises RefusedError."""
    base, _, thread = id.partition(";messageid=")
    channel = teams.channels.get(base)
    if channel is None or channel.deleted:
        raise RefusedError("ConversationNotFound")
    may_speak(teams, channel)
    root = channel.find(thread) if thread else None
    if thread and (root is None or root.root is not None):
        raise RefusedError("ConversationNotFound", "The thread was not found.")
    return channel, root


def may_speak(teams: MsTeams, channel: Channel) -> None:
    """Raise RefusedError unless the bot is in this channel or private chat."""
    if teams.disabled:
        raise RefusedError("BotDisabledByAdmin")
    if channel.owner is not None:
        person = teams.people[channel.owner]
        if person.blocked:
            raise RefusedError("ConversationBlockedByUser")
        if not person.reachable:
            raise RefusedError("BotNotInConversationRoster")
    elif channel.private or not teams.teams[channel.team].installed:
        raise RefusedError("BotNotInConversationRoster")


def create(teams: MsTeams, asked: Asked) -> Json:
    body = asked.body
    unknown = sorted(set(body) - _CREATION)
    if unknown:
        raise BadCallError("BadSyntax", *(f"unknown field: {key}" for key in unknown))
    data = body.get("channelData") or {}
    tenants = {body.get("tenantId", teams.tenant), data.get("tenant", {}).get("id", teams.tenant)}
    if tenants != {teams.tenant}:
        raise BadCallError("BadArgument", "Invalid tenant id")
    if body.get("bot", {}).get("id", teams.bot_id) != teams.bot_id:
        raise BadCallError("BadArgument", f"bot.id must be {teams.bot_id}")
    place = data.get("channel", {}).get("id")
    return _create_thread(teams, body, place) if place else _create_personal(teams, body, data)


def _create_thread(teams: MsTeams, body: Json, place: str) -> Json:
    if body.get("isGroup") is not True:
        raise BadCallError("BadArgument", "isGroup must be true for a channel")
    if "activity" not in body:
        raise BadCallError("BadArgument", "a thread needs its first activity")
    if ";" in place:
        raise BadCallError("BadArgument", "channelData.channel.id must be the channel, not a thread")
    channel, _ = reach(teams, place)
    if channel.is_personal:
        raise BadCallError("BadArgument", "channelData.channel.id must be a channel")
    message = _post(teams, channel, body["activity"], None)
    return {"id": f"{channel.id};messageid={message.id}", "activityId": message.id, "serviceUrl": teams.service_url}


def _create_personal(teams: MsTeams, body: Json, data: Json) -> Json:
    members = body.get("members")
    if body.get("isGroup") or not isinstance(members, list) or len(members) != 1:
        raise BadCallError("BadArgument", "a private chat has isGroup false and exactly one member")
    if "activity" in body:
        raise BadCallError("BadArgument", "a private chat is made without an activity: send it afterwards")
    if "id" not in data.get("tenant", {}) and "tenantId" not in body:
        raise BadCallError("BadArgument", "a private chat needs the tenant id")
    person = teams.people.get(str(members[0].get("id")))
    if person is None:
        raise BadCallError("BadArgument", "Failed to decrypt pairwise id")
    chat = teams.dm(person)
    may_speak(teams, chat)
    return {"id": chat.id}


def _post(teams: MsTeams, channel: Channel, activity: Any, root: Message | None) -> Message:
    activities.check(teams, channel, activity)
    message = activities.message_of(teams, channel, activity, root.id if root else None)
    teams.accept(channel, message)
    return message


def send(teams: MsTeams, asked: Asked) -> Json:
    channel, root = reach(teams, asked.path["conversation"])
    return {"id": _post(teams, channel, asked.body, root).id}


def _own(teams: MsTeams, asked: Asked) -> tuple[Channel, Message]:
    """Returns the bot's own message at this address. Raises RefusedError."""
    channel, root = reach(teams, asked.path["conversation"])
    message = channel.find(asked.path["activity"])
    if message is None or (root and root.id not in (message.id, message.root)):
        raise RefusedError("ActivityNotFoundInConversation")
    if message.author != teams.bot_id:
        raise RefusedError("ForbiddenOperation")
    return channel, message


def update(teams: MsTeams, asked: Asked) -> Json:
    channel, message = _own(teams, asked)
    activities.check(teams, channel, asked.body, message.id)
    activities.show(message, asked.body)
    teams.changed(message)
    return {"id": message.id}


def delete(teams: MsTeams, asked: Asked) -> None:
    teams.remove(*_own(teams, asked))


def _account(teams: MsTeams, person: Person) -> Json:
    first, _, last = person.name.partition(" ")
    account = {
        "id": person.id, "objectId": person.aad, "aadObjectId": person.aad, "name": person.name, "givenName": first, "surname": last,
        "email": person.email, "userPrincipalName": person.email, "tenantId": teams.tenant, "userRole": person.role,
    }  # fmt: skip
    return {key: value for key, value in account.items() if value}


def paged_members(teams: MsTeams, asked: Asked) -> Json:
    channel, _ = reach(teams, asked.path["conversation"])
    wanted = asked.query.get("pageSize", str(_MOST_PAGE))
    token = asked.query.get("continuationToken", "0")
    if not wanted.isdecimal() or not token.isdecimal() or set(asked.query) - {"pageSize", "continuationToken"}:
        raise BadCallError("BadArgument", "pageSize must be a number and continuationToken one that was given")
    size = min(max(int(wanted), _LEAST_PAGE), _MOST_PAGE, teams.page)
    everybody, start = teams.members(channel), int(token)
    page: Json = {"members": [_account(teams, person) for person in everybody[start : start + size]]}
    if start + size < len(everybody):
        page["continuationToken"] = str(start + size)
    return page


def member(teams: MsTeams, asked: Asked) -> Json:
    channel, _ = reach(teams, asked.path["conversation"])
    wanted = asked.path["member"]
    for person in teams.members(channel):
        if wanted in (person.id, person.aad, person.email):
            return _account(teams, person)
    raise RefusedError("MemberNotFoundInConversation")


def _team(teams: MsTeams, asked: Asked) -> str:
    team = teams.teams.get(asked.path["team"])
    if team is None:
        raise RefusedError("TeamNotFound")
    may_speak(teams, teams.channels[team.id])
    return team.id


def channels(teams: MsTeams, asked: Asked) -> Json:
    """Returns the channels of a team; General has no name in the API."""
    id = _team(teams, asked)
    listed = [c for c in teams.channels.values() if c.team == id and not c.deleted and not c.private]
    named = [{"id": c.id, "name": None if c.id == id else c.name, "type": "standard"} for c in listed]
    return {"conversations": named}


def team(teams: MsTeams, asked: Asked) -> Json:
    found = teams.teams[_team(teams, asked)]
    return {"id": found.id, "name": found.name, "aadGroupId": found.group, "type": "standard", "tenantId": teams.tenant}


_CONVERSATION = "/v3/conversations/{conversation}"
METHODS = (
    Method("create", "POST", "/v3/conversations", "sends", 201, create),
    Method("send", "POST", f"{_CONVERSATION}/activities", "sends", 201, send),
    Method("update", "PUT", f"{_CONVERSATION}/activities/{{activity}}", "sends", 200, update),
    Method("delete", "DELETE", f"{_CONVERSATION}/activities/{{activity}}", "sends", 200, delete),
    Method("members", "GET", f"{_CONVERSATION}/pagedmembers", "reads", 200, paged_members),
    Method("member", "GET", f"{_CONVERSATION}/members/{{member}}", "reads", 200, member),
    Method("channels", "GET", "/v3/teams/{team}/conversations", "reads", 200, channels),
    Method("team", "GET", "/v3/teams/{team}", "reads", 200, team),
)
