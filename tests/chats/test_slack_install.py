"""Slack workspaces that install the app by themselves: from the button to the card, with sealed tokens that rotate, until goodbye."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy.exc import IntegrityError

from bot.chats import ChatServices, Posted, Trouble, Unreachable
from bot.chats.slack import Options
from bot.chats.slack.manifest import SCOPES, manifest
from bot.chats.slack.resting import AT_ONCE
from bot.chats.slack.wires import NotInstalled, Wires
from bot.config import load
from bot.config.findings import report
from bot.people.duties import learn_duties
from bot.vault import Unsealable, Vault
from handlers import colleagues
from handlers.arranged.who_is_ops import COMPANY, DUTY
from handlers.feedback import Person, Place
from storage import messages, nudges, slack
from storage.database import Store
from tests.emulators.slack import Slack
from tests.running import Running, eventually, running
from tests.stages import PATIENCE, on_slack

pytestmark = pytest.mark.anyio
PUBLIC = "https://hero.northwind.example"
SECRET = "a server secret of thirty-two bytes"


@dataclass
class Installable:
    here: Running
    slack: Slack
    public: str = PUBLIC

    async def begin(self) -> tuple[str, str]:
        """Where /slack/install leads, and the cookie it leaves in the browser."""
        answer = await self.here.client.get("/slack/install")
        assert answer.status_code == 302
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "Secure" in cookie
        assert "SameSite=lax" in cookie
        return answer.headers["location"], cookie

    async def allow(self, location: str, cookie: str, more: str = "") -> httpx.Response:
        """Press Allow on Slack's page, and come back, with the cookie if it is for that path. A proxy takes away the path of the
        public address."""
        async with httpx.AsyncClient(trust_env=False, timeout=60) as browser:
            back = (await browser.get(location + more)).headers["location"]
        assert back.startswith(f"{self.public}/slack/oauth_redirect?")
        kept, _, about = cookie.partition(";")
        path = next((each.partition("=")[2] for each in about.split("; ") if each.startswith("Path=")), "/")
        sent = {"cookie": kept} if urlsplit(back).path.startswith(path) else {}
        return await self.here.client.get(back.removeprefix(self.public), headers=sent)

    async def install(self) -> str:
        return (await self.allow(*await self.begin())).text


@asynccontextmanager
async def installable(
    folder: Path, channel: str = "slack:T0HERO/C1", database: str = "", public: str = PUBLIC, silent: bool = False, **more: Any
) -> AsyncIterator[Installable]:
    """A house that workspaces may install. With `silent`, Slack does not tell whose app.yaml's own token is."""
    with Slack(time_scale=0.02, scopes=SCOPES, patience=PATIENCE) as there:
        if silent:
            there.fail_next("auth.test", "500", times=1000)
        there.channel("C1", name="oak-street")
        for who in ("ana", "lea"):
            there.user(f"U{who.upper()}", name=who.title(), email=f"{who}@northwind.example")
        options = {
            "client_id": there.oauth.client_id,
            "client_secret": "${CLIENT}",
            "signing_secret": "${SIGNING}",
            "api_url": there.api_url,
        }
        env = {"CLIENT": there.oauth.client_secret, "SIGNING": there.signing_secret, "SEAL": SECRET, "TOKEN": there.token}
        server = f', public_url: "{public}", secret: "${{SEAL}}"'
        async with running(
            folder, json.dumps({"slack": options | more}), channel, env=env, server=server, database=database
        ) as here:
            there.bot_url = f"{here.url}/slack/events"
            yield Installable(here, there, public)
        assert not there.rejections
        assert not there.errors


