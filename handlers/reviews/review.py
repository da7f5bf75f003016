"""The monthly lost-customer review: one per leader and month, however many teams they lead. Idempotent: may run twice, late, on any
replica.

The row decides, as for the weekly posts: whoever inserts it makes the review.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection

from handlers import cases, colleagues, wanted
from handlers.calendar import months, weeks
from handlers.calendar.months import Month
from handlers.company import Company
from handlers.digests import making, money, worth
from handlers.digests.isolation import Isolation
from handlers.digests.making import FirstAnswers
from handlers.digests.money import Sum
from handlers.digests.snapshot import PostRow
from handlers.leaders import led_teams
from handlers.reviews import review_snapshot, timeline
from handlers.reviews.calls_card import Called, Calls
from handlers.reviews.review_card import Decision, Review
from handlers.team import Team
from handlers.wording.masking import for_channel
from storage import act_log, digests, messages, reviews
from storage import worth as stored
from storage.messages import Wanted
from storage.pieces import grouped
from storage.prepared import AnyRow

KIND = "month"
CALLS = "calls"
"""The kind of the message with the calls to make."""
WHYS = ("why_1", "why_2", "why_3", "why_4")


def send_reviews(tx: Connection, company: Company, first_answers: FirstAnswers, now: datetime, isolate: Isolation) -> int:
    """Make the reviews that are due and not made yet, at most AT_ONCE. Returns how many."""
    led = led_teams(tx, company)
    send = partial(_send, tx, led=led, first_answers=first_answers, now=now)
    return making.send_to_each_leader(tx, KIND, led, partial(due_now, now=now), send, isolate)


def due(month: Month, teams: Sequence[Team]) -> datetime:
    """Returns when the review of these teams is due: with the last of them, without those that are closed for the first week of the
    month."""
    return weeks.together((months.bounds(month, team.hours)[1], months.due(month, team.hours, team.posting.at)) for team in teams)


def due_now(teams: Sequence[Team], now: datetime) -> dict[Month, datetime]:
    """Returns the months whose review became due in the current month, the newest first, and when: last month, and the one before
    if no team opened in time."""
    this = min(months.now_in(team.hours, now) for team in teams)
    begins = min(months.bounds(this, team.hours)[0] for team in teams)
    each = ((month, due(month, teams)) for month in (this.after(-1), this.after(-2)))
    return making.due_since(begins, each, teams, now)


def _send(
    tx: Connection,
    person_id: int,
    due_months: Mapping[Month, datetime],
    *,
    led: Mapping[int, Sequence[Team]],
    first_answers: FirstAnswers,
    now: datetime,
) -> int:
    about, teams = str(person_id), led[person_id]

    def content(month: Month) -> dict[str, Any]:
        late = making.is_late(tx, KIND, about, str(month), lambda period: due(Month.parse(period), teams), now)
        return take(tx, teams, _shares(person_id, led), month, about) | {"late": late}

    told = {month: at for month, at in due_months.items() if first_answers.has_begun(KIND, about, month, teams, months.bounds)}
    made = making.make(tx, KIND, about, told, content, lambda said: any(said["counts"].values()), now)
    if made is None:
        return 0
    messages.want(tx, posts(tx, made.id, about, made.snapshot), now)
    return 1


def posts(tx: Connection, digest_id: int, about: str, said: Mapping[str, Any]) -> list[Wanted]:
    """Returns the review's messages: the review, and the calls if there are any."""
    leader = colleagues.person_of(tx, int(about))
    kinds = (KIND, CALLS) if said["calls"] else (KIND,)
    return [wanted.about_digest(kind, digest_id, leader) for kind in kinds]


def take(tx: Connection, teams: Sequence[Team], shares: Mapping[str, tuple[int, int]], month: Month, about: str) -> dict[str, Any]:
    """Returns what it says, as numbers and ids; `before` is the previous review, whose decision comes first in this one."""
    before = _before(tx, {team.name for team in teams}, month, about)
    taken = review_snapshot.take(tx, {team.name: team for team in teams}, shares, month)
    return taken | {"before": before.id if before is not None else None, "late": False}


def _before(tx: Connection, teams: set[str], month: Month, about: str) -> AnyRow | None:
    """Returns this leader's previous review; the newest of last month's with a decision about one of these teams, if they decided
    nothing: another leads it with them, or led it then."""
    mine = digests.last_before(tx, KIND, about, str(month), sent=True)
    if mine is not None and "decision" in mine.choices:
        return mine
    others = [row for row in digests.sent(tx, KIND, [str(month.after(-1))]) if teams & set(row.snapshot["teams"])]
    decided = [row for row in others if "decision" in row.choices]
    return max(decided, key=lambda row: row.choices["decision"].get("at", ""), default=mine or next(iter(others), None))


