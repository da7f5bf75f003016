"""`here`: makes this channel a team's, or changes its team, through one form. Every change is kept and can be undone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from handlers import colleagues
from handlers.arranged.arrangements import Kind, keep, resting, team_of
from handlers.arranged.undo import undo_button
from handlers.calendar.duration import Duration
from handlers.calendar.opening_times import HoursError, door_sign, on_a_door, read_week
from handlers.cards import Ask, Card, Field, Form, Reply
from handlers.company import Company
from handlers.feedback import Place
from handlers.matching import plain
from handlers.situation import Tap, Word
from handlers.slug import slug
from handlers.team import Team
from handlers.wanted import welcome
from handlers.wording.language import gettext as _
from handlers.wording.words import begin, called
from storage import arrangements, messages
from storage.prepared import AnyRow

CAUSES = ("waiting time", "product fault", "service", "price", "delivery", "other")


def here(tx: Connection, company: Company, word: Word) -> Reply:
    """Returns the form for this channel; a team from app.yaml is only reported, and not changed here."""
    if word.place == word.person.place:
        return Reply(_("Type this in the channel that is to be a team's: a private chat cannot be one."))
    team = _team_at(company, word.place)
    if team is not None and team.written:
        return Reply(
            _("This is the channel of {team}, as {where} says. To change it, change it there and restart.").format(
                team=team.title, where=team.written
            )
        )
    return Reply(form=_form(_target(word.place, _holder(tx, company, word.place)), _said(tx, team)))


def set_up(tx: Connection, company: Company, tap: Tap) -> Reply:
    """Save the form as the team of this channel. If two people submit at once, one wins, and the other is told who."""
    place = _place(tap)
    team = _team_at(company, place) if place else None
    here = place is not None and place.is_near(tap.person.place)
    if place is None or not here or (team is not None and team.written):
        return Reply(_("This form is about a channel that cannot be changed here, so nothing was changed. Type “here” in yours."))
    said = {name: text.strip() for name, text in (tap.answers or {}).items()}
    errors = _errors(said) | _called_as_another(company, team, said.get("title", ""))
    if errors:
        return Reply(errors=errors, form=_form(str(tap.target), said))
    keys, holder = _keys(place, said, tap), _holder(tx, company, place)
    if str(tap.target) != _target(place, holder):
        return _too_late(tx, company, keys, holder)
    name = holder.name if holder is not None else _free(tx, company, slug(said["title"]))
    made = team_of(name, keys, company)  # raises for what `_errors` should have found
    change = keep(tx, tap, Kind.TEAM, name, keys)
    fed = _feed(tx, tap, name, said.get("tag", ""))
    messages.want(tx, [welcome(change, place)], tap.at)
    return Reply(cards=(_done(said["title"], change, fed=fed or _is_fed(company, made)),))


def _too_late(tx: Connection, company: Company, keys: Mapping[str, Any], holder: AnyRow | None) -> Reply:
    """The channel has changed since the form was opened. Somebody who submitted the same twice is told what the first time did."""
    if holder is None:
        return Reply(_("Somebody took this team away since, so nothing was saved. Type “here” for a fresh form."))
    if holder.keys == keys:
        return Reply(cards=(_done(keys["title"], holder.id, fed=_is_fed(company, team_of(holder.name, keys, company))),))
    who = begin(called(colleagues.person_of(tx, holder.person_id), company.people))
    text = _("{who} made this the channel of {team} meanwhile, so yours was not saved. To change it, type “here” again.")
    return Reply(text.format(who=who, team=holder.keys["title"]))


def _is_fed(company: Company, team: Team) -> bool:
    return any(route.may_lead_to(team) for route in company.routes)


def _holder(tx: Connection, company: Company, place: Place) -> AnyRow | None:
    """Returns the current team made in chat for this channel, of which `company` may not know yet. One overridden by app.yaml does
    not count."""
    rows = arrangements.holding(tx)
    rest = {row.id for row in resting(rows, company)}
    teams = (row for row in rows if row.kind == Kind.TEAM and row.id not in rest)
    return next((row for row in teams if place.address in row.keys.get("channel", ())), None)


def _target(place: Place, holder: AnyRow | None) -> str:
    """Returns the target of the form: this channel, and its team when the form was opened."""
    return f"place:{place.address}" if holder is None else f"place-{holder.id}:{place.address}"


def _free(tx: Connection, company: Company, name: str) -> str:
    """Returns the name, or the next one that no team has had: follow-ups of a removed team may still be open."""
    name, n = name or "team", 1
    tried = name
    while tried in company.teams or arrangements.newest(tx, Kind.TEAM, tried) is not None:
        n += 1
        tried = f"{name}-{n}"
    return tried


def _team_at(company: Company, place: Place) -> Team | None:
    return next((team for team in company.teams.values() if place in team.channels), None)


def _place(tap: Tap) -> Place | None:
    try:
        return Place.parse(str(tap.target).partition(":")[2])
    except ValueError:
        return None


def _said(tx: Connection, team: Team | None) -> dict[str, str]:
    """Returns the initial values of the form: the channel's current settings, else the usual ones."""
    if team is None:
        return {"hours": "mon-fri 09:00-17:00", "claim": "4h", "close": "2d", "causes": "\n".join(CAUSES)}
    row = arrangements.newest(tx, Kind.TEAM, team.name)
    keys = row.keys if row is not None and row.keys else {}
    return {
        "title": team.title,
        "hours": door_sign(keys.get("hours", "always")),
        "claim": str(team.promise.claim),
        "close": str(team.promise.close),
        "leader": _user(team.leader),
        "backup": _user(team.backup),
        "causes": "\n".join(team.causes),
    }


