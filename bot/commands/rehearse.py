"""`hero rehearse`: shows what would happen to a payload, without storing or posting anything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.commands import what_was_read
from bot.commands.what_was_read import safe
from bot.config import Settings
from bot.doors import entries
from bot.listening import Ignored, payload
from bot.refusals import Mistaken
from bot.sources import LoadedSource
from handlers import cases, ladder, rules
from handlers.arrivals.arrival import as_known
from handlers.calendar.hours import OpeningHours
from handlers.calendar.promise import Deadlines, sooner
from handlers.case import State
from handlers.feedback import Band, Customer, Feedback, FieldError, address_in
from handlers.ladder import Phase, Role, Rung
from handlers.places import team_at
from handlers.rules import Route, asks_somebody
from handlers.team import Team
from handlers.wording.openings import appears
from handlers.wording.words import took, when
from storage import schema
from storage.database import Unavailable

IGNORED = "This event would be answered 200 and ignored: it holds no feedback."
_AS_A_WIN = "told as a win at its next opening, and nobody has to follow it up"


def rehearse(settings: Settings, source: str, body: bytes) -> str:
    """Describe what would happen to each piece of feedback in the payload, which is read as the door for feedback reads it.
    Raises Mistaken when the door would refuse it."""
    named = settings.sources.get(source)
    if named is None:
        raise Mistaken(f"there is no source {source!r}. There is: {', '.join(settings.sources) or 'none'}.")
    loaded = LoadedSource.of(source, named)
    if loaded.names:
        told = _of_a_name(settings, loaded, body)
    else:
        told = (_told if loaded.sends else _given)(settings, loaded, _said(loaded, body))
    return safe("\n".join([*told, "Nothing was stored or posted."]))


def _of_a_name(settings: Settings, loaded: LoadedSource, body: bytes) -> list[str]:
    """Describe what a tool sends that only names answers; or such an answer itself, as the tool's API gives it."""
    try:
        names = loaded.source.notice(loaded.read(body), loaded.options)
    except (payload.Unreadable, FieldError, Ignored) as error:
        no_name = error
    else:
        asked = f"{', '.join(names)}: answered 202, then fetched from {loaded.source.addresses(loaded.options)[0]}"
        return [f"Answer    {asked}", "          What becomes of it: rehearse it as that API gives it.", ""]
    try:
        pieces = entries.read(loaded.parse, payload.read(body))
    except payload.Unreadable as error:
        pieces = FieldError("", f"is not JSON that we read: {error}")
    if not isinstance(pieces, FieldError):
        return ["Answer    as the tool's API gives it", *_each(settings, loaded, [pieces])]
    if isinstance(no_name, Ignored):
        return [IGNORED]
    why = _why(no_name) if isinstance(no_name, FieldError) else str(no_name)
    raise Mistaken(f"the payload neither names an answer ({why}) nor is one as the tool's API gives it ({_why(pieces)}).")


def _said(loaded: LoadedSource, body: bytes) -> dict[str, Any] | list[Any]:
    try:
        said = payload.read(body)
    except payload.Unreadable as error:
        raise Mistaken(f"the payload is not JSON that we read: {error}.") from None
    if not isinstance(said, dict | list):
        raise Mistaken(f"the payload {'would be answered 400: it ' * loaded.sends}must be a JSON object, or an array of them.")
    return said


def _given(settings: Settings, loaded: LoadedSource, said: dict[str, Any] | list[Any]) -> list[str]:
    """Describe an entry as a tool gives it that is asked, or each of a page."""
    pieces = entries.read(loaded.parse, said)
    if not isinstance(pieces, FieldError):
        return _each(settings, loaded, [pieces]) if pieces else ["This entry would be passed over: it holds no feedback."]
    names = getattr(loaded.source, "PAGES", ())  # under which a tool that is asked may give the entries of a page
    page = said if isinstance(said, list) else next((said[name] for name in names if isinstance(said.get(name), list)), None)
    if page is None:
        raise Mistaken(
            f"the entry could not be read: {_why(pieces)}. It would be kept, to be read again: hero sources --replay {loaded.name}"
        )
    read = [entries.read(loaded.parse, entry) for entry in page]
    return [f"Page      of {len(read)} entr{'y' if len(read) == 1 else 'ies'}", *_each(settings, loaded, read)]


