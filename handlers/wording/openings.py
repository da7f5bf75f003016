"""What a channel is told that stands in no thread: its welcome, and that cards wait until their team opens. No customer's words.
Pure."""

from __future__ import annotations

from datetime import datetime

from handlers.cards import Card
from handlers.team import Team
from handlers.wording.language import gettext as _
from handlers.wording.language import ngettext
from handlers.wording.words import when


def appears(team: Team, at: datetime, now: datetime) -> str:
    """Says when a card that is asked for now will be posted: at the opening `at`."""
    return _("{team} is closed now; the card appears {at}.").format(team=team.title, at=when(at, team.hours.zone, now))


def welcome(title: str, claim: str, close: str) -> Card:
    """Greets a channel that has just been given to a team."""
    text = _(
        "This is the channel of {title} now. When a customer is unhappy, a card appears here; whoever presses “I'll reply” "
        "gets back to them. Our promise: somebody takes it on within {claim}, and the customer is looked after within {close}. "
        "Only the time we are open counts."
    )
    return Card(plain=text.format(title=title, claim=claim, close=close))


def opening(number: int) -> Card:
    """The line above the cards that waited for the opening."""
    text = ngettext("One customer wrote while we were closed:", "{n} customers wrote while we were closed:", number)
    return Card(plain=text.format(n=number))
