"""raise, settle: what keeps happening is said from a case, and who leads the team decides about it, once."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest

from bot.data.exporting import written
from handlers.cards import Reply
from handlers.feedback import Customer, Person
from handlers.forgetting.erase import erase
from handlers.forgetting.forget import forget
from handlers.forgetting.retention import Retention
from handlers.ladder import Role
from storage import delivery_log, messages, nudges, people, raised
from tests import log
from tests.conftest import ANA, BEN, LEA, OSLO, Shop, person, said

DANA = Customer(key="c-1", name="Dana Reyes", email="dana@mail.example")
WORDS = "One till is open from noon to two."


@pytest.fixture
def shop(shop: Shop) -> Shop:
    """Lea leads the team, and the chats know it; one customer waits."""

    def lead(tx: Any) -> None:
        row = people.ensure(tx, LEA.chat, LEA.workspace, LEA.user_id, LEA.name)
        nudges.put_on_duty(tx, "oak-street", Role.LEADER, [row.id])

    shop.store.write_sync(lead)
    shop.hears(said(customer=DANA))
    return shop


def settles(shop: Shop, who: Person = LEA, target: Any = "raised:1", **answers: str) -> Reply:
    return shop.tap("settle", who, target, **answers)


def row(shop: Shop, id: int = 1) -> Any:
    return shop.store.read_sync(raised.by_id, id)


def logged(shop: Shop, verb: str) -> list[dict[str, Any]]:
    return [dict(line.detail) for line in shop.store.read_sync(log.life, 1) if line.verb == verb]


def said_in(shop: Shop, kind: str) -> list[str]:
    """The words of every message of this kind."""
    wanted = shop.store.read_sync(delivery_log.unfinished, 100)
    return [shop.card(each.key).plain for each in wanted if each.kind == kind]


def test_whoever_may_note_may_raise_in_any_state_and_the_thread_tells_it(shop: Shop) -> None:
    for who, change in ((BEN, "claim"), (ANA, "close"), (LEA, "")):
        assert shop.tap("raise", who, words=f"{WORDS} {who.name}").text.startswith("Raised: those who lead Oak Street read it")
        if change:
            shop.tap(change, ANA, **({"outcome": "fixed", "done": "Rang.", "cause": "other"} if change == "close" else {}))
    assert [each["words"] for each in logged(shop, "raise")] == [f"{WORDS} Ben", f"{WORDS} Ana", f"{WORDS} Lea"]
    assert (row(shop).state, row(shop).owner_id, row(shop).team, row(shop).follow_up_id) == ("open", None, "oak-street", 1)
    assert "Ben says that this keeps happening: One till is open from noon to two. Ben" in said_in(shop, "line")


def test_what_is_raised_with_a_form_that_is_sent_again_stands_once(shop: Shop) -> None:
    said = [shop.tap("raise", BEN, words=WORDS, cause="waiting time").text for _ in range(2)]
    assert said[0] == said[1] != ""
    assert [row(shop, id) is None for id in (1, 2)] == [False, True]
    assert said_in(shop, "line") == [f"Ben says that this keeps happening: {WORDS}"]


def test_the_cause_of_the_case_stands_in_the_form_and_is_kept(shop: Shop) -> None:
    shop.tap("claim", ANA)
    shop.closes()
    form = shop.tap("raise", BEN).form
    assert form is not None
    assert [(field.name, field.required, field.value) for field in form.fields] == [("words", True, ""), ("cause", False, "other")]
    shop.tap("raise", BEN, words=WORDS)
    shop.tap("raise", BEN, words=WORDS, cause="waiting time")
    shop.tap("raise", BEN, words=WORDS, cause="the weather")
    assert [row(shop, id).cause for id in (1, 2, 3)] == ["other", "waiting time", "other"]


def test_without_a_sentence_nothing_is_raised(shop: Shop) -> None:
    assert shop.tap("raise", BEN, words="  ").errors == {"words": "Please say in one sentence what keeps happening."}
    assert row(shop) is None
    assert shop.acts() == ["received"]


def test_somebody_of_another_company_can_raise_nothing(shop: Shop) -> None:
    eve = person("eve", workspace="T9")
    assert "does not belong to a team here" in shop.tap("raise", eve, words=WORDS).text
    assert row(shop) is None


def test_how_to_reach_the_customer_is_hidden_in_the_thread(shop: Shop) -> None:
    shop.tap("raise", BEN, words="dana@mail.example is not the first who waits.")
    assert said_in(shop, "line") == ["Ben says that this keeps happening: [e-mail] is not the first who waits."]


def test_only_who_leads_the_team_decides(shop: Shop) -> None:
    shop.tap("raise", BEN, words=WORDS)
    for who in (ANA, BEN):
        assert settles(shop, who, became="doing").text == (
            "Only those who lead Oak Street decide about what is raised, so nothing was changed."
        )
        assert settles(shop, who).form is None
    assert "does not belong to a team here" in settles(shop, person("lea", workspace="T9"), became="doing").text
    for target in ("raised:2", "raised:x", "raised:", f"raised:{'9' * 30}", "digest:1", 1):
        assert "does not belong to a team here" in settles(shop, target=target, became="doing").text
    assert row(shop).state == "open"
    assert logged(shop, "settle") == []


def test_it_is_taken_on_and_later_done_and_whoever_raised_it_is_told_of_both(shop: Shop) -> None:
    shop.tap("raise", BEN, words=WORDS)
    form = settles(shop).form
    assert form is not None
    assert (form.intro, [value for value, _ in form.fields[0].options]) == (f"Oak Street: “{WORDS}”", ["doing", "done", "no"])
    assert settles(shop, became="doing").text.startswith("It is yours.")
    assert (row(shop).state, row(shop).decided_at) == ("doing", shop.now)
    assert shop.card("became:1:doing").plain == f"Lea took on what you raised: “{WORDS}”"
    shop.passes(days=3)
    form = settles(shop).form
    assert form is not None
    assert [value for value, _ in form.fields[0].options] == ["done", "no"]
    assert settles(shop, became="done").text.startswith("Noted as done.")
    assert shop.card("became:1:done").plain == f"What you raised is done, and thank you for saying so: “{WORDS}”"
    assert [(each["raised"], each["became"]) for each in logged(shop, "settle")] == [(1, "doing"), (1, "done")]
    assert settles(shop, became="no", why="Too late.").text == "This was decided already, so nothing was changed."
    assert row(shop).state == "done"


def test_a_no_needs_a_reason_and_whoever_raised_it_reads_it(shop: Shop) -> None:
    shop.tap("raise", BEN, words=WORDS)
    assert settles(shop, became="").errors == {"became": "Please choose what becomes of it."}
    assert settles(shop, became="no", why=" ").errors == {"why": "Please say why not: whoever raised it reads it."}
    assert row(shop).state == "open"
    assert settles(shop, became="no", why="The till is rented until May.").text == "Noted. Whoever raised it is told why."
    assert shop.card("became:1:no").plain == f"What you raised stays as it is: “{WORDS}” Why: The till is rented until May."


def test_who_decides_about_what_they_raised_themselves_is_told_nothing(shop: Shop) -> None:
    shop.tap("raise", LEA, words=WORDS)
    settles(shop, became="done")
    assert said_in(shop, "became") == []


def test_of_many_decisions_at_once_one_is_carried_out(shop: Shop) -> None:
    shop.tap("raise", BEN, words=WORDS)
    with ThreadPoolExecutor(8) as pool:
        ways = [("doing", ""), ("done", ""), ("no", "Not now.")] * 4
        replies = list(pool.map(lambda way: settles(shop, became=way[0], why=way[1]).text, ways))
    first = [each["became"] for each in logged(shop, "settle")]
    assert first in (["doing"], ["done"], ["no"], ["doing", "done"], ["doing", "no"])
    assert row(shop).state == first[-1]
    assert len([text for text in replies if "Noted" in text or "It is yours" in text]) == len(first)


def test_what_was_decided_since_it_was_read_is_not_decided_again(shop: Shop) -> None:
    shop.tap("raise", BEN, words=WORDS)
    assert shop.store.write_sync(raised.decide, 1, "open", {"state": "doing"})
    assert not shop.store.write_sync(raised.decide, 1, "open", {"state": "no"})
    assert shop.store.write_sync(raised.decide, 1, "doing", {"state": "done"})
    assert not shop.store.write_sync(raised.decide, 1, "done", {"state": "open"})


def test_erasing_the_customer_takes_the_words_and_the_reason_and_shows_what_told_of_them_anew(shop: Shop) -> None:
    shop.tap("raise", BEN, words="Canary: Dana is not the first.")
    settles(shop, became="no", why="Canary: Dana is.")
    gone = shop.store.write_sync(erase, "c-1", shop.now)
    assert {"became:1:no"} <= set(gone.keys)
    assert {"Canary: Dana is not the first.", "Canary: Dana is."} <= gone.words
    assert (row(shop).words, row(shop).reason, row(shop).state) == ("", "", "no")
    assert "Canary" not in str(logged(shop, "raise") + logged(shop, "settle"))
    assert logged(shop, "settle")[0]["became"] == "no"
    assert shop.card("became:1:no").plain == "What you raised stays as it is: “(erased)” Why: (erased)"


def test_what_was_raised_and_erased_is_not_decided_any_more(shop: Shop) -> None:
    shop.tap("raise", BEN, words=WORDS)
    shop.store.write_sync(erase, "c-1", shop.now)
    assert settles(shop, became="doing").text == "This was decided already, so nothing was changed."


def test_it_is_forgotten_with_the_other_notes_of_its_case(shop: Shop) -> None:
    shop.tap("raise", BEN, words=WORDS)
    shop.tap("claim", ANA)
    shop.closes()
    settles(shop, became="doing")
    shop.store.write_sync(lambda tx: tx.execute(messages.message.update().values(remote_id="1", shown=1)))
    while shop.store.write_sync(forget, Retention(notes=timedelta(days=30)), OSLO, shop.now + timedelta(days=60)):
        pass
    assert row(shop).words == ""
    assert shop.store.read_sync(messages.by_key, "became:1:doing").wanted == 2


def test_it_is_exported_with_who_raised_it_and_who_has_it(shop: Shop) -> None:
    shop.tap("raise", BEN, words=WORDS)
    settles(shop, became="doing")
    out = StringIO()
    assert written(shop.store, "raised", "jsonl", out) == 1
    told = json.loads(out.getvalue())
    assert (told["follow_up"], told["words"], told["raised_by"], told["owner"], told["state"]) == (
        1,
        WORDS,
        "Ben",
        "Lea",
        "doing",
    )


def test_an_export_of_what_is_new_tells_what_was_raised_or_decided_since(shop: Shop) -> None:
    begun = shop.now
    shop.tap("raise", BEN, words=WORDS)
    shop.passes(hours=1)
    since = shop.now
    assert [written(shop.store, "raised", "jsonl", StringIO(), at) for at in (begun, since)] == [1, 0]
    settles(shop, became="doing")
    assert [written(shop.store, "raised", "jsonl", StringIO(), at) for at in (begun, since)] == [1, 1]


def test_where_nobody_leads_nobody_is_said_to_decide(shop: Shop) -> None:
    [team] = shop.company.teams.values()
    shop.company = shop.company.model_copy(update={"teams": {team.name: team.model_copy(update={"leader": ()})}})
    assert shop.tap("raise", BEN, words=WORDS).text.startswith("Raised: those who lead Oak Street read it")
    shop.store.write_sync(nudges.put_on_duty, "oak-street", Role.LEADER, [])
    text = "Raised: the team reads it. Oak Street has no leader here yet who could decide about it."
    assert shop.tap("raise", BEN, words="And again.").text == text
