"""What the simulation assumes about people. docs/simulate.md gives the source of each figure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Assumptions:
    """The simulated behaviour, with defaults. Probabilities are from 0 to 1; times are medians, in minutes at work."""

    customers_a_week: float = 6
    """Unhappy customers per team."""
    valuable: float = 0.1
    """The share of customers worth 20,000; the others are worth 500."""

    members: int = 5
    """Colleagues in a team, not counting its leader."""
    keenness: tuple[float, ...] = (1.4, 1.2, 1.0, 0.6, 0.2)
    """A factor for each colleague on the claim probabilities below: not everybody is equally keen."""
    shift_hours: float = 9
    """The longest anybody works in a day; where a team is open longer, colleagues start one after another."""
    day_off: float = 0.2
    """The probability that somebody is off on a day the team is open: five-day weeks, part time, illness."""
    holiday: float = 0.08
    """The probability that somebody is away for a whole week: four in a year."""
    says_away: float = 0.7
    """The share of people who tell the bot before they go."""

    claims_card: float = 0.25
    """The probability that a colleague at work claims a card they read in the channel."""
    claims_card_minutes: float = 20
    claims_line: float = 0.2
    """The same for a reminder in the channel or in a thread."""
    claims_line_minutes: float = 15

    talks: float = 0.75
    """The probability that the owner talks to the customer without a reminder."""
    talks_minutes: float = 90
    closes_at_once: float = 0.5
    """The probability that a case is closed right after that talk."""
    closes: float = 0.8
    """The probability that the others are closed without a reminder."""
    closes_minutes: float = 480

    acts_privately: float = 0.6
    """The probability that the owner acts on a private reminder."""
    acts_in_public: float = 0.3
    """The probability that the owner acts on a reminder in the channel or thread, where it may be meant for anybody."""
    acts_minutes: float = 30
    keeps: float = 0.15
    """The probability that an owner who is asked presses “Still mine” and does nothing else for now."""
    snoozes: float = 0.1
    hands_over: float = 0.05
    helps: float = 0.8
    """The probability that a leader who is told hands the case to a colleague at work; a backup or stand-in takes it over."""

    fatigue: float = 0.7
    """The factor by which each reminder already read that day reduces the will to act on the next."""
    repetition: float = 0.9
    """The factor by which each five percentage points of repeats among all reminders so far reduce it."""
    spread: float = 0.8
    """The variation of the times: sigma of a log-normal distribution."""


USUAL = Assumptions()
