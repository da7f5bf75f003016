"""A canary e-mail and canary secrets go through everything the bot does, and appear in no output: log, metric, error, report or repr."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import text

from bot import logs
from bot.clock import ticking
from bot.collecting import asking
from bot.commands import deliveries
from bot.commands.rehearse import rehearse
from bot.config import load
from bot.config.check import findings
from bot.config.findings import report
from bot.data.erasing import forget
from bot.doctor import examine
from bot.doctor.report import told
from tests.conftest import FRIDAY
from tests.emulators.tools import Tools
from tests.running import KEY, SECRET, eventually
from tests.sources.test_collecting import ASKED, collecting, comes, loaded
from tests.stages import STAGES, OnMsTeams, Stage

pytestmark = pytest.mark.anyio
EMAIL, PHONE, WORDS = "canary.mail@secret-example.org", "+47 977 CANARY", "canary-words: the soup was cold"
CANARIES = (
    "canary.mail",
    "977 CANARY",
    "canary-words",
    "Canary-Reyes",
    KEY,
    SECRET,
    "xoxb-emulated",
    "emulated-signing-secret",
    "emulated-app-secret",
)


class Output:
    """Everything the process says, at the lowest level there is."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.text = io.StringIO()
        monkeypatch.setattr(sys, "stderr", self.text)
        logs.set_up()
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG))
        for name in ("", "slack", "slack_bolt", "slack_sdk", "httpx", "httpcore", "botframework", "apscheduler", "uvicorn"):
            if name in {"", "httpx", "uvicorn", "apscheduler"}:
                logging.getLogger(name).setLevel(logging.DEBUG if name != "httpx" else logging.INFO)

    def found(self, *more: str) -> list[str]:
        said = "\n".join([self.text.getvalue(), *more])
        return [canary for canary in CANARIES if canary in said]


@pytest.fixture
def output(monkeypatch: pytest.MonkeyPatch) -> Any:
    handlers, level, configured = logging.root.handlers[:], logging.root.level, structlog.get_config()
    yield Output(monkeypatch)
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    structlog.configure(**configured)


async def _replying(stage: Stage) -> bool:
    return "Ana is replying" in "\n".join(await stage.channel())


@pytest.mark.parametrize("chat", STAGES)
async def test_37_no_output_holds_a_customer_or_a_secret_through_a_whole_life(tmp_path: Path, output: Output, chat: str) -> None:
    customer = {"email": EMAIL, "phone": PHONE, "name": "Dana Canary-Reyes", "key": "canary.mail-key"}
    async with STAGES[chat](tmp_path, FRIDAY) as stage:
        here = stage.here
        answers = [
            await here.hears(id="r-1", score=2, comment=WORDS, customer=customer),
            await here.hears(id="r-1", score=2, comment=WORDS, customer=customer),
            await here.hears(id="r-2", score=99, comment=WORDS, customer=customer),
            await here.hears(id="r-3", score=9, comment=WORDS, customer=customer, link="not a link canary-words"),
            await here.hears(id="r-4", score=9, **{"canary-words": EMAIL}),
            await here.client.post("/feedback/survey", content=json.dumps({"id": EMAIL, "comment": WORDS}).encode()),
            await here.client.post("/feedback/survey", content=f"{{{WORDS} {EMAIL}".encode(), headers={"webhook-id": EMAIL}),
        ]
        await eventually(stage.channel)
        await stage.press("ana", "I'll reply")
        assert PHONE in "\n".join(await eventually(lambda: stage.private("ana"))), "whoever replies does see it"
        await eventually(lambda: _replying(stage))
        form = (await stage.press("ana", "Done…")).form
        await stage.fill("ana", form, {"Outcome": "Fixed", "What did we do, in one sentence?": WORDS, "What caused it?": "other"})
        metrics = (await here.client.get("/metrics")).text
        lists = [await asyncio.to_thread(deliveries.listed, here.house.store, json=True)]
        doctor = told(await examine(here.house.settings), json=True)
        settings, lines = here.house.settings, list[str]()
        await asyncio.to_thread(forget, settings, EMAIL, lines.append)
    assert "feedback.refused" in output.text.getvalue(), "it did listen"
    assert output.found(metrics, *lists, doctor, repr(settings), str(settings), repr(here.house), *lines) == []
    refused = "\n".join(answer.text for answer in answers if answer.status_code != 422)
    assert output.found(refused) == []


async def test_37_an_error_nobody_foresaw_is_logged_without_what_the_customer_said(tmp_path: Path, output: Output) -> None:
    async with STAGES["practice"](tmp_path) as stage:
        await stage.here.house.store.write(lambda tx: tx.execute(text("DROP TABLE customer")))
        answer = await stage.here.hears(id="r-1", score=2, comment=WORDS, customer={"email": EMAIL, "name": "Dana Canary-Reyes"})
        assert answer.status_code in (500, 503)
    assert output.found(answer.text) == []


async def refuses(stage: Stage, table: str) -> None:
    """From now on the database refuses every new row of this table, and quotes it, as PostgreSQL does."""
    quoting = f"CREATE TRIGGER refuses BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, '{WORDS}'); END"
    await stage.here.house.store.write(lambda tx: tx.execute(text(quoting)))


