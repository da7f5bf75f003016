"""Qualtrics workflows: a web service task posts the body that our documentation tells users to paste there."""

from bot.listening.asked import AskedOptions as Options
from bot.listening.pasted import parse, verify

__all__ = ["Options", "parse", "verify"]

UNCONFIRMED = "the piped texts that stand for a score and a comment; the body is ours"
