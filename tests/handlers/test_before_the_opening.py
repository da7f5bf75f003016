"""What came in the evening can be taken, noted and dismissed before its card is posted, and none of it is lost."""

from __future__ import annotations

from datetime import timedelta

import pytest

from handlers.ladder import Role
from handlers.rules import Route
from tests.conftest import ANA, BEN, LEA, Shop, said
from tests.handlers.test_closed import CLOSING
from tests.handlers.test_further_channel import channels, every_line_has_its_card, stands
from tests.handlers.test_ladder import MONDAY, passes_until, put_on_duty


@pytest.fixture
def held(shop: Shop) -> Shop:
    """A shop that Lea leads; two customers wrote after it closed."""
    put_on_duty(shop, Role.LEADER, LEA)
    shop.passes(hours=9)
    shop.hears(said("r-1"), said("r-2"))
    assert shop.now > CLOSING
    return shop


def opens(shop: Shop) -> None:
    passes_until(shop, MONDAY + timedelta(minutes=15))


def test_what_somebody_noted_or_raised_then_stands_in_the_thread_of_the_card_once_it_is_posted(held: Shop) -> None:
    held.tap("claim", BEN)
    text = "Noted. The team reads it when the card is posted, Mon 08:00."
    assert held.tap("note", BEN, note="I rang her at eight, she wants a refund.").text == text
    held.tap("raise", ANA, words="Queues at noon.")
    assert stands(held, "line") == []
    opens(held)
    written = [held.card(key).plain for key, card in stands(held, "line") if card == "card:1"]
    assert written == [
        "Ben notes: I rang her at eight, she wants a refund.",
        "Ana says that this keeps happening: Queues at noon.",
    ]
    held.tap("note", BEN, note="She came in.")
    assert len(stands(held, "line")) == 3, "each line stands there once"
    assert held.tap("note", BEN, note="And left.").text == "Noted in the thread."


def test_it_stands_in_the_thread_of_each_card(held: Shop) -> None:
    channels(held, "slack:C1", "slack:C2")
    held.tap("note", BEN, note="I rang her at eight.")
    opens(held)
    assert [card for _, card in stands(held, "line")] == ["card:1", "card:1:2"]
    assert every_line_has_its_card(held)


def test_a_note_about_what_has_ended_before_is_only_kept(held: Shop) -> None:
    held.tap("dismiss", BEN, reason="test")
    assert held.tap("note", BEN, note="It was our own test.").text == "Noted."


def test_a_dismissal_then_can_be_undone_from_its_answer(held: Shop) -> None:
    [card] = held.tap("dismiss", BEN, reason="test").cards
    assert card.plain == "Marked as not a problem, so no card is posted about it."
    assert [(button.verb, button.label) for button in card.buttons] == [("reopen", "Undo")]
    held.tap("reopen", BEN)
    opens(held)
    assert [key for key, _ in stands(held)] == ["card:1", "card:2"]
    assert held.card().headline.startswith("New ·")


def test_so_can_a_no_to_whether_it_is_a_problem(held: Shop) -> None:
    held.company = held.company.model_copy(update={"routes": (Route(name="everything", team="oak-street"),)})
    held.hears(said("r-3", None, "Is the lid for hot drinks?"))
    [card] = held.tap("no_problem", BEN, 3).cards
    assert card.plain == "Thank you. No card is posted about it."
    assert [button.verb for button in card.buttons] == ["reopen"]
