"""The buttons of a monthly review: the outcome of a call, a note on it, contact details; the decision, and how it went."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from handlers import cases, colleagues
from handlers.cards import Reply, number
from handlers.case import Case
from handlers.company import Company
from handlers.feedback import Person
from handlers.followup import followup_card
from handlers.leaders import leads
from handlers.reviews import calls_card, review, review_card
from handlers.situation import Tap
from handlers.wording.language import gettext as _
from storage import act_log, digests, messages
from storage.act_log import Act
from storage.prepared import AnyRow


def called(tx: Connection, company: Company, tap: Tap) -> Reply:
    """Record that the customer was reached."""
    return _came_of(tx, company, tap, _("Noted. Thank you for calling. Press “Add a note…” for what they said."))


def no_answer(tx: Connection, company: Company, tap: Tap) -> Reply:
    """Record that nobody answered."""
    return _came_of(tx, company, tap, _("Noted. You can say so again, or “Called”, whenever you try once more."))


def do_not_call(tx: Connection, company: Company, tap: Tap) -> Reply:
    """Record that this customer wants no call, or must not be called: they are left out of all later call lists."""
    return _came_of(tx, company, tap, _("Noted. This customer is in no call list from now on."))


def call_note(tx: Connection, company: Company, tap: Tap) -> Reply:
    """Note what the customer said, in the log of their case."""
    found = _call(tx, company, tap)
    if isinstance(found, Reply):
        return found
    form = calls_card.note_form(str(tap.target))
    if tap.answers is None:
        return Reply(form=form)
    note = tap.answer("note")
    if not note:
        return form.again("note")
    _log(tx, tap, found, {"note": note[:300]})
    return Reply(_("Noted. It stands in your review."))


def reach(tx: Connection, company: Company, tap: Tap) -> Reply:
    """Show how to reach the customer, privately; the log records who saw it."""
    found = _call(tx, company, tap)
    if isinstance(found, Reply):
        return found
    _row, case, who = found
    act_log.write(tx, [Act(who.workspace, case.id, "details_shown", tap.at, who.id, detail={"to": who.id})])
    return Reply("\n".join((*followup_card.details(case), calls_card.script())))


def decide(tx: Connection, company: Company, tap: Tap) -> Reply:
    """Record the one decision; another replaces it."""
    row = _review(tx, tap, "review")
    if row is None:
        return _unknown()
    known = review.review_of(tx, company, row)
    form = review_card.decide_form(row.id, known.decision)
    if tap.answers is None:
        return Reply(form=form)
    said = {field.name: " ".join(tap.answer(field.name).split())[: field.max_length] for field in form.fields}
    if not all(said.values()):
        return form.again(*(name for name, text in said.items() if not text))
    who = colleagues.remember(tx, tap.person)
    decision = {**said, "said_by": who.id, "at": tap.at.isoformat()}
    if not _keep(tx, row, "decision", decision, tap):
        return _faster()
    return Reply(_("Decided. It comes first in next month's review."))


def say_how_it_went(tx: Connection, company: Company, tap: Tap) -> Reply:
    """Record what became of last month's decision."""
    row = _review(tx, tap, "review")
    if row is None:
        return _unknown()
    form = review_card.went_form(row.id)
    if tap.answers is None:
        return Reply(form=form)
    went = tap.answer("went")
    if went not in review_card.ways():
        return form.again("went")
    how = " ".join(tap.answer("how").split())[:200]
    if not _keep(tx, row, "went", {"went": went, "how": how, "at": tap.at.isoformat()}, tap):
        return _faster()
    return Reply(_("Noted. It stands first in this review."))


def _came_of(tx: Connection, company: Company, tap: Tap, text: str) -> Reply:
    found = _call(tx, company, tap)
    if isinstance(found, Reply):
        return found
    _log(tx, tap, found, {})
    return Reply(text)


def _log(tx: Connection, tap: Tap, found: tuple[AnyRow, Case, Person], detail: dict[str, Any]) -> None:
    """Write to the log of the case, and redraw the lists of all who share the calls."""
    row, case, who = found
    act_log.write(tx, [Act(who.workspace, case.id, tap.verb, tap.at, who.id, detail=detail)])
    _draw_again(tx, review.group_of(tx, row), tap)


def _keep(tx: Connection, row: AnyRow, name: str, value: dict[str, Any], tap: Tap) -> bool:
    kept = digests.note(tx, row.id, row.version, {**row.choices, name: value})
    if kept:
        _draw_again(tx, [row], tap)
    return kept


def _draw_again(tx: Connection, rows: list[AnyRow], tap: Tap) -> None:
    messages.want(tx, [post for row in rows for post in review.posts(tx, row.id, row.about, row.snapshot)], tap.at)


def _call(tx: Connection, company: Company, tap: Tap) -> tuple[AnyRow, Case, Person] | Reply:
    """Returns the review, case and person for a call in this person's own list, of a team that they still lead; else a refusal."""
    row = _review(tx, tap, "call")
    called = number(tap.more[0]) if len(tap.more) == 1 else None
    if row is None or called is None or called not in row.snapshot["calls"]:
        return _unknown()
    case = cases.read(tx, called)
    if case is None or case.team not in company.teams:
        return _unknown()
    team, who = company.teams[case.team], colleagues.remember(tx, tap.person)
    if not leads(tx, team, who, tap.at):
        return Reply(_("Only those who lead {team} call its customers, so nothing was changed.").format(team=team.title))
    return row, case, who


def _review(tx: Connection, tap: Tap, name: str) -> AnyRow | None:
    """Returns the review that a target such as `review:17` refers to, if this person is its reader; else None."""
    digest_id = tap.numbered(name)
    row = digests.by_id(tx, digest_id) if digest_id is not None else None
    if row is None or row.kind != review.KIND or row.state != "sent":
        return None
    return row if row.about == str(colleagues.remember(tx, tap.person).id) else None


def _faster() -> Reply:
    return Reply(_("Somebody changed this review at the same moment, so nothing was kept. Please press again."))


def _unknown() -> Reply:
    return Reply(_("This review was not written to you, so nothing was changed."))
