"""Warns about what is valid in app.yaml but still wrong: customers who would reach nobody, promises that contradict each other."""

from __future__ import annotations

from calendar import day_name
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta

from bot.config import Loaded
from bot.config.addressed import channels_twice, no_chat, unknown_channels, unknown_people
from bot.config.file import Warned, either
from bot.config.findings import Finding, in_order
from bot.config.masking import is_secret_key, literal_secrets
from bot.config.places import unknown
from bot.config.plug_ins import is_directory, unconfirmed
from bot.config.positions import Path
from bot.config.scores import on_their_scale, unanswered, unheard
from bot.config.team_checks import duties, holidays, order, times_of_day
from bot.config.together import PRACTICE
from bot.config.unreachable import why_never
from handlers.calendar.hours import OpeningHours
from handlers.calendar.opening_times import ClockSpan
from handlers.calendar.promise import Promise
from handlers.places import whose
from handlers.rules import Route
from handlers.survey_tools import OURS

A_MONDAY = date(2026, 1, 5)
"""The first day of a week in which most of the world has no daylight-saving change."""


def findings(loaded: Loaded) -> tuple[Finding, ...]:
    """Returns, in order, all errors of the file and the warnings about the parts that could be read."""
    if loaded.file.data is None:
        return loaded.findings
    before = len(loaded.file.findings)
    looks = (
        *(_routes, _unanswered, _scores, _teams, _promises, duties, order, times_of_day, holidays),
        *(_digests, _sources, _addresses, _secrets),
        *(unknown_channels, unknown, unknown_people, channels_twice, no_chat),
    )
    for look in looks:
        for path, code, message, help in look(loaded):
            if not loaded.file.is_waiting(path):
                loaded.file.say(path, code, message, help)
    warned = loaded.file.findings[before:]
    del loaded.file.findings[before:]
    return in_order([*loaded.findings, *warned])


def _routes(loaded: Loaded) -> Iterator[Warned]:
    places, routes = list(loaded.parts.routes), list(loaded.parts.routes.values())
    for index, takers in why_never(routes, whose(loaded.parts.teams.values())).items():
        at: Path = ("routes", places[index], "name")
        if takers:
            earlier = " and ".join(f"`{routes[t].name}` (line {loaded.file.line(('routes', places[t], 'name'))})" for t in takers)
            why = f"the route `{routes[index].name}` can never match: {earlier} above take{'' if takers[1:] else 's'} all of it"
            yield at, "W201", why, "move it up, or remove it"
        else:
            why = f"the route `{routes[index].name}` can never match: its conditions contradict each other"
            yield at, "W202", why, "no customer can meet all of them; remove one"
    known = loaded.file.names("sources")
    for index, route in loaded.parts.routes.items():
        for source in route.when.source:
            if source not in known and source not in OURS:
                why = f"the route `{route.name}` waits for the source `{source}`, which is not in this file"
                yield ("routes", index, "when", "source"), "W212", why, either(source, known, "sources in this file")


def _all_routes(loaded: Loaded) -> Sequence[Route] | None:
    """Returns the routes; None if one could not be read: it may be the one that is missing."""
    written, routes = (loaded.file.data or {}).get("routes") or (), list(loaded.parts.routes.values())
    return routes if len(routes) == len(written) else None


def _unanswered(loaded: Loaded) -> Iterator[Warned]:
    if not loaded.parts.teams or _all_routes(loaded) is None:
        return
    if example := unanswered(loaded.parts):
        help = "add a last route: - {name: everyone else, when: {band: [detractor, unscored]}, team: …}"
        yield ("routes",), "W203", f"no route takes all unhappy customers: {example} reaches nobody", help
    elif unheard(loaded.parts):
        help = "add unscored to a route, as in when: {band: [detractor, unscored]}: somebody then says whether it is a problem"
        yield ("routes",), "N302", "no route takes comments without a score: unhappy words alone reach nobody", help


def _scores(loaded: Loaded) -> Iterator[Warned]:
    for index, code, why, help in on_their_scale(loaded.parts):
        yield ("routes", index, "when", "score"), code, why, help


def _teams(loaded: Loaded) -> Iterator[Warned]:
    teams = loaded.parts.teams
    first: dict[str, str] = {}
    for name, team in teams.items():
        for place in team.channels:
            other = first.setdefault(place.key, name)
            if teams[other].promise != team.promise:
                why = f"{other} and {name} share the channel {place.chat}:{place.channel} and promise different times there"
                yield ("teams", name, "channel"), "W204", why, "give them the same promise, or a channel each"
    routes = _all_routes(loaded)
    for name, team in teams.items():
        if routes and not any(route.may_lead_to(team) for route in routes):
            why = f"no route sends anything to {name}, so nobody there will see a customer"
            yield ("teams", name), "W210", why, "add a route, or remove it"


def _promises(loaded: Loaded) -> Iterator[Warned]:
    for name, team in loaded.parts.teams.items():
        if _ends_early(team.promise, team.hours):
            why = f"{name} promises to close sooner ({team.promise.close}) than to claim ({team.promise.claim})"
            yield ("teams", name, "promise"), "W213", why, "claim comes first; make close the longer one"
    for index, route in loaded.parts.routes.items():
        led_to = [team for team in loaded.parts.teams.values() if route.promise and route.may_lead_to(team)]
        if route.promise and any(_ends_early(route.promise, team.hours) for team in led_to):
            why = f"the route `{route.name}` promises to close sooner ({route.promise.close}) than to claim ({route.promise.claim})"
            yield ("routes", index, "promise"), "W213", why, "claim comes first; make close the longer one"


