"""After an outage no post comes at night or on a day off, and none just before the next."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

import pytest

from handlers.calendar.weeks import Posting
from handlers.company import Company
from tests.conftest import Shop
from tests.digests.week47 import KEY, MONDAY, NEXT, Week47

WEDNESDAY_NIGHT = datetime(2026, 11, 25, 2, 30, tzinfo=UTC)
SUNDAY_NIGHT = datetime(2026, 11, 29, 2, 30, tzinfo=UTC)
NEXT_MONDAY = NEXT + timedelta(days=7)
POSTS = ("digest", "leader", "month", "calls")


@pytest.fixture
def shop(shop_of: Callable[[Company], Shop], company: Company) -> Week47:
    """Somebody reads such posts already; then, on the Monday of week 47, the last look for a while is made."""
    shop = Week47(shop_of(company).store, company, MONDAY - timedelta(days=7))
    shop.leader()
    shop.says(2, "Cold.")
    shop.ticks(MONDAY)
    shop.says(2, "Late.")
    return shop


def asked(shop: Week47) -> list[str]:
    return shop.keys()


def comes(shop: Week47, at: datetime) -> list[str]:
    before = set(asked(shop))
    shop.ticks(at)
    return sorted({key.split(":")[0] for key in asked(shop) if key not in before} & set(POSTS))


def test_what_is_late_waits_for_an_opening(shop: Week47) -> None:
    assert comes(shop, WEDNESDAY_NIGHT) == []
    assert comes(shop, WEDNESDAY_NIGHT + timedelta(hours=5)) == ["digest", "leader"]
    assert "This should have been here Mon 09:00; we were away. We are sorry." in shop.card(KEY).context


def test_a_late_post_that_would_come_on_the_morning_of_the_next_is_passed_over(shop: Week47) -> None:
    assert comes(shop, SUNDAY_NIGHT) == []
    shop.says(2, "Cold again.")
    assert comes(shop, NEXT_MONDAY - timedelta(hours=1)) == []
    assert comes(shop, NEXT_MONDAY) == ["digest", "leader"]
    assert [shop.post(period).state for period in ("2026-W47", "2026-W48")] == ["passed", "sent"]


def test_what_comes_in_time_comes_whether_or_not_somebody_is_there(shop: Week47) -> None:
    team = shop.company.teams["oak-street"].model_copy(update={"posting": Posting(at=time(20))})
    shop.company = shop.company.model_copy(update={"teams": {team.name: team}})
    assert comes(shop, NEXT + timedelta(hours=11)) == ["digest", "leader"]


def test_a_late_review_waits_for_an_opening_too(shop: Week47) -> None:
    shop.ticks(NEXT_MONDAY)
    assert comes(shop, datetime(2026, 12, 3, 1, 0, tzinfo=UTC)) == []
    assert comes(shop, datetime(2026, 12, 3, 8, 0, tzinfo=UTC)) == ["month"]
