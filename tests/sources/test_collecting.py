"""Tools that are asked, and tools that only name a response: nothing is missed and nothing comes twice, whatever happens on the way."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import select

from bot import sources
from bot.collecting import asking
from bot.collecting.collector import ATTEMPTS, Collector, Waits
from bot.sources import LoadedSource
from handlers.company import Company
from handlers.rules import Route
from handlers.team import Team
from storage import errands, models, payloads, readings
from storage.database import Store, Unavailable
from tests.conftest import OSLO
from tests.emulators.tools import KINDS, TOKEN, Record, Tools
from tests.running import eventually

pytestmark = pytest.mark.anyio
NOW = datetime.now(UTC).replace(microsecond=0)
PACE = Waits(first_s=0.05, longest_s=0.2, refused_s=0.2, away_s=0.01, answer_s=0.5)
feedback, follow_up = models.Feedback.__table__, models.FollowUp.__table__


@dataclass(frozen=True)
class Tool:
    """How a tool is named in app.yaml, and what an answer looks like there."""

    kind: str
    place: str
    options: Callable[[Tools], dict[str, Any]]
    answer: Callable[[int, datetime], Record]


def z(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def surveymonkey(n: int, at: datetime) -> Record:
    questions = [{"id": "22", "answers": [{"choice_id": "33"}]}, {"id": "23", "answers": [{"text": f"Words {n}"}]}]
    return {
        "id": str(n),
        "response_status": "completed",
        "date_modified": f"{at:%Y-%m-%dT%H:%M:%S+00:00}",
        "pages": [{"questions": questions}],
    }


def hubspot(n: int, at: datetime) -> Record:
    properties = {
        "hs_value": "3",
        "hs_content": f"Words {n}",
        "hs_survey_type": "NPS",
        "hs_submission_timestamp": z(at),
        "hs_secret": "x",
    }
    contact = {"contacts": {"results": [{"id": str(1000 + n), "type": "feedback_submission_to_contact"}]}}
    return {"id": str(n), "createdAt": z(at), "properties": properties, "associations": contact}


def google(n: int, at: datetime) -> Record:
    words = {"text": f"Words {n}", "starRating": 1, "lastModified": {"seconds": str(int(at.timestamp()))}}
    return {"reviewId": str(n), "authorName": "Dana Reyes", "comments": [{"userComment": words}]}


def apple(n: int, at: datetime) -> Record:
    attributes = {
        "rating": 1,
        "title": "Hm",
        "body": f"Words {n}",
        "createdDate": f"{at:%Y-%m-%dT%H:%M:%S+00:00}",
        "territory": "NOR",
    }
    return {"type": "customerReviews", "id": str(n), "attributes": attributes}


ASKED = [
    Tool(
        "simplesat", "simplesat",
        lambda tools: {"token": TOKEN, "api_url": f"{tools.url}/simplesat/", "answers": {"bad": 1}},
        lambda n, at: {"id": n, "created": z(at), "choice": "bad", "comment": f"Words {n}"},
    ),
    Tool("hubspot", "hubspot", lambda tools: {"token": TOKEN, "api_url": f"{tools.url}/hubspot"}, hubspot),
    Tool(
        "google_play", "google",
        lambda tools: {"token": tools.google_file(), "package": "com.x", "api_url": f"{tools.url}/google/"}, google,
    ),
    Tool(
        "app_store", "apple",
        lambda tools: {"token": tools.apple_file(), "app": "7", "key": "K1", "issuer": "issuer-1", "api_url": f"{tools.url}/apple/"}, apple,
    ),
]  # fmt: skip
NAMED = [
    Tool(
        "surveymonkey", "surveymonkey",
        lambda tools: {
            "token": TOKEN, "api_url": f"{tools.url}/surveymonkey/", "survey": "9", "unsigned": True,
            "questions": {"score": "22", "comment": "23"}, "choices": {"33": 3},
        },
        surveymonkey,
    ),
    Tool(
        "qualtrics_events", "qualtrics",
        lambda tools: {
            "token": TOKEN, "api_url": f"{tools.url}/qualtrics/", "survey": "SV_9", "unsigned": True,
            "questions": {"score": "QID1", "comment": "QID2_TEXT"},
        },
        lambda n, at: {"responseId": str(n), "values": {"recordedDate": z(at), "QID1": 3, "QID2_TEXT": f"Words {n}"}},
    ),
]  # fmt: skip
each_asked = pytest.mark.parametrize("tool", ASKED, ids=lambda tool: tool.kind)
each_named = pytest.mark.parametrize("tool", NAMED, ids=lambda tool: tool.kind)


def test_every_tool_that_is_asked_or_only_names_answers_is_tried_here() -> None:
    folders = {kind: sources.load(kind) for kind in sources.kinds()}
    named = {kind for kind, folder in folders.items() if hasattr(folder, "notice")}
    assert {tool.kind for tool in NAMED} == named
    assert {tool.kind for tool in ASKED} == {kind for kind, folder in folders.items() if hasattr(folder, "poll")} - named


@pytest.fixture
def tools() -> Iterator[Tools]:
    with Tools() as tools:
        yield tools
    assert not tools.early, "we were told to wait"


@pytest.fixture
def company(team: Team) -> Company:
    everything = Route(name="everything", team=team.name)
    return Company(name="Northwind", timezone=OSLO, people="names", teams={team.name: team}, routes=(everything,))


def loaded(tool: Tool, tools: Tools, every: float | None = None, **more: Any) -> LoadedSource:
    """With `every`, it is asked more often than app.yaml permits: in seconds."""
    folder = sources.load(tool.kind)
    options = folder.Options.model_validate(tool.options(tools) | more)
    return LoadedSource("tool", folder, options if every is None else options.model_copy(update={"every": every}))


@asynccontextmanager
async def collecting(store: Store, company: Company, source: LoadedSource) -> AsyncIterator[Collector]:
    async def latest() -> Company:
        return company

    collector = Collector(store, {"tool": source}, latest, lambda: NOW, PACE)
    task = asyncio.create_task(collector.run())
    try:
        yield collector
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def comes(tools: Tools, tool: Tool, *numbers: int, ago: timedelta = timedelta(hours=1)) -> None:
    for n in numbers:
        tools.answers.setdefault(tool.place, []).append(tool.answer(n, NOW - ago + timedelta(seconds=n)))


def stored(store: Store) -> list[str]:
    """The ids of what is stored; each has exactly one follow-up."""
    rows = store.read_sync(
        lambda tx: tx.execute(select(feedback.c.external_id, follow_up.c.id).outerjoin_from(feedback, follow_up)).all()
    )
    assert all(row.id is not None for row in rows)
    return sorted((row.external_id for row in rows), key=int)


def ids(*numbers: int) -> list[str]:
    return [str(n) for n in numbers]


@each_asked
async def test_every_page_of_a_tool_is_read_and_later_what_is_new(store: Store, company: Company, tools: Tools, tool: Tool) -> None:
    comes(tools, tool, *range(1, 6))
    async with collecting(store, company, loaded(tool, tools, every=0.1)):
        await eventually(lambda: stored(store) == ids(1, 2, 3, 4, 5))
        comes(tools, tool, 6, 7, 8)
        await eventually(lambda: stored(store) == ids(*range(1, 9)))
        rounds = tools.asked[tool.place]
        await eventually(lambda: tools.asked[tool.place] > rounds + 4)
    assert stored(store) == ids(*range(1, 9))


async def test_words_that_follow_a_score_are_read_also_after_the_page_has_turned(
    store: Store, company: Company, tools: Tools
) -> None:
    tool = next(each for each in ASKED if each.kind == "hubspot")

    def words() -> dict[str, str]:
        rows = store.read_sync(lambda tx: tx.execute(select(feedback.c.external_id, feedback.c.comment)).all())
        return {row.external_id: row.comment for row in rows}

    comes(tools, tool, 1)
    async with collecting(store, company, loaded(tool, tools, every=0.1)):
        await eventually(lambda: stored(store) == ids(1))
        comes(tools, tool, 2, 3)  # two a page: the second fills the first page
        for record in tools.answers[tool.place][1:]:
            record["properties"] |= {"hs_content": ""}
        await eventually(lambda: words() == {"1": "Words 1", "2": "", "3": ""})
        for record in tools.answers[tool.place][1:]:
            record["properties"] |= {"hs_content": "Nobody answers."}
        await eventually(lambda: words() == {"1": "Words 1", "2": "Nobody answers.", "3": "Nobody answers."})


async def test_a_cursor_of_an_earlier_release_goes_on_at_its_page(store: Store, company: Company, tools: Tools) -> None:
    tool = next(each for each in ASKED if each.kind == "hubspot")
    comes(tools, tool, *range(1, 6))
    cursor = json.dumps({"since": (NOW - timedelta(days=3)).isoformat(), "after": "5"})
    store.write_sync(readings.begin, "tool", "tool", cursor, 0.0)
    async with collecting(store, company, loaded(tool, tools, every=0.1)):
        await eventually(lambda: stored(store) == ids(5))
        comes(tools, tool, 6, 7)
        await eventually(lambda: stored(store) == ids(5, 6, 7))


@each_asked
async def test_what_is_older_than_three_days_is_not_dug_up_at_first(
    store: Store, company: Company, tools: Tools, tool: Tool
) -> None:
    if tool.kind == "google_play":
        return  # it holds no more than a week itself
    comes(tools, tool, 1, 2, 3, ago=timedelta(days=9))
    comes(tools, tool, 4, 5)
    async with collecting(store, company, loaded(tool, tools)):
        await eventually(lambda: "5" in stored(store))
        await eventually(lambda: any(row.read_s for row in store.read_sync(readings.every)))
    assert stored(store) == ids(4, 5)


@each_asked
@pytest.mark.parametrize("fault", KINDS)
async def test_whatever_goes_wrong_on_the_way_nothing_is_missed(
    store: Store, company: Company, tools: Tools, tool: Tool, fault: str
) -> None:
    comes(tools, tool, *range(1, 6))
    tools.fail(tool.place, *([fault] if fault == "limit" else [fault, "", fault, fault, fault]))
    async with collecting(store, company, loaded(tool, tools, every=0.1)):
        await eventually(lambda: stored(store) == ids(1, 2, 3, 4, 5))
    assert len(stored(store)) == 5


class Leaving(Store):
    """A database that goes away at one of its writes, before or after its commit."""

    at, late, writes = 0, False, 0

    async def write(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        self.writes += 1
        gone = self.writes == self.at
        if gone and not self.late:
            raise Unavailable("gone before")
        answer = await super().write(fn, *args, **kwargs)
        if gone:
            raise Unavailable("gone after: the commit stands, but nobody heard of it")
        return answer


@each_asked
@pytest.mark.parametrize("late", [False, True], ids=["before-the-commit", "after-the-commit"])
async def test_a_database_that_goes_away_between_page_and_commit_costs_nothing(
    store: Store, company: Company, tools: Tools, tool: Tool, late: bool
) -> None:
    comes(tools, tool, *range(1, 6))
    other = Leaving(str(store.url))
    other.late = late
    try:
        for other.at in range(2, 10):
            other.writes = 0
            store.write_sync(forget)
            async with collecting(other, company, loaded(tool, tools, every=0.1)) as collector:
                await eventually(lambda: anew(store, collector) and stored(store) == ids(1, 2, 3, 4, 5))
            assert len(stored(store)) == 5
    finally:
        other.close()


class Mistaken(Leaving):
    """A database at one of whose writes we make a mistake that nobody thought of."""

    async def write(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return await super().write(fn, *args, **kwargs)
        except Unavailable as gone:
            raise ZeroDivisionError("nobody thought of this") from gone


async def test_a_mistake_of_ours_ends_neither_a_source_nor_the_deletion_of_what_was_kept(
    store: Store, company: Company, tools: Tools
) -> None:
    comes(tools, ASKED[0], *range(1, 6))
    other = Mistaken(str(store.url))
    try:
        for other.at in range(1, 8):
            other.writes = 0
            store.write_sync(forget)
            async with collecting(other, company, loaded(ASKED[0], tools, every=0.1)) as collector:
                await eventually(lambda: anew(store, collector) and stored(store) == ids(1, 2, 3, 4, 5))
                assert other.writes >= other.at
    finally:
        other.close()


def forget(tx: Any) -> None:
    for name in ("Message", "Act", "Nudge", "FollowUp", "Feedback", "Customer", "Reading"):
        tx.execute(getattr(models, name).__table__.delete())


def anew(store: Store, collector: Collector) -> bool:
    """As if the leases of all who died, or were stopped in the middle of taking one, had run out."""
    reading, errand = models.Reading.__table__, models.Errand.__table__
    leased = errand.c.next_s > time.time() + 60  # none of these tests waits as long for anything else
    store.write_sync(lambda tx: tx.execute(reading.update().where(reading.c.lease_s > 0).values(lease_s=0)))
    store.write_sync(lambda tx: tx.execute(errand.update().where(leased).values(next_s=0)))
    collector.wake("tool")
    return True


@pytest.mark.parametrize("tool", [*ASKED, *NAMED], ids=lambda tool: tool.kind)
async def test_whoever_is_stopped_while_a_tool_does_not_answer_keeps_nobody_waiting(
    store: Store, company: Company, tools: Tools, tool: Tool
) -> None:
    comes(tools, tool, 1)
    tools.fail(tool.place, *["hang"] * 20)
    if tool in NAMED:
        store.write_sync(errands.name, "tool", ["1"], 0.0)
    async with collecting(store, company, loaded(tool, tools)):
        await eventually(lambda: tools.asked[tool.place])
    assert {row.lease_s for row in store.read_sync(readings.every)} <= {0}
    assert [(row.attempts, row.next_s <= time.time()) for row in store.read_sync(errands.unfinished)] == [(0, True)] * (
        tool in NAMED
    )


def reason(store: Store) -> str:
    return "; ".join(row.reason for row in store.read_sync(readings.every))


@each_asked
async def test_replicas_that_ask_at_once_store_everything_once(store: Store, company: Company, tools: Tools, tool: Tool) -> None:
    comes(tools, tool, *range(1, 8))
    source = loaded(tool, tools, every=0.1)
    async with collecting(store, company, source), collecting(store, company, source), collecting(store, company, source):
        await eventually(lambda: len(stored(store)) >= 7)
    assert stored(store) == ids(*range(1, 8))


@each_asked
async def test_a_tool_is_read_on_after_a_replica_that_has_another_kind_under_its_name_forgot_how_far(
    store: Store, company: Company, tools: Tools, tool: Tool
) -> None:
    """As while an app.yaml that names another kind of tool is rolled out: each replica deletes what is none of its kind's."""
    comes(tools, tool, 1)
    async with collecting(store, company, loaded(tool, tools, every=0.1)) as collector:
        await eventually(lambda: stored(store) == ids(1))
        store.write_sync(readings.forget_others, "tool", [])
        comes(tools, tool, 2)
        await eventually(lambda: anew(store, collector) and stored(store) == ids(1, 2))


