"""How people want to be reminded and named, which they type: less, more, stop, pause, quiet, away, name. Each is confirmed, and
holds in all chats that know them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from handlers import colleagues
from handlers.cards import Reply
from handlers.company import Company, People
from handlers.feedback import Person
from handlers.ladder import Role
from handlers.nudges import quiet
from handlers.nudges.away import MOST_OWNED, back, is_away, stand_ins
from handlers.situation import Word
from handlers.wording.language import gettext as _
from handlers.wording.language import ngettext
from handlers.wording.words import called, day
from storage import followups, nudges, people
from storage.prepared import AnyRow

LONGEST = timedelta(days=366)
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def less(tx: Connection, company: Company, word: Word) -> Reply:
    """One message a day, in the morning."""
    _prefer(tx, word, {"rhythm": quiet.LESS})
    return Reply(
        _("From now on you get one message a day, in the morning, with all your reminders. Type “more” to go back to normal.")
    )


def stop(tx: Connection, company: Company, word: Word) -> Reply:
    """No reminders at all."""
    _prefer(tx, word, {"rhythm": quiet.STOP})
    return Reply(
        _(
            "You get no reminders any more, except those you ask for with “Snooze…” or “Wait for the customer…”. Your customers "
            "still wait for you: “mine” shows them. A customer you claimed but nobody has contacted goes back to the channel on "
            "the working day after our promise is over. Type “more” to be reminded again."
        )
    )


def more(tx: Connection, company: Company, word: Word) -> Reply:
    """Reminders as usual again. One's own quiet hours stay: they are about the time of day, not about how often."""
    usual = {"rhythm": "", "paused_until": None, "away_until": None, "forward_to": None}
    before = _prefer(tx, word, usual)
    for each in before:
        back(tx, each, word.at)
    text = [_("You are reminded as usual: in opening hours, in at most two messages a day.")]
    if ended := dict.fromkeys(what for each in before for what in _ended(each, word.at)):
        text.append(_("This has ended: {what}.").format(what=", ".join(ended)))
    if hours := next((each.quiet for each in before if each.quiet), ""):
        text.append(_("Your quiet hours {hours} stay; “quiet off” ends them.").format(hours=hours))
    return Reply(" ".join(text))


def _ended(before: AnyRow, now: datetime) -> list[str]:
    """Returns what somebody had asked for in one chat that `more` ends."""
    asked = (
        (before.rhythm == quiet.LESS, _("only one message a day")),
        (before.rhythm == quiet.STOP, _("no reminders at all")),
        (before.paused_until is not None and before.paused_until > now, _("your pause")),
        (is_away(before, now), _("your time away")),
    )
    return [what for held, what in asked if held]


def pause(tx: Connection, company: Company, word: Word) -> Reply:
    """No reminders until a given day."""
    zone = _zone(tx, company, word.person)
    until = until_day(word.rest, zone, word.at)
    if until is None:
        return Reply(_("Until when? Type for example “pause until Monday” or “pause until 2026-12-01”."))
    _prefer(tx, word, {"paused_until": until})
    return Reply(_("No reminders until {day}. Type “more” to end the pause.").format(day=day(until.astimezone(zone))))


def quiet_hours(tx: Connection, company: Company, word: Word) -> Reply:
    """One's own quiet hours, every day, or none."""
    if word.rest.casefold() == "off":
        _prefer(tx, word, {"quiet": ""})
        return Reply(_("You have no quiet hours of your own any more. Reminders come in opening hours only."))
    hours = quiet.quiet_hours(word.rest)
    if hours is None:
        return Reply(_("Which hours? Type for example “quiet 17:00-09:00”."))
    start, end = (f"{each:%H:%M}" for each in hours)
    _prefer(tx, word, {"quiet": f"{start}-{end}"})
    return Reply(_("No reminders between {start} and {end}. Type “quiet off” to have it as before.").format(start=start, end=end))


def away(tx: Connection, company: Company, word: Word) -> Reply:
    """Somebody else hears of one's customers until a given day: the person named, else the team's backup."""
    words, _forward, name = word.rest.partition("forward")
    zone = _zone(tx, company, word.person)
    until = until_day(words, zone, word.at)
    if until is None:
        return Reply(_("Until when? Type for example “away until Monday” or “away until 2026-12-01 forward ben@example.com”."))
    stand_in: AnyRow | None = None
    if email := name.removeprefix(" to ").strip():
        here = people.by_email(tx, email, {(word.person.chat, word.person.workspace)})
        stand_in = next((row for row in here if row.user_id != word.person.user_id), None)
        if stand_in is None:
            return Reply(
                _(
                    "Nobody here is known by the address {email}, so nothing was changed. They are once they have pressed a "
                    "button on any card; or leave “forward” out, and the team's backup hears of it."
                ).format(email=email)
            )
    _prefer(tx, word, {"away_until": until, "forward_to": stand_in.id if stand_in else None})
    if stand_in is not None:
        _forward_where_they_are(tx, word.person, stand_in)
    whom = _who_hears(tx, company, word)
    if not whom:
        text = _(
            "You are away until {day}. Nobody stands in for you, so any reminders still come to you: name somebody with “away "
            "until Monday forward ben@example.com”. Type “more” when you are back."
        )
        return Reply(text.format(day=day(until.astimezone(zone))))
    text = ngettext(
        "You are away until {day}; {whom} hears of your customers until then. Type “more” when you are back.",
        "You are away until {day}; {whom} hear of your customers until then. Type “more” when you are back.",
        len(whom),
    )
    return Reply(text.format(day=day(until.astimezone(zone)), whom=_listed(whom)))


