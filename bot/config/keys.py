"""The keys of app.yaml as they are written, a model for each section. What they mean together is decided beside it."""

from __future__ import annotations

import re
from datetime import time
from enum import StrEnum
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, SecretStr, field_validator
from pydantic_core import PydanticCustomError

from bot.config.file import nearest
from handlers.duration import Duration
from handlers.feedback import Band, Metric, Moment, Place
from handlers.rules import Comparison, People, Promise


def wrong(why: str, help: str = "") -> PydanticCustomError:
    """A mistake in one value: `why` is a clause, `help` what to write instead."""
    return PydanticCustomError("wrong", "{why}", {"why": why, "help": help})


def is_zone(name: str) -> bool:
    """Whether that is the name of a time zone."""
    try:
        return bool(name and ZoneInfo(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False


def _zone(given: Any) -> ZoneInfo:
    try:
        return ZoneInfo(given)
    except (ZoneInfoNotFoundError, ValueError, OSError, TypeError):
        near = nearest(str(given).rsplit("/", 1)[-1], {name.rsplit("/", 1)[-1] for name in available_timezones()})
        full = next((name for name in sorted(available_timezones()) if near and name.endswith(f"/{near}")), None)
        help = f"did you mean `{full}`?" if full else "write it as Europe/Oslo or America/New_York"
        raise wrong(f"{given!r} is not a time zone", help) from None


def _seconds(given: Any) -> float:
    match = re.fullmatch(r"\s*(\d{1,6}(?:\.\d{1,3})?)\s*(ms|s|m|h)\s*", str(given))
    if match is None or not float(match[1]):
        raise wrong(f"{given!r} is not a length of time", "write for example 15s or 2m")
    return float(match[1]) * {"ms": 0.001, "s": 1, "m": 60, "h": 3600}[match[2]]


def _time(given: Any) -> time:
    match = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", str(given).strip())
    if match is None:
        raise wrong(f"{given!r} is not a time of day", 'write for example "09:00"')
    return time(int(match[1]), int(match[2]))


def _place(given: Any) -> Place:
    if not isinstance(given, str):
        raise wrong(f"{given!r} is not a channel", "write it as chat:channel, for example slack:C0123456")
    return Place.parse(given.strip())


def _database(url: str) -> str:
    if re.match(r"(?:sqlite|postgresql)(?:\+\w+)?://", url):
        return url
    help = (
        "write postgresql:// in full"
        if url.startswith("postgres:")
        else "write sqlite:///action-hero.db or postgresql://user@host/name"
    )
    raise wrong("this is not the address of a database", help)


def _public_url(url: str) -> str:
    if re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", url) is None:
        raise wrong(f"{url!r} is not an address that a browser opens", "write for example https://hero.northwind.example")
    return url.rstrip("/")


def _list(given: Any) -> Any:
    return given if isinstance(given, list | tuple) else [given]


Seconds = Annotated[float, PlainValidator(_seconds)]
Text = Annotated[str, Field(min_length=1, max_length=200)]
Listed = BeforeValidator(_list)
Texts = Annotated[tuple[Text, ...], Listed, Field(min_length=1)]
Comparisons = Annotated[tuple[Annotated[Comparison, PlainValidator(Comparison.parse)], ...], Listed, Field(min_length=1)]


class _Keys(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        arbitrary_types_allowed=True,
        str_strip_whitespace=True,
        coerce_numbers_to_str=True,
        allow_inf_nan=False,
    )


class CompanyKeys(_Keys):
    """Whose customers these are."""

    name: Text
    timezone: Annotated[ZoneInfo, PlainValidator(_zone)]
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = None
    people: People = People.NAMES


class Server(_Keys):
    """Where the bot listens. `tick` is in seconds."""

    host: Text = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    public_url: Annotated[str, AfterValidator(_public_url)] | None = None
    secret: SecretStr | None = None
    allow_practice: bool = False
    tick: Seconds = 15.0

    @property
    def on_loopback(self) -> bool:
        """Whether only this computer can reach the bot."""
        return self.public_url is None and (self.host in {"localhost", "::1"} or self.host.startswith("127."))


class Delivery(_Keys):
    """How long chats are waited for, in seconds: one call, an unknown outcome, the right to speak in one place."""

    deadline: Seconds = 8.0
    settle: Seconds = 10.0
    lease: Seconds = 20.0


class Weekday(StrEnum):
    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"

    @property
    def number(self) -> int:
        """As datetime.weekday() counts: Monday is 0."""
        return list(Weekday).index(self)


class DigestTime(_Keys):
    """When the weekly post of a team goes out, on the clock of the company's time zone."""

    day: Weekday = Weekday.MONDAY
    at: Annotated[time, PlainValidator(_time)] = time(9)


class TeamKeys(_Keys):
    """People who share a channel. `hours` stays as written; it needs the company's time zone to be read."""

    title: Annotated[str, Field(min_length=1, max_length=75)] | None = None
    channel: Annotated[tuple[Annotated[Place, PlainValidator(_place)], ...], Listed, Field(min_length=1)]
    leader: Text | None = None
    hours: Any = {"mon-fri": "09:00-17:00"}
    promise: Promise = Promise(claim=Duration.parse("4h"), close=Duration.parse("2d"))
    causes: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=75)], ...], Listed, Field(min_length=1, max_length=100)
    ] = (
        "waiting time",
        "product fault",
        "service",
        "price",
        "delivery",
        "other",
    )
    digest: DigestTime = DigestTime()

    @field_validator("causes")
    @classmethod
    def _causes_differ(cls, causes: tuple[str, ...]) -> tuple[str, ...]:
        if twice := next((cause for cause in causes if causes.count(cause) > 1), None):
            raise wrong(f"{twice!r} is named twice", "name each cause once")
        return causes


class WhenKeys(_Keys):
    """The conditions of a route; all that are named must hold, a list means any of."""

    source: Texts | None = None
    band: Annotated[tuple[Band, ...], Listed, Field(min_length=1)] | None = None
    metric: Annotated[tuple[Metric, ...], Listed, Field(min_length=1)] | None = None
    score: Comparisons | None = None
    touchpoint: Texts | None = None
    tag: Texts | None = None
    value: Comparisons | None = None
    segment: Texts | None = None
    wants_contact: bool | None = None
    words: Texts | None = None


class RouteKeys(_Keys):
    """One ordered rule. `promise` replaces the team's own."""

    name: Text
    when: WhenKeys = WhenKeys()
    team: Text
    moment: Moment = Moment.RESCUE
    promise: Promise | None = None


class Memory(_Keys):
    """Where the bot remembers."""

    database: Annotated[str, AfterValidator(_database)] = "sqlite:///action-hero.db"


class FileKeys(Memory):
    """The sections of app.yaml. Those of chats and sources belong to the folders they name."""

    company: CompanyKeys
    server: Server = Server()
    delivery: Delivery = Delivery()
    chats: dict[str, Any] = {}
    sources: dict[str, Any] = {}
    teams: dict[str, TeamKeys] = {}
    routes: tuple[RouteKeys, ...] = ()
