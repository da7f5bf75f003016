"""`hero merge-customers`: merges two keys that belong to one customer."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

from sqlalchemy import Connection

from bot.refusals import Mistaken
from handlers.arrivals.customers import Merged, NotTwo, merge, merging
from storage.database import Store


def merged(store: Store, keep: str, other: str, *, dry: bool = False) -> str:
    """Merge `other` into `keep`, or with `dry` only describe the effect. Returns what to print. Raises Mistaken."""
    try:
        if dry:
            return _told(store.read_sync(merging, keep, other), "become", "would be")
        return _told(store.write_unhurried(partial(_merged, keep, other), waits=False), "became", "are")
    except NotTwo as error:
        raise Mistaken(f"{error}. Nothing was changed.") from error


def _merged(keep: str, other: str, tx: Connection) -> Merged:
    return merge(tx, keep, other, datetime.now(UTC))


def _told(what: Merged, became: str, one: str) -> str:
    both = f"both keys {one} one customer."
    if what.answers == 1:
        still = ", still being followed up," if what.open else ""
        return f"1 answer of {what.other}{still} {became.replace('become', 'becomes')} one of {what.keep}'s; {both}"
    still = f", {what.open} of them still being followed up," if what.open else ""
    return f"{what.answers} answers of {what.other}{still} {became} those of {what.keep}; {both}"
