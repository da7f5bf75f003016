"""/hero huddle: a card to talk about in the team's channel, and the promises that come back at the next huddle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from handlers import colleagues, wanted
from handlers.cards import Card, Reply
from handlers.company import Company
from handlers.digests.choosing_stories import by_lot
from handlers.digests.digest_requests import team_post, weekly_post
from handlers.digests.snapshot import words_for_channel
from handlers.feedback import NOBODY, Band
from handlers.huddles import huddle_card
from handlers.huddles.huddle_card import PROMISES, Huddle
from handlers.situation import Tap, Word
from handlers.team import Team
from handlers.wording import masking
from handlers.wording.language import gettext as _
from storage import digests, material, messages, people
from storage.prepared import AnyRow

KIND = "huddle"
BACK = timedelta(days=7)
MOODS: Mapping[str, tuple[Band, ...]] = {
    "good": (Band.PROMOTER,),
    "bad": (Band.DETRACTOR,),
    "puzzling": (Band.PASSIVE, Band.UNSCORED),
}
"""The bands of the three customers who are quoted: one content, one not, and one of whom neither can be said."""


def huddle(tx: Connection, company: Company, word: Word) -> Reply:
    """Post a card in the channel where this was typed; a second time on the same day updates the same card."""
    colleagues.remember(tx, word.person)
    here = [team for team in company.within_reach(word.person) if word.place in team.channels]
    if not here:
        return Reply(_("A huddle belongs to a team: type “huddle” in the team's channel."))
    for team in here:
        _call(tx, team, word.at)
    return Reply(_("The card for your huddle is in the channel. Who begins?"))


def promise(tx: Connection, company: Company, tap: Tap) -> Reply:
    """Add somebody's promise until the next huddle to the card."""
    found = team_post(tx, company, tap, KIND, KIND)
    if found is None:
        return Reply(_("This huddle does not belong to a team here, so nothing was changed."))
    row, team = found
    form = huddle_card.promise_form(row.id)
    if tap.answers is None:
        return Reply(form=form)
    what = " ".join(tap.answer("what").split())
    if not what:
        return form.again("what")
    promises = row.choices.get("promises", [])
    if len(promises) >= PROMISES:
        return Reply(_("There are {n} promises already, which is plenty. Keep yours for the next huddle.").format(n=PROMISES))
    who = colleagues.remember(tx, tap.person)
    added = {**row.choices, "promises": [*promises, {"who": who.id, "what": what[:200], "at": tap.at.isoformat()}]}
    if not digests.note(tx, row.id, row.version, added):
        return Reply(_("Somebody promised something at the same moment, so yours was not kept. Please press again."))
    messages.want(tx, wanted.posts(KIND, team, row.period), tap.at)
    return Reply(_("It stands on the card, and comes first at the next huddle."))


def recall(tx: Connection, company: Company, tap: Tap) -> Reply:
    """Show, privately, what was promised and noted at the last huddle of the team whose weekly post was pressed."""
    found = weekly_post(tx, company, tap)
    if found is None:
        return Reply(_("This post does not belong to a team here. Please ask whoever runs Action Hero."))
    team = found[1]
    today = tap.at.astimezone(team.hours.zone).date()
    row = digests.last_before(tx, KIND, team.name, (today + timedelta(days=1)).isoformat())
    if row is None:
        return Reply(_("There was no huddle yet. Type “huddle” in the team's channel to call one."))
    promises, notes = _said(tx, company, team, row, "promises"), _said(tx, company, team, row, "notes")
    return Reply(huddle_card.recalled(date.fromisoformat(row.period), promises, notes))


def picture(tx: Connection, company: Company, team: Team, row: AnyRow) -> Card:
    """Draw the card from its row, with those of the words that still exist."""
    said = row.snapshot
    before = digests.by_id(tx, said["before"]) if said["before"] is not None else None
    return huddle_card.huddle_card(
        Huddle(
            id=row.id,
            title=team.title,
            on=date.fromisoformat(row.period),
            words={mood: words_for_channel(tx, team, said[mood]) for mood in MOODS},
            waiting=said["waiting"],
            last_on=date.fromisoformat(before.period) if before is not None else None,
            last_promises=_said(tx, company, team, before, "promises") if before is not None else (),
            last_notes=_said(tx, company, team, before, "notes") if before is not None else (),
            promises=_said(tx, company, team, row, "promises"),
            notes=len(row.choices.get("notes", ())),
        )
    )


def _call(tx: Connection, team: Team, now: datetime) -> None:
    on = now.astimezone(team.hours.zone).date().isoformat()
    before = digests.last_before(tx, KIND, team.name, on)
    words = {mood: _one(tx, team, bands, now) for mood, bands in MOODS.items()}
    taken = {**words, "waiting": _ageing(tx, team, now), "before": before.id if before is not None else None}
    if digests.begin(tx, kind=KIND, about=team.name, period=on, state="sent", due_at=now, made_at=now, snapshot=taken) is None:
        digests.restate(tx, KIND, team.name, on, taken, now)
    messages.want(tx, wanted.posts(KIND, team, on), now)


def _one(tx: Connection, team: Team, bands: Sequence[Band], now: datetime) -> int | None:
    """Returns one of the answers that have a comment."""
    written = material.verbatims(tx, team.name, bands, now - BACK, now)
    return next(iter(by_lot(written, now.date())), None)


def _ageing(tx: Connection, team: Team, now: datetime) -> dict[str, int]:
    ages = [now - at for at in material.waiting_since(tx, team.name)]
    day = timedelta(days=1)
    return {
        "fresh": sum(age < day for age in ages),
        "days": sum(day <= age < 3 * day for age in ages),
        "longer": sum(age >= 3 * day for age in ages),
    }


def _said(tx: Connection, company: Company, team: Team, row: AnyRow, what: str) -> tuple[tuple[str, str], ...]:
    """Returns what people promised or noted, as (name, text), masked as in a channel of the team."""
    kept: Sequence[Mapping[str, Any]] = row.choices.get(what, ())
    known = people.by_ids(tx, [each["who"] for each in kept])
    return tuple(
        (colleagues.called_in_posts(known.get(each["who"]), people=company.people), masking.hide(each["what"], NOBODY, team))
        for each in kept
    )
