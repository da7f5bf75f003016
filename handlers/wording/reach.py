"""What can be tapped to reach a customer: a telephone number or an e-mail, and nothing that only looks like one. Pure."""

from __future__ import annotations

import re

_PHONE = re.compile(r"\+?[0-9 ()-]{3,40}")
_TRUNK = re.compile(r"\( *0 *\)")
_DIGITS = range(3, 18)
_EMAIL = re.compile(r"[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}")


def link(text: str) -> str | None:
    """Returns `tel:+4740012345` or `mailto:dana@mail.example`; None for anything else, which is shown as plain text."""
    text = text.strip()
    if _EMAIL.fullmatch(text):
        return f"mailto:{text}"
    if not _PHONE.fullmatch(text):
        return None
    if text.startswith("+"):
        text = _TRUNK.sub("", text)  # +44 (0)20 …: the zero is dialled within the country only
    digits = "".join(sign for sign in text if sign.isdigit())
    return f"tel:{'+' if text.startswith('+') else ''}{digits}" if len(digits) in _DIGITS else None
