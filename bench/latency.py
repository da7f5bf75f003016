"""Goal 10: the time from stored to posted for a single piece of feedback, next to storing it and posting its card in line.

Runs in a process of its own: `python -m bench.latency APP_YAML SLACK_PORT ROUNDS` prints a JSON list of rounds, each with the
milliseconds until Slack had the posts, of the bot and in line.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from statistics import median
from urllib.request import urlopen

import structlog
import uvloop

from bench import northwind
from bench.processes import LOAD, SERVER, Failed, running, spawned
from bench.report import Figure, Outcome
from bot.app import opened
from bot.clock import HouseClock
from bot.house import House
from handlers.feedback import MAIN_WORKSPACE, Place
from handlers.pictures import picture
from handlers.receive import receive
from storage import schema
from storage.database import Store

TEAMS = 40
EVENTS = 60
"""Per round and kind. The teams take turns, so that nobody waits for a channel's rate limit."""
REST_S = 1.1 / TEAMS / 2
EXPECTED_S = 30


def check(rounds: int, folder: Path) -> Outcome:
    """Both ways alternate, event by event."""
    with running(["-m", "bench.slack"], folder / "slack.log", LOAD) as slack:
        house = northwind.app_yaml(folder, slack=slack.port, teams=TEAMS)
        arguments = ["-m", "bench.latency", str(house), str(slack.port), str(rounds)]
        process = spawned(arguments, folder / "house.log", SERVER)
        said, _ = process.communicate(timeout=EXPECTED_S * rounds)
    if process.returncode:
        raise Failed((folder / "house.log").read_text()[-2000:])
    taken = [(median(ours), median(theirs)) for ours, theirs in json.loads(said)]
    ours, theirs = (median(both[side] for both in taken) for side in (0, 1))
    ratio = median(ours / theirs for ours, theirs in taken)
    return Outcome(
        [Figure(10, "stored → posted, lone event (p50) ÷ store and post in line", ratio, "×", 1.5, 1.1, "at most")],
        f"{ours:.2f} ms beside {theirs:.2f} ms until Slack has it",
    )


async def main(app_yaml: Path, slack: int, rounds: int) -> None:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    with closing(Store(f"sqlite:///{app_yaml.parent}/in-line.db")) as beside:
        schema.migrate(beside)
        async with opened(northwind.settings(app_yaml), HouseClock()) as house:
            ways: Sequence[Way] = (partial(_through_the_house, house), await _in_line(house, beside))
            begun: list[dict[str, float]] = [{}, {}]
            for n in range((rounds + 1) * EVENTS):  # the first round is a warm-up
                for side, way in enumerate(ways):
                    begun[side][f"{KEYS[side]}:{n + 1}"] = time.monotonic()
                    await way(n)
                    await asyncio.sleep(REST_S)
            came = json.loads(await asyncio.to_thread(_came, slack))
    when = {key: at for _, _, key, _, at in came["posts"]}
    took = [[(when[key] - at) * 1000 for key, at in side.items()] for side in begun]
    print(json.dumps([[side[n : n + EVENTS] for side in took] for n in range(EVENTS, len(took[0]), EVENTS)]))


Way = Callable[[int], Awaitable[None]]
KEYS = ("card", "in-line")
"""The prefixes of the posts' keys, by which the emulated Slack tells the two ways apart; a number follows."""


async def _through_the_house(house: House, n: int) -> None:
    """As in production: it is stored, and delivery does the rest."""
    await house.receive([northwind.arrival(n, n % TEAMS)])


async def _in_line(house: House, beside: Store) -> Way:
    """The same unit of work and the same call to Slack one after the other, with a card rendered beforehand."""
    await beside.write(receive, house.company, [northwind.arrival(-1)])
    card = (await beside.read(picture, house.company, 1, house.clock.now())).card

    async def store_and_post(n: int) -> None:
        await beside.write(receive, house.company, [northwind.arrival(n, n % TEAMS)])
        await house.chats["slack"].post(Place("slack", MAIN_WORKSPACE, f"C{n % TEAMS:03}"), card, f"in-line:{n + 1}")

    return store_and_post


def _came(slack: int) -> bytes:
    with urlopen(f"http://127.0.0.1:{slack}/came") as answer:
        return bytes(answer.read())


if __name__ == "__main__":
    uvloop.run(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
