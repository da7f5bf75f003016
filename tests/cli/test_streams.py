"""Closed, full and foreign standard streams, and arguments that are no text: one sentence, and never a traceback."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import START_S, Ended, environment, hero
from tests.cli.test_customers import folder as folder  # noqa: PLC0414 - a fixture

HERO = f"{shlex.quote(sys.executable)} -m bot"
BYTES = "$(printf 'c-\\377')"
ODD = "an argument holds bytes that are not UTF-8"


def shell(line: str, folder: Path, **more: str) -> Ended:
    """Run `hero` as the shell does, with what is redirected."""
    run = subprocess.run(
        ["sh", "-c", line.replace("hero ", f"{HERO} ", 1)],
        cwd=folder, env=environment() | more, capture_output=True, check=False, timeout=START_S,
    )  # fmt: skip
    return Ended(run.returncode, run.stdout.decode(), run.stderr.decode())


@pytest.mark.parametrize(("line", "status", "said"), [
    (f"hero erase --customer {BYTES} --yes", 2, ODD),
    (f"hero merge-customers {BYTES} c-2 --yes", 2, ODD),
    (f"hero deliveries {BYTES}", 2, ODD),
    ("hero rehearse crm - <&-", 2, "the payload is not JSON that we read"),
    ("hero export feedback >&-", 2, "standard output is closed; name a file with --out."),
    ("hero export feedback >/dev/full", 74, "the output cannot be written (No space left on device)."),
    ("hero check >/dev/full", 74, "the output cannot be written (No space left on device)."),
])  # fmt: skip
def test_what_cannot_be_read_or_written_is_said_in_a_sentence(folder: Path, line: str, status: int, said: str) -> None:
    told = shell(line, folder)
    assert (told.status, told.out) == (status, "")
    assert told.err.startswith(f"hero: {said}")
    assert len(told.err.splitlines()) == 1


@pytest.mark.parametrize(("option", "first"), [("week", "0001-W01"), ("month", "0001-01")])
def test_what_has_nothing_before_it_is_no_week_and_no_month(folder: Path, option: str, first: str) -> None:
    told = hero("digest", "--team", "oak-street", f"--{option}", first, folder=folder)
    assert (told.status, told.out) == (2, "")
    assert told.err.startswith(f"hero: '{first}' is not a {option}; write for example 2026-")
    assert len(told.err.splitlines()) == 1


@pytest.mark.parametrize("line", ["hero check >&-", "hero check 2>&-", "hero export feedback | true"])
def test_a_stream_that_nobody_needs_may_be_closed(folder: Path, line: str) -> None:
    told = shell(line, folder)
    assert (told.status in (0, 2), told.err) == (True, "")


def test_what_is_written_into_a_file_or_a_pipe_is_utf_8_whatever_python_is_told(folder: Path) -> None:
    (folder / "in.csv").write_text("id,metric,score,comment\n1,nps,2,zażółć ☕\n", encoding="utf-8")
    assert hero("import", "feedback", "in.csv", "--history", folder=folder).status == 0
    told = shell("hero export feedback", folder, PYTHONIOENCODING="latin-1")
    assert (told.status, told.err) == (0, "")
    assert "zażółć ☕" in told.out
