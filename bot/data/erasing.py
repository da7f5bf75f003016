"""`hero erase`: forgets a customer in the database, the posted cards and the bytes of the file, and verifies the result."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from sqlalchemy import Connection

from bot.chats.only_speaking import only_speaking
from bot.config import Settings
from bot.delivery.loop import Delivery
from bot.delivery.services import DeliveryServices, Timing
from bot.refusals import Mistaken, unfinished
from handlers.forgetting.erase import Erasure, Rehearsed, erase, rehearse
from handlers.forgetting.traces import spellings
from storage import delivery_log, erased, schema
from storage.database import Store
from storage.prepared import AnyRow

CARDS_S = 60.0
"""Seconds to wait for the posted cards to change; the rest is left to the running bot."""
PIECE = 4 * 1024 * 1024
NOBODY = "nobody is known by that key or e-mail, so nothing was erased. Check the spelling; they may have been erased already."
LEFT = "erased, but the database could not be written anew now, so old bytes may be left in it"
LEFT_BEFORE = (
    "nobody is known by that key or e-mail, so nothing was erased; nor could the database be written anew for an erasure before"
)
AGAIN = "Run the same command again later: it does that, though nobody is known any more"
KEPT = "Backups keep it until they expire."
KEPT_BY_POSTGRESQL = "PostgreSQL's own WAL archive and your backups keep older bytes until they expire."


def forget(settings: Settings, who: str, say: Callable[[str], None]) -> None:
    """Erase a customer and report what was done. Raises Mistaken when nobody is known by that key or e-mail, and Unfinished."""
    with schema.ready(settings.database) as store:
        gone, left_before = store.write_unhurried(partial(_erase, who), waits=False)
        if _is_nobody(gone):
            say(_finished(store, who))
            return
        with unfinished(LEFT, AGAIN):
            _say_gone(gone, say)
            late = asyncio.run(_show_anew(settings, store, gone.keys))
            say(_about_cards(len(gone.keys), late))
            say(_bytes_told(store, gone, anew=left_before or store.read_sync(erased.bytes_left, who)[1]))
            store.write_sync(erased.bytes_are_gone)


def _finished(store: Store, who: str) -> str:
    """Write the database anew if an erasure before could not. Returns what to tell if that was theirs, else raises Mistaken."""
    theirs, others = store.read_sync(erased.bytes_left, who)
    if not (theirs or others):
        raise Mistaken(NOBODY)
    with unfinished(LEFT if theirs else LEFT_BEFORE, AGAIN):
        store.checkpoint(vacuum=True)
        store.write_sync(erased.bytes_are_gone)
    if not theirs:
        raise Mistaken(f"{NOBODY} For an erasure before, the database was written anew now.")
    anew = "They were erased before, and now the database was written anew, without what was left of them."
    return f"{anew} {KEPT if store.sqlite else KEPT_BY_POSTGRESQL}"


def _erase(who: str, tx: Connection) -> tuple[Erasure, bool]:
    """Returns what was erased, and whether bytes of an erasure before may be left."""
    gone = erase(tx, who, datetime.now(UTC))
    return gone, not _is_nobody(gone) and erased.leave_bytes(tx, who)


def _say_gone(gone: Erasure, say: Callable[[str], None]) -> None:
    say(f"Erased: {_many(gone.customers, 'customer')}, {_many(gone.answers, 'answer')}. A re-delivery of them is ignored.")
    if gone.payloads:
        say(f"{_many(gone.payloads, 'payload')} kept as they came, or named to be fetched, {_is_are(gone.payloads)} deleted.")


def would_forget(settings: Settings, who: str) -> str:
    """Describe what `forget` would erase, without changing anything. Raises Mistaken as `forget` does."""
    with schema.ready(settings.database) as store:
        try:
            store.write_unhurried(lambda tx: rehearse(tx, who, datetime.now(UTC)), waits=False)
        except Rehearsed as rehearsed:
            would = rehearsed.would
            if _is_nobody(would):
                raise Mistaken(NOBODY) from None
            return ", ".join([
                _many(would.customers, "customer"),
                _many(would.answers, "answer"),
                _many(would.follow_ups, "follow-up"),
                f"{_many(would.notes, 'note')} of colleagues",
                f"{_many(would.payloads, 'payload')} (kept, or named to be fetched)",
            ])  # fmt: skip
    raise AssertionError("a rehearsal always ends in what it would have done")


def _is_nobody(gone: Erasure) -> bool:
    return not (gone.customers or gone.answers or gone.payloads)


async def _show_anew(settings: Settings, store: Store, keys: Sequence[str]) -> Sequence[AnyRow]:
    """Update what the chats show. Returns the messages that could not be updated in time, or are parked. A running bot may do the
    same at the same time: the lanes are leased."""
    async with AsyncExitStack() as opened:
        now = datetime.now(UTC)
        chats = {name: await opened.enter_async_context(only_speaking(name, settings, store, now)) for name in settings.chats}
        timing = Timing.of(settings.delivery)
        delivery = Delivery(DeliveryServices(store, chats, lambda: settings.company, _as_it_is, lambda: datetime.now(UTC), timing))
        speaking = asyncio.create_task(delivery.run())
        end = asyncio.get_running_loop().time() + CARDS_S
        left = await store.read(delivery_log.left, keys)
        while (
            any(row.state != "parked" for row in left) and asyncio.get_running_loop().time() < end
        ):  # polled, because it is rows of the database that change
            await asyncio.sleep(0.1)
            left = await store.read(delivery_log.left, keys)
        await delivery.stop()
        await speaking
    return left


async def _as_it_is() -> None:
    """Does not reload what ops arrange in chat: the command lasts a minute at most, and the running bot takes care of that."""


def _about_cards(all_of_them: int, left: Sequence[AnyRow]) -> str:
    parked = sum(row.state == "parked" and (row.remote_id is not None or row.doubts > 0) for row in left)  # the others never came
    late = sum(row.state != "parked" for row in left)
    if parked:
        mended = "Once that is mended: hero deliveries --replay."
        return f"{_many(parked + late, 'message')} in the chats could not be changed; hero deliveries says why. {mended}"
    if late:
        return f"{_many(late, 'message')} in the chats could not be changed yet; the running bot goes on. See hero deliveries."
    if not all_of_them:
        return "No message in the chats showed anything of them."
    return f"{_many(all_of_them, 'message')} in the chats {'shows' if all_of_them == 1 else 'show'} nothing of them any more."


def _bytes_told(store: Store, gone: Erasure, *, anew: bool) -> str:
    """Truncate the WAL, search the files for the erased words and rebuild the file if any are left, or `anew` in any case, because
    an erasure before could not. Returns what to tell."""
    store.checkpoint()
    if not store.sqlite:
        store.checkpoint(vacuum=True)
        return f"The tables were written anew. {KEPT_BY_POSTGRESQL}"
    path, wanted = Path(store.url.database or ""), spellings(gone.words)
    if wanted and not anew and not _found(path, wanted):
        return f"Not a byte of it is left in the database file. {KEPT}"
    store.checkpoint(vacuum=True)
    left = _found(path, wanted)
    if not left:
        return f"The database file was written anew, and not a byte of it is left. {KEPT}"
    stand = "stands" if left == 1 else "stand"
    return (
        f"{_many(left, 'word')} of theirs still {stand} in the file, in what belongs to somebody else (a common name, for example)."
    )


def _found(path: Path, wanted: set[bytes]) -> int:
    """Returns how many of the `wanted` byte strings occur in the database file or its WAL."""
    files = [path, Path(f"{path}-wal")]
    found = {
        word
        for file in files
        if file.exists()
        for piece in _pieces(file, max(map(len, wanted), default=1))
        for word in wanted
        if word in piece
    }
    return len(found)


def _pieces(file: Path, overlap: int) -> Iterator[bytes]:
    before = b""
    with file.open("rb") as opened:
        while piece := opened.read(PIECE):
            yield before + piece
            before = piece[-overlap:]


def _is_are(number: int) -> str:
    return "is" if number == 1 else "are"


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"
