"""`hero rehearse`: shows what would happen to a payload, without storing or posting anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot import sources
from bot.commands.refusals import Mistaken
from bot.config import Settings
from bot.listening import Ignored, payload
from handlers import cases, rules
from handlers.digests.wins import opens
from handlers.feedback import Band, Feedback, FieldError, State
from handlers.hours import OpeningHours
from handlers.nudges import ladder
from handlers.nudges.ladder import Phase, Role, Rung
from handlers.openings import appears
from handlers.rules import Deadlines, Route, Team
from handlers.words import took, when


def rehearse(settings: Settings, source: str, body: bytes) -> str:
    """Describe it for each piece of feedback in the payload. Raises Mistaken when the payload cannot be read."""
    named = settings.sources.get(source)
    if named is None:
        raise Mistaken(f"there is no source {source!r}. There is: {', '.join(settings.sources) or 'none'}.")
    try:
        said = payload.read(body)
        entries = said if isinstance(said, list) else [said]
        if hasattr(sources.load(named.kind), "customers"):
            return _customers(sources.load(named.kind), named.options, entries)
        pieces = [piece for entry in entries for piece in sources.load(named.kind).parse(entry, named.options)]
    except payload.Unreadable as error:
        raise Mistaken(f"the payload is not JSON that we read: {error}.") from None
    except FieldError as error:
        raise Mistaken(f"the payload would be answered 422: {error.field or 'the entry'} {error.why}.") from None
    except Ignored:
        return "This event would be answered 200 and ignored: it holds no feedback."
    now = datetime.now(UTC)
    told: list[str] = []
    nudged = False  # one ladder is enough to see: those of a batch are mostly the same
    for piece in pieces:
        route = rules.route(piece, source, settings.company.routes)
        steps = _ladder(settings, route, piece, now) if not nudged and route is not None and opens(route, piece) else []
        nudged = nudged or bool(steps)
        told += [*_piece(settings, source, piece, now), *steps, ""]
    return "\n".join([*told, "Nothing was stored or posted."])


def _customers(source: Any, options: Any, entries: Sequence[Any]) -> str:
    """A directory sends customer records only; nobody is asked to follow up."""
    told = [customer for entry in entries for customer in source.customers(entry, options)]
    lines = [
        f"Customer  {each.identity}: {', '.join(f'{name} {value}' for name, value in each if value is not None)}" for each in told
    ]
    return "\n".join([*lines, "", "Nothing was stored or posted."])


def _piece(settings: Settings, source: str, said: Feedback, now: datetime) -> list[str]:
    route = rules.route(said, source, settings.company.routes)
    worst, best = said.worst_and_best
    score = f"{said.metric} {said.score:g} on {worst:g} to {best:g}" if said.score is not None else str(said.metric)
    lines = [f"Feedback  {said.id}: {score}, {rules.band(said)}"]
    for candidate in settings.company.routes:
        if candidate is route:
            told = _promised(settings, candidate, said, now) if opens(candidate, said) else _as_a_win(settings, candidate)
            return [*lines, f"Route     → {candidate.name} matches", *told]
        lines.append(f"Route     · {candidate.name}")
    return [*lines, "Team      nobody: no route matches. It would be stored, counted as unrouted, and shown to ops."]


def _as_a_win(settings: Settings, route: Route) -> list[str]:
    return [
        f"Team      {settings.company.teams[route.team].title}; told as a win at its next opening, and nobody has to follow it up"
    ]


def _promised(settings: Settings, route: Route, said: Feedback, now: datetime) -> list[str]:
    team, hours = settings.company.teams[route.team], settings.company.hours_of(route.team, route.name)
    until = settings.company.deadlines(team.name, route.name, now)
    channels = ", ".join(f"{p.chat}:{p.channel}" for p in team.channels)
    return [
        f"Team      {team.title}, {route.moment}; the card goes to {channels}",
        *([] if hours.is_open(now) else [f"Card      {appears(team, hours.next_opening(now), now)}"]),
        f"Promise   if it came now: {_ends(until, hours.zone, now)} ({hours.zone.key})",
        *(_returning(until, hours, now) if rules.band(said) is Band.DETRACTOR else []),
    ]


@dataclass(frozen=True, slots=True)
class _Waits:
    """A follow-up to which nothing happens, as the ladder wants to see it."""

    state: str
    moment: str
    value: float | None
    promised_at: datetime
    claim_by: datetime
    close_by: datetime
    state_since: datetime
    contacted_at: datetime | None = None
    rungs_unclaimed: int = 0
    rungs_claimed: int = 0
    held_until: datetime | None = None
    quiet_until: datetime | None = None
    asked_at: datetime | None = None


def _ladder(settings: Settings, route: Route, said: Feedback, now: datetime) -> list[str]:
    """Who would be reminded when: while nobody claims it, and while it is claimed and not closed."""
    team = settings.company.teams[route.team]
    until, hours = settings.company.deadlines(team.name, route.name, now), settings.company.hours_of(team.name, route.name)
    lines = []
    for state, phase in ((State.NEW, "if nobody claims it"), (State.CLAIMED, "if it is claimed and not closed")):
        waits = _Waits(state, route.moment, said.customer.value, now, until.claim_by, until.close_by, now)
        rungs = ladder.ahead(waits, team.ladder, hours)
        lines += [f"Nudges    {phase}:"] if rungs else [f"Nudges    {phase}: none"]
        lines += [f"          {when(rung.at, team.hours.zone, now):<17} {_reaches(team, rung)}" for rung in rungs]
    return lines


def _reaches(team: Team, rung: Rung) -> str:
    """To whom a step speaks, by role; and by name where app.yaml names them."""
    unless = ", unless somebody was in touch with the customer" if rung.step.phase is Phase.QUIET else ""
    match rung.step.role:
        case Role.THREAD:
            return f"the thread of the card{unless}"
        case Role.OWNER:
            return f"whoever claimed it{unless}"
        case role:
            names: tuple[str, ...] = getattr(team, role)
            return f"the {role} ({', '.join(names)}){unless}" if names else f"nobody: {team.title} has no {role}"


def _returning(until: Deadlines, hours: OpeningHours, now: datetime) -> list[str]:
    """What a customer would be promised whom we let down not long ago; whether this is one, only the database knows."""
    half, days = _ends(rules.sooner(until, hours, now), hours.zone, now), took(cases.LOW_SCORES_COUNT)
    return [f"          half of it for somebody who was unhappy within the last {days}: {half}"]


def _ends(until: Deadlines, zone: ZoneInfo, now: datetime) -> str:
    return f"claimed by {when(until.claim_by, zone, now)}, closed by {when(until.close_by, zone, now)}"
