"""A long steady load, to find what grows that should not: `python -m bench.soak --minutes 30`.

Two replicas on one PostgreSQL get what ten would get on a busy day; the emulated Slack enforces Slack's limits. Prints a
table and draws bench/soak.svg. Exit status 1 when something grew.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from contextlib import ExitStack
from pathlib import Path

import httpx
import uvloop

from bench import northwind
from bench.drawing import Chart, charts
from bench.processes import LOAD, SERVER, Running, running
from bench.watch import Sample, Verdict, sample, verdicts
from tests.postgres import Postgres

PICTURE = Path(__file__).parent / "soak.svg"
REPLICAS = 2
TEAMS = 30
# docs/scale.md: on a busy day a replica opens 6,000 follow-ups from five times as many answers in ten hours. Ten replicas together:
ANSWERS_EACH_S = 10 * 30_000 / 36_000
LOW = 5
"""One in this many answers needs a follow-up."""
TAPS_EACH_S = 0.3
"""Each updates up to two messages, and Slack allows a workspace 50 edits a minute: more taps would only queue."""
SAMPLES = 60
DRAIN_S = 60
OLDEST = "SELECT min(id) FROM follow_up WHERE state = 'new'"
LIFE: Sequence[str] = ("claim", "contacted", "close")
DONE = {"outcome": "fixed", "done": "Called and apologised.", "cause": "other"}


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description="A long steady load: does anything grow?")
    parser.add_argument("--minutes", type=float, default=30, help="how long (%(default)g)")
    parser.add_argument("--picture", type=Path, default=PICTURE, help="where to draw it (%(default)s)")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="hero-soak-") as folder:
        samples, answered, done, left = uvloop.run(_soaked(Path(folder), asked.minutes * 60))
    found = [*verdicts(samples), *_work(answered, done), Verdict("messages still waiting a minute after", left, left, 0, left == 0)]
    asked.picture.write_text(charts(_drawn(samples)), encoding="utf-8")
    print(f"\n{_table(found)}\n\n{asked.minutes:g} minutes, drawn in {asked.picture}")
    return 0 if all(each.holds for each in found) else 1


async def _soaked(folder: Path, seconds: float) -> tuple[list[Sample], Counter[str], Counter[str], int]:
    """Returns the samples, the answers to the requests, the counts of acts by verb, and the number of messages still waiting."""
    with ExitStack() as stack:
        server = stack.enter_context(Postgres(durable=True))
        slack = stack.enter_context(running(["-m", "bench.slack", "1.0", "0.05"], folder / "slack.log", LOAD))
        house = northwind.app_yaml(folder, slack=slack.port, teams=TEAMS, database=server.url())
        words = ["-m", "bot", "serve", "--config", str(house), "--port", "0"]
        cores = itertools.cycle((SERVER, LOAD))
        replicas = [stack.enter_context(running(words, folder / f"hero-{n}.log", next(cores))) for n in range(REPLICAS)]
        samples: list[Sample] = []
        async with httpx.AsyncClient(timeout=30) as client:
            answered = Counter[str]()
            until = time.monotonic() + seconds
            asking = (
                _steadily(ANSWERS_EACH_S, until, _said(client, replicas, answered)),
                _steadily(
                    TAPS_EACH_S, until, _tapped(client, replicas, server, f"http://127.0.0.1:{slack.port}/respond", answered)
                ),
            )
            loads = asyncio.gather(*asking)
            while not loads.done():
                await asyncio.wait([loads], timeout=seconds / SAMPLES)
                samples.append(await sample(client, replicas, server))
            await loads
            left = await _drained(client, replicas, server)
        done = Counter(dict(server.ask("SELECT verb, count(*) FROM act GROUP BY verb")))
        shown = server.ask("SELECT count(*), coalesce(sum(shown), 0) FROM message WHERE state = 'shown'")[0]
        print(
            f"done: {', '.join(f'{verb} {n:,}' for verb, n in sorted(done.items()))}; {shown[0]:,} messages shown, drawn {shown[1]:,} times"
        )
    return samples, answered, done, left


async def _drained(client: httpx.AsyncClient, replicas: Sequence[Running], server: Postgres) -> int:
    """Returns how many messages still wait once nothing more comes in, polling until there are none or DRAIN_S is over."""
    left = 0.0
    for _ in range(DRAIN_S):
        left = (await sample(client, replicas, server)).waiting
        if not left:
            break
        await asyncio.sleep(1)
    return int(left)


async def _steadily(each_s: float, until: float, ask: Callable[[int], Coroutine[None, None, None]]) -> None:
    """Start requests at this rate, however long the answers take."""
    begun, waiting = time.monotonic() + 1 / each_s, set[asyncio.Task[None]]()
    for n in itertools.count():
        at = begun + n / each_s
        if at > until:
            break
        await asyncio.sleep(max(0, at - time.monotonic()))
        task = asyncio.create_task(ask(n))
        waiting.add(task)
        task.add_done_callback(waiting.discard)
    await asyncio.gather(*waiting)


def _said(
    client: httpx.AsyncClient, replicas: Sequence[Running], answered: Counter[str]
) -> Callable[[int], Coroutine[None, None, None]]:
    """Customers send feedback, to each replica and about each team in turn."""

    async def ask(n: int) -> None:
        said = northwind.feedback(n, n // LOW % TEAMS) | ({} if n % LOW == 0 else {"score": 9})
        body, headers = northwind.delivery(said)
        url = f"http://127.0.0.1:{replicas[n % len(replicas)].port}/feedback/survey"
        answered[f"feedback {(await client.post(url, content=body, headers=headers)).status_code}"] += 1

    return ask


def _tapped(
    client: httpx.AsyncClient, replicas: Sequence[Running], server: Postgres, respond: str, answered: Counter[str]
) -> Callable[[int], Coroutine[None, None, None]]:
    """People claim, contact and close one follow-up after another."""
    now = 0

    async def ask(n: int) -> None:
        nonlocal now
        verb = LIFE[n % len(LIFE)]
        if verb == LIFE[0]:
            now = (await asyncio.to_thread(server.ask, OLDEST))[0][0]
        user = f"U{now % 100}"
        payload = northwind.filled(verb, now, user, DONE) if verb == "close" else northwind.press(verb, now, user, respond)
        body, headers = northwind.signed(payload)
        url = f"http://127.0.0.1:{replicas[n % len(replicas)].port}/slack/events"
        answered[f"tap {(await client.post(url, content=body, headers=headers)).status_code}"] += 1

    return ask


def _work(answered: Counter[str], done: Counter[str]) -> list[Verdict]:
    """Verdicts on whether the requested work was done: an idle bot would not grow."""
    refused = sum(count for what, count in answered.items() if not what.endswith(("200", "202")))
    taps = sum(count for what, count in answered.items() if what.startswith("tap"))
    undone = taps - sum(done[verb] for verb in LIFE)
    return [
        Verdict(f"requests refused, of {answered.total():,}", refused, refused, 0, refused == 0),
        Verdict(f"taps without an act, of {taps:,}", undone, undone, 0, undone == 0),
    ]


def _drawn(samples: Sequence[Sample]) -> Sequence[Chart]:
    begun = samples[0].at
    minutes = [(each.at - begun) / 60 for each in samples]
    several = range(len(samples[0].memory_mb))
    return [
        Chart("memory of each replica, MB", minutes, [[each.memory_mb[n] for each in samples] for n in several]),
        Chart("messages waiting", minutes, [[each.waiting for each in samples]]),
        Chart("the oldest of them waits, seconds", minutes, [[each.oldest_s for each in samples]]),
        Chart("file handles of each replica", minutes, [[each.handles[n] for each in samples] for n in several]),
        Chart("threads of each replica", minutes, [[each.threads[n] for each in samples] for n in several]),
        Chart("connections to PostgreSQL", minutes, [[each.connections for each in samples]]),
    ]


def _table(found: Sequence[Verdict]) -> str:
    rows = [("what", "early", "late", "at most", "holds")]
    rows += [(it.what, f"{it.early:.4g}", f"{it.late:.4g}", f"{it.most:.4g}", "yes" if it.holds else "NO") for it in found]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.rjust(width) if n else cell.ljust(width) for n, (cell, width) in enumerate(zip(row, widths, strict=True)))
        for row in rows
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
