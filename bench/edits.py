"""Goal 9c: three hundred claims on a hundred cards in a minute: the rate of edits, and whether each card shows the newest state."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import httpx
import uvloop

from bench import northwind
from bench.processes import LOAD, Failed, Running, running
from bench.report import Figure, Outcome
from bench.slack import EDITS, EDITS_S

CARDS, CHANNELS = 100, 25
CLAIMS = 3
SECONDS = 60.0
APART_S, ANSWER_S = 1.0, 0.05
TO_THE_END_S = 300
WAITING = "SELECT count(*) FROM message WHERE kind = 'card' AND shown < wanted"


def check(_rounds: int, folder: Path) -> Outcome:
    """Runs once, whatever `rounds` says: it takes three minutes until everything is shown."""
    with running(["-m", "bench.slack", str(APART_S), str(ANSWER_S)], folder / "slack.log", LOAD) as slack:
        house = northwind.app_yaml(folder, slack=slack.port, teams=CHANNELS)
        northwind.seeded(house, range(CARDS), CHANNELS)
        with running(["-m", "bot", "serve", "--config", str(house), "--port", "0"], folder / "hero.log") as hero:
            _until_shown(folder)
            begun = time.monotonic()
            owners = uvloop.run(_tapped(hero, f"http://127.0.0.1:{slack.port}/respond"))
            tapped = time.monotonic()
            _until_shown(folder)
            took = time.monotonic() - tapped
            came = json.loads(slack.get("/came"))
    shown = {key: came["shown"][f"{channel}/{ts}"] for channel, _, key, ts, _ in came["posts"]}
    return judged(
        came["edits"], shown, owners, f"{CARDS * CLAIMS} claims in {tapped - begun:.0f} s; all shown {took:.0f} s after the last"
    )


def judged(edits: Sequence[float], shown: Mapping[str, str], owners: Mapping[int, str], told: str) -> Outcome:
    """Judge the run. `edits` holds the times of all calls, `shown` the last text of each message by its key, `owners` who
    claimed each follow-up last: their name begins a card that says who is replying."""
    right = sum(shown.get(f"card:{card}", "").lower().startswith(f"{owner} ") for card, owner in owners.items())
    return Outcome(
        [
            Figure(9, "300 claims on 100 cards in 60 s: edits in any minute", busiest(edits), "calls", EDITS, EDITS - 1, "at most"),
            Figure(9, "cards that show the newest claim in the end", right / len(owners) * 100, "%", 100, 100, "at least"),
        ],
        f"{told}; {len(edits)} edits",
    )


def busiest(edits: Sequence[float]) -> int:
    """Returns the largest number of calls in any minute, accepted or not."""
    return max((sum(begun <= at < begun + EDITS_S for at in edits) for begun in edits), default=0)


async def _tapped(hero: Running, respond_to: str) -> Mapping[int, str]:
    """Send the taps evenly over the time; each must be answered with 200. Returns who claimed each card last."""
    owners: dict[int, str] = {}
    begun = time.monotonic()
    taps = list(_taps())
    async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
        for n, (verb, card, user) in enumerate(taps):
            await asyncio.sleep(max(0, begun + SECONDS * n / len(taps) - time.monotonic()))
            body, headers = northwind.signed(northwind.press(verb, card, user, respond_to))
            answer = await client.post(f"http://127.0.0.1:{hero.port}/slack/events", content=body, headers=headers)
            if answer.status_code != 200:
                raise Failed(f"{answer.status_code} {answer.text}")
            owners[card] = user.lower()
    return owners


def _taps() -> Iterator[tuple[str, int, str]]:
    """Yields (verb, follow-up, person). Every claim changes the card: it was released before, and somebody else takes it."""
    for n in range(CLAIMS):
        for verb in ("release", "claim") if n else ("claim",):
            for card in range(1, CARDS + 1):
                yield verb, card, f"U{(card + 7 * (n if verb == 'claim' else n - 1)) % CARDS:03}"


def _until_shown(folder: Path) -> None:
    """Wait until every card shows what its row says, as far as the bot knows. What Slack shows is checked afterwards."""
    until = time.monotonic() + TO_THE_END_S
    with closing(sqlite3.connect(f"file:{folder}/hero.db?mode=ro", uri=True)) as tx:
        while tx.execute(WAITING).fetchone() != (0,):
            if time.monotonic() > until:
                return
            time.sleep(0.2)
