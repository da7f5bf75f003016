"""Retently: a webhook per campaign, whose body is a template that our documentation tells users to paste there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import bot.listening
from bot.listening import pasted, signatures
from bot.listening.asked import Asked
from handlers.feedback import Feedback

UNCONFIRMED = "the names of the placeholders in its template; the body is ours"


class Options(Asked, bot.listening.Options):
    """What the survey asks (see Asked), and the keys every source has."""


verify = signatures.by(pasted.SIGNATURE)


def parse(payload: Any, options: Options) -> Sequence[Feedback]:
    return (pasted.read(payload, options),)
