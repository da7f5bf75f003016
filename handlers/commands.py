"""The words people type: mine, open, help. Each is answered privately."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from gettext import gettext as _
from gettext import ngettext

from sqlalchemy import Connection

from handlers import cases, followup_card
from handlers.cards import Card, Reply
from handlers.feedback import Case, Person, Place
from handlers.rules import Company
from storage import followups

LISTED = 10
"""The most cards in one answer; a longer list is not read on a phone."""


def answer(tx: Connection, company: Company, word: str, person: Person, place: Place, now: datetime) -> Reply:
    """What to tell a person who typed `word` in a place; an unknown word is answered with help."""
    return COMMANDS.get(word.strip().casefold(), _help)(tx, company, person, place, now)


def _mine(tx: Connection, company: Company, person: Person, place: Place, now: datetime) -> Reply:
    who = cases.remember(tx, person)
    held = [cases.case_of(row) for row in followups.owned_by(tx, who.id, LISTED + 1)]
    if not held:
        return Reply(_("Nothing waits for you. Type “open” to see who still waits for somebody."))
    text = ngettext("One customer waits for you.", "{n} customers wait for you, the most urgent first.", len(held))
    return Reply(_more(text.format(n=len(held)), held), cards=_cards(company, held, now))


def _open(tx: Connection, company: Company, person: Person, place: Place, now: datetime) -> Reply:
    here = [team.name for team in company.teams.values() if place in team.channels]
    waiting = [cases.case_of(row) for row in followups.unclaimed(tx, here or _within_reach(company, person), LISTED + 1)]
    if not waiting:
        return Reply(_("Every customer has somebody who replies. Thank you."))
    text = ngettext("One customer waits for somebody.", "{n} customers wait for somebody, the most urgent first.", len(waiting))
    return Reply(_more(text.format(n=len(waiting)), waiting), cards=_cards(company, waiting, now))


def _within_reach(company: Company, person: Person) -> list[str]:
    """The teams with a channel in this person's workspace: what others hear is not theirs to read."""
    home = (person.chat, person.workspace)
    return [team.name for team in company.teams.values() if any((p.chat, p.workspace) == home for p in team.channels)]


def _help(tx: Connection, company: Company, person: Person, place: Place, now: datetime) -> Reply:
    return Reply(
        _(
            "When a customer is unhappy, a card appears in the team's channel. "
            "Press “I'll reply”, talk to the customer, press “Done…”.\n"
            "mine: the customers you are replying to\n"
            "open: the customers who wait for somebody\n"
            "help: this"
        )
    )


Command = Callable[[Connection, Company, Person, Place, datetime], Reply]
COMMANDS: Mapping[str, Command] = {"mine": _mine, "open": _open, "help": _help}


def _cards(company: Company, held: list[Case], now: datetime) -> tuple[Card, ...]:
    known = [case for case in held[:LISTED] if case.team in company.teams]
    return tuple(followup_card.channel_card(case, company.teams[case.team], company.people, now) for case in known)


def _more(text: str, held: list[Case]) -> str:
    return text if len(held) <= LISTED else _("More than {n} customers wait; these are the most urgent.").format(n=LISTED)