def _shares(person_id: int, led: Mapping[int, Sequence[Team]]) -> dict[str, tuple[int, int]]:
    """Returns this leader's share of each team's calls (index, number of leaders): those who lead a team together take turns."""
    shares = {}
    for team in led[person_id]:
        together = sorted(id for id, teams in led.items() if any(each.name == team.name for each in teams))
        shares[team.name] = (together.index(person_id), len(together))
    return shares


def group_of(tx: Connection, row: PostRow) -> list[AnyRow]:
    """Returns the reviews of that month of all who lead one of the same teams, including this one."""
    mine = set(row.snapshot["teams"])
    return [each for each in digests.sent(tx, KIND, [row.snapshot["month"]]) if mine & set(each.snapshot["teams"])]


def review_of(tx: Connection, company: Company, row: PostRow) -> Review:
    """Returns what a row says, with today's words: customers erased since are gone from it."""
    said = row.snapshot
    before = digests.by_id(tx, said["before"]) if said["before"] is not None else None
    titles = [company.teams[name].title if name in company.teams else name for name in said["teams"]]
    return Review(
        id=row.id,
        month=Month.parse(said["month"]),
        title=", ".join(titles),
        counts=said["counts"],
        worth={name: Sum(**one) for name, one in said["worth"].items()},
        again=said["again"],
        reached=said["reached"],
        chains=chains(tx, said["lost"]),
        timelines=_timelines(tx, company, said["timelines"], row.made_at),
        is_first=before is None,
        before=_decision(before.choices, row.choices) if before is not None else None,
        decision=_decision(row.choices, {}),
        late=said["late"],
    )


def calls_of(tx: Connection, company: Company, row: PostRow) -> Calls:
    """Returns the calls its reader is to make, with what was recorded of each."""
    said = row.snapshot
    due_ids = {id for each in group_of(tx, row) for id in each.snapshot["calls"]} | set(said["calls"])  # a preview is in no group
    spoken = _spoken(tx, due_ids)
    made = sum(id in spoken and bool(spoken[id].get("outcome")) for id in due_ids)
    return Calls(row.id, Month.parse(said["month"]), _calls(tx, company, said, spoken), made, len(due_ids))


def chains(tx: Connection, lost: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """Returns why each of them left, from the first why to the last: as noted when they were marked as lost, or else the cause that
    closed the case."""
    marks, rows = stored.marks(tx, lost), {row.id: row for row in stored.of(tx, lost)}
    found = {}
    for id in lost:
        detail = marks[id].detail if id in marks else {}
        levels = [detail.get(name, "") for name in WHYS if name in detail]
        found[id] = ((detail.get("cause") or (rows[id].cause if id in rows else "") or ""), *levels)
    return found


def _timelines(tx: Connection, company: Company, ids: Sequence[int], made_at: datetime) -> tuple[str, ...]:
    known = cases.read_all(tx, ids)
    acts = grouped(act_log.on(tx, ids, before=made_at), "follow_up_id")
    there = [(known[id], company.teams[known[id].team]) for id in ids if id in known and known[id].team in company.teams]
    return tuple(timeline.told(for_channel(case, team), acts.get(case.id, ()), team, made_at) for case, team in there)


def _calls(
    tx: Connection, company: Company, said: Mapping[str, Any], spoken: Mapping[int, Mapping[str, Any]]
) -> tuple[Called, ...]:
    ids = said["calls"]
    known = cases.read_all(tx, ids)
    values = {row.id: worth.of_rows(tx, [row]) for row in stored.of(tx, ids)}
    calls = []
    for id, group in zip(ids, said.get("groups") or [""] * len(ids), strict=True):
        if id in known and known[id].team in company.teams:
            case, team = known[id], company.teams[known[id].team]
            amount = money.amounts(values[id])
            calls.append(Called(for_channel(case, team), team, group, amount, **spoken.get(id, {})))
    return tuple(calls)


def _spoken(tx: Connection, ids: set[int]) -> dict[int, dict[str, Any]]:
    """Returns the last outcome of each call, and the last note on it."""
    spoken: dict[int, dict[str, Any]] = {}
    for act in act_log.on(tx, ids, reviews.CALLS):
        known = spoken.setdefault(act.follow_up_id, {})
        known |= {"note": act.detail.get("note", "")} if act.verb == "call_note" else {"outcome": act.verb, "at": act.at}
    return spoken


def _decision(choices: Mapping[str, Any], later: Mapping[str, Any]) -> Decision | None:
    """Returns the decision of one review and, from the next review's choices, how it went."""
    made = choices.get("decision")
    if made is None:
        return None
    went = later.get("went", {})
    return Decision(made["what"], made["owner"], _day(made["by"]), went.get("went", ""), went.get("how", ""))


def _day(by: str) -> str:
    """Returns by when it is to be done, without the “by” that some write into the form, for the card says it, too."""
    return re.sub(r"(?i)^by\s+(?=\S)", "", by)
