"""The benchmark's report: nothing looks better for having been measured twice."""

from __future__ import annotations

import json
from pathlib import Path

from bench.report import Figure, Outcome, save, table


def outcome(measured: float) -> Outcome:
    return Outcome([Figure(10, "stored → posted", measured, "×", 1.5, 1.1, "at most")], "")


def test_a_figure_measured_once_shows_no_other(tmp_path: Path) -> None:
    figures = outcome(1.2).figures
    assert table(figures).splitlines()[-1].split()[-4:] == ["≤", "1.5", "1.1", "yes"]
    save(figures, tmp_path / "results.json")
    [row] = json.loads((tmp_path / "results.json").read_text())
    assert (row["first"], row["held_first"], row["holds"]) == (None, True, True)


def test_a_figure_that_failed_at_first_shows_both(tmp_path: Path) -> None:
    figures = outcome(1.2).after(outcome(1.9)).figures
    line = table(figures).splitlines()[-1]
    assert "1.9" in line
    assert line.rstrip().endswith("only at the second measuring")
    save(figures, tmp_path / "results.json")
    [row] = json.loads((tmp_path / "results.json").read_text())
    assert (row["first"], row["held_first"], row["measured"], row["holds"]) == (1.9, False, 1.2, True)


def test_a_figure_that_failed_twice_fails() -> None:
    assert table(outcome(1.6).after(outcome(1.9)).figures).rstrip().endswith("NO")
