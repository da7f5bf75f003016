"""The same tap or form twice: it is done once, and the second one is answered kindly."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection

from handlers.cards import Reply
from handlers.situation import Change, Situation
from handlers.wording.replies import RACE
from storage import act_log

SENT_AGAIN = timedelta(minutes=2)
"""How long after the first time the very same is taken for a form that was sent again."""
ONCE = frozenset({"release", "hand_over", "no_help", "close", "confirm", "dismiss", "reopen", "problem", "no_problem"})
"""Verbs that are refused once they are done; the second of two quick taps should not read so."""


def is_said_again(tx: Connection, situation: Situation, change: Change) -> bool:
    """Returns whether the last thing this person did here was to say the very same: when an answer is slow, people send a form
    again. What changes the follow-up itself cannot happen twice."""
    if change.columns or not change.detail:
        return False
    last, tap = act_log.last_by(tx, situation.case.id, situation.actor.id), situation.tap
    if last is None or (last.verb, last.detail) != (tap.verb, dict(change.detail)):
        return False
    return bool(tap.at - last.at <= SENT_AGAIN)


def came_twice(tx: Connection, situation: Situation, refused: Reply) -> bool:
    """Returns whether the last that happened to this follow-up is just what this person asks for again, a moment later."""
    tap = situation.tap
    if tap.verb not in ONCE or refused.form is not None:
        return False
    last = act_log.last(tx, situation.case.id)
    if last is None or (last.verb, last.person_id) != (tap.verb, situation.actor.id):
        return False
    return bool(tap.at - last.at < RACE)