async def test_a_card_that_waited_is_posted_once_the_workspace_installed_the_app_and_taps_are_answered_there(
    tmp_path: Path,
) -> None:
    async with installable(tmp_path) as stage:
        await stage.here.hears(id="r-1", score=2, customer={"name": "Dana Reyes", "email": "dana@x.example"})
        waiting = await eventually(lambda: _reason(stage.here, "card:1"))
        assert "open /slack/install there" in waiting
        assert "slack:T0HERO/C0123456" in await stage.install()
        [card] = await eventually(lambda: stage.slack.channel("C1").messages)
        ana = stage.slack.user("UANA")
        assert "yours" in (await ana.press(card, "I'll reply")).text
        assert "dana@x.example" in str((await eventually(lambda: stage.slack.dm("UANA").messages))[0])
        assert "One customer waits for you." in str(await ana.command("/hero", "mine", "C1"))
        form = (await ana.press(card, "Hand over…")).modal
        await ana.submit(form, {"Who takes it on?": "ULEA"})
        assert await eventually(lambda: stage.slack.dm("ULEA").messages)
        await eventually(lambda: card.edits >= 2)


async def test_links_to_cards_are_of_the_workspace_that_installed_the_app_and_await_its_own_address(tmp_path: Path) -> None:
    async with installable(tmp_path) as stage:
        chat, ana = stage.here.house.chats["slack"], Place("slack", "T0HERO", "UANA")
        assert chat.link(ana, Posted("C1", "1.000001")) == ""
        await stage.install()
        await stage.here.hears(id="r-1", score=2)
        [card] = await eventually(lambda: stage.slack.channel("C1").messages)
        url = await eventually(lambda: chat.link(ana, Posted("C1", card.ts)))
        assert stage.slack.opened(url) is card
        assert chat.link(Place("slack", "T0OTHER", "UANA"), Posted("C1", card.ts)) == ""
        await stage.slack.user("UANA").press(card, "I'll reply")
        [private] = await eventually(lambda: stage.slack.dm("UANA").messages)
        assert private.links("Open in the channel") == [url]
        assert len([call for call in stage.slack.calls if call.method == "auth.test"]) == 1, "no message costs a call more"


async def test_an_install_comes_back_also_where_the_public_address_has_a_path(tmp_path: Path) -> None:
    async with installable(tmp_path, public=f"{PUBLIC}/tools/hero") as stage:
        answer = await stage.allow(*await stage.begin())
        assert "slack:T0HERO/C0123456" in answer.text
        assert "Path=/tools/hero/slack/oauth_redirect" in answer.headers["set-cookie"], "the browser forgets it where it has it"


async def _reason(here: Running, key: str) -> str:
    row = await here.house.store.read(messages.by_key, key)
    return row.reason if row is not None else ""


def bytes_of(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.glob("hero.db*"))


async def test_tokens_stand_sealed_in_the_database_and_in_no_byte_of_its_files(tmp_path: Path) -> None:
    async with installable(tmp_path) as stage:
        stage.slack.oauth.life = 43200
        await stage.install()
        [token], [refresh] = stage.slack.oauth.tokens, stage.slack.oauth.refreshes
        row = await stage.here.house.store.read(slack.of, "T0HERO")
        assert row is not None
        vault = Vault(SECRET, "slack tokens")
        assert (vault.open(row.token), vault.open(row.refresh)) == (token, refresh)
        await asyncio.to_thread(stage.here.house.store.checkpoint)
    kept = bytes_of(tmp_path)
    assert token.encode() not in kept
    assert refresh.encode() not in kept


@pytest.mark.parametrize("spoilt", ["cookie", "state", "replayed"])
async def test_an_install_is_good_once_and_only_in_the_browser_that_began_it(tmp_path: Path, spoilt: str) -> None:
    async with installable(tmp_path) as stage:
        location, cookie = await stage.begin()
        if spoilt == "cookie":
            cookie = "hero_slack_install=somebody-elses"
        elif spoilt == "state":
            state = parse_qs(urlsplit(location).query)["state"][0]
            location = location.replace(state, Vault("another secret", "slack install").seal("x"))
        else:
            await stage.allow(location, cookie)
            await stage.here.house.store.write(slack.forget, "T0HERO")
            cookie = ""  # the page took it away
        answer = await stage.allow(location, cookie)
        assert answer.status_code == 400
        assert "nothing was installed" in answer.text
        assert await stage.here.house.store.read(slack.workspaces) == []