@pytest.mark.parametrize("chat", ["msteams", "slack"])
async def test_37_a_tap_that_the_database_refuses_is_logged_without_what_it_quotes(
    tmp_path: Path, output: Output, chat: str
) -> None:
    async with STAGES[chat](tmp_path, FRIDAY) as stage:
        await stage.here.hears(id="r-1", score=2)
        await eventually(stage.channel)
        await refuses(stage, "act")
        with suppress(AssertionError):  # Ana is told that it was not saved, which a stage takes for a fault
            await stage.press("ana", "I'll reply")
        if isinstance(stage, OnMsTeams):
            stage.teams.errors.clear()  # the same fault once more
    assert f"{chat}.tap_broken" in output.text.getvalue()
    assert output.found() == []


async def test_37_an_answer_that_was_asked_for_and_that_the_database_refuses_is_logged_without_what_it_quotes(
    tmp_path: Path, output: Output
) -> None:
    async with STAGES["practice"](tmp_path) as stage:
        with Tools() as tools:
            comes(tools, ASKED[0], 1)
            await refuses(stage, "feedback")
            async with collecting(stage.here.house.store, stage.here.house.company, loaded(ASKED[0], tools)):
                await eventually(lambda: "source.broken" in output.text.getvalue())
    assert output.found() == []


async def test_a_question_to_a_tool_that_failed_is_one_line_of_the_log_with_the_name_of_the_source(
    tmp_path: Path, output: Output
) -> None:
    async with STAGES["practice"](tmp_path) as stage:
        with Tools() as tools:
            tools.fail(ASKED[0].place, *["trouble"] * asking.TRIES)
            async with collecting(stage.here.house.store, stage.here.house.company, loaded(ASKED[0], tools)):
                await eventually(lambda: "source.not-read" in output.text.getvalue())
    lines = [json.loads(line) for line in output.text.getvalue().splitlines() if '"level": "warning"' in line]
    told = [line for line in lines if line["event"].startswith(("source.", "stamina."))]  # others may tell of a slow machine
    assert [(line["event"], line.get("source")) for line in told] == [("source.not-read", "tool")]


def test_37_reports_about_the_configuration_show_no_secret(tmp_path: Path) -> None:
    config = tmp_path / "app.yaml"
    config.write_text(
        "company: {name: N, timezone: Europe/Oslo}\nserver: {secret: canary-words}\n"
        "database: postgresql://hero:canary-words@db/hero\nchats: {slack: {bot_token: canary-words, signing: canary-words}}\n"
    )
    found = findings(load(config, environ={}))
    assert found
    assert [form for form in ("text", "json", "github") if "canary-words" in report(found, form)] == []


async def test_37_a_rehearsal_shows_the_words_only_to_whoever_asked(tmp_path: Path, output: Output) -> None:
    async with STAGES["practice"](tmp_path) as stage:
        body = json.dumps({"id": "r-1", "metric": "nps", "score": 2, "comment": WORDS, "customer": {"email": EMAIL}}).encode()
        rehearse(stage.here.house.settings, "survey", body)
    assert output.found() == []


@pytest.mark.parametrize("bad", ["two\nlines", "a\rreturn", "\x1b[31mred\x1b[0m", "\u2028separator"])
def test_41_nobody_can_write_lines_of_their_own_into_the_log(output: Output, bad: str) -> None:
    structlog.get_logger().warning("delivery.parked", reason=bad, key="card:1")
    logging.getLogger("uvicorn.error").warning("said: %s", bad)
    lines = output.text.getvalue().splitlines()
    assert [json.loads(line)["level"] for line in lines] == ["warning", "warning"]
    assert "\x1b" not in output.text.getvalue()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("terminal", [False, True])
def test_37_what_breaks_is_told_with_its_lines_and_without_what_was_in_the_hands_of_anybody(
    monkeypatch: pytest.MonkeyPatch, output: Output, terminal: bool
) -> None:
    output.text = Terminal() if terminal else io.StringIO()
    monkeypatch.setattr(sys, "stderr", output.text)
    logs.set_up()

    def breaks(secret: str, words: str) -> None:
        raise ValueError(WORDS)  # as PostgreSQL does, which quotes the row

    for log in (structlog.get_logger(), logging.getLogger("uvicorn.error")):
        try:
            breaks("".join(SECRET), "".join(WORDS))
        except ValueError:
            log.exception("slack.tap_broken")
    assert output.found() == []
    lines = output.text.getvalue().splitlines()
    assert len(lines) == 2
    for line in lines:
        assert re.search(r"test_canaries\.py:\d+ breaks", line), "the line of the code that raised"
        assert "ValueError" in line


async def test_37_a_tick_that_breaks_is_told_with_its_lines_and_one_that_is_stopped_is_no_error(output: Output) -> None:
    ticks: list[int] = []

    async def breaks() -> None:
        ticks.append(len(ticks))
        if len(ticks) == 1:
            raise KeyError(WORDS)
        await asyncio.Event().wait()

    clock = ticking(breaks, 0.05)
    clock.start()
    await eventually(lambda: len(ticks) == 2)
    clock.shutdown(wait=False)
    await eventually(lambda: len(re.findall("executed successfully|raised an exception", output.text.getvalue())) == 2)
    [line] = [each for each in output.text.getvalue().splitlines() if '"level": "error"' in each]
    assert re.search(r"test_canaries\.py:\d+ breaks", line)
    assert output.found() == []
