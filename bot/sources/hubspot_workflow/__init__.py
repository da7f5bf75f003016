"""HubSpot workflows: a webhook action posts the body that our documentation tells users to set up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import bot.listening
from bot.listening import pasted, signatures
from bot.listening.asked import Asked
from handlers.feedback import Feedback

TITLE = "HubSpot workflow"
UNCONFIRMED = "whether a workflow may be started by a feedback submission in every plan; the body is ours"


class Options(Asked, bot.listening.Options):
    """What the survey asks (see Asked), and the keys every source has."""


verify = signatures.by(pasted.SIGNATURE)


def parse(payload: Any, options: Options) -> Sequence[Feedback]:
    return (pasted.read(payload, options),)