async def test_whoever_presses_cancel_installs_nothing_and_a_failure_says_so(tmp_path: Path) -> None:
    async with installable(tmp_path) as stage:
        answer = await stage.allow(*await stage.begin(), more="&cancel=1")
        assert (answer.status_code, "Nothing was installed" in answer.text) == (200, True)
        location, cookie = await stage.begin()
        stage.slack.oauth.client_secret = "changed-at-slack"
        failed = await stage.allow(location, cookie)
        assert failed.status_code == 502
        assert await stage.here.house.store.read(slack.workspaces) == []


@pytest.mark.parametrize(
    "event",
    [{"type": "app_uninstalled"}, {"type": "tokens_revoked", "tokens": {"bot": ["U0BOT"], "oauth": []}}],
    ids=lambda e: e["type"],
)
async def test_a_workspace_that_removes_the_app_is_forgotten_and_its_cards_wait_for_its_return(
    tmp_path: Path, event: dict[str, Any]
) -> None:
    async with installable(tmp_path) as stage:
        await stage.install()
        assert (await stage.slack.event(event)).delivered
        assert await stage.here.house.store.read(slack.workspaces) == []
        await stage.here.hears(id="r-1", score=2)
        assert "has not installed the app" in await eventually(lambda: _reason(stage.here, "card:1"))
        await stage.install()
        assert len(await eventually(lambda: stage.slack.channel("C1").messages)) == 1


async def test_a_person_who_takes_back_their_own_token_takes_nothing_from_the_bot(tmp_path: Path) -> None:
    async with installable(tmp_path) as stage:
        await stage.install()
        await stage.slack.event({"type": "tokens_revoked", "tokens": {"bot": [], "oauth": ["UANA"]}})
        assert await stage.here.house.store.read(slack.workspaces) == ["T0HERO"]


async def test_an_organisation_that_installs_it_as_a_whole_is_named_by_its_own_id(tmp_path: Path) -> None:
    async with installable(tmp_path, "slack:E0GROUP/C1") as stage:
        stage.slack.oauth.organisation = "E0GROUP"
        assert "slack:E0GROUP/" in await stage.install()
        await stage.here.hears(id="r-1", score=2)
        [card] = await eventually(lambda: stage.slack.channel("C1").messages)
        assert not card.edits


@asynccontextmanager
async def organisation(folder: Path) -> AsyncIterator[Installable]:
    """One that installed the app as a whole."""
    async with installable(folder, "slack:E0GROUP/C1") as stage:
        stage.slack.oauth.organisation = "E0GROUP"
        await stage.install()
        yield stage


async def resting(stage: Installable, *users: str) -> set[str]:
    """Returns who of these people rests, as far as Slack tells."""
    asked = [Person("slack", "E0GROUP", user) for user in users]
    return {who.user_id for who in await stage.here.house.chats["slack"].resting(asked)}


def rests_an_hour(stage: Installable, user: str, team: str = "T0HERO") -> None:
    now = int(stage.here.house.clock.now().timestamp())
    stage.slack.user(user, team=team, do_not_disturb=(now - 60, now + 3600))


def asked_who_they_are(stage: Installable) -> list[str]:
    return [call.args["user"] for call in stage.slack.calls if call.method == "users.info"]


async def test_in_an_organisation_do_not_disturb_is_asked_of_each_persons_own_workspace(tmp_path: Path) -> None:
    async with organisation(tmp_path) as stage:
        rests_an_hour(stage, "UANA")
        rests_an_hour(stage, "ULEA", "T0HARBOUR")
        assert await resting(stage, "UANA", "ULEA", "UGONE") == {"UANA", "ULEA"}


async def test_in_an_organisation_people_are_looked_up_beside_those_of_whom_slack_does_not_tell(tmp_path: Path) -> None:
    async with organisation(tmp_path) as stage:
        people = [f"U{n}" for n in range(AT_ONCE + 10)]
        for who in people:
            rests_an_hour(stage, who)
        stage.slack.fail_next("users.info", "hang", times=AT_ONCE - 1)
        assert await resting(stage, *people) == set(people[AT_ONCE - 1 :])
        assert await resting(stage, *people) == set(people)


