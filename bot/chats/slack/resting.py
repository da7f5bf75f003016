"""Reads people's do-not-disturb schedules. Slack does not tell apps about a pause set by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bot.chats.slack.outcome import Said, answer_of
from bot.chats.slack.wire import Wire
from bot.chats.slack.wires import Wires
from handlers.feedback import Person


class Schedules:
    def __init__(self, wires: Wires) -> None:
        self._wires = wires
        self._teams: dict[str, str] = {}  # by user id, of organisations that installed the app as a whole

    async def resting(self, who: Sequence[Person], now: datetime) -> Mapping[Person, datetime]:
        """Returns when do-not-disturb ends for those who have it on. Raises what `post` raises."""
        found: dict[Person, datetime] = {}
        for workspace in {person.workspace for person in who}:
            theirs = {person.user_id: person for person in who if person.workspace == workspace}
            wire = await self._wires.of(workspace)
            for team, users in (await self._by_team(wire, theirs)).items():
                said = await answer_of(wire.client.dnd_teamInfo(users=users, team_id=team))
                told = said.get("users") or {}
                until = {theirs[id]: _rests(each, now) for id, each in told.items() if id in theirs}
                found |= {person: at for person, at in until.items() if at is not None}
        return found

    async def _by_team(self, wire: Wire, users: Iterable[str]) -> Mapping[str | None, Sequence[str]]:
        """Returns the users by the team that must be named for them: none where the token is of one workspace. Who has none, or is
        not known any more, is left out."""
        if wire.us is None or wire.us.team.startswith("T"):
            return {None: list(users)}
        teams: dict[str | None, list[str]] = {}
        for user in users:
            if user not in self._teams:
                self._teams[user] = await _team_of(wire, user)
            if self._teams[user]:
                teams.setdefault(self._teams[user], []).append(user)
        return teams


async def _team_of(wire: Wire, user: str) -> str:
    """Returns the id of a workspace of an organisation that somebody is in; empty if there is none."""
    try:
        said = (await answer_of(wire.client.users_info(user=user))).get("user") or {}
    except Said:
        return ""
    known = [said.get("team_id"), *((said.get("enterprise_user") or {}).get("teams") or ())]
    return next((team for team in known if isinstance(team, str) and team.startswith("T")), "")


def _rests(said: Mapping[str, Any], now: datetime) -> datetime | None:
    """Returns when do-not-disturb ends, if it is active now; None if it is not, or if the numbers are not times."""
    try:
        start, end = (datetime.fromtimestamp(float(said[f"next_dnd_{edge}_ts"]), UTC) for edge in ("start", "end"))
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return None
    return end if said.get("dnd_enabled") is True and start <= now < end else None
