"""What only one person reads: answers to their presses, and forms they are filling in. In memory; a restart forgets them."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field

from handlers.cards import Form, Reply, Target

KEPT = 500


@dataclass(frozen=True, slots=True)
class Whisper:
    """`answers` are what was filled in before, `errors` what is wrong with it. `pending` is a press (verb, target) that waits
    until somebody says who they are. `thanks` answers the customer form, whose answers are kept when there are errors."""

    reply: Reply = field(default_factory=Reply)
    form: Form | None = None
    answers: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    pending: tuple[str, Target] | None = None
    asks_who: bool = False
    thanks: str = ""
    customer: bool = False


class Whispers:
    """Whispers by the token that stands in the reader's address, so that a reload or a second window takes nothing away."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Whisper] = OrderedDict()

    def keep(self, whisper: Whisper) -> str:
        """Remember it for a while and answer its token."""
        token = secrets.token_urlsafe(9)
        self._kept[token] = whisper
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return token

    def get(self, token: str) -> Whisper | None:
        return self._kept.get(token)
