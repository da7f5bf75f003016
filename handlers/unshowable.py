"""Why a message cannot be drawn. The exception's text is for ops."""

from __future__ import annotations

NO_LONGER = "its team has this channel no longer; give it back to the team, or drop this"
"""Why a message is not posted in a channel that was taken from its team."""


class Unshowable(Exception):
    """What it would be drawn from is gone; the text says why, for ops."""


class Homeless(Unshowable):
    """This process does not know its team; during a rolling restart another replica may."""


class Undrawn(Unshowable):
    """This release does not know how to draw it, or fails at it; during a rolling upgrade another replica may be of a newer one."""


def without_team(team: str) -> Homeless:
    """Returns the error for a message whose team this process does not know."""
    return Homeless(f"its team {team!r} is no longer in app.yaml; put the team back, and replay what is older than a week")
