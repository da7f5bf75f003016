"""What is left of a message that stands in a chat and whose team is no longer in app.yaml, once what it was about is over. Without
the team nobody knows what of its words to hide, and when they are forgotten it cannot be drawn without them: so none are shown."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import Connection

from handlers import cases, message_keys
from handlers.cards import Card
from handlers.case import Case
from handlers.wording.language import gettext as _
from storage import act_log, nudges, personal, raised
from storage.prepared import AnyRow

OVER = timedelta(days=1)
"""Until then a replica with an older app.yaml leaves to the others what it cannot draw: these may just have been given the team."""


def remainder(tx: Connection, message: AnyRow, now: datetime) -> Card | None:
    """Returns what to show in place of the message; None if it does not stand anywhere, or a customer in it still waits, unless it
    may tell what was forgotten of their earlier cases."""
    stands = message.remote_id is not None or message.doubts > 0
    if not stands or not _is_over(tx, message, now):
        return None
    return Card(plain=_("This is no longer shown: its team is not set up here any more."))


def _is_over(tx: Connection, message: AnyRow, now: datetime) -> bool:
    ids = _about(tx, message)
    if not ids:  # a post to a team's channel
        return bool(message.created_at < now - OVER)
    known = cases.read_all(tx, ids).values()
    if any(case.erased for case in known) or all(_ended(case, now - OVER) for case in known):
        return True
    if message.kind != "private" or message.created_at >= now - OVER:
        return False
    return personal.tells_what_is_forgotten(tx, message.follow_up_id)  # it told their earlier cases, too


def _ended(case: Case, before: datetime) -> bool:
    return not case.open and case.closed_at is not None and case.closed_at < before


def _about(tx: Connection, message: AnyRow) -> Collection[int]:
    """Returns the follow-ups that a message tells about."""
    if message.bundle_id is not None:
        return {row.follow_up_id for row in nudges.in_bundle(tx, message.bundle_id)}
    if message.act_id is not None:
        return {act_log.one(tx, message.act_id).follow_up_id}
    if message.kind == "became":
        row = raised.by_id(tx, message_keys.id_in(message.key))
        return {row.follow_up_id} if row is not None else ()
    return {message.follow_up_id} if message.follow_up_id is not None else ()
