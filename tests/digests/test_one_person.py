"""Somebody whom two chats know is one person in the stories of the weekly posts, and so are their wishes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from handlers.company import Company
from handlers.feedback import Person, Place
from handlers.nudges import preferences
from handlers.situation import Word
from storage import people
from tests.conftest import ANA, BEN, Shop, person
from tests.digests.week47 import KEY, MONDAY, NEXT, Week47

ANA_IN_TEAMS = person("ana-t", "Ana", chat="msteams")
STORY = "Ana: first contact on a hard one. “Rang.”"


@pytest.fixture
def shop(shop_of: Callable[[Company], Shop], company: Company) -> Week47:
    """Both chats show the cards of the team."""
    channels = (Place.parse("slack:C1"), Place.parse("msteams:19:oak@thread.tacv2"))
    team = company.teams["oak-street"].model_copy(update={"channels": channels})
    shop = Week47(shop_of(company).store, company.model_copy(update={"teams": {team.name: team}}), MONDAY)
    shop.store.write_sync(known)
    return shop


def known(tx: Any) -> None:
    for each in (ANA, ANA_IN_TEAMS):
        row = people.ensure(tx, each.chat, each.workspace, each.user_id, each.name)
        people.learn_email(tx, row.id, "ana@northwind.example")


def helps(shop: Week47, who: Person, n: int, cause: str = "other", **more: Any) -> None:
    shop.says(2, "Waited for the third time, and nobody came.", wants_contact=True, **more)
    shop.tap("claim", who, n)
    shop.passes(minutes=10)
    shop.tap("close", who, n, outcome="fixed", done="Rang.", cause=cause)


def types(shop: Week47, who: Person, wish: str) -> None:
    word = Word(who, Place.parse("slack:C1"), shop.now, wish)
    shop.store.write_sync(preferences.name, shop.company, word)


def stories(shop: Week47, key: str = KEY) -> list[str]:
    shop.ticks(NEXT)
    return [line for line in shop.card(key).context if "hard one" in line]


def test_one_post_tells_one_story_of_somebody_whom_two_chats_know(shop: Week47) -> None:
    helps(shop, ANA, 1)
    helps(shop, ANA_IN_TEAMS, 2, "waiting time")
    assert stories(shop) == [STORY]


@pytest.mark.parametrize("reopened", [False, True])
def test_who_hands_over_in_time_in_their_other_chat_is_praised_for_it(shop: Week47, reopened: bool) -> None:
    shop.says(2, "Cold soup.")
    shop.tap("claim", ANA, 1)
    if reopened:
        shop.tap("dismiss", ANA, 1, reason="test")
        shop.passes(minutes=20)
        shop.tap("reopen", ANA_IN_TEAMS, 1)
    shop.tap("hand_over", ANA_IN_TEAMS, 1, to=BEN)
    shop.tap("close", BEN, 1, outcome="fixed", done="Rang.", cause="other")
    shop.ticks(NEXT)
    assert shop.card(KEY).context[1:] == ("Ana: a handover in good time. What Ben did then: “Rang.”",)


def test_who_takes_a_case_along_to_their_other_chat_is_praised_for_no_handover(shop: Week47) -> None:
    shop.says(2, "Cold soup.")
    shop.tap("claim", ANA, 1)
    shop.tap("hand_over", ANA, 1, to=ANA_IN_TEAMS)
    shop.tap("close", ANA_IN_TEAMS, 1, outcome="fixed", done="Rang.", cause="other")
    shop.ticks(NEXT)
    assert "handover" not in str(shop.card(KEY))


def test_who_wants_no_story_in_one_chat_is_in_none_from_the_other(shop: Week47) -> None:
    helps(shop, ANA_IN_TEAMS, 1)
    types(shop, ANA, "never")
    assert stories(shop) == []


def test_a_wish_counts_also_in_a_chat_that_knows_somebody_only_since(shop: Week47) -> None:
    types(shop, ANA, "never")
    teams = shop.store.read_sync(people.find, *(getattr(ANA_IN_TEAMS, name) for name in ("chat", "workspace", "user_id")))
    shop.store.write_sync(people.prefer, teams.id, {"naming": None})
    helps(shop, ANA_IN_TEAMS, 1)
    assert stories(shop) == []


def test_who_is_a_teammate_in_one_chat_is_one_in_what_they_did_in_the_other(shop: Week47) -> None:
    helps(shop, ANA_IN_TEAMS, 1)
    assert stories(shop) == [STORY]
    types(shop, ANA, "off")
    assert stories(shop) == [STORY.replace("Ana", "A teammate")]
    types(shop, ANA, "full")
    assert stories(shop) == [STORY]


def test_who_is_told_about_rests_for_four_weeks_in_every_chat(shop: Week47) -> None:
    shop.now = MONDAY - timedelta(days=7)
    helps(shop, ANA, 1)
    shop.ticks(MONDAY)
    helps(shop, ANA_IN_TEAMS, 2)
    assert stories(shop) == []


def test_two_teams_tell_no_two_stories_of_one_person_on_one_monday(shop: Week47) -> None:
    team = shop.company.teams["oak-street"]
    elm = team.model_copy(update={"name": "elm", "title": "Elm"})
    route = shop.company.routes[0]
    of_elm = route.model_copy(update={"name": "elm", "team": "elm", "when": route.when.model_copy(update={"tag": ("elm",)})})
    shop.company = shop.company.model_copy(update={"teams": {team.name: team, "elm": elm}, "routes": (of_elm, route)})
    helps(shop, ANA, 1)
    helps(shop, ANA, 2, tags=("elm",))
    told = stories(shop) + stories(shop, "digest:elm:2026-W47")
    assert told == [STORY]
    shop.ticks(NEXT + timedelta(hours=1))
    assert stories(shop) + stories(shop, "digest:elm:2026-W47") == told
