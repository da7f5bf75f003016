"""The content of a weekly post, stored as JSON when it is made, and read back whenever it is rendered.

A snapshot holds numbers and ids, never a name or what somebody wrote: those are looked up when it is rendered, so that a colleague
who does not want to be named, or an erased customer, also disappears from earlier posts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from handlers import cases, colleagues, leaders, wanted
from handlers.calendar import weeks
from handlers.calendar.weeks import Week
from handlers.company import Company, People
from handlers.digests import choosing_stories, counting, heroes, making, worked
from handlers.digests.digest_card import Post, StoryInWords
from handlers.digests.figures import Figures, Kept, Promised
from handlers.digests.heroes import Reason, Story
from handlers.raised import raised_card, raised_in_posts
from handlers.team import Team
from handlers.wording import masking
from storage import digests, feedback, material, people, raised
from storage.messages import Wanted
from storage.prepared import AnyRow

KIND = "team"
FEED = timedelta(days=28)
"""How long before a silent week answers are looked for, to tell a quiet week from a broken feed."""
USUAL = 4
"""Minimum number of answers in that time for silence not to be accidental."""
WORTH = (8, 280)
"""Minimum and maximum characters of a thank-you worth telling."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A snapshot without a row."""

    id: int
    due_at: datetime
    made_at: datetime
    snapshot: Mapping[str, Any]
    choices: Mapping[str, Any] = field(default_factory=dict)


PostRow = AnyRow | Taken
"""What a post is drawn from: its stored row, or what was only taken to look at it."""


