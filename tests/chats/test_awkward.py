"""What once went wrong between a chat and the house: characters no database keeps, a stop at a bad moment, another replica."""

from __future__ import annotations

import asyncio
import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.chats.slack.manifest import SCOPES
from bot.clock import HouseClock
from bot.config import Settings, load
from bot.house import House
from handlers.arranged.arrangements import Kind
from handlers.arrivals.arrival import Arrival
from handlers.feedback import Person, Place
from handlers.situation import Tap
from storage import arrangements, payloads, people
from storage.database import Store
from tests.conftest import FRIDAY, said
from tests.emulators.slack import Slack
from tests.running import APP_YAML, SECRET, eventually, running
from tests.stages import PATIENCE, on_practice, slack_chat
from tests.statements import statements

pytestmark = pytest.mark.anyio
ANA = Person("practice", "main", "ana", "Ana")
HARBOUR = {
    "title": "Harbour", "channel": ["practice:harbour"], "hours": "always", "promise": {"claim": "4h", "close": "2d"}, "causes": ["other"],
}  # fmt: skip


@pytest.mark.parametrize("typed", ["a\0b", "half \ud83d of it", "\0"])
async def test_what_no_database_can_keep_is_left_out_of_what_was_typed(tmp_path: Path, database: str, typed: str) -> None:
    async with on_practice(tmp_path, FRIDAY, database=database) as stage:
        house = stage.here.house
        await stage.here.hears(id="r-1", score=2)
        who = Person("practice", "main", "ana", f"Ana{typed}")
        assert "yours" in (await house.tap(Tap("claim", 1, who, house.clock.now()))).text
        done = {"outcome": "fixed", "done": f"Rang {typed} twice.", "cause": "other"}
        assert not (await house.tap(Tap("close", 1, who, house.clock.now(), done))).errors
        assert (await house.command(f"heard {typed}", who, Place("practice", "main", "oak-street"))).form is not None


@pytest.mark.parametrize("key", ["x\0y", "half \ud83d of it"])
async def test_a_key_that_no_database_can_keep_is_refused_and_what_came_is_kept(tmp_path: Path, database: str, key: str) -> None:
    async with on_practice(tmp_path, FRIDAY, database=database) as stage:
        refused = await stage.here.hears(id="r-1", score=2, **{key: 1})
        assert refused.status_code == 422
        [kept] = await stage.here.house.store.read(payloads.kept, "survey", 0, 10)
        assert json.loads(kept.body)[key] == 1, "JSON escapes what no database can keep"


async def test_somebody_whose_name_was_not_learned_before_a_stop_is_named_after_it(tmp_path: Path) -> None:
    with Slack(time_scale=0.02, scopes=SCOPES, patience=PATIENCE) as slack:
        slack.channel("C1", name="oak-street")
        slack.user("UANA", name="Ana", email="ana@northwind.example")
        env = {"TOKEN": slack.token, "SIGNING": slack.signing_secret}
        slack.fail_next("users.info", "500", times=50)
        async with running(tmp_path, slack_chat(slack), "slack:C1", at=FRIDAY, env=env) as here:
            slack.bot_url = f"{here.url}/slack/events"
            await here.hears(id="r-1", score=2)
            [card] = await eventually(lambda: slack.channel("C1").messages)
            await here.house.tap(Tap("claim", 1, Person("slack", "main", "UANA", "ana.handle"), here.house.clock.now()))
            await eventually(lambda: "ana.handle" in str(card) or "Ana.handle" in str(card))
        slack.faults.clear()
        async with running(tmp_path, slack_chat(slack), "slack:C1", at=FRIDAY + timedelta(minutes=5), env=env):
            await eventually(lambda: "Ana is replying" in str(card))
            assert "handle" not in str(card)


