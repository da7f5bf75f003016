"""What was answered holds: trials in which the bot is killed, or asked to stop, right after and while it answers.

The database is read by sqlite3, with nothing of ours between.
"""

from __future__ import annotations

import asyncio
import json
import random
import signal
import sqlite3
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import httpx

from tests.emulators.slack import Message, Slack
from tests.faults.processes import Sender, Server, app_yaml, served, signed, slack_of
from tests.running import eventually

SENDERS = 6
TO_THE_END_S = 240.0


@dataclass
class Trial:
    """A bot that serves, a Slack it speaks to, and a survey tool."""

    slack: Slack
    server: Server
    sender: Sender
    database: Path
    channels: int

    def asked(self, statement: str) -> list[Any]:
        """Ask the file itself, whether or not the bot lives."""
        with closing(sqlite3.connect(self.database)) as connection:
            return connection.execute(statement).fetchall()

    def stored(self) -> dict[str, int]:
        """What customers said, by the id their survey tool gave it."""
        return dict(self.asked("SELECT external_id, id FROM feedback"))

    def cards(self) -> list[Message]:
        return [post for n in range(self.channels) for post in self.slack.posts(f"C{n}") if post.thread_ts is None]

    async def restarts(self) -> None:
        await asyncio.to_thread(self.server.start)

    async def each_is_shown_once(self) -> None:
        """Every stored answer has exactly one card, and so it stays while there is anything left to send."""
        await eventually(lambda: len(self.cards()) >= len(self.stored()), TO_THE_END_S)
        await eventually(lambda: self.asked("SELECT count(*) FROM message WHERE shown < wanted") == [(0,)], TO_THE_END_S)
        shown = Counter(str(card).partition("the words of ")[2].partition(".")[0] for card in self.cards())
        assert shown == Counter(self.stored().keys())


@asynccontextmanager
async def trial(folder: Path, channels: int) -> AsyncIterator[Trial]:
    """Everything up and running; at the end the bot is asked to stop, and must."""
    with slack_of(channels) as slack, served(app_yaml(folder, slack, channels), slack) as [server]:
        async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
            under_way = Trial(slack, server, Sender([server], client), folder / "hero.db", channels)
            yield under_way
        assert not under_way.sender.refused
        assert not slack.rejections
        assert await asyncio.to_thread(server.stop) == 0
        assert under_way.asked("PRAGMA integrity_check") == [("ok",)]
        assert "Traceback" not in server.log.read_text()


@asynccontextmanager
async def load(trial: Trial, numbers: Iterator[int]) -> AsyncIterator[None]:
    """Customers answer as fast as they are heard, until the block ends; nobody sends an answer a second time."""
    over = asyncio.Event()

    async def customers() -> None:
        for n in numbers:
            if not await trial.sender.send(f"r-{n}", n % trial.channels):
                await asyncio.sleep(0.01)
            if over.is_set():
                return

    sending = [asyncio.create_task(customers()) for _ in range(SENDERS)]
    try:
        yield
    finally:
        over.set()
        await asyncio.gather(*sending)  # cancelled in the middle of connecting, the client would leave its socket open


