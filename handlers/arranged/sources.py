"""`sources`: where feedback comes from, and a test of it. For ops; without customers' words or secrets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from handlers.arranged.arrangements import secrets_of, sources_in
from handlers.arrivals.arrival import Arrival
from handlers.cards import Button, Card, Reply
from handlers.company import Company
from handlers.feedback import Customer, Feedback, Metric
from handlers.matching import same
from handlers.receive import receive
from handlers.rules import Route, When, asks_somebody
from handlers.situation import Tap, Word
from handlers.wording.language import gettext as _
from handlers.wording.openings import appears
from handlers.wording.words import took
from storage import arrangements, feedback, followups
from storage.prepared import AnyRow

SHOWN = 10
NEW = "made:new"


def sources(tx: Connection, company: Company, word: Word) -> Reply:
    """List each source with its URL and when it last sent something; those made in chat with their buttons."""
    last = feedback.last_by_source(tx)
    rows = [row for row in made_in_chat(tx) if not _written(company, row.name)]
    cards = [_of_chat(company, row, last.get(row.name), word.at) for row in rows]
    cards += [_of_app_yaml(company, name, last.get(name), word.at) for name in sorted(company.sources) if _written(company, name)]
    title = _("Where feedback comes from") if cards else _("No source is connected yet.")
    more = (_("{n} more are not shown.").format(n=len(cards) - SHOWN),) if len(cards) > SHOWN else ()
    add = Button("source_add", _("Add a source…"), NEW, _("Connect a survey tool"))
    return Reply(cards=(Card(plain=title, headline=title, context=more, items=tuple(cards[:SHOWN]), buttons=(add,)),))


def send_test(tx: Connection, company: Company, tap: Tap) -> Reply:
    """Receive a made-up unhappy customer as if that source had sent them."""
    source = tap.named("source")
    if source is None or source not in company.sources:
        return Reply(_("There is no such source any more, so nothing was sent. Type “sources” for a fresh list."))
    if sends_customers(company, company.sources[source].kind):
        return Reply(
            _("{source} sends who the customers are, and no answers of theirs: there is nothing to test.").format(source=source)
        )
    said = _unhappy(company, source, tap.at)
    taken = company.route_of(said, source)
    if taken is None:
        return Reply(_untaken(company, source))
    if not asks_somebody(taken, said):
        text = _("The route {route} takes it as a win, for which no card is made, so nothing was sent. Type “routes”.")
        return Reply(text.format(route=taken.name))
    [receipt] = receive(tx, company, [Arrival(source, said, tap.at)])  # a double tap is one test
    row = followups.of_feedback(tx, receipt.id or 0)
    assert row is not None, "a route took it"
    return Reply(_sent(company, row, tap.at))


def _untaken(company: Company, source: str) -> str:
    """A route that asks for words or numbers takes no test, but may take customers."""
    asked = [known.when for known in company.routes if not known.when.source or source in known.when.source]
    if any(when.words or when.value or when.score for when in asked):
        text = _(
            "No route takes a test from {source}, so nothing was sent. Some routes look for words or numbers that a test does not "
            "have; customers may still reach a team."
        )
    else:
        text = _("No route takes an unhappy customer from {source}, so nobody would hear of one. Type “routes”.")
    return text.format(source=source)


def _unhappy(company: Company, source: str, at: datetime) -> Feedback:
    """Returns a made-up unhappy customer whom somebody has to follow up: an NPS answer, or else what the first route to take one
    asks for."""
    each = [_as_asked(when, at) for when in (When(), *(_somewhere(company, known) for known in company.routes))]
    return next((said for said in each if asks_somebody(company.route_of(said, source), said)), each[0])


def _somewhere(company: Company, route: Route) -> When:
    """Returns what a route asks for; of one to the team of the place, with a place that it takes."""
    team = next((team for team in company.teams.values() if route.may_lead_to(team)), None)
    if route.team_of is None or team is None:
        return route.when
    place = next((each for each in team.called if same(getattr(route.when, route.team_of), (each,))), team.name)
    return route.when.model_copy(update={route.team_of.value: (place,)})


def _as_asked(when: When, at: datetime) -> Feedback:
    """Returns a made-up unhappy customer with the metric, tag, touchpoint, segment and wish that a route asks for. Nobody in the
    directory: what it knew of an earlier test would decide about the route, too."""
    said = Feedback(
        id=f"{feedback.TEST}{at:%Y%m%dT%H%M%S}",
        metric=next(iter(when.metric), Metric.NPS),
        comment=_("This is a test: nobody waits. Press any button to try it; it ends by itself within an hour."),
        customer=Customer(segment=next(iter(when.segment), None), location=next(iter(when.location), None)),
        touchpoint=next(iter(when.touchpoint), None),
        occurred_at=at,
        tags=("test", *when.tag[:1]),
        wants_contact=bool(when.wants_contact),
    )
    worst, _best = said.worst_and_best
    return said if said.metric is Metric.COMMENT else said.model_copy(update={"score": worst})


def _sent(company: Company, row: AnyRow, now: datetime) -> str:
    """Says where its follow-up is, and when the card will appear if it is not there already."""
    team = company.teams[row.team]
    if row.held_until is None:
        text = _("A test went to {team}, by the route {route}. It ends by itself within an hour, and nobody is reminded of it.")
        return text.format(team=team.title, route=row.route)
    text = _("A test went to {team}, by the route {route}. {closed} It ends by itself an hour later, and nobody is reminded of it.")
    return text.format(team=team.title, route=row.route, closed=appears(team, row.held_until, now))


def made_in_chat(tx: Connection) -> Sequence[AnyRow]:
    """Returns the sources made in chat, including those that are off."""
    return sources_in(arrangements.holding(tx))


def sends_customers(company: Company, kind: str) -> bool:
    """Returns whether that kind of source sends who the customers are, but no answers: there is nothing to test."""
    here = any(source.directory for source in company.sources.values() if source.kind == kind)
    return here or any(tool.directory for tool in company.tools() if tool.kind == kind)


def test_button(company: Company, name: str, kind: str) -> tuple[Button, ...]:
    """Empty if that kind of source sends no answers."""
    if sends_customers(company, kind):
        return ()
    return (Button("send_test", _("Send a test"), f"source:{name}", _("Send a test by {name}").format(name=name)),)


def _written(company: Company, name: str) -> str:
    """Returns where app.yaml names it; empty for one made in chat."""
    return company.sources[name].written if name in company.sources else ""


def _of_app_yaml(company: Company, name: str, last: datetime | None, now: datetime) -> Card:
    source = company.sources[name]
    headline = _("{name}, a source of kind {kind} ({where})").format(name=name, kind=source.kind, where=source.written)
    told = _heard(company, name, source.kind, last, now)
    return Card(plain=headline, headline=headline, context=told, buttons=test_button(company, name, source.kind))


def _of_chat(company: Company, row: AnyRow, last: datetime | None, now: datetime) -> Card:
    off, target, kind = bool(row.keys.get("off")), f"made:{row.id}", row.keys["kind"]
    where = _("off") if off else _("made in chat")
    headline = _("{name}, a source of kind {kind} ({where})").format(name=row.name, kind=kind, where=where)
    held = secrets_of(row, now)
    notes = [_("Two secrets are good: the old one for some days more.")] if len(held) > 1 else []
    if company.safe is None or not all(map(company.safe.opens, held)):
        notes = [_("Its secret cannot be read, because server.secret is another now: all it sends is refused. Make a new one.")]
    switch = Button(
        "source_off", _("Switch on") if off else _("Switch off"), target, _("Switch {name} on or off").format(name=row.name)
    )
    own = any(tool.own_secret for tool in company.tools() if tool.kind == kind)
    new_label = _("New secret…") if own else _("New secret")
    new = Button("source_secret", new_label, target, _("A new secret for {name}").format(name=row.name))
    end = Button("secret_end", _("End the old secret"), target, _("End the old secret of {name}").format(name=row.name))
    return Card(
        plain=headline,
        headline=headline,
        context=(*_heard(company, row.name, kind, last, now), *notes),
        buttons=(switch,) if off else (*test_button(company, row.name, kind), switch),
        menu=(new, *((end,) if len(held) > 1 else ())),
    )


def _heard(company: Company, name: str, kind: str, last: datetime | None, now: datetime) -> tuple[str, str]:
    heard = _("last heard from {span} ago").format(span=took(now - last)) if last is not None else _("nothing has come from it yet")
    if sends_customers(company, kind):
        heard = _("sends who the customers are, and no answers of theirs")
    return f"{company.address}/feedback/{name}", heard
