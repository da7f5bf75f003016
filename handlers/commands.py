"""The words people type: mine, open, help, and those about their own reminders. Each is answered privately."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy import Connection

from handlers import cases, followup_card, wishes
from handlers.cards import Card, Reply
from handlers.feedback import Case, Person, Place
from handlers.heard import heard
from handlers.language import gettext as _
from handlers.language import ngettext
from handlers.rules import Company
from storage import followups

LISTED = 10
"""The most cards in one answer; a longer list is not read on a phone."""


def answer(tx: Connection, company: Company, word: str, person: Person, place: Place, now: datetime) -> Reply:
    """What to tell a person who typed `word`, with what follows it, in a place; an unknown word is answered with help."""
    first, _space, rest = word.strip().partition(" ")
    command = (WITH_WORDS if rest else COMMANDS).get(first.casefold(), _help)
    return command(tx, company, person, place, now, rest.strip())


def _mine(tx: Connection, company: Company, person: Person, place: Place, now: datetime, rest: str) -> Reply:
    who = cases.remember(tx, person)
    held = [cases.case_of(row) for row in followups.owned_by(tx, who.id, LISTED + 1)]
    if not held:
        return Reply(_("Nothing waits for you. Type “open” to see who still waits for somebody."))
    text = ngettext("One customer waits for you.", "{n} customers wait for you, the most urgent first.", len(held))
    return Reply(_more(text.format(n=len(held)), held), cards=_cards(company, held, now))


def _open(tx: Connection, company: Company, person: Person, place: Place, now: datetime, rest: str) -> Reply:
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


def _help(tx: Connection, company: Company, person: Person, place: Place, now: datetime, rest: str) -> Reply:
    return Reply(
        _(
            "When a customer is unhappy, a card appears in the team's channel. "
            "Press “I'll reply”, talk to the customer, press “Done…”.\n"
            "mine: the customers you are replying to\n"
            "open: the customers who wait for somebody\n"
            "heard: pass on what a customer told you\n"
            "less, more, stop: how often you are reminded\n"
            "pause until Monday: no reminders until then\n"
            "quiet 17:00-09:00: your own quiet hours\n"
            "away until Monday forward ben@example.com: somebody else hears of your customers\n"
            "help: this"
        )
    )


Command = Callable[[Connection, Company, Person, Place, datetime, str], Reply]
WISHES: Mapping[str, Command] = {
    "less": wishes.less,
    "more": wishes.more,
    "stop": wishes.stop,
    "pause": wishes.pause,
    "quiet": wishes.hush,
    "away": wishes.away,
}
"""Those about one's own reminders; words may follow them."""
WITH_WORDS: Mapping[str, Command] = {"heard": heard, **WISHES}
COMMANDS: Mapping[str, Command] = {"mine": _mine, "open": _open, "heard": heard, "help": _help, **WISHES}


def _cards(company: Company, held: list[Case], now: datetime) -> tuple[Card, ...]:
    known = [case for case in held[:LISTED] if case.team in company.teams]
    return tuple(followup_card.channel_card(case, company.teams[case.team], company.people, now) for case in known)


def _more(text: str, held: list[Case]) -> str:
    return text if len(held) <= LISTED else _("More than {n} customers wait; these are the most urgent.").format(n=LISTED)
