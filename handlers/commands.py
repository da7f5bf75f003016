"""The words people type: mine, open, help, a card's number, and those about their own reminders. Each is answered privately."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from handlers import cases, colleagues
from handlers.arranged import ops
from handlers.arranged.link import link
from handlers.arranged.routes import routes
from handlers.arranged.set_up import here
from handlers.arranged.sources import sources
from handlers.arranged.status import status
from handlers.arranged.who_is_ops import is_ops
from handlers.arrivals.heard import heard
from handlers.cards import Card, Reply, number
from handlers.case import Case, State
from handlers.company import Company
from handlers.digests.week_now import week
from handlers.feedback import Person, Place
from handlers.followup import followup_card
from handlers.huddles import huddle
from handlers.lose import lose
from handlers.nudges import preferences
from handlers.nudges.how_reminded import how_reminded
from handlers.numbered import numbered
from handlers.situation import Word
from handlers.team import Team
from handlers.whereabouts import reply_with_places
from handlers.wording.language import gettext as _
from handlers.wording.language import ngettext
from handlers.wording.words import cut
from storage import followups, people

LOOKED_AT, ALIKE = 200, 0.75
"""How many characters of a sentence are searched for a command, and how similar its first word must be to one."""
LISTED = 10
"""The most cards in one answer; nobody reads a longer list on a phone."""
AT_A_GLANCE = 5
"""The most customers without anybody on somebody's home."""


def answer(tx: Connection, company: Company, word: str, person: Person, place: Place, now: datetime) -> Reply:
    """Returns the answer to a person who typed `word`, with anything that follows it, in a place. Empty text gets the help."""
    return reply_with_places(tx, _answer(tx, company, word, person, place, now), person)


def _answer(tx: Connection, company: Company, word: str, person: Person, place: Place, now: datetime) -> Reply:
    first, _space, rest = word.strip().partition(" ")
    first, typed = first.casefold(), Word(person, place, now, rest.strip())
    if first in BY_OPS and not rest:
        return BY_OPS[first](tx, company, typed) if is_ops(tx, company, person) else ops.only_ops(tx, company, person)
    command = (WITH_WORDS if rest else COMMANDS).get(first)
    if command is not None:
        return command(tx, company, typed)
    if not first:
        return _help(tx, company, typed)
    if not rest and (named := number(first.removeprefix("#"))) is not None:
        return numbered(tx, company, typed, named)
    return Reply(_not_understood(word, [*COMMANDS, *(BY_OPS if is_ops(tx, company, person) else ())]))


def is_word(text: str) -> bool:
    """Returns whether the text is one of the commands and nothing else."""
    return text.strip().casefold() in {*COMMANDS, *BY_OPS}


def _whose(held: Sequence[Case]) -> str:
    """Returns how many customers somebody has, and how many of them wait for a word from us: we wait for the others, or they have
    heard from us."""
    waiting = sum(case.state is State.CLAIMED and case.contacted_at is None for case in held)
    if waiting == len(held):
        text = ngettext("One customer waits for you.", "{n} customers wait for you, the most urgent first.", len(held))
        return text.format(n=len(held))
    have = ngettext("You have one customer.", "You have {n} customers, the most urgent first.", len(held)).format(n=len(held))
    if not waiting:
        return f"{have} {ngettext('They have heard from us.', 'All of them have heard from us.', len(held))}"
    rest = ngettext("One of them waits for a word from us.", "{n} of them wait for a word from us.", waiting)
    return f"{have} {rest.format(n=waiting)}"


def _all_have_somebody(here: Sequence[Team], all_teams: Sequence[Team]) -> str:
    """Returns that nobody waits for somebody, and where: in a channel, other teams may still have somebody who does."""
    if len(here) in (0, len(all_teams)):
        return _("Every customer has somebody who replies. Thank you.")
    text = _("At {team}, every customer has somebody who replies. Thank you. For all teams, type “open” to me privately.")
    return text.format(team=", ".join(team.title for team in here))


def _mine(tx: Connection, company: Company, word: Word) -> Reply:
    who = colleagues.remember(tx, word.person)
    held = [cases.case_of(row) for row in followups.owned_by(tx, who.id, LISTED + 1)]
    if not held:
        return Reply(_("Nothing waits for you. Type “open” to see who still waits for somebody."))
    return Reply(_more(_whose(held), held), cards=_cards(tx, company, held, word.at))


def _open(tx: Connection, company: Company, word: Word, listed: int = LISTED, *, words: bool = True) -> Reply:
    teams = company.within_reach(word.person)
    here = [team for team in teams if word.place in team.channels]
    names = [team.name for team in here or teams]
    waiting = [cases.case_of(row) for row in followups.unclaimed(tx, names, listed + 1)]
    if not waiting:
        return Reply(_all_have_somebody(here, teams))
    text = ngettext("One customer waits for somebody.", "{n} customers wait for somebody, the most urgent first.", len(waiting))
    shown = waiting[:listed] if words else [replace(case, comment="", touchpoint=None) for case in waiting[:listed]]
    return Reply(_more(text.format(n=len(waiting)), waiting, listed), cards=_cards(tx, company, shown, word.at))


