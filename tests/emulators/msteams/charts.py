"""Teams' charts, which no published schema covers: what they may hold, and what a client without charts shows instead."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]
GROUPED = "Chart.VerticalBar.Grouped"
_KEYS = {"type", "id", "title", "data", "stacked", "xAxisTitle", "yAxisTitle", "colorSet", "fallback", "spacing", "separator"}


def is_chart(node: Any) -> bool:
    return isinstance(node, dict) and str(node.get("type", "")).startswith("Chart.")


def left_out(node: Any) -> Any:
    """Returns the node with each chart replaced by its `fallback`, or removed."""
    if isinstance(node, dict):
        return {key: left_out(value) for key, value in node.items()}
    if isinstance(node, list):
        shown = [each.get("fallback") if is_chart(each) else each for each in node]
        return [left_out(each) for each in shown if each != "drop"]
    return node


def problems(node: Json) -> Iterator[str]:
    """Yields what is wrong with a chart; nothing for other nodes."""
    if not is_chart(node):
        return
    if node["type"] != GROUPED:
        yield "this chart is not emulated"
        return
    if unknown := sorted(node.keys() - _KEYS):
        yield f"unknown: {', '.join(unknown)}"
    if node.get("fallback") != "drop" and not isinstance(node.get("fallback"), dict):
        yield "needs a fallback for clients that draw no charts"
    if not str(node.get("title", "")).strip():
        yield "has no title"
    data = node.get("data")
    if not isinstance(data, list) or not data:
        yield "data must be a list of series"
        return
    yield from (why for series in data for why in _series(series))
    if len({tuple(_axis(series)) for series in data}) != 1:
        yield "each series must have the same places"


def _axis(series: Any) -> list[str]:
    values = series.get("values") if isinstance(series, dict) else None
    return [str(value.get("x")) for value in values if isinstance(value, dict)] if isinstance(values, list) else []


def _series(series: Any) -> Iterator[str]:
    if not isinstance(series, dict) or series.keys() != {"legend", "values"} or not str(series["legend"]).strip():
        yield "a series is a legend with values"
        return
    for value in series["values"]:
        right = isinstance(value, dict) and value.keys() == {"x", "y"} and isinstance(value["x"], str)
        if not right or type(value["y"]) not in (int, float) or value["y"] < 0:
            yield f"{value!r} is not a place with a number"
