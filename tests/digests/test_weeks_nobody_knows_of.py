"""Of a week without any answer nobody knows whether somebody was let down: neither bars nor comparisons say so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from handlers.cards import Card
from handlers.company import Company
from storage import digests
from tests.conftest import ANA, Shop
from tests.digests.week47 import MONDAY, NEXT, Week47


@pytest.fixture
def shop(shop_of: Callable[[Company], Shop], company: Company) -> Week47:
    shop = Week47(shop_of(company).store, company, MONDAY)
    shop.leader()
    return shop


def weeks_ago(shop: Week47, weeks: int) -> None:
    shop.now = MONDAY - timedelta(days=7 * weeks)
    shop.ticks()


def twin(card: Card) -> str:
    assert card.chart is not None
    return card.chart.twin.partition("week by week: ")[2]


def private(shop: Week47) -> tuple[str, ...]:
    row = shop.store.read_sync(digests.by_period, "leader", "1", "2026-W47")
    card = shop.card(f"leader:{row.id}:1")
    return (*card.context, *card.below)


def test_no_bar_stands_before_the_first_answer_of_a_team(shop: Week47) -> None:
    for weeks in (2, 1, 0):
        weeks_ago(shop, weeks)
        shop.says(2, "Cold.")
    card = shop.told()
    assert card.chart is not None
    assert card.chart.labels == ("2 Nov", "9 Nov", "16 Nov")
    assert "nobody let down" not in twin(card)


def test_a_week_in_which_the_feed_was_broken_is_not_told_as_one_in_which_nobody_was_let_down(shop: Week47) -> None:
    for weeks in (5, 4, 2, 0):
        weeks_ago(shop, weeks)
        for _ in range(3):
            shop.says(9 if weeks == 4 else 2, "")
    assert shop.post("2026-W44").state == "withheld"
    assert twin(shop.told()) == (
        "week of 12 Oct, 3 without a word; nobody let down in the week of 19 Oct; no answers in the week of 26 Oct; "
        "week of 2 Nov, 3 without a word; no answers in the week of 9 Nov; week of 16 Nov, 3 without a word."
    )


@pytest.mark.parametrize(("before", "post", "private_post"), [(None, "", ""), (9, " (0 the week before)", " (was 0)")])
def test_causes_are_compared_with_the_week_before_only_where_something_is_known_of_it(
    shop: Week47, before: int | None, post: str, private_post: str
) -> None:
    if before is not None:
        weeks_ago(shop, 1)
        shop.says(before, "")
        shop.now = MONDAY
    for n in (1, 2):
        shop.done(n, ANA, cause="waiting time")
    assert f"What keeps happening: waiting time, 2 cases{post}." in shop.told().context
    assert f"Causes: waiting time 2{private_post}." in private(shop)


def test_a_post_that_was_made_earlier_is_read_as_it_was(shop: Week47) -> None:
    shop.done(1)
    shop.ticks(NEXT)

    def as_it_was(tx: object) -> None:
        row = digests.by_period(tx, "team", "oak-street", "2026-W47")  # type: ignore[arg-type]
        older = {name: value for name, value in row.snapshot.items() if name not in ("unheard", "unrouted")} | {"causes_before": {}}
        digests.restate(tx, "team", "oak-street", "2026-W47", older, row.made_at)  # type: ignore[arg-type]

    shop.store.write_sync(as_it_was)
    assert shop.card("digest:oak-street:2026-W47").context[0].startswith("1 customer told us we let them down.")
