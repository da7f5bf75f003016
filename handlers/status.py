"""`status`: is anything stuck? And `sources`: where each listens, when it was last heard of. Told to ops; no customer's words."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection

from handlers import cases
from handlers.arrangements import Kind
from handlers.cards import Button, Card, Reply
from handlers.feedback import Customer, Feedback, Metric
from handlers.language import gettext as _
from handlers.language import ngettext
from handlers.receive import Arrival, receive
from handlers.rules import Company, route
from handlers.situation import Tap, Word
from handlers.undo import undo_button
from handlers.words import called, took, when
from storage import arrangements, feedback, followups, messages
from storage.database import AnyRow

WEEK = timedelta(days=7)
CHANGES = 5
SHOWN = 10


def status(tx: Connection, company: Company, word: Word) -> Reply:
    """Who waits in each team, what the chats were not shown yet, what no route took, and the last changes ops made."""
    lines = [*_teams(tx, company, word.at), *_deliveries(tx, word.at), *_unrouted(tx, word.at)]
    changes = tuple(_change(tx, company, row, word.at) for row in arrangements.latest(tx, CHANGES))
    title = _("How it stands")
    return Reply(cards=(Card(plain=title, headline=title, context=tuple(lines), items=changes),))


def sources(tx: Connection, company: Company, word: Word) -> Reply:
    """Each source with its address, when it was last heard of, and a button that sends a test."""
    last = feedback.last_by_source(tx)
    names = sorted(company.sources)
    title = _("Where feedback comes from") if names else _("No source is connected: docs/sources.md shows how.")
    more = (_("{n} more are not shown.").format(n=len(names) - SHOWN),) if len(names) > SHOWN else ()
    items = tuple(_source(company, name, last.get(name), word.at) for name in names[:SHOWN])
    return Reply(cards=(Card(plain=title, headline=title, context=more, items=items),))


def send_test(tx: Connection, company: Company, tap: Tap) -> Reply:
    """A made-up unhappy customer, received as if that source had sent them."""
    source = str(tap.target).partition(":")[2]
    if source not in company.sources:
        return Reply(_("There is no such source any more, so nothing was sent. Type “sources” for a fresh list."))
    said = Feedback(
        id=f"test-{tap.at:%Y%m%dT%H%M%S}",
        metric=Metric.NPS,
        score=0,
        comment=_("This is a test, and no customer. Press “Not a problem…” when you have seen it."),
        customer=Customer(key="test"),
        occurred_at=tap.at,
        tags=("test",),
    )
    taken = route(said, source, company.routes)
    if taken is None:
        return Reply(
            _("No route takes an unhappy customer from {source}, so nobody would hear of one. Type “routes”.").format(source=source)
        )
    receive(tx, company, [Arrival(source, said, tap.at)])  # a double tap is one test
    team = company.teams[taken.team].title
    return Reply(
        _("A test went to {team}, by the route {route}. It stays a card until somebody says it is no problem.").format(
            team=team, route=taken.name
        )
    )


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


def _deliveries(tx: Connection, now: datetime) -> list[str]:
    rows = messages.depth(tx)
    if not rows:
        return [_("Everything said has reached its chat.")]
    words = {
        "waiting": _("waiting"),
        "sending": _("being sent"),
        "parked": _("parked: hero deliveries says why"),
        "shown": _("to be drawn anew"),
    }
    return [_("{chat}: {n} {state}").format(chat=row.chat, n=row.number, state=words.get(row.state, row.state)) for row in rows]


def _unrouted(tx: Connection, now: datetime) -> list[str]:
    number = feedback.unrouted(tx, now - WEEK)
    if not number:
        return []
    return [
        ngettext("One answer of this week matched no route.", "{n} answers of this week matched no route.", number).format(n=number)
    ]


def _change(tx: Connection, company: Company, row: AnyRow, now: datetime) -> Card:
    kinds = {
        Kind.TEAM: _("the team"),
        Kind.ROUTE: _("the route"),
        Kind.ORDER: _("the order of the"),
        Kind.OPS: _("who is ops:"),
        Kind.LINK: _("the address of"),
    }
    name = _("routes") if row.kind == Kind.ORDER else row.name
    told = _("{who} changed {kind} {name}, {at}").format(
        who=called(cases.person_of(tx, row.person_id), company.people),
        kind=kinds.get(row.kind, row.kind),
        name=name,
        at=when(row.at, company.timezone, now),
    )
    newest = arrangements.newest(tx, row.kind, row.name)
    holds = newest is not None and newest.id == row.id
    return Card(plain=told, headline=told, buttons=(undo_button(row.id),) if holds else ())


def _source(company: Company, name: str, last: datetime | None, now: datetime) -> Card:
    headline = _("{name}, a source of kind {kind}").format(name=name, kind=company.sources[name])
    heard = _("last heard of {span} ago").format(span=took(now - last)) if last is not None else _("never heard of")
    where = f"{company.address}/feedback/{name}"
    button = Button("send_test", _("Send a test"), f"source:{name}", _("Send a test by {name}").format(name=name))
    return Card(plain=headline, headline=headline, context=(where, heard), buttons=(button,))
