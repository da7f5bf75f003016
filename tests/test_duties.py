"""Who leads a team: the chats are asked again and again; what they do not know is logged once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import structlog

from bot.chats import Unreachable
from bot.chats.practice.people import PEOPLE
from bot.config import load
from bot.people.duties import Unmet, learn_duties
from handlers import colleagues
from handlers.arranged.who_is_ops import COMPANY, DUTY
from handlers.company import Company
from handlers.feedback import Person, Place
from handlers.leaders import leads
from handlers.team import Team
from storage import nudges, people
from storage.database import Store
from tests.conftest import BEN, FRIDAY, LEA

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.anyio


class Directory:
    """As much of a chat as is needed here: it knows the people it is given."""

    def __init__(self, *known: Person) -> None:
        self.known = list(known)
        self.without_bot: list[Person] = []

    async def people(self, name: str) -> Sequence[Person]:
        ways = ("{0.user_id}", "{0.user_id}@northwind.example", "{0.workspace}/{0.user_id}")
        return [who for who in self.known if name in [way.format(who) for way in ways]]

    async def parted(self, who: Sequence[Person]) -> Sequence[Person]:
        return [each for each in who if each.place in {one.place for one in self.without_bot}]


async def asked(store: Store, chat: Directory, company: Company, unmet: Unmet) -> list[str]:
    """Returns what was logged while the chat was asked."""
    with structlog.testing.capture_logs() as said:
        await learn_duties(store, {"slack": chat}, company, unmet)  # type: ignore[dict-item]
    return [f"{line['event']} {line['team']} {line.get('name')}" for line in said]


async def test_a_leader_nobody_knows_is_told_of_once_until_that_changes(store: Store, company: Company) -> None:
    chat, unmet = Directory(), set[tuple[str, str]]()
    told = ["duties.nobody oak-street lea@northwind.example"]
    assert [await asked(store, chat, company, unmet) for _ in range(3)] == [told, [], []]
    chat.known = [LEA]
    assert await asked(store, chat, company, unmet) == []
    assert store.read_sync(nudges.on_duty) == {("oak-street", "leader"): [1]}
    chat.known = []
    assert [await asked(store, chat, company, unmet) for _ in range(2)] == [told, []]
    assert store.read_sync(nudges.on_duty) == {}


async def test_a_mistake_of_ours_about_one_duty_leaves_the_others_known(store: Store, company: Company) -> None:
    class Odd(Directory):
        async def people(self, name: str) -> Sequence[Person]:
            if name.startswith("ops@"):
                raise KeyError("an answer nobody thought of")
            return await super().people(name)

    told = await asked(store, Odd(LEA), company.model_copy(update={"ops": ("ops@northwind.example",)}), set())
    assert [line.partition(" ")[0] for line in told] == ["duties.broken"]
    assert store.read_sync(nudges.on_duty) == {("oak-street", "leader"): [1]}


class Away(Directory):
    async def people(self, name: str) -> Sequence[Person]:
        known = await super().people(name)
        if not known:
            raise Unreachable("a roster could not be read")
        return known


async def test_while_a_chat_cannot_be_asked_nobody_loses_a_duty_and_whoever_it_knows_gets_theirs(
    store: Store, company: Company, team: Team
) -> None:
    two = team.model_copy(update={"leader": ("lea@northwind.example", "ben@northwind.example")})
    company = company.model_copy(update={"teams": {team.name: two}})

    async def leaders(chat: Directory) -> list[str]:
        said = await asked(store, chat, company, set())
        assert [line.partition(" ")[0] for line in said] == (["duties.unknown"] if isinstance(chat, Away) else [])
        known = store.read_sync(nudges.on_duty).get((team.name, "leader"), [])
        return [store.read_sync(colleagues.person_of, id).user_id for id in known]

    assert await leaders(Away(LEA)) == ["lea"]
    assert await leaders(Away(BEN)) == ["lea", "ben"]
    assert await leaders(Directory(BEN, LEA)) == ["lea", "ben"]


async def test_while_a_chat_cannot_be_asked_whoever_is_not_named_any_more_loses_the_duty(
    store: Store, company: Company, team: Team
) -> None:
    lea, ben = (
        company.model_copy(update={"teams": {team.name: team.model_copy(update={"leader": (f"{name}@northwind.example",)})}})
        for name in ("lea", "ben")
    )
    await asked(store, Directory(LEA), lea, set())
    await asked(store, Away(LEA), ben, set())
    assert not may_lead(store, team.model_copy(update={"leader": ("ben@northwind.example",)}), LEA)


async def test_a_leader_whom_one_chat_knows_leads_although_another_cannot_be_asked(
    store: Store, company: Company, team: Team
) -> None:
    both = team.model_copy(update={"channels": (SLACK, TEAMS)})
    company = company.model_copy(update={"teams": {team.name: both}})
    chats = {"msteams": Away(), "slack": Directory(LEA)}
    assert not await learn_duties(store, chats, company, set())  # type: ignore[arg-type]
    assert may_lead(store, both, LEA)


async def test_nobody_leads_by_an_address_in_a_workspace_where_no_team_has_a_channel(
    store: Store, company: Company, team: Team
) -> None:
    """Anybody who finds the address may install the app in a workspace of their own and name its people as they like."""
    ours, theirs = (replace(LEA, workspace=workspace) for workspace in ("T-OURS", "T-THEIRS"))
    there = team.model_copy(update={"channels": (*team.channels, Place("slack", "T-OURS", "C7"))})
    both = company.model_copy(update={"teams": {team.name: there}, "ops": ("lea@northwind.example",)})
    await asked(store, Directory(theirs, ours, LEA), both, set())
    known = {id for ids in store.read_sync(nudges.on_duty).values() for id in ids}
    assert {store.read_sync(colleagues.person_of, id).workspace for id in known} == {"main", "T-OURS"}


async def test_by_an_id_somebody_is_ops_in_a_workspace_where_no_team_has_a_channel_yet(store: Store, company: Company) -> None:
    first = replace(LEA, workspace="T0THEIRS")
    for name, known in (("slack:T0THEIRS/lea", 1), ("slack:lea@northwind.example", 0)):
        await asked(store, Directory(first), company.model_copy(update={"ops": (name,)}), set())
        assert len(store.read_sync(nudges.on_duty).get((COMPANY, DUTY), [])) == known


IN_TEAMS = replace(LEA, chat="msteams", name="Lea Moe")
SLACK, TEAMS = Place.parse("slack:C1"), Place.parse("msteams:19:oak@thread.tacv2")


async def in_both(store: Store, team: Team, company: Company, *parted: str) -> dict[str, list[str]]:
    """Returns who has which role in this team, by chat, once Slack and Microsoft Teams have told who they know. Everybody removed
    the bot in the chats `parted`."""
    chats = {chat: Directory(replace(LEA, chat=chat), replace(BEN, chat=chat)) for chat in ("slack", "msteams")}
    for chat in parted:
        chats[chat].without_bot = chats[chat].known
    await learn_duties(store, chats, company.model_copy(update={"teams": {team.name: team}}), set())  # type: ignore[arg-type]
    known = store.read_sync(nudges.on_duty)
    return {role: [store.read_sync(colleagues.person_of, id).chat for id in ids] for (_, role), ids in known.items()}


def may_lead(store: Store, team: Team, who: Person) -> bool:
    return store.write_sync(lambda tx: leads(tx, team, colleagues.remember(tx, who), FRIDAY))


@pytest.mark.parametrize(("channels", "told"), [((SLACK, TEAMS), "slack"), ((TEAMS, SLACK), "msteams")])
async def test_a_leader_in_two_chats_is_told_in_that_of_the_teams_first_channel_and_leads_in_both(
    store: Store, company: Company, team: Team, channels: tuple[Place, ...], told: str
) -> None:
    both = team.model_copy(update={"channels": channels})
    assert await in_both(store, both, company) == {"leader": [told]}
    assert may_lead(store, both, LEA)
    assert may_lead(store, both, IN_TEAMS)
    assert not may_lead(store, both, BEN)


@pytest.mark.parametrize(
    ("parted", "told"), [((), "msteams"), (("msteams",), "slack"), (("slack",), "msteams"), (("slack", "msteams"), "msteams")]
)
async def test_a_leader_who_removed_the_bot_in_one_chat_is_told_in_the_other_and_leads_in_both(
    store: Store, company: Company, team: Team, parted: tuple[str, ...], told: str
) -> None:
    both = team.model_copy(update={"channels": (TEAMS, SLACK)})
    assert await in_both(store, both, company) == {"leader": ["msteams"]}
    assert await in_both(store, both, company, *parted) == {"leader": [told]}
    assert may_lead(store, both, LEA)
    assert may_lead(store, both, IN_TEAMS)


async def test_so_is_one_whose_address_in_a_chat_was_linked(store: Store, company: Company, team: Team) -> None:
    both = team.model_copy(update={"channels": (TEAMS, SLACK), "leader": ("lea.moe@northwind.example",)})
    for who in (LEA, IN_TEAMS):
        store.write_sync(
            lambda tx, who=who: people.prefer(tx, colleagues.remember(tx, who).id, {"linked_email": "lea.moe@northwind.example"})
        )
    chats = {chat: Directory() for chat in ("slack", "msteams")}
    chats["msteams"].without_bot = [store.write_sync(colleagues.remember, IN_TEAMS)]
    await learn_duties(store, chats, company.model_copy(update={"teams": {team.name: both}}), set())  # type: ignore[arg-type]
    [[id]] = store.read_sync(nudges.on_duty).values()
    assert store.read_sync(colleagues.person_of, id).chat == "slack"


async def test_whoever_is_named_in_each_of_two_chats_is_told_in_both(store: Store, company: Company, team: Team) -> None:
    both = team.model_copy(update={"channels": (SLACK, TEAMS), "leader": ("slack:lea", "msteams:lea")})
    assert await in_both(store, both, company) == {"leader": ["slack", "msteams"]}


async def test_ops_are_known_in_every_chat_so_that_each_can_name_them(store: Store, company: Company, team: Team) -> None:
    asked = company.model_copy(update={"ops": ("ben@northwind.example",)})
    assert await in_both(store, team.model_copy(update={"leader": ()}), asked) == {"ops": ["slack", "msteams"]}


async def test_whoever_stands_in_for_a_leader_may_decide_in_either_of_their_chats(
    store: Store, company: Company, team: Team
) -> None:
    both = team.model_copy(update={"channels": (SLACK, TEAMS), "backup": ("ben@northwind.example",)})
    assert await in_both(store, both, company) == {"leader": ["slack"], "backup": ["slack"]}
    ben = replace(BEN, chat="msteams")
    assert not may_lead(store, both, ben)
    [lea] = store.read_sync(nudges.on_duty)["oak-street", "leader"]
    store.write_sync(people.prefer, lea, {"away_until": FRIDAY + timedelta(days=7)})
    assert may_lead(store, both, ben)


async def test_each_team_and_name_is_told_of_for_itself(store: Store, company: Company, team: Team) -> None:
    other = team.model_copy(update={"name": "harbour", "backup": ("ben@northwind.example",)})
    both = company.model_copy(update={"teams": {team.name: team, other.name: other}})
    said = await asked(store, Directory(), both, set())
    assert [line.removeprefix("duties.nobody ") for line in said] == [
        "oak-street lea@northwind.example",
        "harbour lea@northwind.example",
        "harbour ben@northwind.example",
    ]


async def test_the_practice_chat_knows_everybody_whom_the_shipped_configuration_names() -> None:
    settings = load(ROOT / "app.yaml", environ={}).settings
    assert settings is not None
    named = {name for team in settings.company.teams.values() for name in (*team.leader, *team.backup, *team.manager)}
    assert named
    assert named <= {who.email for who in PEOPLE}
