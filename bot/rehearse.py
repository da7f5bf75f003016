"""`hero rehearse`: what would become of a payload, without storing or posting anything."""

from __future__ import annotations

from datetime import UTC, datetime

from bot import sources
from bot.config import Settings
from bot.refusals import Mistaken
from bot.sources import Ignored, payload
from handlers import rules
from handlers.feedback import Feedback, FieldError
from handlers.rules import Route
from handlers.words import when


def rehearse(settings: Settings, source: str, body: bytes) -> str:
    """Tell it in words, for each piece of feedback in the payload. Raises Mistaken for what cannot be read."""
    named = settings.sources.get(source)
    if named is None:
        raise Mistaken(f"there is no source {source!r}. There is: {', '.join(settings.sources) or 'none'}.")
    try:
        said = payload.read(body)
        entries = said if isinstance(said, list) else [said]
        pieces = [piece for entry in entries for piece in sources.load(named.kind).parse(entry, named.options)]
    except payload.Unreadable as error:
        raise Mistaken(f"the payload is not JSON that we read: {error}.") from None
    except FieldError as error:
        raise Mistaken(f"the payload would be answered 422: {error.field or 'the entry'} {error.why}.") from None
    except Ignored:
        return "This event would be answered 200 and ignored: it holds no feedback."
    now = datetime.now(UTC)
    told = [line for piece in pieces for line in (*_piece(settings, source, piece, now), "")]
    return "\n".join([*told, "Nothing was stored or posted."])


def _piece(settings: Settings, source: str, said: Feedback, now: datetime) -> list[str]:
    route = rules.route(said, source, settings.company.routes)
    worst, best = said.worst_and_best
    score = f"{said.metric} {said.score:g} on {worst:g} to {best:g}" if said.score is not None else str(said.metric)
    lines = [f"Feedback  {said.id}: {score}, {rules.band(said)}"]
    for candidate in settings.company.routes:
        if candidate is route:
            return [*lines, f"Route     → {candidate.name} matches", *_promised(settings, candidate, now)]
        lines.append(f"Route     · {candidate.name}")
    return [*lines, "Team      nobody: no route matches. It would be stored, counted as unrouted, and shown to ops."]


def _promised(settings: Settings, route: Route, now: datetime) -> list[str]:
    team = settings.company.teams[route.team]
    until = rules.deadlines(route.promise or team.promise, team.hours, now)
    zone = team.hours.zone
    channels = ", ".join(f"{p.chat}:{p.channel}" for p in team.channels)
    claimed, closed = when(until.claim_by, zone, now), when(until.close_by, zone, now)
    return [
        f"Team      {team.title}, {route.moment}; the card goes to {channels}",
        f"Promise   if it came now: claimed by {claimed}, closed by {closed} ({zone.key})",
    ]
