"""The keys of app.yaml as written, one model per section. `bot.config.together` checks how they combine."""

from __future__ import annotations

import re
from datetime import date, time, timedelta
from enum import StrEnum
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator, field_validator, model_validator

from bot.config import values
from bot.config.ladder_keys import StepKeys
from bot.config.values import Listed, wrong
from bot.loopback import LOOPBACK
from bot.secret import Secret
from handlers.calendar.duration import Duration
from handlers.calendar.promise import Promise
from handlers.company import People
from handlers.feedback import Band, Metric, Moment, Place
from handlers.forgetting.retention import Retention
from handlers.message_keys import MOST_CHANNELS
from handlers.places import TeamOf
from handlers.rules import Comparison


def _place(given: Any) -> Place:
    if not isinstance(given, str):
        raise wrong(f"{given!r} is not a channel", "write it as chat:channel, for example slack:C0123456")
    return Place.parse(given.strip())


def address_of_database(url: str) -> str:
    """Returns `url` if it is a database address that we support. Raises `wrong` with the reason if not."""
    from storage import address  # loads SQLAlchemy for a server's

    try:
        address.check(url)
    except address.NoAddress as error:
        raise wrong(error.why, error.help) from None
    return url


def _host(host: str) -> str:
    if re.search(r"[\[\]/\s]", host) or host.count(":") == 1:  # an IPv6 address has at least two colons
        raise wrong(f"{host!r} is not an address or a name alone", "write it without brackets and port, as 127.0.0.1 or ::1")
    return host


def _public_url(url: str) -> str:
    if re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", url) is None:
        raise wrong(f"{url!r} is not an address that a browser opens", "write for example https://hero.northwind.example")
    return url.rstrip("/")


def _mask(pattern: str) -> str:
    if "#" not in pattern and "?" not in pattern:
        raise wrong(f"{pattern!r} hides nothing but itself", "write # for each digit and ? for each letter, as in NW-######")
    return pattern


Seconds = Annotated[float, PlainValidator(values.seconds)]
Day = Annotated[date, PlainValidator(values.day)]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
Text = Annotated[str, Field(min_length=1, max_length=200)]
Texts = Annotated[tuple[Text, ...], Listed, Field(min_length=1)]
Comparisons = Annotated[tuple[Annotated[Comparison, PlainValidator(Comparison.parse)], ...], Listed, Field(min_length=1)]


Mask = Annotated[str, Field(min_length=3, max_length=60), AfterValidator(_mask)]
Masks = Annotated[tuple[Mask, ...], Listed, Field(max_length=50)]


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
    """The company whose customers these are."""

    name: Text
    timezone: Annotated[ZoneInfo, PlainValidator(values.zone)]
    country: Country | None = None
    people: People = People.NAMES
    ops: Texts | None = None
    mask: Masks = ()


class ServerKeys(_Keys):
    """Where the bot listens. `tick` is in seconds."""

    host: Annotated[Text, AfterValidator(_host)] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    public_url: Annotated[str, AfterValidator(_public_url)] | None = None
    secret: Secret | None = None
    allow_practice: bool = False
    tick: Seconds = 15.0

    @property
    def on_loopback(self) -> bool:
        """Whether only this computer can reach the bot."""
        return self.public_url is None and (self.host in LOOPBACK or self.host.startswith("127."))


class DeliveryKeys(_Keys):
    """Time limits towards chats, in seconds: for one call, for an unknown outcome, for the lease on a conversation."""

    deadline: Seconds = 8.0
    settle: Seconds = 10.0
    lease: Seconds = 20.0


class RetentionKeys(Retention):
    """How long each field is kept, written as a number of days."""

    @field_validator("*", mode="plain")
    @classmethod
    def _days(cls, given: Any) -> timedelta | None:
        return values.keeping(given)


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
    """When a team's weekly post goes out, in the team's time zone, and how many customers its leader is to call each month."""

    day: Weekday = Weekday.MONDAY
    at: Annotated[time, PlainValidator(values.time_of_day)] = time(9)
    calls: Annotated[int, Field(ge=0, le=10)] = 5


