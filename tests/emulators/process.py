"""An emulator as a process of its own, as anybody may start it, and a client that waits for it on a busy machine."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import httpx

ROOT = Path(__file__).parents[2]


@contextmanager
def started(module: str, *words: str) -> Iterator[tuple[subprocess.Popen[str], str, httpx.Client]]:
    """Yields the process, what it says of itself once it listens, and a client. It is ended whatever happens: one that goes on would
    be waited for for ever."""
    command = [sys.executable, "-m", module, *words]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT) as process,
        httpx.Client(trust_env=False, verify=False, timeout=60) as client,
    ):
        try:
            word, _, told = _first_line(process.stdout).partition(" ")
            assert word == "listening"
            yield process, told.strip(), client
        finally:
            process.kill()


def ended(process: subprocess.Popen[str]) -> None:
    """Ask it to end, which it does at once and without a complaint."""
    process.terminate()
    assert process.wait(60) == 0
    assert process.stderr is not None
    assert process.stderr.read() == ""


def _first_line(out: IO[str] | None) -> str:
    assert out is not None
    return out.readline()
