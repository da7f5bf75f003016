"""A number typed, such as #42: shows the card of that number, as the channel sees it. Posts and reminders name cases by it."""

from __future__ import annotations

from sqlalchemy import Connection

from handlers import cases, colleagues
from handlers.cards import Card, Reply
from handlers.case import Case
from handlers.company import Company
from handlers.feedback import Person
from handlers.followup.followup_card import channel_card
from handlers.leaders import leads
from handlers.situation import Word
from handlers.wording.language import gettext as _
from storage import act_log, people


def numbered(tx: Connection, company: Company, word: Word, follow_up_id: int) -> Reply:
    """Returns the card to anybody in a workspace of its team while it is open. One that is not is shown where its card stands, to
    who took part, and to who leads the team; others read where it is."""
    case = cases.read(tx, follow_up_id)
    team = company.teams.get(case.team) if case is not None else None
    if case is None or team is None or not team.reaches(word.person):
        return Reply(_("There is no #{id} here.").format(id=follow_up_id))
    who = colleagues.remember(tx, word.person)
    if case.open or word.place in team.channels or _took_part(tx, case, who) or leads(tx, team, who, word.at):
        return Reply(cards=(channel_card(cases.with_history(tx, case), team, company.people, word.at),))
    text = _("#{id} is not open any more. Its card is in the channel of {team}.").format(id=case.id, team=team.title)
    return Reply(cards=(Card(plain=text, headline=text, follow_up=case.id),))


def _took_part(tx: Connection, case: Case, who: Person) -> bool:
    """Returns whether somebody had the case, passed it on to us, or did anything with it, in whichever chat."""
    theirs = [row.id for row in people.everywhere(tx, [who.id])[who.id]]
    had = case.author_id in theirs or (case.owner is not None and case.owner.id in theirs)
    return had or any(act_log.last_by(tx, case.id, id) is not None for id in theirs)
