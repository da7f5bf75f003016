"""What both ways to remind share: colleagues read, and what they will do is queued in order of time."""

from __future__ import annotations

import heapq
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from bot.simulate.assumptions import Assumptions
from bot.simulate.chance import draw, minutes
from bot.simulate.customers import BEGINS, Story
from bot.simulate.staff import Colleague, Staff
from handlers.ladder import Role


class Deed(StrEnum):
    """What the queue holds: something a person does, in most cases a verb of the bot."""

    CAME = "came"
    AWAY = "away"
    CLAIM = "claim"
    CONTACTED = "contacted"
    CLOSE = "close"
    KEEP = "keep"
    SNOOZE = "snooze"
    HAND_OVER = "hand_over"


@dataclass(slots=True)
class Noise:
    """How much people were reminded. `read` and `private` count messages by person and day."""

    reminders: int = 0
    off_hours: int = 0
    read: dict[tuple[str, date], int] = field(default_factory=dict)
    private: dict[tuple[str, date], int] = field(default_factory=dict)


TO_ANSWER = 5
"""The minutes it takes to press a button of a private message."""

FIVE_PERCENT = 0.05

Planned = tuple[datetime, int, Deed, Story | None, Colleague | None]


@dataclass(frozen=True, slots=True)
class Reminder:
    """A reminder about one customer. The same `words` about the same customer count as a repeat. `asks`: it asks “still yours?”."""

    story: Story
    words: str
    role: Role = Role.THREAD
    asks: bool = False


@dataclass(slots=True)
class _Attention:
    """What somebody has been reminded of so far."""

    heard: int = 0
    repeats: int = 0
    known: set[tuple[int, str]] = field(default_factory=set)

    def share_with(self, about: Sequence[Reminder]) -> float:
        """Count these reminders. Returns the share of repeats among all so far, these included."""
        for each in about:
            self.heard += 1
            self.repeats += (each.story.number, each.words) in self.known
            self.known.add((each.story.number, each.words))
        return self.repeats / self.heard if self.heard else 0