def _home(tx: Connection, company: Company, word: Word) -> Reply:
    """What somebody has, who waits for anybody, and how they are reminded; with the words there are for whom nothing waits."""
    mine, others = _mine(tx, company, word), _open(tx, company, word, AT_A_GLANCE, words=False)
    known = people.find(tx, *word.person.place.parts)
    assert known is not None, "whose customers were looked for is remembered"
    reminded = Card(plain=how_reminded(known, company.timezone, word.at))
    nothing = _("Nothing waits for you.")
    if not mine.cards and not others.cards:
        return Reply(f"{nothing} {others.text}\n\n{_help(tx, company, word).text}", cards=(reminded,))
    waiting = Card(plain=f"{others.text} {_('Type “open” to read what they said.')}" if others.cards else others.text)
    glances = [_at_a_glance(card) for card in others.cards]
    return Reply(mine.text if mine.cards else nothing, cards=(*mine.cards, waiting, *glances, reminded))


def _at_a_glance(card: Card) -> Card:
    """A home stays as it was drawn until it is opened again, so of customers that somebody does not have it keeps nothing that an
    erasure takes away: no words and no touchpoint. Without these, all one can do is take the customer on."""
    taking = tuple(button for button in card.buttons if button.verb == "claim")
    return replace(card, plain=card.headline, buttons=taking, menu=())


def _help(tx: Connection, company: Company, word: Word) -> Reply:
    usual = _usual_help()
    return Reply(f"{usual}\n{_help_for_ops()}" if is_ops(tx, company, word.person) else usual)


def _not_understood(word: str, known: Sequence[str]) -> str:
    text = _("I did not understand “{word}”, so nothing was done.").format(word=cut(" ".join(word.split()), 40))
    near = _nearest(word, known)
    if near:
        return f"{text} {_('Did you mean “{near}”? Type “help” to see all words.').format(near=near)}"
    return f"{text} {_('Type “help” to see what I know.')}"


def _nearest(said: str, known: Sequence[str]) -> str | None:
    """Returns the command that was probably meant: one that occurs in the text, or one similar to its first word."""
    words = re.findall(r"\w+", cut(said, LOOKED_AT).casefold())
    near = difflib.get_close_matches(words[0], known, 1, ALIKE) if words else []
    return next((word for word in (*words, *near) if word in known and word != "help"), None)


def _help_for_ops() -> str:
    return _(
        "here: make this channel a team's, or change its team\n"
        "routes: which feedback goes to which team\n"
        "sources: where feedback comes from, a test, and a new one\n"
        "ops: who may set things up\n"
        "status: is anything stuck? With the last changes, to undo them"
    )


def _usual_help() -> str:
    return _(
        "When a customer is unhappy, a card appears in the team's channel. "
        "Press “I'll reply”, talk to the customer, press “Done…”.\n"
        "mine: the customers you are replying to\n"
        "open: the customers who wait for somebody\n"
        "home: both, and how you are reminded\n"
        "#42: the card with that number\n"
        "heard: pass on what a customer told you\n"
        "lost: note that a customer left, and why\n"
        "huddle: call a quick stand-up in the team's channel\n"
        "week: what was promised and kept so far, for who leads or manages a team; week last\n"
        "less, more, stop: how often you are reminded\n"
        "pause until Monday: no reminders until then\n"
        "quiet 17:00-09:00: your own quiet hours; quiet off ends them\n"
        "away until Monday forward ben@example.com: somebody else hears of your customers\n"
        "name: what you are called in the weekly post\n"
        "link lea@example.com: your work address, if this chat knows you by another\n"
        "help: show this list"
    )


Command = Callable[[Connection, Company, Word], Reply]
ABOUT_ONESELF: Mapping[str, Command] = {
    "less": preferences.less,
    "more": preferences.more,
    "stop": preferences.stop,
    "pause": preferences.pause,
    "quiet": preferences.quiet_hours,
    "away": preferences.away,
    "link": link,
    "name": preferences.name,
}
"""Commands about oneself; text may follow them."""
WITH_WORDS: Mapping[str, Command] = {"heard": heard, "lost": lose, "week": week, **ABOUT_ONESELF}
BY_OPS: Mapping[str, Command] = {"here": here, "routes": routes, "sources": sources, "ops": ops.ops, "status": status}
"""Commands for ops only."""
COMMANDS: Mapping[str, Command] = {
    "mine": _mine, "open": _open, "home": _home, "heard": heard, "lost": lose, "huddle": huddle.huddle, "week": week,
    "help": _help, **ABOUT_ONESELF,
}  # fmt: skip


def _cards(tx: Connection, company: Company, held: list[Case], now: datetime) -> tuple[Card, ...]:
    """Returns what the channel sees of each."""
    known = [cases.with_history(tx, case) for case in held[:LISTED] if case.team in company.teams]
    return tuple(followup_card.channel_card(case, company.teams[case.team], company.people, now) for case in known)


def _more(text: str, held: list[Case], listed: int = LISTED) -> str:
    return text if len(held) <= listed else _("More than {n} customers wait; these are the most urgent.").format(n=listed)
