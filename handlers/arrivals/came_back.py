"""Tells those who looked after a customer how the same customer answers a later survey. Once for each follow-up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from handlers import cases, ladder, wanted
from handlers.arrivals.arrival import Judged
from handlers.case import Case
from handlers.company import Company
from handlers.feedback import Band
from handlers.nudges import steps
from handlers.nudges.limit import nudge
from handlers.nudges.steps import Kind
from handlers.wanted import ToldInThread
from storage import act_log, came_back, messages, nudges
from storage import feedback as answers
from storage.act_log import Act

LATELY = timedelta(days=90)
"""Follow-ups that were closed longer ago are not told of it."""


def tell_of_those_who_came_back(tx: Connection, company: Company, new: Sequence[Judged]) -> None:
    """Post the new score, without the words, in the thread of the old card. Whoever closed it reads of it in their next bundle,
    unless the customer is unhappy again: the new card says so."""
    again: dict[int, Judged] = {}
    for heard in new:
        if _is_another_answer(heard) and heard.customer_id is not None:
            again.setdefault(heard.customer_id, heard)
    if not again:
        return
    begin = min(heard.arrival.at for heard in again.values())
    found = came_back.closed_lately(tx, again, begin - LATELY, begin)
    about = cases.read_all(tx, {row.follow_up_id for row in found.values()})
    told = [(about[row.follow_up_id], again[id], row.closer_id) for id, row in found.items()]
    told = [each for each in told if each[0].team in company.teams and _came_after(*each[:2])]
    if not told:
        return
    acts = act_log.write_each(tx, [_act(company, case, heard) for case, heard, _ in told])
    good = [(case, heard, closer) for case, heard, closer in told if closer is not None and heard.band is not Band.DETRACTOR]
    nudges.add(tx, [_news(company, case, heard, closer, acts[case.id]) for case, heard, closer in good])
    aloud = [case for case, _, _ in told if "history" in company.teams[case.team].show and case.held_until is None]
    lines = wanted.lines(
        tx, [ToldInThread(company.teams[case.team], case.id, acts[case.id], False, case.only_card_in) for case in aloud]
    )
    messages.want(tx, lines, begin)


def _is_another_answer(heard: Judged) -> bool:
    """Returns whether this is a scored answer to a survey, not a test, from a customer who may have answered before."""
    said = heard.arrival.feedback
    known = heard.customer is not None and heard.customer.may_have_answered
    told_now = heard.arrival.author_id is None and not heard.arrival.history and not said.id.startswith(answers.TEST)
    return known and told_now and said.score is not None


def _came_after(case: Case, heard: Judged) -> bool:
    """Returns whether the answer was given after the case was closed. An earlier one says nothing about the result, even if it
    arrives later."""
    return case.closed_at is not None and (heard.arrival.feedback.occurred_at or heard.arrival.at) > case.closed_at


def _act(company: Company, case: Case, heard: Judged) -> Act:
    said = heard.arrival.feedback
    detail = {"metric": said.metric, "score": said.score, "scale": list(said.worst_and_best)}
    return Act(company.teams[case.team].workspace, case.id, came_back.SAID, heard.arrival.at, detail=detail)


def _news(company: Company, case: Case, heard: Judged, closer_id: int | None, act_id: int) -> dict[str, Any]:
    workspace, step = company.teams[case.team].workspace, steps.name(Kind.AGAIN, act_id)
    return nudge(workspace, case, step, ladder.Role.OWNER, closer_id, heard.arrival.at)
