"""Problems with sources, for ops: tools that refuse or do not answer, parked responses, payloads that were not understood."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container
from datetime import UTC, datetime

from sqlalchemy import Connection

from handlers.company import Company
from storage import errands, payloads, readings

EVER = datetime.fromtimestamp(0, UTC)


def tools(tx: Connection, company: Company) -> list[tuple[str, str]]:
    """Returns the sources whose tool cannot be asked, each with the reason."""
    why = {row.source: row.reason for row in (*errands.failing(tx), *readings.failing(tx, errands.TROUBLE))}
    return [(source, reason) for source, reason in sorted(why.items()) if source in company.sources]


def parked(tx: Connection, company: Company, since: datetime) -> list[tuple[str, int, str]]:
    """Returns the responses that were given up since then: source, number, reason."""
    rows = errands.parked_by_reason(tx, since.timestamp())
    return [(row.source, row.number, row.reason) for row in rows if row.source in company.sources]


def not_understood(tx: Connection, company: Company, since: datetime) -> list[tuple[str, int]]:
    """Returns how many payloads that came since then could not be read, by source."""
    return [(row.source, row.number) for row in payloads.unread_since(tx, since) if row.source in company.sources]


def left_behind(tx: Connection, sources: Container[str]) -> list[tuple[str, int, int]]:
    """Returns what is left of sources other than these, such as one that was renamed: the source, how many of its answers are
    still to be fetched, and how many of its payloads could not be read."""
    named = Counter(row.source for row in errands.unfinished(tx) if row.source not in sources)
    unread = {row.source: row.number for row in payloads.unread_since(tx, EVER) if row.source not in sources}
    return [(source, named[source], unread.get(source, 0)) for source in sorted(named.keys() | unread.keys())]
