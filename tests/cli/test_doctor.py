"""`hero doctor` against real sockets: what is well is said to be, and each thing that breaks is found, with what to do."""

from __future__ import annotations

import json
import socket
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from bot.chats.slack.manifest import SCOPES
from bot.clock import HouseClock
from bot.config import Settings, load
from bot.diagnosis import Diagnosis, Severity, clock
from bot.doctor import examine
from bot.doctor.disk import network_filesystem
from bot.doctor.report import exit_code, told
from bot.tick import Tick
from handlers.arrivals.arrival import Arrival
from storage import arrangements, errands, feedback, payloads, people, readings, schema
from storage.database import Store
from tests.conftest import FRIDAY, said
from tests.running import Running, eventually
from tests.stages import on_msteams, on_practice, on_slack

pytestmark = pytest.mark.anyio


def here_and_now(here: Running, **server: Any) -> Settings:
    """The settings with the port the bot got."""
    port = int(here.url.rpartition(":")[2])
    settings = here.house.settings
    return settings.model_copy(update={"server": settings.server.model_copy(update={"port": port, **server})})


def lines(found: Sequence[Diagnosis], part: str) -> list[Diagnosis]:
    return [line for line in found if line.part.startswith(part)]


def line(found: Sequence[Diagnosis], part: str) -> Diagnosis:
    [only] = lines(found, part)
    return only


async def test_all_is_well_on_slack(tmp_path: Path) -> None:
    async with on_slack(tmp_path) as stage:
        await stage.here.hears(id="r-1", score=9)
        found = await examine(here_and_now(stage.here, public_url=stage.here.url))
    assert [each for each in found if each.state is not Severity.OK] == lines(found, "public address")  # it is plain http
    for part in (
        "database",
        "schema",
        "ticks",
        "slack token",
        "slack scopes",
        "slack channel C1",
        "slack leader",
        "clock",
        "source",
    ):
        assert line(found, part).state is Severity.OK
    assert exit_code(found) == 0
    assert "1 warning" in told(found, json=False)


async def test_all_is_well_on_microsoft_teams(tmp_path: Path) -> None:
    async with on_msteams(tmp_path) as stage:
        await stage.here.hears(id="r-1", score=9)
        found = await examine(here_and_now(stage.here))
    assert [each for each in found if each.state is not Severity.OK] == []
    assert line(found, "msteams token").found.startswith("given to the app")
    assert line(found, "msteams channel").found == "the bot is in its team"
    assert told(found, json=False).endswith("All is well.")


async def test_all_is_well_in_the_practice_chat(tmp_path: Path) -> None:
    async with on_practice(tmp_path) as stage:
        await stage.here.hears(id="r-1", score=9)
        found = await examine(here_and_now(stage.here))
    assert [each for each in found if each.state is not Severity.OK] == []


async def test_a_revoked_token_is_found_without_a_line_about_each_channel(tmp_path: Path) -> None:
    async with on_slack(tmp_path) as stage:
        stage.slack.revoke()
        found = await examine(here_and_now(stage.here))
    token = line(found, "slack token")
    assert token.state is Severity.ERROR
    assert "token_revoked" in token.found
    assert "wait in the database" in token.means
    assert lines(found, "slack channel") == []
    assert exit_code(found) == 2


async def test_a_network_that_is_away_is_not_blamed_on_a_token(tmp_path: Path) -> None:
    with closing(socket.socket()) as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        async with on_slack(tmp_path) as stage:
            settings = here_and_now(stage.here)
            away = {"api_url": f"http://127.0.0.1:{nobody.getsockname()[1]}/", "app_token": SecretStr("xapp-1")}
            options = settings.chats["slack"].model_copy(update=away)
            found = await examine(settings.model_copy(update={"chats": {"slack": options}}))
    for part in ("slack token", "slack socket mode"):
        assert line(found, part).state is Severity.ERROR
        assert "cannot be reached" in line(found, part).found
        assert line(found, part).do.startswith("Check the network of this machine")


async def test_each_missing_scope_is_named_with_the_feature_that_is_lost(tmp_path: Path) -> None:
    async with on_slack(tmp_path) as stage:
        stage.slack.scopes = set(SCOPES) - {"im:write", "channels:history", "dnd:read"}
        found = await examine(here_and_now(stage.here))
    assert {each.found: each.state for each in lines(found, "slack scopes")} == {
        "im:write is missing": Severity.ERROR,
        "channels:history is missing": Severity.WARNING,
        "dnd:read is missing": Severity.WARNING,
    }
    assert any("private conversation" in each.means for each in lines(found, "slack scopes"))
    assert line(found, "slack channel C1").state is Severity.WARNING


