"""`hero` in a process that is forked from one which has loaded its modules: most of a start is loading them, and storms start bots a
hundred times. That it starts from nothing, too, is what tests/cli tests."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

_LOADED = ("bot.__main__", "bot.app", "bot.serve", "bot.chats.slack.speak", "bot.chats.slack.listen", "bot.sources.plain")
_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload([*_LOADED, "bot.chats.practice.listen", "storage.postgresql_plan", "storage.postgresql_writers"])


class Forked:
    """A running `hero`, with these words, in that folder. What it says to stderr is added to `log`."""

    def __init__(self, words: list[str], folder: Path, environment: Mapping[str, str], log: Path) -> None:
        hears, says = _context.Pipe(duplex=False)
        with hears, says:
            self._process = _context.Process(target=_become, args=(words, folder, dict(environment), says, log), daemon=True)
            self._process.start()
            self._said = os.fdopen(os.dup(hears.fileno()), encoding="utf-8")

    def line(self) -> str:
        """Returns the next line that it says to stdout; an empty one if it has ended."""
        return self._said.readline()

    def send(self, what: signal.Signals) -> None:
        assert self._process.pid is not None
        with suppress(ProcessLookupError):  # it has ended by itself
            os.kill(self._process.pid, what)

    def end(self, how: signal.Signals, seconds: float) -> int:
        """Returns its exit status once it has ended; kills it if it takes longer than that."""
        self.send(how)
        self._process.join(seconds)
        late = self._process.exitcode is None
        self._process.kill()
        self._process.join()
        status = self._process.exitcode
        self._process.close()
        self._said.close()
        assert not late, f"it did not end within {seconds} seconds"
        assert status is not None
        return status


def _become(words: list[str], folder: Path, environment: Mapping[str, str], says: Connection, log: Path) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    with log.open("a") as errors:
        os.dup2(says.fileno(), 1)
        os.dup2(errors.fileno(), 2)
    says.close()
    # Anew, since the old ones know what kind of file they were opened on.
    sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", closefd=False)
    sys.argv = ["hero", *words]

    from bot.__main__ import main

    main()