def _told(settings: Settings, loaded: LoadedSource, said: dict[str, Any] | list[Any]) -> list[str]:
    """Describe an object, or each entry of an array."""
    parse: Callable[[Any], Sequence[Any]] = loaded.customers if loaded.tells_of_customers else loaded.parse
    if isinstance(said, dict):
        pieces = entries.read(parse, said)
        if isinstance(pieces, FieldError):
            raise Mistaken(f"the payload would be answered 422: {_why(pieces)}.")
        if not pieces:
            return [IGNORED]
        return _each(settings, loaded, [pieces])
    if len(said) > entries.MOST_ENTRIES:
        raise Mistaken(f"the payload would be answered 413: a batch has at most {entries.MOST_ENTRIES} entries.")
    read = [entries.read(parse, entry) for entry in said]
    return _each(settings, loaded, read)


def _each(settings: Settings, loaded: LoadedSource, read: Sequence[Sequence[Any] | FieldError]) -> list[str]:
    """Describe what was read, entry by entry."""
    now, told = datetime.now(UTC), list[str]()
    known = iter(_as_known(settings, [piece for pieces in read if not isinstance(pieces, FieldError) for piece in pieces]))
    nudged = False  # one ladder is enough to see: those of a batch are mostly the same
    for n, pieces in enumerate(read, 1):
        if isinstance(pieces, FieldError):
            then = (
                "would be rejected: {why}. The others" if loaded.sends else "could not be read: {why}. It would be kept, the others"
            )
            told += [f"Entry {n}   {then.format(why=_why(pieces))} would be stored.", ""]
            continue
        if not pieces:
            told += [f"Entry {n}   would be {'ignored' if loaded.sends else 'passed over'}: it holds no feedback.", ""]
        for said in pieces:
            piece = next(known)
            if isinstance(piece, Customer):
                line = f"Customer  {piece.identity}: {what_was_read.customer(piece)}"
                told += [line, *what_was_read.missing(loaded.options, piece)]
                continue
            route = settings.company.route_of(piece, loaded.name)
            asking = route if route is not None and asks_somebody(route, piece) else None
            steps = _ladder(settings, asking, piece, now) if asking is not None and not nudged else []
            nudged = nudged or bool(steps)
            first, *rest = _piece(settings, loaded.name, piece, route, now)
            read_well = what_was_read.feedback(said, loaded.options)
            told += [first, *read_well, *_directory(said.customer, piece.customer), *rest, *steps, ""]
    return [*told, ""] if loaded.tells_of_customers else told


def _as_known(settings: Settings, pieces: Sequence[Any]) -> Sequence[Any]:
    """Returns the pieces with what the directory knows of their customers, if there is a database that can be read."""
    if not all(isinstance(piece, Feedback) for piece in pieces):
        return pieces
    try:
        with schema.ready(settings.database) as store:
            return store.read_sync(as_known, pieces)
    except (Unavailable, schema.Older, schema.Newer):
        return pieces


def _directory(said: Customer, known: Customer) -> list[str]:
    news = [f"{name} {value}" for name, value in known if value != getattr(said, name)]
    return [f"Customer  as the directory knows them: {', '.join(news)}"] if news else []


def _why(error: FieldError) -> str:
    return safe(f"{error.field or 'the entry'} {error.why}")


