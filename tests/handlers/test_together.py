"""What waits together is done together: in the order it came, with the statements of one and not of each."""

from __future__ import annotations

from handlers.actions import act_all
from handlers.cards import Reply
from handlers.ladder import Role
from handlers.situation import Tap
from tests import log
from tests.conftest import ANA, BEN, LEA, Shop, person, said
from tests.handlers.test_ladder import put_on_duty
from tests.statements import kinds, statements

RECEIVE = 7
"""Whether anything was ever erased, customers, feedback, follow-ups, acts, lanes, messages."""
CROWD = [person(f"u-{n}") for n in range(100)]


def claim(shop: Shop) -> int:
    """Who taps, on what, the UPDATE, an act that is asked for its number and one that is not, then the messages: pictures anew,
    lanes, the new one. Where several write, first in which lanes the pictures wait."""
    return 8 if shop.store.sqlite else 9


def together(shop: Shop, *taps: Tap) -> list[Reply]:
    return shop.store.write_sync(act_all, taps, shop.company)


def test_a_claim_is_few_statements(shop: Shop) -> None:
    shop.hears(said("r-1"), said("r-2"))
    shop.tap("claim", ANA, target=1)
    with statements() as asked:
        shop.tap("claim", ANA, target=2)
    assert len(kinds(asked)) == claim(shop), asked


def test_the_claims_of_a_crowd_are_hardly_more(shop: Shop) -> None:
    shop.hears(said("r-1"), said("r-2"))
    together(shop, *(Tap("claim", 1, each, shop.now) for each in CROWD))
    with statements() as asked:
        replies = together(shop, *(Tap("claim", 2, each, shop.now) for each in CROWD))
    the_case_once_more = 1
    assert len(kinds(asked)) == claim(shop) + the_case_once_more, asked
    assert [reply.text.startswith("It is yours") for reply in replies] == [True] + [False] * 99
    assert all("U-0" in reply.text for reply in replies[1:])
    assert shop.row(2).owner_name == "U-0"


def test_taps_that_wait_together_see_what_those_before_them_did(shop: Shop) -> None:
    shop.hears(said())
    put_on_duty(shop, Role.LEADER, LEA)
    verbs = [("claim", ANA), ("claim", BEN), ("release", ANA), ("claim", BEN), ("release", ANA), ("release", LEA)]
    together(shop, *(Tap(verb, 1, who, shop.now) for verb, who in verbs))
    owners = [line.person_name for line in shop.store.read_sync(log.life, 1) if line.verb in ("claim", "release")]
    assert owners == ["Ana", "Ana", "Ben", "Lea"]


def test_feedback_that_waits_together_is_as_few_statements_as_one(shop: Shop) -> None:
    shop.hears(said())
    for many in (1, 64):
        with statements() as asked:
            shop.hears(*(said(f"{many}-{n}", customer={"key": f"c-{many}-{n}"}) for n in range(many)))
        assert len(kinds(asked)) == RECEIVE, asked


def test_where_some_answered_before_two_statements_more_tell_whom_we_let_down_and_who_was_looked_after(shop: Shop) -> None:
    shop.hears(*(said(f"r-{n}", customer={"key": f"c-{n}"}) for n in range(64)))
    with statements() as asked:
        shop.hears(*(said(f"s-{n}", customer={"key": f"c-{n}"}) for n in range(128)))
    assert len(kinds(asked)) == RECEIVE + 2, asked
