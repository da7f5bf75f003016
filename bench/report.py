"""The results against what was promised: the figures, the table for people and the file for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Literal

RESULTS = Path(__file__).parent / "results.json"


@dataclass(frozen=True, slots=True)
class Figure:
    """One promise and its measurement. `near` is roughly the best value known to be reachable.

    `first` is the earlier measurement if the check failed and was repeated; else None.
    """

    goal: int
    what: str
    measured: float
    unit: str
    must: float
    near: float
    direction: Literal["at least", "at most"]
    first: float | None = None
    holds: bool = field(init=False)
    held_first: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "holds", self._holds(self.measured))
        object.__setattr__(self, "held_first", self.holds if self.first is None else self._holds(self.first))

    def _holds(self, measured: float) -> bool:
        return measured >= self.must if self.direction == "at least" else measured <= self.must


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one check: its figures, and a few words with the absolute numbers behind them."""

    figures: Sequence[Figure]
    absolutes: str

    @property
    def holds(self) -> bool:
        return all(figure.holds for figure in self.figures)

    def after(self, earlier: Outcome) -> Outcome:
        """Returns this outcome with the earlier measurement recorded: nothing may look better for having been tried twice."""
        pairs = zip(self.figures, earlier.figures, strict=True)
        return Outcome([replace(figure, first=before.measured) for figure, before in pairs], self.absolutes)


def table(figures: Sequence[Figure]) -> str:
    """Format the figures in columns. A check that failed was repeated; both measurements are shown."""
    rows = [("goal", "what", "at first", "measured", "unit", "must", "near", "holds")]
    for it in figures:
        sign = "≥" if it.direction == "at least" else "≤"
        holds = "NO" if not it.holds else "yes" if it.held_first else "only at the second measuring"
        first = "" if it.first is None else f"{it.first:.4g}"
        rows.append((str(it.goal), it.what, first, f"{it.measured:.4g}", it.unit, f"{sign} {it.must:g}", f"{it.near:g}", holds))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    left = (1, 4)
    return "\n".join(
        "  ".join(
            cell.ljust(width) if n in left else cell.rjust(width) for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )


def save(figures: Sequence[Figure], path: Path = RESULTS) -> None:
    """Write the figures for programs. `first` and `held_first` are those of the first measurement, if there were two."""
    rows = [
        asdict(it) | {"measured": round(it.measured, 4), "first": None if it.first is None else round(it.first, 4)}
        for it in figures
    ]
    path.write_text(json.dumps(rows, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
