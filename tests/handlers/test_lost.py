"""lost: a customer who left is noted with why and what they were worth, and it can be taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from handlers.arrivals import customers
from handlers.cards import Reply
from handlers.commands import answer
from handlers.digests import worth
from handlers.feedback import Customer, Feedback, Person, Place
from handlers.forgetting import erase, forget
from handlers.forgetting.retention import Retention
from handlers.ladder import Role
from storage import nudges, people
from tests import log
from tests.conftest import ANA, BEN, LEA, OSLO, Shop, person, said

HERE = Place.parse("slack:C1")
DANA = Customer(key="c-1", email="dana@mail.example", value=48000, currency="NOK")
WHICH: Any = "lost:which"


@pytest.fixture
def shop(shop: Shop) -> Shop:
    """Lea leads the team, and the chats know it."""

    def lead(tx: Any) -> None:
        row = people.ensure(tx, LEA.chat, LEA.workspace, LEA.user_id, LEA.name)
        nudges.put_on_duty(tx, "oak-street", Role.LEADER, [row.id])

    shop.store.write_sync(lead)
    return shop


def types(shop: Shop, word: str, who: Person = LEA) -> Reply:
    return shop.store.write_sync(answer, shop.company, word, who, HERE, shop.now)


def marks(shop: Shop, target: int = 1, who: Person = LEA, **answers: str) -> Reply:
    return shop.tap("lost", who, target, **{"cause": "waiting time", **answers})


def detail(shop: Shop, target: int = 1) -> dict[str, Any]:
    return next(dict(line.detail) for line in reversed(shop.store.read_sync(log.life, target)) if line.verb == "lost")


def sums(shop: Shop, back: int = 7) -> Any:
    span = (shop.now - timedelta(days=back), shop.now + timedelta(seconds=1))
    return shop.store.read_sync(lambda tx: worth.of_spans(tx, list(shop.company.teams.values()), {"oak-street": span}))


def test_the_word_opens_a_form_in_which_the_number_stands_already(shop: Shop) -> None:
    form = types(shop, "lost #1").form
    assert form is not None
    assert [field.name for field in form.fields] == ["which", "cause", "whys", "value", "note"]
    assert form.fields[0].value == "#1"
    assert [value for value, _ in form.fields[1].options] == ["waiting time", "other"]
    assert types(shop, "lost", person("eve", workspace="T9")).form is None


@pytest.mark.parametrize("which", ["1", "#1", "c-1", "Dana@Mail.example"])
def test_a_customer_is_found_by_the_number_of_a_card_by_their_key_or_their_e_mail(shop: Shop, which: str) -> None:
    shop.hears(said(customer=DANA))
    reply = shop.tap("lost", LEA, WHICH, which=which, cause="waiting time")
    [card] = reply.cards
    assert card.headline == "Marked as lost, and noted who did: #1. It stands in the next monthly review."
    assert [button.label for button in card.buttons] == ["Undo"]
    assert shop.row().lost_at == shop.now


def test_a_cause_that_only_another_team_has_is_answered_with_those_that_can_be_chosen(shop: Shop) -> None:
    [team] = shop.company.teams.values()
    harbour = team.model_copy(update={"name": "harbour", "title": "Harbour", "causes": ("price", "other")})
    shop.company = shop.company.model_copy(update={"teams": {team.name: team, "harbour": harbour}})
    shop.hears(said(customer=DANA))
    reply = shop.tap("lost", LEA, WHICH, which="1", cause="price")
    assert reply.errors == {"cause": "Oak Street has other causes. Please choose one of these: waiting time, other."}
    assert shop.tap("lost", LEA, WHICH, which="1", cause="").errors == {"cause": "Please choose what made them leave."}


def test_of_several_cases_of_a_customer_it_is_the_last(shop: Shop) -> None:
    shop.hears(said("r-1", customer=DANA), said("r-2", customer=DANA), said("r-3"))
    shop.tap("lost", LEA, WHICH, which="c-1", cause="other")
    assert [shop.row(n).lost_at is not None for n in (1, 2, 3)] == [False, True, False]


@pytest.mark.parametrize("which", ["c-1", "dana@mail.example", "c-2", "Dana@Second.example", "dana@third.example"])
def test_a_customer_who_was_merged_is_found_by_either_key_and_by_whatever_leads_to_it(shop: Shop, which: str) -> None:
    shop.hears(said("r-1", customer=DANA), said("r-2", customer=Customer(key="c-2", email="dana@second.example")))
    shop.hears(said("r-3", customer=Customer(email="dana@third.example")), said("r-4", customer=DANA))
    for other in ("c-2", "dana@third.example"):
        shop.store.write_sync(customers.merge, "c-1", other, shop.now)
    assert not shop.tap("lost", LEA, WHICH, which=which, cause="other").errors
    assert shop.row(4).lost_at == shop.now, "the newest of theirs"


@pytest.mark.parametrize("which", ["", "7", "#7", "nobody@x.example", "9" * 30, "##", "²"])
def test_whom_nobody_knows_is_asked_for_again(shop: Shop, which: str) -> None:
    shop.hears(said(customer=DANA))
    reply = shop.tap("lost", LEA, WHICH, which=which, cause="other")
    assert "Nothing found among your cases and those of teams you lead." in reply.errors["which"]
    assert reply.form is not None
    assert shop.row().lost_at is None


def test_who_neither_has_nor_leads_does_not_learn_whether_a_customer_is_known(shop: Shop) -> None:
    shop.hears(said("r-1", customer=DANA))
    shop.tap("claim", ANA)
    told = [
        shop.tap("lost", BEN, WHICH, which=which, cause="other").errors
        for which in ("dana@mail.example", "c-1", "nobody@x.example")
    ]
    assert told[0] == told[1] == told[2] == {
        "which": "Nothing found among your cases and those of teams you lead. If they never wrote to us, type “heard” first."
    }  # fmt: skip
    assert shop.row().lost_at is None


def test_an_e_mail_means_the_newest_case_that_one_may_decide_about(shop: Shop) -> None:
    shop.hears(said("r-1", customer=DANA), said("r-2", customer=DANA))
    shop.tap("claim", ANA, 1)
    shop.tap("claim", BEN, 2)
    shop.tap("lost", ANA, WHICH, which="dana@mail.example", cause="other")
    assert [shop.row(n).lost_at is not None for n in (1, 2)] == [True, False]


def test_nobody_marks_a_customer_of_another_company(shop: Shop) -> None:
    shop.hears(said(customer=DANA))
    stranger = person("eve", workspace="T9")
    for which in ("1", "c-1"):
        assert shop.tap("lost", stranger, WHICH, which=which, cause="other").errors
    assert marks(shop, who=stranger).text.startswith("This card does not belong to a team here")
    assert shop.row().lost_at is None


def test_whoever_has_the_customer_or_leads_may_and_others_may_not(shop: Shop) -> None:
    shop.hears(said())
    shop.tap("claim", ANA)
    assert marks(shop, who=BEN).text == "Whoever has this customer, or leads Oak Street, can mark them as lost."
    assert marks(shop, who=ANA).cards
    assert marks(shop, who=LEA).text == "This customer is marked as lost already."
    assert shop.tap("not_lost", BEN).text != "Undone: this customer is not lost. Both are noted."


def test_the_log_tells_why_in_levels_and_what_they_were_worth(shop: Shop) -> None:
    shop.hears(said())
    marks(shop, whys="one till open\n\nrota made in May\n\n", value="48 000 nok", note="Went to the chain next door.")
    assert detail(shop) == {
        "cause": "waiting time",
        "why_1": "one till open",
        "why_2": "",
        "why_3": "rota made in May",
        "value": 48000,
        "currency": "NOK",
        "note": "Went to the chain next door.",
    }
    assert shop.acts() == ["received", "lost"]


def test_what_cannot_be_read_is_asked_for_again_and_nothing_is_changed(shop: Shop) -> None:
    shop.hears(said())
    reply = marks(shop, cause="magic", value="a lot", whys="a\nb\nc\nd\ne")
    assert set(reply.errors) == {"cause", "value", "whys"}
    assert reply.form is not None
    assert shop.acts() == ["received"]


def test_it_can_be_undone_and_both_are_in_the_log(shop: Shop) -> None:
    shop.hears(said())
    marks(shop)
    assert shop.tap("not_lost", LEA).text == "Undone: this customer is not lost. Both are noted."
    assert shop.row().lost_at is None
    assert shop.acts() == ["received", "lost", "not_lost"]
    assert shop.tap("not_lost", LEA).text == "This customer is not marked as lost, so nothing was changed."
    assert marks(shop).cards, "and marked again"


def test_a_case_closed_because_the_customer_left_is_lost_until_it_is_opened_again(shop: Shop) -> None:
    shop.hears(said())
    shop.tap("claim", ANA)
    shop.closes(outcome="lost")
    assert (shop.row().lost_at, shop.row().contacted_at) == (shop.now, None)
    assert shop.card().headline == "Closed · The customer left us"
    shop.tap("reopen", ANA)
    assert shop.row().lost_at is None


def test_who_talked_to_a_customer_who_left_says_so_in_the_same_tap_and_it_is_a_contact(shop: Shop) -> None:
    shop.hears(said())
    shop.tap("claim", ANA)
    shop.passes(minutes=20)
    shop.closes(outcome="lost-reached", done="Rang Per for half an hour.")
    assert (shop.row().lost_at, shop.row().contacted_at) == (shop.now, shop.now)
    assert shop.card().headline == "Closed · Ana replied after 20 min · They left us, and we talked"


def test_the_channel_is_told_nothing_of_it(shop: Shop) -> None:
    shop.hears(said())
    before = shop.card()
    marks(shop, note="Secret.")
    assert shop.card() == before
    assert shop.keys() == ["card:1"]


def test_what_was_noted_counts_before_what_the_survey_tool_said_and_each_customer_once(shop: Shop) -> None:
    shop.hears(said("r-1", customer=DANA), said("r-2", customer=DANA), said("r-3"), said("r-4"))
    assert sums(shop).at_risk.sums == {"NOK": 48000}
    assert (sums(shop).at_risk.known, sums(shop).at_risk.unknown) == (1, 2)
    marks(shop, 1, value="50000")
    marks(shop, 2)
    marks(shop, 3, value="9 EUR")
    marks(shop, 4)
    lost = sums(shop).lost
    assert (lost.sums, lost.known, lost.unknown) == ({"NOK": 50000, "EUR": 9}, 2, 1)
    shop.tap("not_lost", LEA, 3)
    assert sums(shop).lost.sums == {"NOK": 50000}


def again(shop: Shop, id: str, score: float) -> None:
    shop.passes(days=1)
    shop.hears(Feedback(id=id, metric="nps", score=score, customer=DANA))


def test_nobody_is_recovered_twice(shop: Shop) -> None:
    shop.hears(said("r-1", customer=DANA))
    shop.tap("claim", ANA)
    shop.closes()
    assert sums(shop).recovered.customers == 0
    again(shop, "p-1", 9)
    assert sums(shop).recovered.sums == {"NOK": 48000}
    shop.passes(days=10)
    again(shop, "r-2", 2)
    shop.tap("claim", ANA, 2)
    shop.closes(target=2)
    again(shop, "p-2", 10)
    assert sums(shop).recovered.customers == 0, "they came back before"
    shop.passes(days=10)
    shop.tap("reopen", ANA, 1)
    shop.closes(target=1)
    again(shop, "p-3", 10)
    assert sums(shop).recovered.customers == 0, "not even when the first case is opened and closed again"


def test_who_answers_low_again_has_not_come_back(shop: Shop) -> None:
    shop.hears(said("r-1", customer=DANA))
    shop.tap("claim", ANA)
    shop.closes()
    again(shop, "r-2", 1)
    assert sums(shop).recovered.customers == 0


def test_an_erasure_takes_the_value_and_the_words_with_it_and_leaves_the_cause(shop: Shop) -> None:
    shop.hears(said(customer=DANA))
    marks(shop, value="48000 NOK", whys="Dana waited", note="Dana Reyes went next door.")
    shop.store.write_sync(erase.erase, "c-1", shop.now)
    assert detail(shop) == {"cause": "waiting time", "why_1": "(erased)", "note": "(erased)"}
    assert sums(shop).lost.unknown == 1


def test_a_value_that_is_kept_for_a_time_is_forgotten_where_it_was_noted_too(shop: Shop) -> None:
    shop.hears(said(customer=Customer(key="c-1")))
    marks(shop, value="48000 NOK", note="Next door.")
    shop.tap("claim", ANA)
    shop.closes()
    shop.passes(days=40)
    retention = Retention(value=timedelta(days=30))
    assert shop.store.write_sync(forget.forget, retention, OSLO, shop.now), "there was something to forget"
    assert not shop.store.write_sync(forget.forget, retention, OSLO, shop.now), "and it is not found again"
    assert detail(shop) == {"cause": "waiting time", "note": "Next door."}
