"""The look for posts is cheap where there is nothing to post: it is made every few minutes, for ever."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from handlers import colleagues
from handlers.company import Company
from handlers.digests import making
from handlers.feedback import Person
from handlers.ladder import Role
from handlers.rules import Route, When
from handlers.team import Team
from storage import digests, nudges
from tests.conftest import ANA, LEA, Shop, person, said
from tests.digests.week47 import FRIDAY_PREVIEW, MONDAY, NEXT, Week47
from tests.statements import Asked, statements


@pytest.fixture
def shop(shop_of: Callable[[Company], Shop], company: Company) -> Week47:
    return Week47(shop_of(company).store, company, MONDAY)


def with_teams(shop: Week47, number: int) -> None:
    """The company with so many teams, each with a leader whom the chats know."""
    oak: Team = shop.company.teams["oak-street"]
    names = ["oak-street", *(f"team-{n}" for n in range(1, number))]
    teams = {name: oak.model_copy(update={"name": name}) for name in names}
    routes = tuple(Route(name=name, when=When(tag=(name,)), team=name) for name in names)
    shop.company = shop.company.model_copy(update={"teams": teams, "routes": (*routes, *shop.company.routes)})
    for name in names:
        leads(shop, name, LEA)


def leads(shop: Week47, team: str, who: Person) -> None:
    shop.store.write_sync(lambda tx: nudges.put_on_duty(tx, team, Role.LEADER, [colleagues.remember(tx, who).id]))


def looks(shop: Week47) -> list[Asked]:
    """What is asked of the database when nothing is due."""
    with statements() as asked:
        assert shop.ticks() != shop.now
    return asked


@pytest.mark.parametrize("heard", [False, True])
def test_a_look_asks_the_same_however_many_teams_there_are(shop: Week47, heard: bool) -> None:
    """None has a post: nobody was heard yet, or only this week."""
    asked = []
    shop.ticks()
    for number in (2, 40):
        with_teams(shop, number)
        if heard:
            hears_all(shop)
        asked.append(len(looks(shop)))
    assert asked[0] == asked[1] < 12


def test_a_week_in_which_nothing_happened_is_not_counted_anew_at_each_look(shop: Week47) -> None:
    shop.leader()
    shop.done(1)
    shop.ticks(NEXT)
    shop.now = FRIDAY_PREVIEW + timedelta(days=7, minutes=-1)
    before = looks(shop)
    for minutes in (0, 5, 100):
        shop.now = FRIDAY_PREVIEW + timedelta(days=7, minutes=minutes)
        assert len(looks(shop)) == len(before) + 1
    assert shop.post("2026-W48") is None
    shop.says(10, "Lovely.")
    shop.ticks()
    assert shop.post("2026-W48").state == "draft"


def test_a_leader_is_shown_a_story_of_a_week_in_which_nobody_said_anything(shop: Week47) -> None:
    lea = shop.leader()
    shop.says(3, "Nobody called me back, twice.")
    shop.ticks(NEXT)
    shop.tap("claim", ANA, 1)
    shop.passes(minutes=30)
    shop.closes(ANA, 1)
    shop.ticks(FRIDAY_PREVIEW + timedelta(days=7))
    card = shop.card(f"preview:{shop.post('2026-W48').id}:{lea}")
    assert card.items[0].headline == "Ana: first contact on a hard one. “Called and apologised.”"


def test_a_unit_of_work_makes_the_posts_of_some_leaders_and_the_next_one_those_of_others(shop: Week47) -> None:
    with_teams(shop, 2 * making.AT_ONCE + 3)
    hears_all(shop)
    while shop.ticks(NEXT) == NEXT:
        pass
    for name in shop.company.teams:
        leads(shop, name, person(f"lea-of-{name}"))
    each = []
    while shop.ticks() == shop.now:
        each.append(made(shop) - 1)
    assert [*each, made(shop) - 1] == [10, 20, 23]


def hears_all(shop: Week47) -> None:
    shop.hears(*(said(f"r-{name}", tags=(name,)) for name in shop.company.teams))


def made(shop: Week47) -> int:
    return len(shop.store.read_sync(digests.sent, "leader", ["2026-W47"]))
