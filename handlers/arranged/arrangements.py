"""What ops arranged in chat, beside what app.yaml says: teams, routes, sources, who is ops. app.yaml always wins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection

from handlers.arranged.tools import Source
from handlers.feedback import Band, Metric, Moment, Place
from handlers.hours import OpeningHours
from handlers.rules import Company, Comparison, Promise, Route, Team, When
from storage import arrangements, people
from storage.prepared import AnyRow


class Kind(StrEnum):
    """What an arrangement is about. The name of ORDER is always ORDER; those of OPS and LINK are a person's address in a chat."""

    TEAM = "team"
    ROUTE = "route"
    ORDER = "order"
    OPS = "ops"
    LINK = "link"
    SOURCE = "source"


def arranged(tx: Connection, company: Company) -> Company:
    """The company of app.yaml with what was arranged in chat. Routes made in chat come first: those of app.yaml mostly end with
    one that takes all the rest. What cannot be read any more, or has a name that app.yaml has too, is left out."""
    rows = arrangements.holding(tx)
    teams = dict(_teams(rows, company)) | dict(company.teams)
    taken = {route.name for route in company.routes}
    routes = [route for route in _routes(rows) if route.team in teams and route.name not in taken]
    ops = [row.name for row in rows if row.kind == Kind.OPS]
    sources = {row.name: Source(row.keys["kind"]) for row in switched_on(rows)} | dict(company.sources)
    changed = {"teams": teams, "routes": (*routes, *company.routes), "ops": (*company.ops, *ops), "sources": sources}
    return company.model_copy(update=changed)


def resting(rows: Sequence[AnyRow], company: Company) -> list[AnyRow]:
    """What was made in chat and does not hold, because app.yaml has one of that name."""
    written = {
        Kind.TEAM: {team.name for team in company.teams.values() if team.written},
        Kind.ROUTE: {route.name for route in company.routes if route.written},
        Kind.SOURCE: {name for name, source in company.sources.items() if source.written},
    }
    return [row for row in rows if row.name in written.get(row.kind, ())]


def team_of(name: str, keys: Mapping[str, Any], company: Company) -> Team:
    """A team from its keys, as app.yaml would have them. ValueError when they cannot be read."""
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
    """A route from its keys, as app.yaml would have them. ValueError when they cannot be read."""
    when = dict(keys.get("when", {}))
    read = {"band": Band, "metric": Metric, "score": Comparison.parse, "value": Comparison.parse}
    lists = {key: tuple(read.get(key, str)(each) for each in value) for key, value in when.items() if isinstance(value, list)}
    promise = Promise.model_validate(keys["promise"]) if "promise" in keys else None
    return Route(
        name=name, when=When(**{**when, **lists}), team=keys["team"], moment=Moment(keys.get("moment", "rescue")), promise=promise
    )


def in_order(rows: Sequence[AnyRow]) -> list[AnyRow]:
    """The routes made in chat, also those that are off, in the order in which they are tried."""
    routes = [row for row in rows if row.kind == Kind.ROUTE]
    order: list[str] = next((row.keys["names"] for row in rows if row.kind == Kind.ORDER), [])
    return sorted(routes, key=lambda row: order.index(row.name) if row.name in order else len(order))


def sources_in(rows: Sequence[AnyRow]) -> list[AnyRow]:
    """The sources made in chat, also those that are off; what cannot be read any more is left out."""
    return [row for row in rows if row.kind == Kind.SOURCE and {"kind", "secrets"} <= row.keys.keys()]


def switched_on(rows: Sequence[AnyRow]) -> list[AnyRow]:
    """Those of them that are on."""
    return [row for row in sources_in(rows) if not row.keys.get("off")]


def secrets_of(row: AnyRow, now: datetime) -> list[str]:
    """The sealed secrets of a source that hold at that time, the newest first: two while one replaces the other."""
    return [each["sealed"] for each in row.keys["secrets"] if (until := _until(each)) is None or now < until]


def lapse(rows: Sequence[AnyRow], now: datetime) -> datetime | None:
    """When the next secret that was replaced ends; None while none is being replaced."""
    ends = [until for row in switched_on(rows) for each in row.keys["secrets"] if (until := _until(each)) is not None]
    return min((until for until in ends if now < until), default=None)


def _until(secret: Mapping[str, Any]) -> datetime | None:
    return datetime.fromisoformat(secret["until"]) if secret.get("until") else None


def know_by(tx: Connection, address: str, keys: Mapping[str, Any] | None) -> None:
    """What follows from a link: from now on this person is known by its e-mail, or by their own again."""
    place = Place.parse(address)
    row = people.ensure(tx, place.chat, place.workspace, place.channel, "")
    people.prefer(tx, row.id, {"linked_email": keys["email"] if keys and keys["confirmed"] else None})


def _teams(rows: Sequence[AnyRow], company: Company) -> Iterator[tuple[str, Team]]:
    for row in rows:
        if row.kind == Kind.TEAM:
            try:
                yield row.name, team_of(row.name, row.keys, company)
            except (KeyError, TypeError, ValueError):
                continue  # of a later release, and this one has nothing to do with it


def _routes(rows: Sequence[AnyRow]) -> Iterator[Route]:
    for row in in_order(rows):
        try:
            if not row.keys.get("off"):
                yield route_of(row.name, row.keys)
        except (KeyError, TypeError, ValueError):
            continue
