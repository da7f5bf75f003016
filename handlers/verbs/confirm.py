"""confirm: a leader looks at a case that was ended by somebody whom the customer names, and says that it may stay ended."""

from __future__ import annotations

from dataclasses import replace

from handlers.cards import Reply
from handlers.names_a_colleague import is_named
from handlers.situation import Change, Decision, Situation
from handlers.wording.language import gettext as _


def confirm(situation: Situation) -> Decision:
    case = situation.case
    if case.named_closer_id is None:
        return Reply(_("There is nothing left to confirm here: somebody has done so, or it was opened again."))
    if not situation.is_leader:
        return Reply(_("Only those who lead {team} can confirm this, so nothing was changed.").format(team=situation.team.title))
    if situation.is_one_of([case.named_closer_id]):
        return Reply(_("You ended this one yourself, and the customer names you: somebody else who leads has to confirm it."))
    return Change({"named_closer_id": None}, _("Confirmed, and noted who did. Thank you for looking at it."))


def to_be_confirmed(situation: Situation, end: Change) -> Change:
    """Returns the change that ends a case; where the customer names the person who ends it, leaders are asked to confirm it."""
    if not is_named(situation.case.band, situation.case.comment, situation.actor.name):
        return end
    others = [id for id in situation.leaders() if not situation.is_one_of([id])]
    said = (
        _("As the customer names you, whoever leads {team} is asked to confirm it.")
        if others
        else _("As the customer names you, somebody else who leads would have to confirm it, but nobody else leads {team}.")
    )
    columns = {**end.columns, "named_closer_id": situation.actor.id}
    return replace(end, columns=columns, reply=f"{end.reply} {said.format(team=situation.team.title)}", confirm=others)