def _user(names: tuple[str, ...]) -> str:
    return names[0].partition(":")[2] if names and "@" not in names[0].partition(":")[0] else ""


def _errors(said: Mapping[str, str]) -> dict[str, str]:
    errors = {}
    if not said.get("title") or len(said["title"]) > 75:
        errors["title"] = _("Please say what the team is called, in up to 75 characters.")
    try:
        read_week(on_a_door(said.get("hours", "")))
    except HoursError:
        errors["hours"] = _("Please write hours as in mon-fri 08:00-18:00, sat 10:00-16:00, or: always.")
    for name in ("claim", "close"):
        try:
            Duration.typed(said.get(name, ""))
        except ValueError:
            errors[name] = _("Please write a time as in 30m, 4h or 2 days.")
    if not _causes(said):
        errors["causes"] = _("Please name at least one cause, each on a line of its own and up to 75 characters long.")
    return errors


def _called_as_another(company: Company, team: Team | None, title: str) -> dict[str, str]:
    """Returns what is wrong with a new title if a route looks for the team of a place, and would find another team by it."""
    found = company.teams.get(company.places.get(plain(title), ""))
    if found is None or (team is not None and (team.title == title or team.name == found.name)):
        return {}
    text = _("Answers that name {title} go to {team} already. Please choose another title.")
    return {"title": text.format(title=title, team=found.title)}


def _causes(said: Mapping[str, str]) -> list[str]:
    lines = [line.strip() for line in said.get("causes", "").splitlines()]
    return list(dict.fromkeys(line for line in lines if 0 < len(line) <= 75))[:100]


def _keys(place: Place, said: Mapping[str, str], tap: Tap) -> dict[str, Any]:
    """Returns the team as in app.yaml."""
    chosen = {role: [who.place.address] for role, who in (tap.people or {}).items() if role in ("leader", "backup")}
    return {
        "title": said["title"],
        "channel": [place.address],
        "hours": on_a_door(said["hours"]),
        "promise": {name: str(Duration.typed(said[name])) for name in ("claim", "close")},
        "causes": _causes(said),
        **chosen,
    }


def _feed(tx: Connection, tap: Tap, team: str, tag: str) -> bool:
    """Add a first route for the team: unhappy customers, and words without a score, with that tag. Returns whether it did; an
    existing route stays as ops have it now."""
    name = f"{team}: {tag}"
    known = arrangements.newest(tx, Kind.ROUTE, name)
    if not tag or (known is not None and known.keys is not None):
        return False
    keep(tx, tap, Kind.ROUTE, name, {"team": team, "when": {"band": ["detractor", "unscored"], "tag": [tag]}})
    return True


def _done(title: str, change: int, *, fed: bool) -> Card:
    text = _("This is the channel of {team} now.").format(team=title)
    after = (
        _("The next unhappy customer whose feedback comes here is shown as a card.")
        if fed
        else _("No feedback comes here yet: type “routes” and add a route that leads to {team}.").format(team=title)
    )
    invite = _("A greeting appears in the channel. If it does not, add the bot to the channel, then type “here” again.")
    return Card(plain=f"{text} {after}", headline=text, context=(after, invite), buttons=(undo_button(change),))


def _form(target: str, said: Mapping[str, str]) -> Form:
    def text(name: str, label: str, hint: str, *, required: bool = True, short: bool = True) -> Field:
        longest = 75 if name == "title" else 2000
        value = said.get(name, "")
        return Field(name, label, Ask.TEXT, (), required, longest, hint, _("Please fill this in."), value, short)

    def person(name: str, label: str, hint: str) -> Field:
        return Field(name, label, Ask.PERSON, required=False, hint=hint, value=said.get(name, ""))

    fields = (
        text("title", _("What is the team called?"), _("As in Oak Street.")),
        text("hours", _("When is it open?"), _("As on a door: mon-fri 08:00-18:00, sat 10:00-16:00. Or: always.")),
        text("claim", _("Claim within"), _("Opening hours until somebody says “I'll reply”: 30m, 4h.")),
        text("close", _("Close within"), _("Opening days until it is done: 2d.")),
        person("leader", _("Who leads the team?"), _("Is asked, privately, when nobody gets to a customer in time.")),
        person("backup", _("Who stands in?"), _("Hears of it while the leader is away.")),
        text("causes", _("What can be the cause?"), _("One on each line; whoever closes a follow-up chooses one."), short=False),
        text("tag", _("Which tag brings feedback here?"), _("As your survey sends it. More: type “routes”."), required=False),
    )
    intro = _("Unhappy customers of this team are shown here as cards, and one person replies to each.")
    return Form("set_up", target, _("This channel's team"), intro, _("Save"), fields)
