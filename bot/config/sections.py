"""Reads the sections of app.yaml one by one, so that a mistake in one hides none in another."""

from __future__ import annotations

import re
from typing import Any

from bot.config.file import ConfigFile, either
from bot.config.keys import CompanyKeys, DeliveryKeys, FileKeys, LadderKeys, MemoryKeys, RetentionKeys, ServerKeys
from bot.config.parts import Parts, SourceSettings
from bot.config.places import claimed_twice
from bot.config.plug_ins import kinds, options_model
from bot.config.positions import Path
from bot.config.routes import read_routes
from bot.config.shape import dotted, take
from bot.config.teams import calendar, read_team
from bot.config.together import hold_together
from handlers.survey_tools import OURS


def read_sections(file: ConfigFile) -> Parts:
    """Read all of `file.data`, which must not be None. Mistakes go to `file.findings`."""
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
        parts.holidays = calendar(parts.company.country)
    parts.memory = take(file, MemoryKeys, (), {key: data[key] for key in data if key == "database"})
    parts.server = take(file, ServerKeys, ("server",), data.get("server"))
    parts.delivery = take(file, DeliveryKeys, ("delivery",), data.get("delivery"))
    parts.retention = take(file, RetentionKeys, ("retention",), data.get("retention"))
    _read_chats(file, parts)
    _read_sources(file, parts)
    ladder = take(file, LadderKeys, (), {key: data[key] for key in data if key == "ladder"})
    parts.ladder = ladder.ladder if ladder else None
    for name, given in _section(file, "teams").items():
        _check_name(file, ("teams", name))
        read_team(file, parts, name, given)
    read_routes(file, parts)
    claimed_twice(file, parts)
    hold_together(file, parts)
    return parts


def _section(file: ConfigFile, name: str) -> dict[str, Any]:
    """Returns a section whose keys users choose. An empty section is the same as a missing one."""
    if not isinstance((file.data or {}).get(name), dict | None):
        help = f"write {name}: and, indented on the lines below, a name with a colon"
        file.say((name,), "X103", f"`{name}` must be keys with values", help)
    return file.names(name)


def _read_chats(file: ConfigFile, parts: Parts) -> None:
    known = kinds("chats")
    for name, given in _section(file, "chats").items():
        if name not in known:
            file.say(("chats", name), "X106", f"there is no chat `{name}`", either(name, known, "chats"), key=True)
            continue
        options = take(file, options_model("chats", name), ("chats", name), given)
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


def _check_name(file: ConfigFile, at: Path) -> None:
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", str(at[-1])) is None:
        file.say(at, "X109", f"`{at[-1]}` cannot be a name here", "use letters, digits, - and _, as in oak-street", key=True)