async def test_a_link_to_a_next_page_that_leads_elsewhere_is_not_followed(store: Store, company: Company, tools: Tools) -> None:
    tool = ASKED[3]
    with Tools() as other:
        tools.elsewhere = other.url
        comes(tools, tool, *range(1, 6))
        comes(other, tool, *range(6, 9))
        async with collecting(store, company, loaded(tool, tools, every=0.1)):
            await eventually(lambda: any(row.failures == 0 and row.read_s for row in store.read_sync(readings.every)))
            await eventually(lambda: stored(store) == ids(4, 5), within=30)
            rounds = tools.asked["apple"]
            await eventually(lambda: tools.asked["apple"] > rounds + 2)
        assert not other.asked
    assert stored(store) == ids(4, 5)


@each_asked
async def test_a_token_that_is_not_accepted_is_said_and_asked_again_once_it_may_be_mended(
    store: Store, company: Company, tools: Tools, tool: Tool
) -> None:
    if tool.kind in ("google_play", "app_store"):
        return  # their tokens are made from keys
    comes(tools, tool, 1)
    async with collecting(store, company, loaded(tool, tools, token="another")):
        await eventually(lambda: "does not accept our token" in reason(store))
    async with collecting(store, company, loaded(tool, tools)) as collector:
        await eventually(lambda: anew(store, collector) and stored(store) == ids(1))


