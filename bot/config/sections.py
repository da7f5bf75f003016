"""Reads the sections of app.yaml one by one, so that a mistake in one hides none in another, and what they must agree on."""

from __future__ import annotations

import importlib
import re
from collections.abc import Container
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path as FilePath
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from bot.config.file import ConfigFile, either, nearest
from bot.config.keys import (
    CompanyKeys,
    Delivery,
    DigestTime,
    FileKeys,
    LadderKeys,
    Memory,
    RetentionKeys,
    RouteKeys,
    Server,
    TeamKeys,
)
from bot.config.ladder_keys import StepKeys
from bot.config.positions import Path
from bot.config.shape import dotted, take
from handlers.arranged.tools import OURS
from handlers.digests.weeks import Posting
from handlers.feedback import Moment
from handlers.hours import OpeningHours
from handlers.nudges.ladder import USUAL
from handlers.rules import Route, Team, When
from handlers.week import HoursError

PRACTICE = "practice"
UTC = ZoneInfo("UTC")


class SourceSettings(BaseModel):
    """A survey tool that is connected: its folder in bot/sources, and that folder's own Options."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    options: Any


@dataclass(slots=True)
class Parts:
    """What could be read, also from a file with mistakes in it: enough to look for more of them. Routes by their index."""

    company: CompanyKeys | None = None
    memory: Memory | None = None
    server: Server | None = None
    delivery: Delivery | None = None
    retention: RetentionKeys | None = None
    chats: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, SourceSettings] = field(default_factory=dict)
    teams: dict[str, Team] = field(default_factory=dict)
    digests: dict[str, DigestTime] = field(default_factory=dict)
    routes: dict[int, Route] = field(default_factory=dict)
    ladder: tuple[StepKeys, ...] | None = None
    holidays: Container[date] = frozenset()


def read_sections(file: ConfigFile) -> Parts:
    """Read all of `file.data`, which must not be None; what is wrong goes to `file.findings`."""
    data, parts = file.data or {}, Parts()
    for key in data.keys() - FileKeys.model_fields.keys():
        file.say(
            (key,), "X101", f"unknown key `{key}`", either(key, sorted(FileKeys.model_fields), "what can stand here"), key=True
        )
    if "company" in data:
        parts.company = take(file, CompanyKeys, ("company",), data["company"] or {})
    else:
        file.say((), "X102", "`company` is missing", "add company: {name: …, timezone: …}")
    if parts.company is not None:
        parts.holidays = _calendar(parts.company.country)
    parts.memory = take(file, Memory, (), {key: data[key] for key in data if key == "database"})
    parts.server = take(file, Server, ("server",), _given(data, "server"))
    parts.delivery = take(file, Delivery, ("delivery",), _given(data, "delivery"))
    parts.retention = take(file, RetentionKeys, ("retention",), _given(data, "retention"))
    _read_chats(file, parts)
    _read_sources(file, parts)
    ladder = take(file, LadderKeys, (), {key: data[key] for key in data if key == "ladder"})
    parts.ladder = ladder.ladder if ladder else None
    for name, given in _section(file, "teams").items():
        _read_team(file, parts, name, given)
    _read_routes(file, parts)
    _hold_together(file, parts)
    return parts


def kinds(folder: str) -> list[str]:
    """The plug-ins in `chats` or `sources`: a folder with a module is one."""
    return sorted(found.parent.name for found in (FilePath(__file__).parents[1] / folder).glob("*/__init__.py"))


def options_model(folder: str, kind: str) -> type[BaseModel]:
    """The keys that a plug-in takes in app.yaml. Importing it loads no library of its platform."""
    model: type[BaseModel] = importlib.import_module(f"bot.{folder}.{kind}").Options
    return model


def is_directory(kind: str) -> bool:
    """Whether a kind of source tells of customers, and sends no feedback that a route could take."""
    return hasattr(importlib.import_module(f"bot.sources.{kind}"), "customers")


def unconfirmed(kind: str) -> str:
    """What of a kind of source no document confirms; empty where all of it is."""
    return str(getattr(importlib.import_module(f"bot.sources.{kind}"), "UNCONFIRMED", ""))


def _given(data: dict[str, Any], name: str) -> Any:
    return {} if data.get(name) is None else data[name]


def _section(file: ConfigFile, name: str) -> dict[str, Any]:
    """A section whose keys people choose; nothing in it is the same as no section."""
    given = _given(file.data or {}, name)
    if not isinstance(given, dict):
        help = f"write {name}: and, indented on the lines below, a name with a colon"
        file.say((name,), "X103", f"`{name}` must be keys with values", help)
    return _names(file, name)


def _names(file: ConfigFile, section: str) -> dict[str, Any]:
    given = (file.data or {}).get(section)
    return given if isinstance(given, dict) else {}


def _read_chats(file: ConfigFile, parts: Parts) -> None:
    known = kinds("chats")
    for name, given in _section(file, "chats").items():
        if name not in known:
            file.say(("chats", name), "X106", f"there is no chat `{name}`", either(name, known, "chats"), key=True)
            continue
        options = take(file, options_model("chats", name), ("chats", name), {} if given is None else given)
        if options is not None:
            parts.chats[name] = options


def _read_sources(file: ConfigFile, parts: Parts) -> None:
    known = kinds("sources")
    for name, given in _section(file, "sources").items():
        at: Path = ("sources", name)
        _check_name(file, at)
        if name in OURS:
            file.say(at, "X111", f"no source can be called `{name}`: it is kept {OURS[name]}", "choose another name", key=True)
        if not isinstance(given, dict):
            file.say(at, "X103", f"`{dotted(at)}` must be keys with values", "add kind: …", key=True)
        elif "kind" not in given:
            file.say(
                (*at, "kind"), "X102", f"`kind` is missing in {dotted(at)}", f"add kind: {name if name in known else '…'}", key=True
            )
        elif given["kind"] not in known:
            if not file.is_waiting((*at, "kind")):
                help = either(str(given["kind"]), known, "kinds")
                file.say((*at, "kind"), "X106", f"there is no kind of source `{given['kind']}`", help)
        else:
            keys = {key: value for key, value in given.items() if key != "kind"}
            options = take(file, options_model("sources", given["kind"]), at, keys)
            if options is not None:
                parts.sources[name] = SourceSettings(kind=given["kind"], options=options)


def _read_team(file: ConfigFile, parts: Parts, name: str, given: Any) -> None:
    at: Path = ("teams", name)
    _check_name(file, at)
    keys = take(file, TeamKeys, at, {} if given is None else given)
    hours = _hours(file, parts, at, given, keys)
    if keys is None or hours is None:
        return
    steps = keys.ladder if keys.ladder is not None else parts.ladder
    parts.digests[name] = keys.digest
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
        written=written(file, at),
        posting=Posting(keys.digest.day.number, keys.digest.at, keys.digest.calls),
        mask=(*(parts.company.mask if parts.company else ()), *keys.mask),
        show=frozenset(keys.show),
    )


def _hours(file: ConfigFile, parts: Parts, team_at: Path, team: Any, keys: TeamKeys | None) -> OpeningHours | None:
    """A team's opening hours; None when they, or what they need, could not be read."""
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
    """Days with hours of their own; None when one could not be read."""
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
    """The public holidays of the team's country and region, else of the company's country; None when nobody knows them."""
    country = keys.country or country
    if country is None or not keys.holidays:
        return frozenset()
    import holidays  # only where a country is named: it costs 50 ms

    try:
        return holidays.country_holidays(country, subdiv=keys.region)
    except NotImplementedError as error:
        key = "region" if keys.region and "subdivision" in str(error) else "country"
        known = sorted(holidays.list_supported_countries().get(country, []))
        help = (
            either(str(keys.region), known, "regions") if key == "region" else "write holidays: false, and name days under closed"
        )
        name = keys.region if key == "region" else country
        file.say((*at, key), "X110", f"the holidays of `{name}` are not known", help)
        return None


