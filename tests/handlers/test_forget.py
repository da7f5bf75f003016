"""Forgetting by age: field by field, never while somebody waits, once a night, and made up for after a night that was slept through."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, text

from handlers import colleagues
from handlers.arrivals.customers import know, merge
from handlers.feedback import Customer
from handlers.forgetting.forget import BATCH, forget, is_due
from handlers.forgetting.retention import Retention
from storage import digests, thanks
from tests.conftest import ANA, BEN, OSLO, Shop, said

YEAR = timedelta(days=365)
NIGHT = datetime(2027, 12, 1, 2, 30, tzinfo=UTC)
"""3:30 in Oslo, more than a year after the shop's Friday."""


def tonight(shop: Shop, at: datetime = NIGHT, **kept: timedelta) -> None:
    """A whole night's forgetting, as the house does it."""
    while shop.store.write_sync(forget, Retention(**kept), OSLO, at):
        pass


def column(shop: Shop, table: str, name: str) -> list[Any]:
    return list(shop.store.read_sync(lambda tx: tx.execute(text(f"SELECT {name} FROM {table} ORDER BY id")).scalars().all()))


def closed(shop: Shop, id: str = "r-1", **customer: Any) -> None:
    [receipt] = shop.hears(said(id, customer=Customer(**customer), link="https://survey.example/1"))
    target = column(shop, "follow_up", "id")[-1]
    assert receipt.id
    shop.tap("claim", ANA, target)
    shop.tap("note", ANA, target, note="Dana is a regular.")
    shop.closes(ANA, target)


def test_39_after_a_night_no_field_is_older_than_allowed_and_the_others_stay(shop: Shop) -> None:
    closed(shop, key="c-1", name="Dana", email="dana@x.example", phone="123")
    tonight(shop, comment=YEAR, phone=YEAR)
    assert column(shop, "feedback", "comment") == [""]
    assert column(shop, "feedback", "link") == [None]
    assert (column(shop, "customer", "name"), column(shop, "customer", "phone")) == (["Dana"], [None])
    assert shop.row().done == "Called and apologised."
    assert shop.card().quote == ""
    assert shop.card().headline.startswith("Closed")


def test_what_is_younger_stays(shop: Shop) -> None:
    closed(shop, key="c-1", email="dana@x.example")
    tonight(shop, shop.now + YEAR - timedelta(hours=1), comment=YEAR, email=YEAR, notes=YEAR)
    assert column(shop, "feedback", "comment") == ["Waited 45 minutes and nobody came."]
    assert column(shop, "customer", "email") == ["dana@x.example"]
    assert shop.row().done == "Called and apologised."


def test_39_whoever_still_waits_is_not_forgotten(shop: Shop) -> None:
    shop.hears(said(customer=Customer(key="c-1", name="Dana", email="dana@x.example")))
    tonight(shop, comment=YEAR, name=YEAR, email=YEAR)
    assert column(shop, "feedback", "comment") == ["Waited 45 minutes and nobody came."]
    assert column(shop, "customer", "name") == ["Dana"]


def test_a_customer_counts_from_their_last_answer(shop: Shop) -> None:
    closed(shop, key="c-1", name="Dana")
    shop.now = NIGHT - timedelta(days=3)
    shop.hears(said("r-2", score=10, customer=Customer(key="c-1")))
    tonight(shop, name=YEAR, comment=YEAR)
    assert column(shop, "customer", "name") == ["Dana"]
    assert column(shop, "feedback", "comment")[0] == ""


def test_a_clock_that_was_two_years_ahead_for_a_night_keeps_no_later_night_from_its_work(shop: Shop) -> None:
    closed(shop, key="c-1")
    tonight(shop, NIGHT + 2 * YEAR, notes=YEAR)
    shop.now = NIGHT
    closed(shop, "r-2", key="c-2")
    tomorrow = NIGHT + timedelta(days=1)
    assert shop.store.read_sync(is_due, OSLO, tomorrow)
    tonight(shop, tomorrow, notes=YEAR)
    assert not shop.store.read_sync(is_due, OSLO, tomorrow)
    assert column(shop, "follow_up", "done") == ["", "Called and apologised."]
    tonight(shop, NIGHT + YEAR + timedelta(days=1), notes=YEAR)
    assert column(shop, "follow_up", "done") == ["", ""]


