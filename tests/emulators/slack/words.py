"""Blocks and text as people read them, in plain lines, and the markup in them that Slack would make live."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from tests.emulators.slack.shapes import walk

Names = Callable[[str], str]
"""Maps a user id to the name people see."""

_TOKEN = re.compile(r"<([^<>]*)>")
_BARE = re.compile(r"(?:https?://|www\.)[^\s<>|]+|(?<![\w<&;])@(?:here|channel|everyone)\b", re.IGNORECASE)
_MARKDOWN_LINK = re.compile(r"\[[^\]]*\]\([^)]*\)")
_LABELLED = ("button", "workflow_button", "icon_button")


def unescape(text: str) -> str:
    """Slack knows exactly three entities."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def read(text: str, names: Names) -> str:
    """Returns mrkdwn as people read it: mentions by name, links as label (address), dates as their fallback, entities resolved."""

    def token(match: re.Match[str]) -> str:
        target, bar, label = match[1].partition("|")
        if target.startswith("!date"):
            return label
        if target.startswith("@"):
            return f"@{label or names(target[1:])}"
        if target.startswith(("!", "#")):
            return label or target.replace("!", "@")
        return f"{label} ({target})" if bar else target

    return unescape(_TOKEN.sub(token, text))


def lines(blocks: list[dict[str, Any]], names: Names) -> list[str]:
    """Returns the blocks as people read them, at least one line per block. Buttons are shown in [ ], menus in ( )."""
    return [line for block in blocks for line in _block_lines(block, names) if line]


def _block_lines(block: dict[str, Any], names: Names) -> Iterator[str]:
    kind = block.get("type")
    if kind == "divider":
        yield "---"
    elif kind in ("markdown", "header", "alert"):
        yield _text(block["text"], names)
    elif kind == "section":
        yield _text(block.get("text"), names)
        yield from (_text(part, names) for part in block.get("fields", []))
        yield _element(block.get("accessory"), names)
    elif kind in ("context", "actions", "context_actions"):
        yield "  ".join(_element(part, names) for part in block["elements"])
    elif kind == "image":
        yield _element(block, names)
    elif kind == "input":
        must = "" if block.get("optional") else " (required)"
        yield f"{_text(block['label'], names)}{must}: {_element(block['element'], names)}"
        yield _text(block.get("hint"), names)
    elif kind == "rich_text":
        yield from (_rich(part, names) for part in block["elements"])
    elif kind == "table":
        yield from (" | ".join(_cell(cell, names) for cell in row) for row in block["rows"])
    elif kind == "data_visualization":
        yield f"(chart: {block['title']})"


def _text(part: Any, names: Names) -> str:
    if part is None:
        return ""
    if isinstance(part, str):
        return read(part, names)
    return str(part["text"]) if part["type"] == "plain_text" else read(part["text"], names)


def _element(part: Any, names: Names) -> str:
    if part is None:
        return ""
    kind = part["type"]
    if kind in ("plain_text", "mrkdwn"):
        return _text(part, names)
    if kind in _LABELLED:
        return f"[ {part['text']['text']} ]"
    if kind == "image":
        return f"(image: {part['alt_text']})"
    offered = [_text(option["text"], names) for option in options_of(part)]
    if offered:
        return f"( {' | '.join(offered)} )"
    shown = part.get("initial_value") or part.get("placeholder", {}).get("text") or ""
    return f"____ {shown}".rstrip()


def _rich(part: dict[str, Any], names: Names) -> str:
    kind = part["type"]
    if kind == "rich_text_list":
        return "\n".join(f"• {_rich(item, names)}" for item in part["elements"])
    said = "".join(_span(span, names) for span in part["elements"])
    return "\n".join(f"> {line}" for line in said.split("\n")) if kind == "rich_text_quote" else said


def _span(span: dict[str, Any], names: Names) -> str:
    match span["type"]:
        case "user":
            return f"@{names(span['user_id'])}"
        case "link":
            return f"{span['text']} ({span['url']})" if "text" in span else str(span["url"])
        case "broadcast":
            return f"@{span['range']}"
        case "emoji":
            return f":{span['name']}:"
        case "date":
            return str(span.get("fallback", ""))
        case _:
            return str(span.get("text", ""))


def _cell(cell: dict[str, Any], names: Names) -> str:
    return str(cell["text"]) if cell["type"] == "raw_text" else " ".join(_rich(part, names) for part in cell["elements"])


def options_of(element: dict[str, Any]) -> list[dict[str, Any]]:
    """Returns the options of a menu, radio group or list, with groups flattened."""
    grouped = [option for group in element.get("option_groups", []) for option in group["options"]]
    return [*element.get("options", []), *grouped]


def mrkdwn_of(text: str, blocks: list[dict[str, Any]]) -> list[str]:
    """Returns every string that Slack parses as markup: the text twin, mrkdwn objects (also `verbatim`) and markdown blocks."""
    found = [text] if text else []
    return [*found, *(node["text"] for node in walk(blocks) if node.get("type") in ("mrkdwn", "markdown"))]


def tokens(text: str, blocks: list[dict[str, Any]]) -> list[str]:
    """Returns all markup tokens that Slack makes live, including dates; those of rich text in mrkdwn notation."""
    found = [f"<{inside}>" for part in mrkdwn_of(text, blocks) for inside in _TOKEN.findall(part) if inside]
    for node in walk(blocks):
        match node.get("type"):
            case "markdown":
                found += _MARKDOWN_LINK.findall(node["text"])
            case "user":
                found.append(f"<@{node['user_id']}>")
            case "channel":
                found.append(f"<#{node['channel_id']}>")
            case "usergroup":
                found.append(f"<!subteam^{node['usergroup_id']}>")
            case "broadcast":
                found.append(f"<!{node['range']}>")
            case "link":
                found.append(f"<{node['url']}>")
            case "date":
                found.append(f"<!date^{node['timestamp']}>")
    return found


def bare(text: str, blocks: list[dict[str, Any]]) -> list[str]:
    """Returns bare addresses and @here, which the client may turn into links; not in `verbatim` or plain text."""
    verbatim = {node["text"] for node in walk(blocks) if node.get("type") == "mrkdwn" and node.get("verbatim")}
    return [hit for part in mrkdwn_of(text, blocks) if part not in verbatim for hit in _BARE.findall(_TOKEN.sub(" ", part))]
