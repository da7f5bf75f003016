"""`routes`: which feedback goes to which team, in order. Ops add, change, move and switch off those made in chat."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from handlers.arranged import undo
from handlers.arranged.arrangements import Kind, in_order, keep, resting, route_of
from handlers.arranged.conditions import bands, by_place, in_words
from handlers.arranged.undo import still_holding
from handlers.cards import Ask, Button, Card, Field, Form, Reply
from handlers.company import Company
from handlers.feedback import Moment
from handlers.rules import Route
from handlers.situation import Tap, Word
from handlers.wording.language import gettext as _
from handlers.wording.words import begin
from storage import arrangements
from storage.prepared import AnyRow

SHOWN = 10
NEW = "route:new"
OF = "of:"
"""Begins the choice of the team of a place, as in `of:touchpoint`; no team can have such a name."""
ANY_SOURCE = "*"
"""The choice that matches every source; no source can have this name."""


def routes(tx: Connection, company: Company, word: Word) -> Reply:
    """List all routes in the order in which they are tried: those made in chat first, as in `arrangements.arranged`."""
    rows = in_order(arrangements.holding(tx))
    written = [route for route in company.routes if route.written]
    title = _("Which feedback goes where: the first that matches wins")
    lines = [_told(company, route, route.written) for route in written]
    if len(rows) > SHOWN:
        lines.insert(0, _("{n} more routes made in chat are not shown here.").format(n=len(rows) - SHOWN))
    lines.append(_("What none of them takes is stored; “status” counts those who are unhappy."))
    rest = {row.name for row in resting(rows, company)}
    items = tuple(_item(company, row, first=n == 0, rests=row.name in rest) for n, row in enumerate(rows[:SHOWN]))
    add = Button("route_add", _("Add a route…"), NEW, _("Add a route, before all others"))
    return Reply(cards=(Card(plain=title, headline=title, items=items, buttons=(add,), below=tuple(lines)),))


def route_add(tx: Connection, company: Company, tap: Tap) -> Reply:
    """Add a route, tried before all others."""
    if not company.teams:
        return Reply(_("There is no team yet that a route could lead to. Type “here” in its channel first."))
    if tap.answers is None:
        return Reply(form=_form(company, "route_add", NEW, {}))
    return _save(tx, company, tap, None)


def route_edit(tx: Connection, company: Company, tap: Tap) -> Reply:
    """Change a route made in chat."""
    row = still_holding(tx, tap, "route", Kind.ROUTE)
    if row is None:
        return _old()
    if tap.answers is None:
        return Reply(form=_form(company, "route_edit", f"route:{row.id}", _said(row)))
    return _save(tx, company, tap, row)


def route_up(tx: Connection, company: Company, tap: Tap) -> Reply:
    """Move it up by one, so that it is tried before the one above it."""
    row = still_holding(tx, tap, "route", Kind.ROUTE)
    if row is None:
        return _old()
    names = [each.name for each in in_order(arrangements.holding(tx))]
    at = names.index(row.name)
    if at:
        names[at - 1 : at + 1] = [row.name, names[at - 1]]
        change = keep(tx, tap, Kind.ORDER, Kind.ORDER, {"names": names})
        return undo.done(_("{name} is tried earlier now.").format(name=row.name), change)
    return Reply(_("It is the first already."))


def route_off(tx: Connection, company: Company, tap: Tap) -> Reply:
    """Switch a route off, or on again: it keeps its place."""
    row = still_holding(tx, tap, "route", Kind.ROUTE)
    if row is None:
        return _old()
    off = not row.keys.get("off")
    change = keep(tx, tap, Kind.ROUTE, row.name, {**row.keys, "off": off})
    told = _("{name} is off: what it took goes to the routes after it.") if off else _("{name} is on again.")
    return undo.done(told.format(name=row.name), change)


def _save(tx: Connection, company: Company, tap: Tap, row: AnyRow | None) -> Reply:
    said = {name: text.strip() for name, text in (tap.answers or {}).items()}
    name = row.name if row is not None else said.get("name", "")
    errors, keys = {}, _keys(said)
    if not name or len(name) > 60:
        errors["name"] = _("Please give it a name of up to 60 characters.")
    elif row is None and _taken(tx, company, name):
        errors["name"] = _("There is a route of that name already. Please choose another.")
    if keys.get("team") not in company.teams and keys.get("team_of") not in by_place():
        errors["team"] = _("Please choose a team.")
    try:
        route_of(name, keys)
    except ValueError as error:
        errors["value"] = str(error)
    if errors:
        verb, target = ("route_add", NEW) if row is None else ("route_edit", f"route:{row.id}")
        return Reply(errors=errors, form=_form(company, verb, target, said))
    before = [each.name for each in in_order(arrangements.holding(tx))]
    change = keep(tx, tap, Kind.ROUTE, name, keys)
    if row is None:
        keep(tx, tap, Kind.ORDER, Kind.ORDER, {"names": [name, *before]})
    return undo.done(_told(company, route_of(name, keys), _("saved")), change)


def _taken(tx: Connection, company: Company, name: str) -> bool:
    newest = arrangements.newest(tx, Kind.ROUTE, name)
    return any(route.name == name for route in company.routes) or (newest is not None and newest.keys is not None)


def _old() -> Reply:
    return Reply(_("Somebody changed the routes since, so nothing was changed. Type “routes” for a fresh list."))


def _told(company: Company, route: Route, where: str) -> str:
    team = company.teams.get(route.team)
    title = by_place()[route.team_of] if route.team_of else team.title if team is not None else route.team
    return _("{name} → {team}: {conditions} ({where})").format(
        name=route.name, team=title, conditions=in_words(route.when), where=where
    )


def _item(company: Company, row: AnyRow, *, first: bool, rests: bool) -> Card:
    off = bool(row.keys.get("off"))
    where = _("it takes nothing: app.yaml has a route of this name") if rests else _("off") if off else _("made in chat")
    try:
        told = _told(company, route_of(row.name, row.keys), where)
    except (KeyError, TypeError, ValueError):
        told = _("{name} cannot be read by this release").format(name=row.name)
    target = f"route:{row.id}"
    switch = Button(
        "route_off", _("Switch on") if off else _("Switch off"), target, _("Switch {name} on or off").format(name=row.name)
    )
    edit = Button("route_edit", _("Change…"), target, _("Change {name}").format(name=row.name))
    up = () if first else (Button("route_up", _("Try it earlier"), target, _("Try {name} earlier").format(name=row.name)),)
    return Card(plain=told, headline=told, buttons=(edit, switch), menu=up)


def _keys(said: Mapping[str, str]) -> dict[str, Any]:
    """Returns the route as in app.yaml."""
    when: dict[str, Any] = {}
    if said.get("band") and said["band"] != "any":
        when["band"] = [said["band"]]
    if said.get("source", ANY_SOURCE) not in ("", ANY_SOURCE):
        when["source"] = [said["source"]]
    for name in ("tag", "touchpoint", "words"):
        if listed := [part.strip() for part in said.get(name, "").split(",") if part.strip()]:
            when[name] = listed
    if said.get("value"):
        when["value"] = [said["value"] if said["value"][0] in "<>=" else f">={said['value']}"]
    named, chosen = (said.get("team") or "").rpartition(OF)[1:]
    return {"team_of" if named else "team": chosen, "moment": said.get("moment") or "rescue", "when": when}


def _said(row: AnyRow) -> dict[str, str]:
    when = row.keys.get("when", {})
    lists = {name: ", ".join(when.get(name, ())) for name in ("tag", "touchpoint", "words", "value")}
    chosen = {"band": (when.get("band") or ["any"])[0], "source": (when.get("source") or [ANY_SOURCE])[0]}
    team = OF + row.keys["team_of"] if "team_of" in row.keys else row.keys["team"]
    return {"name": row.name, "team": team, "moment": row.keys.get("moment", "rescue"), **chosen, **lists}


def _moments() -> tuple[tuple[str, str], ...]:
    return (
        (Moment.RESCUE, _("rescue: they are about to leave")),
        (Moment.REVENUE, _("revenue: much depends on them")),
        (Moment.RESPONSE, _("response: they asked for an answer")),
        (Moment.RELATIONSHIP, _("relationship: a thank-you")),
    )


def _from(company: Company, chosen: str) -> tuple[tuple[str, str], ...]:
    """Returns the sources to choose from, including a removed one if the route names it; empty if there is nothing to choose."""
    names = list(dict.fromkeys((*((chosen,) if chosen not in ("", ANY_SOURCE) else ()), *company.sources)))
    if len(names) < 2 and chosen in ("", ANY_SOURCE):
        return ()
    return ((ANY_SOURCE, _("any of them")), *((name, name) for name in names[:99]))


def _form(company: Company, verb: str, target: str, said: Mapping[str, str]) -> Form:
    def words(name: str, label: str, hint: str) -> Field:
        return Field(name, label, Ask.TEXT, required=False, max_length=500, hint=hint, value=said.get(name, ""), short=True)

    def choice(name: str, label: str, options: tuple[tuple[str, str], ...], usual: str) -> Field:
        return Field(name, label, Ask.CHOICE, options, error=_("Please choose."), value=said.get(name) or usual)

    name = Field("name", _("What is it called?"), Ask.TEXT, max_length=60, error=_("Please give it a name."), short=True)
    places = tuple((OF + each, begin(words)) for each, words in by_place().items())
    chosen_first = sorted(company.teams.values(), key=lambda team: team.name != said.get("team"))
    teams = tuple((team.name, team.title) for team in chosen_first)[: 100 - len(places)]
    teams = (*teams, *places) if len(teams) > 1 or said.get("team", "").startswith(OF) else teams
    sources = _from(company, said.get("source", ""))
    everybody = ((("any"), _("everybody")), *((str(band), label) for band, label in bands().items()))
    fields = (
        *((name,) if verb == "route_add" else ()),
        choice("band", _("Which customers?"), everybody, "detractor"),
        *((choice("source", _("From which source?"), sources, ANY_SOURCE),) if sources else ()),
        words("tag", _("With one of these tags"), _("With commas between. Left empty, tags do not matter.")),
        words("touchpoint", _("About one of these touchpoints"), _("As in delivery, web shop.")),
        words("words", _("Who say one of these words"), _("Whole words, as in refund, allergy.")),
        words("value", _("Worth at least"), _("In the customer's currency, as in 10000.")),
        choice("team", _("Where does it go?"), teams, ""),
        choice("moment", _("Why does it matter?"), _moments(), "rescue"),
    )
    intro = _("All that you fill in must hold. A new route is tried before all others.")
    return Form(verb, target, _("A route"), intro, _("Save"), fields)
