"""Why a message cannot be drawn. The exception's text is for ops."""

from __future__ import annotations


class Unshowable(Exception):
    """What it would be drawn from is gone; the text says why, for ops."""


class Homeless(Unshowable):
    """This process does not know its team or its kind; during a rolling restart another replica may."""
