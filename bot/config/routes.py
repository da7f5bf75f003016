"""Reads the routes of app.yaml. The first match wins, so their order is kept even if one of them cannot be read."""

from __future__ import annotations

from typing import Any

from bot.config.file import ConfigFile, either
from bot.config.keys import RouteKeys
from bot.config.parts import Parts
from bot.config.positions import Path
from bot.config.shape import dotted, take
from handlers.feedback import Moment
from handlers.places import TeamOf
from handlers.rules import Route, When


def read_routes(file: ConfigFile, parts: Parts) -> None:
    """Read the routes in order into `parts.routes`. Mistakes go to `file.findings`."""
    given = (file.data or {}).get("routes")
    if given is not None and not isinstance(given, list):
        file.say(("routes",), "X103", "`routes` must be a list", "write each route on a line that begins with -")
        return
    lines: dict[str, int] = {}
    for index, each in enumerate(given or ()):
        at: Path = ("routes", index)
        keys = take(file, RouteKeys, at, each)
        leads = _leads_somewhere(file, at, each)
        name = str(each.get("name", "")).strip() if isinstance(each, dict) else ""
        if name in lines and not file.is_waiting((*at, "name")):
            why = f"a route named `{name}` stands on line {lines[name]} already"
            file.say((*at, "name"), "X108", why, "give each route a name of its own; cards and reports show it")
        if name:
            lines.setdefault(name, file.line((*at, "name")))
        if keys is None or not leads:
            continue
        when = When(**{name: value for name, value in keys.when if value is not None})
        parts.routes[index] = Route(
            name=keys.name, when=when, team=keys.team or "", team_of=keys.team_of,
            promise=keys.promise, at_once=keys.at_once, wins=keys.wins,
            moment=keys.moment or (Moment.RELATIONSHIP if keys.wins else Moment.RESCUE), written=file.where(at),
        )  # fmt: skip


def _leads_somewhere(file: ConfigFile, at: Path, route: Any) -> bool:
    """Returns whether the route says in one way where it leads. What cannot be read, or is unknown, has a finding then."""
    given = [key for key in ("team", "team_of") if isinstance(route, dict) and route.get(key) is not None]
    if not given and isinstance(route, dict | None):
        help = f"add team: …, or team_of: {TeamOf.TOUCHPOINT}"
        file.say((*at, "team"), "X102", f"`team` is missing in {dotted(at)}", help, key=True)
    if len(given) > 1:
        why = f"{dotted(at)} has both `team` and `team_of`, so nobody can tell where it leads"
        file.say((*at, "team_of"), "X103", why, "remove one of them", key=True)
    _check_team(file, (*at, "team"), route)
    return len(given) == 1


def _check_team(file: ConfigFile, at: Path, route: Any) -> None:
    team = route.get("team") if isinstance(route, dict) else None
    teams = file.names("teams")
    readable = isinstance((file.data or {}).get("teams") or {}, dict)
    if isinstance(team, str) and team not in teams and readable and not file.is_waiting(at):
        file.say(at, "X107", f"there is no team `{team}`", either(team, teams, "teams"))
