"""Warns about teams: duties that nobody has, steps of a ladder that come too early or only while the team is closed, and public
holidays that are not known."""

from __future__ import annotations

from collections.abc import Iterator

from bot.config import Loaded
from bot.config.file import Warned
from bot.config.positions import Path
from handlers.ladder import Phase, Role
from handlers.team import Team

FOR_LEADERS = "the look ahead at its weekly post and the leader's weekly and monthly posts"


def duties(loaded: Loaded) -> Iterator[Warned]:
    """One warning for each team whose reminders or posts partly reach nobody."""
    for name, team in loaded.parts.teams.items():
        nobody = [role for role in (Role.BACKUP, Role.LEADER, Role.MANAGER) if _nobody(loaded, team, role)]
        steps = sum(step.role in nobody for step in team.ladder)
        told = [f"{steps} step{'s' if steps > 1 else ''} of its ladder"] if steps else []
        if Role.LEADER in nobody:
            told.append(FOR_LEADERS)
        if told:
            ends = "reaches" if steps == 1 and Role.LEADER not in nobody else "reach"
            why = f"{name} has no {' and no '.join(nobody)}: {', '.join(told)} {ends} nobody"
            yield ("teams", name), "W215", why, f"add {' and '.join(f'{role}: somebody@example.com' for role in nobody)} to {name}"


def _nobody(loaded: Loaded, team: Team, role: Role) -> bool:
    """Whether something is meant for that role and nobody has it. A team that writes `leader: []` has none on purpose."""
    if team.duties[role] or ("teams", team.name, role) in loaded.file.nodes:
        return False
    return role is Role.LEADER or any(step.role is role for step in team.ladder)


def order(loaded: Loaded) -> Iterator[Warned]:
    """Leaders and managers who would hear of a case before the team does."""
    for name, team in loaded.parts.teams.items():
        at: Path = ("teams", name, "ladder") if ("teams", name, "ladder") in loaded.file.nodes else ("ladder",)
        if at not in loaded.file.nodes:
            continue
        for unclaimed in (True, False):
            others = [step for step in team.ladder if step.role is not Role.COLLEAGUE]
            steps = [step for step in others if (step.phase is Phase.UNCLAIMED) == unclaimed]
            first = min(steps, key=lambda step: step.after, default=None)
            if first and first.role in (Role.LEADER, Role.MANAGER):
                why = f"the {first.role} of {name} hears of a case before the team was reminded of it"
                yield at, "W216", why, f"put a step to the {'thread' if unclaimed else 'owner'} before it"


def times_of_day(loaded: Loaded) -> Iterator[Warned]:
    """Steps that speak only at times of day at which their team is never open."""
    for name, team in loaded.parts.teams.items():
        own = ("teams", name, "ladder") in loaded.file.nodes
        moments = {route.moment for route in loaded.parts.routes.values() if route.may_lead_to(team) and not route.at_once}
        for n, step in enumerate(team.ladder):
            if step.between is None or not moments & set(step.moments or moments) or team.hours.is_ever_open(*step.between):
                continue
            at: Path = ("teams", name, "ladder", n, "between") if own else ("ladder", n, "between")
            start, end = step.between
            why = f"{name} is never open between {start:%H:%M} and {end:%H:%M}, so this step does not wait for these times"
            yield at, "W221", why, "choose times within its hours, or remove `between`: it speaks as soon as it is due"


def holidays(loaded: Loaded) -> Iterator[Warned]:
    """One warning for all teams that would keep public holidays if they knew the country."""
    company = loaded.parts.company
    if company is None or company.country is not None:
        return
    written = loaded.file.names("teams")
    open_then = [
        name
        for name in loaded.parts.teams
        if (written[name] or {}).get("hours") != "always"
        and not any(("teams", name, key) in loaded.file.nodes for key in ("country", "holidays"))
    ]
    if open_then:
        whose = f"{open_then[0]} counts" if len(open_then) == 1 else f"{len(open_then)} teams count"
        why = f"`company.country` is missing, so {whose} public holidays as open days, and promises run out on them"
        yield ("company",), "W218", why, 'add country: with its two capital letters, as in "NO", or holidays: false to the team'
