"""The word `lost`, typed where no card is at hand: asks which customer left. The verb does the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import Connection

from handlers.arranged.who_is_ops import whom_to_ask
from handlers.cards import Ask, Field, Form, Reply, number
from handlers.company import Company
from handlers.situation import Tap, Word
from handlers.verbs import lost
from handlers.wording.language import gettext as _
from storage import followups, personal

WHICH = "lost:which"
"""The target of a form that itself asks which customer it is about."""
NEWEST = 50
"""The most cases of one customer that are looked at."""


def lose(tx: Connection, company: Company, word: Word) -> Reply:
    """The typed word, with the number of the case or the customer's e-mail after it, if any."""
    teams = [team.name for team in company.within_reach(word.person)]
    if not teams:
        text = _("No team has a channel in this workspace. Please ask {whom}.")
        return Reply(text.format(whom=whom_to_ask(tx, company, word.person)))
    return Reply(form=_asking(company, teams, word.rest))


def which(tx: Connection, company: Company, tap: Tap, may_steer: Callable[[int], bool]) -> int | Reply:
    """Returns the follow-up that a submitted form means, given by its number or by a customer's e-mail or key (then the newest
    that this person may decide about); a Reply with the error if there is none in a team within reach. Nobody else learns
    whether an e-mail is known."""
    teams = [team.name for team in company.within_reach(tap.person)]
    said = tap.answer("which")
    named, found = number(said.removeprefix("#")), None
    if named is not None:
        case = followups.case(tx, named)
        found = named if case is not None and case.team in teams else None
    elif said:
        theirs = followups.last_of(tx, [row.id for row in personal.known_as(tx, said, lock=False)], teams, NEWEST)
        found = next(filter(may_steer, theirs), None)
    if found is not None:
        return found
    missing = _("Nothing found among your cases and those of teams you lead. If they never wrote to us, type “heard” first.")
    return Reply(errors={"which": missing}, form=_asking(company, teams, said))


def _asking(company: Company, teams: Sequence[str], said: str) -> Form:
    causes = dict.fromkeys(cause for name in teams for cause in company.teams[name].causes)
    hint = _("The number on their card, such as #42, or their e-mail.")
    asked = Field(
        "which", _("Which customer?"), Ask.TEXT, max_length=200, hint=hint, value=said[:200], short=True,
        error=_("Please say which customer."),
    )  # fmt: skip
    return lost.form(WHICH, list(causes)[:100], asked)