async def test_an_answer_that_cannot_be_read_is_kept_and_stops_no_other(store: Store, company: Company, tools: Tools) -> None:
    tool = ASKED[0]
    comes(tools, tool, 1, 2, 3)
    tools.answers["simplesat"][1]["choice"] = "furious"
    async with collecting(store, company, loaded(tool, tools)):
        await eventually(lambda: stored(store) == ids(1, 3))
    [kept] = store.read_sync(payloads.kept, "tool", 0, 10)
    assert (kept.rejected, kept.reason) == (True, "choice is none of the answers bad")
    assert '"furious"' in kept.body


@each_asked
async def test_a_limit_of_a_tool_that_is_polled_is_no_failure(store: Store, company: Company, tools: Tools, tool: Tool) -> None:
    comes(tools, tool, 1)
    tools.fail(tool.place, "limit")
    async with collecting(store, company, loaded(tool, tools)):
        await eventually(lambda: "asks us to wait" in reason(store))
        assert {row.failures for row in store.read_sync(readings.every)} == {0}
        await eventually(lambda: stored(store) == ids(1))


async def test_the_contact_of_a_hubspot_submission_says_who_it_was(store: Store, company: Company, tools: Tools) -> None:
    comes(tools, ASKED[1], 1, 2)
    tools.contacts["1001"] = {"id": "1001", "properties": {"email": "dana@example.com", "firstname": "Dana", "lastname": "Reyes"}}
    async with collecting(store, company, loaded(ASKED[1], tools)):
        await eventually(lambda: stored(store) == ids(1, 2))
    rows = store.read_sync(lambda tx: tx.execute(select(models.Customer.__table__)).all())
    assert [(row.key, row.name, row.email) for row in rows] == [("email:dana@example.com", "Dana Reyes", "dana@example.com")]


