"""Checks the database: whether it exists, is writable, current and local; what did not go out."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Container, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from bot.config import Settings
from bot.diagnosis import Diagnosis, compared, error, warning, well
from bot.doctor.disk import free_space, network_filesystem
from bot.doctor.sources import heard
from handlers.arranged.applied import gone
from handlers.arranged.arrangements import resting
from handlers.wording.words import took
from storage import arrangements, delivery_log, followups, schema, vitals
from storage.address import NoAddress, read
from storage.database import Store, Unavailable
from storage.prepared import AnyRow
from storage.rights import lacked_right
from storage.sqlite_file import READABLE, Unusable, is_there

LATE_S = 600
"""Seconds after which a message that is not shown yet is late."""


@contextmanager
def opened(url: str) -> Iterator[tuple[Store | None, list[Diagnosis]]]:
    """Yields the database, or None if its file does not exist (looking must not create it), and the findings about its location."""
    address = read(url)
    if address.get_backend_name() != "sqlite":
        with closing(Store(url)) as store:
            yield store, []
        return
    path = Path(address.database or "").absolute()
    lines = [line for line in (network_filesystem(path), free_space(path)) if line is not None]
    try:
        there = Store(url) if is_there(str(path)) else None
    except Unusable as refused:
        found = str(refused).removesuffix(f". {READABLE}")
        yield None, [error("database", found, "Nothing that is remembered could be looked at.", READABLE), *lines]
        return
    if there is None:
        found = f"{path} is not there yet"
        yield None, [warning("database", found, "Nothing is remembered so far.", "Start the bot: hero serve makes it."), *lines]
        return
    with closing(there) as store:
        yield store, lines


def look_at_memory(store: Store, settings: Settings, now: datetime) -> Sequence[Diagnosis]:
    """Diagnose everything that can be read from the database; returns a single line if it does not answer."""
    try:
        store.check_pooler()
        lines = [_schema(store)]
        if lines[0].state == "ok":
            lines += [_writable(store), *heard(store, settings, now), *_resting(store, settings)]
            lines += [*_gone(store, settings, now), *_undelivered(store, settings.chats)]
        if not store.sqlite:
            theirs = datetime.fromtimestamp(store.read_sync(vitals.server_seconds), UTC)
            lines.append(compared("the database server", theirs, now))
    except Unavailable as away:
        means = "Feedback is answered with 503 and taps with a request to try again; nothing is stored."
        return [error("database", f"does not answer ({away})", means, "Check `database` in app.yaml, and that the server runs.")]
    except NoAddress as wrong:
        return [error("database", wrong.why, "The bot does not start on it.", f"{wrong.help[0].upper()}{wrong.help[1:]}.")]
    except DBAPIError as denied:
        if (lacking := lacked_right(denied)) is None:
            raise
        found, do = lacking
        return [error("database", found, "Every answer of a customer is refused until then.", do)]
    return lines


def _schema(store: Store) -> Diagnosis:
    at, head = store.read_sync(schema.current), schema.head()
    if at == head:
        return well("schema", f"current ({head})")
    if at is not None and at > head:
        means = "This release does not know the tables, so it does not start."
        return error(
            "schema", f"{at}, newer than this release's {head}", means, "Install the release that wrote it, or a later one."
        )
    return error("schema", f"{at or 'empty'}, this release needs {head}", "The bot is not ready until it is.", "Run hero migrate.")


def _writable(store: Store) -> Diagnosis:
    kind = f"SQLite {sqlite3.sqlite_version}" if store.sqlite else "PostgreSQL"
    try:
        store.write_sync(vitals.write_something)
    except Unavailable as refused:
        found = f"{kind}, can be read but not written ({refused})"
        do = (
            "Check the rights of the file and its folder, and the free space."
            if store.sqlite
            else "Point `database` to the primary."
        )
        return error("database", found, "Every answer of a customer is refused with 503 until it can.", do)
    if not store.sqlite and (off := store.read_sync(vitals.unflushed)):
        means = "If its machine goes down, answers of customers and taps of colleagues are lost that were acknowledged."
        found = f"{kind}, can be written, with {' and '.join(off)} off"
        return warning("database", found, means, "Switch that on: in postgresql.conf, or for the role of the bot.")
    return well("database", f"{kind}, can be written")


def _resting(store: Store, settings: Settings) -> Iterator[Diagnosis]:
    for row in resting(store.read_sync(arrangements.holding), settings.company):
        found = f"the {row.kind} {row.name} made in chat does not hold: app.yaml has one of that name"
        means = f"What ops arranged for that {row.kind} does nothing, and nobody is told of it where it is missed."
        yield warning("arranged in chat", found, means, "Give one of the two another name, or undo the one made in chat.")


def _gone(store: Store, settings: Settings, now: datetime) -> Iterator[Diagnosis]:
    for team, number in store.read_sync(gone, settings.company, now).items():
        waits = "customers still wait" if number > 1 else "customer still waits"
        found = f"{number} {waits}, and no team of this name is set up any more"
        means = "Nobody is reminded, and whoever presses a button on the card changes nothing."
        yield error(f"team {team}", found, means, "Put the team back in app.yaml under this name; you can give it another title.")


def _undelivered(store: Store, chats: Container[str]) -> Iterator[Diagnosis]:
    everywhere = store.read_sync(delivery_log.depth)
    rows = [row for row in everywhere if row.chat in chats]
    number = {state: sum(row.number for row in rows if row.state == state) for state in ("waiting", "shown", "sending", "parked")}
    doubtful = store.read_sync(vitals.in_doubt, time.time() - 1)
    waiting = [row.oldest_s for row in rows if row.state != "parked" and row.oldest_s is not None]
    late = time.time() - min(waiting) if waiting else 0.0
    troubles = [*_without_a_chat(everywhere, chats), *_held_up(store)]
    if number["parked"]:
        means = "Each is something a team does not see."
        do = "Read why: hero deliveries. Mend it, then: hero deliveries --replay"
        troubles.append(warning("deliveries", f"{number['parked']} parked", means, do))
    if doubtful:
        means = "Whether they arrived is looked for by itself, so that nothing is posted twice."
        troubles.append(warning("deliveries", f"{doubtful} in doubt", means, "Nothing now. If it stays, see hero deliveries."))
    if late > LATE_S:
        found = f"the oldest waits for {took(timedelta(seconds=late))}"
        do = "See hero deliveries: is the chat away, or the bot stopped?"
        troubles.append(error("deliveries", found, "Customers wait and nobody was told.", do))
    yield from troubles
    if not troubles:
        left, held = sum(number.values()), sum(row.number for row in store.read_sync(followups.held))
        opening = f"; {held} card{'s wait' if held > 1 else ' waits'} for the opening" if held else ""
        yield well("deliveries", (f"{left} on the way" if left else "everything is shown") + opening)


def _without_a_chat(rows: Sequence[AnyRow], chats: Container[str]) -> Iterator[Diagnosis]:
    """What waits for a chat that app.yaml no longer names. Changes of what was shown there are left out: nobody misses them."""
    for chat in sorted({row.chat for row in rows if row.chat not in chats}):
        unseen = sum(row.unseen for row in rows if row.chat == chat)
        if unseen:
            found = f"{unseen} wait{'s' * (unseen == 1)} for {chat}, which app.yaml no longer names"
            do = f"Name {chat} again until they are shown, or give each up: hero deliveries KEY --drop REASON"
            yield warning("deliveries", found, "Nobody is shown what they say.", do)


def _held_up(store: Store) -> Iterator[Diagnosis]:
    """What is tried again and again, with the reason: for a person it is late for nobody else."""
    for row in store.read_sync(delivery_log.held_up, timedelta(seconds=LATE_S)):
        found = f"{row.number} wait{'s' * (row.number == 1)} ({row.chat}: {row.reason})"
        yield warning("deliveries", found, "Somebody is not shown what they say.", "Mend that; they go out by themselves then.")
