"""A team, or a leader, for whom no post can be made keeps nobody else's back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from handlers.calendar.hours import OpeningHours
from handlers.company import Company
from handlers.digests import digest
from handlers.digests.isolation import Isolation
from storage import digests
from storage.database import Unavailable
from tests.conftest import LEA, Shop, person
from tests.digests.test_quiet_looks import hears_all, leads, with_teams
from tests.digests.week47 import MONDAY, NEXT, Week47
from tests.statements import Asked, hear

DECEMBER = datetime.fromisoformat("2026-12-03T09:00:00+01:00")


class Odd(OpeningHours):
    """Opening hours in which we make a mistake about short times, as a leader's post alone tells them."""

    def between(self, start: datetime, end: datetime) -> timedelta:
        if end - start < timedelta(hours=1):
            raise KeyError("a time nobody thought of")
        return super().between(start, end)


@pytest.fixture
def shop(shop_of: Callable[[Company], Shop], company: Company) -> Week47:
    """Three teams, each with a leader of its own, and a customer of each who was heard, and looked after."""
    shop = Week47(shop_of(company).store, company, MONDAY)
    with_teams(shop, 3)
    for n, name in enumerate(shop.company.teams):
        leads(shop, name, person(f"lea-{n}"))
    hears_all(shop)
    for n, _ in enumerate(shop.company.teams, 1):
        shop.tap("claim", LEA, n)
        shop.closes(LEA, n)
    return shop


def unreadable(shop: Week47, kind: str, about: str, period: str) -> None:
    """A row of a post that nobody can go on with."""
    choices: Any = ["not what anybody chose"]
    row = {"kind": kind, "about": about, "period": period, "state": "draft", "snapshot": {}, "choices": choices, "version": 1}
    shop.store.write_sync(lambda tx: tx.execute(digests.digest.insert().values(row | {"due_at": MONDAY, "made_at": MONDAY})))


def looks(shop: Week47, at: datetime) -> dict[str, str]:
    """Look for posts until there are no more. Returns whose failed, and how."""
    shop.now, failed = at, dict[str, str]()
    while shop.store.write_sync(digest.send_digests, shop.company, at, lambda who, why: failed.update({who: repr(why)})) == at:
        pass
    return failed


def made(shop: Week47, kind: str, period: str) -> list[str]:
    return sorted(row.about for row in shop.store.read_sync(digests.sent, kind, [period]))


def test_the_others_get_their_week(shop: Week47) -> None:
    unreadable(shop, "team", "oak-street", "2026-W47")
    assert [*looks(shop, NEXT)] == ["team:oak-street"]
    assert made(shop, "team", "2026-W47") == ["team-1", "team-2"]
    assert len(made(shop, "leader", "2026-W47")) == 3


def test_so_do_the_other_leaders(shop: Week47) -> None:
    oak = shop.company.teams["oak-street"]
    odd = oak.model_copy(update={"hours": Odd(oak.hours.zone, oak.hours.week)})
    shop.company = shop.company.model_copy(update={"teams": {**shop.company.teams, "oak-street": odd}})
    failed = looks(shop, NEXT)
    assert len(failed) == 1
    assert "leader:" in str(failed)
    assert len(made(shop, "team", "2026-W47")) == 3
    assert len(made(shop, "leader", "2026-W47")) == 2


def test_so_do_the_other_leaders_in_a_month(shop: Week47) -> None:
    looks(shop, NEXT)
    [first, *others] = made(shop, "leader", "2026-W47")
    unreadable(shop, "month", first, "2026-0x")
    assert [*looks(shop, DECEMBER)] == [f"month:{first}"]
    assert made(shop, "month", "2026-11") == others


def test_what_fails_leaves_nothing_half_done(shop: Week47) -> None:
    def half(tx: Connection) -> int:
        digests.begin(tx, kind="team", about="half", period="2026-W47", state="sent", due_at=NEXT, made_at=NEXT, snapshot={})
        raise KeyError("after the row, and before its message")

    told: list[str] = []
    shop.store.write_sync(lambda tx: Isolation(tx, lambda whose, _: told.append(whose))("team:half", lambda: half(tx)))
    assert told == ["team:half"]
    assert made(shop, "team", "2026-W47") == []


def test_trouble_of_the_database_is_nobodys_own(shop: Week47) -> None:
    def away(tx: Connection) -> int:
        raise OperationalError("SELECT 1", {}, Exception("the connection is gone"))

    with pytest.raises(Unavailable):
        shop.store.write_sync(lambda tx: Isolation(tx, lambda *_: None)("team:oak-street", lambda: away(tx)))


def test_as_long_as_none_fails_a_look_costs_two_savepoints_however_many_teams_there_are(shop: Week47) -> None:
    sent: list[int] = []
    looks(shop, NEXT)
    for number in (4, 40):
        with_teams(shop, number)
        asked: list[Asked] = []
        end = hear(asked.append)
        looks(shop, NEXT)
        end()
        sent.append(sum("SAVEPOINT" in each.statement for each in asked))
    assert sent[0] == sent[1] == 2
