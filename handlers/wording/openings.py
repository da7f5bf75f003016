"""Sentences about cards that wait until their team opens. They never contain a customer's words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import Connection

from handlers.rules import Company, Team
from handlers.wording.language import gettext as _
from handlers.wording.language import ngettext
from handlers.wording.words import when
from storage import followups

_STEP, _LONGEST = timedelta(days=30), timedelta(days=900)
"""How far to look back at a time for an hour at which a team was open, and at most: longer than any closure."""


def appears(team: Team, at: datetime, now: datetime) -> str:
    """Says when a card that is asked for now will be posted: at the opening `at`."""
    return _("{team} is closed now; the card appears {at}.").format(team=team.title, at=when(at, team.hours.zone, now))


def open_before(team: Team, opened_at: datetime) -> datetime:
    """Returns a moment before which no card can have been held for this opening: in between, the team was open at some time."""
    since = opened_at - _STEP
    while not team.hours.between(since, opened_at) and opened_at - since < _LONGEST:
        since -= _STEP
    return since


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
