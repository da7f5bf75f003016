"""`week`, typed: what was promised and kept so far, whenever who leads or manages a team asks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from handlers import commands
from handlers.cards import Reply
from handlers.company import Company
from handlers.feedback import Person, Place
from handlers.ladder import Role
from handlers.team import Team
from storage import nudges, people
from tests.conftest import ANA, BEN, LEA, Shop, person
from tests.digests.week47 import MONDAY, Week47

MAX = person("max")
ALONE = Place.parse("slack:D-private")


@pytest.fixture
def shop(shop_of: Callable[[Company], Shop], company: Company) -> Week47:
    """Lea leads the team, Max manages it."""
    shop = Week47(shop_of(company).store, company, MONDAY)
    shop.leader()
    manages(shop, MAX, "oak-street")
    return shop


def manages(shop: Week47, who: Person, *teams: str) -> None:
    def put(tx: Any) -> None:
        row = people.ensure(tx, who.chat, who.workspace, who.user_id, who.name)
        for team in teams:
            nudges.put_on_duty(tx, team, Role.MANAGER, [row.id])

    shop.store.write_sync(put)


def types(shop: Week47, word: str, who: Person, place: Place = ALONE) -> Reply:
    return shop.store.write_sync(commands.answer, shop.company, word, who, place, shop.now)


def test_who_leads_reads_in_mid_week_what_was_kept_so_far_and_who_waits(shop: Week47) -> None:
    shop.done(1)
    shop.says(2, "Cold soup.")
    shop.now = MONDAY + timedelta(days=2)
    [card] = types(shop, "week", LEA).cards
    assert card.headline == "So far this week · Oak Street · 16 to 22 Nov"
    assert card.plain.startswith("So far this week, Oak Street: Promise kept: 1 of ")
    [waits] = card.items
    assert (waits.quote, [button.verb for button in waits.buttons]) == ("Cold soup.", ["claim", "hand_over"])
    assert (*card.context, *card.below)[1:] == (
        "1 customer waits for a word from us, since Mon 09:30.",
        "Causes: other 1.",
        "2 NPS answers: too few for a score.",
    ), "figures alone: nothing to decide, and nothing about the bot"
    assert (card.buttons, card.menu) == ((), ()), "there is no post to which a list could belong"


def test_who_manages_reads_the_same_with_no_button_that_would_be_refused(shop: Week47) -> None:
    shop.says(2, "Cold soup.")
    [led], [managed] = types(shop, "week", LEA).cards, types(shop, "week", MAX).cards
    assert (managed.headline, managed.context) == (led.headline, led.context)
    assert [(item.quote, item.buttons) for item in managed.items] == [("Cold soup.", ())]


def test_the_week_before_can_be_asked_for_and_no_other(shop: Week47) -> None:
    shop.done(1)
    shop.now = MONDAY + timedelta(days=8)
    [card] = types(shop, "week last", MAX).cards
    assert card.plain == "Your week, Oak Street: Promise kept: 1 of 1. The customer heard from us within 30 min of opening time."
    assert types(shop, "week 2026-W47", MAX).text == "Which week? Type “week” for this one, “week last” for the one before."


def test_nobody_else_can_ask_nor_who_manages_it_in_another_workspace(shop: Week47) -> None:
    elsewhere = person("mona", workspace="T-other")
    manages(shop, elsewhere, "oak-street")
    for who in (ANA, BEN, elsewhere):
        reply = types(shop, "week", who, Place.parse("slack:C1"))
        assert reply == Reply("Only who leads or manages a team can ask for its week. “open” shows who waits for somebody.")


def test_it_is_about_one_team_in_its_channel_and_else_about_twenty_at_most(shop: Week47, team: Team) -> None:
    names = [f"shop-{n}" for n in range(21)]
    many = {name: team.model_copy(update={"name": name, "channels": (Place("slack", "main", name),)}) for name in names}
    shop.company = shop.company.model_copy(update={"teams": many})
    manages(shop, MAX, *names)
    reply = types(shop, "week", MAX)
    assert reply.text == "These are 20 of your 21 teams. Typed in the channel of a team, “week” is about that one."
    assert "20 teams" in reply.cards[0].headline
    assert "Oak Street" in types(shop, "week", MAX, Place("slack", "main", "shop-20")).cards[0].headline
