"""HubSpot workflows: a webhook action posts the body that our documentation tells users to set up."""

from bot.listening.asked import AskedOptions as Options
from bot.listening.pasted import parse, verify

__all__ = ["Options", "parse", "verify"]

TITLE = "HubSpot workflow"
UNCONFIRMED = "whether a workflow may be started by a feedback submission in every plan; the body is ours"
