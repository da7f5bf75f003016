"""The route for feedback with one statement, and so one commit, for each request, on PostgreSQL:
`python -m bench.yardsticks.statement_each APP_YAML`. The address of the database is that of app.yaml.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import uvloop
from starlette.applications import Starlette

from bench.northwind import settings
from bot import logs, sources
from bot.doors import intake
from bot.serve import answer, listen
from handlers.receive import Answer, Arrival, Receipt

CONNECTIONS = 8
TABLES = (
    "CREATE TABLE kept_feedback (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, external_id text UNIQUE, words text)",
    "CREATE TABLE kept_follow_up (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, feedback_id bigint)",
    "CREATE TABLE kept_message (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, follow_up_id bigint)",
)
STORE = """
WITH said AS (INSERT INTO kept_feedback (external_id, words) VALUES (%s, %s) ON CONFLICT DO NOTHING RETURNING id),
     opened AS (INSERT INTO kept_follow_up (feedback_id) SELECT id FROM said RETURNING id),
     wanted AS (INSERT INTO kept_message (follow_up_id) SELECT id FROM opened)
SELECT id FROM said
"""
"""Three rows, as many as the bot stores at the least."""


async def main(app_yaml: Path) -> None:
    logs.set_up()
    ours = settings(app_yaml)
    free = asyncio.Queue[psycopg.AsyncConnection]()
    for n in range(CONNECTIONS):
        connection = await psycopg.AsyncConnection.connect(ours.database, autocommit=True, prepare_threshold=0)
        for table in TABLES if n == 0 else ():
            await connection.execute(table)
        free.put_nowait(connection)

    async def receive(arrivals: Sequence[Arrival]) -> Sequence[Receipt]:
        connection = await free.get()
        try:
            stored = [await connection.execute(STORE, (each.feedback.id, each.feedback.comment)) for each in arrivals]
            return [Receipt(Answer.ACCEPTED, (await each.fetchone())[0]) for each in stored]
        finally:
            free.put_nowait(connection)

    loaded = {name: sources.LoadedSource(name, sources.load(s.kind), s.options) for name, s in ours.sources.items()}
    app = Starlette(routes=[intake.route(loaded, receive, lambda: datetime.now(UTC))])
    listening = listen("127.0.0.1", 0)
    print(f"http://127.0.0.1:{listening.getsockname()[1]}/", flush=True)
    await answer(app, listening)


if __name__ == "__main__":
    uvloop.run(main(Path(sys.argv[1])))
