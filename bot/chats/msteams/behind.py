"""The card behind a form: shown again to the person who left or sent the form, and redrawn for nobody else."""

from __future__ import annotations

import structlog
from botbuilder.schema import Activity

from bot.chats import ChatServices
from bot.chats.msteams import adaptive, answers, taps
from bot.chats.msteams.answers import InvokeResponse
from bot.chats.msteams.runs import paragraphs
from bot.logs import broken
from handlers.feedback import Person
from storage.database import Unavailable

log = structlog.get_logger()


async def card_behind(services: ChatServices, who: Person, activity: Activity, text: str = "") -> InvokeResponse | None:
    """Returns an answer that shows this person the card as it is now, below `text`. None where no message of ours that they may see
    stands there, the client is an old one, or the card has a chart, which Teams may have refused."""
    stood = taps.stood(activity)
    if stood is None or activity.type != "invoke":
        return None
    try:
        card = await services.shown(who, stood)
    except Unavailable:
        return None
    except Exception as error:  # noqa: BLE001 - a mistake of ours, and what was tapped is saved
        log.error("msteams.not_drawn", **broken(error))
        return None
    if card is None or card.chart is not None:
        return None
    return answers.card(adaptive.drawn(card, above=paragraphs(text, answers.ON_A_CARD) if text else ()))
