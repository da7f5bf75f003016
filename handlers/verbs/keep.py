"""keep: "still mine", the answer to "still yours?"."""

from __future__ import annotations

from handlers import replies
from handlers.feedback import State
from handlers.language import gettext as _
from handlers.situation import Change, Decision, Situation


def keep(now: Situation) -> Decision:
    case = now.case
    if not case.open:
        return replies.finished(case, now.tap.at)
    if case.state is State.NEW:
        return replies.nobody_has_it()
    if not now.is_owner:
        return replies.not_yours(now)
    return Change({"asked_at": None}, _("Thank you, it stays yours. Need a hand? Press “Need help” and the channel is asked."))
