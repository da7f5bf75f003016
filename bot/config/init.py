"""`hero init`: writes a first app.yaml and its .env from five answers, each with a default."""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import TypeGuard
from zoneinfo import ZoneInfo

from bot.config.called import complete
from bot.config.masking import holds_password
from bot.config.plug_ins import kinds
from bot.config.positions import scalar
from bot.config.values import is_zone
from handlers.calendar.duration import Duration
from handlers.calendar.hours import OpeningHours
from handlers.calendar.opening_times import on_a_door
from handlers.slug import slug


@dataclass(frozen=True, slots=True)
class _Chat:
    """What stands in the files for one chat: its section, the channel of the team, and the `names` that its user has to fill in in
    .env."""

    section: str
    channel: str
    names: tuple[str, ...] = ()
    public_url: str = ""
    ops: str = "  # ops: [you@example.com]    # may set up channels, routes and sources in chat"
    leader: str = (
        "    leader: []                # nobody yet: name who is told when nobody gets to a customer in time, somebody@example.com"
    )


_CHATS = {
    "practice": _Chat(
        "  practice: {}                # made-up people in a web page; nothing leaves this computer",
        channel="practice:{team}",
        ops="  ops: kim@northwind.example  # made up; may type here, routes, sources: docs/setting-up-in-chat.md",
        leader="    leader: lea@northwind.example   # made up; is asked for help when nobody gets to a customer in time",
    ),
    "slack": _Chat(
        """  # docs/slack.md shows where these are found. With app_token the bot needs no public address.
  slack: {bot_token: "${SLACK_BOT_TOKEN}", app_token: "${SLACK_APP_TOKEN}"}""",
        channel="slack:${{SLACK_CHANNEL}}      # the channel's id, as in C0123456",
        names=("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_CHANNEL"),
    ),
    "msteams": _Chat(
        """  # docs/msteams.md shows where these are found, and what HERO_PUBLIC_URL above is: Microsoft calls the bot there.
  msteams: {app_id: "${MSTEAMS_APP_ID}", app_secret: "${MSTEAMS_APP_SECRET}", tenant: "${MSTEAMS_TENANT}"}""",
        channel="msteams:${{MSTEAMS_CHANNEL}}  # its id, as in 19:…@thread.tacv2, or its name, as in Northwind/Oak Street",
        names=("HERO_PUBLIC_URL", "MSTEAMS_APP_ID", "MSTEAMS_APP_SECRET", "MSTEAMS_TENANT", "MSTEAMS_CHANNEL"),
        public_url=', public_url: "${HERO_PUBLIC_URL}"',
    ),
}
_COUNTRY = '  country: "{country}"               # teams are closed on its public holidays'
_NO_COUNTRY = '  # country: "NO"             # whose public holidays teams keep; then remove holidays: false below'

_APP_YAML = """\
# Action Hero. docs/configuration.md explains every key; run `hero check` after every change.
# A name like $${HERO_SECRET} is read from the environment, or from .env beside this file: no secret stands here.

company:
  name: Our company           # how the bot calls you
  timezone: $timezone # for opening hours and the weekly post
$country
  people: names               # how colleagues are named in channels: names, first-names or off
$ops

database: $database
server: {host: 127.0.0.1, port: 8080, secret: "$${HERO_SECRET}"$public_url}

chats:
$chats

sources:
  # Your survey tool posts to /feedback/survey and signs with this secret. Other tools: docs/configuration.md.
  survey: {kind: plain, secret: "$${SURVEY_SECRET}"}

teams:
  $team:
    title: $title
    channel: $channel
$leader
    hours: $hours$holidays
    promise: {claim: $promise, close: $close}           # opening hours and days: h, m, d
    causes: [waiting time, product fault, service, price, delivery, other]

routes:                       # the first that matches wins
  - name: asked for a call
    when: {wants_contact: true}
    team: $team
    moment: response
  - name: everyone unhappy
    when: {band: [detractor, unscored]}   # unscored: a comment without a score; somebody says whether it is a problem
    team: $team
    moment: rescue
"""

_ENV = """\
# Secrets of app.yaml. Keep this file out of git and out of chats.
HERO_SECRET=$secret
SURVEY_SECRET=$key
"""


@dataclass(frozen=True, slots=True)
class Answers:
    """What init needs to know. `hours` reads like a sign on a door: `mon-fri 08:00-18:00, sat 10:00-16:00` or `always`. `promise`
    is a Duration as text. `database` is not asked for; it defaults to a file beside app.yaml."""

    chat: str = "practice"
    team: str = "Oak Street"
    timezone: str = "UTC"
    hours: str = "mon-fri 09:00-17:00"
    promise: str = "4h"
    database: str | None = None


QUESTIONS: Mapping[str, str] = {
    "chat": "Where does your team talk? (practice, slack or msteams)",
    "team": "What is the team called?",
    "timezone": "In which time zone does it work?",
    "hours": "When is it open?",
    "promise": "Within how many opening hours does somebody claim an unhappy customer?",
}


class NotWritten(Exception):
    """Nothing was written. The message says why, and what to do."""


def ask(
    given: Answers, asked: Callable[[str, str], str], tell: Callable[[str], None], skip: frozenset[str] = frozenset()
) -> Answers:
    """Ask each question of QUESTIONS except those in `skip`, again until the answer is valid. `asked(question, default)` returns
    the answer, `tell` shows what is wrong with it."""
    for name, question in QUESTIONS.items():
        while name not in skip:
            tried = replace(given, **{name: asked(question, getattr(given, name)).strip()})
            if (why := wrong(tried).get(name)) is None:
                given = tried
                break
            tell(why)
    return given