def test_whom_a_directory_names_counts_from_that_day_though_they_never_answered(shop: Shop) -> None:
    dana = Customer(key="c-1", name="Dana", email="dana@x.example", value=48000)
    shop.store.write_sync(know, [dana], shop.now)
    tonight(shop, shop.now + timedelta(days=1), name=YEAR, email=YEAR, value=YEAR)
    assert column(shop, "customer", "name") == ["Dana", None]
    assert column(shop, "customer", "key") == ["c-1", "email:dana@x.example"]
    shop.store.write_sync(know, [dana], shop.now + YEAR - timedelta(days=1))
    tonight(shop, shop.now + YEAR + timedelta(days=1), name=YEAR)
    assert column(shop, "customer", "name") == ["Dana", None]
    tonight(shop, shop.now + 2 * YEAR, name=YEAR)
    assert column(shop, "customer", "name") == [None, None]


def test_whom_a_directory_named_counts_so_under_the_name_they_were_merged_into(shop: Shop) -> None:
    closed(shop, key="c-1", name="Dana")
    shop.store.write_sync(know, [Customer(key="c-2", phone="123")], NIGHT - timedelta(days=3))
    shop.store.write_sync(merge, "c-1", "c-2", NIGHT)
    tonight(shop, name=YEAR)
    assert column(shop, "customer", "name") == ["Dana", None]


def test_whoever_was_known_by_their_e_mail_is_a_new_customer_after_it_was_forgotten(shop: Shop) -> None:
    closed(shop, email="dana@x.example")
    tonight(shop, email=YEAR)
    assert column(shop, "customer", "key") == ["forgotten:1"]
    shop.hears(said("r-2", customer=Customer(email="dana@x.example")))
    assert column(shop, "customer", "key") == ["forgotten:1", "email:dana@x.example"]


def test_a_key_that_is_their_e_mail_is_forgotten_with_it_however_it_was_written(shop: Shop) -> None:
    closed(shop, "r-1", key="Dana@X.example", email="dana@x.example")
    closed(shop, "r-2", key="c-2", email="ben@x.example")
    closed(shop, "r-3", key="ben@x.example")
    shop.store.write_sync(merge, "c-2", "ben@x.example", shop.now)
    tonight(shop, email=YEAR)
    assert column(shop, "customer", "key") == ["forgotten:1", "c-2", "forgotten:3"]


def test_what_colleagues_wrote_is_forgotten_in_the_log_too_and_later_ends_in_later_nights(shop: Shop) -> None:
    closed(shop, "r-1", key="c-1")
    shop.passes(days=30)
    closed(shop, "r-2", key="c-2")
    tonight(shop, shop.now + YEAR - timedelta(days=10), notes=YEAR)
    assert column(shop, "follow_up", "done") == ["", "Called and apologised."]
    assert sum("regular" in str(detail) for detail in column(shop, "act", "detail")) == 1
    tonight(shop, shop.now + YEAR + timedelta(days=1), notes=YEAR)
    assert column(shop, "follow_up", "done") == ["", ""]
    assert not any("regular" in str(detail) for detail in column(shop, "act", "detail"))


def test_what_was_said_at_a_hand_over_is_forgotten_as_a_note_is(shop: Shop) -> None:
    shop.hears(said("r-1", customer=Customer(key="c-1")))
    shop.tap("claim", ANA)
    shop.tap("hand_over", ANA, to=BEN, words="Dana is a regular.")
    shop.closes(BEN)
    tonight(shop, shop.now + YEAR - timedelta(days=1), notes=YEAR)
    assert any("regular" in str(detail) for detail in column(shop, "act", "detail"))
    tonight(shop, shop.now + YEAR + timedelta(days=1), notes=YEAR)
    assert not any("regular" in str(detail) for detail in column(shop, "act", "detail"))


def written(shop: Shop) -> list[str]:
    """What still stands anywhere of what colleagues wrote about Dana."""
    everywhere = [("act", "detail"), ("raised", "words"), ("thanks", "note")]
    return [table for table, name in everywhere for said in column(shop, table, name) if "Dana" in str(said)]


def thank(shop: Shop, note: str) -> None:
    """As whoever reads the weekly post does."""

    def give(tx: Connection) -> None:
        week = {
            "kind": "team",
            "about": "oak-street",
            "period": "2026-W47",
            "state": "sent",
            "due_at": shop.now,
            "made_at": shop.now,
        }
        digest_id = digests.begin(tx, **week, snapshot={})
        [ana, ben] = [colleagues.remember(tx, who).id for who in (ANA, BEN)]
        about = {"digest_id": digest_id, "follow_up_id": 1, "from_id": ben, "to_id": ana}
        thanks.thank(tx, {**about, "note": note, "at": shop.now})

    shop.store.write_sync(give)


