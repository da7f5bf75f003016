"""Requests: what is pressed or filled in about anything but a follow-up: a digest, a team, a route. A new one is a file and a line.

A request is a unit of work by itself. `tap.target` is a name such as `digest:17`, and comes from outside: it may name what is gone,
or what is not this person's to see.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import Connection

from handlers.cards import Reply
from handlers.practice_customer import tried
from handlers.rules import Company
from handlers.situation import Tap

REQUESTS: Mapping[str, Callable[[Connection, Company, Tap], Reply]] = {
    "try": tried,
}
