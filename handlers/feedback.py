"""The nouns: what a customer said, and who replies. Pure: no network, no database."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, Strict, model_validator

MAX_COMMENT = 20_000
"""Characters. A longer comment is refused, never silently cut."""


class Metric(StrEnum):
    """What was asked. `comment` is text without a scored question."""

    NPS = "nps"
    CSAT = "csat"
    CES = "ces"
    STARS = "stars"
    COMMENT = "comment"


class Band(StrEnum):
    DETRACTOR = "detractor"
    PASSIVE = "passive"
    PROMOTER = "promoter"
    UNSCORED = "unscored"


CONTENT = frozenset({Band.PASSIVE, Band.PROMOTER})
"""The bands of customers who are not unhappy."""


class Moment(StrEnum):
    """Why a piece of feedback matters."""

    RESCUE = "rescue"
    REVENUE = "revenue"
    RESPONSE = "response"
    RELATIONSHIP = "relationship"


DEFAULT_SCALE: dict[Metric, tuple[float, float]] = {
    Metric.NPS: (0, 10),
    Metric.CSAT: (1, 5),
    Metric.CES: (1, 7),
    Metric.STARS: (1, 5),
}

_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
"""Something happened at or after the first, and before the second."""


def _plausible(moment: datetime) -> datetime:
    if not _EARLIEST <= moment < _LATEST:
        raise FieldError("occurred_at", "lies outside the years 2000 to 2099")
    return moment.astimezone(UTC)


Name = Annotated[str, Field(min_length=1, max_length=200)]
Number = Annotated[float, Strict()]
"""Not "3", and not true, which pydantic would take for 3 and 1: a misread score is worse than a refused one."""

ERASED_KEY = "erased:"
"""What the key of an erased customer, and the id of an erased answer, begins with."""
OURS = ("email:", "answer:", ERASED_KEY, "forgotten:", "hero-test:")
"""Prefixes of the ids and keys that only we write. No sender may use them: an answer must not pass for another, nor a customer."""


class _Noun(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, allow_inf_nan=False)


class Customer(_Noun):
    """The customer as the sender described them; every field may be missing. `value` is what they are worth, in `currency`; `owner`
    is the colleague whose customer they are, `location` is where they usually are."""

    key: Name | None = None
    name: Name | None = None
    email: Name | None = None
    phone: Annotated[str, Field(min_length=1, max_length=60)] | None = None
    company: Name | None = None
    value: Annotated[Number, Field(ge=0, le=1e15)] | None = None
    currency: Annotated[str, Field(min_length=3, max_length=3)] | None = None
    segment: Name | None = None
    owner: Name | None = None
    location: Name | None = None

    @property
    def identity(self) -> str | None:
        """Their key in the directory: the sender's, else one made from their e-mail; None when neither is known."""
        if self.key:
            return self.key
        return f"email:{self.email.casefold()}" if self.email else None

    @property
    def names(self) -> tuple[str, ...]:
        """All names they are known by."""
        return (self.name,) if self.name else ()

    @property
    def given(self) -> tuple[str, ...]:
        """The contact details of one answer that differ from the directory's."""
        return ()


NOBODY = Customer()
"""The customer of anonymous feedback."""


def address_in(owner: str | None) -> str | None:
    """Returns the e-mail by which a directory names the colleague whose customer it is; None where it gives a name, or nobody."""
    address = (owner or "").strip().casefold()
    return address if "@" in address and not any(map(str.isspace, address)) else None


class Known(Customer):
    """The customer of one answer: as the directory knows them, and what the answer says differently. An answer never overwrites the
    directory: somebody who answers a survey in another person's name must not divert the call that follows to themselves."""

    given_name: str | None = None
    given_email: str | None = None
    given_phone: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return (*super().names, *((self.given_name,) if self.given_name else ()))

    @property
    def given(self) -> tuple[str, ...]:
        return tuple(said for said in (self.given_name, self.given_email, self.given_phone) if said)


_LATER = ("owner", "location")
"""Fields that were added after answers had been stored. The fingerprint leaves them out when None, so that it stays the same."""


