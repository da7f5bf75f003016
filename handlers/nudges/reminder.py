"""One case of a private bundle of reminders. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from handlers.case import Case
from handlers.ladder import Role
from handlers.nudges import steps
from handlers.nudges.steps import Kind
from handlers.team import Team


@dataclass(frozen=True, slots=True)
class Reminder:
    """One case of a bundle, sent at `said_at`. `step` is its name (see steps.py), `role` why this person is reminded. `asks`:
    whether it is the question “still yours?”. `again`: they were reminded like this before, so the wording differs. `score`: what
    the customer answered later."""

    case: Case
    team: Team
    role: Role
    step: str
    asks: bool
    said_at: datetime
    again: bool = False
    score: str = ""

    @property
    def kind(self) -> Kind | None:
        """Returns its reason, where it is no step of the ladder."""
        return steps.kind_of(self.step)

    @property
    def went_back(self) -> bool:
        """Returns whether it reports that a case they had is in the channel again."""
        return self.kind in steps.BACK

    @property
    def for_a_hand(self) -> bool:
        """Returns whether the owner asks for a hand."""
        return self.kind is Kind.HELP

    @property
    def is_of_yours(self) -> bool:
        """Returns whether its reader usually looks after this customer."""
        return self.role is Role.COLLEAGUE and not steps.is_passed_on(self.step, Role.COLLEAGUE)

    @property
    def for_a_look(self) -> bool:
        """Returns whether it asks for another look at a customer who has heard from us and said nothing since."""
        return self.case.contacted_at is not None and not (self.kind in steps.SPOKE or self.went_back or self.for_a_hand)

    @property
    def is_open_question(self) -> bool:
        """Returns whether it still waits for the answer to “still yours?”."""
        return self.asks and self.case.asked_at is not None

    def is_answered(self, now: datetime) -> bool:
        """Returns whether something was done about it since it was sent, though it is not over: it was snoozed or kept, somebody
        took it on or asked for a hand, or the customer has heard from us."""
        case = self.case
        resting = self.role is Role.OWNER and case.quiet_until is not None and case.quiet_until > now
        kept = self.asks and case.asked_at is None
        since = (case.contacted_at, case.claimed_at, case.help_at)
        return resting or kept or any(at is not None and at > self.said_at for at in since)
