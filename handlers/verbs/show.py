"""show: the card with all its actions, for the person who asked: many cards in one message have no room for all of them."""

from __future__ import annotations

from handlers.cards import Reply
from handlers.followup.followup_card import channel_card
from handlers.situation import Decision, Situation


def show(situation: Situation) -> Decision:
    """Everybody gets what the channel sees: nothing in it identifies the customer."""
    case = situation.history(situation.case)
    return Reply(cards=(channel_card(case, situation.team, situation.company.people, situation.tap.at),))