async def test_a_contact_that_hubspot_no_longer_has_stops_no_submission(store: Store, company: Company, tools: Tools) -> None:
    comes(tools, ASKED[1], 1, 2)
    tools.contacts["1002"] = {"id": "1002", "properties": {"email": "dana@example.com"}}
    async with collecting(store, company, loaded(ASKED[1], tools)):
        await eventually(lambda: stored(store) == ids(1, 2))
    rows = store.read_sync(lambda tx: tx.execute(select(models.Customer.__table__)).all())
    assert [row.email for row in rows] == ["dana@example.com"]


@pytest.mark.parametrize(("status", "advises"), [(403, True), (400, False)], ids=["not-permitted", "not-understood"])
async def test_the_scope_of_contacts_is_named_only_where_hubspot_does_not_permit_them(
    store: Store, company: Company, tools: Tools, status: int, advises: bool
) -> None:
    comes(tools, ASKED[1], 1)
    tools.refuses_contacts = status
    async with collecting(store, company, loaded(ASKED[1], tools)):
        await eventually(lambda: f"HTTP {status}" in reason(store))
    assert ("give it the scope to read contacts" in reason(store)) == advises


def test_naming_a_response_again_does_not_shorten_the_wait_the_tool_asked_for(store: Store) -> None:
    store.write_sync(errands.name, "tool", ["3"], 100.0)
    errand = store.write_sync(errands.take, ["tool"], 100.0, 160.0)
    assert errand is not None
    store.write_sync(errands.put_off_all, "tool", errand.id, 130.0, "it asks us to wait 30 s")
    store.write_sync(errands.name, "tool", ["3"], 101.0)
    assert store.write_sync(errands.take, ["tool"], 129.0, 190.0) is None
    assert store.write_sync(errands.take, ["tool"], 130.0, 190.0) is not None