def _forward_where_they_are(tx: Connection, person: Person, stand_in: AnyRow) -> None:
    """What comes to somebody in another chat goes to their stand-in there, where that chat knows both."""
    there = {(row.chat, row.workspace): row.id for row in reversed(people.everywhere(tx, [stand_in.id])[stand_in.id])}
    for each in _themselves(tx, person):
        people.prefer(tx, each.id, {"forward_to": there.get((each.chat, each.workspace), stand_in.id)})


def _listed(names: Sequence[str]) -> str:
    if len(names) == 1:
        return names[0]
    text = _("{name} and {other}") if len(names) == 2 else _("{name}, {other} and others")
    return text.format(name=names[0], other=names[1])


def _who_hears(tx: Connection, company: Company, word: Word) -> list[str]:
    """Returns the names of those told in place of somebody who is away now, over all their teams; empty if one team has nobody."""
    rows = _themselves(tx, word.person)
    owned = {row: {case.team for case in followups.owned_by(tx, row.id, MOST_OWNED)} & company.teams.keys() for row in rows}
    theirs = [(row, team) for row, teams in owned.items() for team in sorted(teams)]
    told = theirs or [(rows[0], team.name) for team in company.within_reach(word.person)]
    found = [stand_ins(tx, team, Role.OWNER, row, word.at) for row, team in told]
    whom = colleagues.each_once(colleagues.person_of(tx, id) for id in dict.fromkeys(id for ids in found for id in ids))
    return [called(each, People.NAMES) for each in whom] if all(found) else []


def name(tx: Connection, company: Company, word: Word) -> Reply:
    """How the weekly post names the person, in whichever chat they did what it tells."""
    said = {
        "full": _("The weekly post calls you as the company calls everybody."),
        "first": _("The weekly post calls you by your first name."),
        "off": _("The weekly post calls you “a teammate”, also in the posts of earlier weeks."),
        "never": _("The weekly post tells no story of you. Your customers are counted as before."),
    }
    asked = word.rest.casefold()
    if asked not in said:
        return Reply(_("How may the weekly post call you? Type “name first”, “name off”, “name never” or “name full”."))
    for each in _themselves(tx, word.person):
        people.prefer(tx, each.id, {"naming": None if asked == "full" else asked})
    return Reply(said[asked])


def preferences_of(person: AnyRow) -> quiet.Preferences:
    """Returns how a person wants to be reminded, from their row. Their messages are counted by their own days, where these are
    known, whichever teams they are about."""
    zone = ZoneInfo(person.timezone) if person.timezone else None
    own = quiet.quiet_hours(person.quiet) if person.quiet else None
    return quiet.Preferences(person.rhythm, person.paused_until, own, zone)


def until_day(words: str, zone: ZoneInfo, now: datetime) -> datetime | None:
    """Parse `until Monday`, `tomorrow`, `next week` or `2026-12-01`. Returns the first moment of that day, in UTC; None for
    anything else, and for a day that has begun or is more than a year away."""
    word = " ".join(words.casefold().split()).removeprefix("until ").strip()
    today = now.astimezone(zone).date()
    if word == "tomorrow":
        day = today + timedelta(days=1)
    elif word == "next week":
        day = today + timedelta(days=7 - today.weekday())
    elif len(word) >= 3 and (index := next((n for n, name in enumerate(_DAYS) if name.startswith(word)), None)) is not None:
        day = today + timedelta(days=(index - today.weekday() - 1) % 7 + 1)
    else:
        try:
            day = date.fromisoformat(word)
        except ValueError:
            return None
    if not today < day <= today + LONGEST:  # the first and the last days of the calendar are no moments in UTC
        return None
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _prefer(tx: Connection, word: Word, columns: Mapping[str, Any]) -> list[AnyRow]:
    """Store the preferences of who typed it, and make the reminders that were put off due, so that they are weighed again. Returns
    their rows in all chats, as they were."""
    rows = _themselves(tx, word.person)
    for each in sorted(rows, key=lambda row: row.id):  # as wherever several people are locked
        people.prefer(tx, each.id, columns)
    for each in rows:
        nudges.weigh_anew(tx, each.id, word.at)
    return rows


def _themselves(tx: Connection, person: Person) -> list[AnyRow]:
    """Returns the rows of somebody who types, in every chat that knows them by one address; that of this chat first."""
    return people.themselves(tx, colleagues.remember(tx, person).id)


def _zone(tx: Connection, company: Company, person: Person) -> ZoneInfo:
    known = people.find(tx, *person.place.parts)
    return ZoneInfo(known.timezone) if known is not None and known.timezone else company.timezone
