"""Forgetting a customer: nothing of them stays in rows, cards or bytes; what was done for them stays counted; they do not come back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect, text

from handlers.arrivals.arrival import Arrival
from handlers.arrivals.replay import KeptPayload, keep_payload, read_again
from handlers.feedback import Customer, Feedback
from handlers.forgetting.erase import Erasure, erase
from handlers.forgetting.traces import spellings
from handlers.ladder import Role
from handlers.receive import Answer
from storage import errands, messages, payloads
from storage.database import Store
from tests import log
from tests.conftest import ANA, BEN, LEA, ON_SQLITE, Shop, said
from tests.handlers.test_ladder import put_on_duty
from tests.statements import statements

EMAIL = "canary.customer@secret-example.org"
WORDS = "Canary words nobody may keep: żółć ☕ waited 45 minutes."
DANA = Customer(
    key="c-canary-77", name="Dana Canary-Reyes", email=EMAIL, phone="+47 400 77 777", company="Canary Works", value=48000
)
CANARIES = ("canary", "Canary", "400 77 777", "żółć", "r-canary")


def everything(store: Store) -> str:
    """Every value of every table."""

    def read(tx: Any) -> str:
        return "\n".join(
            repr(tuple(row)) for table in inspect(tx).get_table_names() for row in tx.execute(text(f'SELECT * FROM "{table}"'))
        )

    return store.read_sync(read)


def a_life(shop: Shop) -> None:
    """A customer who was heard, noted about, looked after, heard again and is waiting now."""
    shop.hears(said("r-canary-1", comment=WORDS, customer=DANA, tags=("canary-order-9",), link="https://survey.example/canary"))
    shop.tap("claim", ANA)
    shop.tap("hand_over", ANA, to=BEN, words="Dana Canary-Reyes hears from us before noon.")
    shop.tap("hand_over", BEN, to=ANA)
    shop.tap("note", BEN, note="Dana Canary-Reyes is a regular.")
    shop.tap("raise", BEN, words="Dana Canary-Reyes is not the first who waits at noon.")
    shop.closes(ANA, done="Called Dana Canary-Reyes on 400 77 777.")
    shop.hears(said("r-canary-2", comment=WORDS, customer=Customer(email=EMAIL.upper())))
    shop.hears(said("r-other", comment="Other words.", customer=Customer(key="c-2", name="Olav")))


def test_no_row_holds_anything_of_them_and_other_customers_stay_as_they_were(shop: Shop) -> None:
    a_life(shop)
    before = everything(shop.store)
    assert all(canary in before or canary == "żółć" for canary in CANARIES)
    gone = shop.store.write_sync(erase, EMAIL, shop.now)
    assert (gone.customers, gone.answers) == (2, 2)
    after = everything(shop.store)
    assert [canary for canary in (*CANARIES, EMAIL.upper()) if canary in after] == []
    assert "Other words." in after
    assert "Olav" in after


def test_no_payload_that_is_kept_as_it_came_remembers_them_and_those_of_others_stay(shop: Shop) -> None:
    a_life(shop)
    theirs = [{"mail": EMAIL.upper()}, {"id": "r-canary-1"}, {"text": WORDS}, {"n": [{"who": "c-canary-77"}]}]
    bodies = [json.dumps(each) for each in (*theirs, {"mail": "olav@mail.example"})] + [f"text={WORDS}"]
    rows = [{"source": "survey", "body": body, "received_at": shop.now, "rejected": True, "reason": ""} for body in bodies]
    shop.store.write_sync(payloads.keep, rows)
    shop.store.write_sync(erase, EMAIL, shop.now)
    assert [row.body for row in shop.store.read_sync(payloads.kept, "survey", 0, 100)] == ['{"mail": "olav@mail.example"}']


def test_the_payloads_are_looked_through_once_however_much_they_said(shop: Shop) -> None:
    shop.hears(*(said(f"r-canary-{n}", comment=f"{WORDS} {n}", customer=DANA) for n in range(20)))
    with statements() as asked:
        shop.store.write_sync(erase, EMAIL, shop.now)
    assert sum("payload.body" in each.statement for each in asked) == 2, "once, and then what has come meanwhile"


@pytest.mark.parametrize("body", [
    '{"mail": "Nobody@Secret-example.org", "score": "three"}',
        r'{"text": "write to nobody@secret-\u00e9xample.org"}',
    "email=nobody%40secret-example.org&score=3",
    '{"form": "email=nobody%40Secret-example.org"}',
])  # fmt: skip
def test_somebody_known_only_from_what_could_not_be_read_is_forgotten_too(shop: Shop, body: str) -> None:
    kept = [{"source": "survey", "received_at": shop.now, "rejected": True, "reason": "", "body": each} for each in (body, "{}")]
    shop.store.write_sync(payloads.keep, kept)
    address = "nobody@secret-éxample.org" if "u00e9" in body else "nobody@secret-example.org"
    gone = shop.store.write_sync(erase, address, shop.now)
    assert (gone.customers, gone.answers, gone.payloads) == (0, 0, 1)
    assert [row.body for row in shop.store.read_sync(payloads.kept, "survey", 0, 100)] == ["{}"]
    assert shop.store.write_sync(erase, address, shop.now) == Erasure()


@pytest.mark.parametrize("word", ["delivery", "metric", "Comment", "It was fine, thanks."])
def test_payloads_of_others_stay_though_the_erased_one_said_a_common_word(shop: Shop, word: str) -> None:
    shop.hears(said("r-100", comment=word, customer=Customer(email="dana@mail.example", name="Dana Reyes")))
    others = [
        {"id": "r-1000", "metric": "nps", "comment": "The delivery was late.", "customer": {"email": "juliadana@mail.example"}},
        {"id": "r-2", "metric": "nps", "comment": "It was fine, thanks.", "customer": {"email": "olav@mail.example"}},
        {"id": "r-3", "metric": "comment", "comment": "delivery", "customer": {"name": "Olav"}},
    ]
    theirs = [
        {"id": "r-100", "comment": word},
        {"comment": word, "customer": {"name": "Dana Reyes"}, "score": "three"},
        {"id": "r-4", "customer": {"email": "DANA@mail.example"}},
    ]
    row = {"source": "survey", "received_at": shop.now, "rejected": True, "reason": ""}
    shop.store.write_sync(payloads.keep, [row | {"body": json.dumps(each)} for each in (*others, *theirs)])
    assert shop.store.write_sync(erase, "dana@mail.example", shop.now).payloads == 3
    assert [json.loads(row.body) for row in shop.store.read_sync(payloads.kept, "survey", 0, 100)] == others


def test_a_key_that_is_an_ordinary_word_is_found_only_as_a_whole_value(shop: Shop) -> None:
    shop.hears(said("r-100", comment="", customer=Customer(key="dreyes")))
    bodies = ['{"customer": {"key": "dreyes"}, "score": "x"}', '{"text": "dreyes was here"}', '{"dreyes": 1}', "key=DReyes&score=x"]
    row = {"source": "survey", "received_at": shop.now, "rejected": True, "reason": ""}
    shop.store.write_sync(payloads.keep, [row | {"body": body} for body in bodies])
    assert shop.store.write_sync(erase, "dreyes", shop.now).payloads == 2
    assert [row.body for row in shop.store.read_sync(payloads.kept, "survey", 0, 100)] == bodies[1:3]


def test_what_was_named_and_is_not_fetched_yet_is_forgotten_with_them(shop: Shop) -> None:
    a_life(shop)
    shop.store.write_sync(errands.name, "surveymonkey", ["r-canary-1", "1/r-other"], 0.0)
    assert shop.store.write_sync(erase, EMAIL, shop.now).payloads == 1
    assert [row.reference for row in shop.store.read_sync(errands.unfinished)] == ["1/r-other"]


def test_an_address_that_another_customers_answer_gave_is_forgotten_and_they_are_not(shop: Shop) -> None:
    shop.hears(said("r-1", customer=Customer(key="c-1", email="olav@mail.example")))
    shop.hears(said("r-2", customer=Customer(key="c-1", email=EMAIL, phone="+47 1")))
    gone = shop.store.write_sync(erase, EMAIL.upper(), shop.now)
    assert (gone.customers, gone.answers) == (0, 1)
    assert EMAIL not in everything(shop.store)
    assert (shop.row(2).email, shop.row(2).given_email) == ("olav@mail.example", None)


def test_whoever_is_erased_by_their_key_stands_in_no_other_customers_answer_either(shop: Shop) -> None:
    shop.hears(said("r-1", customer=Customer(key="c-2", email=EMAIL)))
    shop.hears(said("r-2", customer=Customer(key="c-1", email="olav@mail.example")))
    shop.hears(said("r-3", customer=Customer(key="c-1", email=EMAIL.upper())))
    gone = shop.store.write_sync(erase, "c-2", shop.now)
    assert (gone.customers, gone.answers) == (1, 2)
    assert EMAIL not in everything(shop.store).lower()
    assert shop.row(2).email == "olav@mail.example"


def test_an_address_that_was_forgotten_does_not_come_back_with_a_late_update_of_the_other_customers_answer(shop: Shop) -> None:
    olav = Customer(key="c-1", name="Olav", email="olav@mail.example", phone="+47 1")
    shop.hears(said("r-1", customer=olav))
    shop.hears(said("r-2", customer=Customer(key="c-1", name="Dana Canary", email=EMAIL, phone="+47 400 77 777")))
    shop.store.write_sync(erase, EMAIL, shop.now)
    again = Customer(key="c-1", name="Dana CANARY", email=EMAIL.upper(), phone="+4740077777")
    [receipt] = shop.hears(said("r-2", comment="Said otherwise.", customer=again))
    assert receipt.answer is Answer.UPDATED
    kept = everything(shop.store)
    assert [word for word in (EMAIL, EMAIL.upper(), "Canary", "CANARY", "40077777") if word in kept] == []
    shop.hears(said("r-2", comment="Said otherwise.", customer=Customer(key="c-1", name="Dana Canary", email="new@mail.example")))
    assert (shop.row(2).given_name, shop.row(2).given_email) == (None, "new@mail.example"), "what they give anew is theirs"


def test_a_late_update_that_names_nobody_but_who_was_forgotten_stays_with_its_customer(shop: Shop) -> None:
    shop.hears(said("r-1", customer=Customer(key="c-1", name="Olav", email="olav@mail.example")))
    shop.hears(said("r-2", customer=Customer(key="c-1", name="Dana Canary", email=EMAIL)))
    shop.store.write_sync(erase, EMAIL, shop.now)
    [receipt] = shop.hears(said("r-2", comment="Said otherwise.", customer=Customer(name="Dana Canary", email=EMAIL.upper())))
    assert receipt.answer is Answer.UPDATED
    kept = everything(shop.store)
    assert [word for word in (EMAIL, EMAIL.upper(), "Canary") if word in kept] == []
    assert (shop.row(2).key, shop.row(2).comment) == ("c-1", "Said otherwise.")
    shop.hears(said("r-3", customer=Customer(email=EMAIL)))
    assert shop.row(3).email == EMAIL, "a new answer is from somebody new"


def test_the_words_to_look_for_are_told_but_never_printed(shop: Shop) -> None:
    a_life(shop)
    gone = shop.store.write_sync(erase, "c-canary-77", shop.now)
    assert {WORDS, EMAIL, "Dana Canary-Reyes", "Called Dana Canary-Reyes on 400 77 777."} <= gone.words
    assert "anary" not in repr(gone)
    assert any(b"\\u017c" in spelt for spelt in spellings(gone.words)), "JSON spells them otherwise"


def test_what_was_closed_stays_counted_and_what_was_open_ends_with_the_reason(shop: Shop) -> None:
    a_life(shop)
    shop.store.write_sync(erase, EMAIL, shop.now)
    closed, ended, other = (shop.row(n) for n in (1, 2, 3))
    assert (closed.state, closed.outcome, closed.score) == ("closed", "fixed", 3)
    assert (ended.state, ended.reason, ended.next_look_at) == ("dismissed", "erased", None)
    assert other.state == "new"
    assert shop.card("card:2").headline == "Dismissed · Erased, as the customer wished"
    assert shop.card("card:2").buttons == ()


def test_of_somebody_erased_nothing_can_be_opened_again_and_whoever_tries_reads_why(shop: Shop) -> None:
    a_life(shop)
    shop.tap("claim", ANA, 2)
    shop.store.write_sync(erase, EMAIL, shop.now)
    why = "This customer was erased, as they wished. There is nothing left to do."
    for n in (1, 2):
        assert shop.card(f"card:{n}").buttons == ()
        assert {shop.tap(verb, ANA, n).text for verb in ("reopen", "close", "claim", "contacted", "release")} == {why}
    assert (shop.row(1).state, shop.row(2).state) == ("closed", "dismissed")


def test_whoever_leads_may_confirm_the_end_of_an_erased_customers_case_and_not_open_it_again(shop: Shop) -> None:
    put_on_duty(shop, Role.LEADER, LEA)
    shop.hears(said("r-1", comment="Ana was rude to me.", customer=DANA))
    shop.tap("claim", ANA)
    shop.closes(ANA)
    shop.store.write_sync(erase, EMAIL, shop.now)
    [key] = shop.store.read_sync(messages.closings, 1)
    assert [button.verb for button in shop.card(key).buttons] == ["confirm"]


def test_every_card_line_and_private_message_is_drawn_anew_without_them(shop: Shop) -> None:
    a_life(shop)
    shown = {"state": "shown", "shown": 1, "wanted": 1, "remote_id": "1.1", "remote_channel": "C1"}
    shop.store.write_sync(lambda tx: tx.execute(messages.message.update().values(**shown)))
    gone = shop.store.write_sync(erase, EMAIL, shop.now)
    drawn = {key: shop.card(key) for key in gone.keys}
    assert {key.partition(":")[0] for key in drawn} == {"card", "line", "private"}
    assert [key for key, card in drawn.items() if "anary" in repr(card) or "żółć" in repr(card)] == []
    assert set(shop.keys()) == set(gone.keys), "all of them are wanted anew, and nothing else"
    assert "Ben notes: (erased)" in {card.plain for card in drawn.values()}


def test_the_log_still_tells_the_life_of_the_row(shop: Shop) -> None:
    a_life(shop)
    shop.store.write_sync(erase, EMAIL, shop.now)
    for n in (1, 2):
        told = log.replay(shop.store.read_sync(log.life, n))
        row = shop.row(n)
        assert {name: getattr(row, name) for name in told} == told


@pytest.mark.parametrize("comment", [WORDS, "Something else entirely."])
def test_a_redelivery_of_an_erased_answer_is_ignored_whatever_it_says_now(shop: Shop, comment: str) -> None:
    a_life(shop)
    shop.store.write_sync(erase, EMAIL, shop.now)
    again = shop.hears(said("r-new"), said("r-canary-1", comment=comment, customer=DANA), said("r-other", comment="Other words."))
    assert [receipt.answer for receipt in again] == [Answer.ACCEPTED, Answer.IGNORED, Answer.UPDATED]
    assert again[1].id is None
    assert "anary" not in everything(shop.store)


def kept_of(shop: Shop, *pieces: Feedback) -> list[str]:
    """Has payloads kept that said this, one each. Returns what is kept then."""
    for each in pieces:
        shop.store.write_sync(keep_payload, KeptPayload("survey", each.id, shop.now, [each]))
    return [row.body for row in shop.store.read_sync(payloads.kept, "survey", 0, 100)]


def test_a_payload_that_was_to_be_kept_when_its_answer_was_erased_is_not_kept(shop: Shop) -> None:
    a_life(shop)
    shop.store.write_sync(erase, EMAIL, shop.now)
    assert kept_of(shop, said("r-canary-1", customer=DANA), said("r-other")) == ["r-other"]


def test_nor_is_one_of_somebody_elses_answer_that_gives_the_erased_address(shop: Shop) -> None:
    shop.hears(said("r-1", customer=Customer(key="c-1", email="olav@mail.example")))
    shop.hears(said("r-2", customer=Customer(key="c-1", email=EMAIL)))
    shop.store.write_sync(erase, EMAIL, shop.now)
    without = said("r-2", customer=Customer(key="c-1", email="olav@mail.example"))
    assert kept_of(shop, said("r-2", customer=Customer(key="c-1", email=EMAIL.upper())), without) == ["r-2"]


def test_a_refused_payload_that_turns_out_to_be_of_an_erased_answer_is_not_kept_longer(shop: Shop) -> None:
    a_life(shop)
    shop.store.write_sync(erase, EMAIL, shop.now)
    row = {"source": "survey", "body": "{}", "received_at": shop.now, "rejected": True, "reason": "score is missing"}
    shop.store.write_sync(payloads.keep, [row, row])
    for number, id in enumerate(("r-canary-1", "r-other"), 1):
        arrivals = [Arrival("survey", said(id), shop.now)]
        shop.store.write_sync(read_again, shop.company, number, arrivals, rejected=True, keep=True, newest={id})
    assert [row.id for row in shop.store.read_sync(payloads.kept, "survey", 0, 100)] == [2]


def test_the_same_id_from_another_source_is_another_answer(shop: Shop) -> None:
    a_life(shop)
    shop.store.write_sync(erase, EMAIL, shop.now)
    shop.source = "another"
    assert shop.hears(said("r-canary-1"))[0].answer is Answer.ACCEPTED


def test_erasing_again_finds_nobody_and_a_stranger_is_nobody(shop: Shop) -> None:
    a_life(shop)
    shop.store.write_sync(erase, EMAIL, shop.now)
    assert shop.store.write_sync(erase, EMAIL, shop.now) == Erasure()
    assert shop.store.write_sync(erase, "c-nobody", shop.now) == Erasure()


@ON_SQLITE
def test_nothing_is_left_in_the_bytes_of_the_file_or_of_its_log(shop: Shop, tmp_path: Path) -> None:
    for n in range(60):  # so that pages fill, split and are written over
        shop.hears(
            said(f"r-{n}", comment=f"{WORDS} {n} " * 20, customer=Customer(key=f"c-{n}", email=f"canary{n}@secret-example.org"))
        )
    a_life_key = spellings({f"canary{n}@secret-example.org" for n in range(60)})
    files = [tmp_path / "hero.db", tmp_path / "hero.db-wal"]
    assert any(key in file.read_bytes() for key in a_life_key for file in files)
    for n in range(60):
        shop.store.write_sync(erase, f"c-{n}", shop.now)
    shop.store.checkpoint(vacuum=True)
    left = [
        key for key in (*a_life_key, "żółć".encode(), b"\\u017c") for file in files if file.exists() and key in file.read_bytes()
    ]
    assert left == []


@pytest.mark.parametrize("who", ["JÜRGEN@x.example", "strauß@x.example"])
def test_an_e_mail_in_any_letters_erases_whom_it_belongs_to_and_nobody_else(shop: Shop, who: str) -> None:
    for n, mail in enumerate(("JÜRGEN@x.example", "strauß@x.example", "strauss@x.example")):
        shop.hears(said(f"r-{n}", customer=Customer(key=f"c-{n}", email=mail)))
    assert shop.store.write_sync(erase, who, shop.now).customers == 1
    left = shop.store.read_sync(lambda tx: tx.execute(text("SELECT email FROM customer WHERE email IS NOT NULL")).scalars().all())
    assert who not in left
    assert len(left) == 2
