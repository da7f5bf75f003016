"""The nightly chore that forgets what is older than app.yaml allows, field by field. Customers who still wait are not forgotten."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from handlers.forgetting import talk
from handlers.forgetting.erase import plainly, posts_about, said_about
from handlers.forgetting.retention import Retention
from storage import chores, messages, personal

BATCH = 200
"""Rows forgotten in one unit of work: few enough that nobody's tap waits for it."""
HOUR = 3
"""The hour from which it runs, in the company's time zone."""
CHORE, NOTES, LATE_NOTES = "retention", "retention: notes", "retention: late notes"
CUSTOMER_FIELDS = ("name", "email", "phone", "company", "value")


def is_due(tx: Connection, zone: ZoneInfo, now: datetime) -> bool:
    """Returns whether tonight's run is still to be done. One that was missed at night is made up for later that day."""
    return now.astimezone(zone).hour >= HOUR and not chores.is_done(tx, CHORE, _today(zone, now))


def forget(tx: Connection, retention: Retention, zone: ZoneInfo, now: datetime) -> bool:
    """Forget one batch. Returns whether there may be more; the call that finds nothing records that tonight's run is done."""
    chores_of_tonight = (
        (_words, retention.comment),
        *((chore, retention.notes) for chore in (_notes, _late_notes, _talk)),
        *((partial(_column, name), getattr(retention, name)) for name in CUSTOMER_FIELDS),
    )
    forgotten = any(kept is not None and chore(tx, now - kept, now) for chore, kept in chores_of_tonight)
    if not forgotten:
        chores.mark(tx, CHORE, _today(zone, now))
    return forgotten


def _words(tx: Connection, before: datetime, _now: datetime) -> bool:
    rows = personal.old_answers(tx, before, BATCH)
    ids = [row.id for row in rows]
    personal.forget_words(tx, ids)
    cases = [row.id for row in personal.follow_ups_of(tx, ids)]
    _redraw(tx, cases)
    messages.show_anew(tx, posts_about(tx, rows, cases))
    return bool(ids)


def _notes(tx: Connection, before: datetime, _now: datetime) -> bool:
    """Continues where the last batch ended: a follow-up whose notes were forgotten cannot be told from one that still has to be."""
    mark = chores.marked(tx, NOTES)
    since = datetime.fromisoformat(mark) if mark else None
    if since is not None and since > before:  # a clock that was ahead left it, or the notes were kept for a shorter time
        since = None
    found = personal.finished(tx, since, before, BATCH)
    if not found:
        return False
    _blank(tx, [row.id for row in found], before)
    chores.mark(tx, NOTES, found[-1].closed_at.astimezone(UTC).isoformat())
    return True


def _late_notes(tx: Connection, before: datetime, now: datetime) -> bool:
    """Forget what was written after the end, such as what a customer said weeks later in a call. Continues where the last batch
    ended, along the log."""
    acts = personal.next_acts(tx, int(chores.marked(tx, LATE_NOTES) or 0), before, now, BATCH)
    if acts:
        late = [line for line in acts if line.late and plainly(line.detail) != line.detail]
        misdated = {line.id for line in late if line.at > now}
        _blank(tx, sorted({line.follow_up_id for line in late}), before, misdated)
        chores.mark(tx, LATE_NOTES, str(acts[-1].id))
        return True
    thanked = personal.thanked_late(tx, before, BATCH)
    _blank(tx, thanked, before)
    return bool(thanked)


def _blank(tx: Connection, ids: Sequence[int], before: datetime, misdated: Collection[int] = ()) -> None:
    """Blank what was written about these follow-ups before then, and in these acts, wherever it is shown."""
    if ids:
        personal.blank_words(tx, ids, plainly, before, misdated)
        _redraw(tx, ids)
        messages.show_anew(tx, posts_about(tx, personal.answers_to(tx, ids), ids))


def _talk(tx: Connection, before: datetime, _now: datetime) -> bool:
    """Forget what colleagues promised and noted at old huddles, and decided in reviews."""
    return talk.forget_old(tx, before, BATCH)


def _column(name: str, tx: Connection, before: datetime, _now: datetime) -> bool:
    ids = personal.old_customers(tx, name, before, BATCH)
    personal.forget_column(tx, ids, name)
    return bool(ids)


def _redraw(tx: Connection, follow_up_ids: Sequence[int]) -> None:
    """Show anew the messages about these follow-ups, without what was forgotten, and those that tell it to whoever has another one
    of the same customer."""
    messages.show_anew(tx, [*said_about(tx, follow_up_ids), *personal.told_beside(tx, follow_up_ids)])


def _today(zone: ZoneInfo, now: datetime) -> str:
    return now.astimezone(zone).date().isoformat()
