"""Activities as Teams sends them to a bot: installs, channel events, messages, mentions, and pressed buttons."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.emulators.msteams.world import Channel, Json, Message, Team

if TYPE_CHECKING:
    from tests.emulators.msteams.emulator import MsTeams
    from tests.emulators.msteams.person import Person


def activity(teams: MsTeams, type: str, person: Person | None, channel: Channel, *, root: str | None = None, **more: Any) -> Json:
    """Returns the members common to all activities. `root` is the first message of the thread it happened in."""
    now = datetime.fromtimestamp(teams.clock(), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    who = {"id": person.id, "name": person.name, "aadObjectId": person.aad} if person else {"id": "29:somebody"}
    return {
        "type": type,
        "id": teams.new_activity_id(),
        "timestamp": now,
        "localTimestamp": now,
        "channelId": "msteams",
        "serviceUrl": teams.service_url,
        "from": who,
        "conversation": _conversation(teams, channel, root),
        "recipient": {"id": teams.bot_id, "name": teams.bot_name},
        "entities": [{"type": "clientInfo", "locale": "en-GB", "country": "GB", "platform": "Web", "timezone": "Europe/Oslo"}],
        "locale": "en-GB",
        "channelData": _channel_data(teams, channel),
        **more,
    }


def _conversation(teams: MsTeams, channel: Channel, root: str | None) -> Json:
    if channel.is_personal:
        return {"conversationType": "personal", "tenantId": teams.tenant, "id": channel.id}
    id = f"{channel.id};messageid={root}" if root else channel.id
    return {"isGroup": True, "conversationType": "channel", "tenantId": teams.tenant, "id": id}


def _channel_data(teams: MsTeams, channel: Channel) -> Json:
    if channel.is_personal:
        return {"tenant": {"id": teams.tenant}}
    return {
        "teamsChannelId": channel.id, "teamsTeamId": channel.team,
        "channel": {"id": channel.id}, "team": {"id": channel.team}, "tenant": {"id": teams.tenant},
    }  # fmt: skip


def installed(teams: MsTeams, team: Team, selected: Channel, by: Person | None, *, added: bool) -> list[Json]:
    """Returns both activities of an install or uninstall: installationUpdate, and the bot as a member that was added or removed."""
    about = {"id": team.id, "name": team.name, "aadGroupId": team.group}
    data = {
        "settings": {"selectedChannel": {"id": selected.id}}, "channel": {"id": selected.id}, "team": about,
        "tenant": {"id": teams.tenant}, "source": {"name": "message"},
    }  # fmt: skip
    word = "Added" if added else "Removed"
    update = {**data, "eventType": f"teamMember{word}"}
    return [
        activity(teams, "installationUpdate", by, selected, action="add" if added else "remove", channelData=data),
        activity(teams, "conversationUpdate", by, selected, channelData=update, **_bot_in(teams, f"members{word}")),
    ]


def _bot_in(teams: MsTeams, list: str) -> Json:
    return {list: [{"id": teams.bot_id}]}


def installed_for(teams: MsTeams, person: Person, *, added: bool) -> list[Json]:
    """The same for one person's private chat. On removal Teams sends no member update."""
    chat = teams.dm(person)
    first = activity(teams, "installationUpdate", person, chat, action="add" if added else "remove")
    if not added:
        return [first]
    members = [{"id": teams.bot_id}]
    return [first, activity(teams, "conversationUpdate", person, chat, membersAdded=members)]


def event(teams: MsTeams, team: Team, name: str, channel: Channel | None = None, **more: Any) -> Json:
    """A conversationUpdate of a team (channelRenamed and the like); its conversation is the team."""
    data: Json = {"team": {"id": team.id, "name": team.name}, "eventType": name, "tenant": {"id": teams.tenant}}
    if channel is not None:
        data["channel"] = {"id": channel.id, "name": channel.name}
    return activity(teams, "conversationUpdate", None, teams.channels[team.id], channelData=data, **more)


def written(teams: MsTeams, person: Person, text: str, channel: Channel, root: str | None) -> Json:
    """A message to the bot: as typed in the private chat, with a mention in a channel."""
    if channel.is_personal:
        return activity(teams, "message", person, channel, textFormat="plain", text=text)
    at = f"<at>{teams.bot_name}</at>"
    mention = {"type": "mention", "mentioned": {"id": teams.bot_id, "name": teams.bot_name}, "text": at}
    typed = activity(teams, "message", person, channel, root=root, textFormat="plain", text=f"{at} {text}".strip() + "\n")
    typed["entities"].insert(0, mention)
    typed["attachments"] = [{"contentType": "text/html", "content": f"<p><span>{teams.bot_name}</span> {text}</p>"}]
    return typed


def pressed(teams: MsTeams, person: Person, message: Message, action: Json, data: Json) -> Json:
    """Action.Execute pressed on a message; `data` holds the inputs."""
    did: Json = {key: action[key] for key in ("type", "title", "id", "verb") if key in action}
    value = {"action": {**did, "data": data}, "trigger": "manual"}
    return activity(
        teams, "invoke", person, teams.channels[message.conversation], root=message.root or message.id,
        name="adaptiveCard/action", value=value, replyToId=message.id,
    )  # fmt: skip


def submitted(teams: MsTeams, person: Person, message: Message, data: Json) -> Json:
    """Action.Submit pressed on a message, as older clients do with a fallback: a message with a value and no text."""
    said = {key: value for key, value in data.items() if key != "msteams"}
    channel = teams.channels[message.conversation]
    return activity(teams, "message", person, channel, root=message.root or message.id, value=said, replyToId=message.id)
