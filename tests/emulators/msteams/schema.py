"""The published Adaptive Card schema 1.5, as a validator that says what is wrong and where."""

from __future__ import annotations

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator

Json = dict[str, Any]


@cache
def _validator() -> Draft7Validator:
    found = find_spec("adaptive_cards")
    assert found is not None
    assert found.origin is not None
    schema = json.loads((Path(found.origin).parent / "schemas" / "schema-1.5.json").read_text(encoding="utf-8"))
    for name, definition in schema["definitions"].items():
        if name.startswith("ImplementationsOf."):
            schema["definitions"][name] = _by_type(definition["anyOf"])
    return Draft7Validator(schema["definitions"]["AdaptiveCard"] | {"definitions": schema["definitions"]})


def _by_type(choices: list[Json]) -> Json:
    """Replace a choice of types by conditions on `type`, so that an error is about that type and not about all of them."""
    names = [choice["allOf"][0]["$ref"].removeprefix("#/definitions/") for choice in choices]
    branches = [
        {"if": {"properties": {"type": {"const": name}}}, "then": {"$ref": f"#/definitions/{name}"}} for name in names
    ]  # fmt: skip
    return {"type": "object", "required": ["type"], "properties": {"type": {"enum": names}}, "allOf": branches}


def problems(card: Any) -> list[str]:
    """Returns the schema's errors for a card, each with its path."""
    return [f"{_place(error.absolute_path)}: {error.message[:200]}" for error in _validator().iter_errors(card)]


def _place(path: Any) -> str:
    return "card" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
