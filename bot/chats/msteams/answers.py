"""What Microsoft Teams takes as an answer to a pressed button: a sentence, a card in the place of the card, an error. Pure."""

from __future__ import annotations

from typing import Any

from bot.chats.msteams import adaptive
from handlers import asides

Answer = dict[str, Any]

ON_A_CARD = 4_500
"""Weight of a text that may take the place of a card for the one who asked; a longer one goes to the private chat."""

MESSAGE = "application/vnd.microsoft.activity.message"
ERROR = "application/vnd.microsoft.error"


def sentence(text: str) -> Answer:
    """Shown beside the card, to the one who pressed."""
    return {"statusCode": 200, "type": MESSAGE, "value": text}


def card(content: adaptive.Element) -> Answer:
    """What the one who pressed sees in the place of the card, until it is edited."""
    return {"statusCode": 200, "type": adaptive.CARD_TYPE, "value": content}


def words(text: str, *actions: adaptive.Element) -> Answer:
    """Words in the place of the card."""
    return card(adaptive.frame(adaptive.paragraphs(text, ON_A_CARD), actions, text))


def not_saved() -> Answer:
    """The unit was rolled back: pressed again, it may succeed."""
    return {"statusCode": 500, "type": ERROR, "value": {"code": "NotSaved", "message": asides.not_saved()}}


def is_error(answer: Answer) -> bool:
    return bool(answer["type"] == ERROR)


def as_activity(answer: Answer) -> adaptive.Activity:
    """An answer for which the platform no longer waits, as a message of its own."""
    value = answer["value"]
    if answer["type"] == adaptive.CARD_TYPE:
        return adaptive.activity(value, value["speak"])
    return adaptive.line(value["message"] if is_error(answer) else value)
