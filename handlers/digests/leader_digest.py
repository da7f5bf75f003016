"""The leader's weekly post: one per leader and week, however many teams they lead, sent when the last of those teams gets its
own; a team that is closed all week is not waited for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from handlers import cases, colleagues, message_keys, wanted
from handlers.calendar import weeks
from handlers.calendar.wall_clock import Span
from handlers.calendar.weeks import Week
from handlers.cards import Card
from handlers.case import Case, State
from handlers.company import Company
from handlers.digests import choosing_stories, counting, figure_lists, figures, leader_card, making, snapshot, worth
from handlers.digests.figures import Figures, Kept, Score, Spread
from handlers.digests.isolation import Isolation
from handlers.digests.leader_card import OfTeam, Report
from handlers.digests.machine_lines import Health, Noise
from handlers.digests.making import FirstAnswers
from handlers.digests.money import Money, Sum
from handlers.digests.snapshot import PostRow
from handlers.ladder import Role
from handlers.leaders import led_teams
from handlers.raised import raised_in_posts
from handlers.rules import LOW
from handlers.team import Team
from handlers.wording import masking
from storage import behind_figures, delivery_log, digests, feedback, material, messages, nudges, people
from storage import figures as counted

KIND = "leader"
LISTED = 5
"""Maximum number of waiting customers shown with buttons of their own."""


def send_to_leaders(tx: Connection, company: Company, first_answers: FirstAnswers, now: datetime, isolate: Isolation) -> int:
    """Make the leaders' posts that are due and not made yet, at most AT_ONCE. Returns how many."""
    led = led_teams(tx, company)
    send = partial(_send, tx, led=led, first_answers=first_answers, now=now)
    return making.send_to_each_leader(tx, KIND, led, partial(_due_now, now=now), send, isolate)


def due(week: Week, teams: Sequence[Team]) -> datetime:
    """Returns when the post for a leader of these teams is due: with the last of theirs, without those that are closed all week."""
    return weeks.together((weeks.bounds(week, team.hours)[1], weeks.due(week, team.hours, team.posting)) for team in teams)


def _due_now(teams: Sequence[Team], now: datetime) -> dict[Week, datetime]:
    """Returns the weeks whose post became due in the current week, the newest first, and when: last week, and those before it for
    which no team opened in time."""
    this = min(weeks.now_in(team.hours, now) for team in teams)
    begins = min(weeks.bounds(this, team.hours)[0] for team in teams)
    each = ((week, due(week, teams)) for week in (this.after(-back) for back in range(1, weeks.MADE_UP + 1)))
    return making.due_since(begins, each, teams, now)


def _send(
    tx: Connection,
    person_id: int,
    due: Mapping[Week, datetime],
    *,
    led: Mapping[int, Sequence[Team]],
    first_answers: FirstAnswers,
    now: datetime,
) -> int:
    about, teams = str(person_id), led[person_id]
    told = {week: at for week, at in due.items() if first_answers.has_begun(KIND, about, week, teams, weeks.bounds)}
    made = making.make(tx, KIND, about, told, lambda week: take(tx, teams, week, now), _tells, now)
    if made is None:
        return 0
    messages.want(tx, [wanted.about_digest(KIND, made.id, colleagues.person_of(tx, person_id))], now)
    return 1


def _tells(said: Mapping[str, Any]) -> bool:
    return any(snapshot.anybody_told(team["figures"]) for team in said["teams"])


def take(tx: Connection, teams: Sequence[Team], week: Week, now: datetime) -> dict[str, Any]:
    """Returns what it says, as numbers and ids."""
    each = [_of_team(tx, team, week, now) for team in teams]
    start = min(weeks.bounds(week, team.hours)[0] for team in teams)
    end = max(weeks.bounds(week, team.hours)[1] for team in teams)
    waiting = [id for team in teams for id in material.waiting_cases(tx, team.name, LISTED, nobodys_first=True)]
    before = [counting.figures_of(tx, team, week.after(-1), now) for team in teams]
    return {
        "week": str(week),
        "teams": each,
        "before": asdict(figures.added(Kept, (one.kept for one in before))),
        "running_before": sum(one.running for one in before),
        "score_before": asdict(figures.added(Score, (one.score for one in before))),
        **{name: asdict(spread) for name, spread in first_contact(tx, teams, week).items()},
        "health": asdict(_health(tx, start, end, each)),
        "noise": asdict(_noise(tx, start, end)),
        **_of_leaders(tx, teams, week),
        "waiting": waiting,
        "raised": raised_in_posts.to_decide(tx, [team.name for team in teams]),
        "caused": _caused(tx, teams, week, figure_lists.causes(Figures.unpack(one["figures"]) for one in each)),
        "money": asdict(worth.of_spans(tx, teams, {team.name: weeks.bounds(week, team.hours) for team in teams})),
    }


