"""Verbs: what a person can do to a follow-up. All have one signature; to add one, write a file, a line in ACTIONS and a button in
the card.

A verb is a pure decision: it reads the situation and returns a Change or, when nothing changes, a Reply. `act` is the only place
that applies a Change: one UPDATE conditional on the version that was read, one Act, and the messages to show anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from sqlalchemy import Connection

from handlers import cases, colleagues, ladder
from handlers.arranged.who_is_ops import whom_to_ask
from handlers.cards import Reply
from handlers.case import Case
from handlers.company import Company
from handlers.digests import leader_digest
from handlers.ladder import Role
from handlers.lose import WHICH, which
from handlers.nudges import steps
from handlers.nudges.call_for_help import call_for_help
from handlers.nudges.limit import nudge
from handlers.nudges.slips import go_on
from handlers.nudges.steps import Kind
from handlers.requests import REQUESTS
from handlers.situation import Change, Decision, Situation, Tap
from handlers.tap_cache import TapCache
from handlers.tapped_twice import came_twice, is_said_again
from handlers.team import Team
from handlers.verbs.claim import claim
from handlers.verbs.close import close
from handlers.verbs.confirm import confirm
from handlers.verbs.contacted import contacted
from handlers.verbs.dismiss import dismiss
from handlers.verbs.hand_over import hand_over
from handlers.verbs.help import ask_for_help, no_help
from handlers.verbs.keep import keep
from handlers.verbs.lost import lost, not_lost
from handlers.verbs.note import note
from handlers.verbs.raise_it import raise_it
from handlers.verbs.read import read
from handlers.verbs.release import release
from handlers.verbs.reopen import UNDONE, reopen
from handlers.verbs.show import show
from handlers.verbs.snooze import snooze
from handlers.verbs.tried import tried
from handlers.verbs.wait import wait
from handlers.verbs.weigh import no_problem, problem
from handlers.wanted import IN_THE_THREAD, closing, in_thread, private, told
from handlers.whereabouts import reply_with_places
from handlers.wording import replies
from storage import act_log, messages, nudges, raised
from storage.act_log import Act

ACTIONS: Mapping[str, Callable[[Situation], Decision]] = {
    "claim": claim,
    "problem": problem,
    "no_problem": no_problem,
    "release": release,
    "hand_over": hand_over,
    "contacted": contacted,
    "tried": tried,
    "wait": wait,
    "snooze": snooze,
    "help": ask_for_help,
    "no_help": no_help,
    "keep": keep,
    "close": close,
    "confirm": confirm,
    "dismiss": dismiss,
    "reopen": reopen,
    "lost": lost,
    "not_lost": not_lost,
    "note": note,
    "raise": raise_it,
    "read": read,
    "show": show,
}

ENDS = frozenset({"close", "dismiss", "no_problem"})
"""Verbs after which the colleague who passed the feedback on is told what became of it."""
TRIES = 3
"""Attempts at a decision: it is made again when another replica changed the follow-up in between."""


def act(tx: Connection, company: Company, tap: Tap) -> Reply:
    """Run one verb, or one request, as one unit of work. Returns what the person who tapped should read."""
    [reply] = act_all(tx, [tap], company)
    return reply


def act_all(tx: Connection, taps: Sequence[Tap], company: Company) -> list[Reply]:
    """Run several waiting taps in order. They share a cache, so that each thing is read from the database once."""
    cache = TapCache(tx, [tap.person for tap in taps])
    return [reply_with_places(tx, _act(tx, company, tap, cache), tap.person) for tap in taps]


def _act(tx: Connection, company: Company, tap: Tap, cache: TapCache) -> Reply:
    if (request := REQUESTS.get(tap.verb)) is not None:
        cache.forget()
        return request(tx, company, tap)
    decide = ACTIONS.get(tap.verb)
    if decide is None:
        return replies.unknown_verb()
    if tap.target == WHICH:
        found = which(tx, company, tap, partial(_may_steer, company, tap, cache))
        if isinstance(found, Reply):
            return found
        tap = replace(tap, target=found)
    if not isinstance(tap.target, int):
        return replies.unknown_card(whom_to_ask(tx, company, tap.person))
    for _ in range(TRIES):
        case = cache.case(tap.target)
        team = company.teams.get(case.team) if case is not None else None
        # Elsewhere than where the team has a channel, its ids count as unknown.
        if case is None or (team is not None and not team.reaches(tap.person)):
            if team is not None and case is not None and case.owner is not None and case.owner.place == tap.person.place:
                return replies.team_has_moved(team)  # they have the customer's details there already
            return replies.unknown_card(whom_to_ask(tx, company, tap.person))
        if team is None:
            return replies.team_is_gone(case, whom_to_ask(tx, company, tap.person))
        now = _situation(case, team, company, tap, cache)
        decision = decide(now)
        if isinstance(decision, Reply):
            return replace(replies.done_already() if came_twice(tx, now, decision) else decision, as_before=True)
        if is_said_again(tx, now, decision):
            return replace(replies.done(decision), as_before=True)
        columns, after = _columns(now, decision)
        cache.forget()
        act = Act(team.workspace, case.id, decision.verb or tap.verb, tap.at, now.actor.id, columns, dict(decision.detail))
        if (act_id := act_log.carry_out(tx, act, case.version)) is not None:
            _want_what_follows(tx, now, after, decision, columns, act_id)
            return replace(replies.done(decision), as_before=not _is_drawn_anew(tap.verb, columns))
    return replies.somebody_was_faster()


def _may_steer(company: Company, tap: Tap, cache: TapCache, follow_up_id: int) -> bool:
    case = cache.case(follow_up_id)
    return case is not None and _situation(case, company.teams[case.team], company, tap, cache).may_steer


def _situation(case: Case, team: Team, company: Company, tap: Tap, cache: TapCache) -> Situation:
    actor = cache.person(tap.person)
    chosen = {name: cache.person(person) for name, person in (tap.people or {}).items()}
    return Situation(
        case,
        team,
        company,
        actor,
        tap,
        chosen,
        leaders=lambda: cache.leaders(team.name, tap.at),
        asked=lambda: cache.asked(case),
        is_one_of=lambda ids: cache.is_one_of(actor.id, ids),
        history=cache.history,
        away=lambda person: cache.away(team.name, person, tap.at),
        ending=lambda: cache.ending(case),
    )


def _is_drawn_anew(verb: str, columns: Mapping[str, Any]) -> bool:
    """Returns whether pictures of the follow-up change: what is said in its thread alone stands on none of them, and an edit would
    wipe the form that a colleague is filling in, in some chats."""
    return bool(columns) or verb not in IN_THE_THREAD


def _columns(situation: Situation, change: Change) -> tuple[dict[str, Any], Case]:
    """Returns the columns to set, those the verb asks for and those that follow for the clock, and the case after that."""
    case, columns = situation.case, dict(change.columns)
    if case.asked_at is not None and (situation.is_owner or columns.get("contacted_at") is not None):
        columns.setdefault("asked_at", None)  # “still yours?” is answered by anything the owner does, and by anybody's contact
    if columns.get("claimed_at") is not None and (case.taken_at is None or "promised_at" in columns):
        columns["taken_at"] = columns["claimed_at"]  # the first claim under this promise; later owners do not change it
    elif "promised_at" in columns:
        columns["taken_at"] = None
    if columns.get("state", case.state) is not case.state or "owner_id" in columns:
        columns.setdefault("state_since", situation.tap.at)
    if not columns:
        return columns, case
    after, hours = cases.changed(case, columns), situation.company.hours_of(case.team, case.route)
    columns["next_look_at"] = ladder.next_look(after, situation.team.ladder, hours, situation.tap.at)
    return columns, after


def _want_what_follows(
    tx: Connection, situation: Situation, after: Case, change: Change, columns: Mapping[str, Any], act_id: int
) -> None:
    """Ask for the messages, reminders and raised things that follow from the act. `after` is the case as it is now."""
    case, tap, workspace = situation.case, situation.tap, situation.team.workspace
    wanted = in_thread(tx, situation.team, case, act_id, open=after.open) if change.aloud else []
    if change.tell is not None:
        own = private(case.id, change.tell)
        if change.tell.id != situation.actor.id and messages.by_key(tx, own.key) is not None:
            handed = steps.name(Kind.HANDED, act_id)  # the card they have from before only changes, and rings no bell
            # As the case is after it: what the owner before them snoozed does not keep it from them.
            nudges.add(tx, [nudge(workspace, after, handed, Role.OWNER, change.tell.id, tap.at)])
        wanted.append(own)
        shown_to = {"to": change.tell.id}
        act_log.write(tx, [Act(workspace, case.id, "details_shown", tap.at, situation.actor.id, detail=shown_to)])
    if tap.verb in ENDS and case.author_id is not None and case.author_id != situation.actor.id:
        wanted.append(told(act_id, colleagues.person_of(tx, case.author_id)))
    wanted += [closing(case.id, act_id, colleagues.person_of(tx, id)) for id in change.confirm]
    messages.want(tx, wanted, tap.at, again=[case.id] if _is_drawn_anew(tap.verb, columns) else [])
    if "owner_id" in columns and _is_named_as_leader(situation):
        # Their weekly post says who has it, and may be where they tapped.
        leader_digest.show_anew(tx, situation.team, case.id, tap.at)
    if case.named_closer_id is not None:  # so that the leaders who were asked see that it is settled
        messages.show_anew(tx, messages.closings(tx, case.id))
    if change.verb == UNDONE:
        go_on(tx, case, tap.at)
    if tap.verb == "help":  # undoing a dismissal puts the call back, and asks nobody again
        call_for_help(tx, workspace, case, act_id, situation.actor.id, tap.at)
    if change.raises is not None:
        about = {"team": case.team, "follow_up_id": case.id, "raised_by": situation.actor.id, "at": tap.at}
        raised.add(tx, about | dict(change.raises))
    if change.remind_at is not None:
        # Told where they have the case, in whichever chat they ask.
        whom = columns.get("owner_id") or (case.owner or situation.actor).id
        asked = nudge(workspace, case, steps.name(Kind.SNOOZED, act_id), Role.OWNER, whom, tap.at)
        nudges.add(tx, [asked | {"send_at": change.remind_at}])


def _is_named_as_leader(situation: Situation) -> bool:
    """Returns whether app.yaml names the actor as the team's leader. Not everybody whom it means is found so, as the members of a
    group; but this asks the database nothing, whoever claims."""
    actor, team = situation.actor, situation.team
    return team.names_as_leader(actor.email) or f"{actor.chat}:{actor.user_id}" in team.leader
