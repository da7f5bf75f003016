"""Chooses the stories of a week: reasons take turns, then need decides, and nobody appears often. Also draws lots where nothing
may choose. Pure. The rules are those of docs/digest.md; each has a test of its own."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from types import MappingProxyType
from zlib import crc32

from handlers.calendar.weeks import Week
from handlers.digests.heroes import Reason, Story

MOST = 3
SPARES = 6
REST = 3
"""Weeks after a story in which no other is told about the same person: once in four weeks."""


def order(week: Week, team: str) -> tuple[Reason, ...]:
    """Returns the order of the reasons: another one comes first each week, and teams are shifted against each other."""
    reasons = tuple(Reason)
    first = (week.monday.toordinal() // 7 + crc32(team.encode())) % len(reasons)
    return (*reasons[first:], *reasons[:first])


def pick(
    found: Iterable[Story],
    week: Week,
    team: str,
    rested: Collection[int],
    silent: Collection[int] = (),
    who: Mapping[int, int] = MappingProxyType({}),
) -> list[Story]:
    """Returns all stories that may be told, in order of preference. People in `rested` were told about lately, those in `silent`
    want no story about them. `who` maps all ids of somebody whom several chats know to one."""
    open_to = [s for s in found if s.person not in silent and (s.named or s.person not in rested)]
    open_to.sort(key=lambda s: (-s.need, s.chances, crc32(f"{week}:{s.follow_up}:{s.person}".encode())))
    picked: list[Story] = []
    turn = order(week, team)
    while True:
        before = len(picked)
        for reason in turn:
            told = next((s for s in open_to if s.reason is reason and _is_new(s, picked, who)), None)
            picked += [told] if told else []
        if len(picked) == before or len(picked) >= MOST + SPARES:
            return picked[: MOST + SPARES]


def _is_new(story: Story, picked: Sequence[Story], who: Mapping[int, int]) -> bool:
    told = {who.get(other.person, other.person) for other in picked}
    return who.get(story.person, story.person) not in told and all(story.follow_up != other.follow_up for other in picked)


def sample(ids: Iterable[int], week: Week) -> list[int]:
    """Returns one in ten, at least one if there is any."""
    drawn = by_lot(ids, week)
    return drawn[: -(-len(drawn) // 10)]


def by_lot(ids: Iterable[int], when: Week | date) -> list[int]:
    """Returns them in an order that nobody chooses or knows beforehand, and that is the same on every replica."""
    return sorted(ids, key=lambda one: crc32(f"{when}:{one}".encode()))
