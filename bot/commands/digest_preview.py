"""`hero digest --preview`: shows a weekly post or monthly review, past or future, as the chats show it. Posts nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime

from sqlalchemy import Connection

from bot.commands.plain_text import lines
from bot.config import Settings
from bot.refusals import Mistaken
from handlers.calendar import months, weeks
from handlers.calendar.months import Month
from handlers.calendar.weeks import Week
from handlers.company import Company
from handlers.digests import choosing_stories, digest_card, leader_digest, look_ahead_card, snapshot
from handlers.digests.digest import has_begun
from handlers.digests.digest_card import Post
from handlers.digests.heroes import Reason
from handlers.digests.making import FirstAnswers
from handlers.digests.snapshot import PostRow, Taken
from handlers.leaders import led_teams
from handlers.reviews import review, review_card
from handlers.reviews.calls_card import calls_card
from handlers.team import Team
from handlers.wording.language import gettext as _
from handlers.wording.words import when
from storage import digests
from storage.database import Store
from storage.prepared import AnyRow


def preview(settings: Settings, store: Store, team: str, week: str | None, now: datetime, *, why: bool) -> str:
    """Returns the post of a week, by default the last complete one. With `why`, adds the facts by which each story was chosen."""
    known = _team(settings, team)
    return "\n".join(store.read_sync(_told, settings.company, known, _week(known, week, now), now, why=why))


def preview_leader(settings: Settings, store: Store, team: str, week: str | None, now: datetime) -> str:
    """Returns the weekly post that the leader of that team reads, including any other teams they lead."""
    known = _team(settings, team)
    return "\n".join(store.read_sync(_led, settings.company, known, _week(known, week, now), now))


def _week(team: Team, week: str | None, now: datetime) -> Week:
    runs = weeks.now_in(team.hours, now)
    try:
        asked = Week.parse(week) if week else runs.after(-1)
    except ValueError as error:
        raise Mistaken(f"{error}.") from error
    if asked > runs:
        raise Mistaken(
            f"the week {asked} has not begun. The last one that is over is {runs.after(-1)}, and leaving --week out shows it; "
            f"the one that runs is {runs}."
        )
    return asked


def preview_month(settings: Settings, store: Store, team: str, month: str, now: datetime) -> str:
    """Returns the lost-customer review of a month as somebody who leads only that team reads it."""
    known = _team(settings, team)
    try:
        this = Month.parse(month)
    except ValueError as error:
        raise Mistaken(f"{error}.") from error
    runs = months.now_in(known.hours, now)
    if this > runs:
        raise Mistaken(
            f"the month {this} has not begun. The last one that is over is {runs.after(-1)}; the one that runs is {runs}."
        )
    return "\n".join(store.read_sync(_reviewed, settings.company, known, this, now))


def _team(settings: Settings, team: str) -> Team:
    known = settings.company.teams.get(team)
    if known is None:
        raise Mistaken(f"there is no team {team!r}; there is {', '.join(settings.company.teams) or 'none'}.")
    return known


def _led(tx: Connection, company: Company, team: Team, week: Week, now: datetime) -> list[str]:
    """Returns what was posted to the first leader of the team; if nothing was, what would be."""
    led = {person_id: teams for person_id, teams in led_teams(tx, company).items() if team in teams}
    row = _sent(tx, leader_digest.KIND, led, week)
    if row is not None:
        return [*lines(leader_digest.picture(tx, company, row, now)), "", _went_to_leader(team, row, now)]
    teams = next(iter(led.values()), [team])
    due_at = leader_digest.due(week, teams)
    taken = Taken(0, due_at, now, leader_digest.take(tx, teams, week, now))
    return [*lines(leader_digest.picture(tx, company, taken, now)), "", _goes_to_leader(team, led, due_at, now)]


def _reviewed(tx: Connection, company: Company, team: Team, month: Month, now: datetime) -> list[str]:
    """Returns what was posted to the first leader of the team; if nothing was, what would be."""
    leaders = [person_id for person_id, teams in led_teams(tx, company).items() if team in teams]
    row = _sent(tx, review.KIND, leaders, month)
    if row is not None:
        return [*_both(tx, company, row, now), _went_to_leader(team, row, now)]
    due_at = review.due(month, [team])
    taken = Taken(0, due_at, now, review.take(tx, [team], {}, month, str(leaders[0]) if leaders else ""))
    return [*_both(tx, company, taken, now), _goes_to_leader(team, leaders, due_at, now)]


def _sent(tx: Connection, kind: str, leaders: Iterable[int], period: Week | Month) -> AnyRow | None:
    """Returns the post of a period that went out to the first of these leaders."""
    rows = (digests.by_period(tx, kind, str(person_id), str(period)) for person_id in leaders)
    return next((row for row in rows if row is not None and row.state == "sent"), None)


def _went_to_leader(team: Team, row: AnyRow, now: datetime) -> str:
    return f"This went to who leads {team.title} {when(row.made_at, team.hours.zone, now)}."


def _goes_to_leader(team: Team, leaders: Collection[int], due_at: datetime, now: datetime) -> str:
    if not team.leader and not leaders:
        return f"This goes to nobody: no `leader` of {team.title} is named."
    if not leaders:
        return f"This goes to nobody: no chat has told yet who leads {team.title}."
    if now >= due_at:
        return "This did not go out."
    return f"This goes to who leads {team.title} {when(due_at, team.hours.zone, now)}, with the numbers of that moment."


def _both(tx: Connection, company: Company, row: PostRow, now: datetime) -> Iterator[str]:
    """Yields the review and, if there are any, the calls, as two posts."""
    yield from (*lines(review_card.review_card(review.review_of(tx, company, row))), "")
    calls = review.calls_of(tx, company, row)
    if calls.each:
        yield from (*lines(calls_card(calls, now)), "")


def _told(tx: Connection, company: Company, team: Team, week: Week, now: datetime, *, why: bool) -> list[str]:
    row = digests.by_period(tx, snapshot.KIND, team.name, str(week))
    due_at = weeks.due(week, team.hours, team.posting)
    if row is not None and row.state == "sent":
        taken = Taken(row.id, row.due_at, row.made_at, row.snapshot)
        note = f"This went out {when(row.made_at, team.hours.zone, now)}."
    else:
        choices = row.choices if row is not None else {}
        taken = Taken(0, due_at, now, snapshot.take(tx, company, team, week, choices, now))
        note = _goes_out(tx, team, week, due_at, now)
    if taken.snapshot["broken"] and week == weeks.now_in(team.hours, now):  # nobody is alarmed by a Monday morning
        raise Mistaken(
            f"the week {week} is not over, and no answer has come in it so far. "
            f"The last one that is over is {week.after(-1)}; leaving --week out shows it."
        )
    if taken.snapshot["broken"]:
        return [
            look_ahead_card.silent_card(week, taken.snapshot.get("unrouted", 0)).plain,
            "",
            "The channel gets nothing; the leader is told this.",
        ]
    post = snapshot.post_of(tx, company, team, taken)
    told = [*lines(digest_card.post_card(post)), "", note]
    return [*told, "", *_why(tx, company, team, week, taken, post)] if why else told


def _goes_out(tx: Connection, team: Team, week: Week, due_at: datetime, now: datetime) -> str:
    if now < due_at:
        return f"This goes out {when(due_at, team.hours.zone, now)}, with the numbers of that moment."
    if not has_begun(FirstAnswers(tx), team, week):
        return f"This does not go out: no customer of {team.title} had said anything by the end of that week."
    return "This did not go out."


def _why(tx: Connection, company: Company, team: Team, week: Week, taken: Taken, post: Post) -> Iterator[str]:
    turn = ", ".join(map(_deed, choosing_stories.order(week, team.name)))
    yield f"Whose turn it is this week: {turn}."
    spare = Taken(taken.id, taken.due_at, taken.made_at, {**taken.snapshot, "stories": taken.snapshot["spares"]})
    chosen = {story["follow_up"]: story for key in ("stories", "spares") for story in taken.snapshot[key]}
    for title, stories in (("Told", post.stories), ("Could be told instead", snapshot.post_of(tx, company, team, spare).stories)):
        for told in stories:
            packed = chosen[told.follow_up]
            yield f"{title}: #{told.follow_up}, {told.name}, for “{_deed(told.reason)}”."
            facts = ", ".join(told.why) or _("nothing but the deed itself")
            equals = [each["chances"] for each in chosen.values() if each["need"] == packed["need"]]
            fewer = packed["chances"] < max(equals)
            yield f"    {facts} (need {packed['need']}{'; had fewer cases that week than another' if fewer else ''})"
    if not chosen:
        yield "No story of that week may be told: see docs/digest.md for the rules."


def _deed(reason: Reason) -> str:
    return digest_card.deeds()[reason].lower()
