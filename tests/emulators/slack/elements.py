"""The shapes of interactive elements and of their inner objects, as strict as Slack or stricter."""

from __future__ import annotations

from typing import Any

from slackblocks import _limits as limits

from tests.emulators.slack.shapes import (
    Check,
    Notes,
    Shape,
    action_id,
    anything,
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

confirm = shape(
    {
        "title": plain(limits.CONFIRMATION_TITLE_MAX_LENGTH),
        "text": text(limits.CONFIRMATION_TEXT_MAX_LENGTH),
        "confirm": plain(limits.CONFIRMATION_CONFIRM_MAX_LENGTH),
        "deny": plain(limits.CONFIRMATION_DENY_MAX_LENGTH),
    },
    {"style": one_of("primary", "danger")},
)


def option(*, rich: bool = False, link: bool = False) -> Shape:
    """One option. In radio buttons and checkboxes (`rich`) it may use mrkdwn, in an overflow menu (`link`) open a URL."""
    words = text if rich else plain
    more: dict[str, Check] = {"description": words(limits.OPTION_DESCRIPTION_MAX_LENGTH)}
    if link:
        more["url"] = url(limits.OPTION_URL_MAX_LENGTH)
    wanted: dict[str, Check] = {"text": words(limits.OPTION_TEXT_MAX_LENGTH), "value": string(limits.OPTION_VALUE_MAX_LENGTH)}
    return shape(wanted, more)


def options(most: int, *, rich: bool = False, link: bool = False) -> Check:
    """1 to `most` options with unique values."""
    inner = listing(option(rich=rich, link=link), most)

    def check(notes: Notes, at: str, value: Any) -> None:
        inner(notes, at, value)
        values = [part.get("value") for part in value if isinstance(part, dict)] if isinstance(value, list) else []
        if len(set(map(str, values))) != len(values):
            notes.wrong(at, "two options have the same value")

    return check


def _chosen_is_offered(notes: Notes, at: str, element: Any) -> None:
    """Initial options must be among the options, exactly."""
    offered = _list(element, "options")
    for group in _list(element, "option_groups"):
        offered += _list(group, "options")
    chosen = [element["initial_option"]] if "initial_option" in element else []
    for part in [*chosen, *_list(element, "initial_options")]:
        if part not in offered:
            notes.wrong(at, "the initial option is not one of the options")
    if element.get("type", "").endswith("static_select") and ("options" in element) == ("option_groups" in element):
        notes.wrong(at, "needs either options or option_groups")


def _list(node: Any, key: str) -> list[Any]:
    found = node.get(key) if isinstance(node, dict) else None
    return list(found) if isinstance(found, list) else []


def _length_makes_sense(notes: Notes, at: str, element: Any) -> None:
    low, high, start = element.get("min_length", 0), element.get("max_length", 3000), element.get("initial_value", "")
    if isinstance(low, int) and isinstance(high, int) and low > high:
        notes.wrong(at, "min_length is over max_length")
    if isinstance(high, int) and isinstance(start, str) and len(start) > high:
        notes.wrong(f"{at}/initial_value", f"must be at most {high} characters, has {len(start)}")


def _element(required: dict[str, Check], optional: dict[str, Check] | None = None, also: Check | None = None) -> Shape:
    return shape({"type": anything, "action_id": action_id, **required}, optional, also)


_group = shape({"label": plain(limits.OPTION_GROUP_LABEL_MAX_LENGTH), "options": options(limits.OPTION_GROUP_OPTIONS_MAX_ITEMS)})
_field: dict[str, Check] = {"placeholder": plain(limits.SELECT_PLACEHOLDER_MAX_LENGTH), "focus_on_load": boolean}
_menu: dict[str, Check] = {**_field, "confirm": confirm}
_dispatch: dict[str, Check] = {
    "dispatch_action_config": shape(
        {"trigger_actions_on": listing(one_of("on_enter_pressed", "on_character_entered"), 2)},
    )
}
_several: dict[str, Check] = {"max_selected_items": number(1, 100)}
_static: dict[str, Check] = {
    "options": options(limits.SELECT_OPTIONS_MAX_ITEMS),
    "option_groups": listing(_group, limits.SELECT_OPTION_GROUPS_MAX_ITEMS),
}
_spoken = string(limits.BUTTON_ACCESSIBILITY_LABEL_MAX_LENGTH)
_start = string(limits.PLAIN_TEXT_INPUT_MAX_LENGTH_MAX, 0)

ELEMENTS: dict[str, Shape] = {
    "button": _element(
        {"text": plain(limits.BUTTON_TEXT_MAX_LENGTH)},
        {
            "value": string(limits.BUTTON_VALUE_MAX_LENGTH),
            "url": url(limits.BUTTON_URL_MAX_LENGTH),
            "style": one_of("primary", "danger"),
            "confirm": confirm,
            "accessibility_label": _spoken,
        },
    ),
    "overflow": _element({"options": options(limits.OVERFLOW_OPTIONS_MAX_ITEMS, link=True)}, {"confirm": confirm}),
    "static_select": _element({}, {**_menu, **_static, "initial_option": option()}, _chosen_is_offered),
    "multi_static_select": _element(
        {}, {**_menu, **_static, **_several, "initial_options": listing(option(), 100)}, _chosen_is_offered
    ),
    "users_select": _element({}, {**_menu, "initial_user": string(20)}),
    "multi_users_select": _element({}, {**_menu, **_several, "initial_users": listing(string(20), 100)}),
    "radio_buttons": _element(
        {"options": options(limits.RADIO_BUTTONS_OPTIONS_MAX_ITEMS, rich=True)},
        {"initial_option": option(rich=True), "confirm": confirm, "focus_on_load": boolean},
        _chosen_is_offered,
    ),
    "checkboxes": _element(
        {"options": options(limits.CHECKBOXES_OPTIONS_MAX_ITEMS, rich=True)},
        {"initial_options": listing(option(rich=True), 10), "confirm": confirm, "focus_on_load": boolean},
        _chosen_is_offered,
    ),
    "datepicker": _element({}, {**_menu, "initial_date": string(10)}),
    "timepicker": _element({}, {**_menu, "initial_time": string(5), "timezone": string(64)}),
    "datetimepicker": _element({}, {"initial_date_time": number(0, 9999999999), "confirm": confirm, "focus_on_load": boolean}),
    "plain_text_input": _element(
        {},
        {
            **_field,
            **_dispatch,
            "initial_value": _start,
            "multiline": boolean,
            "min_length": number(0, limits.PLAIN_TEXT_INPUT_MIN_LENGTH_MAX),
            "max_length": number(1, limits.PLAIN_TEXT_INPUT_MAX_LENGTH_MAX),
        },
        _length_makes_sense,
    ),
    "email_text_input": _element({}, {**_field, **_dispatch, "initial_value": _start}),
    "url_text_input": _element({}, {**_field, **_dispatch, "initial_value": _start}),
    "number_input": _element(
        {"is_decimal_allowed": boolean},
        {**_field, **_dispatch, "initial_value": string(30), "min_value": string(30), "max_value": string(30)},
    ),
    "icon_button": _element(
        {"text": plain(limits.BUTTON_TEXT_MAX_LENGTH), "icon": one_of("trash")},
        {
            "value": string(limits.ICON_BUTTON_VALUE_MAX_LENGTH),
            "confirm": confirm,
            "accessibility_label": _spoken,
            "visible_to_user_ids": listing(string(20), 10),
        },
    ),
}

image = shape(
    {
        "type": anything,
        "image_url": url(limits.IMAGE_ELEMENT_IMAGE_URL_MAX_LENGTH),
        "alt_text": string(limits.IMAGE_ELEMENT_ALT_TEXT_MAX_LENGTH),
    }
)

_fields = ("plain_text_input", "email_text_input", "url_text_input", "number_input", "radio_buttons", "checkboxes")
_pickers = ("static_select", "multi_static_select", "users_select", "multi_users_select", "datepicker", "timepicker")
_in_actions = ("button", "overflow", "static_select", "users_select", "radio_buttons", "checkboxes", "datepicker", "timepicker")

in_actions = typed({kind: ELEMENTS[kind] for kind in (*_in_actions, "datetimepicker")}, "elements")
in_section = typed(
    {"image": image, **{kind: ELEMENTS[kind] for kind in (*_pickers, "button", "overflow", "radio_buttons", "checkboxes")}},
    "accessories",
)
in_input = typed({kind: ELEMENTS[kind] for kind in (*_fields, *_pickers, "datetimepicker")}, "inputs")
in_context = typed({"image": image, "plain_text": plain(3000), "mrkdwn": text(3000)}, "context elements")
in_context_actions = typed({"icon_button": ELEMENTS["icon_button"]}, "context actions")
