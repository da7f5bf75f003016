"""The body that we ask people to paste into tools with a free-form payload: flat, and every value may be a text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from bot.listening import paths, reading, signatures
from bot.listening.asked import Asked
from handlers.feedback import Feedback

verify = signatures.by(signatures.Signature(scheme="header", header="X-Hero-Key"))
"""By a header with a fixed name that holds the secret: what a tool can send that does not sign."""

TABLE: paths.Table = {
    **{name: name for name in ("id", "score", "comment", "touchpoint", "link", "tags")},
    "occurred_at": "at",
    **{f"customer.{name}": name for name in ("key", "name", "email", "phone", "company", "value", "currency", "segment")},
}


def parse(payload: Any, options: Asked) -> Sequence[Feedback]:
    """Returns the piece of feedback in such a body. Raises FieldError."""
    body = reading.as_object(payload, "")
    found = options.question | paths.gather(body, TABLE)
    found["score"] = options.score(body.get("score"), "score")
    found["tags"] = _tags(found["tags"])
    found["link"] = _address(found["link"])
    return (reading.feedback(found, TABLE),)


def _tags(tags: Any) -> Any:
    """Split the text a tool writes for several tags, separated by commas, else by spaces."""
    return [tag for tag in re.split(r"\s*,\s*" if "," in tags else r"\s+", tags.strip()) if tag] if isinstance(tags, str) else tags


def _address(link: Any) -> Any:
    """Add https:// to a link, since some tools leave it out."""
    return f"https://{link.strip()}" if isinstance(link, str) and re.match(r"\s*[\w-]+(\.[\w-]+)+(/|\s*$)", link) else link
