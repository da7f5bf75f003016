"""The type of every secret and token in app.yaml."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, SecretStr
from pydantic_core import PydanticKnownError


def _not_blank(secret: SecretStr) -> SecretStr:
    if not secret.get_secret_value().strip():  # it is stripped before use, and anybody can sign with nothing
        raise PydanticKnownError("string_too_short", {"min_length": 1})
    return secret


Secret = Annotated[SecretStr, AfterValidator(_not_blank)]
"""A text of more than white space."""