async def test_in_an_organisation_one_refusal_is_not_remembered(tmp_path: Path) -> None:
    async with organisation(tmp_path) as stage:
        rests_an_hour(stage, "UANA")
        stage.slack.fail_next("users.info", "a_refusal_that_passes")
        assert await resting(stage, "UANA") == set()
        assert await resting(stage, "UANA") == {"UANA"}


async def test_in_an_organisation_a_workspace_that_somebody_left_is_remembered_for_an_hour(tmp_path: Path) -> None:
    async with organisation(tmp_path) as stage:
        rests_an_hour(stage, "UANA")
        await resting(stage, "UANA")
        rests_an_hour(stage, "UANA", "T0HARBOUR")
        assert await resting(stage, "UANA") == set()
        assert asked_who_they_are(stage) == ["UANA"]
        clock = stage.here.house.clock
        clock.push_to(clock.now() + timedelta(hours=1))
        rests_an_hour(stage, "UANA", "T0HARBOUR")
        assert await resting(stage, "UANA") == {"UANA"}


async def test_the_token_of_app_yaml_stays_the_simple_way_beside_it(tmp_path: Path) -> None:
    async with installable(tmp_path, "[slack:C1, slack:T0OTHER/C2]", bot_token="${TOKEN}") as stage:
        await stage.here.hears(id="r-1", score=2)
        [card] = await eventually(lambda: stage.slack.channel("C1").messages)
        assert "yours" in (await stage.slack.user("UANA").press(card, "I'll reply")).text
        assert "T0OTHER has not installed" in await eventually(lambda: _reason(stage.here, "card:1:2"))


async def test_people_and_groups_are_named_with_their_workspace_as_its_channels_are(tmp_path: Path) -> None:
    async with installable(tmp_path) as stage:
        await stage.install()
        stage.slack.group("S0SHIFT", "UANA", "ULEA")
        house, team = stage.here.house, stage.here.house.company.teams["oak-street"]
        named = team.model_copy(update={"leader": ("slack:T0HERO/ULEA",), "backup": ("slack:T0HERO/S0SHIFT",)})
        company = house.company.model_copy(update={"teams": {team.name: named}, "ops": ("slack:T0HERO/UANA",)})
        assert await learn_duties(house.store, house.chats, company, set())
        duties = house.store.read_sync(nudges.on_duty)
        known = {
            duty: {house.store.read_sync(colleagues.person_of, id).place.address for id in ids} for duty, ids in duties.items()
        }
        assert known == {
            (COMPANY, DUTY): {"slack:T0HERO/UANA"},
            ("oak-street", "leader"): {"slack:T0HERO/ULEA"},
            ("oak-street", "backup"): {"slack:T0HERO/UANA", "slack:T0HERO/ULEA"},
        }


async def test_whoever_is_named_with_the_workspace_of_app_yamls_own_token_is_the_person_who_taps_there(tmp_path: Path) -> None:
    async with installable(tmp_path, "slack:C1", bot_token="${TOKEN}") as stage:
        await stage.here.hears(id="r-1", score=2)
        [card] = await eventually(lambda: stage.slack.channel("C1").messages)
        await stage.slack.user("UANA").press(card, "I'll reply")
        people = stage.here.house.chats["slack"].people
        assert [who.place.address for who in await people("T0HERO/UANA")] == ["slack:UANA"]
        assert [who.place.address for who in await people("T0OTHER/UANA")] == ["slack:T0OTHER/UANA"]


async def test_a_workspace_that_installed_the_app_is_known_though_slack_does_not_tell_whose_the_token_of_app_yaml_is(
    tmp_path: Path,
) -> None:
    async with installable(tmp_path, bot_token="${CLIENT}") as stage:
        people = stage.here.house.chats["slack"].people
        with pytest.raises(Unreachable, match="which workspace the bot token is of"):
            await people("T0HERO/ULEA")
        await stage.install()
        assert [who.place.address for who in await people("T0HERO/ULEA")] == ["slack:T0HERO/ULEA"]
        with pytest.raises(Unreachable, match="which workspace the bot token is of"):
            await people("T0OTHER/ULEA")
        stage.slack.rejections.clear()  # the token is nobody's


