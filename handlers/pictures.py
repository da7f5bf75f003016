"""What a message must show now: drawn from its rows each time, never from stored text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from handlers import answered, cases, colleagues, message_keys, same_customer, team_gone
from handlers.arranged import ops_note
from handlers.arranged.applied import is_astray
from handlers.arranged.link import request_card
from handlers.arrivals import heard
from handlers.cards import Card
from handlers.case import Case
from handlers.company import Company
from handlers.digests import digest_pictures
from handlers.digests.digest_pictures import Draw
from handlers.feedback import Person
from handlers.followup import followup_card, lines
from handlers.followup.closing_card import closing_card
from handlers.followup.handed_card import handed_card
from handlers.followup.told_before import with_earlier
from handlers.ladder import Role
from handlers.nudges import bundle_card, bundles, steps, still_yours
from handlers.nudges.reminder import Reminder
from handlers.nudges.steps import Kind
from handlers.raised import decide
from handlers.team import Team
from handlers.unshowable import Homeless, Undrawn, Unshowable, without_team
from handlers.whereabouts import with_places
from handlers.wording import masking, openings
from handlers.wording.outcomes import outcomes, reasons
from handlers.wording.words import asked, lasts
from storage import act_log, arrangements, delivery_log, messages, nudges
from storage.pieces import grouped
from storage.prepared import AnyRow

_STEP, _LONGEST = timedelta(days=30), timedelta(days=900)
"""How far to look back at a time for an hour at which a team was open, and at most: longer than any closure."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A card, and the version of the message that it shows. It is not posted if it is `astray`: its team has that channel no
    longer."""

    card: Card
    version: int
    astray: bool = False


def picture(tx: Connection, company: Company, message_id: int, now: datetime) -> Picture:
    """Draw a message from its rows as they are now. Raises Unshowable."""
    message = messages.by_id(tx, message_id)
    if message is None:
        raise Unshowable("the message is gone from the log")
    return picture_of(tx, company, message, now)


def picture_of(tx: Connection, company: Company, message: AnyRow, now: datetime) -> Picture:
    """Like `picture`, for a message whose row was already read."""
    draw = PICTURES.get(message.kind)
    if draw is None:
        raise Undrawn(f"{delivery_log.UNDRAWN}: this version knows no {message.kind!r}; one that was started since may")
    try:
        card = draw(tx, company, message, now)
    except Homeless:
        left = team_gone.remainder(tx, message, now)
        if left is None:
            raise
        return Picture(left, message.wanted)
    if message.person_id is not None:  # one person reads it, somewhere else than in the channel
        [card] = with_places(tx, [card], message.chat, message.workspace)
    return Picture(card, message.wanted, message.remote_id is None and is_astray(company, message))


def picture_at(tx: Connection, company: Company, reader: Person, posted: tuple[str, str], now: datetime) -> Card | None:
    """Returns what the message that stands at `posted` in the reader's workspace shows by now; None if none of ours does, it is
    for somebody else, or it cannot be drawn."""
    message = messages.standing(tx, reader.chat, posted)
    if message is None or message.workspace != reader.workspace:
        return None
    if message.person_id is not None and message.channel != reader.user_id:
        return None
    try:
        return picture_of(tx, company, message, now).card
    except Unshowable:
        return None


def _card(tx: Connection, company: Company, message: AnyRow, now: datetime) -> Card:
    case, team = _with_team(tx, company, message.follow_up_id)
    return followup_card.channel_card(cases.with_history(tx, case), team, company.people, now)


def _private(tx: Connection, company: Company, message: AnyRow, now: datetime) -> Card:
    case, team = _with_team(tx, company, message.follow_up_id)
    reader = colleagues.person_of(tx, message.person_id)
    card = followup_card.private_card(cases.with_history(tx, case), team, company.people, reader, now)
    if card.is_line:
        return card
    earlier = same_customer.earlier(tx, company, case, reader)
    card = with_earlier(card, earlier, reader, company.people, team.hours.zone, now)
    given = act_log.given(tx, case.id)
    if given is None or given.verb != "hand_over" or given.person_id == reader.id:
        return card
    return handed_card(card, colleagues.person_of(tx, given.person_id), given.detail, company.people)


def _closing(tx: Connection, company: Company, message: AnyRow, _now: datetime) -> Card:
    case, team = _with_team(tx, company, message.follow_up_id)
    return closing_card(cases.with_history(tx, case), team)


def _bundle(tx: Connection, company: Company, message: AnyRow, now: datetime) -> Card:
    held = bundles.items_of(tx, message.bundle_id)
    items = [(row, case) for row, case in held if case.team in company.teams]
    gone = [case.team for _, case in held if case.team not in company.teams]
    if gone and not (items and message.shown):  # it would leave them out, and its reader might never hear of them
        raise without_team(gone[0])
    told = grouped(nudges.heard(tx, {case.id for _, case in items}), "follow_up_id")  # a message may hold a thousand cases
    reminders = [
        Reminder(
            case,
            company.teams[case.team],
            Role(row.role),
            row.step,
            asks=still_yours.asks(row, case),
            said_at=row.sent_at or now,
            again=still_yours.said_before(row, case, told.get(case.id, ())),
            score=_answered_again(tx, row),
        )
        for row, case in items
    ]
    return bundle_card.bundle_card(reminders, colleagues.person_of(tx, message.person_id), company.people, now)


def _answered_again(tx: Connection, row: AnyRow) -> str:
    """Returns the score that a customer gave after they were looked after; empty for any other reminder."""
    if steps.kind_of(row.step) is not Kind.AGAIN:
        return ""
    said = act_log.one(tx, steps.act_id(row.step)).detail
    return asked(said["metric"], said["score"], tuple(said["scale"]))


def _told(tx: Connection, company: Company, message: AnyRow, _now: datetime) -> Card:
    act = act_log.one(tx, message.act_id)
    case, team = _with_team(tx, company, act.follow_up_id)
    detail = masking.hide_all(act.detail, case.customer, team)
    words = heard.first_words(case.comment, case.customer, team)
    named = outcomes() | reasons()
    outcome = named.get(detail.get("outcome") or detail.get("reason", ""), "").lower()
    return Card(plain=heard.told(words, "close" if "outcome" in detail else "dismiss", outcome, detail.get("done", "")))


def _opening(tx: Connection, company: Company, message: AnyRow, now: datetime) -> Card:
    name, opened_s, *_channel = message_keys.parts(message.key)
    opened_at, team = datetime.fromtimestamp(int(opened_s), UTC), company.teams.get(name)
    if team is None:
        raise without_team(name)
    since = _open_before(team, min(opened_at, now))  # earlier than they waited for, once hours were corrected
    return openings.opening(act_log.held_until(tx, name, since, opened_at))


def _open_before(team: Team, opened_at: datetime) -> datetime:
    """Returns a moment before which no card can have been held for this opening: in between, the team was open at some time."""
    since = opened_at - _STEP
    while not team.hours.between(since, opened_at) and opened_at - since < _LONGEST:
        since -= _STEP
    return since


def _welcome(tx: Connection, company: Company, message: AnyRow, _now: datetime) -> Card:
    change = arrangements.by_id(tx, message_keys.id_in(message.key))
    if change is None or change.name not in company.teams:
        raise Unshowable("the channel was taken from its team again")
    team = company.teams[change.name]
    return openings.welcome(team.title, lasts(team.promise.claim), lasts(team.promise.close))


def _link_request(tx: Connection, company: Company, message: AnyRow, _now: datetime) -> Card:
    row = arrangements.by_id(tx, message_keys.id_in(message.key))
    newest = arrangements.newest(tx, row.kind, row.name) if row is not None else None
    if row is None or newest is None:
        raise Unshowable("what was asked for is gone")
    return request_card(row, newest, colleagues.person_of(tx, row.person_id), company.people)


def _line(tx: Connection, company: Company, message: AnyRow, _now: datetime) -> Card:
    act = act_log.one(tx, message.act_id)
    who = colleagues.person_of(tx, act.person_id) if act.person_id else None
    to = colleagues.person_of(tx, act.detail["to"]) if "to" in act.detail else None
    case, team = _with_team(tx, company, act.follow_up_id)
    detail = masking.hide_all(act.detail, case.customer, team)
    return lines.line(act.verb, who, detail, to, company.people, act.at, team.hours.zone, happy=case.happy)


def _with_team(tx: Connection, company: Company, follow_up_id: int) -> tuple[Case, Team]:
    case = cases.read(tx, follow_up_id)
    if case is None or case.team not in company.teams:
        raise without_team(case.team if case else "")
    return case, company.teams[case.team]


PICTURES: Mapping[str, Draw] = {
    "card": _card,
    "private": _private,
    "closing": _closing,
    "line": _line,
    "told": _told,
    messages.ANSWER: answered.picture,
    "became": decide.told,
    "bundle": _bundle,
    "opening": _opening,
    "welcome": _welcome,
    "wish": _link_request,
    ops_note.KIND: ops_note.picture,
    **digest_pictures.PICTURES,
}
"""How to draw each kind of message."""
