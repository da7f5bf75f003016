"""show: the card with all that can be done, for the one who asked: where many stand in one message, not everything has room."""

from __future__ import annotations

from handlers.cards import Reply
from handlers.followup_card import channel_card
from handlers.situation import Decision, Situation


def show(situation: Situation) -> Decision:
    """As the channel sees it, whoever asks: nothing in it identifies the customer."""
    return Reply(cards=(channel_card(situation.case, situation.team, situation.company.people, situation.tap.at),))
