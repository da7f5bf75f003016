"""The feedback route on PostgreSQL with one statement, and so one commit, per request. It stores the same rows in the same
tables: `python -m bench.yardsticks.statement_each APP_YAML`.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import psycopg
import uvloop

from bench.northwind import seeded, settings
from bench.yardsticks.door import serve
from handlers.arrivals.arrival import Arrival
from handlers.receive import Answer, Receipt

CONNECTIONS = 8
LINKS: Mapping[str, Mapping[str, str]] = {
    "customer": {"key": "%(id)s"},
    "feedback": {"external_id": "%(id)s", "comment": "%(comment)s", "customer_id": "stored_customer.id"},
    "follow_up": {"feedback_id": "stored_feedback.id"},
    "act": {"follow_up_id": "stored_follow_up.id"},
    "message": {"follow_up_id": "stored_follow_up.id", "key": "%(id)s"},
}
"""The rows that the bot stores per answer, in order, and the columns that differ; the others are copied from the first row."""


def statement(columns: Mapping[str, Sequence[str]]) -> str:
    """Returns one statement that inserts all five rows and returns the feedback's id."""
    parts = []
    for table, links in LINKS.items():
        names = [name for name in columns[table] if name != "id"]
        values = ", ".join(links.get(name, f'first."{name}"') for name in names)
        before = {value.partition(".")[0] for value in links.values() if value.startswith("stored_")}
        source = ", ".join([f"(SELECT * FROM {table} ORDER BY id LIMIT 1) first", *before])
        quoted = ", ".join(f'"{name}"' for name in names)
        parts.append(f"stored_{table} AS (INSERT INTO {table} ({quoted}) SELECT {values} FROM {source} RETURNING id)")
    return f"WITH {', '.join(parts)} SELECT id FROM stored_feedback"


async def columns_of(free: asyncio.Queue[psycopg.AsyncConnection]) -> Mapping[str, Sequence[str]]:
    connection = await free.get()
    found = {table: (await connection.execute(f"SELECT * FROM {table} LIMIT 0")).description or () for table in LINKS}
    free.put_nowait(connection)
    return {table: [column.name for column in columns] for table, columns in found.items()}


async def main(app_yaml: Path) -> None:
    ours = settings(app_yaml)
    seeded(app_yaml, range(1))
    free = asyncio.Queue[psycopg.AsyncConnection]()
    for _ in range(CONNECTIONS):
        free.put_nowait(await psycopg.AsyncConnection.connect(ours.database, autocommit=True, prepare_threshold=0))
    store = statement(await columns_of(free))

    async def receive(arrivals: Sequence[Arrival]) -> Sequence[Receipt]:
        connection = await free.get()
        try:
            said = [{"id": each.feedback.id, "comment": each.feedback.comment} for each in arrivals]
            stored = [await (await connection.execute(store, each)).fetchall() for each in said]
            return [Receipt(Answer.ACCEPTED, id) for rows in stored for (id,) in rows]
        finally:
            free.put_nowait(connection)

    await serve(ours, receive)


if __name__ == "__main__":
    uvloop.run(main(Path(sys.argv[1])))
