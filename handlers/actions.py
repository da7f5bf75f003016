"""Verbs: what a person can do to a follow-up. One signature for all; a new one is a file, a line in ACTIONS, a button in the card.

A verb is a pure decision: it reads the situation and answers with a Change or, when nothing changes, with a Reply. `act` is the
one place that carries a Change out: one UPDATE on condition that nobody was faster, one Act, the messages wanted anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import Connection

from handlers import cases, replies
from handlers.cards import Reply
from handlers.claim import claim
from handlers.close import close
from handlers.contacted import contacted
from handlers.dismiss import dismiss
from handlers.feedback import Case
from handlers.hand_over import hand_over
from handlers.note import note
from handlers.read import read
from handlers.release import release
from handlers.reopen import reopen
from handlers.rules import Company, Team
from handlers.situation import Change, Decision, Situation, Tap
from handlers.wanted import line, private
from storage import followups, messages

ACTIONS: Mapping[str, Callable[[Situation], Decision]] = {
    "claim": claim,
    "release": release,
    "hand_over": hand_over,
    "contacted": contacted,
    "close": close,
    "dismiss": dismiss,
    "reopen": reopen,
    "note": note,
    "read": read,
}

TRIES = 3
"""How often a decision is taken anew when another replica changed the follow-up in between."""


def act(tx: Connection, company: Company, tap: Tap) -> Reply:
    """Run one verb as one unit of work. Answers what the person who tapped should read."""
    decide = ACTIONS.get(tap.verb)
    if decide is None:
        return replies.unknown_verb()
    for _ in range(TRIES):
        case = cases.read(tx, tap.target)
        if case is None or not _belongs(case, company, tap):
            return replies.unknown_card()
        team = company.teams.get(case.team)
        if team is None:
            return replies.team_is_gone(case)
        now = _situation(tx, case, team, company, tap)
        decision = decide(now)
        if isinstance(decision, Reply):
            return decision
        if followups.change(tx, case.id, case.version, decision.columns):
            _remember(tx, now, decision)
            return Reply(decision.reply)
    return replies.somebody_was_faster()


def _belongs(case: Case, company: Company, tap: Tap) -> bool:
    """Whether the tap comes from a workspace in which this team has a channel: ids of other companies are unknown here."""
    team = company.teams.get(case.team)
    return team is None or any((p.chat, p.workspace) == (tap.person.chat, tap.person.workspace) for p in team.channels)


def _situation(tx: Connection, case: Case, team: Team, company: Company, tap: Tap) -> Situation:
    chosen = {name: cases.remember(tx, person) for name, person in (tap.people or {}).items()}
    return Situation(case, team, company, cases.remember(tx, tap.person), tap, chosen)


def _remember(tx: Connection, now: Situation, change: Change) -> None:
    """The log, and what the chats must show of it."""
    case, tap = now.case, now.tap
    base = {"workspace": now.team.channels[0].workspace, "follow_up_id": case.id, "at": tap.at, "person_id": now.actor.id}
    act_id = followups.log_one(
        tx, base | {"verb": tap.verb, "set": dict(change.columns) | {"version": case.version + 1}, "detail": dict(change.detail)}
    )
    messages.want_again(tx, case.id)
    wanted = [line(case.id, act_id, place, n) for n, place in enumerate(now.team.channels)] if change.aloud else []
    if change.tell is not None:
        wanted.append(private(case.id, change.tell))
        followups.log(tx, [base | {"verb": "details_shown", "set": {}, "detail": {"to": change.tell.id}}])
    messages.want(tx, wanted, tap.at)
