"""tried: somebody tried to reach the customer, and nobody answered. It is no contact: the promise runs on."""

from __future__ import annotations

from datetime import timedelta

from handlers.cards import Reply
from handlers.situation import Change, Decision, Situation
from handlers.wording import replies
from handlers.wording.language import gettext as _
from handlers.wording.words import took

ONE_TRY = timedelta(minutes=5)
"""A second press within this time counts as the same try: two tries count for more than one."""


def tried(situation: Situation) -> Decision:
    """The owner, or a leader, notes it. It is told on the cards, and rings no bell."""
    if (refused := replies.refused(situation, may=situation.may_steer)) is not None:
        return refused
    before, at = situation.history(situation.case).tried_at, situation.tap.at
    if before is not None and at - before < ONE_TRY and situation.case.asked_at is None:  # what answers “still yours?” is noted
        return Reply(_("Noted already, {span} ago.").format(span=took(at - before)))
    if situation.is_owner:
        return Change({}, _("Noted. The promise stays as it is: “Snooze…” reminds you to try again."))
    return Change({}, _("Noted. The promise stays as it is."))
