"""The note to ops: what is wrong, at most once a day. May be called on any replica: the row decides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from handlers import message_keys, wanted
from handlers.arranged import ops_note_card, unread
from handlers.arranged.applied import gone
from handlers.arranged.silence import silent_sources
from handlers.arranged.who_is_ops import is_anybody_known, known_ops
from handlers.cards import Card
from handlers.colleagues import each_once
from handlers.company import Company
from handlers.feedback import Person
from handlers.nudges import quiet
from handlers.nudges.away import is_away
from handlers.nudges.preferences import preferences_of
from handlers.rules import LOW
from storage import delivery_log, digests, feedback, messages, nudges, people
from storage.prepared import AnyRow

KIND = "ops"
HOUR = 8
"""Sent to each from this hour on, by their own clock, and only while some team is open."""
AT_MOST = timedelta(days=7)
"""How far back answers that matched no route are counted, however long ago the last look was."""
STUCK = timedelta(hours=1)
"""What waits for longer than this, with a reason, will not go out by itself."""


def is_due(tx: Connection, company: Company, now: datetime) -> bool:
    """Returns whether nobody has looked today yet, and ops may be told now."""
    if digests.by_period(tx, KIND, "", _day(company, now)) is not None:
        return False
    is_open = any(team.hours.is_open(now) for team in company.teams.values())
    return is_open and is_anybody_known(tx) and bool(_readers(tx, company, now))


def send(tx: Connection, company: Company, now: datetime) -> None:
    """Look once today, and tell ops what is wrong. If nobody of ops can be told, nothing is recorded, so a later call today tries
    again."""
    readers = _readers(tx, company, now)
    if not readers:
        return
    day = _day(company, now)
    before = digests.last_before(tx, KIND, "", day)
    found = _found(tx, company, before, now)
    state = "sent" if ops_note_card.is_wrong(found) else "passed"
    digest_id = digests.begin(tx, kind=KIND, about="", period=day, state=state, due_at=now, made_at=now, snapshot=found)
    if digest_id is not None and state == "sent":
        messages.want(tx, [wanted.about_digest(KIND, digest_id, person) for person in readers], now)


def picture(tx: Connection, company: Company, message: AnyRow, _now: datetime) -> Card:
    """Returns the note as it was made."""
    row = digests.by_id(tx, message_keys.id_in(message.key))
    assert row is not None, "a row of the day outlives its note"
    titles = {name: team.title for name, team in company.teams.items()}
    return ops_note_card.card(row.snapshot, titles)


def _day(company: Company, now: datetime) -> str:
    return f"{now.astimezone(company.timezone):%Y-%m-%d}"


def _readers(tx: Connection, company: Company, now: datetime) -> list[Person]:
    """Returns those of ops who are not away or paused and have seen the last note; somebody known to two chats only once,
    preferably in a chat without delivery problems."""
    waits = delivery_log.not_shown_yet(tx, KIND)
    known = known_ops(tx)
    rows = people.by_ids(tx, [person.id for person in known])
    troubled = {row.chat for row in delivery_log.held_up(tx, STUCK)}
    there = [
        person
        for person in sorted(known, key=lambda person: person.chat in troubled)
        if (row := rows.get(person.id)) is not None and person.id not in waits and _may_be_told(row, company, now)
    ]
    return each_once(there)


def _may_be_told(row: AnyRow, company: Company, now: datetime) -> bool:
    """Returns whether somebody is there, and it is neither night where they are nor in their quiet hours."""
    preferences = preferences_of(row)
    zone = preferences.zone or _home(company)
    return not is_away(row, now) and now.astimezone(zone).hour >= HOUR and not quiet.is_quiet(preferences, zone, now)


def _home(company: Company) -> ZoneInfo:
    """Returns the time zone of somebody whose own nobody knows: that of all teams, else the company's."""
    zones = {team.hours.zone for team in company.teams.values()}
    return zones.pop() if len(zones) == 1 else company.timezone


def _found(tx: Connection, company: Company, before: AnyRow | None, now: datetime) -> dict[str, Any]:
    """Returns what is wrong, as names and numbers. What could not be read or fetched, or matched no route, is told once: it may be
    beyond mending. Unknown people are reported only if they were unknown the last time, too: chats take a moment to look them
    up."""
    unknown = list(_unknown(tx, company))
    known_before = before.snapshot.get("unknown", []) if before is not None else []
    since = max(before.made_at, now - AT_MOST) if before is not None else now - timedelta(days=1)
    return {
        "gone": sorted(gone(tx, company, now).items()),
        "silent": silent_sources(tx, company, now),
        "unread": unread.tools(tx, company),
        "parked_answers": unread.parked(tx, company, since),
        "payloads": unread.not_understood(tx, company, since),
        "parked": [_counted(row) for row in delivery_log.parked_by_reason(tx, KIND)],
        "held_up": [_counted(row) for row in delivery_log.held_up(tx, STUCK)],
        "unrouted": feedback.unrouted(tx, since, LOW),
        "unknown": unknown,
        "unmet": [each for each in unknown if each in known_before],
    }


def _counted(row: AnyRow) -> dict[str, Any]:
    return {"chat": row.chat, "reason": row.reason, "number": row.number, "cards": row.cards, "key": row.key}


def _unknown(tx: Connection, company: Company) -> Iterator[list[str]]:
    """Yields the duties that app.yaml gives to somebody whom no chat knows: team, role, names."""
    duty: Mapping[tuple[str, str], list[int]] = nudges.on_duty(tx)
    for team in company.teams.values():
        for role, names in team.duties.items():
            if names and not duty.get((team.name, role)):
                yield [team.name, str(role), ", ".join(names)]