async def test_while_a_workspace_cannot_be_asked_nobody_is_said_to_be_unknown(tmp_path: Path) -> None:
    async with installable(tmp_path) as stage:
        people = stage.here.house.chats["slack"].people
        stage.slack.oauth.life = 60  # so near its end that each use renews it
        await stage.install()
        assert [who.user_id for who in await people("lea@northwind.example")] == ["ULEA"]
        assert await people("ben@northwind.example") == []
        secret, stage.slack.oauth.client_secret = stage.slack.oauth.client_secret, "out of order for a minute"
        with pytest.raises(Trouble):
            await people("lea@northwind.example")
        stage.slack.oauth.client_secret = secret
        stage.slack.fail_next("users.lookupByEmail", "internal_error")
        with pytest.raises(Trouble):
            await people("lea@northwind.example")
        assert [who.user_id for who in await people("lea@northwind.example")] == ["ULEA"]
        stage.slack.rejections.clear()  # the secret was out of order


async def test_while_slack_does_not_tell_who_we_are_nobody_is_taken_for_a_colleague_or_said_to_be_none(tmp_path: Path) -> None:
    async with installable(tmp_path, "slack:C1", silent=True, bot_token="${TOKEN}") as stage:
        people = stage.here.house.chats["slack"].people
        stage.slack.user("UEVE", email="eve@customer.example", team="T0OTHER")
        for who in ("lea@northwind.example", "eve@customer.example"):
            with pytest.raises(Unreachable, match="which workspace the bot token is of"):
                await people(who)
        assert await people("nobody@northwind.example") == []


@pytest.mark.parametrize("name", ["", "T0HERO/"])
async def test_nobody_is_meant_by_half_a_name(tmp_path: Path, name: str) -> None:
    async with installable(tmp_path) as stage:
        assert await stage.here.house.chats["slack"].people(name) == []


async def test_with_one_token_alone_nobody_is_of_a_workspace_that_has_a_name(tmp_path: Path) -> None:
    async with on_slack(tmp_path) as stage:
        people = stage.here.house.chats["slack"].people
        assert [who.place.address for who in await people("ULEA")] == ["slack:ULEA"]
        assert await people("T0HERO/ULEA") == []


@asynccontextmanager
async def wires(store: Store, there: Slack, secret: str = SECRET, **more: str) -> AsyncIterator[Wires]:
    """One replica's wires."""

    async def unused(*_: Any) -> Any:
        raise AssertionError

    from datetime import UTC, datetime

    options = Options.model_validate(
        {
            "client_id": there.oauth.client_id,
            "client_secret": there.oauth.client_secret,
            "signing_secret": there.signing_secret,
            "api_url": there.api_url,
            **more,
        }
    )
    services = ChatServices(unused, unused, lambda: datetime.now(UTC), store, 5.0, SecretStr(secret), PUBLIC)
    replica = Wires(options, services)
    await replica.open()
    try:
        yield replica
    finally:
        await replica.close()


async def test_a_token_near_its_end_is_exchanged_once_however_many_replicas_and_calls_need_it(
    tmp_path: Path, database: str
) -> None:
    async with installable(tmp_path, database=database) as stage:
        stage.slack.oauth.life = 60  # so near that each look finds it due
        await stage.install()
        [first] = stage.slack.oauth.tokens
        stage.slack.oauth.life = 43200
        store = stage.here.house.store
        async with wires(store, stage.slack) as one, wires(store, stage.slack) as two:
            got = await asyncio.gather(*(each.of("T0HERO") for each in (one, two) * 10), return_exceptions=True)
            assert [error for error in got if isinstance(error, BaseException)] == []
            assert stage.slack.oauth.exchanges == ["code", "refresh_token"]
            tokens = {(await each.of("T0HERO")).client.token for each in (one, two)}
            assert len(tokens) == 1
            assert tokens != {first}
        await stage.here.hears(id="r-1", score=2)
        assert await eventually(lambda: stage.slack.channel("C1").messages)


