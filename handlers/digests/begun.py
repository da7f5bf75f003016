"""When posts begin: none tells of a time before the first answer, and none is late that nobody was promised."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from sqlalchemy import Connection

from handlers.digests import weeks
from handlers.rules import Team
from storage import digests, material


def has_begun(tx: Connection, kind: str, about: str, next_period: str, teams: Iterable[Team], end: datetime) -> bool:
    """Returns whether there is anything to tell of a period that ended then: a customer of one of these teams had answered by its
    end, or there was such a post before."""
    heard = material.heard_before(tx, [team.name for team in teams], end)
    return heard or digests.last_before(tx, kind, about, next_period) is not None


def is_late(tx: Connection, kind: str, about: str, period: str, due: Callable[[str], datetime], now: datetime) -> bool:
    """Returns whether a post comes later than it was expected. Nobody expects the first one, nor one on a day that was chosen since
    the last."""
    if now - due(period) <= weeks.LATE:
        return False
    last = digests.last_before(tx, kind, about, period)
    return last is not None and last.due_at == due(last.period)
