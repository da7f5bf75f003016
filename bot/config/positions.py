"""Reads YAML 1.2 into plain values and records the position of each in the file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
)
from ruamel.yaml.reader import ReaderError

from bot.config.not_yaml import Unreadable, said

MAX_DEPTH = 64
MAX_VALUES = 50_000
"""The number of values a file may hold with its aliases expanded; more is an alias bomb, not a configuration."""

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """A range of characters in the text: from `start` up to, but not including, `end`."""

    start: int
    end: int


@dataclass(slots=True)
class Node:
    """A value of the file. `value` is a scalar (its text in `raw`), a list of Nodes, or a dict of key to Node."""

    span: Span
    value: Any = None
    raw: str = ""
    keys: dict[str, Span] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Twin:
    """A duplicate key in a mapping; the first one counts."""

    key: str
    span: Span
    first: Span


def parse(text: str) -> tuple[Node | None, list[Twin]]:
    """Parse one document. Returns its top value (None if it is empty) and its duplicate keys. Raises Unreadable for invalid YAML,
    tags, too deep nesting and too many values."""
    composer = _Composer()
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            composer.take(event)
    except ReaderError as error:
        raise Unreadable("X006", error.position, "there is a character in the file that text does not have") from error
    except MarkedYAMLError as error:
        raise said(error, text) from error
    except (YAMLError, ValueError, IndexError, AttributeError, AssertionError) as error:
        raise Unreadable("X006", 0, "the file is not YAML") from error
    if composer.top is not None:
        _refuse_bombs(composer.top)
    return composer.top, composer.twins


class _Composer:
    """Builds Nodes from events without recursion, so that deep nesting cannot exhaust the stack."""

    def __init__(self) -> None:
        self.top: Node | None = None
        self.twins: list[Twin] = []
        self._documents = 0
        self._events = 0
        self._open: list[Node] = []
        self._waiting: list[Node | None] = []  # for each open mapping, the key whose value comes next
        self._anchors: dict[str, Node] = {}

    def take(self, event: Event) -> None:
        start, end = event.start_mark.index, event.end_mark.index
        self._events += 1
        if self._events > 2 * MAX_VALUES:
            raise Unreadable("X004", start, f"the file holds more than {MAX_VALUES:,} values", "is this the right file?")
        if isinstance(event, DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise Unreadable("X006", start, "a second document begins here", "keep one, and remove the line ---")
        elif isinstance(event, NodeEvent):
            if getattr(event, "ctag", None) or getattr(event, "tag", None):
                raise Unreadable(
                    "X006", start, "tags (words that begin with !) are not used here", "remove the tag, or quote the text"
                )
            self._begin(event, Span(start, max(end, start)))
        elif isinstance(event, SequenceEndEvent | MappingEndEvent):
            node = self._open.pop()
            self._waiting.pop()
            node.span = Span(node.span.start, end)

    def _begin(self, event: NodeEvent, span: Span) -> None:
        if isinstance(event, AliasEvent):
            if event.anchor not in self._anchors:
                raise Unreadable("X006", span.start, f"*{event.anchor} names no anchor above it", "quote a text that begins with *")
            self._add(self._anchors[event.anchor], span)
            return
        node = Node(span)
        if isinstance(event, ScalarEvent):
            node.raw = event.value
            node.value = scalar(event.value) if event.implicit[0] and event.style is None else event.value
        else:
            node.value = {} if isinstance(event, MappingStartEvent) else []
        if event.anchor:
            self._anchors[event.anchor] = node
        self._add(node, span)
        if not isinstance(event, ScalarEvent):
            if len(self._open) == MAX_DEPTH:
                raise Unreadable(
                    "X004", span.start, f"values are nested deeper than {MAX_DEPTH} levels", "nothing here needs more than six"
                )
            self._open.append(node)
            self._waiting.append(None)

    def _add(self, node: Node, span: Span) -> None:
        if not self._open:
            self.top = node
            return
        parent = self._open[-1]
        if isinstance(parent.value, list):
            parent.value.append(node)
        elif (key := self._waiting[-1]) is None:
            if isinstance(node.value, list | dict):
                raise Unreadable("X006", span.start, "a key must be a single word", "quote a text that begins with [ or {")
            self._waiting[-1] = Node(span, raw=node.raw)
        else:
            self._waiting[-1] = None
            if key.raw in parent.value:
                self.twins.append(Twin(key.raw, key.span, parent.keys[key.raw]))
            else:
                parent.value[key.raw] = node
                parent.keys[key.raw] = key.span


def scalar(text: str) -> str | int | float | bool | None:
    """Resolve a plain scalar by YAML 1.2's core schema: 21:30, NO, on and dates stay text.

    So do numbers that would not round-trip, such as 007 and 1.50; pydantic converts them where a number is expected.
    """
    if text in {"", "~", "null", "Null", "NULL"}:
        return None
    if text in {"true", "True", "TRUE", "false", "False", "FALSE"}:
        return text.lower() == "true"
    if re.fullmatch(r"[-+]?[0-9]{1,18}", text):
        return int(text) if str(int(text)) == text else text
    if re.fullmatch(r"[-+]?(\.[0-9]{1,40}|[0-9]{1,40}(\.[0-9]{0,40})?)([eE][-+]?[0-9]{1,3})?", text):
        return float(text) if str(float(text)) == text else text
    return text


def walk(node: Node, path: Path = ()) -> Iterator[tuple[Path, Node]]:
    """Yield `node` and every value below it with its path, in file order."""
    yield path, node
    if isinstance(node.value, dict):
        for key, child in node.value.items():
            yield from walk(child, (*path, key))
    elif isinstance(node.value, list):
        for index, child in enumerate(node.value):
            yield from walk(child, (*path, index))


def plain(node: Node, texts: Mapping[Path, str], path: Path = ()) -> Any:
    """Returns the value without positions. A scalar whose path is in `texts` is replaced by that text."""
    if isinstance(node.value, dict):
        return {key: plain(child, texts, (*path, key)) for key, child in node.value.items()}
    if isinstance(node.value, list):
        return [plain(child, texts, (*path, index)) for index, child in enumerate(node.value)]
    return texts.get(path, node.value)


def _refuse_bombs(top: Node) -> None:
    """Raise Unreadable for aliases that contain themselves or grow exponentially."""
    stack, seen = [(top, 1)], 0
    while stack:
        node, depth = stack.pop()
        seen += 1
        if depth > MAX_DEPTH + 1 or seen > MAX_VALUES:
            why = f"with its aliases (*name) written out, the file is over {MAX_DEPTH} levels deep or {MAX_VALUES:,} values long"
            raise Unreadable("X004", node.span.start, why, "write the values out, without * and &")
        children = node.value.values() if isinstance(node.value, dict) else node.value if isinstance(node.value, list) else ()
        stack += [(child, depth + 1) for child in children]
