"""show_list: the customers behind one figure of a post, privately, as they are now; explain: what each figure counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from handlers import cases, colleagues, leaders
from handlers.calendar import weeks
from handlers.calendar.weeks import Week
from handlers.cards import Card, Reply, number
from handlers.company import Company
from handlers.digests import counting, figure_lists, leader_digest, making, snapshot, wins, wins_card, worth
from handlers.digests.figure_lists import PAGE, Behind
from handlers.digests.figures import Figures, runs
from handlers.feedback import Person
from handlers.followup import followup_card
from handlers.reviews import review, review_behind, review_lists
from handlers.situation import Tap
from handlers.team import Team
from handlers.wording.language import gettext as _
from storage import behind_figures, digests, material
from storage import figures as counted
from storage import worth as stored
from storage.prepared import AnyRow

LEADERS_ONLY = frozenset({"again", "reopened", "dismissed", "unconfirmed", "at_risk", "recovered", "lost", "unscored"})
"""Lists that no channel's post refers to."""


@dataclass(frozen=True, slots=True)
class PostList:
    """A list of a post: its teams, its name, and the index of the first entry. `said` are the figures in the post, of these teams;
    `all_said` also those of teams that its reader leads no more."""

    row: AnyRow
    teams: Sequence[Team]
    name: str
    first: int
    said: Sequence[Figures]
    at: datetime
    all_said: Sequence[Figures] = ()

    @property
    def week(self) -> Week:
        return Week.parse(self.row.period)


def show_list(tx: Connection, company: Company, tap: Tap) -> Reply:
    """Returns one page of the list behind a figure, and a button to the next page if there is one."""
    asked = _asked(tx, company, tap)
    if asked is None:
        return Reply(_("This list does not belong to a post written to you or to a team here, so nothing is shown."))
    monthly = asked.row.kind == review.KIND
    behind = review_behind.behind(tx, asked.row, asked.teams, asked.name) if monthly else _behind(tx, asked)
    if behind is None:
        return Reply(_("There is no such list in this post."))
    found = behind.ids
    first = asked.first if asked.first < len(found) else 0
    shown = found[first : first + PAGE]
    cards = _answers(tx, asked, shown) if asked.name == "answers" else _cases(tx, company, shown, tap)
    more = [figure_lists.next_page(asked.row.id, asked.name, first + PAGE, len(found))] if len(found) > first + PAGE else []
    return Reply(figure_lists.heading(behind.title, len(found), behind.said, first), cards=(*cards, *more))


def explain(tx: Connection, company: Company, tap: Tap) -> Reply:
    """Explains what such a post counts: the same for everybody."""
    monthly = str(tap.target).startswith("review:")
    return Reply(review_lists.definitions() if monthly else figure_lists.definitions())


def _behind(tx: Connection, asked: PostList) -> Behind | None:
    """Returns the list of a week's post; None if it has none of that name."""
    cause = figure_lists.cause_of(asked.name, figure_lists.causes(asked.all_said))
    known = figure_lists.titles().get(asked.name)
    if known is None and cause is None:
        return None
    counts = figure_lists.counts(asked.said)
    said = figure_lists.causes(asked.said).get(cause, 0) if cause is not None else counts.get(asked.name)
    return Behind(known.title if known is not None else figure_lists.behind(cause or ""), _found(tx, asked, cause), said)


def _found(tx: Connection, asked: PostList, cause: str | None) -> list[int]:
    """Returns all ids in the list, of every team."""
    if asked.name in ("unconfirmed", "unscored"):
        return list(getattr(counted, asked.name)(tx, [team.name for team in asked.teams]))
    if asked.name == "waiting_now":
        return list(material.who_waits(tx, [team.name for team in asked.teams]))
    if asked.name == "at_risk":
        return _each_once(tx, _by_value(tx, stored.open_now(tx, [team.name for team in asked.teams])))
    found = [id for team in asked.teams for id in _of_team(tx, asked, team, cause)]
    return _each_once(tx, found) if asked.name in ("recovered", "lost") else found


