"""`hero` as somebody types it: in a process of its own, or in this one where only its words matter."""

from __future__ import annotations

import ctypes
import gc
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner

from bot.__main__ import hero as command

ROOT = Path(__file__).parents[2]
AS_CALLED = f"{shlex.quote(sys.executable)} -m bot"
"""What `process` prints where `hero` prints its own name."""
START_S = 40
"""How long a start may take on a machine where everything else runs, too."""
WITHOUT_RIGHTS = pytest.mark.skipif(os.geteuid() == 0 and sys.platform != "linux", reason="root may read every file")
"""For a test that needs `as_anybody`."""
_READS_EVERYTHING = 1 << 1 | 1 << 2
"""CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH of linux/capability.h."""
_GET_SECUREBITS, _SET_SECUREBITS = 27, 28
_ASKED_AS_IN_EFFECT = 1 << 2
"""SECBIT_NO_SETUID_FIXUP: what root is told it may do with a file is what it may do now."""


@dataclass(frozen=True)
class Ended:
    """What a command said, and with which status it ended."""

    status: int
    out: str
    err: str

    @property
    def all(self) -> str:
        return self.out + self.err


def hero(*words: str, folder: Path, typed: str = "") -> Ended:
    """Run it in this process, in `folder`, with `typed` as its standard input; a traceback is a failure."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        result = CliRunner().invoke(command, words, input=typed)
    finally:
        os.chdir(before)
        structlog.reset_defaults()
        gc.enable()  # `hero serve` disables it first of all, and a command that is refused never enables it
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return Ended(result.exit_code, result.stdout, result.stderr)


def environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}


@contextmanager
def as_anybody() -> Iterator[None]:
    """Within this, `hero` and the threads it starts may read only what they are allowed to, also where the tests run as root."""
    if os.geteuid() != 0:
        yield
        return
    kernel = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(0x2008_0522, 0)  # version 3, of this thread
    before = (ctypes.c_uint32 * 6)()  # of each 32 rights those in effect, those permitted, those inherited
    _done(kernel.capget(header, before))
    fewer = (ctypes.c_uint32 * 6)(*before)
    fewer[0] &= ~_READS_EVERYTHING
    secured = _done(kernel.prctl(_GET_SECUREBITS))
    _done(kernel.prctl(_SET_SECUREBITS, secured | _ASKED_AS_IN_EFFECT))
    _done(kernel.capset(header, fewer))
    try:
        yield
    finally:
        _done(kernel.capset(header, before))
        _done(kernel.prctl(_SET_SECUREBITS, secured))


def _done(returned: int) -> int:
    if returned < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return returned


def process(*words: str, folder: Path) -> Ended:
    """Run `python -m bot` to its end. The commands it prints are as they were called: see AS_CALLED."""
    run = subprocess.run(
        [sys.executable, "-m", "bot", *words],
        cwd=folder, env=environment(), capture_output=True, text=True, check=False, timeout=START_S,
    )  # fmt: skip
    return Ended(run.returncode, run.stdout, run.stderr)


class Server:
    """A command that serves. `url` is the address it printed."""

    def __init__(self, words: list[str], folder: Path, **more: str) -> None:
        self.process = subprocess.Popen(
            words,
            cwd=folder,
            env=environment() | more,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.said = ""
        self.url = ""

    def listens(self) -> None:
        """Read on until the line with the address."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said += line
            if found := re.match(r"(?:Open|Listening on) (http://\S+)$", line):
                self.url = found[1]
                return
        raise AssertionError(f"it did not start: {self.said}{self.process.communicate()[1]}")

    @property
    def port(self) -> int:
        return int(re.findall(r":(\d+)/", self.url)[0])

    def ends(self, how: signal.Signals) -> Ended:
        """Ask it to end as a terminal or a service manager does."""
        os.killpg(self.process.pid, how)
        out, err = self.process.communicate(timeout=START_S)
        return Ended(self.process.returncode, self.said + out, err)


@contextmanager
def serving(*words: str, folder: Path) -> Iterator[Server]:
    """`python -m bot …` that answers; killed at the end if it lives still."""
    server = Server([sys.executable, "-m", "bot", *words], folder)
    try:
        server.listens()
        yield server
    finally:
        if server.process.poll() is None:
            server.process.kill()
        server.process.communicate()
