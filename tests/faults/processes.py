"""`hero serve` as a process of its own, told of feedback over HTTP as a survey tool tells it, and killed."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import itertools
import json
import os
import re
import signal
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.emulators.slack import Slack
from tests.faults.forked import Forked
from tests.running import KEY, SECRET

START_S = 60
"""How long a start may take on a machine where everything else runs, too."""
HURRIED = "{deadline: 1s, settle: 2s, lease: 4s}"
"""So that what was in hand at a kill is soon somebody else's."""
UNHURRIED = "{deadline: 8s, settle: 10s, lease: 20s}"
"""So that a post is in doubt for a reason, and not because this machine is slow."""

APP_YAML = """
company: {{name: Northwind Coffee, timezone: Europe/Oslo}}
database: {database}
delivery: {delivery}
server: {{port: 0}}
chats: {{slack: {{bot_token: "${{TOKEN}}", signing_secret: "${{SIGNING}}", api_url: "{api_url}"}}}}
sources: {{survey: {{kind: plain, secret: "${{SURVEY_SECRET}}"}}}}
teams:
{teams}
routes:
{routes}
"""
TEAM = "  team-{n}: {{title: Team {n}, channel: slack:C{n}, hours: always, promise: {{claim: 4h, close: 2d}}}}"
ROUTE = "  - {{name: route {n}, when: {{band: detractor, tag: team-{n}}}, team: team-{n}}}"


def app_yaml(folder: Path, slack: Slack, teams: int, database: str = "", delivery: str = HURRIED) -> Path:
    """Write an app.yaml with so many teams, each with a channel of that Slack. Without a database, it is a file in the folder."""
    each = range(teams)
    text = APP_YAML.format(
        database=database or f"sqlite:///{folder}/hero.db",
        delivery=delivery,
        api_url=slack.api_url,
        teams="\n".join(TEAM.format(n=n) for n in each),
        routes="\n".join(ROUTE.format(n=n) for n in each),
    )
    path = folder / "app.yaml"
    path.write_text(text)
    return path


class Server:
    """The bot, or one replica of it, which can be killed and started again. `log` is all it ever said to stderr."""

    def __init__(self, config: Path, slack: Slack, replica: int = 0) -> None:
        self.log = config.parent / f"stderr-{replica}.log"
        self._config, self._slack = config, slack
        self._process: Forked | None = None
        self.url = ""

    @property
    def address(self) -> tuple[str, str]:
        host, _, port = self.url.removeprefix("http://").partition(":")
        return host, port

    def start(self) -> None:
        """Returns once it says where it listens."""
        environment = os.environ | {"TOKEN": self._slack.token, "SIGNING": self._slack.signing_secret, "SURVEY_SECRET": SECRET}
        self._process = Forked(["serve", "--config", str(self._config)], self._config.parent, environment, self.log)
        found = re.search(r"Listening on (http://\S+)/", self._process.line())
        assert found, f"it did not start:\n{self.log.read_text()[-2000:]}"
        self.url = found[1]
        self._slack.bot_url = f"{self.url}/slack/events"

    def kill(self) -> None:
        """As when the machine loses its power, but for the disk."""
        self.stop(signal.SIGKILL)

    def pause(self) -> None:
        """Freeze it, as a laptop that sleeps or a machine that swaps."""
        assert self._process is not None
        self._process.send(signal.SIGSTOP)

    def wake(self) -> None:
        assert self._process is not None
        self._process.send(signal.SIGCONT)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end; answers its exit status."""
        process, self._process = self._process, None
        return process.end(how, START_S) if process is not None else 0


@contextmanager
def served(config: Path, slack: Slack, replicas: int = 1) -> Iterator[list[Server]]:
    """Started, all at once, and ended whatever happens."""
    servers = [Server(config, slack, n) for n in range(replicas)]
    try:
        with ThreadPoolExecutor(replicas) as starting:
            list(starting.map(Server.start, servers))
        yield servers
    finally:
        for server in servers:
            server.kill()


def signed(id: str, body: bytes) -> dict[str, str]:
    """The headers Standard Webhooks wants, made by hashlib and not by the code under test."""
    stamp = str(int(time.time()))
    mac = hmac.digest(base64.b64decode(KEY), f"{id}.{stamp}.".encode() + body, hashlib.sha256)
    return {"webhook-id": id, "webhook-timestamp": stamp, "webhook-signature": "v1," + base64.b64encode(mac).decode()}


def told(id: str, team: int = 0, **said: Any) -> bytes:
    """An answer as its survey tool words it."""
    usual = {"id": id, "metric": "nps", "score": 3, "comment": f"These are the words of {id}.", "tags": [f"team-{team}"]}
    return json.dumps(usual | said).encode()


class Sender:
    """A survey tool: sends each answer again and again until it is taken, to the replicas in turn, wherever they listen now."""

    def __init__(self, servers: Sequence[Server], client: httpx.AsyncClient) -> None:
        self._servers, self._client = itertools.cycle(servers), client
        self.taken: dict[str, int] = {}
        """The status of each answer that was taken, by its id: 202 at first sight, 200 for a duplicate."""
        self.ids: dict[str, int] = {}
        """The id the bot gave each, by the sender's own."""
        self.refused: list[str] = []

    async def send(self, id: str, team: int = 0, **said: Any) -> bool:
        """Once: whether it was taken. No answer at all is what a kill looks like from here."""
        body = told(id, team, **said)
        try:
            answer = await self._client.post(f"{next(self._servers).url}/feedback/survey", content=body, headers=signed(id, body))
        except httpx.TransportError:
            return False
        if answer.status_code in (200, 202):
            self.taken[id], self.ids[id] = answer.status_code, answer.json()["id"]
        elif answer.status_code != 503:
            self.refused.append(f"{id}: {answer.status_code} {answer.text}")
        return id in self.taken

    async def insist(self, id: str, team: int = 0) -> None:
        while not await self.send(id, team):
            assert not self.refused, self.refused
            await asyncio.sleep(0.05)


@contextmanager
def slack_of(teams: int, **how: Any) -> Iterator[Slack]:
    """A Slack with a channel for each team and somebody who claims."""
    with Slack(**{"time_scale": 0.1, "patience": 10.0} | how) as slack:
        for n in range(teams):
            slack.channel(f"C{n}")
        slack.user("UANA", name="Ana", email="ana@northwind.example")
        yield slack