class Shown(StrEnum):
    """What a channel may show of a case besides its score."""

    WORDS = "words"
    TOUCHPOINT = "touchpoint"
    HISTORY = "history"
    WISHES = "wishes"
    OWNER = "owner"


class TeamKeys(_Keys):
    """People who share a channel. `hours` and `extra` stay as written: reading them needs a time zone."""

    title: Annotated[str, Field(min_length=1, max_length=75)] | None = None
    places: Texts | None = None
    channel: Annotated[tuple[Annotated[Place, PlainValidator(_place)], ...], Listed, Field(min_length=1, max_length=MOST_CHANNELS)]
    leader: Annotated[tuple[Text, ...], Listed] | None = None
    backup: Texts | None = None
    manager: Texts | None = None
    hours: Any = {"mon-fri": "09:00-17:00"}
    timezone: Annotated[ZoneInfo, PlainValidator(values.zone)] | None = None
    country: Country | None = None
    region: Text | None = None
    holidays: bool = True
    closed: Annotated[tuple[Day, ...], Listed] = ()
    extra: Any = {}
    bundle: Seconds = 900
    ladder: Annotated[tuple[StepKeys, ...], Field(max_length=20)] | None = None
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
    mask: Masks = ()
    show: Annotated[tuple[Shown, ...], Listed] = tuple(Shown)

    @field_validator("causes")
    @classmethod
    def _causes_differ(cls, causes: tuple[str, ...]) -> tuple[str, ...]:
        if twice := next((cause for cause in causes if causes.count(cause) > 1), None):
            raise wrong(f"{twice!r} is named twice", "name each cause once")
        return causes


class WhenKeys(_Keys):
    """The conditions of a route. All that are given must hold; a list means any of its values."""

    source: Texts | None = None
    band: Annotated[tuple[Band, ...], Listed, Field(min_length=1)] | None = None
    metric: Annotated[tuple[Metric, ...], Listed, Field(min_length=1)] | None = None
    score: Comparisons | None = None
    touchpoint: Texts | None = None
    location: Texts | None = None
    tag: Texts | None = None
    value: Comparisons | None = None
    segment: Texts | None = None
    wants_contact: bool | None = None
    words: Texts | None = None


class RouteKeys(_Keys):
    """One rule of the ordered list. It has `team` or `team_of`. `promise` replaces the team's own."""

    name: Text
    when: WhenKeys = WhenKeys()
    team: Text | None = None
    team_of: TeamOf | None = None
    moment: Moment | None = None
    promise: Promise | None = None
    at_once: bool = False
    wins: bool = False

    @model_validator(mode="after")
    def _wins_are_of_happy_customers(self) -> RouteKeys:
        if self.wins and not set(self.when.band or Band) <= {Band.PROMOTER, Band.PASSIVE}:
            raise wrong("an unhappy customer who is told as a win gets no reply", "add when: {band: promoter}, or leave out wins")
        if self.wins and (self.promise or self.at_once):
            raise wrong("nobody follows up wins, so nothing can be promised about them", "leave out promise and at_once, or wins")
        return self


class MemoryKeys(_Keys):
    """Where the bot keeps its data."""

    database: Annotated[str, AfterValidator(address_of_database)] = "sqlite:///action-hero.db"


class LadderKeys(_Keys):
    """Who is told about a waiting case, for every team without a ladder of its own."""

    ladder: Annotated[tuple[StepKeys, ...], Field(max_length=20)] | None = None


class FileKeys(MemoryKeys, LadderKeys):
    """The sections of app.yaml. The keys below `chats` and `sources` are defined by the plug-ins they name."""

    company: CompanyKeys
    server: ServerKeys = ServerKeys()
    delivery: DeliveryKeys = DeliveryKeys()
    retention: RetentionKeys = RetentionKeys()
    chats: dict[str, Any] = {}
    sources: dict[str, Any] = {}
    teams: dict[str, TeamKeys] = {}
    routes: tuple[RouteKeys, ...] = ()
