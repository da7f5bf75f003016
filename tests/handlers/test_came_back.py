"""A customer who was looked after answers a survey again: the old card's thread and whoever closed it hear how it is now."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from handlers.arrivals.arrival import Arrival
from handlers.feedback import Customer
from handlers.forgetting.erase import erase
from handlers.ladder import Role
from handlers.receive import receive
from handlers.team import SHOWN, Team
from storage import customers as directory
from storage.came_back import SAID
from tests.conftest import ANA, BEN, FRIDAY, LEA, Shop, said
from tests.handlers.test_away import leaves, types
from tests.handlers.test_ladder import MONDAY, bundles, lines, passes_until, put_on_duty, ticks, told
from tests.statements import kinds, statements

DANA = Customer(key="c-77", name="Dana Reyes", email="dana@mail.example")
TOLD = "They answered again: NPS 9 of 10. Thank you for looking after them."


@pytest.fixture
def helped(shop: Shop) -> Shop:
    """Ana closed what Dana was unhappy about, two hours ago."""
    shop.hears(said(customer=DANA))
    shop.tap("claim", ANA)
    shop.closes()
    shop.passes(hours=2)
    return shop


def answers(shop: Shop, id: str = "r-2", score: float | None = 9, **more: Any) -> None:
    shop.hears(said(id, score, "Reyes is my name, and it was lovely.", **{"customer": DANA, **more}))


def test_the_thread_of_the_old_card_reads_the_score_and_whoever_closed_it_reads_it_too(helped: Shop) -> None:
    answers(helped)
    assert lines(helped)[-1] == "They answered again: NPS 9 of 10."
    ticks(helped)
    [bundle] = bundles(helped, ANA)
    assert bundle.headline == "A customer you looked after answered again"
    assert (
        bundle.plain == "A customer you looked after answered again: NPS 9 of 10 at Oak Street. Thank you for looking after them."
    )
    [item] = bundle.items
    assert (item.headline, item.buttons, item.menu, item.footer) == (TOLD, (), (), "#1 · Oak Street")
    assert item.quote == "Waited 45 minutes and nobody came.", "by which it is recognised"
    assert item.reach == (), "it is looked after: nobody need ring them"
    assert "lovely" not in f"{bundle}{helped.card()}"
    assert helped.card().headline.startswith("Closed"), "nothing else has changed"


def test_it_is_said_once_whatever_they_answer_later_and_however_often_they_correct_it(helped: Shop) -> None:
    answers(helped)
    answers(helped)
    answers(helped, score=8)
    answers(helped, "r-3", 10)
    for _ in range(3):
        ticks(helped)
    assert helped.acts().count(SAID) == 1
    assert told(helped, ANA) == [TOLD]


def test_several_answers_that_come_together_are_one_line(helped: Shop) -> None:
    helped.hears(*(said(f"r-{n}", 9, customer=DANA) for n in range(2, 30)))
    assert [line for line in lines(helped) if "again" in line] == ["They answered again: NPS 9 of 10."]


def test_whoever_is_unhappy_again_is_told_by_the_new_card_and_not_to_a_person(helped: Shop) -> None:
    answers(helped, score=2)
    ticks(helped)
    assert lines(helped)[-1] == "They answered again: NPS 2 of 10."
    assert helped.card("card:2").headline.startswith("New")
    assert bundles(helped, ANA) == []


@pytest.mark.parametrize(
    "more",
    [
        {"customer": Customer(key="c-78", name="Dana Reyes")},
        {"customer": Customer()},
        {"score": None},
        {"id": "hero-test:1"},
        {"occurred_at": FRIDAY - timedelta(hours=1)},
    ],
    ids=["somebody-else", "nobody-known", "no-score", "a-test", "said-before"],
)
def test_what_is_no_later_answer_of_theirs_says_nothing(helped: Shop, more: dict[str, Any]) -> None:
    answers(helped, **more)
    assert SAID not in helped.acts()


def test_after_ninety_days_or_while_it_is_open_again_nothing_is_said(helped: Shop) -> None:
    helped.tap("reopen", ANA)
    answers(helped)
    helped.closes()
    helped.passes(days=90, minutes=1)
    answers(helped, "r-3")
    assert SAID not in helped.acts()


def test_nobody_is_thanked_for_a_customer_who_was_not_reached(shop: Shop) -> None:
    shop.hears(said(customer=DANA))
    shop.tap("claim", ANA)
    shop.closes(outcome="unreachable")
    shop.passes(hours=2)
    answers(shop)
    assert SAID not in shop.acts()


def test_what_is_imported_to_be_remembered_says_nothing(helped: Shop) -> None:
    arrival = Arrival("survey", said("r-2", 9, customer=DANA), helped.now, history=True)
    helped.store.write_sync(receive, helped.company, [arrival])
    assert SAID not in helped.acts()


def test_a_dismissed_one_was_not_looked_after(shop: Shop) -> None:
    shop.hears(said(customer=DANA))
    shop.tap("dismiss", ANA, reason="no-problem")
    shop.passes(hours=1)
    answers(shop)
    assert SAID not in shop.acts()


def test_it_is_whoever_closed_it_that_hears_and_of_several_the_last_that_was_closed(helped: Shop) -> None:
    answers(helped, "r-2", 1)
    helped.tap("claim", BEN, 2)
    helped.passes(hours=1)
    helped.closes(BEN, 2)
    helped.passes(hours=1)
    answers(helped, "r-3", 9)
    ticks(helped)
    assert (told(helped, ANA), told(helped, BEN)) == ([], [TOLD])
    assert helped.acts(2).count(SAID) == 1


def test_the_news_keeps_to_opening_hours_and_to_what_people_wish(helped: Shop) -> None:
    helped.now = FRIDAY + timedelta(hours=9)  # 20:00
    answers(helped)
    passes_until(helped, MONDAY)
    assert bundles(helped, ANA) == []
    passes_until(helped, MONDAY + timedelta(minutes=15))
    assert told(helped, ANA) == [TOLD]


def test_nobody_who_wants_no_reminders_hears_it_and_nobody_in_place_of_one_who_is_away(helped: Shop) -> None:
    put_on_duty(helped, Role.LEADER, LEA)
    leaves(helped, ANA)
    answers(helped)
    passes_until(helped, MONDAY + timedelta(hours=1))
    assert (bundles(helped, ANA), bundles(helped, LEA)) == ([], [])
    types(helped, "more")
    types(helped, "stop")
    ticks(helped)
    assert bundles(helped, ANA) == []


def test_a_channel_that_is_shown_no_history_is_not_told(helped: Shop, team: Team) -> None:
    quiet = team.model_copy(update={"show": SHOWN - {"history"}})
    helped.company = helped.company.model_copy(update={"teams": {team.name: quiet}})
    answers(helped)
    ticks(helped)
    assert not any("again" in line for line in lines(helped))
    assert told(helped, ANA) == [TOLD]


def test_whoever_was_erased_is_not_known_again_and_what_was_said_of_them_holds_a_score_alone(helped: Shop) -> None:
    answers(helped)
    ticks(helped)
    helped.store.write_sync(erase, "c-77", helped.now)
    assert lines(helped)[-1] == "They answered again: NPS 9 of 10."
    assert bundles(helped, ANA)[0].items[0].quote == ""
    helped.passes(days=1)
    answers(helped, "r-3")
    assert helped.acts().count(SAID) == 1


def test_under_another_key_they_are_still_the_same(helped: Shop) -> None:
    def names(tx: Any) -> None:
        row = directory.by_key(tx, "main", ["c-77"])["c-77"]
        directory.name(tx, "main", "till-9", row.id)

    helped.store.write_sync(names)
    answers(helped, customer=Customer(key="till-9"))
    assert SAID in helped.acts()


def test_for_those_who_never_answered_before_nothing_more_is_asked_and_for_many_who_did_one_statement(shop: Shop) -> None:
    many = [Customer(key=f"c-{n}") for n in range(40)]
    shop.hears(said("r", 10))
    with statements() as first:
        shop.hears(*(said(f"r-{n}", 10, customer=who) for n, who in enumerate(many)))
    with statements() as second:
        shop.hears(*(said(f"s-{n}", 10, customer=who) for n, who in enumerate(many)))
    asked = [kind for kind in kinds(second) if kind not in kinds(first)]
    assert len(asked) == 1
    assert "each_customer" in asked[0]
    with statements() as again:
        shop.hears(*(said(f"s-{n}", 10, customer=who) for n, who in enumerate(many)))
    assert not any("each_customer" in kind for kind in kinds(again)), "what is sent twice is no answer"