async def test_the_workspace_of_app_yamls_own_token_is_known_from_the_start_though_it_installed_the_app_too(tmp_path: Path) -> None:
    async with installable(tmp_path) as stage:
        await stage.install()
        async with wires(stage.here.house.store, stage.slack, bot_token=stage.slack.token) as replica:
            assert await replica.named("T0HERO") == "main"


async def test_an_exchange_that_fails_leaves_the_old_tokens_and_the_next_one_tries_again(tmp_path: Path, database: str) -> None:
    async with installable(tmp_path, database=database) as stage:
        stage.slack.oauth.life = 60
        await stage.install()
        secret, stage.slack.oauth.client_secret = stage.slack.oauth.client_secret, "out of order"
        store = stage.here.house.store
        stage.slack.oauth.client_secret = secret
        async with wires(store, stage.slack) as replica:
            stage.slack.oauth.client_secret = "out of order"
            with pytest.raises(Exception, match="bad_client_secret"):
                await replica.of("T0HERO")
            stage.slack.oauth.client_secret = secret
            stage.slack.oauth.life = 43200
            assert (await replica.of("T0HERO")).client.token in stage.slack.oauth.tokens
        row = await store.read(slack.of, "T0HERO")
        assert row is not None
        assert (row.version, row.rotating_s, row.expires_s > time.time() + 40000) == (2, 0.0, True)


async def test_a_replica_that_did_not_hear_of_a_removal_uses_the_token_of_the_next_installation(
    tmp_path: Path, database: str
) -> None:
    async with installable(tmp_path, database=database) as stage:
        await stage.install()
        store = stage.here.house.store
        async with wires(store, stage.slack) as hears, wires(store, stage.slack) as does_not:
            [old] = {(await each.of("T0HERO")).client.token for each in (hears, does_not)}
            await hears.forget("T0HERO")
            kept = store.read_sync(lambda tx: tx.exec_driver_sql("SELECT token, refresh FROM slack_installation").all())
            assert not any(each for row in kept for each in row), "tokens that were removed are gone"
            await stage.install()
            used = {(await each.of("T0HERO")).client.token for each in (hears, does_not)}
        assert used == set(stage.slack.oauth.tokens) - {old}


def test_tokens_exchanged_for_those_of_an_installation_that_was_removed_replace_no_later_ones(store: Store) -> None:
    about = {"workspace": "T1", "name": "N", "team_id": "T1", "enterprise_id": None, "bot_user": "U0", "expires_s": 60.0}
    store.write_sync(slack.install, {**about, "token": "first", "refresh": "once"})
    first = store.read_sync(slack.of, "T1")
    assert first is not None
    assert store.write_sync(slack.may_rotate, "T1", first.version, 1.0, 31.0)
    assert store.write_sync(slack.forget, "T1")
    assert not store.write_sync(slack.forget, "T1"), "the other one of the two events"
    assert store.read_sync(slack.of, "T1") is None
    assert not store.write_sync(slack.rotated, "T1", first.version, "late", "late", 9e9)
    assert store.read_sync(slack.of, "T1") is None
    store.write_sync(slack.install, {**about, "token": "second", "refresh": "twice"})
    assert not store.write_sync(slack.rotated, "T1", first.version, "late", "late", 9e9)
    second = store.read_sync(slack.of, "T1")
    assert second is not None
    assert (second.token, second.rotating_s) == ("second", 0.0)
    assert second.version > first.version


