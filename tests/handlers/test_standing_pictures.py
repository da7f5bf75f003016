"""What a message of ours shows by now, for somebody who sees it where it stands, and for nobody else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import update

from handlers.cards import Card
from handlers.feedback import Person
from handlers.pictures import picture_at
from storage import messages
from tests.conftest import ANA, BEN, Shop, said

CHANNEL, PRIVATE = ("C1", "1.1"), ("D1", "2.2")


@pytest.fixture
def posted(shop: Shop) -> Shop:
    """A shop whose card stands in the channel, and whose private card stands in Ana's private chat."""
    shop.hears(said(customer={"key": "c-1", "name": "Dana Reyes", "phone": "+47 400 00 000"}))
    shop.tap("claim", ANA)
    for key, (channel, id) in (("card:1", CHANNEL), ("private:1:1", PRIVATE)):
        there = update(messages.message).where(messages.message.c.key == key).values(remote_channel=channel, remote_id=id)
        shop.store.write_sync(lambda tx, there=there: tx.execute(there))
    return shop


def sees(shop: Shop, who: Person, there: tuple[str, str]) -> Card | None:
    return shop.store.read_sync(picture_at, shop.company, who, there, shop.now)


def test_a_card_in_a_channel_is_shown_as_it_is_now_to_all_who_are_there(posted: Shop) -> None:
    posted.tap("contacted", ANA)
    assert sees(posted, ANA, CHANNEL) == sees(posted, BEN, CHANNEL) == posted.card()
    assert sees(posted, replace(BEN, workspace="elsewhere"), CHANNEL) is None
    assert sees(posted, BEN, ("C1", "9.9")) is None


def test_a_private_card_is_shown_to_its_reader_alone(posted: Shop) -> None:
    shown = sees(posted, ANA, PRIVATE)
    assert shown == posted.card("private:1:1")
    assert sees(posted, BEN, PRIVATE) is None


def test_what_cannot_be_drawn_here_is_not_shown(posted: Shop) -> None:
    posted.company = posted.company.model_copy(update={"teams": {}})
    assert sees(posted, ANA, CHANNEL) is None
