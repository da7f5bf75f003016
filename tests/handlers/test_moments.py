"""Moments of truth: each asks at the end what fits it, and each has steps of the ladder of its own."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from handlers.cards import Form
from handlers.company import Company
from handlers.feedback import Customer, Metric, Moment
from handlers.forgetting.erase import erase
from handlers.ladder import Phase, Role, Step, next_look
from handlers.rules import Route, When
from storage import delivery_log
from tests.conftest import ANA, Shop, said


@pytest.fixture
def shop_for(shop_of: Callable[[Company], Shop], company: Company) -> Callable[[Moment], Shop]:
    def made(moment: Moment) -> Shop:
        route = Route(name="all", when=When(), team="oak-street", moment=moment)
        return shop_of(company.model_copy(update={"routes": (route,)}))

    return made


def form(shop: Shop) -> Form:
    shop.hears(said(score=9, customer=Customer(key="c-1", email="dana@mail.example")))
    shop.tap("claim", ANA)
    asked = shop.tap("close", ANA).form
    assert asked is not None
    return asked


def ends(asked: Form) -> list[str]:
    return [value for value, _ in asked.fields[0].options]


ASKED = {
    Moment.RESCUE: (
        ["outcome", "done", "cause"],
        ["fixed", "partly", "could-not", "unreachable", "not-ours", "lost-reached", "lost"],
    ),
    Moment.REVENUE: (
        ["outcome", "done", "cause", "stays"],
        ["fixed", "partly", "could-not", "unreachable", "not-ours", "lost-reached", "lost"],
    ),
    Moment.RESPONSE: (["outcome", "done", "cause"], ["answered", "taken-on", "declined", "fixed", "unreachable", "not-ours"]),
    Moment.RELATIONSHIP: (["outcome", "done"], ["thanked", "unreachable", "not-ours"]),
}


@pytest.mark.parametrize("moment", Moment)
def test_closing_asks_what_fits_the_moment_and_takes_each_of_its_ends(shop_for: Callable[[Moment], Shop], moment: Moment) -> None:
    shop = shop_for(moment)
    asked = form(shop)
    fields, wanted = ASKED[moment]
    assert ([field.name for field in asked.fields], ends(asked)) == (fields, wanted)
    for outcome in wanted:
        reply = shop.tap("close", ANA, outcome=outcome, done="We talked.", **({"cause": "other"} if "cause" in fields else {}))
        assert reply.text.startswith("Closed."), (outcome, reply)
        assert shop.row().outcome == outcome
        shop.tap("reopen", ANA)
    foreign = next(each for each in ("thanked", "partly") if each not in wanted)
    assert "outcome" in shop.tap("close", ANA, outcome=foreign, done="x", cause="other").errors


def test_somebody_who_is_thanked_has_been_in_touch_and_nothing_caused_it(shop_for: Callable[[Moment], Shop]) -> None:
    shop = shop_for(Moment.RELATIONSHIP)
    form(shop)
    shop.tap("close", ANA, outcome="thanked", done="Sent a card.", cause="other")
    row = shop.row()
    assert (row.outcome, row.cause, row.contacted_at) == ("thanked", None, shop.now)
    assert shop.card().headline == "Closed · Ana replied after less than a minute · Thanked them"
    assert "What we did: Sent a card." in shop.card().context


def test_a_happy_customer_is_dismissed_as_needing_no_thanks_and_never_as_a_problem(shop_for: Callable[[Moment], Shop]) -> None:
    shop = shop_for(Moment.RELATIONSHIP)
    shop.hears(said(score=9))
    asked = shop.tap("dismiss", ANA).form
    assert asked is not None
    assert (asked.title, "problem" in asked.intro) == ("No thanks needed?", False)
    assert shop.tap("dismiss", ANA, reason="nobody").text == "No thanks needed, then. Press Undo on the card if that changes."


@pytest.mark.parametrize(("stays", "line"), [("yes", " They stay with us."), ("no", " They are leaving."), ("", "")])
def test_whether_a_valuable_customer_stays_is_told_in_the_thread_where_somebody_said_it(
    shop_for: Callable[[Moment], Shop], stays: str, line: str
) -> None:
    shop = shop_for(Moment.REVENUE)
    form(shop)
    shop.tap("close", ANA, outcome="partly", done="Credited two months.", cause="other", stays=stays)
    [key] = [row.key for row in shop.store.read_sync(delivery_log.unfinished, 100) if row.kind == "line"]
    assert shop.card(key).plain == f"Ana closed this: partly fixed. Credited two months.{line}"
    shop.store.write_sync(erase, "c-1", shop.now)
    assert shop.card(key).plain == f"Ana closed this: partly fixed. (erased).{line}"


def test_a_review_whose_author_cannot_be_reached_is_thanked_in_public(shop_for: Callable[[Moment], Shop]) -> None:
    shop = shop_for(Moment.RELATIONSHIP)
    shop.hears(said(score=5).model_copy(update={"metric": Metric.STARS, "scale": (1, 5)}))
    shop.tap("claim", ANA)
    asked = shop.tap("close", ANA).form
    assert asked is not None
    assert ends(asked) == ["replied", "not-ours"]


def test_a_step_for_one_moment_speaks_of_no_other(shop_for: Callable[[Moment], Shop]) -> None:
    step = Step(phase=Phase.UNCLAIMED, after=0.5, role=Role.LEADER, moments=(Moment.REVENUE,))
    due = {}
    for n, moment in enumerate(Moment):
        shop = shop_for(moment)
        team = shop.company.teams["oak-street"].model_copy(update={"ladder": (step,)})
        shop.company = shop.company.model_copy(update={"teams": {team.name: team}})
        shop.hears(said(f"r-{n}", score=2))
        row = shop.row(n + 1)
        due[moment] = next_look(row, (step,), team.hours, shop.now) < row.claim_by
    assert due == {Moment.RESCUE: False, Moment.REVENUE: True, Moment.RESPONSE: False, Moment.RELATIONSHIP: False}
