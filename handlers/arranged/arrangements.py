"""What ops arranged in chat, in addition to app.yaml: teams, routes, sources, who is ops. app.yaml always takes precedence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection

from handlers import colleagues
from handlers.calendar.hours import OpeningHours
from handlers.calendar.promise import Promise
from handlers.company import Company
from handlers.feedback import Band, Metric, Moment, Place
from handlers.places import TeamOf
from handlers.rules import Comparison, Route, When
from handlers.situation import Tap, Word
from handlers.survey_tools import Source
from handlers.team import Team
from storage import arrangements, people
from storage.prepared import AnyRow


class Kind(StrEnum):
    """What an arrangement is about. For ORDER the name is always ORDER; for OPS and LINK it is a person's address in a chat."""

    TEAM = "team"
    ROUTE = "route"
    ORDER = "order"
    OPS = "ops"
    LINK = "link"
    SOURCE = "source"


def keep(tx: Connection, made: Tap | Word, kind: Kind, name: str, keys: Mapping[str, Any] | None) -> int:
    """Record what somebody arranged; None as `keys` takes it back. Returns the id of the change."""
    return arrangements.add(tx, kind, name, keys, colleagues.remember(tx, made.person).id, made.at)


def arranged(tx: Connection, company: Company) -> Company:
    """Returns the company of app.yaml with what was arranged in chat. Routes made in chat come first, because those of app.yaml
    usually end with a catch-all. Arrangements that can no longer be read, or whose name app.yaml uses too, are left out."""
    rows = arrangements.holding(tx)
    teams = dict(_teams(rows, company)) | dict(company.teams)
    taken = {route.name for route in company.routes}
    routes = [route for route in _routes(rows) if (route.team_of or route.team in teams) and route.name not in taken]
    ops = [row.name for row in rows if row.kind == Kind.OPS]
    sources = {row.name: Source(row.keys["kind"]) for row in switched_on(rows)} | dict(company.sources)
    changed = {"teams": teams, "routes": (*routes, *company.routes), "ops": (*company.ops, *ops), "sources": sources}
    return company.model_copy(update=changed)


def resting(rows: Sequence[AnyRow], company: Company) -> list[AnyRow]:
    """Returns what was made in chat but is not in effect, because app.yaml has one of that name."""
    written = {
        Kind.TEAM: {team.name for team in company.teams.values() if team.written},
        Kind.ROUTE: {route.name for route in company.routes if route.written},
        Kind.SOURCE: {name for name, source in company.sources.items() if source.written},
    }
    return [row for row in rows if row.name in written.get(row.kind, ())]


def team_of(name: str, keys: Mapping[str, Any], company: Company) -> Team:
    """Returns a team from its keys, as in app.yaml. Raises ValueError when they cannot be read."""
    return Team(
        name=name,
        title=keys["title"],
        channels=tuple(Place.parse(address) for address in keys["channel"]),
        hours=OpeningHours.build(keys["hours"], company.timezone, holidays=company.holidays),
        promise=Promise.model_validate(keys["promise"]),
        causes=tuple(keys["causes"]),
        leader=tuple(keys.get("leader", ())),
        backup=tuple(keys.get("backup", ())),
    )


def route_of(name: str, keys: Mapping[str, Any]) -> Route:
    """Returns a route from its keys, as in app.yaml. Raises ValueError when they cannot be read."""
    when = dict(keys.get("when", {}))
    read = {"band": Band, "metric": Metric, "score": Comparison.parse, "value": Comparison.parse}
    lists = {key: tuple(read.get(key, str)(each) for each in value) for key, value in when.items() if isinstance(value, list)}
    promise = Promise.model_validate(keys["promise"]) if "promise" in keys else None
    leads = {"team_of": TeamOf(keys["team_of"])} if "team_of" in keys else {"team": keys["team"]}
    return Route(name=name, when=When(**{**when, **lists}), moment=Moment(keys.get("moment", "rescue")), promise=promise, **leads)


def in_order(rows: Sequence[AnyRow]) -> list[AnyRow]:
    """Returns the routes made in chat, including those that are off, in the order in which they are tried."""
    routes = [row for row in rows if row.kind == Kind.ROUTE]
    order: list[str] = next((row.keys["names"] for row in rows if row.kind == Kind.ORDER), [])
    return sorted(routes, key=lambda row: order.index(row.name) if row.name in order else len(order))


def sources_in(rows: Sequence[AnyRow]) -> list[AnyRow]:
    """Returns the sources made in chat, including those that are off; those that can no longer be read are left out."""
    return [row for row in rows if row.kind == Kind.SOURCE and {"kind", "secrets"} <= row.keys.keys()]


def switched_on(rows: Sequence[AnyRow]) -> list[AnyRow]:
    """Returns the sources made in chat that are on."""
    return [row for row in sources_in(rows) if not row.keys.get("off")]


def secrets_of(row: AnyRow, now: datetime) -> list[str]:
    """Returns the sealed secrets of a source that are valid at that time, the newest first: two while one replaces the other."""
    return [each["sealed"] for each in row.keys["secrets"] if (until := _until(each)) is None or now < until]


def lapse(rows: Sequence[AnyRow], now: datetime) -> datetime | None:
    """Returns when the next replaced secret expires; None while none is being replaced."""
    ends = [until for row in switched_on(rows) for each in row.keys["secrets"] if (until := _until(each)) is not None]
    return min((until for until in ends if now < until), default=None)


def _until(secret: Mapping[str, Any]) -> datetime | None:
    return datetime.fromisoformat(secret["until"]) if secret.get("until") else None


def know_by(tx: Connection, address: str, keys: Mapping[str, Any] | None) -> None:
    """Apply a link: from now on this person is identified by its e-mail, or by their own again."""
    place = Place.parse(address)
    row = people.ensure(tx, *place.parts, "")
    people.prefer(tx, row.id, {"linked_email": keys["email"] if keys and keys["confirmed"] else None})
    people.wish_as_elsewhere(tx, row.id)


def _teams(rows: Sequence[AnyRow], company: Company) -> Iterator[tuple[str, Team]]:
    for row in rows:
        if row.kind == Kind.TEAM:
            try:
                yield row.name, team_of(row.name, row.keys, company)
            except (KeyError, TypeError, ValueError):
                continue  # from a later release: this one ignores it


def _routes(rows: Sequence[AnyRow]) -> Iterator[Route]:
    for row in in_order(rows):
        try:
            if not row.keys.get("off"):
                yield route_of(row.name, row.keys)
        except (KeyError, TypeError, ValueError):
            continue
