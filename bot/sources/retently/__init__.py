"""Retently: a webhook per campaign, whose body is a template that our documentation tells users to paste there."""

from bot.listening.asked import AskedOptions as Options
from bot.listening.pasted import parse, verify

__all__ = ["Options", "parse", "verify"]

UNCONFIRMED = "the names of the placeholders in its template; the body is ours"
