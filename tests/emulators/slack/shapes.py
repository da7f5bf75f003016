"""Small checks of raw JSON that together describe a Block Kit object; each reports problems with a JSON pointer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from slackblocks import _limits as limits


@dataclass
class Notes:
    """The problems of one payload, and what was collected on the way: ids in use, characters of text."""

    problems: list[str] = field(default_factory=list)
    block_ids: set[str] = field(default_factory=set)
    action_ids: set[str] = field(default_factory=set)
    characters: int = 0

    def wrong(self, at: str, why: str) -> None:
        self.problems.append(f"{why} [json-pointer:{at or '/'}]")


Check = Callable[[Notes, str, Any], None]


@dataclass(frozen=True)
class Shape:
    """The keys an object may have, with the check of each; `required` ones must be present. Any other key is an error."""

    keys: Mapping[str, Check]
    required: frozenset[str] = frozenset()
    also: Check | None = None

    def __call__(self, notes: Notes, at: str, value: Any) -> None:
        if not isinstance(value, dict):
            notes.wrong(at, "must be an object")
            return
        for key in sorted(self.required - value.keys()):
            notes.wrong(at, f"missing required field: {key}")
        for key, part in value.items():
            check = self.keys.get(key)
            if check is None:
                notes.wrong(f"{at}/{key}", f"unknown field: {key}")
            else:
                check(notes, f"{at}/{key}", part)
        if self.also:
            self.also(notes, at, value)


def shape(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None, also: Check | None = None) -> Shape:
    return Shape({**required, **(optional or {})}, frozenset(required), also)


def typed(kinds: Mapping[str, Check], what: str) -> Check:
    """An object whose `type` is one of `kinds`."""

    def check(notes: Notes, at: str, value: Any) -> None:
        kind = value.get("type") if isinstance(value, dict) else None
        if not isinstance(kind, str) or kind not in kinds:
            notes.wrong(at, f"{kind!r} is not one of the {what} allowed here: {', '.join(sorted(kinds))}")
        else:
            kinds[kind](notes, at, value)

    return check


def string(longest: int, shortest: int = 1) -> Check:
    def check(notes: Notes, at: str, value: Any) -> None:
        if not isinstance(value, str):
            notes.wrong(at, "must be a string")
        elif len(value) > longest:
            notes.wrong(at, f"must be at most {longest} characters, has {len(value)}")
        elif len(value) < shortest or (shortest and not value.strip()):
            notes.wrong(at, f"must be at least {shortest} characters and not blank")

    return check


def text(longest: int, shortest: int = 1, *, kinds: tuple[str, ...] = ("plain_text", "mrkdwn")) -> Check:
    """A text object. Its characters count towards the payload's sum."""
    inner = string(longest, shortest)

    def check(notes: Notes, at: str, value: Any) -> None:
        if not isinstance(value, dict) or value.get("type") not in kinds:
            notes.wrong(f"{at}/type", f"must be a text object of type {' or '.join(kinds)}")
            return
        inner(notes, f"{at}/text", value.get("text"))
        notes.characters += len(value["text"]) if isinstance(value.get("text"), str) else 0
        allowed = {"type", "text", "emoji" if value["type"] == "plain_text" else "verbatim"}
        for key in sorted(value.keys() - allowed):
            notes.wrong(f"{at}/{key}", f"unknown field: {key} in a {value['type']} object")
        for key in ("emoji", "verbatim"):
            if key in value and not isinstance(value[key], bool):
                notes.wrong(f"{at}/{key}", "must be true or false")

    return check


def plain(longest: int, shortest: int = 1) -> Check:
    return text(longest, shortest, kinds=("plain_text",))


def one_of(*values: str) -> Check:
    def check(notes: Notes, at: str, value: Any) -> None:
        if value not in values:
            notes.wrong(at, f"must be one of: {', '.join(values)}")

    return check


def listing(item: Check, most: int, least: int = 1) -> Check:
    def check(notes: Notes, at: str, value: Any) -> None:
        if not isinstance(value, list):
            notes.wrong(at, "must be a list")
            return
        if not least <= len(value) <= most:
            notes.wrong(at, f"must have {least} to {most} items, has {len(value)}")
        for number, part in enumerate(value):
            item(notes, f"{at}/{number}", part)

    return check


def number(low: float, high: float) -> Check:
    def check(notes: Notes, at: str, value: Any) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            notes.wrong(at, f"must be a number from {low:g} to {high:g}")

    return check


def boolean(notes: Notes, at: str, value: Any) -> None:
    if not isinstance(value, bool):
        notes.wrong(at, "must be true or false")


def url(longest: int = 3000) -> Check:
    inner = string(longest)

    def check(notes: Notes, at: str, value: Any) -> None:
        inner(notes, at, value)
        if isinstance(value, str) and not value.startswith(("http://", "https://", "mailto:", "tel:", "slack://")):
            notes.wrong(at, "must be a URL")

    return check


def block_id(notes: Notes, at: str, value: Any) -> None:
    """At most 255 characters, not empty, unique in a payload."""
    string(limits.BLOCK_ID_MAX_LENGTH)(notes, at, value)
    if isinstance(value, str) and value in notes.block_ids:
        notes.wrong(at, f"block_id {value!r} is used twice")
    notes.block_ids.add(str(value))


def action_id(notes: Notes, at: str, value: Any) -> None:
    """At most 255 characters, not empty, unique in a payload (Slack requires it per block; this is stricter)."""
    string(limits.ACTION_ID_MAX_LENGTH)(notes, at, value)
    if isinstance(value, str) and value in notes.action_ids:
        notes.wrong(at, f"action_id {value!r} is used twice")
    notes.action_ids.add(str(value))


def anything(_notes: Notes, _at: str, _value: Any) -> None:
    """For `type`, which was checked when the shape was chosen."""


def walk(node: Any) -> Iterator[dict[str, Any]]:
    """Yields every object inside a JSON value, outermost first, in reading order."""
    if isinstance(node, dict):
        yield node
        for part in node.values():
            yield from walk(part)
    elif isinstance(node, list):
        for part in node:
            yield from walk(part)
