"""How the application itself is doing: its data, and what it asked of people. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.wording.language import gettext as _
from handlers.wording.language import ngettext


@dataclass(frozen=True, slots=True)
class Health:
    """The health of the data: answers that arrived, those that no route matched, cases without a score that nobody claimed, and
    messages that could not be delivered."""

    answers: int = 0
    unrouted: int = 0
    unscored: int = 0
    parked: int = 0


@dataclass(frozen=True, slots=True)
class Noise:
    """What the bot asked of people, in all teams: reminders, those outside opening hours, snoozes, and how many people mute it."""

    nudges: int = 0
    off_hours: int = 0
    snoozed: int = 0
    muted: int = 0


def health(of: Health) -> str:
    arrived = ngettext("{n} answer arrived", "{n} answers arrived", of.answers).format(n=of.answers)
    none = _("no answer reached a team") if of.unrouted else _("no new answer arrived")
    parts = [arrived if of.answers else none]
    if of.unrouted:
        parts.append(_("{n} reached nobody, for no route took them").format(n=of.unrouted))
    if of.unscored:
        waits = ngettext("{n} without a score waits for somebody", "{n} without a score wait for somebody", of.unscored)
        parts.append(waits.format(n=of.unscored))
    parts.append(
        ngettext("{n} message could not be delivered", "{n} messages could not be delivered", of.parked).format(n=of.parked)
        if of.parked
        else _("every message was delivered")
    )
    return _("The data: {parts}.").format(parts=", ".join(parts))


def noise(of: Noise) -> str:
    said = _("The bot itself, in all teams: {nudges}, {off} outside opening hours, {snoozed} snoozed").format(
        nudges=ngettext("{n} reminder", "{n} reminders", of.nudges).format(n=of.nudges),
        off=of.off_hours,
        snoozed=of.snoozed,
    )
    if not of.muted:
        return f"{said}."
    return f"{said}, {ngettext('{n} person mutes it', '{n} people mute it', of.muted).format(n=of.muted)}."
