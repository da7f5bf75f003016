"""How somebody is reminded, in a few sentences: for those who do not remember what they asked for."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from handlers.nudges import quiet
from handlers.nudges.away import is_away
from handlers.nudges.preferences import preferences_of
from handlers.wording.language import gettext as _
from handlers.wording.words import day
from storage.prepared import AnyRow


def how_reminded(person: AnyRow, zone: ZoneInfo, now: datetime) -> str:
    """Returns how often a person is reminded, when not, and which words change it. `zone`: for somebody whose own is not known."""
    wants = preferences_of(person)
    zone = wants.zone or zone
    said = [_how_often(wants.rhythm)]
    if wants.paused_until is not None and wants.paused_until > now:
        said.append(_("You have paused them until {day}.").format(day=day(wants.paused_until.astimezone(zone))))
    if wants.quiet is not None:
        start, end = (f"{each:%H:%M}" for each in wants.quiet)
        said.append(_("None come between {start} and {end}.").format(start=start, end=end))
    if is_away(person, now):
        said.append(_("You are away until {day}.").format(day=day(person.away_until.astimezone(zone))))
    said.append(_("To change it, type “less”, “stop”, “pause until Monday” or “quiet 17:00-09:00”; “more” is as it was at first."))
    return " ".join(said)


def _how_often(rhythm: str) -> str:
    if rhythm == quiet.STOP:
        return _("You get no reminders, except those you ask for.")
    if rhythm == quiet.LESS:
        return _("You are reminded once a day, in the morning, in one message.")
    return _("You are reminded in opening hours, in at most two messages a day.")
