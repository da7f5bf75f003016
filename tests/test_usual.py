"""Whose customers wait: a directory names their colleague by e-mail, and the chats are asked once an hour who that is."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
import structlog

from bot.chats import Throttled, Unreachable
from bot.people.duties import AGAIN_S, SOON_S
from bot.people.usual import IN_S, MOST_ASKED, UsualColleagues
from handlers import colleagues
from handlers.company import Company
from handlers.feedback import Person, Place
from handlers.ladder import USUAL, Phase, Role, Step
from handlers.rules import Route, When
from handlers.team import Team
from storage import people
from storage.database import Store
from tests.conftest import FRIDAY, Shop, northwind, oak_street, person, said

pytestmark = pytest.mark.anyio

NINA = person("nina")
MAIL = "nina@northwind.example"
OAK = ("oak-street", MAIL)
TELLS = (Step(phase=Phase.UNCLAIMED, after=0, role=Role.COLLEAGUE), *USUAL)
LATER = FRIDAY + timedelta(minutes=1)


class Directory:
    """As much of a chat as is needed here: it knows the people it is given, and counts how often it is asked."""

    def __init__(self, *known: Person) -> None:
        self.known = list(known)
        self.without_bot: list[Person] = []
        self.asked: list[str] = []
        self.away = False
        self.broken = False
        self.throttles = 0.0
        self.hangs = False

    async def people(self, name: str) -> Sequence[Person]:
        self.asked.append(name)
        await asyncio.sleep(0)  # others have their turn until it answers
        if self.away:
            raise Unreachable("it does not answer")
        if self.throttles:
            raise Throttled(self.throttles)
        if self.hangs:
            await asyncio.Event().wait()
        if self.broken:
            raise KeyError("an answer nobody thought of")
        return [who for who in self.known if name == f"{who.user_id}@northwind.example"]

    async def parted(self, who: Sequence[Person]) -> Sequence[Person]:
        return [each for each in who if each.place in {one.place for one in self.without_bot}]


@pytest.fixture
def team() -> Team:
    return oak_street().model_copy(update={"ladder": TELLS})


@pytest.fixture
def waiting(shop: Shop) -> Shop:
    """Somebody waits for a look whose customer is Nina's."""
    shop.hears(said(customer={"key": "c-1", "owner": "Nina@northwind.example"}))
    return shop


async def found(usual: UsualColleagues, company: Company, **chats: Directory) -> dict[tuple[str, str], list[str]]:
    known = await usual.of_those_due(chats, company, LATER)  # type: ignore[arg-type]
    people = {key: [usual._store.read_sync(colleagues.person_of, id) for id in ids] for key, ids in known.items()}
    return {key: [f"{who.chat}:{who.user_id}" for who in theirs] for key, theirs in people.items()}


async def test_the_chat_says_who_has_the_e_mail_and_is_asked_once_an_hour(waiting: Shop) -> None:
    chat, usual = Directory(NINA), UsualColleagues(waiting.store)
    for _ in range(3):
        assert await found(usual, waiting.company, slack=chat) == {OAK: ["slack:nina"]}
    assert chat.asked == [MAIL]


async def test_whom_no_chat_knows_is_nobody_and_that_is_logged_once(waiting: Shop) -> None:
    chat, usual = Directory(), UsualColleagues(waiting.store)
    with structlog.testing.capture_logs() as log:
        for _ in range(3):
            assert await found(usual, waiting.company, slack=chat) == {OAK: []}
    assert [line["event"] for line in log] == ["duties.nobody"]


@pytest.mark.parametrize("away", [False, True])
async def test_an_address_that_came_with_a_customer_is_logged_by_the_number_of_their_case(shop: Shop, away: bool) -> None:
    for n in (1, 2):
        shop.hears(said(f"r-{n}", customer={"key": f"c-{n}", "owner": MAIL}))
    chat = Directory()
    chat.away = away
    with structlog.testing.capture_logs() as log:
        await found(UsualColleagues(shop.store), shop.company, slack=chat)
    assert [(line["event"].partition(".")[0], line["team"], line["follow_up"]) for line in log] == [("duties", "oak-street", 1)]
    assert "nina" not in str(log).casefold()


async def test_no_chat_is_asked_where_the_directory_gives_a_name_or_nobody_waits(shop: Shop) -> None:
    chat, usual = Directory(NINA), UsualColleagues(shop.store)
    assert await found(usual, shop.company, slack=chat) == {}
    shop.hears(said("r-1"), said("r-2", customer={"key": "c-2", "owner": "Nina Olsen"}))
    assert await found(usual, shop.company, slack=chat) == {}
    assert chat.asked == []


async def test_no_chat_is_asked_where_no_ladder_tells_them(waiting: Shop) -> None:
    chat, usual = Directory(NINA), UsualColleagues(waiting.store)
    assert await found(usual, northwind(oak_street()), slack=chat) == {}
    assert chat.asked == []


