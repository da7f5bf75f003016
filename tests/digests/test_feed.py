"""Nothing arrived, or nothing that a route took: a leader reads which of the two it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from handlers.company import Company
from handlers.rules import Route, When
from storage import digests
from tests.conftest import Shop, said
from tests.digests.week47 import MONDAY, NEXT, Week47


@pytest.fixture
def shop(shop_of: Callable[[Company], Shop], company: Company) -> Week47:
    """Answers of a team are known by its tag, and were usual until week 47."""
    oak = Route(name="oak", when=When(band=("detractor",), tag=("oak",)), team="oak-street")
    company = company.model_copy(update={"routes": (oak,)})
    shop = Week47(shop_of(company).store, company, MONDAY - timedelta(days=7))
    shop.leader()
    for _ in range(6):
        shop.says(9, "", tags=("oak",))
    shop.ticks(MONDAY)
    return shop


def test_answers_that_no_route_takes_are_not_told_as_a_broken_feed(shop: Week47) -> None:
    for n in range(5):
        shop.hears(said(f"low-{n}", 2, "Late.", tags=("oak street",)), said(f"high-{n}", 9, "", tags=("oak street",)))
    shop.ticks(NEXT)
    assert shop.post().state == "withheld"
    assert shop.card("silent:2026-W47:1").plain == (
        "10 answers arrived in the week of 16 to 22 Nov, but none reached a team because no route took them. Customers may be "
        "waiting for a reply without anybody knowing. The channel gets no weekly post until that is fixed; please ask whoever runs "
        "Action Hero to look at the routes."
    )
    row = shop.store.read_sync(digests.by_period, "leader", "1", "2026-W47")
    card = shop.card(f"leader:{row.id}:1")
    assert card.context[0] == "No answers reached your team."
    data = "The data: no answer reached a team, 5 reached nobody, for no route took them, every message was delivered."
    assert data in (*card.context, *card.below)


def test_where_nothing_at_all_arrives_the_feed_is_probably_broken(shop: Week47) -> None:
    shop.hears(said("hero-test:1", 2, "This is a test"))
    shop.ticks(NEXT)
    assert shop.card("silent:2026-W47:1").plain.startswith(
        "No answer from any customer arrived in the week of 16 to 22 Nov, from no"
    )


def test_a_test_of_a_source_reaches_nobody_and_is_no_answer_that_no_route_took(shop: Week47) -> None:
    shop.says(9, "", tags=("oak",))
    shop.hears(said("hero-test:1", 2, "This is a test"))
    shop.ticks(NEXT)
    row = shop.store.read_sync(digests.by_period, "leader", "1", "2026-W47")
    card = shop.card(f"leader:{row.id}:1")
    assert "The data: 1 answer arrived, every message was delivered." in (*card.context, *card.below)
