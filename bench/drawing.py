"""Draws time series as SVG: small charts below one another, each with its axis from zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDE, HIGH, LEFT, GAP = 640, 70, 56, 34
STROKES = ("#1f5fa8", "#b4530a", "#2f7d32", "#7a3fa0")


@dataclass(frozen=True, slots=True)
class Chart:
    """One or more lines over the same minutes."""

    title: str
    minutes: Sequence[float]
    lines: Sequence[Sequence[float]]


def charts(some: Sequence[Chart]) -> str:
    """Returns one SVG with all charts."""
    high = len(some) * (HIGH + GAP) + 8
    parts = [_one(chart, n * (HIGH + GAP) + 20) for n, chart in enumerate(some)]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDE + LEFT + 16}" height="{high}" font-family="sans-serif" font-size="11">'
    return "\n".join([head, '<rect width="100%" height="100%" fill="#fff"/>', *parts, "</svg>", ""])


def _one(chart: Chart, top: int) -> str:
    most = max(max(line) for line in chart.lines) or 1
    last = chart.minutes[-1] or 1
    lines = [_line(chart.minutes, line, top, most, last, STROKES[n % len(STROKES)]) for n, line in enumerate(chart.lines)]
    frame = f'<path d="M{LEFT} {top}V{top + HIGH}H{LEFT + WIDE}" fill="none" stroke="#999"/>'
    words = [
        f'<text x="{LEFT}" y="{top - 6}" font-weight="bold">{escape(chart.title)}</text>',
        f'<text x="{LEFT - 4}" y="{top + 10}" text-anchor="end">{most:,.4g}</text>',
        f'<text x="{LEFT - 4}" y="{top + HIGH}" text-anchor="end">0</text>',
        f'<text x="{LEFT + WIDE}" y="{top + HIGH - 4}" text-anchor="end" fill="#666">{last:.0f} min</text>',
    ]
    return "\n".join([frame, *lines, *words])


def _line(minutes: Sequence[float], values: Sequence[float], top: int, most: float, last: float, stroke: str) -> str:
    points = " ".join(
        f"{LEFT + at / last * WIDE:.1f},{top + HIGH - value / most * HIGH:.1f}" for at, value in zip(minutes, values, strict=True)
    )
    return f'<polyline points="{points}" fill="none" stroke="{stroke}" stroke-width="1.5"/>'
