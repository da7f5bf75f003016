"""The Microsoft Teams checks of `hero doctor`: whether the app gets a token, the signing keys are available, the bot is in its
channels."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import httpx

from bot.chats import CannotPost, Refused, Throttled, Unknown, Unreachable
from bot.chats.msteams.places import Places
from bot.chats.msteams.wire import Wire, path
from bot.diagnosis import Diagnosis, clock, error, warning, well
from handlers.feedback import Place
from storage import msteams
from storage.database import Store, Unavailable

WAITS = "Cards for these channels wait in the database and are posted once it is mended."


async def examined(wire: Wire, places: Places, store: Store, wanted: Sequence[Place]) -> Sequence[Diagnosis]:
    lines = await _keys(wire)
    try:
        await wire.token.get()
    except (Throttled, Unreachable) as refused:
        do = "Check app_id, app_secret and tenant in app.yaml, and whether the secret has expired."
        return [*lines, error("msteams token", str(refused), WAITS, do)]
    lines.append(well("msteams token", f"given to the app {wire.options.app_id}"))
    for place in wanted:
        lines.append(await _channel(wire, places, store, place))
    return lines


async def _keys(wire: Wire) -> list[Diagnosis]:
    part, means = "msteams keys", "What Microsoft Teams sends cannot be verified, so no tap is heard."
    try:
        answer = await wire.client.get(wire.options.openid_url)
    except (httpx.HTTPError, httpx.InvalidURL) as failed:
        do = "Let the bot reach openid_url: check proxy and firewall."
        return [error(part, f"cannot be had ({failed or type(failed).__name__})", means, do)]
    if answer.status_code != 200:
        return [error(part, f"answered {answer.status_code}", means, "Check openid_url in app.yaml.")]
    compared = clock("Microsoft", answer.headers.get("date"), datetime.now(UTC))
    return [well(part, "can be had"), *([compared] if compared else [])]


async def _channel(wire: Wire, places: Places, store: Store, place: Place) -> Diagnosis:
    part = f"msteams channel {place.channel}"
    try:
        spot = await places.spot(place)
        row = await store.read(msteams.by_id, spot.conversation)
        if row is not None:
            await wire.get(spot.service_url, path("v3", "teams", row.team_id, "conversations"), row.team_id)
    except (CannotPost, Refused) as away:  # never installed, removed, or renamed
        return error(part, str(away), WAITS, "Add Action Hero to the team in Microsoft Teams: docs/msteams.md.")
    except (Throttled, Unreachable, Unknown, Unavailable) as trouble:
        return warning(part, f"could not be looked at ({trouble})", "It may be well.", "Try again in a minute.")
    return well(part, "the bot is in its team")
