"""The available plug-ins, and what each declares about itself before anything is connected."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path as FilePath
from typing import Any, get_args, get_origin

from pydantic import BaseModel, SecretStr


def kinds(folder: str) -> list[str]:
    """Returns the names of the plug-ins in `chats` or `sources`: the folders that contain a module."""
    return sorted(found.parent.name for found in (FilePath(__file__).parents[1] / folder).glob("*/__init__.py"))


def options_model(folder: str, kind: str) -> type[BaseModel]:
    """Returns the model of the plug-in's keys in app.yaml. Importing it loads no library of its platform."""
    model: type[BaseModel] = importlib.import_module(f"bot.{folder}.{kind}").Options
    return model


def is_secret(kind: str, path: tuple[str | int, ...]) -> bool | None:
    """Returns whether that kind of source keeps a secret at that path of its keys; None where its options do not say."""
    written = _written(kind).get(str(path[0])) if path else None
    if written is None:
        return None
    if _holds_secret(written):
        return True
    # The keys of a mapping are names of fields: where the customer's `key` is found is no secret. Those of a model are not.
    return False if len(path) == 1 or get_origin(written) is dict else None


@cache
def _written(kind: str) -> Mapping[str, Any]:
    """Returns the keys of that kind of source with their types; empty if there is no such kind."""
    if kind not in kinds("sources"):
        return {}
    return {name: field.annotation for name, field in options_model("sources", kind).model_fields.items()}


def _holds_secret(annotation: Any) -> bool:
    return annotation is SecretStr or any(map(_holds_secret, get_args(annotation)))


def is_directory(kind: str) -> bool:
    """Whether this kind of source delivers customer records only, and no feedback that a route could match."""
    return hasattr(importlib.import_module(f"bot.sources.{kind}"), "customers")


def unconfirmed(kind: str) -> str:
    """Returns what about this kind of source no documentation confirms; empty if everything is confirmed."""
    return str(getattr(importlib.import_module(f"bot.sources.{kind}"), "UNCONFIRMED", ""))
