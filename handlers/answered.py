"""Private answers to typed words and taps. A chat posts them at once and never redraws them; this records where they stand, so
that one can be taken back when something that it shows must be forgotten."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from handlers import cases, colleagues, message_keys
from handlers.cards import About, Card
from handlers.company import Company
from handlers.feedback import Person
from handlers.wording.language import gettext as _
from storage import messages
from storage.messages import ANSWER, Wanted
from storage.prepared import AnyRow


def remember(tx: Connection, who: Person, about: About, posted: tuple[str, str], edits: str | None, now: datetime) -> None:
    """Note that this answer stands in somebody's private chat. What was forgotten while it was on its way is taken back at once."""
    reader, known = colleagues.remember(tx, who), cases.read_all(tx, about)
    keys = {id: message_keys.answer(id, *posted) for id in known}
    rows = [Wanted(key, ANSWER, *who.place.parts, follow_up_id=id, person_id=reader.id) for id, key in keys.items()]
    messages.note_shown(tx, rows, posted, edits, now)
    messages.show_anew(tx, [keys[id] for id, case in known.items() if case.erased or (about[id] and not case.comment)])


def picture(_tx: Connection, _company: Company, _message: AnyRow, _now: datetime) -> Card:
    """Draw an answer anew: nothing of it is left. One message may show many customers, and lists are soon out of date."""
    return Card(
        plain=_("Something in this answer had to be forgotten, so it is no longer shown. Type “open” or “mine” to ask again.")
    )
