"""What the simulation takes for granted about people: each figure once. docs/simulate.md says where it comes from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Assumptions:
    """Chances lie between 0 and 1; times are minutes at work, half of all take longer. The defaults are played."""

    customers_a_week: float = 6
    """Unhappy customers of one team."""
    valuable: float = 0.1
    """How many of them are worth 20,000; the others are worth 500."""

    members: int = 5
    """Colleagues of a team, its leader not counted."""
    keenness: tuple[float, ...] = (1.4, 1.2, 1.0, 0.6, 0.2)
    """What each of them makes of the chances below: not everybody is equally keen."""
    shift_hours: float = 9
    """The longest that anybody works on a day; where a team is open longer, colleagues come one after another."""
    day_off: float = 0.2
    """How likely somebody does not work on a day on which the team is open: five days of seven, part time, illness."""
    holiday: float = 0.08
    """How likely somebody is away for a whole week: four in a year."""
    says_away: float = 0.7
    """How many tell the bot before they go."""

    claims_card: float = 0.25
    """How likely one colleague who is at work claims a card they read in the channel."""
    claims_card_minutes: float = 20
    claims_line: float = 0.2
    """The same for a reminder in the channel or in a thread."""
    claims_line_minutes: float = 15

    talks: float = 0.75
    """How likely whoever has a customer talks to them without being reminded."""
    talks_minutes: float = 90
    closes_at_once: float = 0.5
    """How likely a customer is looked after in the same talk."""
    closes: float = 0.8
    """How likely the others are closed without being reminded."""
    closes_minutes: float = 480

    acts_privately: float = 0.6
    """How likely the owner acts on a private reminder."""
    acts_in_public: float = 0.3
    """How likely the owner acts on one in the channel or in the thread, where it may be meant for anybody."""
    acts_minutes: float = 30
    keeps: float = 0.15
    """How many press “Still mine” when they are asked, and do nothing else for now."""
    snoozes: float = 0.1
    hands_over: float = 0.05
    helps: float = 0.8
    """How likely a leader who is told hands the customer to a colleague who is there; a backup or a stand-in takes it over."""

    fatigue: float = 0.7
    """What each reminder somebody has read that day leaves of their will to act on the next one."""
    repetition: float = 0.9
    """What each five percentage points of repeats, among all that somebody was reminded of so far, leave of it."""
    spread: float = 0.8
    """How much the times differ: the spread (sigma) of a log-normal distribution."""


USUAL = Assumptions()