def _calendar(country: str | None) -> Container[date]:
    """The public holidays of the company's country, for teams made in chat; none where nobody knows them."""
    if country is None:
        return frozenset()
    import holidays

    known: Container[date] = holidays.country_holidays(country) if country in holidays.list_supported_countries() else frozenset()
    return known


def written(file: ConfigFile, at: Path) -> str:
    """Where it stands, for people: `app.yaml:14`."""
    return f"{FilePath(file.name).name}:{file.line(at)}"


def _why_no_hours(week: Any) -> HoursError | None:
    try:
        OpeningHours.build(week, UTC)
    except HoursError as error:
        return error
    return None


def _read_routes(file: ConfigFile, parts: Parts) -> None:
    given = (file.data or {}).get("routes")
    if given is not None and not isinstance(given, list):
        file.say(("routes",), "X103", "`routes` must be a list", "write each route on a line that begins with -")
        return
    lines: dict[str, int] = {}
    for index, each in enumerate(given or ()):
        at: Path = ("routes", index)
        keys = take(file, RouteKeys, at, {} if each is None else each)
        _check_team(file, (*at, "team"), each)
        name = str(each.get("name", "")).strip() if isinstance(each, dict) else ""
        if name in lines and not file.is_waiting((*at, "name")):
            why = f"a route named `{name}` stands on line {lines[name]} already"
            file.say((*at, "name"), "X108", why, "give each route a name of its own; cards and reports show it")
        if name:
            lines.setdefault(name, file.line((*at, "name")))
        if keys is None:
            continue
        when = When(**{name: value for name, value in keys.when if value is not None})
        parts.routes[index] = Route(
            name=keys.name, when=when, team=keys.team, promise=keys.promise, at_once=keys.at_once, wins=keys.wins,
            moment=keys.moment or (Moment.RELATIONSHIP if keys.wins else Moment.RESCUE), written=written(file, at),
        )  # fmt: skip