def _piece(settings: Settings, source: str, said: Feedback, route: Route | None, now: datetime) -> list[str]:
    """Describe an answer, the routes up to the one that takes it, and what follows from that."""
    worst, best = said.worst_and_best
    score = f"{said.metric} {said.score:g} on {worst:g} to {best:g}" if said.score is not None else str(said.metric)
    lines = [f"Feedback  {said.id}: {score}, {rules.band(said)}"]
    for candidate in settings.company.routes:
        if route is not None and candidate.name == route.name:
            win = f"Team      {settings.company.teams[route.team].title}; {_AS_A_WIN}"
            told = _promised(settings, route, said, now) if asks_somebody(route, said) else [win]
            return [*lines, f"Route     → {route.name} matches{_at(settings, route, said)}", *told]
        lines.append(f"Route     · {candidate.name}{_nowhere(candidate, said, source)}")
    if rules.band(said) in rules.LOW:
        why = "no route matches. It would be stored, and ops would be told that nobody was asked to reply."
    else:
        why = "no route matches, which is usual for customers who are not unhappy. It would be stored."
    return [*lines, f"Team      nobody: {why}"]


def _at(settings: Settings, route: Route, said: Feedback) -> str:
    """Which place led there, of a route to the team of the place."""
    named = route.team_of.said(said) if route.team_of else ()
    place = next((each for each in named if team_at(settings.company.places, [each])), None)
    return f": {route.team_of} “{place}”" if place else ""


def _nowhere(route: Route, said: Feedback, source: str) -> str:
    """Why a route to the team of the place does not take what it asks for."""
    if route.team_of is None or not route.when.holds(said, source):
        return ""
    named = " or ".join(f"“{each}”" for each in route.team_of.said(said))
    return f": no team is called {named}" if named else f": the answer has no {route.team_of}"


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


def _ladder(settings: Settings, route: Route, said: Feedback, now: datetime) -> list[str]:
    """Who would be reminded when: while nobody claims it, and while it is claimed and not closed."""
    team = settings.company.teams[route.team]
    until, hours = settings.company.deadlines(team.name, route.name, now), settings.company.hours_of(team.name, route.name)
    fresh = ladder.Fresh(
        promised_at=now,
        claim_by=until.claim_by,
        close_by=until.close_by,
        state_since=now,
        moment=route.moment,
        value=said.customer.value,
    )
    lines = []
    for state, phase in ((State.NEW, "if nobody claims it"), (State.CLAIMED, "if it is claimed and not closed")):
        rungs = ladder.ahead(replace(fresh, state=state), team.ladder, hours)
        lines += [f"Nudges    {phase}:"] if rungs else [f"Nudges    {phase}: none"]
        lines += [f"          {when(rung.at, team.hours.zone, now):<17} {_reaches(team, rung, said)}" for rung in rungs]
    return lines


def _reaches(team: Team, rung: Rung, said: Feedback) -> str:
    """To whom a step speaks, by role; and by name where app.yaml or a directory names them."""
    unless = ", unless somebody was in touch with the customer" if rung.step.phase is Phase.QUIET else ""
    match rung.step.role:
        case Role.THREAD:
            return f"the thread of the card{unless}"
        case Role.OWNER:
            return f"whoever claimed it{unless}"
        case Role.COLLEAGUE:
            address = address_in(said.customer.owner)
            nobody = "nobody: no e-mail of whoever usually looks after this customer is known"
            return f"whoever usually looks after this customer ({address}), if the chat knows them{unless}" if address else nobody
        case role:
            names = team.duties[role]
            return f"the {role} ({', '.join(names)}){unless}" if names else f"nobody: {team.title} has no {role}"


def _returning(until: Deadlines, hours: OpeningHours, now: datetime) -> list[str]:
    """What a customer would be promised whom we let down not long ago; whether this is one, only the database knows."""
    half, days = _ends(sooner(until, hours, now), hours.zone, now), took(cases.LOW_SCORES_COUNT)
    return [f"          half of it for somebody who was unhappy within the last {days}: {half}"]


def _ends(until: Deadlines, zone: ZoneInfo, now: datetime) -> str:
    return f"claimed by {when(until.claim_by, zone, now)}, closed by {when(until.close_by, zone, now)}"
