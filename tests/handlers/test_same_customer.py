"""Who replies to a customer reads what happened the last times, and no longer than what is kept of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select

from handlers.cards import Card
from handlers.case import State
from handlers.company import People
from handlers.followup.told_before import with_earlier
from handlers.forgetting.erase import erase
from handlers.forgetting.forget import forget
from handlers.forgetting.retention import Retention
from storage import messages
from tests.conftest import ANA, BEN, FRIDAY, OSLO, Shop, said
from tests.handlers.test_cards import ANA as ANA_7
from tests.handlers.test_cards import BEN as BEN_8
from tests.handlers.test_cards import case

DANA = {"key": "c-1", "name": "Dana Reyes", "email": "dana@mail.example"}
INVOICE, CREDITED = "The invoice was wrong and nobody called back.", "Credited the invoice and promised a call from accounts."
SAID = f"Earlier, Fri 20 Nov: NPS 2 of 10. “{INVOICE}”"
CLOSED = f"Ben closed that: partly fixed. {CREDITED}"


@pytest.fixture
def again(shop: Shop) -> Shop:
    """Ben looked after Dana three weeks ago; now she writes again, and Ana has it."""
    shop.hears(said("r-1", 2, INVOICE, customer=DANA))
    shop.tap("claim", BEN)
    shop.closes(BEN, outcome="partly", done=CREDITED.removesuffix("."))
    shop.passes(days=21)
    shop.hears(said("r-2", 3, "Still the same mess.", customer=DANA))
    shop.tap("claim", ANA, 2)
    return shop


def own(shop: Shop, target: int = 2) -> Card:
    return shop.card(f"private:{target}:2")


def test_whoever_claims_reads_what_the_customer_said_the_last_time_and_what_was_done(again: Shop) -> None:
    assert own(again).context[:3] == ("NPS 3 of 10 · Oak Street · Fri 11:00 · 1 earlier low score", SAID, CLOSED)
    assert "invoice" not in str(again.card("card:2")), "the channel reads nothing of it"
    again.tap("release", ANA, 2)
    assert "invoice" not in str(own(again)), "nor does whoever has it no more"


def test_the_last_two_of_a_year_are_told_and_none_that_was_dismissed(again: Shop) -> None:
    again.closes(ANA, 2)
    for n in (3, 4):
        again.hears(said(f"r-{n}", 1, f"Words of {n}.", customer=DANA))
        again.tap("claim", ANA, n)
    again.tap("dismiss", ANA, 3, reason="test")
    told = [line for line in own(again, 4).context if line.startswith("Earlier")]
    assert told == ["Earlier, Fri 11 Dec: NPS 3 of 10. “Still the same mess.”", SAID]
    again.passes(days=350)
    again.hears(said("r-5", 1, "Words of 5.", customer=DANA))
    again.tap("claim", ANA, 5)
    assert "invoice" not in str(own(again, 5)), "that is more than a year ago"


@pytest.mark.parametrize("key", ["c-1", "another"])
def test_of_a_till_that_is_many_people_and_of_other_customers_nothing_is_told(shop: Shop, key: str) -> None:
    first = {"key": "c-1"} if key == "c-1" else DANA
    shop.hears(said("r-1", 2, INVOICE, customer=first))
    shop.hears(said("r-2", 3, "Still the same mess.", customer=first | {"key": key}))
    shop.tap("claim", ANA, 2)
    assert "invoice" not in str(shop.card("private:2:1"))


def test_what_happened_in_a_team_of_another_workspace_is_told_to_nobody_here(again: Shop) -> None:
    here = again.company.teams["oak-street"]
    away = here.model_copy(update={"name": "away", "channels": (replace(here.channels[0], workspace="T-OTHER"),)})
    again.company = again.company.model_copy(update={"teams": {here.name: here, away.name: away}})
    again.store.write_sync(lambda tx: tx.exec_driver_sql("UPDATE follow_up SET team = 'away' WHERE id = 1"))
    assert "invoice" not in str(own(again))


def test_of_another_team_no_more_is_told_than_its_channel_may_see(again: Shop) -> None:
    here = again.company.teams["oak-street"]
    clinic = here.model_copy(update={"name": "clinic", "show": frozenset(), "mask": ("accounts",)})
    again.company = again.company.model_copy(update={"teams": {here.name: here, clinic.name: clinic}})
    again.store.write_sync(lambda tx: tx.exec_driver_sql("UPDATE follow_up SET team = 'clinic' WHERE id = 1"))
    said, closed = own(again).context[1:]
    assert (said, "accounts" in closed) == ("Earlier, Fri 20 Nov: NPS 2 of 10.", False)
    assert "Credited the invoice" in closed


@pytest.mark.parametrize(
    ("kept", "gone"),
    [({"comment": timedelta(days=10)}, INVOICE), ({"notes": timedelta(days=10)}, CREDITED)],
    ids=["what customers wrote", "what colleagues wrote"],
)
def test_what_is_forgotten_by_age_is_gone_from_the_card_of_whoever_replies_to_them_now(
    again: Shop, kept: dict[str, timedelta], gone: str
) -> None:
    assert gone in str(own(again))
    shown = {"state": "shown", "shown": messages.message.c.wanted, "remote_id": "1.1", "remote_channel": "C1"}
    again.store.write_sync(lambda tx: tx.execute(messages.message.update().values(**shown)))
    again.hears(said("r-3", 1, "Other words.", customer={"key": "c-2", "name": "Olav"}))
    while again.store.write_sync(forget, Retention(**kept), OSLO, again.now):
        pass
    assert gone not in str(own(again))
    anew = set(again.keys())
    assert "private:2:2" in anew, "it is drawn anew"
    assert "card:2" not in anew, "and what never told it is not"


@pytest.mark.parametrize("score", [2, 0, 9], ids=["said more", "let down again", "happier"])
def test_words_that_a_customer_corrects_late_are_told_anew_to_whoever_has_their_next_case(again: Shop, score: int) -> None:
    shown = {"state": "shown", "shown": messages.message.c.wanted, "remote_id": "1.1", "remote_channel": "C1"}
    again.store.write_sync(lambda tx: tx.execute(messages.message.update().values(**shown)))
    again.hears(said("r-1", score, "The invoice was right, the parcel was not.", customer=DANA))
    assert "the parcel was not" in str(own(again))
    anew = again.store.read_sync(wanted_anew)
    assert ("private:2:2" in anew, "card:2" in anew) == (True, False)
    again.store.write_sync(lambda tx: tx.execute(messages.message.update().values(**shown)))
    again.hears(said("r-2", score, "Still the same mess, every day.", customer=DANA))
    assert "private:1:1" not in again.store.read_sync(wanted_anew), "what is told in none is drawn in none"


def wanted_anew(tx: Connection) -> set[str]:
    return set(
        tx.execute(select(messages.message.c.key).where(messages.WAITING, messages.message.c.remote_id.is_not(None))).scalars()
    )


def test_an_erased_customer_is_gone_from_it_at_once(again: Shop) -> None:
    gone = again.store.write_sync(erase, DANA["key"], again.now)
    assert "private:2:2" in gone.keys
    assert own(again).is_line


EARLIER = case(State.CLOSED, comment="Cold soup.", closed_by=BEN_8, outcome="fixed", done="Rang her")


@pytest.mark.parametrize(
    ("more", "lines"),
    [
        ({}, ("Earlier, Fri 20 Nov: NPS 3 of 10. “Cold soup.”", "Ben closed that: fixed. Rang her.")),
        ({"comment": "", "done": ""}, ("Earlier, Fri 20 Nov: NPS 3 of 10.", "Ben closed that: fixed.")),
        ({"comment": "soup " * 90, "done": "rang " * 90}, (f"Earlier, Fri 20 Nov: NPS 3 of 10. “{'soup ' * 38}soup…”", f"Ben closed that: fixed. {'rang ' * 38}rang…")),
        ({"state": State.CLAIMED, "owner": BEN_8}, ("Earlier, Fri 20 Nov: NPS 3 of 10. “Cold soup.”", "#42 is open, too: Ben has it (as of Fri 11:00).")),
        ({"state": State.WAITING, "owner": ANA_7}, ("Earlier, Fri 20 Nov: NPS 3 of 10. “Cold soup.”", "#42 is open, too, and yours (as of Fri 11:00).")),
        ({"state": State.NEW, "owner": None}, ("Earlier, Fri 20 Nov: NPS 3 of 10. “Cold soup.”", "#42 is open, too, and nobody has it (as of Fri 11:00).")),
    ],
    ids=["closed", "forgotten", "long", "a colleague has it", "the reader has it", "nobody has it"],
)  # fmt: skip
def test_each_earlier_case_is_two_short_lines(more: dict[str, Any], lines: tuple[str, str]) -> None:
    card = Card("p", "h", context=("now", "about"))
    told = with_earlier(card, [replace(EARLIER, **more)], ANA_7, People.NAMES, OSLO, FRIDAY)
    assert told.context == ("now", *lines, "about")
