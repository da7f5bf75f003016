"""Nobody ends a complaint about themselves alone: one who leads confirms it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from handlers.company import Company
from handlers.feedback import Person, Place
from handlers.ladder import Role
from storage import messages, nudges, people
from tests.conftest import ANA, BEN, LEA, Shop, person, said

QUESTION = "Please confirm · Oak Street · ended by somebody the customer names"
RUDE = "Ana was rude to me."


@pytest.fixture
def shop(shop_of: Callable[[Company], Shop], company: Company) -> Shop:
    shop = shop_of(company)
    on_duty(shop, LEA)
    return shop


def on_duty(shop: Shop, *who: object) -> list[int]:
    def put(tx: object) -> list[int]:
        rows = [people.ensure(tx, one.chat, one.workspace, one.user_id, one.name) for one in who]  # type: ignore[arg-type, attr-defined]
        nudges.put_on_duty(tx, "oak-street", Role.LEADER, [row.id for row in rows])  # type: ignore[arg-type]
        return [row.id for row in rows]

    return shop.store.write_sync(put)


def asked(shop: Shop, follow_up: int = 1) -> list[str]:
    return list(shop.store.read_sync(messages.closings, follow_up))


def claimed(shop: Shop, comment: str = RUDE, who: object = ANA, score: float = 2) -> None:
    shop.hears(said("r-1", score, comment))
    shop.tap("claim", who)  # type: ignore[arg-type]


def test_rule_8_whoever_leads_is_asked_privately_to_confirm_a_close_by_the_one_the_customer_names(shop: Shop) -> None:
    claimed(shop)
    reply = shop.closes(ANA)
    assert reply.text == (
        "Closed. Thank you for looking after this customer. As the customer names you, whoever leads Oak Street is asked to confirm it."
    )
    [key] = asked(shop)
    card = shop.card(key)
    assert (card.headline, card.quote) == (QUESTION, RUDE)
    assert card.context[0] == "Closed: fixed. “Called and apologised.”"
    assert [button.label for button in card.buttons] == ["Confirm", "Open it again"]
    assert "names" not in str(shop.card().context)  # the channel reads nothing of it


def test_rule_8_an_ordinary_word_that_is_also_the_name_of_whoever_closes_asks_nobody(shop: Shop) -> None:
    bill = person("bill", "Bill Olsen")
    claimed(shop, "The bill was wrong, and I will never come back.", bill)
    assert shop.closes(bill).text == "Closed. Thank you for looking after this customer."
    assert not asked(shop)


def test_rule_8_one_tap_confirms_it_and_the_log_says_who_did(shop: Shop) -> None:
    claimed(shop)
    shop.closes(ANA)
    assert shop.tap("confirm", LEA).text == "Confirmed, and noted who did. Thank you for looking at it."
    assert shop.acts()[-1] == "confirm"
    assert shop.row().state == "closed"
    [key] = asked(shop)
    assert shop.card(key).plain == "#1 is confirmed: it stays as it was ended."
    shop.passes(minutes=1)
    assert "nothing left to confirm" in shop.tap("confirm", LEA).text


def test_rule_8_one_who_leads_may_open_it_again_and_a_second_end_is_asked_about_anew(shop: Shop) -> None:
    claimed(shop)
    shop.closes(ANA)
    shop.tap("reopen", LEA)
    [key] = asked(shop)
    assert shop.card(key).plain == "#1 is open again."
    shop.tap("claim", ANA)
    shop.closes(ANA)
    assert len(asked(shop)) == 2
    assert shop.card(asked(shop)[1]).headline == QUESTION


def test_rule_8_nobody_confirms_their_own_and_nobody_who_does_not_lead_confirms_any(shop: Shop) -> None:
    on_duty(shop, LEA, BEN)
    claimed(shop, "Lea was rude to me.", LEA)
    shop.closes(LEA)
    assert len(asked(shop)) == 1
    assert "You ended this one yourself" in shop.tap("confirm", LEA).text
    assert "Only those who lead Oak Street" in shop.tap("confirm", ANA).text
    assert shop.row().named_closer_id is not None
    assert "Confirmed" in shop.tap("confirm", BEN).text


THERE = replace(LEA, chat="msteams", user_id="29:lea")


@pytest.fixture
def mirrored(shop_of: Callable[[Company], Shop], company: Company) -> Shop:
    """A shop whose team is in both chats, and so is Lea, who leads it."""
    team = company.teams["oak-street"]
    both = team.model_copy(update={"channels": (*team.channels, Place.parse("msteams:19:oak@thread.tacv2"))})
    return shop_of(company.model_copy(update={"teams": {team.name: both}}))


def test_rule_8_nobody_confirms_their_own_from_another_chat_and_nobody_is_asked_there(mirrored: Shop) -> None:
    for id in on_duty(mirrored, LEA, THERE):
        mirrored.store.write_sync(people.learn_email, id, "Lea@northwind.example")
    claimed(mirrored, "Lea was rude to me.", LEA)
    assert mirrored.closes(LEA).text.endswith("somebody else who leads would have to confirm it, but nobody else leads Oak Street.")
    assert asked(mirrored) == []
    assert "You ended this one yourself" in mirrored.tap("confirm", THERE).text
    assert mirrored.row().named_closer_id is not None


@pytest.mark.parametrize(("ends", "confirms"), [(LEA, THERE), (THERE, LEA)])
def test_rule_8_nobody_confirms_their_own_where_one_chat_was_linked_to_another_address(
    mirrored: Shop, ends: Person, confirms: Person
) -> None:
    """Both chats know one address of hers; ops linked the one in app.yaml to her in one of them."""
    lea, there = on_duty(mirrored, LEA, THERE)
    for id in (lea, there):
        mirrored.store.write_sync(people.learn_email, id, "lea.moe@northwind.example")
    mirrored.store.write_sync(people.prefer, lea, {"linked_email": "lea@northwind.example"})
    claimed(mirrored, "Lea was rude to me.", ends)
    mirrored.closes(ends)
    assert "You ended this one yourself" in mirrored.tap("confirm", confirms).text
    assert mirrored.row().named_closer_id is not None


def test_rule_8_where_nobody_else_leads_it_is_said_so_and_stays_unconfirmed(shop: Shop) -> None:
    claimed(shop, "Lea was rude to me.", LEA)
    assert shop.closes(LEA).text.endswith("somebody else who leads would have to confirm it, but nobody else leads Oak Street.")
    assert asked(shop) == []
    assert shop.row().named_closer_id is not None


def test_rule_8_a_dismissal_by_the_one_the_customer_names_is_asked_about_too(shop: Shop) -> None:
    claimed(shop)
    assert shop.tap("dismiss", ANA, reason="no-problem").text.endswith("whoever leads Oak Street is asked to confirm it.")
    [key] = asked(shop)
    assert shop.card(key).context[0] == "Dismissed: praise or a question, not a problem."


@pytest.mark.parametrize(("comment", "score"), [("Anagrams all day.", 2), ("Nobody came.", 2)])
def test_rule_8_is_only_of_complaints_that_name_whoever_ends_them(shop: Shop, comment: str, score: float) -> None:
    claimed(shop, comment, score=score)
    assert shop.closes(ANA).text == "Closed. Thank you for looking after this customer."
    assert asked(shop) == []


def test_rule_8_a_colleague_the_customer_does_not_name_ends_it_alone(shop: Shop) -> None:
    claimed(shop, RUDE, BEN)
    assert shop.closes(BEN).text == "Closed. Thank you for looking after this customer."
