"""What a channel is told that stands in no thread: its welcome, and that cards wait until their team opens. No customer's words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection

from handlers.cards import Card
from handlers.company import Company
from handlers.team import Team
from handlers.wording.language import gettext as _
from handlers.wording.language import ngettext
from handlers.wording.words import when
from storage import followups


def appears(team: Team, at: datetime, now: datetime) -> str:
    """Says when a card that is asked for now will be posted: at the opening `at`."""
    return _("{team} is closed now; the card appears {at}.").format(team=team.title, at=when(at, team.hours.zone, now))


def cards_waiting(tx: Connection, company: Company, now: datetime) -> Iterator[str]:
    """Yields one line for each team and opening that cards wait for."""
    for row in followups.held(tx):
        team = company.teams.get(row.team)
        title, zone = (team.title, team.hours.zone) if team is not None else (row.team, company.timezone)
        if row.held_until <= now:  # the clock has not looked since the opening
            text = ngettext("{team}: 1 card is due since {at}", "{team}: {n} cards are due since {at}", row.number)
        else:
            text = ngettext(
                "{team}: 1 card waits for the opening, {at}", "{team}: {n} cards wait for the opening, {at}", row.number
            )
        yield text.format(team=title, n=row.number, at=when(row.held_until, zone, now))


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
