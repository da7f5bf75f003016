"""hand_over: somebody else takes over the follow-up, which is a good act in time, or is asked to take on one that nobody has."""

from __future__ import annotations

from dataclasses import replace

from handlers.cards import Ask, Field, Form, Reply
from handlers.case import State
from handlers.feedback import Person
from handlers.followup.handed_card import NOBODY_HAD_IT, WORDS
from handlers.situation import AFRESH, Away, Change, Decision, Situation
from handlers.verbs.claim import taken_on
from handlers.wording import replies
from handlers.wording.language import gettext as _
from handlers.wording.words import begin, called


def hand_over(situation: Situation) -> Decision:
    case = situation.case
    if not case.open:
        return replies.finished(case, situation.tap.at)
    if case.state is not State.NEW and not situation.may_steer and not situation.may_step_in:
        return replies.not_yours(situation)
    if situation.tap.answers is None:
        return Reply(form=_form(situation))
    to = situation.chosen.get("to")
    if to is None:
        return _form(situation).again("to")
    if _has_it(situation, to):
        return Reply(errors={"to": _("They have it already. Please choose somebody else.")}, form=_form(situation))
    if to.id == situation.actor.id and not situation.is_owner:
        return replace(taken_on(situation), verb="claim")
    away = situation.away(to)
    if away is not None and away.until > case.close_by:
        return Reply(errors={"to": _back_too_late(situation, to, away)}, form=_form(situation))
    columns = {"state": State.CLAIMED, "owner_id": to.id, "claimed_at": situation.tap.at, **AFRESH}
    words = " ".join(situation.tap.answer("words").split())[:WORDS]
    detail = {"to": to.id} | ({"words": words} if words else {}) | ({NOBODY_HAD_IT: True} if case.owner is None else {})
    return Change(columns, _done(situation, to, away), detail, aloud=True, tell=to)


def _has_it(situation: Situation, to: Person) -> bool:
    """Returns whether they have it already, also in another chat of the team."""
    owner = situation.case.owner
    if owner is None or to.id == owner.id:
        return owner is not None
    return to.id == situation.actor.id and situation.is_owner and situation.team.reaches(owner)


def _done(situation: Situation, to: Person, away: Away | None) -> str:
    name = called(to, situation.company.people)
    if situation.case.owner is None:
        now_theirs = _("{name} is asked to take this on, and has the customer's details now.")
        later = _("{name} is asked to take this on, and is away until {day}.")
        name = begin(name)
    else:
        now_theirs = _("Handed over to {name}, who has the customer's details now.")
        later = _("Handed over to {name}, who is away until {day}.")
    if away is None:
        return now_theirs.format(name=name)
    text = later.format(name=name, day=replies.until(situation, away))
    if away.stand_ins:
        text += " " + _in_their_place(situation, away.stand_ins[0])
    return text


def _in_their_place(situation: Situation, stand_in: Person) -> str:
    if situation.is_one_of([stand_in.id]):
        return _("You are reminded of this customer in their place.")
    who = begin(called(stand_in, situation.company.people))
    return _("{who} is reminded of this customer in their place.").format(who=who)


def _back_too_late(situation: Situation, to: Person, away: Away) -> str:
    text = _("{name} is away until {day}, later than our promise to this customer. Please choose somebody else.")
    return text.format(name=begin(called(to, situation.company.people)), day=replies.until(situation, away))


def _form(situation: Situation) -> Form:
    """Only the owner hands something over. Anybody else chooses who replies: whoever leads the team or was asked to step in, and
    anybody at all while nobody has it."""
    whom = Field(
        "to", _("Who takes it on?"), Ask.PERSON, hint=_("They get the details privately."), error=_("Please choose a colleague.")
    )
    words = Field(
        "words", _("What should they know?"), Ask.TEXT, required=False, max_length=WORDS, short=True, hint=_("Only they read it.")
    )
    id = situation.case.id
    if situation.case.owner is None:
        intro = _("They are told privately, and can give it back.")
        return Form("hand_over", id, _("Choose who replies"), intro, _("Ask them"), (whom, words))
    title, intro = _("Hand over"), _("Handing over in time is a good act.")
    if not situation.is_owner:
        title, intro = _("Reassign"), _("You choose who replies to this customer.")
    return Form("hand_over", id, title, intro, title, (whom, words))
