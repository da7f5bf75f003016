"""A case: one follow-up as cards, forms and decisions see it. Pure; `cases` reads it from rows of storage."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from handlers.feedback import CONTENT, ERASED_KEY, NOBODY, Band, Customer, Metric, Moment, Person


class State(StrEnum):
    """Where a follow-up stands."""

    NEW = "new"
    CLAIMED = "claimed"
    WAITING = "waiting"
    CLOSED = "closed"
    DISMISSED = "dismissed"


OPEN = frozenset({State.NEW, State.CLAIMED, State.WAITING})

MOST_LOW = 100
"""Earlier low scores of a customer are counted up to this number; from there on a card says “or more”."""


@dataclass(frozen=True, slots=True)
class Case:
    """A follow-up with everything that a card, a form or a decision about it needs. All times are aware, in UTC. `only_card_in`
    is the chat and workspace (`slack:main`) where its only card was ever wanted, None if it has none or several. `earlier_low`,
    `replied_by`, `closed_by`, `changed_since` (open again because the customer changed their answer after the end), `tries` (how
    often nobody answered under this promise), `tried_at`, the last of them, and `passed` (how often it was handed on or went back
    to the team under it) are only known where the log was read: whoever has it is not always who replied."""

    id: int
    version: int
    state: State
    team: str
    route: str
    moment: Moment
    metric: Metric
    band: Band
    score: float | None
    scale: tuple[float, float]
    comment: str
    touchpoint: str | None
    link: str | None
    wants_contact: bool
    occurred_at: datetime
    created_at: datetime
    claim_by: datetime
    close_by: datetime
    promised_at: datetime
    state_since: datetime
    customer: Customer = NOBODY
    owner: Person | None = None
    claimed_at: datetime | None = None
    taken_at: datetime | None = None
    contacted_at: datetime | None = None
    closed_at: datetime | None = None
    outcome: str | None = None
    cause: str | None = None
    done: str = ""
    reason: str = ""
    customer_id: int | None = None
    only_card_in: str | None = None
    earlier_low: int = 0
    replied_by: Person | None = None
    closed_by: Person | None = None
    changed_since: bool = False
    tries: int = 0
    tried_at: datetime | None = None
    passed: int = 0
    promises: int = 0
    rungs_unclaimed: int = 0
    rungs_claimed: int = 0
    held_until: datetime | None = None
    quiet_until: datetime | None = None
    asked_at: datetime | None = None
    help_at: datetime | None = None
    weighed_at: datetime | None = None
    lost_at: datetime | None = None
    named_closer_id: int | None = None
    author_id: int | None = None
    is_test: bool = False
    tags: tuple[str, ...] = field(default=())

    @property
    def open(self) -> bool:
        return self.state in OPEN

    def is_with(self, person: Person) -> bool:
        """Whether this person has it, in this chat."""
        return self.owner is not None and self.owner.id == person.id

    @property
    def erased(self) -> bool:
        """Whether the customer was erased, as they wished: there is nobody left to reply to."""
        return self.customer.key is not None and self.customer.key.startswith(ERASED_KEY)

    @property
    def waits_since(self) -> datetime:
        """Since when the customer waits for us, or waited: since they wrote, or since it was opened again. That somebody said it is
        a problem began a promise, not the wait."""
        return self.created_at if self.weighed_at == self.promised_at else self.promised_at

    @property
    def happy(self) -> bool:
        """Whether this is somebody who is to be thanked, not looked after: their route says so, and so does their score by now."""
        return self.moment is Moment.RELATIONSHIP and self.band in CONTENT

    @property
    def in_question(self) -> bool:
        """Whether this is text without a score, and nobody has said yet whether it is about a problem."""
        return self.state is State.NEW and self.band is Band.UNSCORED and self.weighed_at is None

    @property
    def only_in_public(self) -> bool:
        """Whether this is a review whose author left no way to reach them: we can only reply in public."""
        return self.metric is Metric.STARS and not (self.customer.email or self.customer.phone)

    @property
    def value(self) -> float | None:
        """What the customer is worth, in their currency."""
        return self.customer.value
