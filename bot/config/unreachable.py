"""Proves that a route can never match, because its conditions contradict each other or earlier routes take all of it. Pure.

It may miss a case but never reports a route that can match. A route is split into small cases of one band and one metric each; a
case is taken if some earlier route holds for every feedback in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import inf

from handlers.feedback import Band, Metric
from handlers.matching import all_plain
from handlers.places import NOWHERE, Places, TeamOf
from handlers.rules import Comparison, Route, When

MADE_IN_CHAT = "\0"
"""Stands for what the teams are called that ops make in chat, of which app.yaml knows nothing."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """The numbers from `low` to `high`, each end included or not."""

    low: float = -inf
    high: float = inf
    with_low: bool = True
    with_high: bool = True

    @property
    def empty(self) -> bool:
        return self.low > self.high or (self.low == self.high and not (self.with_low and self.with_high))

    def within(self, other: Stretch) -> bool:
        low = self.low > other.low or (self.low == other.low and (other.with_low or not self.with_low))
        high = self.high < other.high or (self.high == other.high and (other.with_high or not self.with_high))
        return low and high

    def cut(self, other: Stretch) -> Stretch:
        low = max((self.low, not self.with_low), (other.low, not other.with_low))
        high = min((self.high, self.with_high), (other.high, other.with_high))
        return Stretch(low[0], high[0], not low[1], high[1])


def stretch(comparison: Comparison) -> Stretch:
    """Returns the numbers for which a comparison holds."""
    number = comparison.number
    match comparison.sign:
        case ">=":
            return Stretch(low=number)
        case ">":
            return Stretch(low=number, with_low=False)
        case "<=":
            return Stretch(high=number)
        case "<":
            return Stretch(high=number, with_high=False)
        case _:
            return Stretch(number, number)


@dataclass(frozen=True, slots=True)
class _Case:
    """A part of what a route matches. `scores` and `values` are None if the number may be missing."""

    when: When
    band: Band
    metric: Metric
    wants_contact: bool
    scores: tuple[Stretch, ...] | None
    values: tuple[Stretch, ...] | None


def why_never(routes: Sequence[Route], places: Places = NOWHERE) -> dict[int, list[int]]:
    """Returns the routes that can never match, with the earlier routes that take all of each; none if its conditions are
    contradictory. `places` are those of all teams in app.yaml; a route that asks for others only is left out."""
    found: dict[int, list[int]] = {}
    whens = [_spelled_out(route, places) for route in routes]
    for index, route in enumerate(routes):
        taken = whens[index]
        if taken is None and route.team_of is not TeamOf.TAG:
            continue
        # What it asks for may be a team's that is made in chat; of tags, it may be another one than that of the place.
        own = route.when if taken is None or _asked(route) else taken
        takers: set[int] = set()
        for case in _cases(own):
            taker = next((n for n, when in enumerate(whens[:index]) if when is not None and _takes(when, case)), None)
            if taker is None:
                break
            takers.add(taker)
        else:
            found[index] = sorted(takers)
    return found


def _spelled_out(route: Route, places: Places) -> When | None:
    """Returns the conditions of a route; of one to the team of a place, with all places that it surely takes. None if there are
    none."""
    if route.team_of is None:
        return route.when
    asked = _asked(route)
    taken = all_plain(asked) & places.keys() if asked else {*places, MADE_IN_CHAT}
    return route.when.model_copy(update={route.team_of.value: tuple(taken)}) if taken else None


def _asked(route: Route) -> tuple[str, ...]:
    """Returns which of these places a route to the team of a place asks for; none if it takes all."""
    asked: tuple[str, ...] = getattr(route.when, route.team_of) if route.team_of else ()
    return asked


def _cases(when: When) -> Iterator[_Case]:
    wanted = (when.wants_contact,) if when.wants_contact is not None else (True, False)
    for band, metric, contact in product(when.band or Band, when.metric or Metric, wanted):
        scores = _scores(when, band, metric)
        values = tuple(s for s in (stretch(c).cut(Stretch(low=0)) for c in when.value) if not s.empty) if when.value else None
        if scores != () and values != ():
            yield _Case(when, band, metric, contact, scores, values)


_NPS = {
    Band.DETRACTOR: Stretch(0, 7, with_high=False),
    Band.PASSIVE: Stretch(7, 9, with_high=False),
    Band.PROMOTER: Stretch(9, 10),
}


def _scores(when: When, band: Band, metric: Metric) -> tuple[Stretch, ...] | None:
    """Returns the possible scores; () if no such feedback exists, None if it has no score."""
    if band is Band.UNSCORED:
        return () if when.score else None
    if metric is Metric.COMMENT:
        return ()
    bounds = _NPS[band] if metric is Metric.NPS else Stretch()
    asked = [stretch(comparison) for comparison in when.score] or [Stretch()]
    return tuple(piece for piece in (bounds.cut(each) for each in asked) if not piece.empty)


def _takes(when: When, case: _Case) -> bool:
    """Whether `when` holds for every feedback of the case."""
    return (
        (not when.source or _among(case.when.source, when.source))
        and (not when.band or case.band in when.band)
        and (not when.metric or case.metric in when.metric)
        and (not when.score or _covered(case.scores, when.score))
        and (not when.value or _covered(case.values, when.value))
        and (when.wants_contact is None or when.wants_contact == case.wants_contact)
        and (not when.words or _said(case.when.words, when.words))
        and (not when.segment or _within(case.when.segment, when.segment))
        and (not when.touchpoint or _within(case.when.touchpoint, when.touchpoint))
        and (not when.location or _within(case.when.location, when.location))
        and (not when.tag or _within(case.when.tag, when.tag))
    )


def _among(asked: Sequence[str], taken: Sequence[str]) -> bool:
    return bool(asked) and set(asked) <= set(taken)


def _within(asked: tuple[str, ...], taken: tuple[str, ...]) -> bool:
    return bool(asked) and all_plain(asked) <= all_plain(taken)


def _covered(pieces: tuple[Stretch, ...] | None, comparisons: Sequence[Comparison]) -> bool:
    if pieces is None:
        return False
    return all(any(piece.within(stretch(comparison)) for comparison in comparisons) for piece in pieces)


def _said(asked: Sequence[str], taken: Sequence[str]) -> bool:
    """Whether each phrase of `asked` contains, word for word, a phrase of `taken`."""
    return bool(asked) and all(any(_contains(_parts(phrase), _parts(inner)) for inner in taken) for phrase in asked)


def _parts(phrase: str) -> list[str]:
    """Split into words, lower-cased only where that cannot change what they match (ASCII)."""
    return [word.lower() if word.isascii() else word for word in phrase.split()]


def _contains(phrase: list[str], inner: list[str]) -> bool:
    return bool(inner) and any(phrase[at : at + len(inner)] == inner for at in range(len(phrase) - len(inner) + 1))