@pytest.mark.parametrize(
    ("flags", "state", "says"),
    [
        ({"member": False}, Severity.WARNING, "not a member"),
        ({"member": False, "private": True}, Severity.ERROR, "knows no such channel"),
        ({"missing": True}, Severity.ERROR, "knows no such channel"),
    ],
)
async def test_a_channel_the_bot_is_not_in_is_found(tmp_path: Path, flags: dict[str, bool], state: Severity, says: str) -> None:
    async with on_slack(tmp_path) as stage:
        stage.slack.channel("C1", **flags)
        found = await examine(here_and_now(stage.here))
        stage.slack.rejections.clear()
    channel = line(found, "slack channel C1")
    assert channel.state is state
    assert says in channel.found
    assert "/invite" in channel.do


async def test_a_leader_whom_the_chat_does_not_know_is_found(tmp_path: Path) -> None:
    async with on_slack(tmp_path) as stage:
        stage.slack.people["ULEA"].email = "somebody.else@northwind.example"
        found = await examine(here_and_now(stage.here))
    leader = line(found, "slack leader of oak-street")
    assert (leader.state, leader.means) == (Severity.ERROR, "Reminders that climb to them reach nobody.")


@pytest.mark.parametrize(("stands", "emulator"), [(on_slack, "slack"), (on_msteams, "teams")])
async def test_a_chat_is_asked_about_somebody_who_is_named_by_an_id(tmp_path: Path, stands: Any, emulator: str) -> None:
    async with stands(tmp_path) as stage:
        settings = here_and_now(stage.here)
        [chat] = settings.chats
        ids = {"leader": stage.user_id("lea"), "backup": stage.user_id("lea") + "X"}
        found = await examine(_naming(settings, {role: (f"{chat}:{id}",) for role, id in ids.items()}))
        getattr(stage, emulator).rejections.clear()  # it was refused, which is what this is about
    assert line(found, f"{chat} leader").found == f"{ids['leader']} is known"
    assert line(found, f"{chat} backup").found == f"{chat} knows nobody as {ids['backup']}"
    assert line(found, f"{chat} backup").state is Severity.ERROR


async def test_whose_account_in_slack_was_deactivated_is_not_known_any_more(tmp_path: Path) -> None:
    async with on_slack(tmp_path) as stage:
        stage.slack.group("S0SHIFT", "UANA")
        stage.slack.user("ULEA", deleted=True)
        named = _naming(here_and_now(stage.here), {"leader": ("slack:ULEA",), "backup": ("slack:S0SHIFT",)})
        found = await examine(named)
    assert line(found, "slack leader").found == "slack knows nobody as ULEA"
    assert line(found, "slack backup").found == "S0SHIFT is known"


def _naming(settings: Settings, roles: dict[str, tuple[str, ...]]) -> Settings:
    """The settings with these people of the team in app.yaml."""
    team = settings.company.teams["oak-street"].model_copy(update=roles)
    return settings.model_copy(update={"company": settings.company.model_copy(update={"teams": {team.name: team}})})


async def test_a_secret_of_microsoft_teams_that_is_wrong_is_found(tmp_path: Path) -> None:
    async with on_msteams(tmp_path) as stage:
        settings = here_and_now(stage.here)
        options = settings.chats["msteams"].model_copy(update={"tenant": "another-tenant"})
        found = await examine(settings.model_copy(update={"chats": {"msteams": options}}))
        stage.teams.rejections.clear()
        stage.teams.errors.clear()
    assert line(found, "msteams token").state is Severity.ERROR
    assert "has expired" in line(found, "msteams token").do


async def test_a_team_of_microsoft_teams_that_the_bot_was_removed_from_is_found(tmp_path: Path) -> None:
    async with on_msteams(tmp_path) as stage:
        await stage.teams.uninstall()
        found = await examine(here_and_now(stage.here))
    assert "removed" in line(found, "msteams channel").found
    assert line(found, "msteams channel").state is Severity.ERROR


async def test_a_team_of_microsoft_teams_that_asks_to_wait_is_not_said_to_be_without_the_bot(tmp_path: Path) -> None:
    async with on_msteams(tmp_path) as stage:
        stage.teams.fail_next("channels", "429")
        found = await examine(here_and_now(stage.here))
    assert line(found, "msteams channel").state is Severity.WARNING
    assert line(found, "msteams channel").do == "Try again in a minute."


