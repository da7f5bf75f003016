"""The same tap or form twice: it is done once, and the second one is answered kindly."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from handlers.cards import Reply
from handlers.situation import Change, Situation
from handlers.verbs.reopen import UNDONE
from handlers.wording.replies import RACE
from storage import act_log

SENT_AGAIN = timedelta(minutes=2)
"""How long after the first time the very same is taken for a form that was sent again."""
ONCE = frozenset({"release", "hand_over", "no_help", "close", "confirm", "dismiss", "reopen", "problem", "no_problem"})
"""Verbs that are refused once they are done; the second of two quick taps should not read so."""

SAID: Mapping[str, tuple[str, ...]] = {
    "hand_over": ("to", "words"),
    "close": ("outcome", "done", "cause", "stays"),
    "dismiss": ("reason",),
}
"""What a form says, of those among them that have one. Another colleague, or other words, are no second tap."""


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
    if tap.verb not in ONCE or refused.form is not None or (tap.verb in SAID and tap.answers is None):
        return False
    last = act_log.last(tx, situation.case.id)
    if last is None or last.person_id != situation.actor.id:
        return False
    if last.verb != tap.verb and (tap.verb, last.verb) != ("reopen", UNDONE):
        return False
    return bool(tap.at - last.at < RACE) and _says_just(situation, {**last.set, **last.detail})


def _says_just(situation: Situation, kept: Mapping[str, Any]) -> bool:
    """Returns whether the form that was sent says what the log kept of the one before it."""
    said = {name: situation.tap.answer(name) for name in SAID.get(situation.tap.verb, ())}
    said |= {name: str(person.id) for name, person in situation.chosen.items() if name in said}
    return all(words.split() == str(kept.get(name) or "").split() for name, words in said.items())
