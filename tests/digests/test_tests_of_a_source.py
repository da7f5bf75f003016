"""What *Send a test* made up is no answer of a customer: no post tells of it, and no number counts it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from handlers.calendar import months, weeks
from handlers.calendar.months import Month
from handlers.calendar.weeks import Week
from handlers.company import Company
from handlers.digests import leader_digest, snapshot
from handlers.feedback import Band, Customer
from handlers.reviews import own_month, review
from handlers.rules import Route, When
from storage import feedback, material
from storage.material import Untold
from tests.conftest import ANA, BEN, LEA, Shop, said
from tests.digests.week47 import MONDAY, NEXT, Week47

WEEK, NOVEMBER = Week(2026, 47), Month(2026, 11)
TESTER = Customer(key="test", email="ops@northwind.example", value=9000, currency="NOK")


@pytest.fixture
def shop(shop_of: Callable[[Company], Shop], company: Company, team: Any) -> Week47:
    wins = Route(name="wins", when=When(band=("promoter",)), team=team.name, wins=True)
    everyone = Route(name="everyone", when=When(band=("detractor", "passive", "unscored")), team=team.name)
    return Week47(shop_of(company).store, company.model_copy(update={"routes": (wins, everyone)}), MONDAY)


def told(shop: Week47) -> dict[str, Any]:
    """All that the posts about this week and month would say."""
    team, later = shop.company.teams["oak-street"], NEXT + timedelta(days=14)

    def everything(tx: Connection) -> dict[str, Any]:
        week, month = weeks.bounds(WEEK, team.hours), months.bounds(NOVEMBER, team.hours)
        return {
            "week": snapshot.take(tx, shop.company, team, WEEK, {}, later),
            "leader": leader_digest.take(tx, [team], WEEK, later),
            "month": review.take(tx, [team], {}, NOVEMBER, "1"),
            "own": (material.deeds(tx, own_month.DEEDS, *month), material.contacts(tx, *month)),
            "quoted": {band: material.verbatims(tx, team.name, [band], *week) for band in Band},
            "wins": material.wins(tx, team.name, ["wins"], Untold(week[0], 0, week[0]), week[1], 10),
            "waiting": material.waiting_since(tx, team.name),
        }

    return shop.store.read_sync(everything)


def test_a_test_of_a_source_changes_nothing_in_any_post_whatever_somebody_does_with_it(shop: Week47) -> None:
    shop.leader()
    shop.done(1, customer=Customer(key="c-1", email="dana@example.com", value=500, currency="NOK"))
    shop.done(2, BEN)
    shop.says(10, "Lovely.")
    before = told(shop)
    for n, score in enumerate((0, 3, 8, 10, None, 0, None), 3):
        shop.hears(said(f"{feedback.TEST}{n}", score, "Waited for an hour.", customer=TESTER, tags=("test",)))
        shop.passes(minutes=5)
    for who, case in ((ANA, 3), (LEA, 4), (BEN, 5)):
        shop.tap("claim", who, case)
        shop.tap("contacted", who, case)
        shop.passes(hours=1)
        shop.tap("close", who, case, outcome="fixed", done="Only a test.", cause="waiting time")
    shop.tap("reopen", LEA, 4)
    shop.tap("snooze", LEA, 4, until="1h")
    shop.tap("hand_over", LEA, 4, to=BEN)
    assert shop.tap("lost", LEA, 3, cause="waiting time").cards
    shop.tap("dismiss", ANA, 6, reason="test")
    assert [shop.row(case).state for case in range(3, 9)] == ["closed", "claimed", "closed", "dismissed", "new", "new"]
    assert told(shop) == before


def test_a_test_that_was_closed_by_whom_it_names_waits_for_nobody_to_confirm_it_in_the_leaders_post(shop: Week47) -> None:
    shop.leader()
    before = told(shop)
    shop.hears(said(f"{feedback.TEST}1", 1, "Ana was rude."))
    shop.tap("claim", ANA, 1)
    assert "confirm" in shop.closes(ANA, 1).text
    assert told(shop) == before
