"""week, typed: what was promised and kept so far, for who leads or manages a team. The figures are those of the leader's post; what
that asks its reader to decide, and what it says of the bot itself, can wait for Monday."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from handlers import cases, colleagues
from handlers.calendar import weeks
from handlers.cards import Card, Reply
from handlers.company import Company
from handlers.digests import leader_digest
from handlers.digests.snapshot import Taken
from handlers.feedback import Person
from handlers.ladder import Role
from handlers.situation import Word
from handlers.team import Team
from handlers.wording.language import gettext as _
from storage import nudges, people

MOST = 20
"""Teams in one answer: whoever asks waits for it."""
FIGURES_ALONE: Mapping[str, Any] = {"asked": True, "caused": {}, "raised": []}
"""An answer is drawn once, so it quotes no customer in a line of the text, and no colleague anywhere."""


def week(tx: Connection, company: Company, word: Word) -> Reply:
    """Returns the week that runs, or the last, of the team in whose channel it is typed, else of all teams of that person."""
    if word.rest.casefold() not in ("", "last"):
        return Reply(_("Which week? Type “week” for this one, “week last” for the one before."))
    led, managed = _of(tx, company, colleagues.remember(tx, word.person))
    theirs = [*led, *(team for team in managed if team not in led)]
    if not theirs:
        return Reply(_("Only who leads or manages a team can ask for its week. “open” shows who waits for somebody."))
    asked = [team for team in theirs if word.place in team.channels] or theirs
    card = _card(tx, company, asked[:MOST], led, word)
    if len(asked) <= MOST:
        return Reply(cards=(card,))
    text = _("These are {most} of your {n} teams. Typed in the channel of a team, “week” is about that one.")
    return Reply(text.format(most=MOST, n=len(asked)), cards=(card,))


def _of(tx: Connection, company: Company, who: Person) -> tuple[list[Team], list[Team]]:
    """Returns the teams that somebody leads, and those that they manage, in whichever chat they do; of those in this workspace."""
    duty, ids = nudges.on_duty(tx), {row.id for row in people.everywhere(tx, [who.id])[who.id]}
    within_reach = company.within_reach(who)
    led = {team.name for team in within_reach if team.names_as_leader(who.email)}
    led |= {team for (team, role), known in duty.items() if role == Role.LEADER and not ids.isdisjoint(known)}
    managed = {team for (team, role), known in duty.items() if role == Role.MANAGER and not ids.isdisjoint(known)}
    return [team for team in within_reach if team.name in led], [team for team in within_reach if team.name in managed]


def _card(tx: Connection, company: Company, teams: Sequence[Team], led: Sequence[Team], word: Word) -> Card:
    this = min(weeks.now_in(team.hours, word.at) for team in teams)
    counted = leader_digest.take(tx, teams, this.after(-1) if word.rest else this, word.at)
    made = Taken(0, word.at, word.at, {**counted, **FIGURES_ALONE})
    card = leader_digest.picture(tx, company, made, word.at)
    to_decide = {id for id, case in cases.read_all(tx, counted["waiting"]).items() if company.teams[case.team] in led}
    items = tuple(item if item.follow_up in to_decide else replace(item, buttons=()) for item in card.items)
    return replace(card, items=items, buttons=(), menu=())  # no stored post that a list could belong to
