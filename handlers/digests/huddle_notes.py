"""Notes of a huddle: what is written in the thread of its card is kept, and comes back at the next huddle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from handlers import cases
from handlers.digests import huddle
from handlers.rules import Company
from handlers.situation import Written
from storage import digests, messages
from storage.prepared import AnyRow

MOST = 30
"""Notes of one huddle."""
LONG = 300
TRIES = 5
"""How often it is kept anew when somebody else wrote at the same moment."""


def is_huddle(tx: Connection, written: Written) -> bool:
    """Whether it was written under the card of a huddle: whatever else is said in a channel is none of ours."""
    return _card(tx, written) is not None


def keep(tx: Connection, company: Company, written: Written) -> bool:
    """Keep it as a note. Heard again it is kept once, changed it is kept as it is now, and what was taken back is forgotten."""
    card = _card(tx, written)
    if card is None:
        return False
    _kind, about, on, *_nth = card.key.split(":")
    team = company.teams.get(about)
    if team is None or not team.reaches(written.person):
        return False
    who = cases.remember(tx, written.person)
    for _ in range(TRIES):
        row = digests.by_period(tx, huddle.KIND, about, on)
        if row is None:
            return False
        notes = row.choices.get("notes", [])
        after = _with(notes, written, who.id)
        if after == notes:
            return True
        if digests.note(tx, row.id, row.version, {**row.choices, "notes": after}):
            messages.want(tx, huddle.cards_of(team, on), written.at)
            return True
    return False


def _card(tx: Connection, written: Written) -> AnyRow | None:
    """The card of a huddle under which it was written."""
    standing = messages.standing(tx, written.person.chat, written.posted)
    return standing if standing is not None and standing.kind == huddle.KIND else None


def _with(notes: Sequence[Mapping[str, Any]], written: Written, who: int) -> list[Mapping[str, Any]]:
    """Whoever changes or takes back a note must be the one who wrote it."""
    what = " ".join(written.words.split())[:LONG]
    known = next((note for note in notes if note["id"] == written.id), None)
    if known is None:
        fresh = {"id": written.id, "who": who, "what": what, "at": written.at.isoformat()}
        return [*notes, fresh] if what and not written.changed and len(notes) < MOST else list(notes)
    if known["who"] != who or not written.changed:  # told late what it was, it stays what it has become
        return list(notes)
    changed = [{**known, "what": what}] if what else []
    place = notes.index(known)
    return [*notes[:place], *changed, *notes[place + 1 :]]