class Feedback(_Noun):
    """What a customer said, in the form that every source must produce.

    `scale` is (worst, best): a customer effort question where 7 is the worst answer has the scale (7, 1). `occurred_at` is in
    UTC; None means "when it arrived".
    """

    id: Name
    metric: Metric
    score: Number | None = None
    scale: tuple[Number, Number] | None = None
    comment: Annotated[str, Field(max_length=MAX_COMMENT)] = ""
    occurred_at: Annotated[AwareDatetime, AfterValidator(_plausible)] | None = None
    customer: Customer = Customer()
    touchpoint: Name | None = None
    tags: Annotated[tuple[Name, ...], Field(max_length=50)] = ()
    link: Annotated[str, Field(max_length=2000, pattern=r"^https?://")] | None = None
    wants_contact: Annotated[bool, Strict()] = False

    @model_validator(mode="after")
    def _score_fits_its_scale(self) -> Feedback:
        if self.metric is Metric.COMMENT or self.score is None:
            if self.metric is Metric.COMMENT and self.score is not None:
                raise FieldError("score", "must be left out: the metric `comment` has none")
            if not self.comment and self.metric is Metric.COMMENT:
                raise FieldError("comment", "is missing")
            if not self.comment:
                raise FieldError("score", "is missing, and so is the comment")
            return self
        worst, best = self.worst_and_best
        if worst == best:
            raise FieldError("scale", "has the same number at both ends")
        if self.metric is Metric.NPS and (worst, best) != (0, 10):
            raise FieldError("scale", "must be [0, 10]: NPS is asked on no other")
        if not min(worst, best) <= self.score <= max(worst, best):
            raise FieldError("score", f"lies outside its scale of {worst:g} to {best:g}")
        return self

    @property
    def worst_and_best(self) -> tuple[float, float]:
        """The scale as (worst, best); the metric's default if the sender named none."""
        return self.scale or DEFAULT_SCALE.get(self.metric, (0, 10))

    @property
    def fingerprint(self) -> str:
        """A hash of the content, to tell a repeated delivery (equal) from a late update of the same response."""
        unsaid = {name for name in _LATER if getattr(self.customer, name) is None}
        return hashlib.blake2b(self.model_dump_json(exclude={"customer": unsaid}).encode(), digest_size=16).hexdigest()


class FieldError(ValueError):
    """A field of a payload could not be read. `field` is its path as the sender calls it, `why` is the rest of the
    sentence that begins with it."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}")
        self.field = field
        self.why = why


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a chat: a channel, or a person's private conversation (then `channel` is their user id)."""

    chat: str
    workspace: str
    channel: str

    @property
    def key(self) -> str:
        return f"{self.chat}:{self.workspace}:{self.channel}"

    @property
    def address(self) -> str:
        """In the form that `parse` reads."""
        return f"{self.chat}:{self.channel}" if self.workspace == MAIN_WORKSPACE else f"{self.chat}:{self.workspace}/{self.channel}"

    @property
    def parts(self) -> tuple[str, str, str]:
        """In the order in which rows and lanes name a place."""
        return self.chat, self.workspace, self.channel

    def is_near(self, other: Place) -> bool:
        """Whether both are in one workspace of one chat: nobody elsewhere reads what is said there, and no thread leads there."""
        return (self.chat, self.workspace) == (other.chat, other.workspace)

    @classmethod
    def parse(cls, address: str) -> Place:
        """Read `chat:channel`, as `slack:C0123` or `msteams:19:…@thread.tacv2`, or with its workspace, as `slack:T01/C02`.

        A workspace is known by its id: T or E, then capitals and digits. What else holds a slash is the name of a channel, as
        `msteams:Northwind/Oak Street`.
        """
        chat, colon, rest = address.partition(":")
        if not (chat and colon and rest):
            raise ValueError(f"{address!r} is not a channel; write it as chat:channel, for example slack:C0123456")
        workspace, slash, channel = rest.partition("/")
        has_workspace = slash and re.fullmatch(r"[TE](?=.*[0-9])[A-Z0-9]+", workspace)
        return cls(chat, workspace, channel) if has_workspace else cls(chat, MAIN_WORKSPACE, rest)


MAIN_WORKSPACE = "main"
"""The workspace whose token is in app.yaml. Others are named by the platform's own id."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in a chat. `name` is what colleagues call them, empty until the platform tells us; `id` is our own, 0 until
    known."""

    chat: str
    workspace: str
    user_id: str
    name: str = ""
    id: int = 0
    email: str | None = None

    @property
    def place(self) -> Place:
        """Their private conversation with the bot."""
        return Place(self.chat, self.workspace, self.user_id)
