"""Renders the messages about weekly posts from their rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime

from sqlalchemy import Connection

from handlers import colleagues, message_keys
from handlers.calendar.weeks import Week
from handlers.cards import Card
from handlers.company import Company
from handlers.digests import digest_card, leader_digest, look_ahead_card, snapshot, wins
from handlers.digests.heroes import Reason
from handlers.digests.wins_card import wins_card
from handlers.huddles import huddle, huddle_card
from handlers.reviews import own_month, review
from handlers.reviews.calls_card import calls_card
from handlers.reviews.review_card import review_card
from handlers.team import Team
from handlers.unshowable import Unshowable, without_team
from storage import digests, people, thanks
from storage.prepared import AnyRow

Draw = Callable[[Connection, Company, AnyRow, datetime], Card]
"""Renders a message of one kind from its rows. Raises Unshowable."""


def post(tx: Connection, company: Company, message: AnyRow, _now: datetime) -> Card:
    """The weekly post of a team."""
    row = _of_team(tx, message, snapshot.KIND)
    return digest_card.post_card(snapshot.post_of(tx, company, _team(company, row), row))


def preview(tx: Connection, company: Company, message: AnyRow, _now: datetime) -> Card:
    """The leader's preview of the weekly post."""
    row = _of(tx, message)
    team = _team(company, row)
    if row.state in ("withheld", "passed"):
        return look_ahead_card.not_sent_card(team.title, Week.parse(row.period), passed=row.state == "passed")
    said = snapshot.post_of(tx, company, team, row)
    return look_ahead_card.preview_card(said, agreed=bool(row.choices.get("agreed")), gone_out=row.state == "sent")


def silent(tx: Connection, _company: Company, message: AnyRow, _now: datetime) -> Card:
    """What the leader gets instead of a post when no answers reached a team."""
    period = message_keys.parts(message.key)[0]
    unrouted = (said.get("unrouted", 0) for said in digests.withheld(tx, snapshot.KIND, period))
    return look_ahead_card.silent_card(Week.parse(period), max(unrouted, default=0))


def leader(tx: Connection, company: Company, message: AnyRow, now: datetime) -> Card:
    """The leader's weekly post."""
    return leader_digest.picture(tx, company, _of(tx, message), now, message.person_id)


def month(tx: Connection, company: Company, message: AnyRow, _now: datetime) -> Card:
    """A leader's monthly review, with today's decisions."""
    row = _of(tx, message)
    return review_card(review.review_of(tx, company, row))


def calls(tx: Connection, company: Company, message: AnyRow, now: datetime) -> Card:
    """A leader's list of customers to call."""
    return calls_card(review.calls_of(tx, company, _of(tx, message)), now)


def own(tx: Connection, _company: Company, message: AnyRow, _now: datetime) -> Card:
    """What one colleague did in a month."""
    return own_month.picture(_of(tx, message))


def thank_you(tx: Connection, company: Company, message: AnyRow, _now: datetime) -> Card:
    """The thanks for one story."""
    given = thanks.thanked(tx, message_keys.id_in(message.key))
    row = digests.by_id(tx, given.digest_id) if given is not None else None
    if given is None or row is None:
        raise Unshowable("the thank-you is gone")
    reasons = {story["follow_up"]: Reason(story["reason"]) for story in row.snapshot["stories"]}
    giver = colleagues.called_in_posts(people.by_id(tx, given.from_id), people=company.people)
    return digest_card.thanks_card(giver, reasons[given.follow_up_id], given.note, Week.parse(row.period))


def huddled(tx: Connection, company: Company, message: AnyRow, _now: datetime) -> Card:
    """The card of a huddle."""
    row = _of_team(tx, message, huddle.KIND)
    return huddle.picture(tx, company, _team(company, row), row)


def full(tx: Connection, company: Company, message: AnyRow, _now: datetime) -> Card:
    """Tells somebody that their huddle note did not fit."""
    row = _of(tx, message)
    return huddle_card.full_card(_team(company, row).title, date.fromisoformat(row.period))


def wins_told(tx: Connection, company: Company, message: AnyRow, _now: datetime) -> Card:
    """What happy customers said."""
    row = _of_team(tx, message, wins.KIND)
    return wins_card(_team(company, row), wins.told(tx, row))


PICTURES: Mapping[str, Draw] = {
    "digest": post,
    "preview": preview,
    "silent": silent,
    "thanks": thank_you,
    "leader": leader,
    "huddle": huddled,
    "full": full,
    "month": month,
    "calls": calls,
    "wins": wins_told,
    "own": own,
}


def _of_team(tx: Connection, message: AnyRow, kind: str) -> AnyRow:
    """Returns the post of that kind to a team's channels, whose message names the team and the period."""
    about, period, *_channel = message_keys.parts(message.key)
    return _found(digests.by_period(tx, kind, about, period))


def _of(tx: Connection, message: AnyRow) -> AnyRow:
    return _found(digests.by_id(tx, message_keys.id_in(message.key)))


def _found(row: AnyRow | None) -> AnyRow:
    if row is None:
        raise Unshowable("the digest is gone")
    return row


def _team(company: Company, row: AnyRow) -> Team:
    team = company.teams.get(row.about)
    if team is None:
        raise without_team(row.about)
    return team
