"""The shapes of blocks that hold prose or data: rich_text, table, markdown, alert and the native charts."""

from __future__ import annotations

from typing import Any

from slackblocks import _limits as limits

from tests.emulators.slack.shapes import (
    Check,
    Notes,
    Shape,
    anything,
    block_id,
    boolean,
    listing,
    number,
    one_of,
    shape,
    string,
    text,
    typed,
    url,
)

_style = shape(
    {}, dict.fromkeys(("bold", "italic", "strike", "code", "underline", "highlight", "client_highlight", "unlink"), boolean)
)
_border: dict[str, Check] = {"border": number(0, limits.RICH_TEXT_LIST_BORDER_MAX)}


def _counted(longest: int) -> Check:
    """A bare string that people read; its characters count towards the payload's sum."""
    inner = string(longest)

    def check(notes: Notes, at: str, value: Any) -> None:
        inner(notes, at, value)
        notes.characters += len(value) if isinstance(value, str) else 0

    return check


def _span(required: dict[str, Check], optional: dict[str, Check] | None = None) -> Shape:
    return shape({"type": anything, **required}, {"style": _style, **(optional or {})})


def _some_text(notes: Notes, at: str, value: Any) -> None:
    """A span of rich text may be white space, but not empty."""
    if not isinstance(value, str) or not value:
        notes.wrong(at, "must be a string that is not empty")
    else:
        notes.characters += len(value)


_span_of = typed(
    {
        "text": _span({"text": _some_text}),
        "link": _span({"url": url()}, {"text": _some_text, "unsafe": boolean}),
        "user": _span({"user_id": string(20)}),
        "channel": _span({"channel_id": string(20)}),
        "usergroup": _span({"usergroup_id": string(20)}),
        "broadcast": _span({"range": one_of("here", "channel", "everyone")}),
        "emoji": _span({"name": string(100)}, {"skin_tone": number(1, 6), "unicode": string(40)}),
        "date": _span({"timestamp": number(0, 9999999999), "format": string(200)}, {"url": url(), "fallback": string(200)}),
    },
    "rich text elements",
)
_spans = listing(_span_of, 1000)
_section = shape({"type": anything, "elements": _spans})
_part = typed(
    {
        "rich_text_section": _section,
        "rich_text_quote": shape({"type": anything, "elements": _spans}, _border),
        "rich_text_preformatted": shape({"type": anything, "elements": _spans}, {**_border, "language": string(40)}),
        "rich_text_list": shape(
            {
                "type": anything,
                "elements": listing(typed({"rich_text_section": _section}, "list items"), 100),
                "style": one_of("bullet", "ordered"),
            },
            {**_border, "indent": number(0, limits.RICH_TEXT_LIST_INDENT_MAX), "offset": number(0, 10000)},
        ),
    },
    "rich text parts",
)
_rich_cell = shape({"type": anything, "elements": listing(_part, 100)})
_cell = typed({"raw_text": shape({"type": anything, "text": _counted(3000)}), "rich_text": _rich_cell}, "cells")
_column = shape({}, {"align": one_of("left", "center", "right"), "is_wrapped": boolean})

_point = shape({"label": string(limits.DATA_VISUALIZATION_POINT_LABEL_MAX_LENGTH), "value": number(-1e15, 1e15)})
_series = shape(
    {
        "name": string(limits.DATA_VISUALIZATION_SERIES_NAME_MAX_LENGTH),
        "data": listing(_point, limits.DATA_VISUALIZATION_DATA_MAX_ITEMS),
    }
)
_axis = shape(
    {
        "categories": listing(
            string(limits.DATA_VISUALIZATION_CATEGORY_LABEL_MAX_LENGTH), limits.DATA_VISUALIZATION_CATEGORIES_MAX_ITEMS
        )
    },
    {key: string(limits.DATA_VISUALIZATION_AXIS_LABEL_MAX_LENGTH) for key in ("x_label", "y_label")},
)


def _points_match_categories(notes: Notes, at: str, chart: Any) -> None:
    axis = chart.get("axis_config")
    categories = axis.get("categories") if isinstance(axis, dict) else None
    several = chart.get("series")
    for place, series in enumerate(several if isinstance(several, list) else []):
        data = series.get("data") if isinstance(series, dict) else None
        if isinstance(data, list) and [part.get("label") for part in data if isinstance(part, dict)] != categories:
            notes.wrong(f"{at}/series/{place}/data", "the labels of the points are not the categories, in their order")


_lines = shape(
    {"type": anything, "series": listing(_series, limits.DATA_VISUALIZATION_SERIES_MAX_ITEMS), "axis_config": _axis},
    also=_points_match_categories,
)
_segment = shape({"label": string(limits.DATA_VISUALIZATION_SEGMENT_LABEL_MAX_LENGTH), "value": number(1e-9, 1e15)})
_pie = shape({"type": anything, "segments": listing(_segment, limits.DATA_VISUALIZATION_SEGMENTS_MAX_ITEMS)})

RICH_BLOCKS: dict[str, Shape] = {
    "rich_text": shape({"type": anything, "elements": listing(_part, 100)}, {"block_id": block_id}),
    "markdown": shape({"type": anything, "text": _counted(limits.MARKDOWN_TEXT_MAX_LENGTH)}, {"block_id": block_id}),
    "alert": shape(
        {"type": anything, "text": text(limits.ALERT_TEXT_MAX_LENGTH)},
        {"block_id": block_id, "level": one_of("default", "info", "warning", "error", "success")},
    ),
    "table": shape(
        {"type": anything, "rows": listing(listing(_cell, limits.TABLE_COLUMNS_MAX_ITEMS), limits.TABLE_ROWS_MAX_ITEMS)},
        {"block_id": block_id, "column_settings": listing(_column, limits.TABLE_COLUMN_SETTINGS_MAX_ITEMS)},
    ),
    "data_visualization": shape(
        {
            "type": anything,
            "title": _counted(limits.DATA_VISUALIZATION_TITLE_MAX_LENGTH),
            "chart": typed({"pie": _pie, "bar": _lines, "area": _lines, "line": _lines}, "charts"),
        },
        {"block_id": block_id},
    ),
}
