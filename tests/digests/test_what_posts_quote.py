"""What posts quote of customers: as little as a card does in a channel, and nothing any more once a customer is erased."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from handlers.commands import answer
from handlers.company import Company
from handlers.feedback import Customer
from handlers.forgetting.erase import erase
from handlers.forgetting.forget import forget
from handlers.forgetting.retention import Retention
from storage import delivery_log, digests, messages
from tests.conftest import ANA, BEN, OSLO, Shop
from tests.digests.week47 import FRIDAY_PREVIEW, MONDAY, NEXT, SLOW, Week47

DANA = Customer(key="c-dana", name="Dana Reyes", email="dana@mail.example", phone="+47 400 00 000")
ALSO_DANA = DANA.model_copy(update={"key": "c-dana-too"})
WORDS = "Canary: ring me, Dana Reyes, on +47 400 00 000 or dana@mail.example!"
SECRETS = ("Reyes", "400 00", "dana@")


@pytest.fixture
def shop(shop_of: Callable[[Company], Shop], company: Company) -> Week47:
    return Week47(shop_of(company).store, company, MONDAY)


def huddles(shop: Week47) -> None:
    shop.store.write_sync(answer, shop.company, "huddle", ANA, shop.company.teams["oak-street"].channels[0], shop.now)


def a_week(shop: Week47) -> list[str]:
    """Dana is unhappy, and is looked after; she praises us; she is unhappy again, and waits. Answers the keys of all that tells
    of it beside cards and lines."""
    shop.leader()
    shop.says(2, f"{SLOW} {WORDS}", customer=DANA)
    shop.tap("claim", ANA)
    shop.passes(minutes=30)
    shop.closes(ANA, done="Canary: rang Dana Reyes on +47 400 00 000.")
    shop.tap("raise", BEN, words="Canary: Dana Reyes, dana@mail.example, is not the first.")
    shop.says(10, WORDS, customer=DANA)
    shop.says(1, WORDS, customer=ALSO_DANA)
    huddles(shop)
    shop.ticks(FRIDAY_PREVIEW)
    shop.ticks(NEXT + timedelta(hours=2))
    target: Any = f"digest:{shop.post().id}"
    assert "told privately" in shop.tap("thank", BEN, target, story="1", note="Canary: Dana Reyes told me, well done.").text
    return [row.key for row in shop.store.read_sync(delivery_log.unfinished, 100) if row.follow_up_id is None]


def words(shop: Week47, keys: list[str]) -> dict[str, str]:
    return {key: str(shop.card(key)) for key in keys}


def kinds(keys: Any) -> set[str]:
    return {key.partition(":")[0] for key in keys}


def test_no_post_says_how_to_reach_a_customer_whom_nobody_who_reads_it_has_claimed(shop: Week47) -> None:
    told = words(shop, a_week(shop))
    assert kinds(key for key, said in told.items() if "Canary" in said) == {"huddle", "digest", "leader", "thanks"}
    shown = {key: said for key, said in told.items() if not key.startswith("thanks")}
    assert {key: leaks for key, said in shown.items() if (leaks := [secret for secret in SECRETS if secret in said])} == {}


def test_a_team_that_shows_no_words_has_none_in_its_posts(shop: Week47) -> None:
    keys = a_week(shop)
    quiet = {name: team.model_copy(update={"show": frozenset()}) for name, team in shop.company.teams.items()}
    shop.company = shop.company.model_copy(update={"teams": quiet})
    assert [key for key, said in words(shop, keys).items() if "ring me" in said] == []


def test_once_a_customer_is_erased_all_that_quoted_them_is_shown_anew_without_them(shop: Week47) -> None:
    keys = a_week(shop)
    quoting = [key for key, said in words(shop, keys).items() if "Canary" in said]
    shop.store.write_sync(lambda tx: tx.execute(messages.message.update().values(remote_id="1")))
    gone = shop.store.write_sync(erase, "dana@mail.example", shop.now)
    assert set(quoting) <= set(gone.keys)
    assert [key for key, said in words(shop, keys).items() if "Canary" in said] == []
    assert "Canary: Dana Reyes told me, well done." in gone.words


def test_nothing_quotes_an_erased_customer_whose_team_is_no_longer_in_app_yaml(shop: Week47) -> None:
    keys = a_week(shop)
    shop.store.write_sync(lambda tx: tx.execute(messages.message.update().values(remote_id="1")))
    shop.passes(days=2)
    shop.company = shop.company.model_copy(update={"teams": {}, "routes": ()})
    gone = shop.store.write_sync(erase, "dana@mail.example", shop.now)
    assert kinds(gone.keys) >= {"card", "private", "line", "huddle", "digest", "leader", "thanks"}
    assert [key for key, said in words(shop, [*gone.keys, *keys]).items() if "Canary" in said] == []


def test_a_post_is_shown_anew_though_it_seems_older_than_the_erased_answer_that_it_quotes(shop: Week47) -> None:
    lea = shop.leader()
    shop.says(2, SLOW)
    shop.now = NEXT + timedelta(seconds=5)  # by the clock of another replica
    shop.says(1, WORDS, customer=DANA)
    shop.ticks(NEXT)
    row = shop.store.read_sync(digests.by_period, "leader", str(lea), "2026-W47")
    key = f"leader:{row.id}:{lea}"
    assert "Canary" in str(shop.card(key))
    assert key in shop.store.write_sync(erase, "c-dana", shop.now).keys


def test_a_look_ahead_that_quotes_an_erased_customer_is_shown_anew_without_them(shop: Week47) -> None:
    lea = shop.leader()
    shop.says(2, SLOW, customer=DANA)
    shop.tap("claim", ANA)
    shop.passes(minutes=30)
    shop.closes(ANA, done="Canary: gave Dana a new one.")
    shop.ticks(FRIDAY_PREVIEW)
    key = f"preview:{shop.post().id}:{lea}"
    assert "Canary" in str(shop.card(key))
    assert key in shop.store.write_sync(erase, "c-dana", shop.now).keys
    assert "Canary" not in str(shop.card(key))


def test_a_colleague_who_passed_it_on_reads_no_more_of_a_customer_who_was_erased(shop: Week47) -> None:
    target: Any = "heard:here"
    shop.tap("heard", BEN, target, words="Canary: the lift is broken.", kind="customer", reach="dana@mail.example")
    shop.tap("claim", ANA)
    shop.closes(ANA, done="Canary: had the lift mended.")
    [key] = [row.key for row in shop.store.read_sync(delivery_log.unfinished, 100) if row.kind == "told"]
    assert "Canary" in str(shop.card(key))
    assert key in shop.store.write_sync(erase, "dana@mail.example", shop.now).keys
    assert "Canary" not in str(shop.card(key))


def test_a_months_review_that_quotes_an_erased_customer_is_shown_anew(shop: Week47) -> None:
    lea = shop.leader()
    shop.says(1, "Canary words.", customer=DANA)
    shop.ticks(NEXT + timedelta(days=10))
    row = shop.store.read_sync(digests.by_period, "month", str(lea), "2026-11")
    keys = {f"{kind}:{row.id}:{lea}" for kind in ("month", "calls")}
    assert any("Canary" in said for said in words(shop, sorted(keys)).values())
    assert keys <= set(shop.store.write_sync(erase, "c-dana", shop.now).keys)


def test_what_colleagues_wrote_in_a_thank_you_is_forgotten_with_their_other_notes(shop: Week47) -> None:
    keys = a_week(shop)
    shop.store.write_sync(lambda tx: tx.execute(messages.message.update().values(remote_id="1", shown=1)))
    later = shop.now + timedelta(days=60)
    while shop.store.write_sync(forget, Retention(notes=timedelta(days=30)), OSLO, later):
        pass
    [key] = [key for key in keys if key.startswith("thanks")]
    assert "Canary" not in str(shop.card(key))
    assert shop.store.read_sync(messages.by_key, key).wanted == 2


def test_posts_that_quote_what_colleagues_wrote_are_shown_anew_once_it_is_forgotten(shop: Week47) -> None:
    keys = a_week(shop)
    notes = ("rang Dana", "is not the first")
    quoting = [key for key, said in words(shop, keys).items() if any(note in said for note in notes)]
    assert {"digest", "leader"} <= kinds(quoting)
    shop.store.write_sync(lambda tx: tx.execute(messages.message.update().values(remote_id="1", shown=1)))
    later = shop.now + timedelta(days=60)
    while shop.store.write_sync(forget, Retention(notes=timedelta(days=30)), OSLO, later):
        pass
    assert {key: shop.store.read_sync(messages.by_key, key).wanted for key in quoting} == dict.fromkeys(quoting, 2)
    assert [key for key, said in words(shop, quoting).items() if any(note in said for note in notes)] == []
