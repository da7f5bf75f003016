"""Modals as in Slack's client: filling in fields, refusing blank ones, and reacting to the bot's answer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from tests.emulators.slack.errors import ApiError
from tests.emulators.slack.modals import checked
from tests.emulators.slack.seen import Seen
from tests.emulators.slack.words import options_of
from tests.emulators.slack.world import Json, View

if TYPE_CHECKING:
    from tests.emulators.slack.emulator import Slack

_PICKED = {
    "static_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"),
    "multi_static_select": ("selected_options", "initial_options"),
    "checkboxes": ("selected_options", "initial_options"),
    "users_select": ("selected_user", "initial_user"),
    "multi_users_select": ("selected_users", "initial_users"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
}
_TYPED = ("value", "initial_value")


def label_of(block: Json) -> str:
    return str(block.get("label", {}).get("text", block["block_id"]))


def _fields(view: View) -> Iterable[tuple[Json, Json]]:
    """Returns everything in a view that holds an answer: inputs, and pickers outside them."""
    return ((block, element) for block, element in view.elements if element["type"] not in ("button", "overflow", "icon_button"))


def fill(view: View, answers: Mapping[str, Any]) -> tuple[Json, list[str]]:
    """Returns state.values as Slack would send them, and what its client would refuse to send."""
    values: Json = {}
    refused: list[str] = []
    left = dict(answers)
    for block, element in _fields(view):
        name = next((n for n in (label_of(block), block["block_id"], element["action_id"]) if n in left), None)
        key, start = _PICKED.get(element["type"], _TYPED)
        value = _value(element, left.pop(name)) if name is not None else element.get(start)
        blank = value in (None, "", [])
        if block["type"] == "input" and not block.get("optional") and blank:
            refused.append(label_of(block))
        elif isinstance(value, str) and key == "value" and not blank and not _fits(element, value):
            refused.append(f"{label_of(block)} ({len(value)} characters)")
        empty: Any = [] if key.endswith("s") else None
        values.setdefault(block["block_id"], {})[element["action_id"]] = {"type": element["type"], key: empty if blank else value}
    if left:
        there = ", ".join(f"{label_of(b)} ({b['block_id']}/{e['action_id']})" for b, e in _fields(view))
        raise LookupError(f"no field {', '.join(map(repr, left))} in {view.title!r}; there is: {there}")
    return values, refused


def _fits(element: Json, value: str) -> bool:
    return bool(element.get("min_length", 0) <= len(value) <= element.get("max_length", 3000))


def _value(element: Json, answer: Any) -> Any:
    kind = element["type"]
    if answer is None or kind not in _PICKED:
        return answer
    if kind in ("multi_static_select", "checkboxes"):
        return [_option(element, part) for part in answer]
    if kind in ("static_select", "radio_buttons"):
        return _option(element, answer) if answer != "" else None
    if kind == "multi_users_select":
        return [getattr(part, "id", part) for part in answer]
    return getattr(answer, "id", answer)


def _option(element: Json, answer: str) -> Json:
    for option in options_of(element):
        if answer in (option["text"]["text"], option["value"]):
            return option
    there = ", ".join(option["text"]["text"] for option in options_of(element))
    raise LookupError(f"no option {answer!r}; there is: {there}")


def react(slack: Slack, seen: Seen, view: View, body: str, trigger: str) -> None:
    """React to the bot's answer to a form as Slack's client does; an empty answer closes it."""
    if not body.strip():
        view.open = False
        return
    try:
        answer = json.loads(body)
        _obey(slack, seen, view, answer, trigger)
    except (ValueError, KeyError, TypeError, ApiError) as error:
        seen.error = "We had some trouble connecting. Try again?"
        slack.errors.append(f"{view.title!r}: {seen.error}")
        slack.reject("view_submission answer", getattr(error, "code", "unreadable"), getattr(error, "detail", [repr(error)]), body)


def _obey(slack: Slack, seen: Seen, view: View, answer: Json, trigger: str) -> None:
    match answer["response_action"]:
        case "errors":
            seen.errors |= _beside_fields(view, answer.get("errors"))
        case "clear":
            for each in slack.stack(view.user):
                each.open = False
        case "update":
            view.replace(checked(slack, answer["view"], "modal"))
            seen.changed = view
        case "push":
            slack.show_modal(view.user, checked(slack, answer["view"], "modal"), trigger=trigger, below=view)
        case other:
            raise ApiError("unknown_response_action", str(other))


def _beside_fields(view: View, errors: Any) -> dict[str, str]:
    """Returns errors by label. Each must name the block_id of an input, otherwise Slack shows none of them."""
    inputs = {block["block_id"]: label_of(block) for block in view.blocks if block["type"] == "input"}
    if not isinstance(errors, dict) or not errors:
        raise ApiError("invalid_arguments", "errors must be an object that is not empty")
    for place, why in errors.items():
        if place not in inputs:
            raise ApiError("invalid_arguments", f"{place!r} is no input block of this view; there is: {', '.join(inputs)}")
        if not isinstance(why, str) or not why.strip():
            raise ApiError("invalid_arguments", f"the error of {place!r} says nothing")
    return {inputs[place]: why for place, why in errors.items()}
