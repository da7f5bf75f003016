"""Samples a long load (memory, file handles, threads, connections, waiting messages) and judges whether any of it grew."""

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
"""The factor by which a replica's memory may grow from early to late."""
SPARE = 3
"""So many more handles, threads or connections are a pool still filling up; after some minutes a leak has more."""
BACKLOG = 10
"""So many more messages may wait late than early: the random variation within a minute."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One observation. `at` is by time.monotonic."""

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
    """One quantity that may not grow: its early and late values, and the limit for the late one."""

    what: str
    early: float
    late: float
    most: float
    holds: bool


async def sample(client: httpx.AsyncClient, replicas: Sequence[Running], server: Postgres) -> Sample:
    """Take one sample. Any replica can report the messages, which are in the database."""
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
    """Compare early (the second fifth of the time, when all is warm) with late (the last fifth). Uses medians, so that a single
    moment does not decide; for handles, threads and connections the maximum."""
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
    return [*found, Verdict("messages parked", samples[0].parked, parked, 0, parked == 0)]


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
