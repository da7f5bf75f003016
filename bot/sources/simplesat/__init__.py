"""Simplesat: polls its answers page by page."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import Field

import bot.listening
from bot.listening import Asking, Page, paths, reading
from bot.listening.asked import Asked
from handlers.feedback import Feedback, Metric

UNCONFIRMED = "the names of the fields of an answer but `id` and `created`; name yours under fields"

PAGES = ("answers", "results")

_USUAL: paths.Table = {
    "id": "id",
    "occurred_at": "created",
    "score": "choice",
    "comment": "comment",
    "customer.key": "customer.id",
    "customer.name": "customer.name",
    "customer.email": "customer.email",
    "customer.company": "customer.company",
}

Name = Literal[
    "score", "comment", "customer.key", "customer.name", "customer.email", "customer.phone", "customer.company", "touchpoint"
]


class Options(Asked, bot.listening.PolledOptions):
    """`fields` overrides the default dotted paths of an answer's fields."""

    metric: Metric = Metric.CSAT
    api_url: Annotated[str, Field(pattern=r"^https?://")] = "https://api.simplesat.io/api/v1/"
    fields: dict[Name, str] = Field(default_factory=dict)


def addresses(options: Options) -> Sequence[str]:
    return (options.api_url,)


def begin(since: datetime, options: Options) -> str:  # noqa: ARG001 - part of the interface
    return json.dumps({"since": f"{since:%Y-%m-%d}", "newest": "", "page": 1})


async def poll(cursor: str, options: Options, ask: Asking) -> Page:
    """Read one page. The API filters by whole days, so each round starts on the day before the newest answer of the last one."""
    at = json.loads(cursor)
    headers = {"X-Simplesat-Token": options.token.get_secret_value().strip()}
    params = {"start_date": at["since"], "page": str(at["page"])}
    answer = reading.as_object(await ask.get("answers", params=params, headers=headers), "")
    name = "results" if answer.get("answers") is None else "answers"
    entries = reading.as_entries(answer.get(name), name)
    at["newest"] = max([at["newest"], *(str(entry.get("created", ""))[:10] for entry in entries)])
    if isinstance(answer.get("next"), str):
        return Page(entries, json.dumps(at | {"page": at["page"] + 1}), more=True)
    return Page(entries, _next_round(at), more=False)


def _next_round(at: Mapping[str, Any]) -> str:
    try:
        newest = min(at["newest"], f"{datetime.now(UTC):%Y-%m-%d}")  # no answer is from later, whatever its date says
        since = max(at["since"], (datetime.fromisoformat(newest) - timedelta(days=1)).date().isoformat())
    except ValueError:
        since = at["since"]
    return json.dumps({"since": since, "newest": "", "page": 1})


def parse(payload: Any, options: Options) -> Sequence[Feedback]:
    table: dict[str, str] = dict(_USUAL) | {str(ours): theirs for ours, theirs in options.fields.items()}
    found = options.question | paths.gather(reading.as_object(payload, ""), table)
    found["score"] = options.score(found["score"], table["score"])
    if "customer.key" not in options.fields:
        paths.numbered(found["customer"], "simplesat")
    return (reading.feedback(found, table),)
