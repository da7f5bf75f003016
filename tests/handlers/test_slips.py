"""A second too late, a tap too many, a thumb that slipped: nobody loses a customer by it, or reads what is not so."""

from __future__ import annotations

from datetime import timedelta

import pytest

from handlers.nudges.ladder import Role
from storage import nudges, people
from tests.conftest import ANA, BEN, LEA, Shop, said
from tests.handlers.test_ladder import put_on_duty

FASTER = "Ana was a moment faster, thank you! They are replying to this customer."


@pytest.fixture
def led(shop: Shop) -> Shop:
    """A shop that Lea leads, with one unhappy customer nobody has replied to."""
    put_on_duty(shop, Role.LEADER, LEA)
    shop.hears(said(customer={"key": "c-1", "name": "Dana Reyes", "phone": "+47 400 00 000"}))
    return shop


@pytest.fixture
def claimed(led: Shop) -> Shop:
    led.tap("claim", ANA)
    return led


def test_a_leader_who_pressed_a_second_later_reads_who_was_faster_and_takes_nothing_away(claimed: Shop) -> None:
    claimed.passes(seconds=1)
    assert claimed.tap("claim", LEA).text == FASTER
    assert (claimed.row().owner_user_id, claimed.keys()) == ("ana", ["card:1", "private:1:2"])


def test_so_does_whoever_was_asked_to_step_in(claimed: Shop) -> None:
    ben = claimed.store.write_sync(lambda tx: people.ensure(tx, BEN.chat, BEN.workspace, BEN.user_id, BEN.name)).id
    row = {"workspace": "main", "follow_up_id": 1, "promise": 0, "step": "claimed-1", "role": Role.BACKUP, "person_id": ben}
    sent = {"audience": f"person:{ben}", "due_at": claimed.now, "send_at": claimed.now, "sent_at": claimed.now, "off_hours": False}
    claimed.store.write_sync(nudges.add, [row | sent | {"state": "sent"}])
    claimed.passes(seconds=3)
    assert claimed.tap("claim", BEN).text == FASTER
    claimed.passes(seconds=10)
    assert "It is yours" in claimed.tap("claim", BEN).text


def test_a_leader_who_means_it_takes_it_over_at_once_in_the_form_and_later_with_the_button(claimed: Shop) -> None:
    claimed.passes(seconds=1)
    assert "It is yours" in claimed.tap("hand_over", LEA, to=LEA).text
    claimed.tap("hand_over", LEA, to=ANA)
    claimed.passes(seconds=10)
    assert "It is yours" in claimed.tap("claim", LEA).text


def test_a_hand_that_was_asked_for_a_second_after_the_claim_may_be_lent_at_once_and_only_by_the_first(claimed: Shop) -> None:
    claimed.tap("help", ANA)
    claimed.passes(seconds=2)
    assert "It is yours" in claimed.tap("claim", BEN).text
    claimed.passes(seconds=3)
    assert claimed.tap("claim", LEA).text.startswith("Ben was a moment faster, thank you!")
    assert claimed.row().owner_user_id == "ben"
