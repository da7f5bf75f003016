"""Starts and stops the measured processes, pins them to cores, and reads their memory."""

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
"""What is measured runs on one core and its surroundings on another, if there are two."""

PATIENCE_S = 30
LOOK_S = 0.25
BUSY = 0.1
"""The share of a core from which a process counts as busy."""


class Failed(Exception):
    """A process did not start, or did not exit as it should. The message holds its last output."""


@dataclass(frozen=True, slots=True)
class Running:
    """A process that answers HTTP on this port. `began` is when it was started, by time.perf_counter."""

    process: subprocess.Popen[str]
    port: int
    began: float

    @property
    def resident_mb(self) -> float:
        """Its resident memory in megabytes."""
        return resident_mb(self.process.pid)

    @property
    def cpu_s(self) -> float:
        """The CPU time it has used in seconds; 0 where the system does not tell."""
        return _cpu_s(self.process.pid)

    def settle(self) -> None:
        """Wait until it is idle, so that its remaining work does not slow whatever is measured next."""
        until, used = time.monotonic() + PATIENCE_S, -1.0
        while time.monotonic() < until and (now := _cpu_s(self.process.pid)) - used > BUSY * LOOK_S:
            used = now
            time.sleep(LOOK_S)

    def get(self, path: str) -> bytes:
        """Returns the body of a GET. Raises HTTPError for anything but 2xx."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=PATIENCE_S) as answer:
            return bytes(answer.read())


def pin(core: int) -> None:
    """Pin this process to one core, where the system supports it."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})


def spawned(arguments: Sequence[str], log: Path, core: int) -> subprocess.Popen[str]:
    """Start Python with these arguments on that core. Its stderr is appended to `log`."""
    pin(core)  # the child inherits it
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
    """Start a server that prints the address it listens on. The caller stops it."""
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
    """`started` as a context manager: at the end the server is asked to stop and must exit with 0."""
    server = started(arguments, log, core)
    try:
        yield server
    finally:
        stop(server.process)
    if server.process.returncode != 0:
        raise Failed(f"{' '.join(arguments)} ended with {server.process.returncode}:\n{_last_words(log)}")


def stop(process: subprocess.Popen[str]) -> None:
    """Ask the process to stop; kill it if it does not."""
    process.terminate()
    try:
        process.communicate(timeout=PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()


def forget_peak() -> None:
    """Reset the peak that `peak_mb` reports for this process, where the system supports it."""
    forget = Path("/proc/self/clear_refs")
    if forget.exists():
        forget.write_text("5")


def peak_mb(pid: int) -> float:
    """Returns a process's peak memory in megabytes; where the system does not tell, its current memory."""
    return _status_mb(pid, "VmHWM")


def resident_mb(pid: int) -> float:
    """Returns a process's resident memory in megabytes."""
    return _status_mb(pid, "VmRSS")


def _status_mb(pid: int, name: str) -> float:
    status = Path(f"/proc/{pid}/status")
    if status.exists():
        return next(int(line.split()[1]) / 1024 for line in status.read_text().splitlines() if line.startswith(name))
    said = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=True)
    return int(said.stdout) / 1024


def _cpu_s(pid: int) -> float:
    """Returns the CPU time in seconds; 0 where the system does not tell."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return 0.0
    user, system = stat.read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _last_words(log: Path) -> str:
    return log.read_text("utf-8", "replace")[-2000:]
