"""Parses a body as JSON, or as a form, within limits: strict UTF-8, shallow nesting, no duplicate keys."""

from __future__ import annotations

import json
from collections import Counter
from itertools import accumulate
from typing import Any
from urllib.parse import parse_qsl

DEEPEST = 64
"""The deepest nesting of arrays and objects."""

MOST_FIELDS = 100
"""The most fields of a form."""

_UP_AND_DOWN = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")  # as signed bytes: 1 and -1
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


class Unreadable(ValueError):
    """The body is not JSON that we accept. The text says why in one clause, for the sender only: it may quote a key."""


def read(body: bytes) -> Any:
    """Returns the JSON value in `body`. Raises Unreadable; deep nesting is refused before the parser could recurse into it."""
    if body.count(b"[") + body.count(b"{") > DEEPEST and _is_deep(body):
        raise Unreadable(f"it is nested deeper than {DEEPEST}")
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise Unreadable("it is not UTF-8") from None
    try:
        return _DECODER.decode(text.removeprefix("\ufeff"))
    except json.JSONDecodeError as error:
        raise Unreadable(f"{error.msg.lower()} at line {error.lineno}, column {error.colno}") from None
    except Unreadable:
        raise
    except ValueError:  # Python's own guard against integers with thousands of digits
        raise Unreadable("a number in it has too many digits") from None


def read_form(body: bytes) -> dict[str, str]:
    """Returns the fields of a URL-encoded form. Raises Unreadable."""
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=MOST_FIELDS
        )
    except ValueError:
        raise Unreadable("it is not a form") from None
    return _object(pairs)


def _is_deep(body: bytes) -> bool:
    """Returns whether brackets outside strings ever nest deeper than DEEPEST, counted without a Python loop over the bytes."""
    outside_texts = b"".join(body.replace(rb"\\", b"").replace(rb"\"", b"").split(b'"')[::2])
    steps = memoryview(outside_texts.translate(_UP_AND_DOWN, _NO_BRACKETS)).cast("b")
    return max(accumulate(steps), default=0) > DEEPEST


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        [(twice, _)] = Counter(name for name, _ in pairs).most_common(1)
        raise Unreadable(f"the key {twice[:80]!r} appears twice in one object")
    return found


def _constant(name: str) -> float:
    raise Unreadable(f"{name} is not a JSON number")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant)
