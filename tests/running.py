"""The whole bot on loopback: a real app.yaml, a real database, a real socket, and a real clock that a test can push forward."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import uvicorn

from bot.app import opened, web
from bot.clock import HouseClock
from bot.config import load
from bot.doors.protocol import PatientProtocol
from bot.house import House
from bot.people.duties import learn_duties
from bot.port import listen
from storage import schema
from storage.database import Store
from tests.shared_stores import compiled_once

OFFICE_HOURS = '{mon-fri: "08:00-18:00"}'
KEY = base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
SECRET = f"whsec_{KEY}"

APP_YAML = """
company: {{name: Northwind Coffee, timezone: Europe/Oslo, ops: lea@northwind.example}}
database: {database}
delivery: {{deadline: 3s, settle: 3500ms, lease: 8s}}
server: {{port: 0, tick: 1s, allow_practice: true{server}}}
chats: {chats}
sources: {{survey: {{kind: plain, secret: "${{SURVEY_SECRET}}"}}}}
teams:
  oak-street:
    title: Oak Street
    channel: {channel}
    leader: lea@northwind.example
    hours: {hours}
    promise: {{claim: 4h, close: 2d}}
    causes: [waiting time, other]
routes:
  - {{name: everyone else, when: {{band: detractor}}, team: oak-street}}
  - {{name: only words, when: {{metric: comment}}, team: oak-street}}
"""


@dataclass
class Running:
    """A running house that answers at `url`."""

    house: House
    url: str
    client: httpx.AsyncClient

    async def hears(self, source: str = "survey", key: str = KEY, **said: Any) -> httpx.Response:
        """Post a customer's feedback, signed as Standard Webhooks requires (by hashlib, not by the code under test)."""
        body = json.dumps({"metric": "nps", **said}).encode()
        stamp = str(int(self.house.clock.now().timestamp()))
        mac = hmac.digest(base64.b64decode(key), b"msg-1." + stamp.encode() + b"." + body, hashlib.sha256)
        headers = {"webhook-id": "msg-1", "webhook-timestamp": stamp, "webhook-signature": "v1," + base64.b64encode(mac).decode()}
        return await self.client.post(f"/feedback/{source}", content=body, headers=headers)

    async def passes(self, at: datetime) -> None:
        """Push the house clock to `at` and let it tick."""
        self.house.clock.push_to(at)
        await self.house.tick()

    async def learns_duties(self) -> bool:
        """Ask the chats who leads, as the house does now and then. Returns whether they told all of it."""
        return await learn_duties(self.house.store, self.house.chats, self.house.company, set())


@asynccontextmanager
async def running(
    folder: Path,
    chats: str,
    channel: str,
    *,
    at: datetime | None = None,
    env: Mapping[str, str] | None = None,
    database: str = "",
    server: str = "",
) -> AsyncIterator[Running]:
    """Open the house of APP_YAML and serve it from the moment `at` on; without `at` in real time, with a shop that never closes."""
    config, file = folder / "app.yaml", folder / "hero.db"
    if not database and not file.exists():
        file.write_bytes(_migrated())
    config.write_text(
        APP_YAML.format(
            chats=chats,
            channel=channel,
            hours=OFFICE_HOURS if at else "always",
            database=database or f"sqlite:///{file}",
            server=server,
        )
    )
    loaded = load(config, environ={"SURVEY_SECRET": SECRET} | dict(env or {}))
    assert loaded.settings is not None, loaded.findings
    listening = listen("127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    async with opened(loaded.settings, HouseClock(at)) as house:
        compiled_once(house.store)
        server = uvicorn.Server(
            uvicorn.Config(web(house), http=PatientProtocol, log_config=None, lifespan="off", timeout_graceful_shutdown=2)
        )
        server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        async with httpx.AsyncClient(base_url=url, trust_env=False, verify=False, timeout=60) as client:  # no certificate is read
            try:
                yield Running(house, url, client)
            finally:
                server.should_exit = True
                await serving


@cache
def _migrated() -> bytes:
    """A SQLite file that holds only our schema: to make it takes as long as most of what a test asks of a house."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "hero.db"
        with closing(Store(f"sqlite:///{file}")) as store:
            schema.migrate(store)
        return file.read_bytes()


async def eventually(holds: Callable[[], Awaitable[Any] | Any], within: float = 10.0, instead: Callable[[], str] = str) -> Any:
    """Poll `holds` until its result is true, for at most `within` seconds. Returns the result. `instead` tells, for the failure, how
    things are then.

    The default is shorter than the interval at which delivery looks without being woken, so that a lost wake-up is noticed.
    """
    end = time.monotonic() + within
    while True:
        answer = holds()
        answer = await answer if isinstance(answer, Awaitable) else answer
        if answer:
            return answer
        assert time.monotonic() < end, f"it did not come about in time {instead()}".rstrip()
        await asyncio.sleep(0.01)
