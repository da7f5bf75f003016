"""The monthly note to each colleague: only what they did themselves, compared with nobody. Once per person and month."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from handlers import colleagues, wanted
from handlers.calendar import months
from handlers.calendar.months import Month
from handlers.calendar.wall_clock import Span
from handlers.cards import Card
from handlers.company import Company, People
from handlers.nudges import quiet
from handlers.reviews.review import due_now
from handlers.team import Team
from handlers.wording.language import gettext as _
from handlers.wording.language import ngettext
from handlers.wording.words import month as named
from storage import digests, material, messages, people, thanks
from storage.prepared import AnyRow

KIND = "own"
DONE = "own-all"
"""Kind of the row that marks all notes of a month as made."""
AT_ONCE = 25
"""Notes made in one unit of work."""
DEEDS = ("claim", "close", "hand_over")

TheirMonth = tuple[datetime, datetime, Sequence[str] | None, Sequence[str]]
"""A month from its beginning to its end, in the time zone of some teams; None for all but the last ones."""


def send_notes(tx: Connection, company: Company, now: datetime) -> bool:
    """Make some of the notes that are due. Returns whether there may be more. If the company names nobody, there are none."""
    teams = list(company.teams.values())
    due = due_now(teams, now) if teams and company.people is not People.OFF else {}
    done = digests.states(tx, DONE, [str(month) for month in due]) if due else {}
    left = [month for month in due if ("", str(month)) not in done]
    return any(_send_some(tx, teams, month, due[month], now) for month in left)


def _send_some(tx: Connection, teams: Sequence[Team], month: Month, due_at: datetime, now: datetime) -> bool:
    """Make some of the notes of that month. Returns whether there are more."""
    known = digests.states(tx, KIND, [str(month)])
    each = _as_one(tx, _did(tx, list(_their_months(teams, month))))
    did = {who: deeds for who, deeds in each.items() if (str(who), str(month)) not in known}
    for who, deeds in sorted(did.items())[:AT_ONCE]:
        _send(tx, who, {"month": str(month), **deeds}, due_at, now)
    if len(did) <= AT_ONCE:
        digests.begin(tx, kind=DONE, about="", period=str(month), state="passed", due_at=due_at, made_at=now, snapshot={})
    return len(did) > AT_ONCE


def picture(row: AnyRow) -> Card:
    """Returns what one colleague reads about their own month."""
    said: Mapping[str, Any] = row.snapshot
    told = (
        (ngettext("You took on {n} customer.", "You took on {n} customers.", said["claim"]), said["claim"]),
        (ngettext("You were in touch with {n}.", "You were in touch with {n}.", said["contacted"]), said["contacted"]),
        (ngettext("You looked after {n} to the end.", "You looked after {n} to the end.", said["close"]), said["close"]),
        (ngettext("You handed {n} on to a colleague.", "You handed {n} on to colleagues.", said["hand_over"]), said["hand_over"]),
        (ngettext("You were thanked once.", "You were thanked {n} times.", said["thanks"]), said["thanks"]),
    )
    name = named(Month.parse(said["month"]).first)
    return Card(
        plain=_("Your own {month}: only you read this.").format(month=name),
        headline=_("Your own {month}").format(month=name),
        context=tuple(line.format(n=n) for line, n in told if n),
        footer=_("Only you read this, and nobody is compared with anybody. Type “stop” to get no more of it."),
    )


def _their_months(teams: Sequence[Team], month: Month) -> Iterator[TheirMonth]:
    """Yields that month as it is in the time zones of these teams, each with the teams there."""
    there: dict[Span, list[str]] = {}
    for team in teams:
        there.setdefault(months.bounds(month, team.hours), []).append(team.name)
    others = [name for names in list(there.values())[1:] for name in names]
    for nth, (span, names) in enumerate(there.items()):
        yield (*span, names, ()) if nth else (*span, None, others)  # with the first, also what was of a team that is gone


def _did(tx: Connection, spans: Sequence[TheirMonth]) -> dict[int, dict[str, int]]:
    """Returns on how many cases each person did what, and how often they were thanked; only those who did anything."""
    found: dict[int, dict[str, int]] = {}
    nothing = dict.fromkeys((*DEEDS, "contacted", "thanks"), 0)
    for span in spans:
        for row in material.deeds(tx, DEEDS, *span):
            found.setdefault(row.person_id, {**nothing})[row.verb] += row.number
        for who, number in material.contacts(tx, *span).items():
            found.setdefault(who, {**nothing})["contacted"] += number
    for span in spans:
        for row in thanks.thanks_to(tx, list(found), *span):
            found[row.to_id]["thanks"] += row.number
    return found


def _as_one(tx: Connection, did: Mapping[int, Mapping[str, int]]) -> dict[int, dict[str, int]]:
    """Returns what each did, counted together for those whom several chats know, who read it where they did most, or at least did
    not type “stop”."""
    known, same = people.by_ids(tx, list(did)), people.same(tx, did, did)
    found: dict[int, dict[str, int]] = {}
    counted: set[int] = set()
    for who in did:
        if who in counted:
            continue
        each = same[who] - counted
        counted |= each
        reads = max(each, key=lambda one: (known[one].rhythm != quiet.STOP, sum(did[one].values()), -one))
        found[reads] = {name: sum(did[one][name] for one in each) for name in did[reads]}
    return found


def _send(tx: Connection, who: int, said: Mapping[str, Any], due_at: datetime, now: datetime) -> None:
    row = people.by_id(tx, who)
    state = "passed" if row.rhythm == quiet.STOP else "sent"
    digest_id = digests.begin(
        tx, kind=KIND, about=str(who), period=said["month"], state=state, due_at=due_at, made_at=now, snapshot=said
    )
    if digest_id is not None and state == "sent":
        messages.want(tx, [wanted.about_digest(KIND, digest_id, colleagues.person_of(tx, who))], now)
