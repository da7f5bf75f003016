"""The survey tools that ops may connect in chat, and how their secrets are kept. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

OURS = {"frontline": "for what colleagues pass on", "import": "for answers taken in from a file"}
"""Reserved names, because we store answers under them ourselves; and which answers."""

IN_GENERAL = ("plain", "mapped", "delighted")
"""Kinds that docs/sources.md itself describes."""


def page_of(kind: str) -> str:
    """Returns the page of our documentation on connecting a tool of that kind."""
    return "docs/sources.md" if kind in IN_GENERAL else f"docs/sources/{kind.replace('_', '-')}.md"


@dataclass(frozen=True, slots=True)
class Source:
    """A source as shown to ops. `written` is where app.yaml names it; empty for one made in chat. `directory`: it sends who the
    customers are, but no answers."""

    kind: str
    written: str = ""
    directory: bool = False


@dataclass(frozen=True, slots=True)
class Tool:
    """A kind that needs nothing but a secret. `title` is what people call it. `own_secret`: the tool creates it, and it is pasted
    here. `in_address`: the tool signs nothing, so the secret is part of its URL. `directory` as for a source."""

    kind: str
    title: str
    own_secret: bool = False
    in_address: bool = False
    directory: bool = False


@runtime_checkable
class Safe(Protocol):
    """Seals secrets so that the database alone does not reveal them."""

    def seal(self, text: str) -> str: ...

    def opens(self, sealed: str) -> bool:
        """Returns whether it was sealed with the server's current secret."""
