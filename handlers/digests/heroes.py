"""Which stories a weekly post could tell: acts, never counts; each with the customer's need, never with somebody's speed. Pure.

Every story states its reasons. The rules are those of docs/digest.md; each has a test of its own.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from handlers.case import State
from handlers.feedback import CONTENT, Band
from handlers.names_a_colleague import is_named, names
from handlers.wording.language import gettext as _
from handlers.wording.language import ngettext
from handlers.wording.outcomes import UNREACHABLE
from handlers.wording.words import took

ATTEMPTS = 2
"""Documented attempts that count as much as a contact."""
COOLING = timedelta(days=14)
"""A low answer within this time after the closing revokes a story."""
HARD = 2
"""Minimum need of a case that is called a hard one."""
LONG = timedelta(days=1)
EFFORT = re.compile(
    r"(?<!\w)(again|twice|third|fourth|still|nobody|no one|never|waited|waiting|hours|days|weeks|transferred|passed around)(?!\w)",
    re.IGNORECASE,
)
"""Words of customers who had to make an effort."""
REACHES = frozenset({"contacted", "wait", "close"})
"""Verbs that may note the first contact."""
ASKS = frozenset({"help", "is_away"})
"""Verbs after which a colleague may take the case over."""
GOES_ON = frozenset({"no_help", "is_back", "wait", "claim", "hand_over", "release", "let_go", "close", "dismiss", "no_problem"})
"""Verbs after which no hand is wanted any more."""


class Reason(StrEnum):
    """What a story may be told for; the reasons take turns in this order."""

    HARD = "hard"
    BACK = "back"
    HELPED = "helped"
    CAUSE = "cause"
    HANDOVER = "handover"
    THANKED = "thanked"


@dataclass(frozen=True, slots=True)
class Did:
    """One act in the life of a case. `other` is the person it was handed to, or taken over from."""

    verb: str
    person: int | None
    at: datetime
    other: int | None = None


@dataclass(frozen=True, slots=True)
class Worked:
    """A case, as far as stories need it. `later_band` is the customer's last answer after the closing, `low_again_at` when the
    first low one arrived; `next_band` and `next_at` are those of their first one, unless another case of theirs was closed before
    it."""

    follow_up: int
    team: str
    state: State
    band: Band
    comment: str
    created_at: datetime
    close_by: datetime
    contacted_at: datetime | None
    closed_at: datetime | None
    cause: str | None
    wants_contact: bool
    earlier_low: int
    acts: tuple[Did, ...]
    outcome: str | None = None
    later_band: Band | None = None
    low_again_at: datetime | None = None
    next_band: Band | None = None
    next_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """Something worth telling: who did it, in which case, and the facts that speak for it. `named`: the customer named them.
    `chances` is in how many cases of that week they took part."""

    follow_up: int
    person: int
    reason: Reason
    need: int = 0
    why: tuple[str, ...] = ()
    named: bool = False
    chances: int = 1


Dated = tuple[datetime, Story]
"""A story, and when that was done which it tells."""


def in_conflict(case: Worked, known: Mapping[int, str]) -> bool:
    """Returns whether the person whom an unhappy customer named closed the case: their leader looks at it."""
    closer = _closer(case)
    return closer is not None and is_named(case.band, case.comment, known.get(closer, ""))


def counts(case: Worked, known: Mapping[int, str]) -> bool:
    """Returns whether a case may be told at all: the customer was reached, or tried for, and the closing has held since."""
    if case.state is State.DISMISSED or in_conflict(case, known):
        return False
    ended = [act.verb for act in case.acts if act.verb in ("close", "reopen")]
    if ("close", "reopen") in itertools.pairwise(ended):  # undoing a dismissal is not a failure
        return False
    if _unhappy_again(case):
        return False
    return case.contacted_at is not None or attempts(case) >= ATTEMPTS


def attempts(case: Worked) -> int:
    """Returns how often somebody noted that they tried and nobody answered."""
    return sum(act.verb == "tried" for act in case.acts)


def stories(
    cases: Sequence[Worked],
    known: Mapping[int, str],
    start: datetime,
    end: datetime,
    who: Mapping[int, int] = MappingProxyType({}),
) -> list[Story]:
    """Returns every story that could be told about what was done from `start` to `end`. `known` maps the ids of all who took part
    to their names, `who` all ids of somebody whom several chats know to one."""
    may_be_told = {case.follow_up: case for case in cases if counts(case, known)}
    found = [
        each
        for case in may_be_told.values()
        for each in (*_hard(case), *_back(case), *_helped(case), *_handed(case, who), *_thanked(case, known))
    ]
    found += (each for each in _first_to_name(cases, start, end) if each[1].follow_up in may_be_told)
    mine = _chances(cases, start, end)
    return [replace(story, chances=mine.get(story.person, 1)) for at, story in found if start <= at < end]


def _hard(case: Worked) -> Iterable[Dated]:
    """First contact on a hard one."""
    need, why = _need(case)
    at, who = case.contacted_at, _reached_by(case)
    if at is not None and who is not None and need >= HARD and case.band not in CONTENT:
        yield at, Story(case.follow_up, who, Reason.HARD, need, why)


def _back(case: Worked) -> Iterable[Dated]:
    """Brought a customer back, as their next answer says, and no later one denies."""
    closer = _closer(case)
    if case.state is not State.CLOSED or closer is None or case.next_at is None:
        return
    if case.next_band in CONTENT and case.later_band in CONTENT:
        need, why = _need(case)
        confirmed = _("the customer answered again, and is no longer unhappy")
        yield case.next_at, Story(case.follow_up, closer, Reason.BACK, need + 3, (confirmed, *why))


def _helped(case: Worked) -> Iterable[Dated]:
    """Took over a case from a colleague who had asked for a hand, or was away."""
    asked: Did | None = None
    for act in case.acts:
        taken_over = act.verb == "claim" and act.other is not None
        if taken_over and asked is not None and act.person is not None and act.person not in (act.other, asked.person):
            need, why = _need(case)
            because = _("a colleague was away") if asked.verb == "is_away" else _("a colleague had asked for a hand")
            yield act.at, Story(case.follow_up, act.person, Reason.HELPED, need + 1, (because, *why))
        asked = act if act.verb in ASKS else None if act.verb in GOES_ON else asked


def _handed(case: Worked, who: Mapping[int, int]) -> Iterable[Dated]:
    """Handed over in time what they had, in whichever chat, and the customer also heard from us in time. To choose who replies
    hands over nothing."""
    owner: int | None = None
    for act in case.acts:
        had_it, owner = owner, _owner_after(act, owner, who)
        in_time = act.at <= case.close_by and (case.contacted_at is None or act.at <= case.contacted_at)
        reached = case.contacted_at is not None and case.contacted_at <= case.close_by
        giver = act.person if act.verb == "hand_over" and _is_one(act.person, had_it, who) else None
        if giver is not None and not _is_one(act.other, giver, who) and in_time and reached:
            need, why = _need(case)
            yield act.at, Story(case.follow_up, giver, Reason.HANDOVER, need + 1, (_("handed over in time"), *why))


def _is_one(one: int | None, other: int | None, who: Mapping[int, int]) -> bool:
    return one == other or (one is not None and other is not None and who.get(one, one) == who.get(other, other))


def _owner_after(act: Did, owner: int | None, who: Mapping[int, int]) -> int | None:
    """Returns who has the case after an act; `owner` had it before."""
    match act.verb:
        case "claim":
            return act.person
        case "hand_over":
            return act.other
        case "release" | "let_go":
            return None
        case "reopen" if not _is_one(act.person, owner, who):  # it waits for somebody
            return None
    return owner


def _thanked(case: Worked, known: Mapping[int, str]) -> Iterable[Dated]:
    """Answered a content customer: nobody has to, and it is remembered."""
    at, who = case.contacted_at, _reached_by(case)
    if at is not None and who is not None and case.band in CONTENT:
        named = names(case.comment, known.get(who, ""))
        why = (_("the customer named them"),) if named else ()
        yield at, Story(case.follow_up, who, Reason.THANKED, 1 + named, (_("answered a content customer"), *why), named)


def _first_to_name(cases: Sequence[Worked], start: datetime, end: datetime) -> Iterable[Dated]:
    """Found the cause: the first that week to name one that turned out to be behind several cases."""
    closed = [(case.closed_at, case) for case in cases if case.closed_at is not None and start <= case.closed_at < end]
    closed.sort(key=lambda pair: (pair[0], pair[1].follow_up))
    for cause in dict.fromkeys(case.cause for _at, case in closed if case.cause and case.cause.casefold() != "other"):
        same = [(at, case) for at, case in closed if case.cause == cause]
        at, first = same[0]
        closer = _closer(first)
        if len(same) > 1 and closer is not None:
            why = ngettext("{n} case of that week has this cause", "{n} cases of that week have this cause", len(same))
            yield at, Story(first.follow_up, closer, Reason.CAUSE, len(same), (why.format(n=len(same)),))


def _need(case: Worked) -> tuple[int, tuple[str, ...]]:
    """Returns how much the customer needed somebody, and the facts for it. Nobody's speed plays a part."""
    points, why = 0, []
    if case.earlier_low:
        points += 3
        why.append(ngettext("{n} earlier low score", "{n} earlier low scores", case.earlier_low).format(n=case.earlier_low))
    if match := EFFORT.search(case.comment):
        points += 2
        why.append(_("words of effort: “{word}”").format(word=match[0].lower()))
    if case.contacted_at is not None and (waited := case.contacted_at - case.created_at) >= LONG:
        points += 2
        why.append(_("the customer had waited {span}").format(span=took(waited)))
    if case.wants_contact:
        points += 1
        why.append(_("asked to be contacted"))
    return points, tuple(why)


def _unhappy_again(case: Worked) -> bool:
    return case.closed_at is not None and case.low_again_at is not None and case.low_again_at - case.closed_at <= COOLING


def _reached_by(case: Worked) -> int | None:
    """Returns who noted the first contact: the owner, or a leader in their place. Nobody, where the end says that the customer
    could not be reached."""
    if case.outcome == UNREACHABLE:
        return None
    return next((act.person for act in case.acts if act.verb in REACHES and act.at == case.contacted_at), None)


def _closer(case: Worked) -> int | None:
    """Returns who closed it last, if that is known."""
    return next((act.person for act in reversed(case.acts) if act.verb == "close"), None)


def _chances(cases: Sequence[Worked], start: datetime, end: datetime) -> Mapping[int, int]:
    """Returns in how many cases of the week each person took part."""
    touched: dict[int, set[int]] = {}
    for case in cases:
        for act in case.acts:
            if act.person is not None and start <= act.at < end:
                touched.setdefault(act.person, set()).add(case.follow_up)
    return {person: len(theirs) for person, theirs in touched.items()}