def wrong(answers: Answers) -> dict[str, str]:
    """Returns, by name, why an answer cannot be used; empty if all can."""
    checks: dict[str, Callable[[str], object]] = {
        "chat": _chat,
        "team": _name,
        "timezone": _zone,
        "hours": lambda text: OpeningHours.build(on_a_door(text), ZoneInfo("UTC")),
        "promise": Duration.typed,
    }
    found = {}
    for name, check in checks.items():
        try:
            check(getattr(answers, name))
        except ValueError as error:
            found[name] = str(error)
    return found


def draft(answers: Answers) -> tuple[str, str]:
    """Returns the text of app.yaml and of .env, with new secrets each time. Raises ValueError when an answer cannot be used."""
    if problems := wrong(answers):
        raise ValueError("; ".join(problems.values()))
    team = _name(answers.team)
    hours, country = on_a_door(answers.hours), country_of(answers.timezone)
    promise, chat = Duration.typed(answers.promise), _CHATS[answers.chat]
    yaml = Template(_APP_YAML).substitute(
        team=team,
        title=_quoted(answers.team),
        timezone=f"{answers.timezone:<17}",
        country=_COUNTRY.format(country=country) if country else _NO_COUNTRY,
        holidays="" if country else "\n    holidays: false           # no country is named above",
        leader=chat.leader,
        hours=hours if isinstance(hours, str) else "{" + ", ".join(f'{_day(d)}: "{h}"' for d, h in hours.items()) + "}",
        promise=promise,
        close="2d" if promise.seconds else Duration(days=2 * promise.days),
        database=_database(answers.database),
        public_url=chat.public_url,
        chats=chat.section,
        ops=chat.ops,
        channel=chat.channel.format(team=team),
    )
    key = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    env = Template(_ENV).substitute(secret=secrets.token_urlsafe(32), key=key) + "".join(f"{name}=\n" for name in chat.names)
    return yaml, env + (f"DATABASE_URL={_quoted_in_env(answers.database)}\n" if _is_secret(answers.database) else "")


def country_of(timezone: str) -> str | None:
    """The country of a time zone, where it has one and its public holidays are known."""
    import holidays  # only here: it takes a tenth of a second

    table = files("tzdata").joinpath("zoneinfo/zone.tab").read_text("utf-8")
    rows = (line.split("\t") for line in table.splitlines() if not line.startswith("#"))
    found = next((row[0] for row in rows if row[2] == timezone), None)
    return found if found in holidays.list_supported_countries() else None


def room_for(path: Path) -> Path:
    """Returns the path of .env beside the app.yaml at `path`. Raises NotWritten when either exists or the folder does not."""
    env_path = path.parent / ".env"
    if not path.parent.is_dir():
        raise NotWritten(f"there is no folder {path.parent}, so nothing was written; make it first, or name another with --config")
    for existing in (path, env_path):
        if os.path.lexists(existing):
            raise NotWritten(
                f"{existing} is there already, and init overwrites nothing; move it away, or name another with --config"
            )
    return env_path


def init(path: Path, answers: Answers) -> tuple[Path, Path]:
    """Write app.yaml at `path`, and .env beside it, readable only by its owner. Raises NotWritten when either exists."""
    env_path = room_for(path)
    yaml, env = draft(answers)
    try:
        _write(env_path, env, 0o600)
        _write(path, yaml, 0o644)
    except OSError as error:
        raise NotWritten(
            f"{error.filename} could not be written ({error.strerror}); choose a folder that you may write to"
        ) from error
    return path, env_path


def next_steps(answers: Answers, path: Path) -> str:
    """Returns what to print after init, before the report of check."""
    names = _CHATS[answers.chat].names
    env = path.parent / ".env"
    if not names:
        return f"Wrote {path} and {env}. " + complete("Try it: hero serve", path)
    return f"Wrote {path} and {env}. Fill in {', '.join(names)} in {env}, " + complete("then run: hero check", path)


def _name(title: str) -> str:
    """Returns the name of a team for app.yaml: `oak-street`, or `team-1` where nothing of its title can be written with a to z."""
    if not any(character.isalnum() for character in title) or len(title) > 75:
        raise ValueError(f"{title!r} cannot be the name of a team; use up to 75 characters, with a letter or a digit in it")
    name = slug(title) or "1"
    return name if isinstance(scalar(name), str) else f"team-{name}"


def _chat(text: str) -> None:
    offered = [chat for chat in _CHATS if chat in kinds("chats")]
    if text not in offered:
        raise ValueError(f"{text!r} is not a chat we know; choose one of {', '.join(offered)}")


def _zone(text: str) -> None:
    if not is_zone(text):
        raise ValueError(f"{text!r} is not a time zone; write for example Europe/Oslo or America/New_York")


def _quoted(text: str) -> str:
    return '"' + "".join(c for c in text if c.isprintable()).replace("\\", "\\\\").replace('"', '\\"').replace("${", "$${") + '"'


def _database(url: str | None) -> str:
    if url is None:
        return "sqlite:///action-hero.db      # a file beside this one"
    return '"${DATABASE_URL}"' if _is_secret(url) else _quoted(url)


def _is_secret(url: str | None) -> TypeGuard[str]:
    """Whether the URL contains a password and so belongs in .env."""
    return url is not None and holds_password(url)


def _quoted_in_env(value: str) -> str:
    return "'" + value.replace("\\", r"\\").replace("'", r"\'") + "'"


def _day(name: str) -> str:
    return f'"{name}"' if "," in name else name


def _write(path: Path, text: str, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
