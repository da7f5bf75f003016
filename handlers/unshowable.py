"""Why a message cannot be drawn. The text says it to ops."""

from __future__ import annotations


class Unshowable(Exception):
    """There is nothing left to show it from; the text says why, for ops."""


class Homeless(Unshowable):
    """Its team is in no app.yaml that we know; while replicas are started anew one by one, another may know it."""
