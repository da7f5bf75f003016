"""The names of reminders: those of the ladder's steps, and those of reminders with a reason of their own. Only this file builds
and parses the latter, and says what any name means. Pure."""

from __future__ import annotations

from enum import StrEnum

from handlers.ladder import Phase, Role


class Kind(StrEnum):
    """Why somebody is reminded, where it is no step of the ladder. Names are stored: a kind keeps its value."""

    LISTED = "list"
    HELP = "help"
    SNOOZED = "asked"
    WAITED = "asked-wait"
    ANSWERED = "asked-answered"
    ADDED = "asked-added"
    HANDED = "asked-handed"
    LET_GO = "asked-let-go"
    AGAIN = "asked-again"
    REOPENED = "asked-reopened"


BACK = frozenset({Kind.LET_GO, Kind.REOPENED})
"""A case that somebody had is in the channel again: their claim ended by itself, or what the customer said since opened it."""
NEWS = BACK | {Kind.AGAIN}
"""They ask nothing, and concern nobody but the former owner."""
SPOKE = frozenset({Kind.ANSWERED, Kind.ADDED})
"""The customer said more: what was waited for, or unasked."""
NUDGES = frozenset({None, Kind.HELP})
"""What counts as a nudge; None is a step of the ladder."""
NO_NUDGES = (Kind.SNOOZED, Kind.LISTED)
"""The names of all other kinds begin with one of these."""

_OWN_REQUEST = frozenset({Kind.SNOOZED, Kind.WAITED, Kind.ANSWERED})
_LONGEST_FIRST = sorted(Kind, key=len, reverse=True)


def name(kind: Kind, which: object) -> str:
    """Returns the name of one reminder; `which` tells it apart from others of its kind about the same case."""
    return f"{kind}-{which}"


def kind_of(step: str) -> Kind | None:
    """Returns the kind; None for a step of the ladder."""
    return next((kind for kind in _LONGEST_FIRST if step.startswith(f"{kind}-")), None)


def phase_of(step: str) -> Phase | None:
    """Returns the phase of a step of the ladder; None for all other reminders."""
    return next((phase for phase in Phase if step.startswith(f"{phase}-")), None)


def act_id(step: str) -> int:
    """Returns the act that the reminder is named after."""
    return int(step.rpartition("-")[2])


def is_own_request(step: str) -> bool:
    """Returns whether the reader asked for it, snoozing a case or waiting for its customer: it comes then, as was promised, also to
    those who want less or nothing else, and however much they heard that day."""
    return kind_of(step) in _OWN_REQUEST and "-for-" not in step


def passed_on(step: str, role: Role) -> str:
    """Returns the name under which it goes to a stand-in: the same for every later one, so that nobody gets it twice."""
    return step.removesuffix(f"-for-{role}") + f"-for-{role}"


def own(step: str) -> str:
    """Returns the name under which it went to the owner, before it was passed on to a stand-in."""
    return step.removesuffix(f"-for-{Role.OWNER}")


def is_passed_on(step: str, role: Role = Role.OWNER) -> bool:
    """Returns whether it goes to a stand-in for the owner, or for whoever else has that role."""
    return step.endswith(f"-for-{role}")
