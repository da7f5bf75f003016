"""The huddle: three customers, those who wait, and promises that come back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from handlers.commands import answer
from handlers.company import Company
from handlers.feedback import Customer
from handlers.forgetting.erase import erase
from handlers.forgetting.forget import forget
from handlers.forgetting.retention import Retention
from handlers.huddles.huddle_notes import keep
from handlers.situation import Written
from storage import digests, messages
from tests.conftest import ANA, BEN, OSLO, Shop, person, said
from tests.digests.week47 import MONDAY, NEXT, Week47
from tests.overlapping import overlapped

KEY = "huddle:oak-street:2026-11-16"
CARL = person("carl")


@pytest.fixture
def shop(shop_of: Callable[[Company], Shop], company: Company) -> Week47:
    return Week47(shop_of(company).store, company, MONDAY)


def calls(shop: Week47, who: Any = ANA) -> str:
    place = shop.company.teams["oak-street"].channels[0]
    return str(shop.store.write_sync(answer, shop.company, "huddle", who, place, shop.now).text)


def row(shop: Week47, on: str = "2026-11-16") -> Any:
    return shop.store.read_sync(digests.by_period, "huddle", "oak-street", on)


def test_the_card_has_a_good_a_bad_and_a_puzzling_customer_and_those_who_wait_by_age(shop: Week47) -> None:
    shop.now -= timedelta(days=4)
    shop.says(2, "Cold soup.")
    shop.now += timedelta(days=2)
    shop.says(1, "")
    shop.says(10, "Lovely people.")
    shop.says(7, "Good, except when it is not.")
    shop.now = MONDAY
    shop.says(3, "")
    assert calls(shop) == "The card for your huddle is in the channel. Who begins?"
    card = shop.card(KEY)
    assert card.headline == "Huddle · Oak Street · Mon 16 Nov"
    assert card.context == (
        "A good one: “Lovely people.”",
        "A bad one: “Cold soup.”",
        "A puzzling one: “Good, except when it is not.”",
        "3 customers wait for a word from us: 1 for less than a day, 1 for one to three days, 1 for more than three days.",
    )


def test_a_good_one_is_nobody_who_asked_to_be_rung(shop: Week47) -> None:
    shop.says(10, "Lovely people. Please ring me about the cake.", wants_contact=True)
    calls(shop)
    assert not any(line.startswith("A good one") for line in shop.card(KEY).context)


def test_a_promise_stands_on_the_card_and_comes_first_at_the_next_huddle(shop: Week47) -> None:
    shop.says(2, "Cold soup.")
    calls(shop)
    target: Any = f"huddle:{row(shop).id}"
    assert shop.tap("promise", BEN, target).form is not None
    assert shop.tap("promise", BEN, target, what=" ").errors == {"what": "Please say what you will do."}
    assert "comes first at the next huddle" in shop.tap("promise", BEN, target, what="Test the soup at eleven.").text
    assert shop.card(KEY).context[-1] == "Ben promises: Test the soup at eleven."
    shop.passes(days=7)
    calls(shop)
    assert shop.card("huddle:oak-street:2026-11-23").context[:2] == (
        "Promised last time (Mon 16 Nov), done or not?",
        "Ben: Test the soup at eleven.",
    )


def test_called_again_on_the_same_day_the_same_card_is_brought_up_to_date(shop: Week47) -> None:
    calls(shop)
    assert shop.card(KEY).context[0] == "No customer wrote anything in the last seven days."
    shop.says(2, "Cold soup.")
    calls(shop)
    assert shop.card(KEY).context[0] == "A bad one: “Cold soup.”"
    assert shop.store.read_sync(messages.by_key, KEY).wanted == 2


def test_a_huddle_belongs_to_a_channel_and_to_its_company(shop: Week47) -> None:
    said = shop.store.write_sync(answer, shop.company, "huddle", ANA, ANA.place, shop.now)
    assert said.text == "A huddle belongs to a team: type “huddle” in the team's channel."
    stranger = person("eve", workspace="T9")
    assert calls(shop, stranger) == "A huddle belongs to a team: type “huddle” in the team's channel."
    assert shop.store.read_sync(messages.by_key, KEY) is None, (
        "somebody of another company makes us post nothing in a channel shared with them"
    )
    calls(shop)
    target: Any = f"huddle:{row(shop).id}"
    assert "does not belong to a team here" in shop.tap("promise", stranger, target, what="x").text
    nobody: Any = "huddle:999"
    assert "does not belong to a team here" in shop.tap("promise", ANA, nobody, what="x").text


def test_there_is_an_end_to_promises(shop: Week47) -> None:
    calls(shop)
    target: Any = f"huddle:{row(shop).id}"
    for n in range(8):
        shop.tap("promise", BEN, target, what=f"Thing {n}.")
    assert "which is plenty" in shop.tap("promise", BEN, target, what="One more.").text


def test_what_was_promised_and_noted_is_forgotten_with_other_notes_and_shown_no_longer(shop: Week47) -> None:
    calls(shop)
    target: Any = f"huddle:{row(shop).id}"
    shop.tap("promise", BEN, target, what="Test the soup, said Dana Reyes.")
    shop.passes(days=7)
    calls(shop)
    shop.passes(days=400)
    retention = Retention(notes=timedelta(days=365))
    while shop.store.write_sync(forget, retention, OSLO, shop.now):
        pass
    assert row(shop).choices == {}
    assert shop.card("huddle:oak-street:2026-11-23").context[0] == "Last time (Mon 16 Nov) nobody promised anything."


def test_a_note_that_is_written_while_a_huddle_is_forgotten_brings_nothing_back(shop: Week47) -> None:
    calls(shop)
    stands(shop, KEY, ("C1", "7.1"))
    writes(shop, 1, "Dana Reyes was never answered.")
    shop.passes(days=400)
    retention = Retention(notes=timedelta(days=365))
    overlapped(shop.store, lambda tx: forget(tx, retention, OSLO, shop.now), lambda: writes(shop, 2, "The queue starts at noon."))
    assert [each["what"] for each in row(shop).choices["notes"]] == ["The queue starts at noon."]


def test_an_erased_customer_stands_in_no_promise_and_no_note_of_a_huddle(shop: Week47) -> None:
    dana = Customer(key="c-77", name="Dana Reyes", email="dana@mail.example", phone="+47 400 00 000")
    shop.hears(said("r-1", customer=dana))
    calls(shop)
    stands(shop, KEY, ("C1", "7.1"))
    target: Any = f"huddle:{row(shop).id}"
    shop.tap("promise", BEN, target, what="Ring Mrs REYES before noon.")
    shop.tap("promise", BEN, target, what="Test the soup.")
    assert writes(shop, 1, "Dana@mail.example was never answered.")
    assert writes(shop, 2, "Reyesville is a town.")
    shop.passes(days=7)
    calls(shop)
    gone = shop.store.write_sync(erase, "c-77", shop.now)
    assert [each["what"] for each in row(shop).choices["promises"]] == ["(erased)", "Test the soup."]
    assert [each["what"] for each in row(shop).choices["notes"]] == ["(erased)", "Reyesville is a town."]
    assert {KEY, "huddle:oak-street:2026-11-23"} <= set(gone.keys), "the cards that told it are drawn anew"
    assert "Reyes " not in str(shop.card("huddle:oak-street:2026-11-23").context)


def test_a_deleted_note_keeps_no_customer_from_being_erased(shop: Week47) -> None:
    shop.hears(said("r-1", customer=Customer(key="c-77", name="Dana Reyes")))
    calls(shop)
    stands(shop, KEY, ("C1", "7.1"))
    assert writes(shop, 1, "Ring Mrs Reyes.")
    assert writes(shop, 2, "Oops, wrong thread.")
    assert writes(shop, 2, "", changed=True)
    gone = shop.store.write_sync(erase, "c-77", shop.now)
    assert (gone.customers, gone.notes) == (1, 1)
    assert [each["what"] for each in row(shop).choices["notes"]] == ["(erased)"]
    assert writes(shop, 2, "Oops, wrong thread."), "delivered late, after its deletion"
    assert len(row(shop).choices["notes"]) == 1


def test_a_huddle_has_room_for_thirty_notes_and_the_next_card_repeats_six(shop: Week47) -> None:
    calls(shop)
    stands(shop, KEY, ("C1", "7.1"))
    for n in range(31):
        assert writes(shop, n, f"Note {n}.", BEN if n < 16 else ANA)
    assert len(row(shop).choices["notes"]) == 30
    assert shop.card(KEY).context[-1] == "30 notes stand in the thread."
    shop.passes(days=7)
    calls(shop)
    told = shop.card("huddle:oak-street:2026-11-23").context
    assert told[1:3] == ("Noted last time:", "Ben: Note 0.")
    assert told[7:9] == ("Ben: Note 5.", "and 24 more notes")


def test_one_person_cannot_fill_a_huddle_and_is_told_so_once_and_whoever_wrote_nothing_finds_room(shop: Week47) -> None:
    calls(shop)
    stands(shop, KEY, ("C1", "7.1"))
    for n in range(23):
        assert writes(shop, n, f"Note {n}.")
    assert writes(shop, 0, "Note 0, again.", changed=True)
    notes = [each["what"] for each in row(shop).choices["notes"]]
    assert (len(notes), notes[0], notes[-1]) == (20, "Note 0, again.", "Note 19.")
    [told] = [key for key in set(shop.keys()) if key.startswith("full:")]
    assert shop.card(told).plain == (
        "The huddle of Oak Street on Mon 16 Nov has no room for more of your notes: it keeps 20 of one person, and 30 in all. What you "
        "wrote still stands in the thread, but does not come back next time; what must not be lost is best promised on the card."
    )
    assert shop.store.read_sync(messages.by_key, told).wanted == 1
    for n in range(11):
        assert writes(shop, 100 + n, f"Ana's {n}.", ANA)
    assert writes(shop, 200, "The first of mine.", CARL)
    assert [each["what"] for each in row(shop).choices["notes"]][-2:] == ["Ana's 9.", "The first of mine."]
    assert len([key for key in set(shop.keys()) if key.startswith("full:")]) == 2


def test_a_note_that_was_taken_back_before_it_was_heard_of_is_not_kept(shop: Week47) -> None:
    calls(shop)
    stands(shop, KEY, ("C1", "7.1"))
    assert writes(shop, 1, "", changed=True)
    assert writes(shop, 2, "", ANA, changed=True)
    assert writes(shop, 1, "Said in haste.")
    assert writes(shop, 2, "Of another person.")
    assert [each["what"] for each in row(shop).choices["notes"]] == ["Of another person."]


def test_the_weekly_post_leads_to_the_notes_of_the_last_huddle_privately(shop: Week47) -> None:
    shop.says(9, "Lovely.")
    shop.ticks(NEXT)
    post: Any = next(each.target for each in shop.card("digest:oak-street:2026-W47").menu if each.label == "Huddle notes")
    assert shop.tap("recall", ANA, post).text.startswith("There was no huddle yet.")
    calls(shop)
    on = shop.store.read_sync(digests.by_period, "huddle", "oak-street", "2026-11-23")
    assert shop.tap("recall", ANA, post).text == "The huddle of Mon 23 Nov.\nNobody promised or noted anything."
    target: Any = f"huddle:{on.id}"
    shop.tap("promise", BEN, target, what="Test the soup at eleven.")
    stands(shop, "huddle:oak-street:2026-11-23", ("C1", "7.1"))
    writes(shop, 1, "The queue starts at noon.")
    assert shop.tap("recall", ANA, post).text.split("\n") == [
        "The huddle of Mon 23 Nov.", "Promised:", "Ben: Test the soup at eleven.", "Noted:", "Ben: The queue starts at noon."
    ]  # fmt: skip
    assert "does not belong to a team here" in shop.tap("recall", person("eve", workspace="T9"), post).text


def stands(shop: Week47, key: str, posted: tuple[str, str]) -> None:
    """The chat shows it there."""

    def show(tx: Any) -> None:
        table = messages.message
        tx.execute(update(table).where(table.c.key == key).values(remote_channel=posted[0], remote_id=posted[1], shown=1))

    shop.store.write_sync(show)


def writes(shop: Week47, n: int, words: str, who: Any = BEN, *, changed: bool = False) -> bool:
    return shop.store.write_sync(keep, shop.company, Written(who, ("C1", "7.1"), f"8.{n}", words, shop.now, changed))
