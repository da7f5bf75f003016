"""The feedback route on PostgreSQL with one statement, and so one commit, per request. It decides the same and stores the same rows in
the same tables: `python -m bench.yardsticks.statement_each APP_YAML`.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psycopg
import uvloop
from pydantic_core import to_json

from bench.northwind import seeded, settings
from bench.yardsticks.door import serve
from handlers.arrivals.arrival import Arrival, Judged, judged
from handlers.company import Company
from handlers.ladder import Fresh, next_look
from handlers.receive import Answer, Receipt
from handlers.rules import Route

CONNECTIONS = 8
SAID: Mapping[str, str] = {
    "customer": "key name email phone company value currency segment",
    "feedback": "external_id fingerprint metric band score worst best comment touchpoint tags link wants_contact occurred_at "
    "received_at route team",
    "follow_up": "team route moment created_at promised_at state_since claim_by close_by next_look_at",
    "act": "at set",
    "message": "key channel gate created_at created_s",
}
"""The rows that the bot stores per answer, in order, and their columns that differ from answer to answer: a parameter each. The
other columns are copied from the first row, within the database, but for those of BELONGS_TO."""
BELONGS_TO: Mapping[str, tuple[str, str]] = {
    "feedback": ("customer_id", "customer"),
    "follow_up": ("feedback_id", "feedback"),
    "act": ("follow_up_id", "follow_up"),
    "message": ("follow_up_id", "follow_up"),
}
"""The column of a row that holds the id of a row before, and the table of that."""


def statement(columns: Mapping[str, Sequence[str]]) -> str:
    """Returns one statement that inserts all five rows and returns the feedback's id. A parameter is called `table.column`."""
    parts = []
    for table in SAID:
        names = [name for name in columns[table] if name != "id"]
        values = ", ".join(_value(table, name) for name in names)
        before = [f"stored_{BELONGS_TO[table][1]}"] if table in BELONGS_TO else []
        source = ", ".join([f"(SELECT * FROM {table} ORDER BY id LIMIT 1) first", *before])
        quoted = ", ".join(f'"{name}"' for name in names)
        parts.append(f"stored_{table} AS (INSERT INTO {table} ({quoted}) SELECT {values} FROM {source} RETURNING id)")
    return f"WITH {', '.join(parts)} SELECT id FROM stored_feedback"


def _value(table: str, name: str) -> str:
    id_of, before = BELONGS_TO.get(table, ("", ""))
    if name == id_of:
        return f"stored_{before}.id"
    return f"%({table}.{name})s" if name in SAID[table].split() else f'first."{name}"'


def parameters(company: Company, arrival: Arrival) -> dict[str, Any]:
    """Returns those of one answer, of which the bot's own rules decide what is to be decided."""
    heard = judged(arrival, None, company)
    assert heard.route is not None
    said, place, follow_up = (
        arrival.feedback,
        company.teams[heard.route.team].channels[0],
        _follow_up(company, arrival, heard.route),
    )
    rows: Mapping[str, Mapping[str, Any]] = {
        "customer": {name: getattr(said.customer, name) for name in SAID["customer"].split()},
        "feedback": _feedback(arrival, heard),
        "follow_up": follow_up,
        "act": {"at": arrival.at, "set": to_json(follow_up).decode()},
        "message": {
            "key": said.id,
            "channel": place.channel,
            "gate": place.key,
            "created_at": arrival.at,
            "created_s": time.time(),
        },
    }
    return {f"{table}.{name}": value for table, row in rows.items() for name, value in row.items()}


def _feedback(arrival: Arrival, heard: Judged) -> dict[str, Any]:
    said = arrival.feedback
    worst, best = said.worst_and_best
    return {
        "external_id": said.id,
        "fingerprint": said.fingerprint,
        "metric": str(said.metric),
        "band": str(heard.band),
        "score": said.score,
        "worst": worst,
        "best": best,
        "comment": said.comment,
        "touchpoint": said.touchpoint,
        "tags": to_json(said.tags).decode(),
        "link": said.link,
        "wants_contact": said.wants_contact,
        "occurred_at": said.occurred_at,
        "received_at": arrival.at,
        "route": heard.route.name if heard.route else None,
        "team": heard.team,
    }


def _follow_up(company: Company, arrival: Arrival, route: Route) -> dict[str, Any]:
    at, team, hours = arrival.at, company.teams[route.team], company.hours_of(route.team, route.name)
    until = company.deadlines(team.name, route.name, at)
    fresh = Fresh(promised_at=at, claim_by=until.claim_by, close_by=until.close_by, state_since=at, moment=route.moment)
    return {
        "team": team.name,
        "route": route.name,
        "moment": str(route.moment),
        **dict.fromkeys(("created_at", "promised_at", "state_since"), at),
        "claim_by": until.claim_by,
        "close_by": until.close_by,
        "next_look_at": next_look(fresh, team.ladder, hours, at),
    }


async def columns_of(free: asyncio.Queue[psycopg.AsyncConnection]) -> Mapping[str, Sequence[str]]:
    connection = await free.get()
    found = {table: (await connection.execute(f"SELECT * FROM {table} LIMIT 0")).description or () for table in SAID}
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
            said = [parameters(ours.company, each) for each in arrivals]
            stored = [await (await connection.execute(store, each)).fetchall() for each in said]
            return [Receipt(Answer.ACCEPTED, id) for rows in stored for (id,) in rows]
        finally:
            free.put_nowait(connection)

    await serve(ours, receive)


if __name__ == "__main__":
    uvloop.run(main(Path(sys.argv[1])))
