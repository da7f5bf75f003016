"""Several replicas, one database: each post is made once, whoever ticks when, and whoever dies in the middle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, select

from handlers.calendar.hours import OpeningHours
from handlers.calendar.weeks import Week
from handlers.company import Company
from handlers.digests import digest
from handlers.ladder import Role
from handlers.rules import Route, When
from handlers.team import Team
from storage import digests, messages, nudges, people
from storage.database import Store, Unavailable
from tests.conftest import LEA, OSLO, Shop, said
from tests.digests.week47 import MONDAY, NEXT


@pytest.fixture
def company(company: Company, team: Team) -> Company:
    """Ten teams with hours of their own."""
    hours = [OpeningHours.build({"mon-sun": f"{hour:02}:00-20:00"}, OSLO) for hour in range(1, 11)]
    teams = {f"team-{n}": team.model_copy(update={"name": f"team-{n}", "hours": each}) for n, each in enumerate(hours)}
    routes = [Route(name=name, when=When(tag=(name,)), team=name) for name in teams]
    return company.model_copy(update={"teams": teams, "routes": tuple(routes)})


def heard_by_all(shop: Shop) -> None:
    """On Monday, each team hears from a customer."""
    shop.now = MONDAY
    for team in shop.company.teams:
        shop.hears(said(f"r-{team}", 3, tags=(team,)))


def everything(tx: Connection) -> tuple[Counter[tuple[str, str, str]], Counter[str]]:
    rows = tx.execute(select(digests.digest).where(digests.digest.c.kind == "team")).all()
    posts = tx.execute(select(messages.message).where(messages.message.c.kind.in_(("digest", "preview", "silent")))).all()
    return Counter((row.about, row.period, row.state) for row in rows), Counter({row.key: row.wanted for row in posts})


def ticks(store: Store, company: Company, now: datetime) -> None:
    """As a replica's clock does: what others keep it from doing is tried again."""
    done = False
    while not done:
        with suppress(Unavailable):
            store.write_sync(digest.send_digests, company, now)
            done = True


@pytest.mark.parametrize("replicas", [1, 3, 8])
def test_each_post_is_made_once_however_many_replicas_tick_at_once(
    shop_of: Callable[[Company], Shop], company: Company, replicas: int
) -> None:
    shop = shop_of(company)
    heard_by_all(shop)
    for week in (1, 2):
        shop.passes(days=7)
        shop.hears(said(f"r-{week}", 3, tags=("team-0",)))
    stores = [Store(str(shop.store.url)) for _ in range(replicas)]
    try:
        with ThreadPoolExecutor(replicas) as pool:
            for hour in range(0, 24 * 7 * 3, 17):
                now = NEXT + timedelta(hours=hour)
                list(pool.map(lambda store, now=now: ticks(store, company, now), stores))
    finally:
        for store in stores:
            store.close()
    made, wanted = shop.store.read_sync(everything)
    weeks = [str(Week(2026, 47).after(n)) for n in range(3)]
    assert {(about, period) for about, period, state in made} == {(team, week) for team in company.teams for week in weeks}
    assert set(made.values()) == set(wanted.values()) == {1}
    assert len(wanted) == len(made)


def test_a_replica_killed_in_the_middle_leaves_nothing_half_said(shop_of: Callable[[Company], Shop], company: Company) -> None:
    shop = shop_of(company)
    heard_by_all(shop)

    class Killed(Exception):
        pass

    def dies(tx: Connection) -> None:
        digest.send_digests(tx, company, NEXT)
        raise Killed

    with pytest.raises(Killed):
        shop.store.write_sync(dies)
    assert shop.store.read_sync(everything) == (Counter(), Counter())
    shop.store.write_sync(digest.send_digests, company, NEXT + timedelta(hours=1))
    made, wanted = shop.store.read_sync(everything)
    assert len(made) == len(wanted) == len(company.teams)


def test_many_replicas_show_the_leader_one_preview(shop_of: Callable[[Company], Shop], company: Company) -> None:
    shop = shop_of(company)
    heard_by_all(shop)

    def lead(tx: Connection) -> None:
        row = people.ensure(tx, LEA.chat, LEA.workspace, LEA.user_id, LEA.name)
        for team in company.teams:
            nudges.put_on_duty(tx, team, Role.LEADER, [row.id])

    shop.store.write_sync(lead)
    sunday = NEXT - timedelta(hours=13)
    stores = [Store(str(shop.store.url)) for _ in range(4)]
    try:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda store: store.write_sync(digest.send_digests, company, sunday), stores))
    finally:
        for store in stores:
            store.close()
    made, wanted = shop.store.read_sync(everything)
    assert {state for _about, _period, state in made} == {"draft"}
    assert len(made) == len(wanted) == len(company.teams)
    assert set(wanted.values()) == {1}
