"""Interaction with cards: what can be pressed, fields to fill in, and what the client refuses to send."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.emulators.msteams import reading
from tests.emulators.msteams.world import Json, Message, Shown


@dataclass(kw_only=True)
class Form(Shown):
    """Open fields: in an expanded ShowCard, or in a card the bot answered with. str() is what the person reads."""

    message: Message = field(repr=False)
    path: tuple[Json, ...] = field(repr=False)
    """The cards whose fields are submitted together, outermost first."""
    title: str = ""


@dataclass(frozen=True)
class Control:
    """Something to press, and the cards that contain it, outermost first."""

    action: Json
    path: tuple[Json, ...]


def controls(shown: Shown) -> list[Control]:
    """Returns everything that can be pressed, in reading order, including the contents of collapsed ShowCards."""
    start = shown.path[:-1] if isinstance(shown, Form) else ()
    return [control for card in shown.cards for control in _of_card(card, (*start, card))]


def _of_card(card: Json, path: tuple[Json, ...]) -> Iterator[Control]:
    for part in (card.get("selectAction"), card.get("body"), card.get("actions")):
        for action in _actions(part):
            yield Control(action, path)
            if action["type"] == "Action.ShowCard":
                yield from _of_card(action["card"], (*path, action["card"]))


def _actions(node: Any) -> Iterator[Json]:
    if isinstance(node, list):
        for item in node:
            yield from _actions(item)
    elif isinstance(node, dict) and node.get("isVisible", True):
        if str(node.get("type", "")).startswith("Action."):
            if node.get("isEnabled", True):
                yield node
            return
        for value in node.values():
            if isinstance(value, list | dict):
                yield from _actions(value)


def find(shown: Shown, what: str, nth: int | None = None) -> Control:
    """Returns the control that `what` names: by title in any case, else by verb or id, else by the start of one; least nested
    first.

    `nth` chooses among several. Raises LookupError when there is none, or several without `nth`.
    """
    there = controls(shown)
    name = what.casefold()
    titled = [c for c in there if c.action["title"].casefold() == name]
    exact = [c for c in there if what in (c.action.get("verb"), c.action.get("id"))]
    begun = [c for c in there if any(str(c.action.get(key, "")).startswith(what) for key in ("verb", "id"))]
    found = titled or exact or begun
    least = min((len(c.path) for c in found), default=0)
    found = [c for c in found if len(c.path) == least]
    if not found or (nth is None and len(found) > 1) or (nth or 0) >= len(found):
        names = ", ".join(c.action["title"] for c in there) or "nothing to press"
        raise LookupError(f"{'more than one' if found else 'no'} {what!r} here; there is: {names}\n{shown}")
    return found[nth or 0]


def sender(form: Form) -> Control:
    """Returns the default button of a form: the first one that submits the fields."""
    sending = ("Action.Execute", "Action.Submit")
    candidates = [c for c in controls(form) if c.action["type"] in sending and len(c.path) == len(form.path) and gathers(c.action)]
    if not candidates:
        raise LookupError(f"nothing sends this form:\n{form}")
    return candidates[0]


def gathers(action: Json) -> bool:
    """Whether an action submits fields."""
    return str(action.get("associatedInputs", "auto")).casefold() != "none"


def inputs_of(card: Json) -> list[Json]:
    """Returns the fields of the card itself, without those of cards nested in its actions."""
    return list(_inputs({key: value for key, value in card.items() if key == "body"}))


def _inputs(node: Any) -> Iterator[Json]:
    if isinstance(node, list):
        for item in node:
            yield from _inputs(item)
    elif isinstance(node, dict):
        kind = str(node.get("type", ""))
        if kind.startswith("Input."):
            yield node
        elif not kind.startswith("Action."):
            for key, value in node.items():
                if key not in ("fallback", "actions"):
                    yield from _inputs(value)


def fill(control: Control, answers: Mapping[str, Any]) -> tuple[Json, dict[str, str]]:
    """Returns the action's data with the fields in it, and what the client refuses: the errorMessage shown, by label.

    Raises LookupError for an answer to an unknown field, or a choice that is not offered.
    """
    data: Json = dict(control.action.get("data", {}))
    refused: dict[str, str] = {}
    left = dict(answers)
    fields = [each for card in control.path for each in inputs_of(card)] if gathers(control.action) else []
    for each in fields:
        label = str(each.get("label", each["id"]))
        name = next((n for n in (label, each["id"]) if n in left), None)
        value = _value(each, left.pop(name)) if name is not None else _start(each)
        if not _fits(each, value):
            refused[label] = str(each.get("errorMessage", "This field is not valid"))
        if value != "":
            data[each["id"]] = value
    if left:
        there = ", ".join(f"{each.get('label')} ({each['id']})" for each in fields) or "none"
        raise LookupError(f"no field {', '.join(map(repr, left))}; there is: {there}")
    return data, refused


def _start(each: Json) -> str:
    if each["type"] == "Input.Toggle":
        return str(each.get("value", each.get("valueOff", "false")))
    return str(each.get("value", ""))


def _value(each: Json, answer: Any) -> str:
    if answer is None:
        return ""
    if each["type"] == "Input.Toggle":
        return str(each.get("valueOn", "true") if answer else each.get("valueOff", "false"))
    if each["type"] == "Input.ChoiceSet":
        parts = [answer] if isinstance(answer, str) or not hasattr(answer, "__iter__") else list(answer)
        return ",".join(_choice(each, getattr(part, "id", part)) for part in parts if part != "")
    return str(answer)


def _choice(each: Json, answer: str) -> str:
    for choice in each.get("choices", ()):
        if answer in (choice["value"], choice["title"], reading.read(choice["title"])):
            return str(choice["value"])
    there = ", ".join(reading.read(choice["title"]) for choice in each.get("choices", ()))
    raise LookupError(f"no choice {answer!r}; there is: {there}")


def _fits(each: Json, value: str) -> bool:
    if each["type"] == "Input.Toggle":
        return not each.get("isRequired") or value == each.get("valueOn", "true")
    if not value.strip():
        return not each.get("isRequired")
    if each["type"] == "Input.Text":
        return len(value) <= each.get("maxLength", len(value)) and re.search(each.get("regex", ""), value) is not None
    if each["type"] == "Input.Number":
        return float(each.get("min", "-inf")) <= float(value) <= float(each.get("max", "inf"))
    return True


def toggled(card: Json, action: Json) -> Json:
    """Returns the card after Action.ToggleVisibility."""
    wanted: dict[str, bool | None] = {}
    for target in action["targetElements"]:
        wanted |= {target: None} if isinstance(target, str) else {target["elementId"]: target.get("isVisible")}
    changed: Json = _toggle(card, wanted)
    return changed


def _toggle(node: Any, wanted: dict[str, bool | None]) -> Any:
    if isinstance(node, list):
        return [_toggle(item, wanted) for item in node]
    if not isinstance(node, dict):
        return node
    changed = {key: _toggle(value, wanted) for key, value in node.items()}
    if node.get("id") in wanted:
        want = wanted[node["id"]]
        changed["isVisible"] = not node.get("isVisible", True) if want is None else want
    return changed
