"""Validates a part of app.yaml against its pydantic model and reports mistakes in plain words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bot.config.file import ConfigFile, either, nearest
from bot.config.positions import Path

M = TypeVar("M", bound=BaseModel)


def take(file: ConfigFile, model: type[M], path: Path, given: Any) -> M | None:
    """Returns the part at `path` as a `model`; an empty one if nothing is `given`. Returns None if it does not fit; `file` then has
    the findings."""
    try:
        return model.model_validate({} if given is None else given)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            _say(file, model, path, detail)
        return None


def dotted(path: Path) -> str:
    """Returns a path as text: `teams.oak-street.promise`, `routes[0].when`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the models named anywhere in an annotation such as `dict[str, TeamKeys] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from models_in(part)


def keys_at(model: type[BaseModel], path: Path) -> list[str]:
    """Returns the keys of the model that is nested at `path` within `model`."""
    for part in path:
        if isinstance(part, str) and part in model.model_fields:
            model = next(models_in(model.model_fields[part].annotation), model)
    return list(model.model_fields)


def _say(file: ConfigFile, model: type[BaseModel], path: Path, detail: ErrorDetails) -> None:
    inside = tuple(detail["loc"])
    at: Path = (*path, *inside)
    if detail["type"] == "extra_forbidden":
        known = keys_at(model, inside[:-1])
        help = either(str(at[-1]), known, "what can stand here") if known else "nothing can stand here; remove it"
        file.say(at, "X101", f"unknown key `{at[-1]}`{_within(at[:-1])}", help, key=True)
        return
    if detail["type"] == "missing" and isinstance(at[-1], str):
        file.say(at, "X102", f"`{at[-1]}` is missing{_within(at[:-1])}", f"add {at[-1]}: …", key=True)
        return
    if not file.is_waiting(at):
        words, help = _words(detail)
        file.say(at, "X103", f"`{dotted(file.standing(at))}`{words}", help)


def _within(path: Path) -> str:
    return f" in {dotted(path)}" if path else ""


def _words(detail: ErrorDetails) -> tuple[str, str]:
    """Returns what is wrong with the value, worded to follow its name, and the help."""
    context = detail.get("ctx", {})
    if detail["type"] == "wrong":
        return f": {context['why']}", str(context["help"])
    if detail["type"] == "value_error":
        why, _, help = str(context.get("error", "")).partition("; ")
        return f": {why}", help
    if detail["type"] in {"enum", "literal_error"}:
        known = re.findall(r"'([^']*)'", str(context.get("expected", "")))
        near = nearest(str(detail["input"]), known)
        return f" must be one of {', '.join(known)}", f"did you mean `{near}`?" if near else ""
    if detail["type"] == "string_pattern_mismatch" and context.get("pattern") == "^[A-Z]{2}$":
        return " is not a country", "write its two capital letters, as in NO or US"
    if detail["type"].startswith("int"):
        return " must be a whole number", ""
    if context.get("min_length", 0) > 1 or "max_length" in context:
        unit = "characters" if detail["type"].startswith("string") else "entries"
        least, most = context.get("min_length"), context.get("max_length")
        return f" must have at most {most} {unit}" if most else f" must have at least {least} {unit}", ""
    plain = _TYPES.get(detail["type"]) or re.sub(r"^(Input|Value|String|Tuple|List) should ", "must ", detail["msg"])
    return f" {plain}", ""


_TYPES = {
    "string_type": "must be a text",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "model_type": "must be keys with values",
    "model_attributes_type": "must be keys with values",
    "dict_type": "must be keys with values",
    "mapping_type": "must be keys with values",
    "tuple_type": "must be a list",
    "list_type": "must be a list",
    "string_too_short": "must not be empty",
    "too_short": "must not be empty",
    "missing": "has too few values",
}