async def test_a_bot_that_does_not_run_a_silent_source_and_a_dead_address_are_found(tmp_path: Path) -> None:
    async with on_practice(tmp_path) as stage:
        settings = here_and_now(stage.here, public_url="http://127.0.0.1:9")
    found = await examine(settings)
    assert "nothing answers at" in line(found, "bot").found
    assert "nothing has arrived" in line(found, "source survey").found
    assert line(found, "public address").state is Severity.ERROR
    assert all(each.means and each.do for each in found if each.state is not Severity.OK)


async def test_a_proxy_for_the_way_out_is_not_asked_about_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    async with on_practice(tmp_path) as stage:
        found = await examine(here_and_now(stage.here, public_url=stage.here.url))
    assert line(found, "bot").found == f"runs at {stage.here.url}"
    assert line(found, "public address").found == f"{stage.here.url} answers, without encryption"


@pytest.mark.parametrize(
    ("host", "asked"), [("::1", "http://[::1]:"), ("::", "http://[::1]:"), ("0.0.0.0", "http://127.0.0.1:"), ("o k", "http://o k:")]
)
async def test_whatever_address_app_yaml_names_what_does_not_answer_there_is_said(tmp_path: Path, host: str, asked: str) -> None:
    async with on_practice(tmp_path) as stage:
        settings = here_and_now(stage.here, host=host, public_url="https://hero.example:port")
    found = await examine(settings)
    assert line(found, "bot").found.startswith(f"nothing answers at {asked}")
    assert line(found, "public address").found.startswith("https://hero.example:port does not answer")


async def test_another_process_on_the_port_is_not_taken_for_the_bot_of_this_database(tmp_path: Path) -> None:
    async with on_practice(tmp_path) as demo:
        ours = here_and_now(demo.here).model_copy(update={"database": f"sqlite:///{tmp_path / 'ours.db'}"})
        before = await examine(ours)
        made = Store(ours.database)
        schema.migrate(made)
        made.close()
        beside = await examine(ours)
        itself = await examine(here_and_now(demo.here))
    for found in (before, beside):
        assert line(found, "bot").state is Severity.ERROR
        assert "does not serve the database of this app.yaml" in line(found, "bot").found
        assert line(found, "bot").do.endswith("then start it: hero serve.")
        assert lines(found, "ticks") == []
    assert line(itself, "bot").state is Severity.OK
    assert not (tmp_path / "ours.db.lock").exists(), "looking must not make one"


async def test_a_source_whose_documentation_nobody_could_confirm_says_so_until_an_answer_has_come_through_it(
    tmp_path: Path,
) -> None:
    async with on_practice(tmp_path) as stage:
        settings = here_and_now(stage.here)
        named = settings.sources["survey"].model_copy(update={"kind": "retently"})
        directory = settings.sources["survey"].model_copy(update={"kind": "crm"})
        doubtful = settings.model_copy(update={"sources": {"survey": named, "crm": directory}})
        test = said(f"{feedback.TEST}1")
        await stage.here.house.receive([Arrival("survey", test, stage.here.house.clock.now())])
        before = await examine(doubtful)
        await stage.here.hears(id="r-1", score=9, customer={"key": "c-1"})
        after = await examine(doubtful)
    assert "nothing has arrived" in line(before, "source survey").found, "a test by ops is not heard of the survey tool"
    doubt = line(before, "documentation survey")
    assert doubt.state is Severity.WARNING
    assert "confirms the names of the placeholders in its template" in doubt.found
    assert "docs/sources/retently.md" in doubt.do
    assert line(after, "documentation survey").state is Severity.OK
    assert [each.part for each in lines(before, "documentation")] == ["documentation survey"]
    assert line(after, "source crm").found == "a directory of customers: 1 known"


@pytest.mark.parametrize(("kind", "told"), [("qualtrics_events", True), ("surveymonkey", False), ("plain", False)])
async def test_a_tool_that_cannot_be_asked_for_what_it_never_announced_says_so(tmp_path: Path, kind: str, told: bool) -> None:
    async with on_practice(tmp_path) as stage:
        settings = here_and_now(stage.here)
        named = settings.sources["survey"].model_copy(update={"kind": kind})
        found = await examine(settings.model_copy(update={"sources": {"survey": named}}))
    assert [each.found.partition(":")[0] for each in lines(found, "look back")] == ([f"not for {kind}"] if told else [])


