"""Lays a chart out as stacked bars for the template to draw. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.cards import Chart

WIDTH, HEIGHT, FOOT, HEAD = 320, 128, 18, 14
"""The size of the drawing, in its own units. FOOT is for the labels below the bars, HEAD for the totals above."""
GAP = 8


@dataclass(frozen=True, slots=True)
class Bar:
    """One part of a bar. `nth` is the number of its series, from 1: each series has its own pattern, not only a colour."""

    x: float
    y: float
    width: float
    height: float
    nth: int


@dataclass(frozen=True, slots=True)
class Bars:
    """The drawing: its parts, the labels below and totals above each bar, and the names of the series."""

    title: str
    twin: str
    parts: tuple[Bar, ...]
    labels: tuple[tuple[float, str], ...]
    totals: tuple[tuple[float, float, int], ...]
    names: tuple[str, ...]
    width: int = WIDTH
    height: int = HEIGHT


def bars(chart: Chart) -> Bars:
    """Lay a chart out. The tallest bar fills the height; a label is reduced to its last word, for lack of room."""
    columns = list(zip(*(values for _name, values in chart.series), strict=True))
    tallest = max((sum(column) for column in columns), default=0) or 1
    room, step = HEIGHT - FOOT - HEAD, WIDTH / max(1, len(chart.labels))
    parts: list[Bar] = []
    totals = []
    for place, column in enumerate(columns):
        top = HEIGHT - FOOT
        for nth, value in enumerate(column, 1):
            height = room * value / tallest
            top = top - height
            if value:
                parts.append(Bar(round(place * step + GAP / 2, 1), round(top, 1), round(step - GAP, 1), round(height, 1), nth))
        totals.append((round((place + 0.5) * step, 1), round(top - 4, 1), sum(column)))
    labels = tuple((round((place + 0.5) * step, 1), label.split()[-1]) for place, label in enumerate(chart.labels))
    return Bars(chart.title, chart.twin, tuple(parts), labels, tuple(totals), tuple(name for name, _values in chart.series))
