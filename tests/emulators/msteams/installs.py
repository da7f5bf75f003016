"""Adding and removing the bot, and changes of teams and channels: made here first, then reported to the bot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tests.emulators.msteams import payloads
from tests.emulators.msteams.bot import Delivery, deliver, deliver_all
from tests.emulators.msteams.world import Channel, Team

if TYPE_CHECKING:
    from tests.emulators.msteams.emulator import MsTeams
    from tests.emulators.msteams.person import Person


async def install(teams: MsTeams, name: str, channels: Sequence[str], selected: str | None, by: Person | None) -> list[Delivery]:
    team = teams.team(name)
    for channel in channels:
        teams.channel(channel, team=team.id)
    team.installed = True
    place = teams.channel(selected, team=team.id) if selected else teams.channels[team.id]
    return await deliver_all(teams, payloads.installed(teams, team, place, by, added=True))


async def uninstall(teams: MsTeams, name: str, by: Person | None) -> list[Delivery]:
    team = teams.team(name)
    team.installed = False
    return await deliver_all(teams, payloads.installed(teams, team, teams.channels[team.id], by, added=False))


async def install_for(teams: MsTeams, person: Person, *, added: bool) -> list[Delivery]:
    person.installed = added
    return await deliver_all(teams, payloads.installed_for(teams, person, added=added))


async def create_channel(teams: MsTeams, name: str, team: str) -> Delivery:
    channel = teams.channel(name, team=team, deleted=False)
    return await _tell(teams, channel, "channelCreated")


async def rename_channel(teams: MsTeams, channel: Channel, name: str) -> Delivery:
    channel.name = name
    return await _tell(teams, channel, "channelRenamed")


async def delete_channel(teams: MsTeams, channel: Channel) -> Delivery:
    channel.deleted = True
    return await _tell(teams, channel, "channelDeleted")


async def rename_team(teams: MsTeams, team: Team, name: str) -> Delivery:
    team.name = name
    return await deliver(teams, payloads.event(teams, team, "teamRenamed"))


async def _tell(teams: MsTeams, channel: Channel, event: str) -> Delivery:
    return await deliver(teams, payloads.event(teams, teams.teams[channel.team], event, channel))
