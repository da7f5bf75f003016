"""keep: “still mine”, the answer to “still yours?”."""

from __future__ import annotations

from handlers.situation import Change, Decision, Situation
from handlers.wording import replies
from handlers.wording.language import gettext as _


def keep(situation: Situation) -> Decision:
    if (refused := replies.refused(situation, may=situation.is_owner)) is not None:
        return refused
    return Change({"asked_at": None}, _("Thank you, it stays yours. Need a hand? Press “Need help” and the channel is asked."))
