"""The plug-ins there are, and what each says of itself before anything is connected."""

from __future__ import annotations

import importlib
from pathlib import Path as FilePath

from pydantic import BaseModel


def kinds(folder: str) -> list[str]:
    """The plug-ins in `chats` or `sources`: a folder with a module is one."""
    return sorted(found.parent.name for found in (FilePath(__file__).parents[1] / folder).glob("*/__init__.py"))


def options_model(folder: str, kind: str) -> type[BaseModel]:
    """The keys that a plug-in takes in app.yaml. Importing it loads no library of its platform."""
    model: type[BaseModel] = importlib.import_module(f"bot.{folder}.{kind}").Options
    return model


def is_directory(kind: str) -> bool:
    """Whether a kind of source tells of customers, and sends no feedback that a route could take."""
    return hasattr(importlib.import_module(f"bot.sources.{kind}"), "customers")


def unconfirmed(kind: str) -> str:
    """What of a kind of source no document confirms; empty where all of it is."""
    return str(getattr(importlib.import_module(f"bot.sources.{kind}"), "UNCONFIRMED", ""))
