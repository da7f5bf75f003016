"""Reads people's do-not-disturb schedules. Slack does not tell apps about a pause set by hand."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from bot.chats import Throttled, Trouble
from bot.chats.slack.outcome import answer_of
from bot.chats.slack.wire import Wire
from bot.chats.slack.wires import Wires
from handlers.feedback import Person

log = structlog.get_logger()

FRESH = timedelta(hours=1)
"""How long it is known which workspace of an organisation somebody is in: people change and leave workspaces."""
AT_ONCE = 10
PATIENCE_S = 1.5
"""Seconds in which that is looked up: less than reminders wait for the whole answer."""


class Schedules:
    def __init__(self, wires: Wires) -> None:
        self._wires = wires
        # By user id, with the time they were looked up; of organisations that installed the app as a whole.
        self._teams: dict[str, tuple[str, datetime]] = {}
        # Until when each workspace asked us to wait, on the monotonic clock: the next reminders may be due before.
        self._waits_until: dict[str, float] = {}

    async def resting(self, who: Sequence[Person], now: datetime) -> Mapping[Person, datetime]:
        """Returns when do-not-disturb ends for those who have it on. Raises what `post` raises."""
        found: dict[Person, datetime] = {}
        for workspace in {person.workspace for person in who}:
            theirs = {person.user_id: person for person in who if person.workspace == workspace}
            wire = await self._wires.of(workspace)
            for team, users in (await self._by_team(wire, theirs, now)).items():
                told = await self._schedules(wire, workspace, users, team)
                until = {theirs[id]: _rests(each, now) for id, each in told.items() if id in theirs}
                found |= {person: at for person, at in until.items() if at is not None}
        return found

    async def _schedules(self, wire: Wire, workspace: str, users: Sequence[str], team: str | None) -> Mapping[str, Any]:
        """Returns what Slack says of these users. Asks nothing while it asked to wait. Raises what `post` raises."""
        if (left := self._waits_until.get(workspace, 0.0) - time.monotonic()) > 0:
            raise Throttled(left)
        try:
            said = await answer_of(wire.client.dnd_teamInfo(users=users, team_id=team))
        except Throttled as error:
            self._waits_until[workspace] = time.monotonic() + error.seconds
            raise
        return said.get("users") or {}

    async def _by_team(self, wire: Wire, users: Iterable[str], now: datetime) -> Mapping[str | None, Sequence[str]]:
        """Returns the users by the team that must be named for them: none where the token is of one workspace. Who has none, or is
        not known any more or not in time, is left out."""
        if wire.us is None or wire.us.team.startswith("T"):
            return {None: list(users)}
        self._teams = {user: known for user, known in self._teams.items() if now - known[1] < FRESH}
        await self._look_up(wire, [user for user in users if user not in self._teams], now)
        teams: dict[str | None, list[str]] = {}
        for user in users:
            if user in self._teams:
                teams.setdefault(self._teams[user][0], []).append(user)
        return teams

    async def _look_up(self, wire: Wire, users: Sequence[str], now: datetime) -> None:
        """Look up the teams of these users, several at once, until patience ends or Slack asks to wait."""
        ahead = iter(users)
        try:
            async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
                for _ in range(min(AT_ONCE, len(users))):
                    group.create_task(self._look_up_each(wire, ahead, now))
        except* (Throttled, TimeoutError):
            log.info("slack.teams_unknown", of=sum(user not in self._teams for user in users))

    async def _look_up_each(self, wire: Wire, ahead: Iterator[str], now: datetime) -> None:
        for user in ahead:
            try:
                team = _team_in(await answer_of(wire.client.users_info(user=user)))
            except Throttled:
                raise
            except Trouble:  # not remembered: the next reminder asks again
                continue
            if team is not None:
                self._teams[user] = (team, now)


def _team_in(said: Mapping[str, Any]) -> str | None:
    """Returns the id of a workspace of an organisation that somebody is in; None if there is none."""
    user = said.get("user") or {}
    known = [user.get("team_id"), *((user.get("enterprise_user") or {}).get("teams") or ())]
    return next((team for team in known if isinstance(team, str) and team.startswith("T")), None)


def _rests(said: Mapping[str, Any], now: datetime) -> datetime | None:
    """Returns when do-not-disturb ends, if it is active now; None if it is not, or if the numbers are not times."""
    try:
        start, end = (datetime.fromtimestamp(float(said[f"next_dnd_{edge}_ts"]), UTC) for edge in ("start", "end"))
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return None
    return end if said.get("dnd_enabled") is True and start <= now < end else None