def _each_once(tx: Connection, ids: Sequence[int]) -> list[int]:
    """Returns one case of each customer, the first, as these sums count customers."""
    who = {row.id: row.who for row in stored.of(tx, ids)}
    firsts: dict[int, int] = {}
    for id in ids:
        firsts.setdefault(who[id], id)
    return list(firsts.values())


def _of_team(tx: Connection, asked: PostList, team: Team, cause: str | None) -> Sequence[int]:
    span = weeks.bounds(asked.week, team.hours)
    match asked.name:
        case "again":
            return sorted(counted.answered_next(tx, team.name, *span))
        case "recovered":
            return list({row.who: row.id for row in worth.came_back(tx, team.name, span)}.values())
        case "told_again":
            return counted.told_again(tx, team.name, *span)
        case "reopened":
            return counting.reopened(tx, team, asked.week)
        case "lost":
            return [row.id for row in stored.lost(tx, [team.name], *span)]
        case "answers":
            return behind_figures.answers(tx, team.name, *span)
    rows = behind_figures.of_week(tx, team.name, *span)
    if asked.name in ("running", "past"):
        return [row.id for row in rows if row.became == "waiting" and runs(row, asked.at) == (asked.name == "running")]
    if cause is not None:
        return [row.id for row in rows if row.state == "closed" and row.cause == cause]
    wanted = ("in_time", "later", "unreached", "waiting") if asked.name == "told" else (asked.name,)
    return [row.id for row in rows if row.became in wanted]


def _by_value(tx: Connection, rows: Sequence[AnyRow]) -> list[int]:
    values = worth.values(tx, rows)
    return sorted(values, key=lambda each: (-values[each], each))


def _cases(tx: Connection, company: Company, ids: Sequence[int], tap: Tap) -> tuple[Card, ...]:
    known = cases.read_all(tx, ids)
    there = [cases.with_history(tx, known[id]) for id in ids if id in known and known[id].team in company.teams]
    return tuple(followup_card.channel_card(case, company.teams[case.team], company.people, tap.at) for case in there)


def _answers(tx: Connection, asked: PostList, ids: Sequence[int]) -> tuple[Card, ...]:
    teams = {team.name: team for team in asked.teams}
    rows = {row.id: row for row in material.answers(tx, ids)}
    return tuple(wins_card.answer_card(teams[rows[id].team], wins.win_of(rows[id])) for id in ids if id in rows)


def _asked(tx: Connection, company: Company, tap: Tap) -> PostList | None:
    """Returns the list that a target such as `list:17:in_time:10` refers to; None if this person may not read it."""
    digest_id, first = tap.numbered("list"), number(tap.more[1]) if len(tap.more) == 2 else 0
    if digest_id is None or first is None or len(tap.more) not in (1, 2):
        return None
    row, name = digests.by_id(tx, digest_id), tap.more[0]
    if row is None or row.state != "sent":
        return None
    teams = _teams(tx, company, row, name, tap.person)
    if not teams:
        return None
    figures = _figures(row)
    said = [figures[team.name] for team in teams if team.name in figures]
    return PostList(row, teams, name, first, said, tap.at, list(figures.values()))


def _teams(tx: Connection, company: Company, row: AnyRow, name: str, person: Person) -> list[Team]:
    """Returns the teams of a post of whose lists this person may read one: of a channel's post, its team; of a leader's, those that
    they still lead."""
    if row.kind == snapshot.KIND:
        team = company.teams.get(row.about)
        return [team] if team is not None and team.reaches(person) and name not in LEADERS_ONLY else []
    if row.kind not in (leader_digest.KIND, review.KIND) or row.about != str(colleagues.remember(tx, person).id):
        return []
    led = {team.name: team for team in leaders.led_teams(tx, company).get(int(row.about), ())}
    return [led[team] for team in making.teams_in(row.snapshot) if team in led]


def _figures(row: AnyRow) -> dict[str, Figures]:
    """Returns the figures in a post, by team; none in a review, which has other ones."""
    if row.kind == snapshot.KIND:
        return {row.about: Figures.unpack(row.snapshot["figures"])}
    told = row.snapshot["teams"] if row.kind == leader_digest.KIND else ()
    return {each["name"]: Figures.unpack(each["figures"]) for each in told}
