"""What was measured against what was promised: the rows, the table for people and the file for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

RESULTS = Path(__file__).parent / "results.json"


@dataclass(frozen=True, slots=True)
class Figure:
    """One promise and what was measured. `near` is about the best that is known to be reachable."""

    goal: int
    what: str
    measured: float
    unit: str
    must: float
    near: float
    direction: Literal["at least", "at most"]
    holds: bool = field(init=False)

    def __post_init__(self) -> None:
        kept = self.measured >= self.must if self.direction == "at least" else self.measured <= self.must
        object.__setattr__(self, "holds", kept)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one check found: its figures, and in a few words the absolute numbers they come from."""

    figures: Sequence[Figure]
    absolutes: str

    @property
    def holds(self) -> bool:
        return all(figure.holds for figure in self.figures)


def table(figures: Sequence[Figure]) -> str:
    """The figures in columns."""
    rows = [("goal", "what", "measured", "unit", "must", "near", "holds")]
    for it in figures:
        sign = "≥" if it.direction == "at least" else "≤"
        holds = "yes" if it.holds else "NO"
        rows.append((str(it.goal), it.what, f"{it.measured:.4g}", it.unit, f"{sign} {it.must:g}", f"{it.near:g}", holds))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    left = (1, 3)
    return "\n".join(
        "  ".join(
            cell.ljust(width) if n in left else cell.rjust(width) for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )


def save(figures: Sequence[Figure], path: Path = RESULTS) -> None:
    """The same for programs."""
    rows = [asdict(figure) | {"measured": round(figure.measured, 4)} for figure in figures]
    path.write_text(json.dumps(rows, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