def take(tx: Connection, company: Company, team: Team, week: Week, choices: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Count the week and choose its stories, as things are now and with the leader's choices."""
    start, end = weeks.bounds(week, team.hours)
    broken = feed_is_broken(tx, company, start, end)
    charted = counting.chart_of(tx, team, week)
    before = digests.last_before(tx, KIND, team.name, str(week), sent=True)
    chosen, spare = _stories(tx, team, week, choices, now)
    return {
        "week": str(week),
        "broken": broken,
        "unrouted": feedback.reached_no_team(tx, start, end) if broken else 0,
        "figures": counting.figures_of(tx, team, week, now).pack(),
        "causes_before": counting.causes_of(tx, team, week.after(-1)),
        "promise": asdict(promise) if (promise := counting.promise_of(tx, company, team, week)) else None,
        "weeks": {str(one): asdict(kept) for one, kept in charted.items()},
        "unheard": [str(one) for one, kept in charted.items() if not kept.told and not counting.is_heard(tx, team, one)],
        "restated": _restated(before, charted),
        "stories": [asdict(story) for story in chosen],
        "spares": [asdict(story) for story in spare],
        "kind_words": _kind_words(tx, team, week),
        "raised": raised_in_posts.in_team(tx, team, start),
        "closed": not team.hours.between(start, end),
        "late": making.is_late(tx, KIND, team.name, str(week), lambda period: _due(team, period), now),
    }


def _due(team: Team, period: str) -> datetime:
    return weeks.due(Week.parse(period), team.hours, team.posting)


def previews(tx: Connection, team: Team, digest_id: int) -> list[Wanted]:
    """Returns the preview of a post, as wanted for each who leads the team."""
    return [wanted.about_digest("preview", digest_id, leader) for leader in leaders.of(tx, team)]


def has_something_to_tell(snapshot: Mapping[str, Any]) -> bool:
    return anybody_told(snapshot["figures"]) or bool(snapshot["stories"])


def anybody_told(packed: Mapping[str, Any]) -> bool:
    """Returns whether these figures, as they are stored, hold anything that a customer told."""
    return bool(packed["answers"] or packed["kept"]["told"] or packed.get("told_again"))


def post_of(tx: Connection, company: Company, team: Team, row: PostRow) -> Post:
    """Returns what a digest's row says, with today's names and words."""
    said = row.snapshot
    told = [_story(each) for each in said["stories"]]
    closings = material.closings(tx, [story.follow_up for story in told], row.made_at + timedelta(seconds=1))
    done = _done(tx, team, closings)
    named = {story.person for story in told} | {closing.person_id for closing in closings.values() if closing.person_id}
    known = people.everywhere(tx, sorted(named))
    return Post(
        digest_id=row.id,
        title=team.title,
        week=Week.parse(said["week"]),
        zone=team.hours.zone,
        due_at=row.due_at,
        made_at=row.made_at,
        figures=Figures.unpack(said["figures"]),
        causes_before=said["causes_before"],
        promise=Promised(**said["promise"]) if said.get("promise") else None,
        weeks={Week.parse(week): Kept(**kept) for week, kept in said["weeks"].items()},
        unheard=frozenset(map(Week.parse, said.get("unheard", ()))),
        restated=tuple((Week.parse(week), was, now) for week, was, now in said["restated"]),
        stories=tuple(
            _told(story, closings.get(story.follow_up), done.get(story.follow_up, ""), known, company.people) for story in told
        ),
        kind_words=words_for_channel(tx, team, said["kind_words"]),
        raised=_raised(tx, team, said.get("raised", ()), company.people),
        late=said["late"],
        closed=said.get("closed", False),
    )


def _raised(tx: Connection, team: Team, noted: Sequence[Mapping[str, Any]], called: People) -> str:
    """Returns the newest thing raised, as it stood when the post was made; empty if there is none, or its words were erased."""
    rows = raised.by_ids(tx, [each["id"] for each in noted])
    if not rows or not rows[0].words:
        return ""
    [each] = noted
    owner = people.by_id(tx, each["owner"]) if each["owner"] is not None else None
    return raised_card.line(
        replace(raised_in_posts.thing(tx, team, rows[0]), state=each["state"]), colleagues.called_in_posts(owner, people=called)
    )


def words_for_channel(tx: Connection, team: Team, feedback_id: int | None) -> str:
    """Returns what one customer wrote, as a channel of the team may read it; empty if it was erased or the team does not show
    words."""
    found = material.answers(tx, [feedback_id]) if feedback_id is not None and "words" in team.show else ()
    return masking.hide(found[0].comment, cases.said_by(found[0]), team) if found else ""


def _done(tx: Connection, team: Team, closings: Mapping[int, AnyRow]) -> dict[int, str]:
    """Returns what was done in each of these cases, as a channel of the team may read it."""
    known = cases.read_all(tx, closings)
    return {id: masking.hide(closings[id].detail.get("done", ""), case.customer, team) for id, case in known.items()}


def _told(story: Story, closing: AnyRow | None, done: str, known: Mapping[int, Sequence[AnyRow]], people: People) -> StoryInWords:
    """Returns a story in words: those of whoever closed the case, with their name if somebody else is praised."""
    name = colleagues.called_in_posts(*known.get(story.person, (None,)), people=people)
    if closing is None:
        return StoryInWords(story.follow_up, name, story.reason, why=story.why)
    theirs = closing.person_id in (None, story.person)
    closer = "" if theirs else colleagues.called_in_posts(*known.get(closing.person_id, (None,)), people=people)
    return StoryInWords(story.follow_up, name, story.reason, done, closer, story.why)


def _stories(
    tx: Connection, team: Team, week: Week, choices: Mapping[str, Any], now: datetime
) -> tuple[Sequence[Story], Sequence[Story]]:
    """Returns the stories that are told, and those that could be told instead."""
    start, end = weeks.bounds(week, team.hours)
    cases = worked.worked_on(tx, team.name, start, end, now)
    known = people.everywhere(tx, sorted(worked.people_in(cases)))
    who = {id: min(row.id for row in rows) for id, rows in known.items()}
    found = heroes.stories(cases, {id: rows[0].name for id, rows in known.items()}, start, end, who)
    lately = told_lately(tx, week, team.name)
    rested = {id for id, rows in known.items() if any(row.id in lately for row in rows)}
    silent = {id for id, rows in known.items() if any(row.naming == colleagues.NEVER for row in rows)}
    ordered = choosing_stories.pick(found, week, team.name, rested, silent, who)
    left_out, swapped = choices.get("left_out", ()), choices.get("swapped", ())
    open_to = [story for story in ordered if story.follow_up not in left_out and story.follow_up not in swapped]
    places = max(0, choosing_stories.MOST - len(left_out))
    return open_to[:places], open_to[places:]


def told_lately(tx: Connection, week: Week, team: str) -> set[int]:
    """Returns the ids of people about whom a story was told in the last weeks, in any team, or of that week in another one."""
    periods = [str(week.after(-back)) for back in range(choosing_stories.REST + 1)]
    posts = [row for row in digests.sent(tx, KIND, periods) if (row.about, row.period) != (team, str(week))]
    return {story["person"] for row in posts for story in row.snapshot["stories"]}


def _restated(before: AnyRow | None, charted: Mapping[Week, Kept]) -> list[tuple[str, int, int]]:
    """Returns the weeks for which the last post reported another number of customers: (week, reported, now)."""
    said = before.snapshot["weeks"] if before is not None else {}
    known = ((week, said[str(week)]["told"], kept.told) for week, kept in charted.items() if str(week) in said)
    return [(str(week), was, now) for week, was, now in known if was != now]


def feed_is_broken(tx: Connection, company: Company, start: datetime, end: datetime) -> bool:
    """Returns whether nothing arrived for any team in that week, though answers were usual before and somebody was open. What
    customers add to an earlier answer arrives, too."""
    teams = tuple(company.teams)
    if not any(team.hours.between(start, end) for team in company.teams.values()):
        return False
    if material.heard_of(tx, teams, start, end, 1) or material.said_more(tx, start, end):
        return False
    return material.heard_of(tx, teams, start - FEED, start, USUAL) == USUAL


def _kind_words(tx: Connection, team: Team, week: Week) -> int | None:
    """Returns one thank-you of the week."""
    said = material.kind_words(tx, team.name, *weeks.bounds(week, team.hours), limit=50)
    worth = [row.id for row in said if WORTH[0] <= len(row.comment.strip()) <= WORTH[1]]
    return next(iter(choosing_stories.by_lot(worth, week)), None)


def _story(packed: Mapping[str, Any]) -> Story:
    return Story(**{**packed, "reason": Reason(packed["reason"]), "why": tuple(packed["why"])})
