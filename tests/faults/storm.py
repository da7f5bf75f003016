"""A storm: hundreds of answers into many channels while Slack fails now and then and the bot is killed again and again.

`python -m tests.faults.storm --seeds 20` runs many of them, on a SQLite file and with three replicas on a PostgreSQL, then the
trials of promises.py for longer, and says which seeds failed: `make storm`.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx

from tests.emulators.slack import Message, Slack
from tests.faults import promises
from tests.faults.processes import HURRIED, UNHURRIED, Sender, Server, app_yaml, served, slack_of
from tests.postgres import Postgres
from tests.running import eventually

AHEAD = 3
"""Answers of a channel that may wait for their cards before its customers send the next: so intake lasts as long as delivery."""
TO_THE_END_S = 240.0


@dataclass(frozen=True)
class Storm:
    """How hard it blows. `kills` strike at moments that only the seed knows. A `polite` one asks the bot to end and starts it again,
    replica after replica, and Slack never fails."""

    seed: int
    messages: int = 300
    channels: int = 30
    kills: int = 5
    claims: int = 20
    replicas: int = 1
    polite: bool = False


@dataclass
class Weather:
    """One storm under way."""

    storm: Storm
    slack: Slack
    servers: list[Server]
    sender: Sender
    chance: random.Random
    sent: dict[str, list[str]] = field(default_factory=dict)
    """The ids that each channel's customers sent, in their order."""
    claimed: set[str] = field(default_factory=set)
    """The ids whose claim Slack's person saw answered."""

    def cards(self, channel: str) -> list[Message]:
        return [message for message in self.slack.posts(channel) if message.thread_ts is None]

    def all_cards(self) -> list[Message]:
        """Those in channels; whoever claims gets another, privately."""
        return [card for n in range(self.storm.channels) for card in self.cards(f"C{n}")]

    def happened(self) -> int:
        return len(self.slack.calls) + len(self.sender.taken)

    def has_cards(self, channel: str, more_than: int) -> bool:
        return len(self.cards(channel)) > more_than

    def has_happened(self, so_much: int) -> bool:
        return self.happened() >= so_much or self.is_calm()

    async def until(self, holds: Callable[[], bool]) -> None:
        await eventually(holds, TO_THE_END_S, self.stands)

    async def customers(self, team: int) -> None:
        """One after the other, as fast as cards appear."""
        channel, each = f"C{team}", self.storm.messages // self.storm.channels
        for n in range(each):
            await self.until(partial(self.has_cards, channel, n - AHEAD))
            id = f"r-{team}-{n}"
            self.sent.setdefault(channel, []).append(id)
            await self.sender.insist(id, team)

    async def killer(self) -> None:
        """Kill when a number of things have happened, somewhere between two of them; start again at once."""
        for n in range(self.storm.kills):
            due = self.happened() + self.chance.randint(1, max(2, self.storm.messages // (self.storm.kills + 1)))
            await self.until(partial(self.has_happened, due))
            server = self.servers[n % len(self.servers)] if self.storm.polite else self.chance.choice(self.servers)
            if self.storm.polite:
                assert await asyncio.to_thread(server.stop) == 0
            else:
                await asyncio.to_thread(server.kill)
            await asyncio.to_thread(server.start)

    async def colleague(self) -> None:
        """Claims cards that are there, at one replica or another, whether or not it lives; where not, another one a moment later."""
        ana = self.slack.user("UANA")
        while len(self.claimed) < self.storm.claims and not self.is_calm():
            await self.until(lambda: len(self.all_cards()) > len(self.claimed) * 4 or self.is_calm())
            card = self.chance.choice([message for message in self.all_cards() if "Claim" not in str(message)] or [None])
            if card is not None and "I'll reply" in card.buttons:
                self.slack.bot_url = f"{self.chance.choice(self.servers).url}/slack/events"
                seen = await ana.press(card, "I'll reply", linger=0)
                if seen.error is None:
                    self.claimed.add(told_by(card))
            await asyncio.sleep(0.05)

    def is_calm(self) -> bool:
        """Every answer was taken and has a card."""
        return len(self.sender.taken) == self.storm.messages and len(self.all_cards()) >= self.storm.messages

    def newest(self) -> bool:
        """Every card that was claimed says so."""
        return not self._stale()

    def stands(self) -> str:
        """What a storm that does not end still waits for."""
        shown = {told_by(card) for card in self.all_cards()}
        cardless = [id for id in self.sender.taken if id not in shown]
        return f"{len(self.sender.taken)} taken, {len(shown)} shown, without a card {cardless}, claimed and stale {self._stale()}"

    def _stale(self) -> list[str]:
        shown = {told_by(card): str(card) for card in self.all_cards()}
        return sorted(id for id in self.claimed if "Claimed · Ana" not in shown.get(id, ""))


def told_by(card: Message) -> str:
    """The id of the answer a card is about: it stands in its customer's words."""
    return str(card).partition("the words of ")[2].partition(".")[0]


async def blow(storm: Storm, folder: Path, database: str = "") -> Weather:
    """Run one storm to its end and hold what came of it against what was promised."""
    chances = {} if storm.polite else {"500": 0.05, "drop": 0.05}
    delivery = UNHURRIED if storm.polite else HURRIED
    with (
        slack_of(storm.channels, chances=chances, seed=storm.seed) as slack,
        served(app_yaml(folder, slack, storm.channels, database, delivery), slack, storm.replicas) as servers,
    ):
        async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
            weather = Weather(storm, slack, servers, Sender(servers, client), random.Random(storm.seed))
            sending = [weather.customers(team) for team in range(storm.channels)]
            await asyncio.gather(*sending, weather.killer(), weather.colleague())
            await weather.until(lambda: weather.is_calm() and weather.newest())
        for server in servers:
            assert await asyncio.to_thread(server.stop) == 0
        judge(weather)
    return weather


def judge(weather: Weather) -> None:
    """Nothing lost, nothing doubled, order kept in each channel, the newest state shown; and nobody was rude to Slack."""
    for channel, ids in weather.sent.items():
        shown = [told_by(card) for card in weather.cards(channel)]
        assert {id: n for id, n in Counter(shown).items() if n > 1} == {}, f"doubled in {channel}"
        assert set(ids) - set(shown) == set(), f"lost in {channel}"
        assert shown == ids, f"out of order in {channel}"
    assert weather.newest()
    assert not weather.sender.refused
    assert not weather.slack.rejections
    assert not [early for early in weather.slack.violations if early.method == "chat.postMessage"]
    for server in weather.servers:
        told = server.log.read_text()
        assert "Traceback" not in told
        assert not weather.storm.polite or "doubt=True" not in told, "nothing is left in doubt by a bot that was asked to end"


def main() -> int:
    parser = argparse.ArgumentParser(prog="make storm", description="Kill the bot in many storms, each with a seed of its own.")
    parser.add_argument("--seeds", type=int, default=20, help="how many storms")
    parser.add_argument("--seed", type=int, default=None, help="only this one again")
    parser.add_argument("--messages", type=int, default=300)
    parser.add_argument("--kills", type=int, default=5, help="how often each of them kills")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default=None, help="only on this one")
    given = parser.parse_args()
    seeds = range(given.seeds) if given.seed is None else [given.seed]
    failed = []
    with ExitStack() as stack:
        server = stack.enter_context(Postgres()) if given.database != "sqlite" else None
        for seed in seeds:
            for database in [given.database] if given.database else ["sqlite", "postgresql"]:
                here = server if database == "postgresql" else None
                if not _weathered(Storm(seed, given.messages, kills=given.kills, replicas=3 if here else 1), here):
                    failed.append(f"--seed {seed} --database {database}")
            if given.database != "postgresql" and not promises.all_hold(seed):
                failed.append(f"--seed {seed} --database sqlite")
    print(f"failed: {failed}" if failed else "nothing lost, nothing doubled, order kept")
    return bool(failed)


def _weathered(storm: Storm, server: Postgres | None) -> bool:
    """Whether one storm ended well; what came of it is printed."""
    begun, where = time.monotonic(), "3 replicas on postgresql" if server else "sqlite"
    with tempfile.TemporaryDirectory() as folder:
        try:
            weather = asyncio.run(blow(storm, Path(folder), server.url(server.fresh()) if server else ""))
        except Exception:  # noqa: BLE001  (whatever it was: the next seed has its turn, too)
            traceback.print_exc()
            for log in sorted(Path(folder).glob("stderr*.log")):
                print(f"--- {log.name}\n{log.read_text()[-3000:]}")
            print(f"seed {storm.seed}, {where}: FAILED", flush=True)
            return False
    took = f"{len(weather.claimed)} claims ({time.monotonic() - begun:.0f} s)"
    print(f"seed {storm.seed}, {where}: all {storm.messages} shown once, {took}", flush=True)
    return True


if __name__ == "__main__":
    sys.exit(main())
