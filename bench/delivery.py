"""Goal 9: a backlog in thirty channels, delivered exactly as fast as a strict Slack allows, without losing any."""

from __future__ import annotations

import json
import sqlite3
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bench import northwind
from bench.processes import LOAD, running
from bench.report import Figure, Outcome

CHANNELS = 30
SECONDS = 10.0
APART_S = 1.0
ANSWER_S = 0.15
BACKLOG = 14
"""Messages waiting per channel; more than can be sent in the time."""

Post = Sequence[Any]
"""Channel, text, key, ts and time, as reported by bench.slack."""


def check(rounds: int, folder: Path) -> Outcome:
    """The yardstick is what the emulated Slack permits. Duplicates count as lost: either way the channel shows something false."""
    taken = [sent(folder / str(n)) for n in range(rounds)]
    shares = [share(it.posts, CHANNELS) for it in taken]
    violations, lost = sum(it.violations for it in taken), sum(it.lost for it in taken)
    return Outcome(
        [
            Figure(9, "messages to 30 channels with a backlog ÷ what Slack permits", median(shares), "%", 95, 98, "at least"),
            Figure(9, "times Slack had to say: too fast", violations, "times", 0, 0, "at most"),
            Figure(9, "messages lost or doubled", lost, "messages", 0, 0, "at most"),
        ],
        f"{', '.join(f'{one:.1f} %' for one in shares)} of one a second and channel, at answers that take {ANSWER_S * 1000:.0f} ms; "
        f"{violations} times too fast, {lost} lost or doubled",
    )


@dataclass(frozen=True, slots=True)
class Sent:
    """What Slack received in the time, the number of posts that came too early, of messages lost or duplicated, and of calls
    that the failing channel refused."""

    posts: Sequence[Post]
    violations: int
    lost: int
    in_vain: int


def sent(folder: Path, *sick: float) -> Sent:
    """Run the bot on a backlog for ten seconds. `sick`: the status with which one channel fails, and for how many seconds."""
    folder.mkdir()
    with running(["-m", "bench.slack", *map(str, (APART_S, ANSWER_S, *sick))], folder / "slack.log", LOAD) as slack:
        house = northwind.app_yaml(folder, slack=slack.port, teams=CHANNELS)
        northwind.seeded(house, range(CHANNELS * BACKLOG), CHANNELS)
        with running(["-m", "bot", "serve", "--config", str(house), "--port", "0"], folder / "hero.log"):
            time.sleep(SECONDS + 0.5)
        came = json.loads(slack.get("/came"))
    return Sent(came["posts"], came["violations"], _lost(came["posts"], folder / "hero.db"), came["sick"])


def share(posts: Sequence[Post], channels: int) -> float:
    """Returns how much of the permitted time since the first message was used, in percent. A gap at the end counts as unused."""
    begun = min(when for *_, when in posts)
    times: Mapping[str, list[float]] = defaultdict(list)
    for channel, _, _, _, when in posts:
        if when <= begun + SECONDS:
            times[channel].append(when)
    end = begun + SECONDS - APART_S
    permitted = sum(max(end, channel[-1]) - begun for channel in times.values()) + (channels - len(times)) * SECONDS
    used = sum(len(channel) - 1 for channel in times.values()) * APART_S
    return float(used / permitted * 100)


def _lost(posts: Sequence[Post], database: Path) -> int:
    """Returns the number of messages neither waiting nor recorded exactly where Slack has them, plus Slack's duplicates."""
    accepted = Counter(key for _, _, key, _, _ in posts)
    at = {key: (channel, ts) for channel, _, key, ts, _ in posts}
    with closing(sqlite3.connect(database)) as tx:
        rows = tx.execute("SELECT key, state, remote_channel, remote_id FROM message").fetchall()
    to_come = ("waiting", "sending")  # what a failing channel left in doubt is still looked for and sent
    strayed = [key for key, state, *where in rows if (state not in to_come if key not in at else tuple(where) != at[key])]
    missing = CHANNELS * BACKLOG - len(rows)
    return missing + len(strayed) + sum(count - 1 for count in accepted.values())
