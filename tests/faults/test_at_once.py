"""Several replicas do the same thing at the same moment, on one database: what counts happens once."""

from __future__ import annotations

import itertools
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from handlers.colleagues import meet
from handlers.feedback import Person
from handlers.ladder import Phase, Role
from handlers.nudges.bundles import send_bundles
from handlers.nudges.clock_look import look
from handlers.receive import Answer
from storage import delivery_log, nudges
from storage.database import Store
from tests import log
from tests.conftest import ANA, LEA, Shop, person, said

CROWD = [person(f"p{n}") for n in range(32)]


@contextmanager
def others(store: Store, number: int) -> Iterator[list[Store]]:
    """The store and so many more on the same database; SQLite has one that writes, which all share."""
    with ExitStack() as opened:
        more = 0 if store.sqlite else number
        yield [store, *(opened.enter_context(closing(Store(str(store.url)))) for _ in range(more))]


def at_once(jobs: list[Callable[[], Any]]) -> list[Any]:
    """Run all of them, each in a thread of its own, from the same moment on."""
    start = threading.Barrier(len(jobs))

    def run(job: Callable[[], Any]) -> Any:
        start.wait(10)
        return job()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


def test_18_of_thirty_two_who_claim_at_once_one_wins_and_the_others_read_who(shop: Shop) -> None:
    shop.hears(*(said(f"r-{n}") for n in range(5)))
    with others(shop.store, 3) as stores:
        shops = [Shop(store, shop.company, shop.now) for store in stores]
        for target in range(1, 6):
            jobs = [lambda n=n, target=target: shops[n % len(shops)].tap("claim", CROWD[n], target) for n in range(32)]
            told = [reply.text for reply in at_once(jobs)]
            assert shop.acts(target).count("claim") == 1
            winner = shop.row(target).owner_name
            [won] = [n for n, text in enumerate(told) if "It is yours" in text]
            assert CROWD[won].name == winner
            assert all(winner in text for n, text in enumerate(told) if n != won)


def test_18_whatever_people_do_at_once_the_log_tells_one_life_and_it_is_the_rows(shop: Shop) -> None:
    shop.hears(*(said(f"r-{n}") for n in range(3)))
    chance = random.Random(7)
    verbs: list[tuple[str, dict[str, str]]] = [
        ("claim", {}),
        ("release", {}),
        ("contacted", {}),
        ("tried", {}),
        ("note", {"note": "On it."}),
        ("snooze", {"until": "lunch"}),
        ("close", {"outcome": "fixed", "done": "Rang her.", "cause": "other"}),
        ("reopen", {}),
        ("dismiss", {"reason": "test"}),
    ]
    with others(shop.store, 3) as stores:
        shops = [Shop(store, shop.company, shop.now) for store in stores]

        def somebody(n: int) -> None:
            for _ in range(12):
                verb, answers = chance.choice(verbs)
                shops[n % len(shops)].tap(verb, CROWD[n], chance.randint(1, 3), **answers)

        at_once([lambda n=n: somebody(n) for n in range(8)])
    for target in (1, 2, 3):
        row, life = shop.row(target), shop.store.read_sync(log.life, target)
        versions = [line.set["version"] for line in life if "version" in line.set]
        assert versions == list(range(2, row.version + 1)), "each change was decided about what the one before it left"
        told = log.replay(life)
        assert told == {column: getattr(row, column) for column in told}


def test_customers_who_are_let_down_again_while_colleagues_end_and_open_it_are_one_life_too(shop: Shop) -> None:
    shop.hears(said())
    chance, words = random.Random(7), itertools.count(1)
    verbs: list[tuple[str, dict[str, str]]] = [
        ("claim", {}),
        ("close", {"outcome": "fixed", "done": "Rang her.", "cause": "other"}),
        ("dismiss", {"reason": "test"}),
        ("reopen", {}),
        ("note", {"note": "On it."}),
    ]
    with others(shop.store, 3) as stores:
        shops = [Shop(store, shop.company, shop.now) for store in stores]

        def customer() -> None:
            for _ in range(12):
                n = next(words)
                shops[n % len(shops)].hears(said(comment=f"Again, {n}.", occurred_at=shop.now + timedelta(minutes=n)))

        def colleague(n: int) -> None:
            for _ in range(12):
                verb, answers = chance.choice(verbs)
                shops[n % len(shops)].tap(verb, CROWD[n], 1, **answers)

        at_once([customer, customer, *(lambda n=n: colleague(n) for n in range(6))])
    for who in CROWD[:6]:  # whoever has it may
        shop.tap("dismiss", who, 1, reason="test")
    shop.hears(said(comment="Once more.", occurred_at=shop.now + timedelta(days=1)))
    row, life = shop.row(), shop.store.read_sync(log.life, 1)
    assert row.state not in ("closed", "dismissed")
    assert any(line.verb == "reopen" and line.person_id is None for line in life)
    versions = [line.set["version"] for line in life if "version" in line.set]
    assert versions == list(range(2, row.version + 1))
    told = log.replay(life)
    assert told == {column: getattr(row, column) for column in told}