async def test_what_cannot_be_read_of_a_source_is_found_with_its_reason_and_the_one_thing_to_do(tmp_path: Path) -> None:
    async with on_practice(tmp_path) as stage:
        store, settings = stage.here.house.store, here_and_now(stage.here)
        await stage.here.hears(id="r-1", score=9)
        kinds = {"shop": "plain", "hub": "simplesat", "monkey": "surveymonkey", "survey": "qualtrics_events"}
        named = {name: settings.sources["survey"].model_copy(update={"kind": kind}) for name, kind in kinds.items()}
        unread = {"source": "shop", "body": "{}", "received_at": FRIDAY, "rejected": True, "reason": "score must be a number"}
        store.write_sync(payloads.keep, [unread] * 30)
        store.write_sync(readings.begin, "hub", "hub", "x", 0.0)
        refused = "it does not accept our token (HTTP 401)"
        store.write_sync(readings.move, "hub", 0, {"failures": 1, "reason": refused})
        for name in ("monkey", "survey"):
            store.write_sync(errands.name, name, ["7"], 0.0)
        gone = store.write_sync(errands.take, ["monkey"], 1.0, 2.0)
        waits = store.write_sync(errands.take, ["survey"], 1.0, 2.0)
        assert gone is not None
        assert waits is not None
        store.write_sync(errands.park, gone.id, gone.wanted, 3.0, "what we ask for is not there (HTTP 404)")
        store.write_sync(errands.refused, "survey", waits.id, 900.0, refused)
        found = lines(await examine(settings.model_copy(update={"sources": named})), "source")
    mend = "Mend that; a new token needs a new start. It is asked again by itself."
    told = {(each.part.removeprefix("source "), each.found): each.do for each in found}
    assert told == {
        ("shop", "30 payloads could not be read"): ("See why, and read them again once that is mended: hero sources --replay shop"),
        ("hub", f"cannot be asked: {refused}; 1 failure in a row; never read yet"): mend,
        ("monkey", "1 parked: what we ask for is not there (HTTP 404)"): (
            "If they were not deleted there, mend that, then: hero sources --replay monkey"
        ),
        ("survey", f"1 answer cannot be fetched: {refused}"): mend,
        ("survey", "the last answer came less than a minute ago"): "",
    }


@pytest.mark.parametrize(("kind", "advice"), [("simplesat", "hero sources says when it last was"), ("plain", "/feedback/survey")])
async def test_nobody_is_sent_to_an_address_that_a_tool_which_is_asked_does_not_have(
    tmp_path: Path, kind: str, advice: str
) -> None:
    async with on_practice(tmp_path) as stage:
        settings = here_and_now(stage.here)
        named = settings.sources["survey"].model_copy(update={"kind": kind})
        found = line(await examine(settings.model_copy(update={"sources": {"survey": named}})), "source survey")
    assert found.found == "nothing has arrived so far"
    assert advice in found.do


async def test_what_was_made_in_chat_and_rests_because_app_yaml_has_its_name_is_found(tmp_path: Path) -> None:
    async with on_practice(tmp_path, FRIDAY) as stage:
        person = await stage.here.house.store.write(people.ensure, "practice", "main", "lea", "Lea")
        keys = {"team": "oak-street", "when": {}}
        for name in ("only words", "another"):
            await stage.here.house.store.write(arrangements.add, "route", name, keys, person.id, FRIDAY)
        found = await examine(here_and_now(stage.here))
    rests = "the route only words made in chat does not hold: app.yaml has one of that name"
    assert [each.found for each in lines(found, "arranged in chat")] == [rests]


async def test_customers_of_a_team_that_app_yaml_names_no_more_are_found_and_logged_at_the_start(tmp_path: Path) -> None:
    async with on_practice(tmp_path, FRIDAY) as stage:
        await stage.here.hears(id="r-1", score=2)
        settings = here_and_now(stage.here)
    [team] = settings.company.teams.values()
    renamed = {"teams": {"harbour": team.model_copy(update={"name": "harbour"})}, "routes": ()}
    settings = settings.model_copy(update={"company": settings.company.model_copy(update=renamed)})
    missed = line(await examine(settings), "team oak-street")
    assert (missed.state, missed.found) == (
        Severity.ERROR,
        "1 customer still waits, and no team of this name is set up any more",
    )
    assert missed.do == "Put the team back in app.yaml under this name; you can give it another title."
    with closing(Store(settings.database)) as store, capture_logs() as logged:
        tick = Tick(store, HouseClock(FRIDAY), lambda: settings.company, {}, settings.retention)
        for _again in range(2):
            await tick.settle()
    assert logged == [{"event": "teams.gone", "team": "oak-street", "open": 1, "log_level": "error"}]