def _ends_early(promise: Promise, hours: OpeningHours) -> bool:
    """Whether `close` ends before `claim`. An opening day counts as the team's average one; 10 % of slack avoids false alarms."""
    claim, close = promise.claim, promise.close
    if bool(claim.days) == bool(close.days):
        return (close.days, close.seconds) < (claim.days, claim.seconds)
    monday = datetime.combine(A_MONDAY, datetime.min.time(), hours.zone)
    week = hours.between(monday, monday + timedelta(days=7)).total_seconds()
    day = week / max(1, sum(bool(spans) for spans in hours.week))
    return (close.days * day + close.seconds) < 0.9 * (claim.days * day + claim.seconds)


def _digests(loaded: Loaded) -> Iterator[Warned]:
    """Weekly posts that come on a later day than asked for, or after work. One that is due before the opening waits for it."""
    for name, team in loaded.parts.teams.items():
        at: Path = ("teams", name, "digest")
        if at not in loaded.file.nodes:
            continue
        day, clock = team.posting.weekday, team.posting.at
        later = next(days for days in range(7) if team.hours.week[(day + days) % 7])
        if later:
            late = ", when the week it tells of has been over for a week" if day + later > 6 else ""
            why = f"{name} is closed on {day_name[day]}, so its weekly post waits until {day_name[(day + later) % 7]}{late}"
            yield at, "W205", why, "choose a day on which it opens"
        elif _after_work(team.hours.week[day], clock):
            why = f"the weekly post of {name} goes out on {day_name[day]} at {clock:%H:%M}, when the team is closed"
            yield at, "W205", why, "choose a time within its hours, so that somebody reads it"


def _after_work(spans: Sequence[ClockSpan], clock: time) -> bool:
    """Returns whether somebody was there earlier that day, and nobody is at that time."""
    seconds = (clock.hour * 60 + clock.minute) * 60
    return spans[0][0] <= seconds and not any(start <= seconds < end for start, end in spans)


def _sources(loaded: Loaded) -> Iterator[Warned]:
    parts = loaded.parts
    routes = _all_routes(loaded)
    exposed = bool((parts.chats.keys() - {PRACTICE}) or (parts.server and not parts.server.on_loopback))
    for name, source in parts.sources.items():
        asked_of_routes = not is_directory(source.kind)
        if asked_of_routes and routes and all(route.when.source and name not in route.when.source for route in routes):
            why = f"no route takes anything from {name}, so what it sends reaches nobody"
            yield ("sources", name), "W211", why, "name it in a route"
        if exposed and getattr(source.options, "unsigned", False):
            why = f"{name} is unsigned: whoever finds its address can invent customers"
            yield ("sources", name, "unsigned"), "W207", why, "give it a secret, as the survey tool shows it"
        if doubt := unconfirmed(source.kind):
            why = f"{name} is of kind {source.kind}: no documentation that we could read confirms {doubt}"
            yield ("sources", name, "kind"), "N301", why, "send one real answer through it before you rely on it"
    if exposed and parts.server and parts.server.secret is None:
        why = "`server.secret` is missing: no survey tool can be connected in chat, because its secret could not be sealed"
        yield ("server",), "N303", why, 'add secret: "${HERO_SECRET}" and a long random HERO_SECRET in .env'


def _addresses(loaded: Loaded) -> Iterator[Warned]:
    """Chats whose platform calls the bot over https while `server.public_url` is missing or not https, and the practice chat
    where others reach the bot."""
    server = loaded.parts.server
    if server is None or loaded.file.is_waiting(("server", "public_url")):
        return
    known = server.public_url or ""
    for name, options in loaded.parts.chats.items():
        if getattr(options, "behind_https", False) and not known.startswith("https://"):
            wrong = "no https address" if known else "missing"
            why = f"`chats.{name}` is reached at `server.public_url`, and that is {wrong}: nothing that is said there arrives"
            yield ("server", "public_url") if known else ("chats", name), "W217", why, "add server: {public_url: https://…}"
    if known and PRACTICE in loaded.parts.chats:
        why = "the practice chat is for this computer only, and `server.public_url` says that others reach this bot"
        yield ("chats", PRACTICE), "W224", why, "remove practice: {} here, and try things out in an app.yaml of its own"


def _secrets(loaded: Loaded) -> Iterator[Warned]:
    for path in literal_secrets(loaded.file.nodes):
        words = [str(part) for part in path if part not in {"chats", "sources"} and not isinstance(part, int)]
        name = "_".join(words).upper().replace("-", "_").replace(".", "_")
        if path == ("server", "secret"):
            name = "HERO_SECRET"
        elif not is_secret_key(path, loaded.file.nodes):
            name = f"{name}_PASSWORD"
        why = f"`{'.'.join(words)}` holds a secret itself, and whoever reads this file can use it"
        yield path, "W206", why, f"write ${{{name}}} in its place and {name}=… into .env, which stays out of git"
