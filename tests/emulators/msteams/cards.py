"""Whether Teams would show an Adaptive Card as intended: the schema, and rules beyond the schema."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.emulators.msteams import charts, schema

Json = dict[str, Any]
MOST = 28 * 1024
MOST_TITLE = 24
MOST_BUTTONS = 6
MOST_REFRESHED = 60
_AT = re.compile(r"<at>.*?</at>")
_PICTURE = re.compile(r"https://[^\s\"]+$")


def walk(node: Any, *, fallbacks: bool = False) -> Iterator[Json]:
    """Yields every object in a card that has a type, in reading order; those in fallbacks only on request."""
    if isinstance(node, dict):
        if isinstance(node.get("type"), str):
            yield node
        for key, value in node.items():
            if key not in ("data", "msteams") and (fallbacks or key != "fallback"):
                yield from walk(value, fallbacks=fallbacks)
    elif isinstance(node, list):
        for item in node:
            yield from walk(item, fallbacks=fallbacks)


def size(card: Any) -> int:
    """Returns the size of the card as JSON, in bytes of UTF-8."""
    return len(json.dumps(card, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass"))


def check_card(card: Any) -> list[str]:
    """Returns everything that is wrong with a card, in words; empty if Teams shows it as intended."""
    if not isinstance(card, dict):
        return ["card: must be an object"]
    found = [f"{_name(node)}: {why}" for node in walk(card) for why in charts.problems(node)]
    found += schema.problems(charts.left_out({key: value for key, value in card.items() if key != "msteams"}))
    if found:
        return found
    found += _top(card)
    found += _ids(card)
    for node in walk(card, fallbacks=True):
        found += [f"{_name(node)}: {why}" for why in _node(node)]
    return found


def _name(node: Json) -> str:
    return str(node["type"] + (f" {node['id']!r}" if "id" in node else f" {node['title']!r}" if "title" in node else ""))


def _top(card: Json) -> Iterator[str]:
    if card.get("type") != "AdaptiveCard":
        yield "card: type must be AdaptiveCard"
    if card.get("version") != "1.5":
        yield f"card: must declare version 1.5, not {card.get('version')!r}"
    for key in ("fallbackText", "speak"):
        if not str(card.get(key, "")).strip():
            yield f"card: {key} is missing"
    if size(card) >= MOST:
        yield f"card: {size(card)} bytes; must be under {MOST}"
    refresh = card.get("refresh")
    if refresh is not None and not 0 < len(refresh.get("userIds", ())) <= MOST_REFRESHED:
        yield f"refresh: 1 to {MOST_REFRESHED} userIds"
    if "authentication" in card:
        yield "card: authentication is not emulated"
    yield from _extras(card)


def _extras(card: Json) -> Iterator[str]:
    """Checks the members that only Teams defines."""
    extras = card.get("msteams", {})
    unknown = set(extras) - {"width", "entities"} if isinstance(extras, dict) else {"not an object"}
    if unknown:
        yield f"msteams: unknown: {', '.join(sorted(unknown))}"
    elif extras.get("width", "Full") != "Full":
        yield "msteams: width must be Full"
    else:
        told = [entity.get("text") for entity in extras.get("entities", ())]
        mentioned = [at for node in walk(card) if node["type"] == "TextBlock" for at in _AT.findall(node["text"])]
        yield from (f"msteams: {at} has no mention entity" for at in mentioned if at not in told)
        yield from (f"msteams: the mention {text} is nowhere in the text" for text in told if text not in mentioned)


def _ids(card: Json) -> Iterator[str]:
    seen: set[str] = set()
    for node in walk(card):
        id = node.get("id")
        if id in seen:
            yield f"{_name(node)}: this id is used twice"
        if id is not None:
            seen.add(id)


def _node(node: Json) -> Iterator[str]:
    kind = node["type"]
    if kind.startswith("Action."):
        yield from _action(node)
    elif kind.startswith("Input."):
        yield from _input(node)
    elif kind == "AdaptiveCard":
        if node.get("version", "1.5") != "1.5":
            yield "a card inside must not declare another version"
        if sum(action.get("mode") != "secondary" for action in node.get("actions", ())) > MOST_BUTTONS:
            yield f"at most {MOST_BUTTONS} buttons"
    elif kind == "TextBlock":
        if not node["text"].strip():
            yield "says nothing"
        if len(node["text"]) > MOST_TITLE and node.get("wrap") is not True:
            yield "is cut after one line: wrap is not set"
    elif kind == "Image":
        if not _PICTURE.match(node["url"]):
            yield "the address must be https, and no data"
        if not node.get("altText"):
            yield "has no altText"
    elif kind == "Media":
        yield "Teams shows no media"


def _action(action: Json) -> Iterator[str]:
    title = action.get("title", "")
    if not title.strip():
        yield "has no title"
    if len(title) > MOST_TITLE:
        yield f"the title has {len(title)} characters; at most {MOST_TITLE}"
    if str(action.get("style", "default")).casefold() != "default":
        yield "Teams styles no buttons: leave style out"
    if action["type"] in ("Action.Execute", "Action.Submit") and not isinstance(action.get("data", {}), dict):
        yield "data must be an object"
    elif action["type"] == "Action.Submit":
        if not action.get("data"):
            yield "says nothing to the bot: data is missing"
        hidden = action.get("data", {}).get("msteams", {"feedback": {"hide": True}})
        if hidden not in ({"feedback": {"hide": True}}, {"feedback": {"hide": False}}):
            yield "of data.msteams only feedback.hide is emulated"
    elif action["type"] == "Action.Execute":
        yield from _execute(action)


def _execute(action: Json) -> Iterator[str]:
    if not action.get("verb", "").strip():
        yield "has no verb"
    if "msteams" in action.get("data", {}):
        yield "dialogs are not emulated: data.msteams"
    fallback = action.get("fallback")
    if not isinstance(fallback, dict) or fallback.get("type") != "Action.Submit":
        yield "needs a fallback Action.Submit for older clients"
    elif fallback.get("title") != action.get("title"):
        yield "the fallback has another title"


def _input(field: Json) -> Iterator[str]:
    if not str(field.get("label", "")).strip():
        yield "has no label"
    if field.get("isRequired") and not field.get("errorMessage", "").strip():
        yield "is required without an errorMessage"
    if field["type"] == "Input.ChoiceSet":
        values = [choice["value"] for choice in field.get("choices", ())]
        if not values:
            yield "offers nothing to choose"
        if len(set(values)) < len(values):
            yield "two choices have the same value"
        if any("," in value for value in values):
            yield "a value with a comma cannot be told from two"
        started = [value for value in field.get("value", "").split(",") if value]
        if not set(started) <= set(values):
            yield "starts with a value that is no choice"
    if field["type"] == "Input.Text":
        try:
            re.compile(field.get("regex", ""))
        except re.error as error:
            yield f"regex: {error}"
        if len(field.get("value", "")) > field.get("maxLength", 10_000):
            yield "starts with more than maxLength"
