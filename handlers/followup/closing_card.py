"""The question to a leader whether a case may stay ended, where its customer names the person who ended it. Pure."""

from __future__ import annotations

from handlers.cards import Button, Card, Style
from handlers.case import Case, State
from handlers.team import Team
from handlers.wording.language import gettext as _
from handlers.wording.masking import for_channel
from handlers.wording.outcomes import outcomes, why_dismissed
from handlers.wording.words import QUOTED, TITLE, cut


def closing_card(case: Case, team: Team) -> Card:
    """Returns the question; once it is settled, a line that says so. Names nobody except in the customer's own words."""
    if case.named_closer_id is None:
        said = _("#{id} is open again.") if case.open else _("#{id} is confirmed: it stays as it was ended.")
        return Card(plain=said.format(id=case.id))
    case = for_channel(case, team)
    title = _("Please confirm · {team} · ended by somebody the customer names").format(team=cut(team.title, TITLE))
    confirm = Button("confirm", _("Confirm"), case.id, _("Confirm that this customer was looked after"), Style.PRIMARY)
    again = Button("reopen", _("Open it again"), case.id, _("Open this follow-up again"))
    return Card(
        plain=title,
        headline=title,
        quote=cut(case.comment, QUOTED),
        context=(
            how_it_ended(case),
            _("Nobody ends a complaint about themselves alone. If in doubt, talk to the customer, or ask a colleague to."),
        ),
        buttons=(confirm,) if case.erased else (confirm, again),
        footer=_("#{id} · only you read this").format(id=case.id),
        follow_up=case.id,
    )


def how_it_ended(case: Case) -> str:
    """Returns how a case ended, in one line."""
    if case.state is State.DISMISSED:
        return _("Dismissed: {reason}.").format(reason=why_dismissed(case.reason).lower())
    outcome = outcomes().get(case.outcome or "", "").lower()
    return _("Closed: {outcome}. “{done}”").format(outcome=outcome, done=case.done)
