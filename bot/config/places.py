"""Checks what answers call the teams, for routes that lead to the team of a place: no place is two teams', and each that a route
asks for is one's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bot.config.file import ConfigFile, Warned, either
from bot.config.parts import Parts
from bot.config.positions import Path
from handlers.matching import plain
from handlers.places import TeamOf, whose
from handlers.team import Team

if TYPE_CHECKING:
    from bot.config import Loaded


def claimed_twice(file: ConfigFile, parts: Parts) -> None:
    """Add a finding for each place that two teams claim. What teams are called counts only where a route looks for it: without
    one, two may have the same title."""
    looked_for = any(route.team_of for route in parts.routes.values())
    first: dict[str, tuple[str, Path]] = {}
    for name, team in parts.teams.items():
        for called, at in _claims(file, team, looked_for=looked_for):
            other, there = first.setdefault(plain(called), (name, at))
            if other != name:
                why = f"{name} is called `{called}`, and so is {other} (line {file.line(file.standing(there))})"
                file.say(at, "X112", f"{why}: nobody could tell whose customer it is", "name each place under one team")


def unknown(loaded: Loaded) -> Iterator[Warned]:
    """Places that a route to the team of a place asks for, and that are no team's. What was meant may be another spelling."""
    file, parts = loaded.file, loaded.parts
    if len(parts.teams) != len(file.names("teams")):
        return  # one of those that could not be read may be called so
    places = whose(parts.teams.values())
    for index, route in parts.routes.items():
        asked = getattr(route.when, route.team_of) if route.team_of not in (None, TeamOf.TAG) else ()
        for n, place in enumerate(asked):
            if plain(place) not in places:
                called = [each for team in parts.teams.values() for each in team.called]
                why = f"the route `{route.name}` never takes `{place}`: no team in this file is called so"
                at = file.nth(("routes", index, "when", str(route.team_of)), n)
                yield at, "W225", why, either(place, called, "what teams are called")


def _claims(file: ConfigFile, team: Team, *, looked_for: bool) -> Iterator[tuple[str, Path]]:
    """Yields what answers may call a team, and where it stands in the file."""
    at: Path = ("teams", team.name)
    if looked_for:
        yield team.name, at
        if plain(team.title) != plain(team.name):
            yield team.title, (*at, "title") if (*at, "title") in file.nodes else at
    yield from ((place, file.nth((*at, "places"), n)) for n, place in enumerate(team.places))