def test_what_is_written_after_the_end_is_kept_as_long_from_then_and_not_for_ever(shop: Shop) -> None:
    closed(shop, key="c-1", name="Dana")
    shop.passes(days=200)
    shop.tap("note", BEN, note="Dana rang again.")
    shop.tap("raise", BEN, words="Dana says that the till is slow.")
    thank(shop, "How kind to Dana!")
    ended, late = shop.now - timedelta(days=200) + YEAR, shop.now + YEAR
    tonight(shop, ended + timedelta(days=1), notes=YEAR)
    assert written(shop) == ["act", "act", "raised", "thanks"]
    tonight(shop, late - timedelta(days=1), notes=YEAR)
    assert written(shop) == ["act", "act", "raised", "thanks"]
    tonight(shop, late + timedelta(days=1), notes=YEAR)
    assert written(shop) == []
    assert shop.acts()[-2:] == ["note", "raise"], "that something was written stays"


def test_what_was_written_late_long_ago_is_forgotten_by_the_first_night_that_looks_for_it(shop: Shop) -> None:
    closed(shop, key="c-1", name="Dana")
    tonight(shop, notes=YEAR)
    shop.now = NIGHT
    for n in range(BATCH + 5):
        shop.tap("note", BEN, note=f"Dana rang {n} times.")
    tonight(shop, NIGHT + YEAR + timedelta(days=1), notes=YEAR)
    assert written(shop) == []


def test_a_note_that_some_wrong_clock_dated_years_ahead_keeps_none_from_being_forgotten(shop: Shop) -> None:
    closed(shop, key="c-1", name="Dana")
    shop.passes(days=200)
    right = shop.now
    shop.now += 5 * YEAR
    shop.tap("note", BEN, note="Dana rang again.")
    shop.now = right
    tonight(shop, right + YEAR + timedelta(days=1), notes=YEAR)
    assert written(shop) == ["act"], "nothing tells yet how old it is"
    shop.passes(days=1)
    shop.tap("note", BEN, note="Dana rang a third time.")
    tonight(shop, shop.now + YEAR - timedelta(hours=1), notes=YEAR)
    assert written(shop) == ["act", "act"]
    tonight(shop, shop.now + YEAR + timedelta(hours=1), notes=YEAR)
    assert written(shop) == []


def test_a_late_note_about_a_case_that_is_open_again_stays_until_it_has_ended_for_long(shop: Shop) -> None:
    closed(shop, key="c-1", name="Dana")
    shop.passes(days=1)
    shop.tap("note", BEN, note="Dana rang again.")
    shop.tap("reopen", BEN)
    tonight(shop, shop.now + YEAR + timedelta(days=1), notes=YEAR)
    assert "act" in written(shop)
    shop.now += YEAR + timedelta(days=2)
    shop.tap("claim", ANA)
    shop.closes(ANA)
    tonight(shop, shop.now + YEAR - timedelta(days=1), notes=YEAR)
    assert "act" in written(shop)
    tonight(shop, shop.now + YEAR + timedelta(days=1), notes=YEAR)
    assert written(shop) == []


def test_a_night_without_anything_to_forget_draws_nothing_anew(shop: Shop) -> None:
    closed(shop, key="c-1", name="Dana")
    shop.passes(days=1)
    shop.tap("note", BEN, note="Dana rang again.")
    tonight(shop, shop.now + YEAR + timedelta(days=1), notes=YEAR)
    drawn = column(shop, "message", "wanted")
    tonight(shop, shop.now + YEAR + timedelta(days=2), notes=YEAR)
    assert column(shop, "message", "wanted") == drawn


def test_more_than_one_batch_is_forgotten_in_one_night(shop: Shop) -> None:
    shop.hears(*(said(f"r-{n}", score=10, customer=Customer(key=f"c-{n}", name="Dana")) for n in range(BATCH + 5)))
    tonight(shop, comment=YEAR, name=YEAR)
    assert set(column(shop, "feedback", "comment")) == {""}
    assert set(column(shop, "customer", "name")) == {None}


def test_it_is_due_once_a_night_and_a_night_that_was_slept_through_is_made_up_for(shop: Shop) -> None:
    def due(at: datetime, zone: ZoneInfo = OSLO) -> bool:
        return shop.store.read_sync(is_due, zone, at)

    assert not due(NIGHT - timedelta(hours=1))
    assert due(NIGHT)
    tonight(shop)
    assert not due(NIGHT + timedelta(hours=20))
    assert due(NIGHT + timedelta(days=1, hours=11)), "nobody was awake at three"