async def test_what_waits_too_long_and_what_is_parked_is_found(tmp_path: Path) -> None:
    from sqlalchemy import text

    async with on_practice(tmp_path, FRIDAY) as stage:
        await stage.here.hears(id="r-1", score=2)
        settings = here_and_now(stage.here)
        await eventually(stage.channel)
        await stage.here.house.delivery.until_idle()
        await stage.here.house.store.write(
            lambda tx: tx.execute(text("UPDATE message SET state = 'parked', shown = 0, wanted = 1"))
        )
        found = await examine(settings)
        assert [each.found for each in lines(found, "deliveries")] == ["1 parked"]
        waits = text("UPDATE message SET state = 'waiting', created_s = 1, gate = 'nowhere'")
        await stage.here.house.store.write(lambda tx: tx.execute(waits))
        found = await examine(settings)
        assert line(found, "deliveries").state is Severity.ERROR


async def test_what_waits_for_one_person_is_told_with_its_reason_and_what_waits_for_a_chat_that_is_gone_too(tmp_path: Path) -> None:
    from sqlalchemy import text

    removed = "this person removed Action Hero from their chats: ask them to add it again"
    async with on_practice(tmp_path, FRIDAY) as stage:
        await stage.here.hears(id="r-1", score=2)
        settings = here_and_now(stage.here)
        await eventually(stage.channel)
        await stage.press("ana", "I'll reply")
        await stage.here.house.delivery.until_idle()
    with closing(Store(settings.database)) as store:
        waits = f"UPDATE message SET state = 'waiting', shown = 0, created_s = 1, reason = '{removed}' WHERE kind = 'private'"
        store.write_sync(lambda tx: tx.execute(text(waits)))
        told = line(await examine(settings), "deliveries")
        assert (told.state, told.found) == (Severity.WARNING, f"1 waits (practice: {removed})")
        store.write_sync(lambda tx: tx.execute(text("UPDATE message SET chat = 'slack', reason = '' WHERE kind = 'private'")))
        told = line(await examine(settings), "deliveries")
        assert (told.state, told.found) == (Severity.WARNING, "1 waits for slack, which app.yaml no longer names")
        assert told.do == "Name slack again until they are shown, or give each up: hero deliveries KEY --drop REASON"


async def test_a_database_of_an_older_release_and_none_at_all_are_told_apart(tmp_path: Path) -> None:
    async with on_practice(tmp_path) as stage:
        settings = here_and_now(stage.here)
    from sqlalchemy import text

    store = Store(settings.database)
    store.write_sync(lambda tx: tx.execute(text("UPDATE alembic_version SET version_num = '0001'")))
    store.close()
    assert line(await examine(settings), "schema").do == "Run hero migrate."
    none = settings.model_copy(update={"database": f"sqlite:///{tmp_path / 'none.db'}"})
    assert "not there yet" in line(await examine(none), "database").found
    assert not (tmp_path / "none.db").exists(), "looking must not make one"


def test_a_network_file_system_is_found_by_the_mounts_of_the_machine(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text("/dev/sda1 / ext4 rw 0 0\nserver:/x /mnt/with\\040space nfs4 rw 0 0\n")
    on_nfs = network_filesystem(Path("/mnt/with space/data/hero.db"), mounts)
    assert on_nfs is not None
    assert (on_nfs.state, on_nfs.found) == (Severity.ERROR, "nfs4 at /mnt/with space")
    local = network_filesystem(Path("/srv/hero.db"), mounts)
    assert local is not None
    assert local.state is Severity.OK
    assert network_filesystem(Path("/srv/hero.db"), tmp_path / "no-such-file") is None


@pytest.mark.parametrize(("off", "state"), [(-59, Severity.OK), (59, Severity.OK), (-61, Severity.ERROR), (61, Severity.ERROR)])
def test_a_clock_more_than_a_minute_off_is_found(off: int, state: Severity) -> None:
    now = datetime(2026, 11, 25, 12, tzinfo=UTC)
    found = clock("Slack", format_datetime(now - timedelta(seconds=off), usegmt=True), now)
    assert found is not None
    assert found.state is state
    assert clock("Slack", "yesterday", now) is None


def test_the_report_is_also_there_for_programs(tmp_path: Path) -> None:
    found = [Diagnosis("disk", Severity.ERROR, "0.0 GiB free", "It stops.", "Make room.")]
    [read] = json.loads(told(found, json=True))
    assert read == {"part": "disk", "state": "error", "found": "0.0 GiB free", "means": "It stops.", "do": "Make room."}
    assert load(tmp_path / "none.yaml").settings is None
