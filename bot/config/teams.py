"""Reads one team of app.yaml and when it is open: its week, its holidays, days with hours of their own."""

from __future__ import annotations

from collections.abc import Container
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.config.file import ConfigFile, either
from bot.config.keys import TeamKeys
from bot.config.parts import Parts
from bot.config.positions import Path
from bot.config.shape import dotted, take
from handlers.calendar.hours import OpeningHours
from handlers.calendar.opening_times import HoursError
from handlers.calendar.weeks import Posting
from handlers.ladder import USUAL
from handlers.team import Team

UTC = ZoneInfo("UTC")


def read_team(file: ConfigFile, parts: Parts, name: str, given: Any) -> None:
    """Read one team with its opening hours into `parts`. Mistakes go to `file.findings`."""
    at: Path = ("teams", name)
    keys = take(file, TeamKeys, at, given)
    hours = _hours(file, parts, at, given, keys)
    if keys is None or hours is None:
        return
    steps = keys.ladder if keys.ladder is not None else parts.ladder
    parts.teams[name] = Team(
        name=name,
        title=keys.title or name.replace("-", " ").title(),
        channels=keys.channel,
        hours=hours,
        promise=keys.promise,
        causes=keys.causes,
        leader=keys.leader or (),
        backup=keys.backup or (),
        manager=keys.manager or (),
        ladder=USUAL if steps is None else tuple(step.step for step in steps),
        bundle=timedelta(seconds=keys.bundle),
        written=file.where(at),
        posting=Posting(keys.digest.day.number, keys.digest.at, keys.digest.calls),
        mask=(*(parts.company.mask if parts.company else ()), *keys.mask),
        show=frozenset(keys.show),
        places=keys.places or (),
    )


def _hours(file: ConfigFile, parts: Parts, team_at: Path, team: Any, keys: TeamKeys | None) -> OpeningHours | None:
    """Returns a team's opening hours; None if they, or what they depend on, could not be read."""
    at = (*team_at, "hours")
    given = team.get("hours") if isinstance(team, dict) else None
    week = TeamKeys.model_fields["hours"].default if given is None else given
    single = [{day: words} for day, words in week.items()] if isinstance(week, dict) else []
    wrong = [error for error in map(_why_no_hours, single) if error] or [error for error in [_why_no_hours(week)] if error]
    for error in wrong if not file.is_waiting(at) else ():
        entry = (*at, error.key) if isinstance(error.key, str) else at
        why, _, help = str(error).partition("; ")
        file.say(entry, "X103", f"`{dotted(at)}`: {why}", help, key=repr(error.key) in why)
    if wrong or keys is None or parts.company is None:
        return None
    extra, holidays = _extra(file, (*team_at, "extra"), keys), _holidays(file, team_at, keys, parts.company.country)
    if extra is None or holidays is None:
        return None
    zone = keys.timezone or parts.company.timezone
    return OpeningHours.build(week, zone, holidays=holidays, closed=keys.closed, extra=extra)


def _extra(file: ConfigFile, at: Path, keys: TeamKeys) -> dict[date, Any] | None:
    """Returns the days with hours of their own; None if one could not be read."""
    if not isinstance(keys.extra, dict):
        file.say(at, "X103", f"`{dotted(at)}` must be days with hours", 'write for example {2026-12-19: "10:00-16:00"}')
        return None
    extra: dict[date, Any] = {}
    for written, words in keys.extra.items():
        try:
            day = date.fromisoformat(str(written))
            OpeningHours.build("always", UTC, extra={day: words})
        except ValueError as error:
            why, _, help = str(error).partition("; ") if isinstance(error, HoursError) else (f"{written!r} is not a day", "", "")
            file.say((*at, written), "X103", f"`{dotted(at)}`: {why}", help or "write it as 2026-12-19", key=True)
            return None
        extra[day] = words
    return extra


def _holidays(file: ConfigFile, at: Path, keys: TeamKeys, country: str | None) -> Container[date] | None:
    """Returns the public holidays of the team's country (default: the company's) and region; None if they are not known."""
    country = keys.country or country
    if country is None or not keys.holidays:
        return frozenset()
    import holidays  # imported only where a country is named: with all its countries it takes a quarter of a second

    try:
        return holidays.country_holidays(country, subdiv=keys.region)
    except NotImplementedError as error:  # the library's error for an unknown country or region
        key = "region" if keys.region and "subdivision" in str(error) else "country"
        known = sorted(holidays.list_supported_countries().get(country, []))
        help = (
            either(str(keys.region), known, "regions") if key == "region" else "write holidays: false, and name days under closed"
        )
        name = keys.region if key == "region" else country
        file.say((*at, key), "X110", f"the holidays of `{name}` are not known", help)
        return None


def calendar(country: str | None) -> Container[date]:
    """Returns the public holidays of the company's country, for teams made in chat; empty if they are not known."""
    if country is None:
        return frozenset()
    import holidays

    known: Container[date] = holidays.country_holidays(country) if country in holidays.list_supported_countries() else frozenset()
    return known


def _why_no_hours(week: Any) -> HoursError | None:
    try:
        OpeningHours.build(week, UTC)
    except HoursError as error:
        return error
    return None
