"""What colleagues promised and noted at huddles, and decided in monthly reviews: forgotten with a customer, and by age."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from handlers import message_keys
from handlers.wording.language import gettext as _
from storage import digests, messages
from storage.prepared import AnyRow

MOST = 100_000
WORDS = ("what", "owner", "by", "how")
"""What people typed, of everything that is kept of a promise, a note or a decision."""

Spoken = Mapping[str, Any]
"""One promise, note, decision, or how that went."""


def forget_named(tx: Connection, words: Collection[str], now: datetime) -> tuple[int, Sequence[str]]:
    """Blank everything said that contains one of these words. Returns how many, and the keys of the messages that showed it."""
    if not words:
        return 0, ()
    named = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, sorted(words)))})(?!\w)", re.IGNORECASE)
    gone, changed = 0, []
    for row in digests.old_talk(tx, now + timedelta(days=1), MOST):
        kept = {name: _plainly(said, named) for name, said in row.choices.items()}
        number = sum(before != after for name, said in row.choices.items() for before, after in _pairs(said, kept[name]))
        if number and digests.note(tx, row.id, row.version, kept):
            gone += number
            changed.append(row)
    return gone, _shown(tx, changed)


def forget_old(tx: Connection, before: datetime, limit: int) -> bool:
    """Forget what was said before then. A decision counts from when it was made: a review can be decided about long afterwards."""
    changed = []
    for row in digests.old_talk(tx, before, limit):
        kept = {name: said for name, said in row.choices.items() if row.kind == digests.REVIEW and _at(said) >= before}
        if kept != row.choices and digests.note(tx, row.id, row.version, kept):
            changed.append(row)
    messages.show_anew(tx, _shown(tx, changed))
    return bool(changed)


def _plainly(said: Any, named: re.Pattern[str]) -> Any:
    """Returns what was said, one or a list, without these words. What nobody typed, such as the ids of deleted notes, stays."""
    if isinstance(said, list):
        return [_plainly(each, named) for each in said]
    if not isinstance(said, Mapping):
        return said
    return {**said, **{name: _("(erased)") for name in WORDS if named.search(said.get(name, ""))}}


def _pairs(said: Any, kept: Any) -> Iterable[tuple[Any, Any]]:
    return zip(said, kept, strict=True) if isinstance(said, list) else [(said, kept)]


def _at(decided: Spoken) -> datetime:
    return datetime.fromisoformat(decided["at"])


def _shown(tx: Connection, rows: Iterable[AnyRow]) -> Sequence[str]:
    """Returns the keys of the messages that show what was said: its own, and those of the next huddle, or of the reviews that begin
    with it, whoever reads them."""
    huddles, reviews = [], []
    for row in rows:
        if row.kind == digests.REVIEW:
            reviews.append(row)
        else:
            huddles += [message_keys.of_team(row.kind, row.about, on) for on in (row.period, row.next_period) if on is not None]
    reviews += digests.that_repeat(tx, [row.id for row in reviews])
    own = [message_keys.about_digest(digests.REVIEW, row.id, row.about) for row in reviews]
    return messages.wanted_of(tx, [*message_keys.in_all_channels(huddles), *own])
