"""The Pythons that are declared are those the suite is run on."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
FIND = ROOT / "tests" / "find_python.sh"


def test_every_declared_python_is_one_that_make_test_all_runs() -> None:
    [run] = re.findall(r"^PYTHONS \?= (.*)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    declared = [each.rpartition(" ")[2] for each in PROJECT["classifiers"] if each.startswith("Programming Language")]
    assert run.split() == declared
    assert PROJECT["requires-python"] == f">={declared[0]}"


OLD = """#!/bin/sh
case "$1" in
--version) echo Python 3.9.18 ;;
-m) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
*) exit 1 ;;
esac
"""


def test_a_python_that_is_too_old_is_refused_in_a_sentence_and_leaves_no_folder(tmp_path: Path) -> None:
    old = tmp_path / "python3.9"
    old.write_text(OLD)
    old.chmod(0o755)
    for python, name in ((old, "Python 3.9.18"), (tmp_path / "python9", "none")):
        words = ["make", "--no-print-directory", "demo", f"VENV={tmp_path / 'venv'}", f"PYTHON={python}"]
        told = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
        assert told.returncode == 2
        assert told.stderr.splitlines()[0].startswith(f"Action Hero needs Python 3.11 or newer, and {python} is {name}. ")
        assert not (tmp_path / "venv").exists()


NEW = """#!/bin/sh
case "$2" in
venv) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" && touch "$3/pyvenv.cfg" ;;
esac
"""


@pytest.mark.parametrize("left", [OLD, None], ids=["too old", "gone"])
def test_what_an_old_python_or_one_that_is_gone_made_is_made_anew_and_said_once(tmp_path: Path, left: str | None) -> None:
    new, venv = tmp_path / "python3.11", tmp_path / "venv"
    new.write_text(NEW)
    new.chmod(0o755)
    (venv / "bin").mkdir(parents=True)
    for name in ("pyvenv.cfg", ".installed", "old"):
        (venv / name).touch()
    if left is None:
        (venv / "bin/python").symlink_to(tmp_path / "removed")
    else:
        (venv / "bin/python").write_text(left)
        (venv / "bin/python").chmod(0o755)
    words = ["make", "--no-print-directory", "install", f"VENV={venv}", f"PYTHON={new}"]
    first, second = (subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True) for _ in range(2))
    assert f"{venv} was made by a Python that is gone, or is older than 3.11: it is made anew." in first.stdout
    assert not (venv / "old").exists()
    assert (venv / ".installed").exists()
    assert "made anew" not in second.stdout


def test_a_python_that_is_here_is_found_and_one_that_is_not_is_named() -> None:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    found = subprocess.run(["sh", FIND, version], capture_output=True, text=True, check=True).stdout.strip()
    told = subprocess.run(
        [found, "-c", "import sys; print(*sys.version_info[:2], sep='.')"], capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == version
    missing = subprocess.run(["sh", FIND, "3.2"], capture_output=True, text=True, check=False)
    assert missing.returncode == 1
    assert "Python 3.2 was not found" in missing.stderr
