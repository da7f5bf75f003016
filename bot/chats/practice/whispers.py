"""What only one person reads: answers to their presses, and forms they are filling in. In memory; lost on restart."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.latest import Latest
from handlers.cards import Form, Reply, Target

KEPT = 500


@dataclass(frozen=True, slots=True)
class Whisper:
    """A private answer. `answers` are the previous answers, `errors` their errors. `pending` is a press (verb, target) that waits
    until somebody says who they are. `thanks` responds to the customer form, whose answers are kept when there are errors."""

    reply: Reply = field(default_factory=Reply)
    form: Form | None = None
    answers: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    pending: tuple[str, Target] | None = None
    asks_who: bool = False
    thanks: str = ""
    customer: bool = False


class Whispers:
    """Whispers by the token in the reader's URL, so that a reload or a second window loses nothing."""

    def __init__(self) -> None:
        self._kept = Latest[str, Whisper](KEPT)

    def keep(self, whisper: Whisper) -> str:
        """Store it, dropping the oldest beyond KEPT. Returns its token."""
        token = secrets.token_urlsafe(9)
        self._kept[token] = whisper
        return token

    def get(self, token: str) -> Whisper | None:
        return self._kept.get(token)
