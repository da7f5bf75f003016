"""The trial card of `hero send-test`: the real card of a route, marked as a test, and the answer to its button."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from handlers.cards import Button, Card, Reply, Style
from handlers.case import Case, State
from handlers.company import Company
from handlers.feedback import Band, Customer, Metric
from handlers.followup.followup_card import channel_card
from handlers.rules import Route
from handlers.situation import Tap
from handlers.wording.language import gettext as _

TARGET = "test:card"


def trial_card(company: Company, route: Route, now: datetime) -> Card:
    """Returns what the route's team would see of an unhappy customer now, marked as a test and with one harmless button."""
    team = company.teams[route.team]
    until = company.deadlines(team.name, route.name, now)
    case = Case(
        id=0,
        version=1,
        state=State.NEW,
        team=team.name,
        route=route.name,
        moment=route.moment,
        metric=Metric.NPS,
        band=Band.DETRACTOR,
        score=3,
        scale=(0, 10),
        comment=_("This is a test of Action Hero. No customer waits, and this card goes away by itself."),
        touchpoint=None,
        link=None,
        wants_contact=False,
        occurred_at=now,
        created_at=now,
        claim_by=until.claim_by,
        close_by=until.close_by,
        promised_at=now,
        state_since=now,
        customer=Customer(name=_("Robin Practice")),
    )
    card = channel_card(case, team, company.people, now)
    press = Button("try", _("Does this button work?"), TARGET, _("Try whether this button works"), Style.PRIMARY)
    plain, headline = (_("Test · {words}").format(words=words) for words in (card.plain, card.headline))
    return replace(
        card, plain=plain, headline=headline, buttons=(press,), menu=(), footer=_("test · {route}").format(route=route.name)
    )


def trial_pressed(_tx: Connection, _company: Company, _tap: Tap) -> Reply:
    """The answer to the test card's button: it shows that taps arrive, too."""
    return Reply(_("It works: your tap arrived, and this answer came back. Nothing was changed."))
