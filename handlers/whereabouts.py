"""Finds where the card of a follow-up stands in a channel, so that a private message about it can lead there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from handlers.cards import Card, Reply, There
from handlers.feedback import Person
from storage import messages


def reply_with_places(tx: Connection, reply: Reply, reader: Person) -> Reply:
    """Returns the reply with the places where the cards of its follow-ups stand in the reader's workspace."""
    return replace(reply, cards=with_places(tx, reply.cards, reader.chat, reader.workspace)) if reply.cards else reply


def with_places(tx: Connection, cards: Sequence[Card], chat: str, workspace: str) -> tuple[Card, ...]:
    """Returns these cards with the places where the cards of their follow-ups stand in this workspace of a chat, if they are shown
    there. One statement for all of them; none if they are about no follow-up."""
    about = sorted({each.follow_up for card in cards for each in (card, *card.items) if each.follow_up is not None})
    places: dict[int, There] = {}
    for row in messages.cards(tx, about):
        if (row.chat, row.workspace) == (chat, workspace) and row.remote_id is not None and row.state != "parked":
            places.setdefault(row.follow_up_id, There(row.remote_channel, row.remote_id))

    def placed(card: Card) -> Card:
        there = places.get(card.follow_up) if card.follow_up is not None else None
        return replace(card, there=there, items=tuple(map(placed, card.items)))

    return tuple(map(placed, cards)) if places else tuple(cards)
