"""What a long load is watched for: memory, file handles, threads, connections and what waits; and whether any of it grew."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import httpx

from bench.processes import Running, resident_mb
from tests.postgres import Postgres

MEMORY = 1.15
"""How many times its early size a replica may have late."""
SPARE = 3
"""So many handles, threads or connections more are a pool that was not full yet; a leak has more after some minutes."""
BACKLOG = 10
"""So many messages more may wait late than early: what a minute's chance brings."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One look. `at` is by time.monotonic."""

    at: float
    memory_mb: Sequence[float]
    handles: Sequence[int]
    threads: Sequence[int]
    connections: int
    waiting: float
    oldest_s: float
    parked: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """One thing that may not grow: what it was early and late, and the most it may be late."""

    what: str
    early: float
    late: float
    most: float
    holds: bool


async def sample(client: httpx.AsyncClient, replicas: Sequence[Running], server: Postgres) -> Sample:
    """Look once; any replica can tell of the messages, for these are in the database."""
    told = (await client.get(f"http://127.0.0.1:{replicas[0].port}/metrics")).text
    waiting = _metric(told, "waiting_messages", lambda labels: "parked" not in labels)
    parked = _metric(told, "waiting_messages", lambda labels: "parked" in labels)
    ids = [replica.process.pid for replica in replicas]
    connections = await asyncio.to_thread(
        server.ask, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'action-hero'"
    )
    return Sample(
        at=time.monotonic(),
        memory_mb=[resident_mb(pid) for pid in ids],
        handles=[_entries(pid, "fd") for pid in ids],
        threads=[_entries(pid, "task") for pid in ids],
        connections=connections[0][0],
        waiting=sum(waiting),
        oldest_s=max(_metric(told, "oldest_waiting_seconds", lambda _: True), default=0),
        parked=sum(parked),
    )


def _entries(pid: int, folder: str) -> int:
    return len(list(Path(f"/proc/{pid}/{folder}").iterdir()))


def _metric(told: str, name: str, wanted: Callable[[str], bool]) -> list[float]:
    lines = re.findall(rf"^action_hero_{name}\{{(.*)\}} (\S+)$", told, re.MULTILINE)
    return [float(value) for labels, value in lines if wanted(labels)]


def verdicts(samples: Sequence[Sample]) -> list[Verdict]:
    """Early is from a fifth to two fifths of the time, when all is warm; late is the last fifth. Medians, so that one moment does
    not decide; of handles, threads and connections the most there were."""
    fifth = max(1, len(samples) // 5)
    early, late = samples[fifth : 2 * fifth] or samples[:1], samples[-fifth:]
    found = [
        _verdict(f"memory of replica {n + 1}, MB", lambda s, n=n: s.memory_mb[n], early, late, times=MEMORY)  # type: ignore[misc]
        for n in range(len(samples[0].memory_mb))
    ]
    for what, of in (("file handles", lambda s: max(s.handles)), ("threads", lambda s: max(s.threads))):
        found.append(_verdict(f"{what} of a replica", of, early, late, more=SPARE, pick=max))
    found.append(_verdict("connections to PostgreSQL", lambda s: s.connections, early, late, more=SPARE, pick=max))
    found.append(_verdict("messages waiting", lambda s: s.waiting, early, late, more=BACKLOG))
    parked = samples[-1].parked
    return [*found, Verdict("messages set aside", samples[0].parked, parked, 0, parked == 0)]


def _verdict(
    what: str,
    of: Callable[[Sample], float],
    early: Sequence[Sample],
    late: Sequence[Sample],
    *,
    times: float = 1,
    more: float = 0,
    pick: Callable[[list[float]], float] = median,
) -> Verdict:
    before, after = (pick([of(each) for each in some]) for some in (early, late))
    most = before * times + more
    return Verdict(what, before, after, most, after <= most)
