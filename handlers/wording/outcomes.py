"""How a follow-up can end, in words, by the stored value. Pure."""

from __future__ import annotations

from handlers.case import Case
from handlers.feedback import Moment
from handlers.wording.language import gettext as _


def outcomes() -> dict[str, str]:
    """Returns how a follow-up can end, by the value that is stored."""
    return {
        "fixed": _("Fixed"),
        "partly": _("Partly fixed"),
        "could-not": _("Could not fix it"),
        "unreachable": _("Could not reach them"),
        "not-ours": _("Not ours to fix, and said so"),
        "lost-reached": _("They left us, and we talked"),
        "lost": _("The customer left us"),
        "replied": _("Replied in public"),
        "answered": _("Answered"),
        "taken-on": _("We will do it"),
        "declined": _("We will not, and said why"),
        "thanked": _("Thanked them"),
    }


REACHED = frozenset(
    {"fixed", "partly", "could-not", "not-ours", "lost-reached", "replied", "answered", "taken-on", "declined", "thanked"}
)
"""Outcomes that imply contact with the customer."""
LOST = frozenset({"lost", "lost-reached"})
UNREACHABLE = "unreachable"
ERASED = "erased"
"""The reason of a case that ended because its customer was erased, not because somebody dismissed it."""
_ENDS = {
    Moment.RESPONSE: ("answered", "taken-on", "declined", "fixed", "unreachable", "not-ours"),
    Moment.RELATIONSHIP: ("thanked", "unreachable", "not-ours"),
}
_USUAL_ENDS = ("fixed", "partly", "could-not", "unreachable", "not-ours", "lost-reached", "lost")
_IN_PUBLIC = {
    Moment.RESPONSE: ("replied", "taken-on", "declined", "not-ours"),
    Moment.RELATIONSHIP: ("replied", "not-ours"),
}
_USUAL_IN_PUBLIC = ("replied", "fixed", "could-not", "not-ours")


def outcomes_of(case: Case) -> dict[str, str]:
    """Returns the outcomes that fit the moment. A customer who left no way to reach them can only be answered in public."""
    wanted = _IN_PUBLIC.get(case.moment, _USUAL_IN_PUBLIC) if case.only_in_public else _ENDS.get(case.moment, _USUAL_ENDS)
    return {name: outcomes()[name] for name in wanted}


def stays() -> dict[str, str]:
    """Returns the answers to whether a valuable customer stays, by the value that is stored."""
    return {"yes": _("They stay with us."), "no": _("They are leaving."), "unsure": _("We do not know yet whether they stay.")}


def reasons() -> dict[str, str]:
    """Returns why feedback needs no reply, by the value that is stored."""
    return {
        "test": _("A test or spam"),
        "no-problem": _("Praise or a question, not a problem"),
        "duplicate": _("The same as another card"),
        "nobody": _("Nobody to reply to"),
    }


def why_dismissed(reason: str) -> str:
    """Returns the reason in words, including the one that nobody can choose."""
    return _("Erased, as the customer wished") if reason == ERASED else reasons().get(reason, reason)