def _check_team(file: ConfigFile, at: Path, route: Any) -> None:
    team = route.get("team") if isinstance(route, dict) else None
    teams = _names(file, "teams")
    readable = isinstance(_given(file.data or {}, "teams"), dict)
    if isinstance(team, str) and team not in teams and readable and not file.is_waiting(at):
        file.say(at, "X107", f"there is no team `{team}`", either(team, teams, "teams"))


def _check_name(file: ConfigFile, at: Path) -> None:
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", str(at[-1])) is None:
        file.say(at, "X109", f"`{at[-1]}` cannot be a name here", "use letters, digits, - and _, as in oak-street", key=True)


def _hold_together(file: ConfigFile, parts: Parts) -> None:
    """What each section says well for itself and what they cannot mean together."""
    chats = _names(file, "chats")
    allowed = file.is_waiting(("server", "allow_practice")) or (parts.server is None or parts.server.allow_practice)
    if PRACTICE in chats and len(chats) > 1 and not allowed:
        why = "the practice chat stands beside a real one: customers could be claimed by people who do not exist"
        file.say(("chats", PRACTICE), "X201", why, "remove it, or write server: {allow_practice: true}", key=True)
    there = [name for name in chats if name in kinds("chats")]
    meant = {nearest(name, kinds("chats")) or name for name in chats}  # one that is misspelt was told already
    for name, team in _names(file, "teams").items():
        given = team.get("channel") if isinstance(team, dict) else None
        for index, address in enumerate(given if isinstance(given, list) else [given]):
            at: Path = ("teams", name, "channel", index) if isinstance(given, list) else ("teams", name, "channel")
            chat, colon, _ = address.partition(":") if isinstance(address, str) else ("", "", "")
            if chat.strip() and colon and chat.strip() not in meant and not file.is_waiting(at):
                help = either(chat, there, "chats in this file") if there else "add it under chats"
                file.say(at, "X202", f"the chat `{chat}` is not configured, so nobody in {name} would see a card", help)
    _have_what_they_need(file, parts)
    if parts.delivery and not parts.delivery.deadline < parts.delivery.settle < parts.delivery.lease:
        why = "`delivery` must have deadline < settle < lease, or a card could be posted twice"
        file.say(("delivery",), "X203", why, "leave the section out to have 8s, 10s and 20s")
    if parts.delivery and parts.delivery.settle > 30:
        file.say(
            ("delivery", "settle"),
            "X203",
            "`delivery.settle` is longer than 30 s: a card in doubt would be late",
            "write 30s or less",
        )


def _have_what_they_need(file: ConfigFile, parts: Parts) -> None:
    """Keys of `server` that a chat cannot do without."""
    for name, options in parts.chats.items():
        for key in getattr(options, "needs", ()):
            if parts.server is not None and getattr(parts.server, key) is None and not file.is_waiting(("server", key)):
                help = {"secret": 'add server: {secret: "${HERO_SECRET}"}', "public_url": "add server: {public_url: https://…}"}[
                    key
                ]
                file.say(("chats", name), "X204", f"`chats.{name}` needs `server.{key}`, and there is none", help, key=True)