@each_named
@pytest.mark.parametrize("fault", ["", *KINDS])
async def test_a_response_that_was_named_is_fetched_once(
    store: Store, company: Company, tools: Tools, tool: Tool, fault: str
) -> None:
    comes(tools, tool, 1, 2)
    async with collecting(store, company, loaded(tool, tools)) as collector:
        await eventually(lambda: len(stored(store)) == 2 if tool.kind == "surveymonkey" else True)  # its first look back
        tools.fail(tool.place, *([fault] if fault else []))
        comes(tools, tool, 3)
        for _ in range(2):
            await store.write(errands.name, "tool", ["3", "3"], 0.0)
            collector.wake("tool")
        await eventually(lambda: "3" in stored(store) and not store.read_sync(errands.unfinished))
    assert stored(store).count("3") == 1


@each_named
async def test_a_response_that_is_not_there_is_parked_with_its_reason_and_stops_no_other(
    store: Store, company: Company, tools: Tools, tool: Tool
) -> None:
    comes(tools, tool, 1)
    async with collecting(store, company, loaded(tool, tools)) as collector:
        await store.write(errands.name, "tool", ["404", "1"], 0.0)
        collector.wake("tool")
        await eventually(
            lambda: stored(store) == ids(1) and [row.state for row in store.read_sync(errands.unfinished)] == ["parked"]
        )
        [parked] = store.read_sync(errands.unfinished)
        assert (parked.reference, parked.reason) == ("404", "what we ask for is not there, or no longer (HTTP 404)")


