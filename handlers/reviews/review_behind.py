"""The customers behind one figure of a monthly review, as they are now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from handlers.calendar.months import Month
from handlers.cards import number
from handlers.digests.figure_lists import Behind
from handlers.reviews import review, review_lists, review_snapshot
from handlers.reviews.review_lists import CONTACTED, NOBODY, REST, WHY
from handlers.reviews.review_snapshot import MOST_LOST, Became
from handlers.team import Team
from storage import worth as stored
from storage.prepared import AnyRow


def behind(tx: Connection, row: AnyRow, teams: Sequence[Team], name: str) -> Behind | None:
    """Returns the list of that name in these teams; None if the review has none. The number that the post said is included only if
    these are still the teams it covered."""
    said, led = row.snapshot, {team.name: team for team in teams}
    customers = review_snapshot.of_month(tx, led, Month.parse(said["month"]))
    found = _of_cause(tx, said, led, customers, name) if name.startswith(WHY) else _of_figure(tx, said, led, customers, name)
    if found is None or set(led) == set(said["teams"]):
        return found
    return Behind(found.title, found.ids, None)


def _of_figure(
    tx: Connection, said: Mapping[str, Any], led: Mapping[str, Team], customers: Sequence[Became], name: str
) -> Behind | None:
    known = review_lists.titles().get(name)
    if known is None:
        return None
    if name == "again":
        recovered = [each for each in customers if each.group == "recovered"]
        first = review_snapshot.first_time(tx, recovered, led, Month.parse(said["month"]))
        these = [each for each in recovered if each not in first]
    elif name.startswith(CONTACTED):
        lost = [each for each in customers if each.group == "lost"]
        contacts = review_snapshot.reached(tx, [each.row for each in lost])
        these = [each for each in lost if CONTACTED + contacts[each.row.id].how == name]
    else:
        these = [each for each in customers if name in ("told", each.group)]
    number = review_lists.counts(said["counts"], said["reached"], said["again"]).get(name, 0)
    return Behind(known.title, sorted(each.row.id for each in these), number)


def _of_cause(
    tx: Connection, said: Mapping[str, Any], led: Mapping[str, Team], customers: Sequence[Became], name: str
) -> Behind | None:
    """Causes are read as noted today, both here and in the post; only who has left may differ."""
    there = {row.id for row in stored.of(tx, said["lost"]) if row.team in led}
    told = review.chains(tx, [id for id in said["lost"] if id in there])
    groups = review_lists.whys(told)
    named = {review_lists.same(told[ids[0]]) for key, ids in groups.items() if key not in (REST, NOBODY)} | {""}
    id = number(name.removeprefix(WHY))
    asked = told.get(id) if id is not None else None
    if asked is None and name not in (REST, NOBODY):
        return None

    def belongs(chain: Sequence[str]) -> bool:
        return review_lists.same(chain) not in named if name == REST else review_lists.same(chain) == review_lists.same(asked or ())

    lost = sorted((each.row.id for each in customers if each.group == "lost"), reverse=True)[:MOST_LOST]
    ids = sorted(id for id, chain in review.chains(tx, lost).items() if belongs(chain))
    return Behind(review_lists.behind(name, review_lists.deepest(asked or ())), ids, sum(map(belongs, told.values())))
