"""The available plug-ins, and what each declares about itself before anything is connected."""

from __future__ import annotations

import importlib
from pathlib import Path as FilePath

from pydantic import BaseModel


def kinds(folder: str) -> list[str]:
    """Returns the names of the plug-ins in `chats` or `sources`: the folders that contain a module."""
    return sorted(found.parent.name for found in (FilePath(__file__).parents[1] / folder).glob("*/__init__.py"))


def options_model(folder: str, kind: str) -> type[BaseModel]:
    """Returns the model of the plug-in's keys in app.yaml. Importing it loads no library of its platform."""
    model: type[BaseModel] = importlib.import_module(f"bot.{folder}.{kind}").Options
    return model


def is_directory(kind: str) -> bool:
    """Whether this kind of source delivers customer records only, and no feedback that a route could match."""
    return hasattr(importlib.import_module(f"bot.sources.{kind}"), "customers")


def unconfirmed(kind: str) -> str:
    """Returns what about this kind of source no documentation confirms; empty if everything is confirmed."""
    return str(getattr(importlib.import_module(f"bot.sources.{kind}"), "UNCONFIRMED", ""))