def _of_leaders(tx: Connection, teams: Sequence[Team], week: Week) -> dict[str, int]:
    """Returns on how many cases leaders did what themselves, each within the week as it is in the time zone of its team."""
    there: dict[Span, list[str]] = {}
    for team in teams:
        there.setdefault(weeks.bounds(week, team.hours), []).append(team.name)
    in_touch: Counter[int] = Counter()
    did: set[int] = set()
    for span, names in there.items():
        in_touch.update(material.contacts(tx, *span, names))
        did.update(material.who_did(tx, ("claim",), *span, names))
    duty = nudges.on_duty(tx)
    leaders = people.selves(tx, {id for team in teams for id in duty.get((team.name, Role.LEADER), ())}, did | in_touch.keys())
    return {
        "claimed": sum(material.done_by(tx, leaders, ("claim",), *span, names) for span, names in there.items()),
        "contacted": sum(number for who, number in in_touch.items() if who in leaders),
    }


def picture(tx: Connection, company: Company, row: PostRow, now: datetime, reader_id: int | None = None) -> Card:
    """Returns the post as it was made; of those who waited, it shows the ones who still do. Who reads it, where that is known, is
    not asked to take whom they have."""
    said = row.snapshot
    caused = said.get("caused", {})
    known = cases.read_all(tx, {*said["waiting"], *caused.values()})
    still = [known[id] for id in said["waiting"] if id in known and known[id].open and known[id].contacted_at is None]
    still = sorted((case for case in still if case.team in company.teams), key=_need)[:LISTED]
    report = Report(
        week=Week.parse(said["week"]),
        zone=_zone(company, said["teams"]),
        made_at=row.made_at,
        teams=tuple(_read_team(company, each) for each in said["teams"]),
        before=Kept(**said["before"]),
        running_before=said.get("running_before", 0),
        first_contact=Spread(**said["first_contact"]),
        customers_waited=Spread(**said.get("customers_waited", {})),
        score=figures.added(Score, (Score(**each["figures"]["score"]) for each in said["teams"])),
        score_before=Score(**said["score_before"]),
        health=Health(**said["health"]),
        noise=Noise(**said["noise"]),
        claimed=said["claimed"],
        contacted=said["contacted"],
        waiting=tuple((cases.with_history(tx, case), company.teams[case.team]) for case in still),
        people=company.people,
        raised=raised_in_posts.undecided(tx, company, said.get("raised", ())),
        words=_words(company, caused, known),
        money=Money(**{name: Sum(**one) for name, one in said.get("money", {}).items()}),  # an older post has none
        id=row.id,
        asked=said.get("asked", False),
        reader_id=reader_id,
    )
    return leader_card.report_card(report, now)


def show_anew(tx: Connection, team: Team, follow_up_id: int, since: datetime) -> None:
    """Draw anew the posts for the leaders of a team that tell of a follow-up of theirs: a leader did something about it. Who taps
    waits for this, so no posts are read about older weeks than one made at `since` may be about, and none for anybody else's
    leaders."""
    first = weeks.now_in(team.hours, since).after(-weeks.MADE_UP)
    led_by = [str(id) for id in nudges.on_duty(tx).get((team.name, Role.LEADER), ())]
    if posts := digests.telling_them(tx, KIND, led_by, str(first), follow_up_id):
        messages.show_anew(tx, [message_keys.about_digest(KIND, post.id, post.about) for post in posts])


