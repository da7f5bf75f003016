"""Checks each source: when it was last heard, whether its tool can be asked, and what of it could not be read or fetched."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.config import Settings
from bot.config.plug_ins import unconfirmed
from bot.diagnosis import Diagnosis, warning, well
from bot.sources import LoadedSource
from handlers.arranged.unread import left_behind
from handlers.wording.words import took
from storage import errands, feedback, payloads, readings, vitals
from storage.database import Store
from storage.prepared import AnyRow

QUIET = timedelta(days=7)
"""A source that has been silent for longer deserves a look."""
LONG_S = 6 * 3600
"""Seconds after which whatever keeps us from reading a tool is said, even if it only asks us to wait."""
NOBODY_HEARS = "Nobody hears what these customers said."


def heard(store: Store, settings: Settings, now: datetime) -> Iterator[Diagnosis]:
    """Diagnose each source by what the database says of it."""
    last = store.read_sync(feedback.last_by_source)
    for name, source in settings.sources.items():
        loaded = LoadedSource.of(name, source)
        trouble = store.read_sync(_trouble, loaded)
        yield from trouble
        if loaded.tells_of_customers:
            yield well(f"source {name}", f"a directory of customers: {store.read_sync(vitals.customers)} known")
            continue
        at = last.get(name)
        yield from _documented(name, source.kind, proven=at is not None)
        if loaded.names and not loaded.is_asked:
            found = f"not for {source.kind}: it has no list to ask, so an answer that was never announced to us is not found"
            yield well(f"look back {name}", found)
        if at is not None or not trouble:  # where nothing could be read, that nothing came is no news
            yield _last(loaded, at, now)
    for name, named, unread in store.read_sync(left_behind, settings.sources):
        left = [f"{named} answer{'s' * (named != 1)} to be fetched"] if named else []
        left += [f"{unread} payload{'s' * (unread != 1)} that could not be read"] if unread else []
        do = f"Name {name} in app.yaml again until all of it is taken in: see hero sources."
        yield warning(f"source {name}", f"no longer set up, and {' and '.join(left)}", NOBODY_HEARS, do)


def _last(loaded: LoadedSource, at: datetime | None, now: datetime) -> Diagnosis:
    part, name = f"source {loaded.name}", loaded.name
    if at is None:
        do = f"Send a test from the survey tool to /feedback/{name}, or try a payload: hero rehearse {name} FILE."
        if not loaded.sends:
            do = "Answer the survey yourself: it is asked by itself, and hero sources says when it last was."
        return warning(part, "nothing has arrived so far", "No customer of this survey reaches anybody yet.", do)
    found = f"the last answer came {took(now - at)} ago"
    if now - at <= QUIET:
        return well(part, found)
    means = "Either customers are silent, or the feed is broken and unhappy ones wait unheard."
    do = "Look at the webhook's log in the survey tool."
    if not loaded.sends:
        do = "Look in the survey tool whether it holds newer answers; hero sources says when it was last asked."
    return warning(part, found, means, do)


def _trouble(tx: Connection, loaded: LoadedSource) -> list[Diagnosis]:
    """Returns a warning for all that could not be read of a source, each with its reason and what mends it."""
    part, name = f"source {loaded.name}", loaded.name
    found = [
        warning(part, what, NOBODY_HEARS, "Mend that; a new token needs a new start. It is asked again by itself.")
        for what in _refusing(tx, loaded)
    ]
    for row in errands.parked_by_reason(tx):
        if row.source == name:
            do = f"If they were not deleted there, mend that, then: hero sources --replay {name}"
            found.append(warning(part, f"{row.number} parked: {row.reason}", NOBODY_HEARS, do))
    if unread := payloads.unread(tx, name):
        do = f"See why, and read them again once that is mended: hero sources --replay {name}"
        found.append(warning(part, f"{unread} payload{'s' * (unread != 1)} could not be read", NOBODY_HEARS, do))
    return found


def _refusing(tx: Connection, loaded: LoadedSource) -> Iterator[str]:
    """Yields how its tool cannot be asked: for a page of answers, or for those that it named."""
    for row in readings.every(tx):
        if row.source == loaded.name and loaded.is_asked and _fails(row):
            yield _not_read(row)
    failing = [row for row in errands.failing(tx) if row.source == loaded.name]
    if failing:
        waiting = sum(row.source == loaded.name and row.state == "waiting" for row in errands.unfinished(tx))
        yield f"{waiting} answer{'s' * (waiting != 1)} cannot be fetched: {failing[-1].reason}"


def _fails(reading: AnyRow) -> bool:
    return bool(reading.failures >= errands.TROUBLE or (reading.reason and time.time() - reading.read_s > LONG_S))


def _not_read(reading: AnyRow) -> str:
    many = f"; {reading.failures} failure{'s' * (reading.failures != 1)} in a row" if reading.failures else ""
    since = f"last read {took(timedelta(seconds=time.time() - reading.read_s))} ago" if reading.read_s else "never read yet"
    return f"cannot be asked: {reading.reason}{many}; {since}"


def _documented(name: str, kind: str, *, proven: bool) -> Iterator[Diagnosis]:
    """Warn about what no documentation of the survey tool confirms, until a piece of feedback has come through it."""
    doubt = unconfirmed(kind)
    part = f"documentation {name}"
    if doubt and proven:
        yield well(part, f"nothing that we could read confirms {doubt}; answers have come through it")
    elif doubt:
        found = f"{kind}: no documentation that we could read confirms {doubt}"
        page = f"docs/sources/{kind.replace('_', '-')}.md"
        do = f"Send one real answer through it before you rely on it: see {page}."
        yield warning(part, found, "An answer may be refused, or read otherwise than it was meant.", do)
