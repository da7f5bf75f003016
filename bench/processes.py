"""Starts and ends the processes that are measured, keeps them to their cores, and asks how much memory they take."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]
SERVER, LOAD = _CORES[0], _CORES[-1]
"""What is measured runs on one core, whatever plays its surroundings on another, where there are two."""

PATIENCE_S = 30
LOOK_S = 0.25
BUSY = 0.1
"""The share of a core from which a process counts as busy."""


class Failed(Exception):
    """A process did not start, or did not end as it should; the text holds what it said last."""


@dataclass(frozen=True, slots=True)
class Running:
    """A process that answers HTTP on this port. `began` is when it was started, by time.perf_counter."""

    process: subprocess.Popen[str]
    port: int
    began: float

    @property
    def resident_mb(self) -> float:
        """The memory it takes, in megabytes."""
        return resident_mb(self.process.pid)

    @property
    def cpu_s(self) -> float:
        """Seconds of a core it has used; 0 where the system does not say."""
        return _cpu_s(self.process.pid)

    def settle(self) -> None:
        """Wait until it rests, so that what it still does is not counted against whoever is measured next."""
        until, used = time.monotonic() + PATIENCE_S, -1.0
        while time.monotonic() < until and (now := _cpu_s(self.process.pid)) - used > BUSY * LOOK_S:
            used = now
            time.sleep(LOOK_S)

    def get(self, path: str) -> bytes:
        """The body of a page of it. Raises HTTPError for anything but 2xx."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=PATIENCE_S) as answer:
            return bytes(answer.read())


def pin(core: int) -> None:
    """Keep this process to one core, where the system can."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})


def spawned(arguments: Sequence[str], log: Path, core: int) -> subprocess.Popen[str]:
    """Start Python with these arguments on that core. What it says to stderr goes to the end of `log`."""
    pin(core)  # inherited
    try:
        with log.open("ab") as errors:
            return subprocess.Popen(
                [sys.executable, *arguments],
                cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True,
            )  # fmt: skip
    finally:
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, set(_CORES))


def started(arguments: Sequence[str], log: Path, core: int = SERVER) -> Running:
    """A server that prints the address it listens on. Whoever starts it ends it."""
    began = time.perf_counter()
    process = spawned(arguments, log, core)
    address = None
    try:
        assert process.stdout is not None
        address = re.search(r"http://127\.0\.0\.1:(\d+)/", process.stdout.readline())
    finally:
        if address is None:
            stop(process)
    if address is None:
        raise Failed(f"{' '.join(arguments)} did not start:\n{_last_words(log)}")
    return Running(process, int(address[1]), began)


@contextmanager
def running(arguments: Sequence[str], log: Path, core: int = SERVER) -> Iterator[Running]:
    """The same; at the end it is asked to stop, and must do so cleanly."""
    server = started(arguments, log, core)
    try:
        yield server
    finally:
        stop(server.process)
    if server.process.returncode != 0:
        raise Failed(f"{' '.join(arguments)} ended with {server.process.returncode}:\n{_last_words(log)}")


def stop(process: subprocess.Popen[str]) -> None:
    """Ask it to end; insist when it does not."""
    process.terminate()
    try:
        process.communicate(timeout=PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()


def forget_peak() -> None:
    """From now on `peak_mb` is about what this process takes from now on, where the system can forget."""
    forget = Path("/proc/self/clear_refs")
    if forget.exists():
        forget.write_text("5")


def peak_mb(pid: int) -> float:
    """The most memory a process took, in megabytes; where the system does not say, what it takes now."""
    return _status_mb(pid, "VmHWM")


def resident_mb(pid: int) -> float:
    """The memory a process takes, in megabytes."""
    return _status_mb(pid, "VmRSS")


def _status_mb(pid: int, name: str) -> float:
    status = Path(f"/proc/{pid}/status")
    if status.exists():
        return next(int(line.split()[1]) / 1024 for line in status.read_text().splitlines() if line.startswith(name))
    said = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=True)
    return int(said.stdout) / 1024


def _cpu_s(pid: int) -> float:
    """Seconds of a core it has used; 0 where the system does not say."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return 0.0
    user, system = stat.read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _last_words(log: Path) -> str:
    return log.read_text("utf-8", "replace")[-2000:]
