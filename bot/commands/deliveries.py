"""`hero deliveries`: lists what chats do not show yet, and why; sends it again or drops it."""

from __future__ import annotations

import json as jsonlib
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.refusals import Mistaken
from handlers.rules import LOW
from handlers.unshowable import NO_LONGER
from handlers.wording.words import took
from storage import delivery_log, feedback, followups, messages
from storage.database import Store
from storage.prepared import AnyRow

MOST = 500
UNROUTED = timedelta(days=7)
_TOLD = (
    *("key", "kind", "chat", "workspace", "channel", "follow_up_id", "wanted", "shown"),
    *("attempts", "doubts", "reason", "remote_channel", "remote_id"),
)


def listed(store: Store, *, json: bool) -> str:
    """List the unfinished messages, oldest first. With more than 500, only the oldest are listed, and the list says so."""
    rows = store.read_sync(delivery_log.unfinished, MOST)
    if json:
        return jsonlib.dumps([_object(row) for row in rows], indent=2)
    held, unrouted = _held(store), _unrouted(store)
    if not rows:
        nothing = "nothing is in doubt, nothing is parked."
        first = f"Everything else is shown: {nothing}" if held else f"Everything is shown: nothing waits, {nothing}"
        return "\n".join([*held, first, *unrouted])
    more = ["… and others after these: the oldest are listed"] if len(rows) == MOST else []
    return "\n".join(
        [
            *map(_line, rows),
            *more,
            *held,
            "",
            "One of them in full: hero deliveries KEY. Send parked ones again: hero deliveries --replay",
            *unrouted,
        ]
    )


def shown(store: Store, key: str, *, json: bool) -> str:
    """Show everything about one message. Raises Mistaken for an unknown key."""
    row = store.read_sync(messages.by_key, key)
    if row is None:
        raise Mistaken(f"there is no message {key!r}. `hero deliveries` lists those that wait.")
    if json:
        return jsonlib.dumps(_object(row), indent=2)
    return "\n".join(f"{name:<10} {value}" for name, value in _object(row).items())


def send_again(store: Store, key: str | None) -> str:
    """Put one parked message, or all of them, back into its lane. Raises Mistaken when that message is not parked. Those for a
    channel that their team has no longer come by themselves if it gets it back; until then they would only hold up who has it."""
    count = store.write_sync(delivery_log.replay, key, NO_LONGER)
    if key and not count:
        raise Mistaken(f"{key!r} is not parked, so there is nothing to send again.")
    if not count:
        return "Nothing is parked that could be sent again."
    return f"{count} will be sent again by the running bot, within {took(timedelta(minutes=1))}."


def give_up(store: Store, key: str | None, reason: str) -> str:
    """Drop one message for good that waits or is parked; it stays in the delivery log with the reason. Raises Mistaken for any
    other."""
    if key is None:
        raise Mistaken("say which message to drop: hero deliveries KEY --drop REASON")
    if not store.write_sync(delivery_log.drop, key, reason):
        raise Mistaken(f"{key!r} neither waits nor is parked, so there is nothing to drop. `hero deliveries` lists what can be.")
    return f"{key} is dropped: {reason}"


def _held(store: Store) -> list[str]:
    """Cards that no message asks for yet: customers wrote while their team was closed."""
    now = datetime.now(UTC)
    lines = []
    for row in store.read_sync(followups.held):
        one = row.number == 1
        what = f"{row.team}: {row.number} card{'' if one else 's'}"
        left = row.held_until - now
        if left > timedelta():
            lines.append(f"{what} wait{'s' * one} for the opening, in {took(left)}")
        else:
            lines.append(f"{what} {'is' if one else 'are'} due since the opening, {took(-left)} ago: does the bot run?")
    return lines


def _unrouted(store: Store) -> list[str]:
    """Feedback of the last 7 days that somebody should have been asked about, and that matched no route."""
    number = store.read_sync(feedback.unrouted, datetime.now(UTC) - UNROUTED, LOW)
    if not number:
        return []
    many = "s" * (number > 1)
    told = f"{number} answer{many} of the last 7 days, unhappy or without a score, matched no route: nobody was asked to reply."
    return [f"{told} Try one: hero rehearse SOURCE FILE"]


def _line(row: AnyRow) -> str:
    age = took(timedelta(seconds=time.time() - row.created_s))
    state, reason = _state(row), row.reason
    if row.shown and state in ("waiting", "shown"):  # the card stands there, and a change of it waits
        state, reason = "edit", reason or "an older version is shown"
    return f"{state:<9} {age:>10}  {row.key:<24} {row.chat}:{row.channel}  {reason}".rstrip()


def _state(row: AnyRow) -> str:
    return "in doubt" if row.state == "sending" and time.time() - row.sent_s > 1 else row.state


def _object(row: AnyRow) -> dict[str, Any]:
    return {"state": _state(row)} | {name: getattr(row, name) for name in _TOLD} | {"created_at": row.created_at.isoformat()}
