"""`status`: is anything stuck? For ops; without customers' words."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection

from handlers import colleagues
from handlers.arranged import unread
from handlers.arranged.arrangements import Kind
from handlers.arranged.undo import undo_button
from handlers.cards import Card, Reply
from handlers.rules import Company
from handlers.situation import Word
from handlers.wording.language import gettext as _
from handlers.wording.language import ngettext
from handlers.wording.openings import cards_waiting
from handlers.wording.words import called, when
from storage import arrangements, delivery_log, feedback, followups
from storage.prepared import AnyRow

WEEK = timedelta(days=7)
CHANGES = 5
REASONS = 3
"""Reasons for parked messages that are listed, the most frequent first, and lines about what was not read; the rest is counted."""


def status(tx: Connection, company: Company, word: Word) -> Reply:
    """List who waits in each team, which cards wait for its opening, what the chats do not show yet, what no route matched or could
    not be read, and the last changes by ops."""
    lines = [*_teams(tx, company, word.at), *cards_waiting(tx, company, word.at), *_deliveries(tx)]
    lines += [*_unrouted(tx, word.at), *_not_read(tx, company, word.at)]
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
    number = feedback.unrouted(tx, now - WEEK)
    if not number:
        return []
    return [
        ngettext(
            "One answer of the last 7 days matched no route.", "{n} answers of the last 7 days matched no route.", number
        ).format(n=number)
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
    kinds = {
        Kind.TEAM: _("the team"),
        Kind.ROUTE: _("the route"),
        Kind.ORDER: _("the order of the"),
        Kind.OPS: _("who is ops:"),
        Kind.LINK: _("the address of"),
        Kind.SOURCE: _("the source"),
    }
    name = _("routes") if row.kind == Kind.ORDER else row.name
    told = _("{who} changed {kind} {name}, {at}").format(
        who=called(colleagues.person_of(tx, row.person_id), company.people),
        kind=kinds.get(row.kind, row.kind),
        name=name,
        at=when(row.at, company.timezone, now),
    )
    newest = arrangements.newest(tx, row.kind, row.name)
    holds = newest is not None and newest.id == row.id
    return Card(plain=told, headline=told, buttons=(undo_button(row.id),) if holds else ())