async def what_was_answered_is_stored(seed: int, folder: Path, *, kills: int = 2, answers: int = 40) -> int:
    """kill -9 under intake: what was answered is in the file, sent again it is a duplicate of the same id, and it has one card."""
    chance, numbers = random.Random(seed), count()
    async with trial(folder, channels=25) as here:
        for _ in range(kills):
            heard = len(here.sender.ids) + chance.randint(answers // 2, answers)
            async with load(here, numbers):
                await eventually(lambda heard=heard: len(here.sender.ids) >= heard, TO_THE_END_S)
                await asyncio.to_thread(here.server.kill)
                answered = dict(here.sender.ids)
            assert answered.items() <= here.stored().items()
            await here.restarts()
            for id, known in answered.items():
                assert await here.sender.send(id, int(id.removeprefix("r-")) % here.channels)
                assert (here.sender.taken[id], here.sender.ids[id]) == (200, known), f"{id} was heard twice"
        await here.each_is_shown_once()
        return len(here.sender.ids)


async def what_is_under_way_is_answered(seed: int, folder: Path, *, stops: int = 1, answers: int = 30) -> int:
    """SIGTERM under intake: a request that is half heard is answered, it ends with 0, and nothing is lost or doubled by it."""
    chance, numbers = random.Random(seed), count()
    async with trial(folder, channels=25) as here:
        for stop in range(stops):
            heard = len(here.sender.ids) + chance.randint(answers // 2, answers)
            async with load(here, numbers):
                await eventually(lambda heard=heard: len(here.sender.ids) >= heard, TO_THE_END_S)
                async with half_heard(here.server, f"half-{stop}") as rest:
                    stopping = asyncio.create_task(asyncio.to_thread(here.server.stop, signal.SIGTERM))
                    await eventually(lambda: refuses(here.server))
                    assert await rest() == 202
                assert await stopping == 0
                answered = dict(here.sender.ids)
            assert answered.items() <= here.stored().items()
            assert f"half-{stop}" in here.stored()
            await here.restarts()
        await here.each_is_shown_once()
        return len(here.sender.ids)


async def what_was_claimed_stays_claimed(seed: int, folder: Path, *, claims: int = 2) -> int:
    """kill -9 right after a tap was answered: the claim is in the file, and its card says so once the bot is back."""
    chance = random.Random(seed)
    async with trial(folder, channels=claims) as here:
        ana = here.slack.user("UANA")
        for n in range(claims):
            await here.sender.insist(f"r-{n}", n)
        await eventually(lambda: len(here.cards()) == claims)
        cards = here.cards()
        chance.shuffle(cards)
        for n, card in enumerate(cards, 1):
            seen = await ana.press(card, "I'll reply", linger=0)
            await asyncio.to_thread(here.server.kill)
            assert seen.error is None
            owned = here.asked("SELECT p.user_id FROM follow_up f JOIN person p ON p.id = f.owner_id WHERE f.state = 'claimed'")
            assert owned == [("UANA",)] * n
            await here.restarts()
            # Under her handle, where the kill came before the bot had asked what she is called.
            await eventually(lambda card=card: "claimed · ana " in str(card).casefold(), TO_THE_END_S)
        assert here.asked("SELECT verb, count(*) FROM act WHERE verb = 'claim' GROUP BY verb") == [("claim", claims)]
        await here.each_is_shown_once()
        return claims


async def refuses(server: Server) -> bool:
    """Whether nobody new is let in any more."""
    try:
        _, writer = await asyncio.open_connection(*server.address)
    except OSError:
        return True
    writer.close()
    return False


@asynccontextmanager
async def half_heard(server: Server, id: str) -> AsyncIterator[Any]:
    """A request of which the bot has heard the first half; what is yielded sends the rest and answers the status."""
    body = json.dumps(
        {"id": id, "metric": "nps", "score": 3, "comment": f"These are the words of {id}.", "tags": ["team-0"]}
    ).encode()
    headers = signed(id, body) | {"host": "bot", "content-length": str(len(body)), "expect": "100-continue"}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    reader, writer = await asyncio.open_connection(*server.address)
    try:
        writer.write(f"POST /feedback/survey HTTP/1.1\r\n{head}\r\n".encode() + body[:20])
        assert b"100" in await reader.readline()  # said once the bot waits for the body
        await reader.readline()

        async def rest() -> int:
            writer.write(body[20:])
            return int((await reader.readline()).split()[1])

        yield rest
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


LONGER: Mapping[Callable[..., Awaitable[int]], Mapping[str, int]] = {
    what_was_answered_is_stored: {"kills": 8, "answers": 150},
    what_is_under_way_is_answered: {"stops": 5, "answers": 100},
    what_was_claimed_stays_claimed: {"claims": 8},
}
"""How hard `make storm` tries each."""


def all_hold(seed: int) -> bool:
    """Every trial, for longer; what came of each is printed. One that fails keeps none of the others from its turn."""
    outcomes = [_holds(trial, longer, seed) for trial, longer in LONGER.items()]
    return all(outcomes)


def _holds(trial: Callable[..., Awaitable[int]], longer: Mapping[str, int], seed: int) -> bool:
    begun, name = time.monotonic(), trial.__name__.replace("_", " ")
    with tempfile.TemporaryDirectory() as folder:
        try:
            held = asyncio.run(trial(seed, Path(folder), **longer))  # type: ignore[arg-type]
        except Exception:  # noqa: BLE001  (whatever it was)
            traceback.print_exc()
            for log in sorted(Path(folder).glob("stderr*.log")):
                print(f"--- {log.name}\n{log.read_text()[-3000:]}")
            print(f"seed {seed}, {name}: FAILED", flush=True)
            return False
    print(f"seed {seed}, {name}: {held} times ({time.monotonic() - begun:.0f} s)", flush=True)
    return True