@each_named
async def test_what_was_named_while_our_token_was_refused_is_fetched_once_it_is_mended(
    store: Store, company: Company, tools: Tools, tool: Tool
) -> None:
    comes(tools, tool, 1, 2, 3, ago=timedelta(days=9))
    async with collecting(store, company, loaded(tool, tools, token="expired")) as collector:
        for named in ("1", "2", "404"):
            await store.write(errands.name, "tool", [named], 0.0)
            collector.wake("tool")
        await eventually(lambda: any("not accept our token" in row.reason for row in store.read_sync(errands.failing)))
        before = tools.asked[tool.place]
        await eventually(lambda: tools.asked[tool.place] > before + 5)
        assert {row.state for row in store.read_sync(errands.unfinished)} == {"waiting"}
    async with collecting(store, company, loaded(tool, tools)) as collector:
        await store.write(errands.name, "tool", ["3"], 0.0)
        await eventually(lambda: anew(store, collector) and stored(store) == ids(1, 2, 3))
        await eventually(lambda: [(row.reference, row.state) for row in store.read_sync(errands.unfinished)] == [("404", "parked")])


def test_a_response_that_alone_is_refused_keeps_no_other_from_being_fetched(store: Store) -> None:
    store.write_sync(errands.name, "tool", ["1", "2"], 100.0)
    first = store.write_sync(errands.take, ["tool"], 100.0, 160.0)
    assert first is not None
    store.write_sync(errands.refused, "tool", first.id, 200.0, "it needs another permission")
    assert store.write_sync(errands.take, ["tool"], 199.0, 260.0) is None, "the token is the same for all"
    second = store.write_sync(errands.take, ["tool"], 201.0, 260.0)
    assert second is not None
    assert (first.reference, second.reference) == ("1", "2")


