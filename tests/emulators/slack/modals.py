"""views.*: modals opened with a trigger, changed by id and hash, and the Home tab."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from tests.emulators.slack.blocks import check_view
from tests.emulators.slack.errors import ApiError, BadCallError
from tests.emulators.slack.methods import Method, method
from tests.emulators.slack.world import Json, View

if TYPE_CHECKING:
    from tests.emulators.slack.workspace import Workspace

MOST_STACKED = 3


def checked(slack: Workspace, view: object, surface: str) -> Json:
    """Returns the view payload. Raises BadCallError with everything that is wrong with it."""
    notes = check_view(view, surface)
    if notes.problems or not isinstance(view, dict):
        raise BadCallError("invalid_arguments", *notes.problems)
    slack.largest_text = max(slack.largest_text, notes.characters)
    return view


def view_json(slack: Workspace, view: View) -> Json:
    """Returns a view as Slack returns it: with its id, hash and defaults."""
    sent = {"private_metadata": "", "callback_id": "", "external_id": "", "close": None, "submit": None, **view.payload}
    modal = {"clear_on_close": False, "notify_on_close": False, **sent} if view.payload["type"] == "modal" else sent
    shown: Json = {
        **modal,
        "id": view.id,
        "team_id": slack.team,
        "app_id": slack.app_id,
        "bot_id": slack.bot_id,
        "app_installed_team_id": slack.team,
        "blocks": view.blocks,
        "state": {"values": {}},
        "hash": view.hash,
        "root_view_id": view.root,
        "previous_view_id": view.previous,
    }
    return copy.deepcopy(shown)


def _unused_external_id(slack: Workspace, payload: Json) -> None:
    name = payload.get("external_id")
    if name and any(v.open and v.payload.get("external_id") == name for v in slack.views.values()):
        raise ApiError("duplicate_external_id")


@method("views.open", needs="trigger_id view")
def open_view(slack: Workspace, args: Json) -> Json:
    payload = checked(slack, args["view"], "modal")
    _unused_external_id(slack, payload)
    user, _ = slack.use_trigger(args["trigger_id"])
    return {"view": view_json(slack, slack.show_modal(user, payload, trigger=args["trigger_id"]))}


@method("views.push", needs="trigger_id view")
def push_view(slack: Workspace, args: Json) -> Json:
    payload = checked(slack, args["view"], "modal")
    _unused_external_id(slack, payload)
    user, below = slack.use_trigger(args["trigger_id"])
    if below is None:
        raise ApiError("invalid_arguments", "a view is pushed from an interaction inside a modal")
    if len(slack.stack(user)) >= MOST_STACKED:
        raise ApiError("push_limit_reached")
    return {"view": view_json(slack, slack.show_modal(user, payload, trigger=args["trigger_id"], below=below))}


@method("views.update", needs="view", takes="view_id external_id hash")
def update_view(slack: Workspace, args: Json) -> Json:
    payload = checked(slack, args["view"], "modal")
    if ("view_id" in args) == ("external_id" in args):
        raise BadCallError("invalid_arguments", "name the view by view_id or by external_id")
    view = next(
        (
            v
            for v in slack.views.values()
            if v.id == args.get("view_id") or v.payload.get("external_id") == args.get("external_id", "")
        ),
        None,
    )
    if view is None or not view.open:
        raise ApiError("not_found")
    _fresh(view, args)
    view.replace(payload)
    return {"view": view_json(slack, view)}


@method("views.publish", needs="user_id view", takes="hash")
def publish(slack: Workspace, args: Json) -> Json:
    payload = checked(slack, args["view"], "home")
    person = slack.known(args["user_id"])
    home = slack.home(person.id)
    if home is None:
        return {"view": view_json(slack, slack.show_home(person.id, payload))}
    _fresh(home, args)
    home.replace(payload)
    return {"view": view_json(slack, home)}


def _fresh(view: View, args: Json) -> None:
    if args.get("hash") and args["hash"] != view.hash:
        raise ApiError("hash_conflict")


METHODS: list[Method] = [open_view, push_view, update_view, publish]
