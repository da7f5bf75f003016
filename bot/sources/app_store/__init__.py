"""The App Store: polls the reviews of an app, newest first."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import Field

import bot.listening
from bot.listening import Asking, Denied, Page, paths, reading
from handlers.feedback import Feedback, Metric

PAGES = ("data",)

_TABLE: paths.Table = {
    "id": "id",
    "score": "attributes.rating",
    "comment": "attributes.body",
    "occurred_at": "attributes.createdDate",
    "customer.name": "attributes.reviewerNickname",
}
_LIFETIME_S = 900
_SHOWN_LATE = timedelta(days=1)
"""How long after a newer review an older one may be shown."""


class Options(bot.listening.PolledOptions):
    """`token` is the private key (.p8) of an App Store Connect API key, with its id `key` and `issuer`; `app` is numeric."""

    api_url: Annotated[str, Field(pattern=r"^https?://")] = "https://api.appstoreconnect.apple.com/"
    app: Annotated[str, Field(pattern=r"^[0-9]{1,20}$")]
    key: Annotated[str, Field(min_length=1, max_length=100)]
    issuer: Annotated[str, Field(min_length=1, max_length=100)]
    every: bot.listening.Often = 900


def addresses(options: Options) -> Sequence[str]:
    return (options.api_url,)


def begin(since: datetime, options: Options) -> str:  # noqa: ARG001 - part of the interface
    return json.dumps({"until": since.astimezone(UTC).isoformat(), "newest": "", "next": ""})


async def poll(cursor: str, options: Options, ask: Asking) -> Page:
    """Each round walks from the newest review back to a day before the newest of the previous round. An interrupted round is
    resumed."""
    at = json.loads(cursor)
    headers = {"Authorization": f"Bearer {_token(options)}"}
    if at["next"]:
        try:
            answer = await ask.get(at["next"], headers=headers)
        except Denied:  # the link has expired; the next round starts from the newest again
            return Page((), json.dumps(at | {"newest": "", "next": ""}), more=False)
    else:
        answer = await ask.get(
            f"v1/apps/{options.app}/customerReviews", params={"sort": "-createdDate", "limit": "200"}, headers=headers
        )
    entries = reading.as_entries(reading.as_object(answer, "").get("data"), "data")
    now = datetime.now(UTC)  # no review is from later, whatever its date says
    times = [min(moment, now) for entry in entries if (moment := _moment(entry)) is not None]
    until = datetime.fromisoformat(at["until"])
    at["newest"] = at["newest"] or (max(times).isoformat() if times else "")
    following = paths.look(answer, "links.next")
    if isinstance(following, str) and not any(moment < until for moment in times):
        return Page(entries, json.dumps(at | {"next": following}), more=True)
    fresh = [entry for entry in entries if (moment := _moment(entry)) is None or moment >= until]
    newest = datetime.fromisoformat(at["newest"]) - _SHOWN_LATE if at["newest"] else until
    return Page(fresh, json.dumps({"until": max(until, newest).isoformat(), "newest": "", "next": ""}), more=False)


def _moment(entry: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(paths.look(entry, _TABLE["occurred_at"]))
    except (ValueError, TypeError):
        return None
    return moment.astimezone(UTC) if moment.tzinfo else None


def parse(payload: Any, options: Options) -> Sequence[Feedback]:
    found = paths.gather(reading.as_object(payload, ""), _TABLE)
    title = paths.look(payload, "attributes.title")
    if isinstance(title, str) and isinstance(found["comment"], str):
        found["comment"] = f"{title}\n{found['comment']}"
    territory = paths.look(payload, "attributes.territory")
    found["touchpoint"] = f"App Store {territory}" if isinstance(territory, str) else f"App Store {options.app}"
    found["link"] = f"https://apps.apple.com/app/id{options.app}?see-all=reviews"  # a review has no address of its own
    return (reading.feedback(found | {"metric": Metric.STARS}, _TABLE),)


def _token(options: Options) -> str:
    import jwt

    key = options.token.get_secret_value().replace("\\n", "\n")  # systemd hands over \n in quotes as two characters
    now = int(time.time())
    claims = {"iss": options.issuer, "iat": now, "exp": now + _LIFETIME_S, "aud": "appstoreconnect-v1"}
    try:
        return jwt.encode(claims, key, "ES256", headers={"kid": options.key})
    except (ValueError, TypeError, jwt.PyJWTError) as error:
        raise Denied("the private key cannot be used: put the whole .p8 file into the environment") from error
