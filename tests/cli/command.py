"""`hero` as somebody types it: in a process of its own, or in this one where only its words matter."""

from __future__ import annotations

import gc
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
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
_ALL = "-dac_override,-dac_read_search"
ANYBODY = ("setpriv", f"--bounding-set={_ALL}", f"--inh-caps={_ALL}") if os.geteuid() == 0 else ()
"""Through this a command runs as somebody who may read only what they are allowed to, also where the tests run as root."""
WITHOUT_RIGHTS = pytest.mark.skipif(bool(ANYBODY) and shutil.which("setpriv") is None, reason="root may read every file")


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


def process(*words: str, folder: Path, through: Sequence[str] = ()) -> Ended:
    """Run `python -m bot` to its end, `through` another program. The commands it prints are as they were called: see AS_CALLED."""
    run = subprocess.run(
        [*through, sys.executable, "-m", "bot", *words],
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
