"""Undoes an arrangement made in chat: the previous one takes effect again, and that is recorded as a change, too."""

from __future__ import annotations

from sqlalchemy import Connection

from handlers import colleagues
from handlers.arranged.arrangements import Kind, know_by
from handlers.cards import Button, Card, Reply
from handlers.company import Company
from handlers.situation import Tap
from handlers.wording.language import gettext as _
from storage import arrangements
from storage.prepared import AnyRow


def undo(tx: Connection, company: Company, tap: Tap) -> Reply:
    """Undo one change: what was in effect before it takes effect again."""
    row = _newest(tx, tap, "change")
    if row is None:
        return Reply(_("Somebody changed this since, so nothing was undone. Type “status” to see the last changes."))
    before = arrangements.before(tx, row)
    keys = before.keys if before is not None else None
    if row.kind == Kind.LINK:
        know_by(tx, row.name, keys)
    arrangements.add(tx, row.kind, row.name, keys, colleagues.remember(tx, tap.person).id, tap.at, undoes=row.id)
    return Reply(_("Undone: {what} is as it was before.").format(what=row.name))


def done(text: str, change: int, *more: Button) -> Reply:
    """Returns the answer to whoever made that change: what was done, with a button that undoes it."""
    return Reply(cards=(Card(plain=text, headline=text, buttons=(*more, undo_button(change))),))


def undo_button(change: int) -> Button:
    """Returns a button that undoes that change."""
    return Button("undo", _("Undo"), f"change:{change}", _("Undo this change"))


def still_holding(tx: Connection, tap: Tap, named: str, kind: Kind) -> AnyRow | None:
    """Returns the arrangement that a target such as `route:17`, `named` so, refers to; None when it was changed or taken back
    since, or never existed."""
    row = _newest(tx, tap, named)
    return row if row is not None and row.kind == kind and row.keys is not None else None


def _newest(tx: Connection, tap: Tap, named: str) -> AnyRow | None:
    change = tap.numbered(named)
    row = arrangements.by_id(tx, change) if change is not None else None
    newest = arrangements.newest(tx, row.kind, row.name) if row is not None else None
    return row if row is not None and newest is not None and newest.id == row.id else None
