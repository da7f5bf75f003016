"""Feedback in our own format, signed by Standard Webhooks: for senders that users write themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import SecretStr, field_validator

import bot.listening
from bot.listening import reading, signatures
from handlers.feedback import Feedback

TITLE = "A program of your own"
_SIGNATURE = signatures.Signature(scheme=signatures.STANDARD)


class Options(bot.listening.Options):
    """Only the keys every source has."""

    @field_validator("secret")
    @classmethod
    def _holds_a_key(cls, secret: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        signatures.check_secrets(_SIGNATURE.scheme, secret)
        return secret


verify = signatures.by(_SIGNATURE)


def parse(payload: Any, options: Options) -> Sequence[Feedback]:  # noqa: ARG001 - part of the interface
    return (reading.feedback(payload),)
