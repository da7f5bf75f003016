"""HubSpot: polls feedback submissions in the order of their ids, and the contacts they belong to."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import Field

import bot.listening
from bot.listening import Asking, Ignored, Page, TokenRefused, paths, reading
from handlers.feedback import Feedback, FieldError, Metric

UNCONFIRMED = "the survey types other than NPS, CSAT and CES, and which scales CSAT and CES surveys have; both are options"

PAGES = ("results",)
LOOKS_BACK = False  # a cursor into a list that only grows misses nothing; its last two pages are read again each time

_PROPERTIES = (
    *("hs_value", "hs_content", "hs_survey_type", "hs_survey_name", "hs_survey_channel", "hs_submission_timestamp"),
    *("hs_response_group", "hs_submission_name"),
)
_OF_A_CONTACT = ("email", "firstname", "lastname", "phone", "company")
_TABLE: paths.Table = {
    "id": "id",
    "score": "properties.hs_value",
    "comment": "properties.hs_content",
    "occurred_at": "properties.hs_submission_timestamp",
    "touchpoint": "properties.hs_survey_name",
    "customer.key": "contact.id",
    "customer.email": "contact.properties.email",
    "customer.phone": "contact.properties.phone",
    "customer.company": "contact.properties.company",
}
_METRICS = {"NPS": Metric.NPS, "CSAT": Metric.CSAT, "CES": Metric.CES}

Scale = tuple[float, float]


class Options(bot.listening.PolledOptions):
    """`scales` gives the scale of a survey type as (worst, best). Set `contacts: false` if the token may not read contacts."""

    api_url: Annotated[str, Field(pattern=r"^https?://")] = "https://api.hubapi.com/"
    contacts: bool = True
    scales: dict[str, Scale] = Field(default_factory=dict)


def addresses(options: Options) -> Sequence[str]:
    return (options.api_url,)


def begin(since: datetime, options: Options) -> str:  # noqa: ARG001 - part of the interface
    return json.dumps({"since": since.astimezone(UTC).isoformat(), "after": ""})


async def poll(cursor: str, options: Options, ask: Asking) -> Page:
    """Read one page. Each round begins at the page before the last (`back`), since words may follow a score that a page turn left
    behind. Skips what is older than `since`."""
    at = json.loads(cursor)
    params = {"limit": "100", "properties": ",".join(_PROPERTIES), "associations": "contacts", "archived": "false"}
    params |= {"after": at["after"]} if at["after"] else {}
    answer = reading.as_object(await ask.get("crm/v3/objects/feedback_submissions", params=params, headers=_who(options)), "")
    entries = [entry for entry in answer.get("results") or () if isinstance(entry, dict) and _is_new(entry, at["since"])]
    if options.contacts and entries:
        await _meet(entries, options, ask)
    after = reading.as_text(paths.look(answer, "paging.next.after"))
    if isinstance(after, str) and after:
        return Page(entries, json.dumps(at | {"after": after, "back": at["after"]}), more=True)
    return Page(entries, json.dumps(at | {"after": at.get("back", at["after"])}), more=False)


def _is_new(entry: Mapping[str, Any], since: str) -> bool:
    try:
        return datetime.fromisoformat(entry.get("createdAt", "")) >= datetime.fromisoformat(since)
    except (ValueError, TypeError):
        return True  # rather read twice than missed


async def _meet(entries: Sequence[dict[str, Any]], options: Options, ask: Asking) -> None:
    """Add the first associated contact to each submission, but for those that HubSpot does not have, such as deleted ones."""
    of = {id(entry): _contact_of(entry) for entry in entries}
    wanted = sorted({contact for contact in of.values() if contact})
    if not wanted:
        return
    body = {"inputs": [{"id": contact} for contact in wanted], "properties": list(_OF_A_CONTACT)}
    try:
        answer = await ask.post("crm/v3/objects/contacts/batch/read", json=body, headers=_who(options))
    except TokenRefused as error:
        raise TokenRefused(f"{error}; give it the scope to read contacts, or write contacts: false") from error
    rows = paths.look(answer, "results")
    known = {reading.as_text(row.get("id")): row for row in rows if isinstance(row, dict)} if isinstance(rows, list) else {}
    for entry in entries:
        entry["contact"] = known.get(of[id(entry)])


def _contact_of(entry: Mapping[str, Any]) -> str | None:
    associated = paths.look(entry, "associations.contacts.results")
    first = associated[0] if isinstance(associated, list) and associated else None
    found = reading.as_text(first.get("id")) if isinstance(first, dict) else None
    return found if isinstance(found, str) else None


def parse(payload: Any, options: Options) -> Sequence[Feedback]:
    found = paths.gather(reading.as_object(payload, ""), _TABLE)
    kind = paths.look(payload, "properties.hs_survey_type")
    metric = _METRICS.get(kind.upper()) if isinstance(kind, str) else None
    if metric is None:
        raise FieldError("properties.hs_survey_type", "is missing" if kind is None else "is none of NPS, CSAT and CES")
    if found["score"] in (None, "") and not found["comment"]:
        raise Ignored("nothing said")
    scale = next((ends for name, ends in options.scales.items() if name.upper() == metric.name), None)
    names = (paths.look(payload, f"contact.properties.{part}") for part in ("firstname", "lastname"))
    found["customer"]["name"] = " ".join(name for name in names if isinstance(name, str))
    paths.numbered(found["customer"], "hubspot")
    return (reading.feedback(found | {"metric": metric, "scale": list(scale) if scale else None}, _TABLE),)


def _who(options: Options) -> Mapping[str, str]:
    return {"Authorization": f"Bearer {options.token.get_secret_value().strip()}"}
