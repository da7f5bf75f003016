"""What of the sources cannot be read: tools that refuse or do not answer, responses set aside, payloads not understood. For ops."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from handlers.rules import Company
from storage import errands, payloads, readings


def tools(tx: Connection, company: Company) -> list[tuple[str, str]]:
    """Returns the sources whose tool cannot be asked, each with the reason."""
    why = {row.source: row.reason for row in (*errands.failing(tx), *readings.failing(tx, errands.TROUBLE))}
    return [(source, reason) for source, reason in sorted(why.items()) if source in company.sources]


def set_aside(tx: Connection, company: Company, since: datetime) -> list[tuple[str, int, str]]:
    """Returns the responses that were given up since then: source, number, reason."""
    rows = errands.set_aside(tx, since.timestamp())
    return [(row.source, row.number, row.reason) for row in rows if row.source in company.sources]


def not_understood(tx: Connection, company: Company, since: datetime) -> list[tuple[str, int]]:
    """Returns how many payloads that came since then could not be read, by source."""
    return [(row.source, row.number) for row in payloads.unread_since(tx, since) if row.source in company.sources]
