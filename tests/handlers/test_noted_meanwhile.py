"""A colleague's note at the very moment at which something else happens to the case: it changes nothing else, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from handlers.actions import act
from handlers.nudges.bundles import send_bundles
from handlers.nudges.clock_look import look
from handlers.situation import Tap
from tests import log
from tests.conftest import ANA, BEN, Shop, said
from tests.handlers.test_away import known, leaves
from tests.handlers.test_ladder import MONDAY, passes_until, told
from tests.overlapping import overlapped

__all__ = ["known"]


def noted_while(shop: Shop, happens: Callable[[], object]) -> None:
    overlapped(shop.store, lambda tx: act(tx, shop.company, Tap("note", 1, BEN, shop.now, {"note": "On it."})), happens)
    assert "note" in shop.acts()
    assert log.replay(shop.store.read_sync(log.life, 1))["version"] == shop.row().version


def bundles_are_sent(shop: Shop) -> None:
    shop.store.write_sync(send_bundles, shop.company, shop.now)


def test_the_owner_is_asked_all_the_same_whether_a_late_one_is_still_theirs(known: Shop) -> None:
    passes_until(known, MONDAY + timedelta(days=1, hours=3))
    known.passes(minutes=15)
    known.store.write_sync(look, known.company, known.now)
    noted_while(known, lambda: bundles_are_sent(known))
    assert told(known, ANA)[-1] == "This customer has been waiting since Fri 11:00, longer than we promised. Still yours?"
    assert known.row().asked_at == known.now
    passes_until(known, MONDAY + timedelta(days=2, minutes=30))
    assert known.row().state == "new", "nobody answered"


def test_a_wait_ends_all_the_same_when_the_customer_answers(known: Shop) -> None:
    known.tap("wait", ANA, days="14")
    noted_while(known, lambda: known.hears(said(comment="You rang, but it is broken again!")))
    assert (known.row().state, known.row().quiet_until) == ("claimed", None)
    passes_until(known, known.now + timedelta(minutes=15))
    assert told(known, ANA) == ["The customer has answered. Have another look?"]


def test_a_stand_in_hears_all_the_same_of_somebody_who_is_away(known: Shop) -> None:
    leaves(known, ANA, BEN)
    passes_until(known, MONDAY + timedelta(hours=8))
    known.passes(minutes=45)
    known.store.write_sync(look, known.company, known.now)
    noted_while(known, lambda: bundles_are_sent(known))
    passes_until(known, known.now + timedelta(minutes=15))
    assert told(known, BEN) == ["Ana is away, and this customer has been waiting since Fri 11:00. Can you take it over?"]
