"""The baseline: the same people with one reminder an hour in the channel, day and night, of all that is open."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.simulate.assumptions import Assumptions
from bot.simulate.customers import BEGINS, Story
from bot.simulate.office import Deed, Office, Reminder
from bot.simulate.staff import Colleague, Staff

HOUR = timedelta(hours=1)


class Hourly(Office):
    """A plain model without the bot: cards appear at once, a case has one owner, and one message an hour names every open case."""

    def __init__(self, staff: Staff, stories: Sequence[Story], seed: int, weeks: int, assumed: Assumptions) -> None:
        super().__init__(staff, stories, seed, weeks, assumed)
        self.open: dict[str, list[Story]] = {team: [] for team in staff.members}

    def played(self) -> None:
        hour = BEGINS - 24 * HOUR
        while hour < self.until:
            hour += HOUR
            while self.queue and self.queue[0][0] < hour:
                self._person(*heapq.heappop(self.queue))
            for team in self.open:
                self._remind(team, hour)

    def does(self, deed: Deed, story: Story, who: Colleague, _to: Colleague | None, now: datetime) -> bool:
        if (story.owner is not None) if deed is Deed.CLAIM else (story.owner != who.person.user_id):
            return False
        if deed is Deed.CLAIM:
            story.owner = who.person.user_id
            story.claimed_at = story.claimed_at or now
        elif deed is Deed.CONTACTED:
            story.contacted_at = story.contacted_at or now
        elif deed is Deed.CLOSE:
            story.contacted_at, story.closed_at = story.contacted_at or now, now
        return True

    def _person(self, at: datetime, _: int, deed: Deed, story: Story | None, who: Colleague | None) -> None:
        assert story is not None, "nobody tells a reminder that they are away"
        if who is not None:
            self.acts(deed, story, who, at)
            return
        self.open[story.team].append(story)
        self.card_appears(story, at)

    def _remind(self, team: str, now: datetime) -> None:
        self.open[team] = named = [story for story in self.open[team] if story.closed_at is None]
        if not named:
            return
        for story in named:
            story.reminders += 1
        self.noise.reminders += 1
        self.noise.off_hours += not any(story.hours.is_open(now) for story in named)
        self.line_appears([Reminder(story, "") for story in named], team, now)
