"""`hero serve` asks a tool, and is killed in the middle of its pages, again and again."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from storage import models
from storage.database import Store
from tests.emulators.tools import TOKEN, Tools
from tests.faults.forked import Forked
from tests.running import eventually

pytestmark = pytest.mark.anyio
ANSWERS = 24
feedback, follow_up, message = (getattr(models, name).__table__ for name in ("Feedback", "FollowUp", "Message"))

APP_YAML = """
company: {{name: Northwind Coffee, timezone: Europe/Oslo}}
database: sqlite:///{folder}/hero.db
server: {{port: 0}}
chats: {{practice: {{}}}}
sources: {{tool: {{kind: simplesat, token: "${{TOKEN}}", every: 1m, answers: {{bad: 1}}, api_url: "{url}/simplesat/"}}}}
teams: {{oak-street: {{channel: practice:oak-street, hours: always}}}}
routes: [{{name: everyone else, when: {{band: detractor}}, team: oak-street}}]
"""


def serve(config: Path) -> Forked:
    return Forked(["serve", "--config", str(config)], config.parent, os.environ | {"TOKEN": TOKEN}, config.parent / "stderr.log")


def stored(folder: Path) -> list[str]:
    """The answers that have exactly one follow-up with exactly one card."""
    store = Store(f"sqlite:///{folder}/hero.db")
    try:
        cards = select(feedback.c.external_id).join(follow_up, follow_up.c.feedback_id == feedback.c.id)
        cards = cards.join(message, message.c.follow_up_id == follow_up.c.id).where(message.c.kind == "card")
        return sorted(store.read_sync(lambda tx: list(tx.execute(cards).scalars())), key=int)
    finally:
        store.close()


async def test_killed_between_page_and_commit_it_loses_and_doubles_nothing(tmp_path: Path) -> None:
    now, random_ = datetime.now(UTC), random.Random(7)
    config = tmp_path / "app.yaml"
    with Tools() as tools:
        config.write_text(APP_YAML.format(folder=tmp_path, url=tools.url))
        for n in range(1, ANSWERS + 1):
            at = f"{now - timedelta(hours=1) + timedelta(seconds=n):%Y-%m-%dT%H:%M:%SZ}"
            tools.answers.setdefault("simplesat", []).append({"id": n, "created": at, "choice": "bad", "comment": f"Words {n}"})
        for _ in range(3):
            process = serve(config)
            try:
                asked = tools.asked["simplesat"]
                await eventually(lambda asked=asked: tools.asked["simplesat"] > asked, within=90)
                await asyncio.sleep(random_.uniform(0, 0.15))  # where in its pages that is, is for chance to say
            finally:
                process.end(signal.SIGKILL, 20)
        process = serve(config)
        try:
            await eventually(lambda: len(stored(tmp_path)) >= ANSWERS, within=40)
        finally:
            process.end(signal.SIGTERM, 20)
    assert stored(tmp_path) == [str(n) for n in range(1, ANSWERS + 1)]
