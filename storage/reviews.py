"""The calls of the monthly review, read from the log."""

from __future__ import annotations

from collections.abc import Collection
from itertools import chain

from sqlalchemy import Connection, select

from storage.act_log import act
from storage.feedback import feedback
from storage.followups import follow_up
from storage.pieces import grouped, pieces
from storage.prepared import AnyRow

CALLS = ("called", "no_answer", "do_not_call", "call_note")
"""The acts by which a leader reports on a call."""
AT_ONCE = 500


def spoken_to(tx: Connection, customers: Collection[int]) -> dict[int, list[AnyRow]]:
    """Returns, by customer, the acts that say a leader has spoken to them, or that nobody may call them."""
    asked = (
        select(act.c.verb, act.c.follow_up_id, feedback.c.customer_id)
        .join(follow_up, follow_up.c.id == act.c.follow_up_id)
        .join(feedback, feedback.c.id == follow_up.c.feedback_id)
        .where(act.c.verb.in_(("called", "do_not_call")))
    )
    each = (tx.execute(asked.where(feedback.c.customer_id.in_(these))) for these in pieces(sorted(customers), AT_ONCE))
    return grouped(chain.from_iterable(each), "customer_id")


def lives(tx: Connection, follow_up_ids: Collection[int]) -> dict[int, list[AnyRow]]:
    """Returns, by follow-up, the acts on each of these, in order."""
    asked = select(act.c.follow_up_id, act.c.verb, act.c.at, act.c.set).order_by(act.c.id)
    each = (tx.execute(asked.where(act.c.follow_up_id.in_(these))) for these in pieces(sorted(follow_up_ids), AT_ONCE))
    return grouped(chain.from_iterable(each), "follow_up_id")