async def test_new_tokens_that_could_not_be_stored_are_stored_by_the_next_call_for_a_refresh_token_works_once(
    tmp_path: Path,
) -> None:
    async with installable(tmp_path) as stage:
        stage.slack.oauth.life = 60
        await stage.install()
        stage.slack.oauth.life = 43200
        store = stage.here.house.store
        full = "CREATE TRIGGER full BEFORE UPDATE OF token ON slack_installation BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
        async with wires(store, stage.slack) as replica:
            store.write_sync(lambda tx: tx.exec_driver_sql(full))
            with pytest.raises(IntegrityError, match="the disk is full"):
                await replica.of("T0HERO")
            store.write_sync(lambda tx: tx.exec_driver_sql("DROP TRIGGER full"))
            store.write_sync(slack.not_rotated, "T0HERO", 1)  # as if half a minute had passed
            assert (await replica.of("T0HERO")).client.token in stage.slack.oauth.tokens
        assert stage.slack.oauth.exchanges == ["code", "refresh_token"]
        row = store.read_sync(slack.of, "T0HERO")
        assert row is not None
        assert (row.version, row.expires_s > time.time() + 40000) == (2, True)


@pytest.mark.parametrize("then", ["goes on", "is stopped"])
async def test_new_tokens_are_stored_though_whoever_waited_for_them_gave_up_for_a_refresh_token_works_once(
    tmp_path: Path, database: str, then: str
) -> None:
    async with installable(tmp_path, database=database) as stage:
        there, store = stage.slack.oauth, stage.here.house.store
        there.life = 60
        await stage.install()
        [first] = there.tokens
        there.life, there.spoken = 43200, threading.Event()
        async with wires(store, stage.slack) as replica:
            asking = asyncio.create_task(replica.of("T0HERO"))
            await eventually(lambda: there.exchanges == ["code", "refresh_token"])
            asking.cancel()
            [given_up] = await asyncio.gather(asking, return_exceptions=True)
            assert isinstance(given_up, asyncio.CancelledError)
            stopping = asyncio.create_task(replica.close()) if then == "is stopped" else None
            there.spoken.set()
            if stopping is not None:
                await stopping
            else:
                await eventually(lambda: store.read_sync(slack.of, "T0HERO").version == 2)  # type: ignore[union-attr]
        async with wires(store, stage.slack) as next_one:
            assert (await next_one.of("T0HERO")).client.token in set(there.tokens) - {first}
        assert there.exchanges == ["code", "refresh_token"]


async def test_after_the_server_secret_changed_the_workspace_is_asked_to_install_again(tmp_path: Path, database: str) -> None:
    async with installable(tmp_path, database=database) as stage:
        await stage.install()
        async with wires(stage.here.house.store, stage.slack, "another secret") as replica:
            with pytest.raises(NotInstalled, match="sealed with another"):
                await replica.of("T0HERO")


def test_what_was_sealed_opens_with_the_same_secret_and_purpose_only() -> None:
    sealed = Vault("s", "slack tokens").seal("xoxb-1")
    assert "xoxb" not in sealed
    for other in (Vault("t", "slack tokens"), Vault("s", "slack install")):
        with pytest.raises(Unsealable):
            other.open(sealed)
    with pytest.raises(Unsealable):
        Vault("s", "slack tokens").open(sealed[:-2] + "AA")


def test_the_manifest_for_others_names_the_way_back_and_the_goodbyes_and_no_further_scope() -> None:
    alone, shared = manifest(PUBLIC), manifest(PUBLIC, installs=True)
    assert shared["oauth_config"]["redirect_urls"] == [f"{PUBLIC}/slack/oauth_redirect"]
    assert shared["settings"]["event_subscriptions"]["bot_events"] == [
        *alone["settings"]["event_subscriptions"]["bot_events"],
        "app_uninstalled",
        "tokens_revoked",
    ]
    assert shared["settings"]["token_rotation_enabled"] is True
    assert alone["oauth_config"] == {"scopes": shared["oauth_config"]["scopes"]}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ("{signing_secret: s}", "without a token the bot can say nothing"),
        ('{client_id: "1.2", signing_secret: s}', "belong together"),
        ('{client_id: "1.2", client_secret: s, app_token: a}', "Slack speaks over HTTP"),
    ],
)
def test_half_a_configuration_is_refused_in_a_sentence(tmp_path: Path, options: str, says: str) -> None:
    config = tmp_path / "app.yaml"
    config.write_text(f"company: {{name: N, timezone: UTC}}\nchats: {{slack: {options}}}\n")
    assert says in report(load(config, environ={}).findings)
