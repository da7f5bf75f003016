"""The only reader of app.yaml and of the environment. Returns frozen Settings, or every finding about what is wrong."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from dotenv.parser import parse_stream
from pydantic import BaseModel, ConfigDict, Field

from bot.config.file import ConfigFile, read
from bot.config.findings import Finding, Level, in_order
from bot.config.keys import DeliveryKeys, ServerKeys
from bot.config.parts import Parts, SourceSettings
from bot.config.plug_ins import is_directory
from bot.config.sections import read_sections
from bot.config.values import http_url, is_zone
from handlers.company import Company
from handlers.forgetting.retention import Retention
from handlers.survey_tools import Source


class Settings(BaseModel):
    """The checked, frozen contents of app.yaml. `chats` and `sources` map each configured name to its plug-in's Options.

    Secrets are SecretStr. `database` may hold a password, so it is left out of the repr.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    company: Company
    database: str = Field(repr=False)
    server: ServerKeys = ServerKeys()
    delivery: DeliveryKeys = DeliveryKeys()
    retention: Retention = Retention()
    chats: Mapping[str, Any]
    sources: Mapping[str, SourceSettings]


@dataclass(frozen=True, slots=True)
class Loaded:
    """The result of reading a file. `settings` is None if there is an error, or if a value refers to an unset ${NAME} that
    `need_env=False` allows."""

    settings: Settings | None
    findings: tuple[Finding, ...]
    parts: Parts
    file: ConfigFile


def load(path: FilePath | str, *, environ: Mapping[str, str] | None = None, need_env: bool = True) -> Loaded:
    """Read app.yaml and fill in its ${NAMES} from the environment, falling back to `.env` beside it. Never raises for bad content.

    `environ` defaults to the environment of the process. With `need_env=False` an unset name is not an error, and whatever
    depends on it is not checked. `findings` holds errors only; `bot.config.check.findings` adds the warnings.
    """
    path = FilePath(path)
    file, parts = read(path), Parts()
    if not file.findings:
        beside, unread = _dot_env(path.parent / ".env", file)
        file.fill({**beside, **(os.environ if environ is None else environ)}, need_all=need_env)
        if unread and file.waiting:  # a service manager may supply the values of a file that the bot itself may not read
            file.findings.append(unread)
        if file.data is not None:
            parts = read_sections(file)
    findings = in_order(file.findings)
    failed = any(finding.level is Level.ERROR for finding in findings)
    return Loaded(None if failed else _settings(parts, file), findings, parts, file)


def _dot_env(path: FilePath, file: ConfigFile) -> tuple[dict[str, str], Finding | None]:
    """Returns the names in the file, and a finding to report if the file cannot be opened and a name turns out to be needed."""
    help = "its names count as not set until it can be read"
    try:
        text = path.read_text("utf-8-sig") if path.exists() else ""
    except OSError as error:
        return {}, Finding(path.as_posix(), 1, 1, "X008", f"the file cannot be read: {error.strerror}", help)
    except UnicodeDecodeError:
        file.findings.append(Finding(path.as_posix(), 1, 1, "X008", "the file is not UTF-8", help))
        return {}, None
    lines = list(parse_stream(io.StringIO(text)))
    for line in lines:
        if line.error:
            why = "this line is not NAME=value, so its name counts as not set"
            file.findings.append(
                Finding(path.as_posix(), line.original.line, 1, "X008", why, "put a value with spaces or # in quotes")
            )
    return {line.key: line.value for line in lines if line.key and line.value is not None and not line.error}, None


def timezone_here(environ: Mapping[str, str] | None = None, root: FilePath = FilePath("/")) -> str:
    """Returns the name of this computer's time zone, from TZ or from the files below `root`; UTC if neither has it."""
    names = [(os.environ if environ is None else environ).get("TZ", "").lstrip(":")]
    link = root / "etc/localtime"
    if link.is_symlink():
        names.append(link.readlink().as_posix().partition("zoneinfo/")[2].removeprefix("posix/"))
    with suppress(OSError, UnicodeDecodeError):
        names.append((root / "etc/timezone").read_text("utf-8").strip())
    return next((name for name in names if is_zone(name)), "UTC")


def _settings(parts: Parts, file: ConfigFile) -> Settings | None:
    """Assemble Settings from parts without errors. Returns None if one of them still waits for the environment."""
    wanted = {name: (file.data or {}).get(name) or () for name in ("chats", "sources", "teams", "routes")}
    whole = all(len(getattr(parts, name)) == len(given) for name, given in wanted.items())
    if not (whole and parts.company and parts.memory and parts.server and parts.delivery and parts.retention):
        return None
    company = Company(
        name=parts.company.name,
        timezone=parts.company.timezone,
        people=parts.company.people,
        teams=parts.teams,
        routes=tuple(parts.routes.values()),
        ops=parts.company.ops or (),
        holidays=parts.holidays,
        sources={
            name: Source(each.kind, file.where(("sources", name)), is_directory(each.kind)) for name, each in parts.sources.items()
        },
        address=parts.server.public_url or http_url(parts.server.host, parts.server.port),
    )
    return Settings(
        company=company,
        database=_beside(parts.memory.database, FilePath(file.name).parent),
        server=parts.server,
        delivery=parts.delivery,
        retention=parts.retention,
        chats=parts.chats,
        sources=parts.sources,
    )


def _beside(database: str, folder: FilePath) -> str:
    """Resolve a relative SQLite path against the folder of app.yaml, as is done for .env."""
    scheme, three, path = database.partition("sqlite:///")
    if scheme or not three or FilePath(path).is_absolute() or folder == FilePath():
        return database
    return f"sqlite:///{(folder / path).as_posix()}"
