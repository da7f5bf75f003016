"""`status`: is anything stuck? For ops; without customers' words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import Connection

from handlers import colleagues
from handlers.arranged import unread
from handlers.arranged.arrangements import Kind
from handlers.arranged.undo import undo_button
from handlers.arranged.unplaced import unplaced
from handlers.cards import Card, Reply
from handlers.company import Company
from handlers.feedback import Person, Place
from handlers.rules import LOW
from handlers.situation import Word
from handlers.wording.language import gettext as _
from handlers.wording.language import ngettext
from handlers.wording.words import begin, called, when
from storage import arrangements, delivery_log, feedback, followups, people
from storage.prepared import AnyRow

WEEK = timedelta(days=7)
CHANGES = 5
REASONS = 3
"""Reasons for parked messages that are listed, the most frequent first, and lines about what was not read; the rest is counted."""


def status(tx: Connection, company: Company, word: Word) -> Reply:
    """List who waits in each team, which cards wait for its opening, what the chats do not show yet, what no route matched or could
    not be read, and the last changes by ops."""
    lines = [*_teams(tx, company, word.at), *_cards_waiting(tx, company, word.at), *_deliveries(tx)]
    lines += [*_unrouted(tx, word.at), *_unplaced(tx, company, word.at), *_not_read(tx, company, word.at)]
    changes = tuple(_change(tx, company, row, word.at) for row in arrangements.latest(tx, CHANGES))
    title = _("How it stands")
    return Reply(cards=(Card(plain=title, headline=title, context=tuple(lines), items=changes),))


def _teams(tx: Connection, company: Company, now: datetime) -> list[str]:
    rows = {row.team: row for row in followups.waiting(tx, now)}
    lines = []
    for name in sorted({*company.teams, *rows}):
        title = company.teams[name].title if name in company.teams else _("{team}, which is gone").format(team=name)
        row = rows.get(name)
        if row is None:
            lines.append(_("{team}: nobody waits").format(team=title))
        else:
            lines.append(
                _("{team}: {open} open, {unclaimed} of them unclaimed, {late} late").format(
                    team=title, open=row.open, unclaimed=row.unclaimed, late=row.late
                )
            )
    return lines


def _cards_waiting(tx: Connection, company: Company, now: datetime) -> Iterator[str]:
    """Yields one line for each team and opening that cards wait for."""
    for row in followups.held(tx):
        team = company.teams.get(row.team)
        title, zone = (team.title, team.hours.zone) if team is not None else (row.team, company.timezone)
        if row.held_until <= now:  # the clock has not looked since the opening
            text = ngettext("{team}: 1 card is due since {at}", "{team}: {n} cards are due since {at}", row.number)
        else:
            text = ngettext(
                "{team}: 1 card waits for the opening, {at}", "{team}: {n} cards wait for the opening, {at}", row.number
            )
        yield text.format(team=title, n=row.number, at=when(row.held_until, zone, now))


def _deliveries(tx: Connection) -> list[str]:
    rows = [row for row in delivery_log.depth(tx) if row.state != "parked"]
    parked = delivery_log.parked_by_reason(tx)
    if not rows and not parked:
        return [_("Everything said has reached its chat.")]
    words = {"waiting": _("waiting"), "sending": _("being sent"), "shown": _("to be drawn anew")}
    lines = [_("{chat}: {n} {state}").format(chat=row.chat, n=row.number, state=words.get(row.state, row.state)) for row in rows]
    lines += [_("{chat}: {n} parked: {reason}").format(chat=row.chat, n=row.number, reason=row.reason) for row in parked[:REASONS]]
    if parked[REASONS:]:
        more = sum(row.number for row in parked[REASONS:])
        lines.append(_("{n} more are parked for other reasons: hero deliveries lists them.").format(n=more))
    return [*lines, _("Once that is mended, hero deliveries --replay sends them again.")] if parked else lines


def _unrouted(tx: Connection, now: datetime) -> list[str]:
    """Only those somebody should have been asked about: most routes leave happy customers out on purpose."""
    number = feedback.unrouted(tx, now - WEEK, LOW)
    if not number:
        return []
    return [
        ngettext(
            "One answer of the last 7 days, unhappy or without a score, matched no route, so nobody was asked to reply.",
            "{n} answers of the last 7 days, unhappy or without a score, matched no route, so nobody was asked to reply.",
            number,
        ).format(n=number)
    ]


def _unplaced(tx: Connection, company: Company, now: datetime) -> list[str]:
    found = unplaced(tx, company, now - WEEK)
    if not found:
        return []
    places = [f"“{place}” ({number})" if number > 1 else f"“{place}”" for place, number in found.most_common(REASONS)]
    if len(found) > REASONS:
        places.append(_("{n} more").format(n=len(found) - REASONS))
    return [
        ngettext(
            "One answer of the last 7 days, unhappy or without a score, is of a place that no team is called: {places}.",
            "{n} answers of the last 7 days, unhappy or without a score, are of places that no team is called: {places}.",
            found.total(),
        ).format(n=found.total(), places=", ".join(places))
    ]


def _not_read(tx: Connection, company: Company, now: datetime) -> list[str]:
    lines = [_("{source} cannot be read: {reason}").format(source=name, reason=why) for name, why in unread.tools(tx, company)]
    lines += [
        ngettext("{source}: one answer is parked: {reason}", "{source}: {n} answers are parked: {reason}", number).format(
            source=name, n=number, reason=reason
        )
        for name, number, reason in unread.parked(tx, company, now - WEEK)
    ]
    lines += [
        ngettext(
            "{source}: one payload of the last 7 days could not be read.",
            "{source}: {n} payloads of the last 7 days could not be read.",
            number,
        ).format(source=name, n=number)
        for name, number in unread.not_understood(tx, company, now - WEEK)
    ]
    if lines[REASONS:]:
        lines[REASONS:] = [_("{n} more like that.").format(n=len(lines[REASONS:]))]
    return [*lines, _("In a terminal, hero sources says what to do about it.")] if lines else []


def _change(tx: Connection, company: Company, row: AnyRow, now: datetime) -> Card:
    newest = arrangements.newest(tx, row.kind, row.name)
    holds = newest is not None and newest.id == row.id
    told = _link(tx, company, row, holds=holds) if row.kind == Kind.LINK else _done(tx, company, row)
    told = _("{what}, {at}").format(what=told, at=when(row.at, company.timezone, now))
    undoable = holds and (row.kind != Kind.LINK or _is_linked(row) or row.undoes is not None)
    return Card(plain=told, headline=told, buttons=(undo_button(row.id),) if undoable else ())


def _done(tx: Connection, company: Company, row: AnyRow) -> str:
    """Returns who changed what; for a question about an address, see `_link`."""
    who, before = _who(tx, company, row), arrangements.before(tx, row)
    if row.kind == Kind.ORDER:
        return _("{who} changed the order of the routes").format(who=who)
    if row.kind == Kind.OPS:
        said = _("{who} named {whom} as ops") if row.keys is not None else _("{who} took {whom} off the list of ops")
        return said.format(who=who, whom=_whom(tx, company, row))
    kinds = {Kind.TEAM: _("the team"), Kind.ROUTE: _("the route"), Kind.SOURCE: _("the source")}
    if row.undoes is not None:
        said = _("{who} undid a change of {kind} {name}")
    elif before is None or before.keys is None:
        said = _("{who} added {kind} {name}")
    else:
        said = _("{who} changed {kind} {name}")
    keys = row.keys or (before.keys if before is not None else None) or {}
    return said.format(who=who, kind=kinds.get(row.kind, row.kind), name=keys.get("title", row.name))


def _link(tx: Connection, company: Company, row: AnyRow, *, holds: bool) -> str:
    """Returns what was asked or answered about somebody's address. Nothing has changed until ops confirm it."""
    before = arrangements.before(tx, row)
    keys = row.keys or (before.keys if before is not None else None) or {}
    if _is_linked(row):
        said = _("{who} confirmed that {whom} is {email}")
    elif row.keys is None or row.undoes is not None:
        said = _("{who} said that {whom} is not {email}")
    else:
        said = _("{whom} asks to be known as {email}: not answered yet") if holds else _("{whom} asked to be known as {email}")
    whom = _whom(tx, company, row)
    return begin(said.format(who=_who(tx, company, row), whom=whom, email=keys.get("email", _("another address"))))


def _is_linked(row: AnyRow) -> bool:
    return row.keys is not None and bool(row.keys.get("confirmed"))


def _who(tx: Connection, company: Company, row: AnyRow) -> str:
    return begin(called(colleagues.person_of(tx, row.person_id), company.people))


def _whom(tx: Connection, company: Company, row: AnyRow) -> str:
    """Returns what the person is called whose address in a chat is the row's name."""
    place = Place.parse(row.name)
    known = people.find(tx, *place.parts)
    return called(Person(*place.parts, known.name if known is not None else ""), company.people)
