"""Strict validation of a message's blocks and of whole views, on the raw JSON from the wire.

Blocks the emulator does not know are refused, so that nothing unchecked passes.
"""

from __future__ import annotations

import json
from typing import Any

from slackblocks import _limits as limits

from tests.emulators.slack.elements import in_actions, in_context, in_context_actions, in_input, in_section
from tests.emulators.slack.rich import RICH_BLOCKS
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
    plain,
    shape,
    string,
    text,
    typed,
    url,
)

MOST_CHARACTERS = 12_000
"""The limit on the sum of text over all blocks. Slack's own figure is undocumented and close to this."""
MOST_VIEW_BYTES = 250_000


def _section_says_something(notes: Notes, at: str, block: Any) -> None:
    if "text" not in block and "fields" not in block:
        notes.wrong(at, "a section needs text or fields")


def _block(required: dict[str, Check], optional: dict[str, Check] | None = None, also: Check | None = None) -> Shape:
    return shape({"type": anything, **required}, {"block_id": block_id, **(optional or {})}, also)


BLOCKS: dict[str, Shape] = {
    **RICH_BLOCKS,
    "divider": _block({}),
    "header": _block({"text": plain(limits.HEADER_TEXT_MAX_LENGTH)}, {"level": number(1, 4)}),
    "section": _block(
        {},
        {
            "text": text(limits.SECTION_TEXT_MAX_LENGTH),
            "fields": listing(text(limits.SECTION_FIELDS_ITEM_MAX_LENGTH), limits.SECTION_FIELDS_MAX_ITEMS),
            "accessory": in_section,
            "expand": boolean,
        },
        _section_says_something,
    ),
    "context": _block({"elements": listing(in_context, limits.CONTEXT_ELEMENTS_MAX_ITEMS)}),
    "context_actions": _block({"elements": listing(in_context_actions, limits.CONTEXT_ACTIONS_ELEMENTS_MAX_ITEMS)}),
    "actions": _block({"elements": listing(in_actions, limits.ACTIONS_ELEMENTS_MAX_ITEMS)}),
    "image": _block(
        {"image_url": url(limits.IMAGE_IMAGE_URL_MAX_LENGTH), "alt_text": string(limits.IMAGE_ALT_TEXT_MAX_LENGTH)},
        {"title": plain(limits.IMAGE_TITLE_MAX_LENGTH)},
    ),
    "input": _block(
        {"label": plain(limits.INPUT_LABEL_MAX_LENGTH), "element": in_input},
        {"hint": plain(limits.INPUT_HINT_MAX_LENGTH), "optional": boolean, "dispatch_action": boolean},
    ),
}

_everywhere = {"actions", "context", "divider", "header", "image", "input", "rich_text", "section"}
SURFACES: dict[str, set[str]] = {
    "message": (_everywhere - {"input"}) | {"context_actions", "data_visualization", "markdown", "table"},
    "modal": _everywhere | {"alert"},
    "home": _everywhere | {"data_visualization", "table"},
}


def check_blocks(blocks: Any, surface: str, notes: Notes | None = None, at: str = "/blocks") -> Notes:
    """Returns what is wrong with `blocks` on a surface (`message`, `modal` or `home`), and how much text they hold."""
    notes = notes or Notes()
    most = limits.MESSAGE_BLOCKS_MAX_ITEMS if surface == "message" else limits.VIEW_BLOCKS_MAX_ITEMS
    allowed = typed({kind: BLOCKS[kind] for kind in SURFACES[surface]}, f"blocks of a {surface}")
    listing(allowed, most)(notes, at, blocks)
    kinds = [block.get("type") for block in blocks if isinstance(block, dict)] if isinstance(blocks, list) else []
    if kinds.count("data_visualization") > limits.MESSAGE_DATA_VISUALIZATIONS_MAX_ITEMS:
        notes.wrong(at, "at most 2 charts")
    if kinds.count("table") > 1:
        notes.wrong(at, "only one table is allowed")
    return notes


_ident = string(limits.VIEW_CALLBACK_ID_MAX_LENGTH)
_shared: dict[str, Check] = {
    "private_metadata": string(limits.VIEW_PRIVATE_METADATA_MAX_LENGTH, 0),
    "callback_id": _ident,
    "external_id": _ident,
}
_VIEWS: dict[str, Shape] = {
    "modal": shape(
        {"type": one_of("modal"), "title": plain(limits.VIEW_TITLE_MAX_LENGTH), "blocks": anything},
        {
            **_shared,
            "submit": plain(limits.VIEW_SUBMIT_MAX_LENGTH),
            "close": plain(limits.VIEW_CLOSE_MAX_LENGTH),
            "clear_on_close": boolean,
            "notify_on_close": boolean,
            "submit_disabled": boolean,
        },
    ),
    "home": shape({"type": one_of("home"), "blocks": anything}, _shared),
}


def check_view(view: Any, surface: str) -> Notes:
    """Returns what is wrong with a whole view payload; `surface` is `modal` or `home`."""
    notes = Notes()
    _VIEWS[surface](notes, "/view", view)
    if not isinstance(view, dict):
        return notes
    blocks = view.get("blocks")
    check_blocks(blocks, surface, notes, "/view/blocks")
    asks = isinstance(blocks, list) and any(isinstance(block, dict) and block.get("type") == "input" for block in blocks)
    if surface == "modal" and asks and "submit" not in view:
        notes.wrong("/view/submit", "a modal with an input needs a submit")
    if surface == "home" and asks:
        notes.wrong("/view/blocks", "an input in App Home is never sent; this bot wants none there")
    if len(json.dumps(view).encode()) > MOST_VIEW_BYTES:
        notes.wrong("/view", "the view is over 250 kB")
    return notes