async def test_somebody_in_another_workspace_or_chat_than_the_team_is_nobody(waiting: Shop) -> None:
    elsewhere = replace(NINA, workspace="T0THEIRS")
    usual = UsualColleagues(waiting.store)
    assert await found(usual, waiting.company, slack=Directory(elsewhere), msteams=Directory(replace(NINA, chat="msteams"))) == {
        OAK: []
    }


@pytest.mark.parametrize("trouble", ["away", "broken"])
async def test_while_a_chat_cannot_tell_whoever_is_known_already_is_told_all_the_same(waiting: Shop, trouble: str) -> None:
    chat = Directory(NINA)
    setattr(chat, trouble, True)
    assert await found(UsualColleagues(waiting.store), waiting.company, slack=chat) == {OAK: []}
    waiting.store.write_sync(colleagues.meet, NINA, MAIL, "Europe/Oslo", FRIDAY)
    assert await found(UsualColleagues(waiting.store), waiting.company, slack=chat) == {OAK: ["slack:nina"]}


async def test_whoever_is_in_two_chats_is_told_in_the_teams_first_and_in_the_other_without_the_bot(
    store: Store, team: Team, waiting: Shop
) -> None:
    both = team.model_copy(update={"channels": (Place.parse("slack:C1"), Place.parse("msteams:19:oak@thread.tacv2"))})
    company = northwind(both)
    chats = {chat: Directory(replace(NINA, chat=chat)) for chat in ("slack", "msteams")}
    assert await found(UsualColleagues(store), company, **chats) == {OAK: ["slack:nina"]}
    chats["slack"].without_bot = [NINA]
    assert await found(UsualColleagues(store), company, **chats) == {OAK: ["msteams:nina"]}
    assert waiting.row().state == "new"


async def test_who_looks_after_customers_of_several_teams_is_asked_for_once(shop: Shop, team: Team) -> None:
    harbour = team.model_copy(update={"name": "harbour", "channels": (Place.parse("slack:C2"),)})
    routes = (Route(name="harbour", when=When(touchpoint=("harbour",)), team="harbour"), *northwind(team).routes)
    teams = {each.name: each for each in (team, harbour)}
    shop.company = northwind(team).model_copy(update={"teams": teams, "routes": routes})
    for n, place in enumerate(teams):
        shop.hears(said(f"r-{n}", touchpoint=place, customer={"key": f"c-{n}", "owner": MAIL}))
    chat = Directory(NINA)
    assert await found(UsualColleagues(shop.store), shop.company, slack=chat) == {
        OAK: ["slack:nina"],
        ("harbour", MAIL): ["slack:nina"],
    }
    assert chat.asked == [MAIL]


def many(shop: Shop, number: int) -> None:
    """Of so many customers a directory says that they are somebody else's each, as of a source that has the wrong column there."""
    shop.hears(*(said(f"x-{n}", customer={"key": f"x-{n}", "owner": f"a{n}@x.example"}) for n in range(number)))


async def test_of_many_addresses_few_are_asked_about_in_a_minute_and_whoever_is_known_already_is_told_all_the_same(
    waiting: Shop,
) -> None:
    many(waiting, 3 * MOST_ASKED)
    waiting.store.write_sync(colleagues.meet, NINA, MAIL, "Europe/Oslo", FRIDAY)
    chat, usual = Directory(NINA), UsualColleagues(waiting.store)
    for _ in range(3):
        known = await found(usual, waiting.company, slack=chat)
        assert len(known) == 3 * MOST_ASKED + 1
        assert known[OAK] == ["slack:nina"]
    assert len(chat.asked) == MOST_ASKED
    assert MAIL not in chat.asked, "nobody would be told of the others without asking"


@pytest.mark.parametrize("trouble", ["throttles", "hangs"])
async def test_a_chat_that_asks_to_wait_or_does_not_answer_is_left_alone_for_a_while(waiting: Shop, trouble: str) -> None:
    many(waiting, 5)
    chat, usual = Directory(NINA), UsualColleagues(waiting.store, patience_s=0.01)
    setattr(chat, trouble, 3600.0)
    for _ in range(3):
        assert (await found(usual, waiting.company, slack=chat))[OAK] == []
    assert len(chat.asked) == 1


class Clock:
    """A monotonic clock that is pushed forward."""

    def __init__(self) -> None:
        self.at_s = 1000.0

    def __call__(self) -> float:
        return self.at_s


async def test_a_chat_is_asked_again_after_an_hour_and_whoever_left_is_told_no_more(waiting: Shop) -> None:
    chat, clock = Directory(NINA), Clock()
    usual = UsualColleagues(waiting.store, seconds=clock)
    assert await found(usual, waiting.company, slack=chat) == {OAK: ["slack:nina"]}
    chat.known = []
    clock.at_s += AGAIN_S - 1
    assert await found(usual, waiting.company, slack=chat) == {OAK: ["slack:nina"]}
    clock.at_s += 1
    assert await found(usual, waiting.company, slack=chat) == {OAK: []}
    assert len(chat.asked) == 2