def _need(case: Case) -> tuple[bool, datetime, int]:
    """Returns the sort key of a customer in the post: unclaimed first, then by how long they have waited."""
    return case.owner is not None, case.waits_since, case.id


def _zone(company: Company, teams: Sequence[Mapping[str, Any]]) -> ZoneInfo:
    """Returns the leader's time zone: that of the first of the teams."""
    known = (company.teams[each["name"]] for each in teams if each["name"] in company.teams)
    return next((team.hours.zone for team in known), company.timezone)


def _of_team(tx: Connection, team: Team, week: Week, now: datetime) -> dict[str, Any]:
    start, end = weeks.bounds(week, team.hours)
    charted = list(counting.chart_of(tx, team, week).values())
    known = counting.figures_of(tx, team, week, now)
    ended = replace(known.kept, told=known.kept.told - known.running)
    dismissed = counted.dismissed(tx, team.name, start, end)
    return {
        "name": team.name,
        "figures": known.pack(),
        "causes_before": counting.causes_of(tx, team, week.after(-1)),
        "fell": figures.fell(ended, charted[:-1]),
        "to_look_at": choosing_stories.sample(dismissed, week),
        "in_conflict": list(counted.unconfirmed(tx, [team.name])),
    }


def _read_team(company: Company, said: Mapping[str, Any]) -> OfTeam:
    team = company.teams.get(said["name"])
    return OfTeam(
        title=team.title if team is not None else said["name"],
        figures=Figures.unpack(said["figures"]),
        causes_before=said["causes_before"],
        fell=said["fell"],
        to_look_at=tuple(said["to_look_at"]),
        in_conflict=tuple(said["in_conflict"]),
    )


def _caused(tx: Connection, teams: Sequence[Team], week: Week, causes: Iterable[str]) -> dict[str, int]:
    """Returns one customer, who wrote something, for each of the top causes."""
    closed = [
        row
        for team in teams
        for row in behind_figures.of_week(tx, team.name, *weeks.bounds(week, team.hours))
        if row.state == State.CLOSED and row.wrote
    ]
    chosen = {}
    for cause in islice(causes, leader_card.CAUSES):
        same = [row.id for row in closed if row.cause == cause]
        if same:
            chosen[cause] = choosing_stories.by_lot(same, week)[0]
    return chosen


def _words(company: Company, caused: Mapping[str, int], known: Mapping[int, Case]) -> dict[str, str]:
    """Returns what these customers wrote, as a channel of their team may read it."""
    there = {cause: known[id] for cause, id in caused.items() if id in known and known[id].team in company.teams}
    return {cause: masking.for_channel(case, company.teams[case.team]).comment for cause, case in there.items()}


def first_contact(tx: Connection, teams: Sequence[Team], week: Week) -> dict[str, Spread]:
    """Returns how long it took to the first contact for customers of all teams together: in each team's opening hours since it was
    promised, and in all hours since the customer waits."""
    reached = [
        (team.hours, row)
        for team in teams
        for row in counted.told(tx, team.name, *weeks.bounds(week, team.hours))
        if row.contacted_at is not None and row.state != State.DISMISSED
    ]
    return {
        "first_contact": figures.spread(hours.between(row.promised_at, row.contacted_at).total_seconds() for hours, row in reached),
        "customers_waited": figures.spread((row.contacted_at - row.waits_since).total_seconds() for _hours, row in reached),
    }


def _health(tx: Connection, start: datetime, end: datetime, teams: Sequence[Mapping[str, Any]]) -> Health:
    return Health(
        answers=sum(team["figures"]["answers"] for team in teams),
        unrouted=feedback.reached_no_team(tx, start, end, LOW),
        unscored=len(counted.unscored(tx, [team["name"] for team in teams])),
        parked=delivery_log.parked(tx),
    )


def _noise(tx: Connection, start: datetime, end: datetime) -> Noise:
    rows = [row for row in nudges.noise(tx, start, end) if row.state == "sent" and row.role != Role.THREAD]
    return Noise(
        nudges=sum(row.number for row in rows),
        off_hours=sum(row.off_hours for row in rows),
        snoozed=material.done_by(tx, None, ("snooze",), start, end),
        muted=nudges.muted(tx),
    )
