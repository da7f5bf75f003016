"""The published Adaptive Card schema 1.5, as a validator that says what is wrong and where."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator, ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend

Json = dict[str, Any]


@cache
def _validator() -> Validator:
    found = find_spec("adaptive_cards")
    assert found is not None
    assert found.origin is not None
    schema = json.loads((Path(found.origin).parent / "schemas" / "schema-1.5.json").read_text(encoding="utf-8"))
    definitions = {f"#/definitions/{name}": definition for name, definition in schema["definitions"].items()}
    for name, definition in definitions.items():
        if name.startswith("#/definitions/ImplementationsOf."):
            definitions[name] = _by_type(definition["anyOf"])

    def referred(validator: Any, name: str, node: Any, _: Json) -> Iterator[ValidationError]:
        """Everything that is referred to is in this one file, so it need not be resolved as a URL for every node of a card."""
        yield from validator.descend(node, definitions[name])

    def of_its_type(validator: Any, names: list[str], node: Any, _: Json) -> Iterator[ValidationError]:
        if isinstance(node, dict) and node.get("type") in names:
            yield from validator.descend(node, definitions[f"#/definitions/{node['type']}"])

    kind: type[Validator] = extend(Draft7Validator, {"$ref": referred, "ofItsType": of_its_type})  # type: ignore[no-untyped-call]
    return kind(definitions["#/definitions/AdaptiveCard"])


def _by_type(choices: list[Json]) -> Json:
    """Replace a choice of types by a look at `type`, so that an error is about that type, and no other is tried."""
    names = [choice["allOf"][0]["$ref"].removeprefix("#/definitions/") for choice in choices]
    return {"type": "object", "required": ["type"], "properties": {"type": {"enum": names}}, "ofItsType": names}


def problems(card: Any) -> list[str]:
    """Returns the schema's errors for a card, each with its path."""
    return [f"{_place(error.absolute_path)}: {error.message[:200]}" for error in _validator().iter_errors(card)]


def _place(path: Any) -> str:
    return "card" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