@pytest.mark.parametrize("trouble", ["away", "broken", "hangs", "throttles"])
async def test_a_chat_that_could_not_tell_is_asked_again_after_a_minute(waiting: Shop, trouble: str) -> None:
    chat, clock = Directory(NINA), Clock()
    usual = UsualColleagues(waiting.store, patience_s=0.01, seconds=clock)
    setattr(chat, trouble, 3600.0)
    assert await found(usual, waiting.company, slack=chat) == {OAK: []}
    setattr(chat, trouble, 0.0)
    usual._patience_s = 10.0
    clock.at_s += SOON_S - 1
    assert await found(usual, waiting.company, slack=chat) == {OAK: []}
    clock.at_s += 1
    assert await found(usual, waiting.company, slack=chat) == {OAK: ["slack:nina"]}


async def test_a_chat_that_asks_to_wait_for_some_seconds_is_asked_about_others_when_they_are_over(waiting: Shop) -> None:
    many(waiting, 1)
    chat, clock = Directory(NINA), Clock()
    usual = UsualColleagues(waiting.store, seconds=clock)
    chat.throttles = 5.0
    await found(usual, waiting.company, slack=chat)
    chat.throttles = 0.0
    for passed_s, asked in ((4.0, 1), (1.0, 2)):
        clock.at_s += passed_s
        await found(usual, waiting.company, slack=chat)
        assert len({*chat.asked}) == asked


async def test_in_any_minute_no_more_addresses_are_asked_about_than_in_the_first(shop: Shop) -> None:
    chat, clock = Directory(), Clock()
    usual = UsualColleagues(shop.store, seconds=clock)

    async def asked_after(seconds: float) -> int:
        clock.at_s += seconds
        await found(usual, shop.company, slack=chat)
        return len(chat.asked)

    many(shop, 1)
    assert await asked_after(0.0) == 1
    many(shop, 3 * MOST_ASKED)
    assert await asked_after(IN_S / 2) == MOST_ASKED
    assert await asked_after(IN_S / 2 - 1) == MOST_ASKED
    assert await asked_after(1) == MOST_ASKED + 1, "the first of them was asked about a minute ago"
    assert await asked_after(IN_S / 2) == 2 * MOST_ASKED


async def test_whoever_linked_their_address_is_told_under_it_also_while_the_chat_cannot_tell(waiting: Shop) -> None:
    chat = Directory()
    chat.away = True
    waiting.store.write_sync(colleagues.meet, NINA, "n.olsen@elsewhere.example", "Europe/Oslo", FRIDAY)
    waiting.store.write_sync(lambda tx: people.prefer(tx, colleagues.remember(tx, NINA).id, {"linked_email": MAIL}))
    assert await found(UsualColleagues(waiting.store), waiting.company, slack=chat) == {OAK: ["slack:nina"]}


async def test_what_one_chat_tells_counts_while_another_cannot(waiting: Shop, team: Team) -> None:
    both = team.model_copy(update={"channels": (Place.parse("slack:C1"), Place.parse("msteams:19:oak@thread.tacv2"))})
    away = Directory()
    away.away = True
    known = await found(UsualColleagues(waiting.store), northwind(both), slack=Directory(NINA), msteams=away)
    assert known == {OAK: ["slack:nina"]}


async def test_who_is_known_in_a_workspace_where_the_team_is_not_is_not_told_either_while_the_chat_cannot_tell(
    waiting: Shop,
) -> None:
    chat = Directory()
    chat.away = True
    waiting.store.write_sync(colleagues.meet, replace(NINA, workspace="T0THEIRS"), MAIL, "Europe/Oslo", FRIDAY)
    assert await found(UsualColleagues(waiting.store), waiting.company, slack=chat) == {OAK: []}


async def test_whoever_is_known_in_two_chats_is_told_in_one_of_them_also_while_neither_can_tell(waiting: Shop, team: Team) -> None:
    both = team.model_copy(update={"channels": (Place.parse("slack:C1"), Place.parse("msteams:19:oak@thread.tacv2"))})
    away = Directory()
    away.away = True
    waiting.store.write_sync(colleagues.meet, NINA, "n.olsen@elsewhere.example", "Europe/Oslo", FRIDAY)
    waiting.store.write_sync(lambda tx: people.prefer(tx, colleagues.remember(tx, NINA).id, {"linked_email": MAIL}))
    waiting.store.write_sync(colleagues.meet, replace(NINA, chat="msteams"), MAIL, "Europe/Oslo", FRIDAY)
    assert await found(UsualColleagues(waiting.store), northwind(both), slack=away, msteams=away) == {OAK: ["slack:nina"]}