def test_2_an_answer_that_arrives_many_times_at_once_is_one_follow_up(shop: Shop) -> None:
    with others(shop.store, 3) as stores:
        shops = [Shop(store, shop.company, shop.now) for store in stores]
        jobs = [lambda n=n: shops[n % len(shops)].hears(said("a"), said("b"), said(f"own-{n}")) for n in range(24)]
        receipts = [each for receipts in at_once(jobs) for each in receipts[:2]]
    assert Counter(receipt.answer for receipt in receipts) == {Answer.ACCEPTED: 2, Answer.DUPLICATE: 46}
    assert len({receipt.id for receipt in receipts}) == 2
    assert len(shop.keys()) == 2 + 24


def test_customers_who_arrive_crosswise_in_batches_cost_nobody_an_error(shop: Shop) -> None:
    with others(shop.store, 3) as stores:
        shops = [Shop(store, shop.company, shop.now) for store in stores]

        def batch(n: int) -> None:
            order = list(range(10)) if n % 2 else list(range(9, -1, -1))
            for again in range(3):
                shops[n % len(shops)].hears(*(said(f"r-{i}", comment=f"{n} {again}", customer={"key": f"c-{i}"}) for i in order))

        at_once([lambda n=n: batch(n) for n in range(8)])
    assert len(shop.keys()) == 10


def waits(shop: Shop, customers: int = 12) -> None:
    """Customers who wait since Friday 11:00, and a leader and a colleague whom the chat knows."""
    shop.hears(*(said(f"r-{n}") for n in range(customers)))
    known: dict[str, int] = {}

    def introduce(who: Person) -> None:
        shop.store.write_sync(meet, who, f"{who.user_id}@x.example", "Europe/Oslo", shop.now)
        row = shop.store.read_sync(lambda tx: tx.execute(select(nudges.person).where(nudges.person.c.user_id == who.user_id)).one())
        known[who.user_id] = row.id

    introduce(LEA)
    introduce(ANA)
    shop.store.write_sync(nudges.put_on_duty, "oak-street", Role.LEADER, [known["lea"]])
    for target in range(1, customers, 3):
        shop.tap("claim", ANA, target)


def spoken(store: Store) -> list[tuple[Any, ...]]:
    """All that was said of the cases, whoever said it: steps by case and audience, and how many messages each person got."""
    said_of = store.read_sync(lambda tx: tx.execute(select(nudges.nudge)).all())
    got = store.read_sync(lambda tx: tx.execute(select(nudges.bundle)).all())
    steps = [(row.follow_up_id, row.promise, row.step, row.audience, row.state, row.sent_at) for row in said_of]
    return sorted([*steps, *((row.person_id, row.day, row.number, row.at) for row in got)], key=str)


@pytest.mark.parametrize("replicas", [1, 3, 8])
def test_19_24_however_many_replicas_look_at_the_clock_everything_is_said_once(
    shop: Shop, replicas: int, tmp_path_factory: pytest.TempPathFactory, migrated_file: Any
) -> None:
    alone_file = tmp_path_factory.mktemp("alone") / "hero.db"
    alone_file.write_bytes(migrated_file.read_bytes())
    with closing(Store(f"sqlite:///{alone_file}")) as alone_store, others(shop.store, replicas - 1) as stores:
        alone = Shop(alone_store, shop.company, shop.now)
        waits(shop)
        waits(alone)
        for hours in (1, 2, 1, 1, 20, 48, 4, 24, 24, 24):
            shop.passes(hours=hours)
            alone.passes(hours=hours)
            for _ in range(3):
                tick(alone_store, alone)
                at_once([lambda store=store: tick(store, shop) for store in stores * (1 if len(stores) > 1 else replicas)])
        once = spoken(alone_store)
    assert len(once) > 20
    assert spoken(shop.store) == once
    keys = [row.key for row in shop.store.read_sync(delivery_log.unfinished, 1000)]
    assert len(keys) == len(set(keys))


def tick(store: Store, shop: Shop) -> None:
    store.write_sync(look, shop.company, shop.now)
    store.write_sync(send_bundles, shop.company, shop.now)


def test_19_no_reminder_follows_a_claim_that_committed_first(shop: Shop) -> None:
    waits(shop)
    with others(shop.store, 3) as stores:
        shop.passes(hours=3)
        claims = [lambda n=n: Shop(stores[-1], shop.company, shop.now).tap("claim", CROWD[n], n) for n in range(1, 13)]
        at_once([*claims, *(lambda store=store: tick(store, shop) for store in stores)])
        claimed = {target: shop.row(target).claimed_at for target in range(1, 13)}
        shop.passes(minutes=30)
        before = {row.id for row in shop.store.read_sync(lambda tx: tx.execute(select(nudges.nudge)).all()) if row.sent_at}
        at_once([lambda store=store: tick(store, shop) for store in stores])
    after = shop.store.read_sync(lambda tx: tx.execute(select(nudges.nudge)).all())
    assert any(row.sent_at and row.step.startswith(Phase.UNCLAIMED) for row in after)
    for row in after:
        if row.sent_at and row.id not in before and row.step.startswith(Phase.UNCLAIMED):
            assert claimed[row.follow_up_id] is None, "they were told that nobody has it, though somebody had"
    assert shop.now - timedelta(minutes=30) >= max(at for at in claimed.values() if at)
