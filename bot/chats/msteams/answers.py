"""The responses that Microsoft Teams accepts for a pressed button: a sentence, a card that replaces the card, an error. Pure."""

from __future__ import annotations

from typing import Any

from bot.chats.msteams import adaptive
from bot.chats.msteams.runs import Element, paragraphs
from handlers.wording import asides

InvokeResponse = dict[str, Any]

ON_A_CARD = 4_500
"""Maximum weight of a text that may replace a card for the person who pressed; a longer one goes to the private chat."""

MESSAGE = "application/vnd.microsoft.activity.message"
ERROR = "application/vnd.microsoft.error"


def sentence(text: str) -> InvokeResponse:
    """Returns a sentence shown beside the card, to the person who pressed."""
    return {"statusCode": 200, "type": MESSAGE, "value": text}


def card(content: Element) -> InvokeResponse:
    """Returns a card that the person who pressed sees in place of the original, until that is edited."""
    return {"statusCode": 200, "type": adaptive.CARD_TYPE, "value": content}


def words(text: str, *actions: Element) -> InvokeResponse:
    """Returns words in place of the card."""
    return card(adaptive.frame(paragraphs(text, ON_A_CARD), actions, text))


def not_saved() -> InvokeResponse:
    """The unit of work was rolled back; pressing again may succeed."""
    return {"statusCode": 500, "type": ERROR, "value": {"code": "NotSaved", "message": asides.not_saved()}}


def is_error(answer: InvokeResponse) -> bool:
    return bool(answer["type"] == ERROR)


def as_activity(answer: InvokeResponse) -> adaptive.Activity:
    """Returns an answer that the platform no longer waits for, as a message of its own."""
    value = answer["value"]
    if answer["type"] == adaptive.CARD_TYPE:
        return adaptive.activity(value, value["speak"])
    return adaptive.line(value["message"] if is_error(answer) else value)
