"""Goal 4: the bot is killed five times under load; what it acknowledged is stored, and what is stored has one card in Slack."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import re
import sqlite3
import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import uvloop

from bench import northwind
from bench.delivery import Post
from bench.processes import LOAD, Failed, Running, running, started, stop
from bench.report import Figure, Outcome

KILLS = 5
CHANNELS = 30
APART_S, ANSWER_S = 1.0, 0.15
SENDERS = 16
HEARD = (60, 90)
"""A kill comes after a number of acknowledgements since the start, chosen from this range."""
SHOWN = (5, 20)
"""Customers start after a number of posts since the start, chosen from this range; after any kill that many are waiting."""
PATIENCE = "delivery: {deadline: 2s, settle: 3s, lease: 6s}\n"
"""A quarter of the usual; the only effect is a shorter pause of a lane after a kill."""
TO_THE_END_S = 120
AFTERWARDS_S = 2.0
TRAVELS_S = 0.1
"""Seconds after a kill in which a post sent before it may still arrive, and by which an answer may be late."""
WORDS = re.compile(r"\bword-\d+\b")


def check(_rounds: int, folder: Path) -> Outcome:
    """Five kills, whatever `rounds` says: counts need no median."""
    return judged(uvloop.run(_killed(folder)))


@dataclass
class Record:
    """What customers said and when the bot was killed. Nobody retries, so nothing is repaired from outside."""

    answered: set[str] = field(default_factory=set)
    stored: Collection[str] = ()
    kills: list[float] = field(default_factory=list)
    posts: Sequence[Post] = ()


def judged(record: Record) -> Outcome:
    """Posts are identified by the customer's words: a case that was opened twice would have two keys."""
    kept = len(record.answered & set(record.stored)) / len(record.answered) * 100
    cards = Counter(_word(post) for post in record.posts)
    missing = len(set(record.stored) - cards.keys())
    in_flight = _in_flight(record)
    doubled = sum(count - 1 for count in cards.values() if count > 1)
    beyond = sum(max(0, count - 1 - in_flight[word]) for word, count in cards.items())
    strangers = len(cards.keys() - set(record.stored))
    return Outcome(
        [
            Figure(4, "kill -9 in mid-load: answered feedback that is stored", kept, "%", 100, 100, "at least"),
            Figure(4, "kill -9 in mid-load: stored feedback that has no card", missing, "cards", 0, 0, "at most"),
            Figure(
                4, "cards doubled that were not in flight at a kill, or of nothing", beyond + strangers, "cards", 0, 0, "at most"
            ),
        ],
        f"{len(record.kills)} kills, {len(record.answered):,} answered of {len(record.stored):,} stored; "
        f"{in_flight.total()} posts in flight at the kills, {doubled} doubled",
    )


def _in_flight(record: Record) -> Counter[str]:
    """Count, by word, how often a kill fell between a post's arrival and its answer; per channel only the newest post counts."""
    found = Counter[str]()
    for kill in record.kills:
        newest: Mapping[str, Post] = {post[0]: post for post in record.posts if post[-1] <= kill + TRAVELS_S}
        found.update(_word(post) for post in newest.values() if post[-1] + ANSWER_S + TRAVELS_S >= kill)
    return found


def _word(post: Post) -> str:
    found = WORDS.search(post[1])
    if found is None:
        raise Failed(f"no customer's words in {post[1]!r}")
    return found[0]


async def _killed(folder: Path) -> Record:
    record, numbers, chance = Record(), itertools.count(), random.Random()
    with running(["-m", "bench.slack", str(APART_S), str(ANSWER_S)], folder / "slack.log", LOAD) as slack:
        house = northwind.app_yaml(folder, slack=slack.port, teams=CHANNELS)
        house.write_text(house.read_text() + PATIENCE)
        words = ["-m", "bot", "serve", "--config", str(house), "--port", "0"]
        hero = started(words, folder / "hero.log")
        try:
            for n in range(KILLS):
                if n:
                    await _until(slack, len(_posts(slack)) + chance.randint(*SHOWN))
                await _speak_and_kill(hero, record, numbers, chance.randint(*HEARD))
                record.stored = _stored(folder)
                hero = started(words, folder / "hero.log")
            await _until(slack, len(record.stored), every=True)
            await asyncio.sleep(AFTERWARDS_S)  # duplicates come last
        finally:
            stop(hero.process)
        record.posts = _posts(slack)
    return record


async def _speak_and_kill(hero: Running, record: Record, numbers: Iterator[int], due: int) -> None:
    """Customers send concurrently, each again once answered. The one that gets the last of the `due` answers kills the bot."""
    heard = len(record.answered) + due

    async def customer(client: httpx.AsyncClient) -> None:
        for n in numbers:
            word = f"word-{n}"
            said = northwind.feedback(n, n % CHANNELS) | {"id": word, "comment": f"{word}: waited 45 minutes for the order."}
            body, headers = northwind.delivery(said)
            try:
                answer = await client.post(f"http://127.0.0.1:{hero.port}/feedback/survey", content=body, headers=headers)
            except httpx.TransportError:
                return
            if answer.status_code != 202:
                raise Failed(f"{answer.status_code} {answer.text}")
            record.answered.add(word)
            if len(record.answered) >= heard and hero.process.poll() is None:
                hero.process.kill()
                record.kills.append(time.monotonic())
                hero.process.wait()

    async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
        await asyncio.gather(*(customer(client) for _ in range(SENDERS)))


def _stored(folder: Path) -> Collection[str]:
    with closing(sqlite3.connect(folder / "hero.db")) as tx:
        return {row[0] for row in tx.execute("SELECT external_id FROM feedback")}


def _posts(slack: Running) -> Sequence[Post]:
    posts: Sequence[Post] = json.loads(slack.get("/came"))["posts"]
    return posts


async def _until(slack: Running, number: int, *, every: bool = False) -> None:
    """Wait until `number` posts have come, or with `every` posts about that many different words. On timeout it returns anyway:
    what is missing shows in the counts."""
    until = time.monotonic() + TO_THE_END_S
    while time.monotonic() < until:
        posts = _posts(slack)
        if (len({_word(post) for post in posts}) if every else len(posts)) >= number:
            return
        await asyncio.sleep(0.05)
