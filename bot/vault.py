"""Encrypts what must not be in the database in plain text, and the notes that browsers carry for us during an install."""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken


class Unsealable(Exception):
    """It was sealed with another secret, was altered, or is too old."""


class Vault:
    """Opens only what was sealed with the same secret for the same purpose."""

    def __init__(self, secret: str, purpose: str) -> None:
        key = hashlib.blake2b(secret.encode(), digest_size=32, person=purpose.encode()[:16]).digest()
        self._fernet = Fernet(base64.urlsafe_b64encode(key))

    def seal(self, text: str) -> str:
        return self._fernet.encrypt(text.encode()).decode() if text else ""

    def open(self, sealed: str, within: int | None = None) -> str:
        """Returns the text. With `within`, only if it was sealed at most so many seconds ago. Raises Unsealable."""
        try:
            return self._fernet.decrypt(sealed.encode(), ttl=within).decode() if sealed else ""
        except (InvalidToken, ValueError):
            raise Unsealable from None

    def opens(self, sealed: str) -> bool:
        """Returns whether this vault can open it."""
        try:
            self.open(sealed)
        except Unsealable:
            return False
        return True