class Office(ABC):
    """Colleagues at work. Each draw is named by case, person and how often they were asked, so that both ways to remind meet the
    same people in the same mood."""

    def __init__(self, staff: Staff, stories: Sequence[Story], seed: int, weeks: int, assumed: Assumptions) -> None:
        self.staff, self.stories, self.seed, self.assumed = staff, stories, seed, assumed
        self.until = BEGINS + timedelta(weeks=weeks)
        self.noise = Noise()
        self.queue: list[Planned] = []
        self._number = 0
        self._asked: dict[tuple[object, ...], int] = {}
        self._attention: dict[str, _Attention] = {}
        for story in stories:
            self.plan(story.came, Deed.CAME, story)

    @abstractmethod
    def does(self, deed: Deed, story: Story, who: Colleague, to: Colleague | None, now: datetime) -> bool:
        """Carry out the deed. Returns False when it is no longer possible."""

    def plan(self, at: datetime | None, deed: Deed, story: Story | None = None, who: Colleague | None = None) -> None:
        if at is not None:
            self._number += 1
            heapq.heappush(self.queue, (at, self._number, deed, story, who))

    def card_appears(self, story: Story, now: datetime) -> None:
        """A new card: colleagues at work may claim it now, the others when they next come in."""
        for who in self.staff.members[story.team]:
            self._may_claim(story, who, who.next_there(now), self.assumed.claims_card, self.assumed.claims_card_minutes)

    def line_appears(self, about: Sequence[Reminder], team: str, now: datetime) -> None:
        """One reminder in the channel or a thread, about one or several customers. Only those at work read it."""
        for who in [who for who in self.staff.members[team] if who.is_there(now)]:
            will = self._reads(who, now, about)
            for story in [each.story for each in about]:
                if story.owner is None:
                    self._may_claim(story, who, now, self.assumed.claims_line * will, self.assumed.claims_line_minutes)
                elif story.owner == who.person.user_id and self._draw("in public", story, who) < self.assumed.acts_in_public * will:
                    self._gets_on_with_it(story, who, now)

    def reads_privately(self, who: Colleague, about: Sequence[Reminder], now: datetime) -> tuple[datetime | None, float]:
        """A private message arrives. Returns when it is read, and what is left of the will to act on it."""
        day, at = who.day(now), who.next_there(now)
        self.noise.private[day] = self.noise.private.get(day, 0) + 1
        return at, self._reads(who, at, about) if at else 0

    def owner_hears(self, about: Sequence[Reminder], who: Colleague, at: datetime, will: float) -> None:
        """The owner reads private reminders about their own cases."""
        for each in about:
            mood = self._draw("privately", each.story, who)
            for chance, deed in self._answers(each, will):
                if mood < chance:
                    if deed is None:
                        self._gets_on_with_it(each.story, who, at)
                    else:
                        self.plan(who.worked(at, TO_ANSWER), deed, each.story, who)
                    break
                mood -= chance

    def helper_hears(self, about: Sequence[Reminder], who: Colleague, at: datetime, will: float) -> None:
        """Somebody reads private reminders about others' cases. A leader hands over, a manager asks a colleague, the rest take
        over."""
        for story, role in [(each.story, each.role) for each in about]:
            if self._draw("helps", story, who) >= self.assumed.helps * will:
                continue
            after = who.worked(at, self._minutes(self.assumed.acts_minutes, "helps", story, who))
            if role is Role.LEADER:
                self.plan(after, Deed.HAND_OVER, story, who)
            else:
                self.plan(after, Deed.CLAIM, story, self._colleague_for(story, at) if role is Role.MANAGER else who)

    def acts(self, deed: Deed, story: Story, who: Colleague, now: datetime) -> None:
        """Carry out what was planned, and plan what follows from it."""
        to = self._colleague_for(story, now) if deed is Deed.HAND_OVER else None
        if story.closed_at is not None or (deed is Deed.HAND_OVER and to is None) or not self.does(deed, story, who, to, now):
            return
        if deed in (Deed.CLAIM, Deed.HAND_OVER):
            self._has_it_now(story, to or who, now)
        elif deed is Deed.CONTACTED:
            self._contacted(story, who, now)

    def _has_it_now(self, story: Story, who: Colleague, now: datetime) -> None:
        if self._draw("talks", story, who) < self.assumed.talks:
            self.plan(who.worked(now, self._minutes(self.assumed.talks_minutes, "talks", story, who)), Deed.CONTACTED, story, who)

    def _contacted(self, story: Story, who: Colleague, now: datetime) -> None:
        if self._draw("at once", story, who) < self.assumed.closes_at_once:
            self.plan(now, Deed.CLOSE, story, who)
        elif self._draw("closes", story, who) < self.assumed.closes:
            self.plan(who.worked(now, self._minutes(self.assumed.closes_minutes, "closes", story, who)), Deed.CLOSE, story, who)

    def _gets_on_with_it(self, story: Story, who: Colleague, at: datetime | None) -> None:
        deed = Deed.CONTACTED if story.contacted_at is None else Deed.CLOSE
        self.plan(who.worked(at, self._minutes(self.assumed.acts_minutes, "acts", story, who)) if at else None, deed, story, who)

    def _answers(self, each: Reminder, will: float) -> Iterator[tuple[float, Deed | None]]:
        """Yields (probability, deed) for what an owner may do about a private reminder. None is the next real step of the case."""
        yield self.assumed.acts_privately * will, None
        yield self.assumed.hands_over * will, Deed.HAND_OVER
        yield (self.assumed.keeps if each.asks else self.assumed.snoozes) * will, Deed.KEEP if each.asks else Deed.SNOOZE

    def _may_claim(self, story: Story, who: Colleague, at: datetime | None, chance: float, half: float) -> None:
        if at is not None and self._draw("claims", story, who) < chance * who.keen:
            self.plan(who.worked(at, self._minutes(half, "claims", story, who)), Deed.CLAIM, story, who)

    def _reads(self, who: Colleague, at: datetime, about: Sequence[Reminder]) -> float:
        """Count a reminder. Returns what the earlier ones left of the will to act on it."""
        day, attention = who.day(at), self._attention.setdefault(who.person.user_id, _Attention())
        before = self.noise.read.get(day, 0)
        self.noise.read[day] = before + 1
        share = attention.share_with(about)
        return float(self.assumed.fatigue**before * self.assumed.repetition ** (share / FIVE_PERCENT))

    def _colleague_for(self, story: Story, now: datetime) -> Colleague | None:
        """Returns who gets the case: the keenest colleague at work who does not have it, else the first to come in."""
        others = [who for who in self.staff.members[story.team] if who.person.user_id != story.owner]
        coming = [(at, n, who) for n, who in enumerate(others) if (at := who.next_there(now)) is not None]
        return min(coming)[2] if coming else None

    def _draw(self, what: str, story: Story, who: Colleague) -> float:
        return draw(self.seed, what, story.number, who.person.user_id, self._nth(what, story, who))

    def _minutes(self, half: float, what: str, story: Story, who: Colleague) -> int:
        about = (f"{what} after", story.number, who.person.user_id, self._nth(f"{what} after", story, who))
        return minutes(half, self.assumed.spread, self.seed, *about)

    def _nth(self, what: str, story: Story, who: Colleague) -> int:
        key = (what, story.number, who.person.user_id)
        self._asked[key] = self._asked.get(key, 0) + 1
        return self._asked[key]
