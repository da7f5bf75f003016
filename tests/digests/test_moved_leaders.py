"""A leader reads each post once, in whichever chat, and what was decided about a team, whoever leads it with them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from handlers.company import Company
from handlers.feedback import Customer, Person, Place
from handlers.forgetting import erase
from handlers.ladder import Role
from storage import digests, nudges, people
from tests.conftest import LEA, Shop, person
from tests.digests.week47 import Week47

NOVEMBER = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
WEDNESDAY = NOVEMBER + timedelta(days=2)
DECEMBER = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
LEO, LEA_IN_TEAMS = person("leo"), person("lea-t", "Lea", chat="msteams")
PRIVATE = ("leader", "month", "calls")


@pytest.fixture
def shop(shop_of: Callable[[Company], Shop], company: Company) -> Week47:
    shop = Week47(shop_of(company).store, company, NOVEMBER - timedelta(days=7))
    shop.says(2, "Cold.", customer=Customer(key="c-1", email="c-1@mail.example"))
    return shop


def lead(shop: Week47, *leaders: Person, team: str = "oak-street", mail: str = "lea@northwind.example") -> None:
    def put(tx: Any) -> None:
        ids = [people.ensure(tx, each.chat, each.workspace, each.user_id, each.name).id for each in leaders]
        for id, each in zip(ids, leaders, strict=True):
            people.learn_email(tx, id, mail if each.name == "Lea" else f"{each.user_id}@northwind.example")
        nudges.put_on_duty(tx, team, Role.LEADER, ids)

    shop.store.write_sync(put)


def moves(shop: Week47) -> None:
    """The team's channel is in Microsoft Teams from now on, and so is whoever leads it."""
    place = Place.parse("msteams:19:oak@thread.tacv2")
    team = shop.company.teams["oak-street"].model_copy(update={"channels": (place,)})
    shop.company = shop.company.model_copy(update={"teams": {team.name: team}})
    lead(shop, LEA_IN_TEAMS)


def private(shop: Week47) -> list[str]:
    asked = shop.keys()
    return sorted(key for key in asked if key.partition(":")[0] in PRIVATE)


def decides(shop: Week47, what: str = "Call within a day") -> None:
    row = shop.store.read_sync(digests.by_period, "month", "1", "2026-10")
    review: Any = f"review:{row.id}"
    assert shop.tap("decide", LEA, review, what=what, owner="Ben", by="20 Nov").text.startswith("Decided.")


def reads(shop: Week47, reader: int, month: str = "2026-11") -> str:
    row = shop.store.read_sync(digests.by_period, "month", str(reader), month)
    return str(shop.card(f"month:{row.id}:{reader}").context[0])


def test_a_leader_whose_team_moves_to_another_chat_gets_no_post_a_second_time(shop: Week47) -> None:
    lead(shop, LEA)
    shop.ticks(NOVEMBER)
    before = private(shop)
    assert before == ["calls:3:1", "leader:2:1", "month:3:1"]
    moves(shop)
    for minutes in (0, 5):
        shop.ticks(WEDNESDAY + timedelta(minutes=minutes))
    assert private(shop) == before


def test_the_next_post_comes_to_the_new_chat(shop: Week47) -> None:
    lead(shop, LEA)
    shop.ticks(NOVEMBER)
    moves(shop)
    shop.ticks(NOVEMBER + timedelta(days=7))
    [key] = [key for key in private(shop) if key.endswith(":2")]
    assert key.startswith("leader:")


def test_somebody_else_who_leads_from_now_on_reads_last_weeks_post(shop: Week47) -> None:
    lead(shop, LEA)
    shop.ticks(NOVEMBER)
    lead(shop, LEO)
    shop.ticks(WEDNESDAY)
    assert [key for key in private(shop) if key.endswith(":2")] == ["calls:6:2", "leader:5:2", "month:6:2"]


def test_who_leads_another_team_in_another_chat_reads_about_that_one_too(shop: Week47) -> None:
    lead(shop, LEA)
    place = Place.parse("msteams:19:elm@thread.tacv2")
    elm = shop.company.teams["oak-street"].model_copy(update={"name": "elm", "title": "Elm", "channels": (place,)})
    route = shop.company.routes[0].model_copy(update={"name": "elm", "team": "elm"})
    shop.company = shop.company.model_copy(update={"teams": {**shop.company.teams, "elm": elm}, "routes": (route,)})
    shop.says(2, "Late.")
    lead(shop, LEA_IN_TEAMS, team="elm")
    shop.ticks(NOVEMBER)
    readers = {key.split(":")[2] for key in private(shop) if key.startswith("leader:")}
    assert readers == {"1", "2"}


@pytest.mark.parametrize("move", [False, True])
def test_what_a_leader_decided_stands_first_in_the_next_review_also_in_another_chat(shop: Week47, move: bool) -> None:
    lead(shop, LEA)
    shop.ticks(NOVEMBER)
    decides(shop)
    if move:
        moves(shop)
    shop.now = WEDNESDAY
    shop.says(2, "Late.")
    shop.ticks(DECEMBER)
    decided = "Decided last month: Call within a day (Ben, by 20 Nov). Nobody has said yet how it went."
    assert reads(shop, 2 if move else 1) == decided


def test_who_leads_a_team_together_reads_what_the_other_decided_and_first_what_they_decided_themselves(shop: Week47) -> None:
    lead(shop, LEA, LEO)
    shop.ticks(NOVEMBER)
    decides(shop)
    shop.ticks(DECEMBER)
    assert reads(shop, 2) == reads(shop, 1)
    row = shop.store.read_sync(digests.by_period, "month", "2", "2026-11")
    review: Any = f"review:{row.id}"
    shop.tap("decide", LEO, review, what="A second till", owner="Leo", by="20 Dec")
    shop.ticks(datetime(2027, 1, 4, 8, 0, tzinfo=UTC))
    assert reads(shop, 2, "2026-12").startswith("Decided last month: A second till (Leo, by 20 Dec).")
    assert reads(shop, 1, "2026-12").startswith("Decided last month: A second till (Leo, by 20 Dec).")


@pytest.mark.parametrize("move", [False, True])
def test_a_customer_who_is_erased_is_gone_from_it_whoever_reads_it_first_in_their_review(shop: Week47, move: bool) -> None:
    shop.says(2, "Cold.", customer=Customer(key="c-9", name="Dana Reyes"))
    lead(shop, *((LEA,) if move else (LEA, LEO)))
    shop.ticks(NOVEMBER)
    decides(shop, "Ring Dana Reyes each week")
    if move:
        moves(shop)
    shop.now = WEDNESDAY
    shop.says(2, "Late.")
    shop.ticks(DECEMBER)
    row = shop.store.read_sync(digests.by_period, "month", "2", "2026-11")
    assert "Reyes" in reads(shop, 2)
    gone = shop.store.write_sync(erase.erase, "c-9", shop.now)
    assert f"month:{row.id}:2" in gone.keys, "what stands in the chat is drawn anew"
    assert reads(shop, 2).startswith("Decided last month: (erased) (Ben, by 20 Nov).")