@each_named
@pytest.mark.parametrize("often", [ATTEMPTS, 3 * ATTEMPTS])
async def test_neither_a_limit_nor_a_refused_token_uses_up_the_tries_of_a_response(
    store: Store, company: Company, tools: Tools, tool: Tool, often: int
) -> None:
    store.write_sync(errands.name, "tool", ["3"], 0.0)
    for put_off in (errands.put_off_all, errands.refused):
        for _ in range(often):
            errand = store.write_sync(errands.take, ["tool"], 10.0, 20.0)
            assert errand is not None
            store.write_sync(put_off, "tool", errand.id, 0.0, "not now")
    comes(tools, tool, 3, ago=timedelta(days=9))
    async with collecting(store, company, loaded(tool, tools)):
        tools.fail(tool.place, *["trouble"] * asking.TRIES)
        await eventually(lambda: stored(store) == ids(3))
    assert store.read_sync(errands.unfinished) == []


def test_what_was_parked_is_forgotten_after_a_week_and_what_waits_is_not(store: Store) -> None:
    store.write_sync(errands.name, "tool", ["1", "2", "3"], 0.0)
    for now_s in (100.0, 200.0):
        errand = store.write_sync(errands.take, ["tool"], 1.0, 5.0)
        assert errand is not None
        store.write_sync(errands.park, errand.id, errand.wanted, now_s, "gone")
    assert store.write_sync(errands.forget, 150.0) == 1
    assert [(row.reference, row.state) for row in store.read_sync(errands.unfinished)] == [("2", "parked"), ("3", "waiting")]


class Naming(Store):
    """A database in which a response is named again right before it is given up, once."""

    at_last: Callable[[], None] | None = None

    async def write(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        if fn is errands.park and self.at_last is not None:
            self.at_last()
            self.at_last = None
            await super().write(errands.name, "tool", ["3"], 0.0)
        return await super().write(fn, *args, **kwargs)


@each_named
@pytest.mark.parametrize("trouble", [False, True], ids=["not-there", "failed-too-often"])
async def test_a_response_that_is_named_again_while_it_is_given_up_is_fetched_after_all(
    store: Store, company: Company, tools: Tools, tool: Tool, trouble: bool
) -> None:
    with closing(Naming(str(store.url))) as naming:
        naming.at_last = lambda: comes(tools, tool, 3, ago=timedelta(days=9))
        async with collecting(naming, company, loaded(tool, tools)) as collector:
            looks_back = tool.kind == "surveymonkey"
            await eventually(lambda: not looks_back or any(row.read_s for row in store.read_sync(readings.every)))
            tools.fail(tool.place, *["trouble"] * (asking.TRIES if trouble else 0))
            tried = {"attempts": ATTEMPTS - 1 if trouble else 0}
            await store.write(errands.name, "tool", ["3"], time.time() + 3600)
            await store.write(lambda tx: tx.execute(models.Errand.__table__.update().values(next_s=0, **tried)))
            collector.wake("tool")
            await eventually(lambda: stored(store) == ids(3))
            await eventually(lambda: not store.read_sync(errands.unfinished))
    assert naming.at_last is None


async def test_what_was_never_named_to_us_is_found_by_the_daily_look_back(store: Store, company: Company, tools: Tools) -> None:
    tool = NAMED[0]
    comes(tools, tool, *range(1, 6))
    comes(tools, tool, 6, ago=timedelta(days=9))
    async with collecting(store, company, loaded(tool, tools)):
        await eventually(lambda: stored(store) == ids(1, 2, 3, 4, 5))
        comes(tools, tool, 7)
        await eventually(lambda: store.read_sync(readings.every)[0].next_s > NOW.timestamp() + 3600, within=30)
        store.write_sync(lambda tx: tx.execute(models.Reading.__table__.update().values(next_s=0)))  # a day later
        collector_woken = store.read_sync(readings.every)[0]
        assert collector_woken.key == "tool:again"
    async with collecting(store, company, loaded(tool, tools)):
        await eventually(lambda: store.read_sync(readings.every)[0].next_s > NOW.timestamp() + 3600, within=30)


@pytest.mark.parametrize("every", [0, 5, 300, -5, "30s", "soon"])
def test_how_often_a_tool_is_asked_has_a_unit_and_is_no_attack(every: object) -> None:
    with pytest.raises(ValidationError, match="write for example 5m"):
        sources.load("simplesat").Options.model_validate({"token": "simplesat-token", "every": every})
