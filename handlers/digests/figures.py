"""The figures of a week: what was promised and what was kept. Pure: from rows to numbers; figure_lines.py puts them in words.

A customer counts in the week in which they told us. They heard from us once somebody noted a contact; in time if both parts of the
current promise were kept: somebody claimed it, and the customer heard from us (a reopened case has a new promise). Dismissed cases
are counted separately; those of customers who were erased are counted nowhere.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, field
from datetime import datetime
from statistics import median
from typing import TYPE_CHECKING, Any, TypeVar

from handlers.case import OPEN, State
from handlers.feedback import Band
from handlers.wording.outcomes import ERASED, UNREACHABLE

if TYPE_CHECKING:
    from storage.prepared import AnyRow

FROM_CASES = 10
"""Minimum number of cases for a meaningful percentage or slowest tenth."""
FROM_ANSWERS = 30
"""Minimum number of answers for comparing a score with another week's."""
NO_CAUSE = ""
Z = 1.96
"""Standard errors in a margin of 95 %."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of the customers who told us in one week that we let them down: all, those who heard from us in time or later,
    and those whose case was closed without a contact. The rest still wait."""

    told: int = 0
    in_time: int = 0
    later: int = 0
    unreached: int = 0

    @property
    def answered(self) -> int:
        return self.in_time + self.later

    @property
    def waiting(self) -> int:
        return self.told - self.answered - self.unreached


@dataclass(frozen=True, slots=True)
class Promised:
    """What every customer of a week was promised: to be claimed within `claim` and answered within `close`, as written in app.yaml.
    `opening`: only the team's opening hours and days count."""

    claim: str
    close: str
    opening: bool = True


@dataclass(frozen=True, slots=True)
class Spread:
    """How long something took, in seconds: the median, and the minimum of the slowest tenth; None where that would say nothing."""

    number: int = 0
    median: float | None = None
    slowest_tenth: float | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """A net promoter score: the number of answers, promoters and detractors."""

    answers: int = 0
    promoters: int = 0
    detractors: int = 0

    @property
    def value(self) -> float | None:
        """From -100 to 100; None without an answer."""
        return 100 * (self.promoters - self.detractors) / self.answers if self.answers else None

    @property
    def margin(self) -> float | None:
        """Half the width of the 95 % confidence interval; None without an answer. One answer of each kind is added first, as
        Agresti and Coull do: where all answers are alike, chance may move the score, too."""
        if not self.answers:
            return None
        number = self.answers + 3
        up, down = (self.promoters + 1) / number, (self.detractors + 1) / number
        return 100 * Z * math.sqrt((up + down - (up - down) ** 2) / number)

    def moved_from(self, before: Score) -> float | None:
        """Returns by how much it changed, if that exceeds chance and both weeks have enough answers; else None."""
        if min(self.answers, before.answers) < FROM_ANSWERS:
            return None
        change = _known(self.value) - _known(before.value)
        return change if abs(change) > math.hypot(_known(self.margin), _known(before.margin)) else None


N = TypeVar("N", Kept, Score)


@dataclass(frozen=True, slots=True)
class Figures:
    """One team and one week. `causes` includes NO_CAUSE for cases closed without one. `told_again` are customers of earlier weeks
    who opened their ended case again by what they said. `asked_again` customers answered for the
    first time since we closed their case, and `recovered` of them are no longer unhappy. `running` are those who wait and whose
    promise could still be kept then; `unreachable` those of `kept.unreached` whom somebody tried to reach. `waiting_now` and
    `oldest_at` cover all weeks; `due` of these customers have a promise that ends by the end of the following week."""

    answers: int = 0
    dismissed: int = 0
    kept: Kept = Kept()
    score: Score = Score()
    outcomes: Mapping[str, int] = field(default_factory=dict)
    causes: Mapping[str, int] = field(default_factory=dict)
    reopened: int = 0
    told_again: int = 0
    asked_again: int = 0
    recovered: int = 0
    running: int = 0
    unreachable: int = 0
    waiting_now: int = 0
    oldest_at: datetime | None = None
    due: int = 0

    def pack(self) -> dict[str, Any]:
        """Returns the figures as JSON, for the snapshot."""
        return asdict(self) | {"oldest_at": self.oldest_at.isoformat() if self.oldest_at else None}

    @classmethod
    def unpack(cls, packed: Mapping[str, Any]) -> Figures:
        """Returns the figures that `pack` packed."""
        oldest = packed["oldest_at"]
        packed = {name: value for name, value in packed.items() if name in cls.__dataclass_fields__}  # an older post has more
        by_outcome = packed.get("outcomes", {}).get(UNREACHABLE, 0)
        packed.setdefault("unreachable", min(packed["kept"]["unreached"], by_outcome))  # an older post has it among the outcomes
        parts = {"kept": Kept(**packed["kept"]), "score": Score(**packed["score"])}
        return cls(**{**packed, **parts, "oldest_at": datetime.fromisoformat(oldest) if oldest else None})