async def test_a_tap_for_a_team_made_on_another_replica_a_moment_ago_is_carried_out(tmp_path: Path) -> None:
    async with on_practice(tmp_path, FRIDAY) as stage:
        house = stage.here.house
        await stage.here.hears(id="r-1", score=2)
        with closing(Store(str(house.settings.database))) as another:
            who = another.write_sync(people.ensure, "practice", "main", "lea", "Lea").id
            another.write_sync(arrangements.add, Kind.TEAM, "harbour", HARBOUR, who, datetime.now(UTC))
            another.write_sync(lambda tx: tx.exec_driver_sql("UPDATE follow_up SET team = 'harbour'"))
        assert "harbour" not in house.company.teams
        assert "yours" in (await house.tap(Tap("claim", 1, ANA, house.clock.now()))).text


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
async def test_an_answer_for_a_route_made_on_another_replica_a_moment_ago_is_routed_and_one_that_is_routed_asks_nothing(
    tmp_path: Path, database: str
) -> None:
    house = House(settings_of(tmp_path, database), HouseClock(FRIDAY), Store(database))  # it does not tick

    async def hears(id: str, score: int) -> bool:
        [receipt] = await house.receive([Arrival("survey", said(id, score), FRIDAY)])
        return receipt.routed

    with closing(house.store), closing(Store(database)) as another:
        who = another.write_sync(people.ensure, "practice", "main", "lea", "Lea").id
        happy = {"team": "oak-street", "moment": "relationship", "when": {"band": ["promoter"]}}
        another.write_sync(arrangements.add, Kind.ROUTE, "happy ones", happy, who, datetime.now(UTC))
        with statements() as asked:
            assert await hears("r-1", 2)
        assert not any("arrangement" in each.statement for each in asked)
        assert "happy ones" not in {route.name for route in house.company.routes}
        assert await asyncio.gather(*(hears(f"r-{n}", 10) for n in range(2, 6))) == [True] * 4
        with statements() as asked:
            assert not await hears("r-6", 7), "nobody is asked to follow up, also by now"
        assert sum("arrangement" in each.statement for each in asked) == 1
        routes = another.read_sync(lambda tx: tx.exec_driver_sql("SELECT route FROM feedback ORDER BY external_id").scalars().all())
        assert routes == ["everyone else", *["happy ones"] * 4, None]


async def test_what_is_collected_is_stored_by_the_routes_that_any_replica_knows(tmp_path: Path, database: str) -> None:
    house = House(settings_of(tmp_path, database), HouseClock(FRIDAY), Store(database))  # it does not tick
    with closing(house.store), closing(Store(database)) as another:
        who = another.write_sync(people.ensure, "practice", "main", "lea", "Lea").id
        route = {"team": "oak-street", "moment": "relationship", "when": {"band": ["promoter"]}}
        another.write_sync(arrangements.add, Kind.ROUTE, "happy ones", route, who, datetime.now(UTC))
        assert "happy ones" in {route.name for route in (await house.collector._company()).routes}


def settings_of(folder: Path, database: str) -> Settings:
    text = APP_YAML.format(chats="{practice: {}}", channel="practice:oak-street", hours="always", database=database, server="")
    (folder / "app.yaml").write_text(text, "utf-8")
    settings = load(folder / "app.yaml", environ={"SURVEY_SECRET": SECRET, "HERO_SECRET": "x" * 40}).settings
    assert settings is not None
    return settings


async def test_a_card_that_belongs_to_nobody_is_refused_as_before(tmp_path: Path) -> None:
    async with on_practice(tmp_path, FRIDAY) as stage:
        reply = await stage.here.house.tap(Tap("claim", 99, ANA, stage.here.house.clock.now()))
        assert "does not belong to a team here" in reply.text


async def test_in_microsoft_teams_a_list_says_where_it_was_sent_and_not_that_it_is_long(tmp_path: Path) -> None:
    from tests.stages import on_msteams

    async with on_msteams(tmp_path, FRIDAY) as stage:
        seen = await stage.press_listed("lea", "sources", "Add a source…")
        told = await stage.fill("lea", seen.form, {"Where does it come from?": "plain", "What is it called?": "Web shop"})
        assert told.text == "We sent it to you in our chat."
