"""What a tool that is asked gives again and again: it is kept once, told of once, and does not come back once it was erased."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from bot import metrics
from bot.collecting.page import fitting
from bot.commands.sources import replay
from bot.config import Settings, load
from handlers.company import Company
from handlers.forgetting.erase import erase
from handlers.rules import Route
from handlers.team import Team
from storage import errands, payloads, readings
from storage.database import Store
from storage.prepared import AnyRow
from tests.conftest import OSLO
from tests.emulators.tools import Tools
from tests.running import eventually
from tests.sources.test_collecting import ASKED, NAMED, NOW, Tool, collecting, comes, ids, loaded, stored
from tests.statements import statements

pytestmark = pytest.mark.anyio
SIMPLESAT, HUBSPOT = ASKED[0], ASKED[1]
BROKEN: dict[str, dict[str, Any]] = {
    "simplesat": {"choice": "furious"},
    "hubspot": {"properties": {"hs_survey_type": "CUSTOM"}},
    "google_play": {"comments": []},
    "app_store": {"attributes": {"rating": "many"}},
}
"""What makes an entry of each tool unreadable."""
each_asked = pytest.mark.parametrize("tool", ASKED, ids=lambda tool: tool.kind)


@pytest.fixture
def tools() -> Iterator[Tools]:
    with Tools() as tools:
        yield tools


@pytest.fixture
def company(team: Team) -> Company:
    everything = Route(name="everything", team=team.name)
    return Company(name="Northwind", timezone=OSLO, people="names", teams={team.name: team}, routes=(everything,))


def breaks(tools: Tools, tool: Tool, place: int) -> None:
    record = tools.answers[tool.place][place]
    record |= {
        key: {**record.get(key, {}), **value} if isinstance(value, dict) else value for key, value in BROKEN[tool.kind].items()
    }


def kept(store: Store) -> list[AnyRow]:
    return list(store.read_sync(payloads.kept, "tool", 0, 500))


def counted(answer: str) -> float:
    return metrics.feedback.labels("tool", answer)._value.get()


def let_go(store: Store) -> None:
    """As if the lease of whoever was stopped in the middle of a request had run out."""
    store.write_sync(readings.let_go, ["tool", "tool:again"])


async def rounds(tools: Tools, tool: Tool, many: int = 6) -> None:
    """Returns after so many more requests to the tool, each of them answered and stored but the last."""
    before = tools.asked[tool.place]
    await eventually(lambda: tools.asked[tool.place] > before + many)


@each_asked
async def test_an_answer_that_cannot_be_read_is_kept_and_counted_once_however_often_the_tool_gives_it(
    store: Store, company: Company, tools: Tools, tool: Tool
) -> None:
    comes(tools, tool, 1, 2)
    breaks(tools, tool, 0)
    before = counted("rejected")
    with capture_logs() as logs:
        for _ in range(2):  # also after a restart
            let_go(store)
            async with collecting(store, company, loaded(tool, tools, every=0.05)):
                await eventually(lambda: stored(store) == ids(2))
                await rounds(tools, tool)
    [row] = kept(store)
    assert (row.rejected, row.received_at) == (True, NOW)
    assert counted("rejected") == before + 1
    assert [line["event"] for line in logs].count("feedback.rejected") == 1


async def test_what_changed_in_an_answer_that_cannot_be_read_is_kept_too(store: Store, company: Company, tools: Tools) -> None:
    comes(tools, SIMPLESAT, 1)
    breaks(tools, SIMPLESAT, 0)
    async with collecting(store, company, loaded(SIMPLESAT, tools, every=0.05)):
        await eventually(lambda: len(kept(store)) == 1)
        tools.answers["simplesat"][0]["comment"] = "Nobody answers."
        await eventually(lambda: len(kept(store)) == 2)
        await rounds(tools, SIMPLESAT)
    assert [json.loads(row.body)["comment"] for row in kept(store)] == ["Words 1", "Nobody answers."]


async def test_the_database_does_not_look_for_what_it_was_just_asked_about(store: Store, company: Company, tools: Tools) -> None:
    comes(tools, SIMPLESAT, *range(1, 8))
    async with collecting(store, company, loaded(SIMPLESAT, tools, every=0.05, keep="7d")):
        await eventually(lambda: stored(store) == ids(*range(1, 8)))
        await rounds(tools, SIMPLESAT)
        with statements() as asked:
            await rounds(tools, SIMPLESAT)
    assert [each.statement for each in asked if "payload.body" in each.statement] == []


async def erasing(store: Store) -> int:
    return (await store.write(erase, "dana@example.com", NOW)).payloads


@pytest.mark.parametrize("keep", [{}, {"keep": "7d"}], ids=["unread", "kept"])
async def test_what_was_erased_does_not_come_back_with_the_next_round(
    store: Store, company: Company, tools: Tools, keep: dict[str, str]
) -> None:
    comes(tools, HUBSPOT, 1, 2)
    breaks(tools, HUBSPOT, 1)
    for n in (1001, 1002):
        tools.contacts[str(n)] = {"id": str(n), "properties": {"email": "dana@example.com", "firstname": "Dana"}}
    async with collecting(store, company, loaded(HUBSPOT, tools, every=0.05, **keep)):
        await eventually(lambda: len(kept(store)) == (2 if keep else 1))
    let_go(store)
    before = counted("rejected")
    assert await erasing(store) == (2 if keep else 1)
    async with collecting(store, company, loaded(HUBSPOT, tools, every=0.05, **keep)):
        await rounds(tools, HUBSPOT)
        tools.contacts["1002"]["updatedAt"] = "2026-11-30T10:00:00Z"  # so that no byte of it is as it was
        await rounds(tools, HUBSPOT)
        tools.answers["hubspot"][1]["properties"]["hs_survey_type"] = "NPS"  # nor once it can be read
        await rounds(tools, HUBSPOT)
    assert kept(store) == []
    assert counted("rejected") == before
    assert "dana@example.com" not in store.read_sync(everything)


def everything(tx: Any) -> str:
    from storage.models import Feedback

    return str([tuple(row) for row in tx.execute(Feedback.__table__.select())])


async def test_a_known_answer_in_which_somebody_else_was_named_goes_on_after_their_erasure(
    store: Store, company: Company, tools: Tools
) -> None:
    comes(tools, SIMPLESAT, 1)
    record = tools.answers["simplesat"][0]
    record |= {"comment": "Write to dana@example.com.", "customer": {"email": "olav@example.com"}}
    async with collecting(store, company, loaded(SIMPLESAT, tools, every=0.05, keep="7d")):
        await eventually(lambda: len(kept(store)) == 1)
        assert await erasing(store) == 1
        record["comment"] = "Write to me instead."
        await eventually(lambda: "Write to me instead." in store.read_sync(everything))


@pytest.mark.parametrize("tool", [*ASKED, NAMED[0]], ids=lambda tool: tool.kind)
async def test_with_keep_all_that_a_tool_gives_is_kept_as_it_came_once(
    store: Store, company: Company, tools: Tools, tool: Tool
) -> None:
    comes(tools, tool, 1, 2)
    async with collecting(store, company, loaded(tool, tools, keep="7d", **({} if tool in NAMED else {"every": 0.05}))):
        await eventually(lambda: stored(store) == ids(1, 2))
        if tool in ASKED:
            await rounds(tools, tool)
    assert sorted(row.rejected for row in kept(store)) == [False, False]


@pytest.mark.parametrize("tool", NAMED, ids=lambda tool: tool.kind)
async def test_with_keep_what_was_named_is_kept_as_it_was_fetched(store: Store, company: Company, tools: Tools, tool: Tool) -> None:
    comes(tools, tool, 7, ago=timedelta(days=9))
    async with collecting(store, company, loaded(tool, tools, keep="7d")) as collector:
        await store.write(errands.name, "tool", ["7"], time.time())
        collector.wake("tool")
        await eventually(lambda: stored(store) == ids(7))
        await eventually(lambda: not store.read_sync(errands.unfinished))
    [row] = kept(store)
    assert (row.rejected, "Words 7" in row.body) == (False, True)


APP_YAML = """
company: {{name: Northwind Coffee, timezone: Europe/Oslo}}
chats: {{practice: {{}}}}
sources: {{tool: {{kind: simplesat, token: sample-token, keep: 7d, answers: {{bad: 1}}, fields: {{comment: {words}}}}}}}
teams: {{oak-street: {{channel: practice:oak-street}}}}
routes: [{{name: everything, team: oak-street}}]
"""


def settings(folder: Any, words: str) -> Settings:
    path = folder / "app.yaml"
    path.write_text(APP_YAML.format(words=words))
    found = load(path, environ={})
    assert found.settings is not None, found.findings
    return found.settings


async def test_words_that_stood_elsewhere_are_found_by_reading_again_once_the_mapping_is_mended(
    store: Store, company: Company, tools: Tools, tmp_path: Any
) -> None:
    comes(tools, SIMPLESAT, 1)
    async with collecting(store, company, loaded(SIMPLESAT, tools, every=0.05, keep="7d", fields={"comment": "text"})):
        await eventually(lambda: stored(store) == ids(1))
        tools.answers["simplesat"][0]["comment"] = "Nobody answers."  # which changes nothing that is understood
        await eventually(lambda: len(kept(store)) == 2)
    assert replay(settings(tmp_path, "comment"), store, "tool", NOW) == "1 duplicate\n1 updated"
    assert "Nobody answers." in store.read_sync(everything)


@pytest.mark.parametrize(
    ("keep", "unread", "read"), [({"keep": "1d"}, [3], []), ({"keep": "30d"}, [3, 8, 20], [3, 8, 20]), ({}, [3], [3])]
)
async def test_what_could_not_be_read_is_kept_for_a_week_at_least_and_the_rest_for_as_long_as_is_asked(
    store: Store, company: Company, tools: Tools, keep: dict[str, str], unread: list[int], read: list[int]
) -> None:
    rows = [
        {"source": "tool", "body": str(days), "received_at": NOW - timedelta(days=days), "rejected": rejected, "reason": ""}
        for rejected in (True, False)
        for days in (3, 8, 20, 40)
    ]
    store.write_sync(payloads.keep, rows)
    async with collecting(store, company, loaded(SIMPLESAT, tools, **keep)):
        await eventually(lambda: len(kept(store)) == len(unread) + len(read))
    assert [int(row.body) for row in kept(store) if row.rejected] == unread
    assert [int(row.body) for row in kept(store) if not row.rejected] == read


@pytest.mark.parametrize(("first", "then"), list(permutations(ASKED, 2)), ids=lambda tool: tool.kind)
def test_no_cursor_of_one_kind_of_tool_fits_another(tools: Tools, first: Tool, then: Tool) -> None:
    theirs, ours = (loaded(tool, tools) for tool in (first, then))
    begin = ours.source.begin(NOW, ours.options)
    assert fitting(theirs.source.begin(NOW, theirs.options), begin) == begin


@pytest.mark.parametrize(("first", "then"), list(zip(ASKED, [*ASKED[1:], ASKED[0]], strict=True)), ids=lambda tool: tool.kind)
async def test_a_name_that_is_given_to_another_kind_of_tool_is_read_from_its_beginning(
    store: Store, company: Company, tools: Tools, first: Tool, then: Tool
) -> None:
    comes(tools, first, 1)
    async with collecting(store, company, loaded(first, tools, every=0.05)):
        await eventually(lambda: stored(store) == ids(1))
        await rounds(tools, first)
    let_go(store)
    comes(tools, then, 2)
    async with collecting(store, company, loaded(then, tools, every=0.05)):
        await eventually(lambda: stored(store) == ids(1, 2))
        await rounds(tools, then)
    assert {(row.failures, row.reason) for row in store.read_sync(readings.every)} == {(0, "")}


async def test_a_daily_look_back_that_no_tool_of_that_name_has_any_more_is_forgotten(
    store: Store, company: Company, tools: Tools
) -> None:
    async with collecting(store, company, loaded(SIMPLESAT, tools)):
        await eventually(lambda: len(store.read_sync(readings.every)) == 2)
    async with collecting(store, company, loaded(HUBSPOT, tools)):
        await eventually(lambda: [row.key for row in store.read_sync(readings.every)] == ["tool"])


@pytest.mark.parametrize("tool", NAMED, ids=lambda tool: tool.kind)
async def test_a_response_that_is_named_before_the_tool_can_give_it_is_fetched_a_moment_later(
    store: Store, company: Company, tools: Tools, tool: Tool
) -> None:
    async with collecting(store, company, loaded(tool, tools)) as collector:
        await store.write(errands.name, "tool", ["1"], 0.0)
        collector.wake("tool")
        await eventually(lambda: any(row.attempts > 3 for row in store.read_sync(errands.unfinished)))
        assert store.read_sync(errands.failing) == [], "nothing is wrong yet"
        comes(tools, tool, 1, ago=timedelta(days=9))
        await eventually(lambda: stored(store) == ids(1) and not store.read_sync(errands.unfinished))


class Odd(Tools):
    """HubSpot, should it ever answer in another shape."""

    async def _hubspot(self, request: web.Request) -> web.Response:
        return web.json_response([1, 2])


async def test_an_answer_of_another_shape_is_called_so_and_no_mistake_of_ours(store: Store, company: Company) -> None:
    with Odd() as tools:
        async with collecting(store, company, loaded(HUBSPOT, tools)):
            await eventually(lambda: any(row.failures for row in store.read_sync(readings.every)))
    assert [row.reason for row in store.read_sync(readings.every)] == ["its answer is not one that we read: it must be an object"]


@pytest.mark.parametrize("tool", [SIMPLESAT, ASKED[3]], ids=lambda tool: tool.kind)
async def test_an_answer_that_is_dated_ahead_keeps_none_from_being_read_before_that_date(
    store: Store, company: Company, tools: Tools, tool: Tool
) -> None:
    comes(tools, tool, 1)
    comes(tools, tool, 2, ago=-timedelta(days=400))
    async with collecting(store, company, loaded(tool, tools, every=0.05)):
        await eventually(lambda: stored(store) == ids(1, 2))
        comes(tools, tool, 3)
        await eventually(lambda: stored(store) == ids(1, 2, 3))


async def test_a_review_that_is_shown_later_than_a_newer_one_is_read_with_the_next_round(
    store: Store, company: Company, tools: Tools
) -> None:
    comes(tools, ASKED[3], 1, 5)
    async with collecting(store, company, loaded(ASKED[3], tools, every=0.05)):
        await eventually(lambda: stored(store) == ids(1, 5))
        comes(tools, ASKED[3], 3, 9)
        await eventually(lambda: stored(store) == ids(1, 3, 5, 9))


class Odder(Tools):
    async def _apple(self, request: web.Request) -> web.Response:
        return web.json_response({"data": 5})

    async def _simplesat(self, request: web.Request) -> web.Response:
        return web.json_response({"answers": {"a": 1}, "next": None})


@pytest.mark.parametrize(("tool", "name"), [(SIMPLESAT, "answers"), (ASKED[3], "data")], ids=["simplesat", "app_store"])
async def test_a_page_that_is_no_array_is_told_and_never_taken_for_an_empty_one(
    store: Store, company: Company, tool: Tool, name: str
) -> None:
    with Odder() as tools:
        async with collecting(store, company, loaded(tool, tools)):
            await eventually(lambda: any(row.failures for row in store.read_sync(readings.every)))
    reasons = {row.reason for row in store.read_sync(readings.every)} - {""}
    assert reasons == {f"its answer is not one that we read: {name} must be an array"}