def became(told: AnyRow) -> str:
    """Returns what became of one customer's case: `dismissed`, `erased`, `in_time`, `later`, `unreached` or `waiting`."""
    if told.state == State.DISMISSED:
        return "erased" if told.reason == ERASED else "dismissed"
    if told.contacted_at is not None:
        taken = told.taken_at is not None and told.taken_at <= told.claim_by
        return "in_time" if taken and told.contacted_at <= told.close_by else "later"
    return "waiting" if told.state in OPEN else "unreached"


def runs(told: AnyRow, now: datetime) -> bool:
    """Returns whether both parts of the promise to somebody who waits for a word from us can still be kept."""
    taken = told.taken_at if told.taken_at is not None else now
    return became(told) == "waiting" and taken <= told.claim_by and now <= told.close_by


def kept(counted: Mapping[str, int]) -> Kept:
    """Returns Kept from the number of cases per `became`."""
    told = sum(number for name, number in counted.items() if name not in ("dismissed", "erased"))
    return Kept(told, *(counted.get(name, 0) for name in ("in_time", "later", "unreached")))


def added(kind: type[N], each: Iterable[N]) -> N:
    """Returns the counts of several weeks or teams added up."""
    return kind(*map(sum, zip(*map(astuple, each), strict=True)))


def of_week(rows: Sequence[AnyRow], now: datetime, **more: Any) -> Figures:
    """Returns the figures of the follow-ups created in a week, as they are now; `more` are the figures from elsewhere."""
    ways = Counter(became(row) for row in rows)
    closed = [row for row in rows if row.state == State.CLOSED]
    return Figures(
        dismissed=ways["dismissed"],
        kept=kept(ways),
        outcomes=dict(Counter(row.outcome for row in closed if row.outcome)),
        causes=dict(Counter(row.cause or NO_CAUSE for row in closed)),
        running=sum(runs(row, now) for row in rows),
        unreachable=sum(row.outcome == UNREACHABLE and became(row) == "unreached" for row in rows),
        **more,
    )


def spread(seconds: Iterable[float]) -> Spread:
    """Returns the median and the slowest tenth. The latter needs at least FROM_CASES cases."""
    ordered = sorted(seconds)
    if not ordered:
        return Spread()
    slow = ordered[-math.ceil(len(ordered) / 10)] if len(ordered) >= FROM_CASES else None
    return Spread(len(ordered), median(ordered), slow)


def score(counted: Mapping[str, int]) -> Score:
    """Returns the score from the number of answers to an NPS question per band."""
    answers = sum(number for band, number in counted.items() if band != Band.UNSCORED)
    return Score(answers, counted.get(Band.PROMOTER, 0), counted.get(Band.DETRACTOR, 0))


def fell(now: Kept, before: Sequence[Kept]) -> bool:
    """Returns whether a week kept its promise less often than chance explains, given the weeks before; always False with few
    cases."""
    told, in_time = sum(week.told for week in before), sum(week.in_time for week in before)
    if now.told < FROM_CASES or told < FROM_CASES:
        return False
    usual = in_time / told
    return now.in_time / now.told < usual - 2 * math.sqrt(usual * (1 - usual) / now.told)


def percent(part: int, whole: int) -> int | None:
    """Returns a share without decimals, 100 only of all and 0 only of none; None under FROM_CASES cases, where a percentage says
    less than the two counts."""
    if whole < FROM_CASES:
        return None
    share = round(100 * part / whole)
    return min(max(share, 1), 99) if 0 < part < whole else share


def _known(value: float | None) -> float:
    assert value is not None
    return value
