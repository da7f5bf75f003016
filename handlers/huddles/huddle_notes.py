"""Notes of a huddle: what is written in the thread of its card is kept, and comes back at the next huddle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from handlers import colleagues, message_keys, wanted
from handlers.company import Company
from handlers.feedback import Person
from handlers.huddles import huddle
from handlers.huddles.huddle_card import MOST_NOTES, MOST_OF_ONE
from handlers.situation import Written
from storage import digests, messages
from storage.prepared import AnyRow

LONG = 300
"""Characters of a note that are kept."""
TRIES = 5
"""Attempts to store a note when somebody else writes at the same moment."""
GONE = 100
"""The most deleted notes that are remembered as such: a chat may deliver the writing of a note after its deletion."""


def is_huddle(tx: Connection, written: Written) -> bool:
    """Returns whether it was written under the card of a huddle: anything else said in a channel is not ours to read."""
    return _card(tx, written) is not None


def keep(tx: Connection, company: Company, written: Written) -> bool:
    """Store it as a note. Delivered again it is stored once, an edit replaces it, and a deletion removes it. A writer for whose
    note there is no room is told once. Returns False if no huddle of a team within reach takes it, or others kept writing at the
    same moment."""
    card = _card(tx, written)
    if card is None:
        return False
    about, on, *_channel = message_keys.parts(card.key)
    team = company.teams.get(about)
    if team is None or not team.reaches(written.person):
        return False
    who = colleagues.remember(tx, written.person)
    for _ in range(TRIES):
        row = digests.by_period(tx, huddle.KIND, about, on)
        if row is None:
            return False
        if _is_fresh(row.choices, written, who.id) and not _has_room(row.choices.get("notes", []), who.id):
            _tell_full(tx, row, who, written.at)
            return True
        after = _with(row.choices, written, who.id)
        if after == row.choices:
            return True
        if digests.note(tx, row.id, row.version, after):
            messages.want(tx, wanted.posts(huddle.KIND, team, on), written.at)
            return True
    return False


def _card(tx: Connection, written: Written) -> AnyRow | None:
    """Returns the huddle's card under which it was written; None for any other message."""
    standing = messages.standing(tx, written.person.chat, written.posted)
    return standing if standing is not None and standing.kind == huddle.KIND else None


def _is_fresh(choices: Mapping[str, Any], written: Written, who: int) -> bool:
    """Returns whether it is delivered for the first time; False for one that was deleted meanwhile."""
    known = any(note["id"] == written.id for note in choices.get("notes", ()))
    return not known and not written.changed and bool(_words(written)) and [written.id, who] not in choices.get("gone", ())


def _has_room(notes: Sequence[Mapping[str, Any]], who: int) -> bool:
    """Returns whether there is room for a note: always for somebody's first, however many others wrote."""
    own = sum(note["who"] == who for note in notes)
    return not own or (own < MOST_OF_ONE and len(notes) < MOST_NOTES)


def _tell_full(tx: Connection, row: AnyRow, who: Person, at: datetime) -> None:
    told = wanted.about_digest("full", row.id, who)
    if messages.by_key(tx, told.key) is None:
        messages.want(tx, [told], at)


def _with(choices: Mapping[str, Any], written: Written, who: int) -> Mapping[str, Any]:
    """Returns the choices with this note added, edited or removed. Only the person who wrote a note may edit or delete it."""
    notes, gone = choices.get("notes", []), choices.get("gone", [])
    this, what = [written.id, who], _words(written)
    known = next((note for note in notes if note["id"] == written.id), None)
    if known is not None and known["who"] != who:
        return choices
    if _is_fresh(choices, written, who):
        return {**choices, "notes": [*notes, {"id": written.id, "who": who, "what": what, "at": written.at.isoformat()}]}
    if known is not None and written.changed and what:  # only an edit: the original, delivered late, must not undo it
        return {**choices, "notes": [{**note, "what": what} if note is known else note for note in notes]}
    if written.changed and not what and this not in gone:
        return {**choices, "notes": [note for note in notes if note is not known], "gone": [*gone, this][-GONE:]}
    return choices


def _words(written: Written) -> str:
    return " ".join(written.words.split())[:LONG]
