"""Commands of the terminal know the company as ops arranged it in chat: teams, routes and sources that no app.yaml names."""

from __future__ import annotations

import asyncio
import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.config import load
from bot.config.keys import ServerKeys
from bot.vault import Vault
from handlers.arranged.arrangements import Kind
from handlers.arrivals.arrival import Arrival
from handlers.receive import receive
from storage import arrangements, payloads, people, schema
from storage.database import Store
from tests.cli.command import Ended, hero
from tests.conftest import said

SERVER = "a secret of this server that is long enough"
APP_YAML = """
company: {{name: Northwind Coffee, timezone: Europe/Oslo}}
server: {{port: {port}, secret: {secret}}}
chats: {{practice: {{}}}}
sources: {{survey: {{kind: plain, secret: whsec_c2VjcmV0c2VjcmV0}}}}
teams: {{oak-street: {{channel: practice:oak-street}}}}
routes: [{{name: everyone else, when: {{band: detractor}}, team: oak-street}}]
"""
TEAM = {
    "title": "Harbour", "channel": ["practice:harbour"], "hours": {"mon-fri": "08:00-18:00"},
    "promise": {"claim": "4h", "close": "2d"}, "causes": ["other"],
}  # fmt: skip
CSV = 'id,metric,score,tags\nr-9,nps,1,"[""harbour""]"\n'
SAID = json.dumps({"id": "r-1", "metric": "nps", "score": 2, "tags": ["harbour"]})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An app.yaml with one team, and a database in which ops made another, with its route and its source."""
    (tmp_path / "app.yaml").write_text(APP_YAML.format(port=9, secret=json.dumps(SERVER)))
    sealed = Vault(ServerKeys(secret=SecretStr(SERVER)).secret.get_secret_value(), "source secrets").seal("whsec_c2VjcmV0")  # type: ignore[union-attr]
    with closing(Store(f"sqlite:///{tmp_path / 'action-hero.db'}")) as store:
        schema.migrate(store)
        who = store.write_sync(people.ensure, "practice", "main", "lea", "Lea").id
        route = {"team": "harbour", "when": {"band": ["detractor"], "tag": ["harbour"]}}
        source = {"kind": "plain", "secrets": [{"sealed": sealed}]}
        for kind, name, keys in (
            (Kind.TEAM, "harbour", TEAM),
            (Kind.ROUTE, "to the harbour", route),
            (Kind.SOURCE, "web-shop", source),
        ):
            store.write_sync(arrangements.add, kind, name, keys, who, datetime.now(UTC))
    return tmp_path


def test_a_digest_of_a_team_made_in_chat_is_previewed(folder: Path) -> None:
    told = hero("digest", "--preview", "--team", "harbour", "--week", "2026-W40", folder=folder)
    assert (told.status, told.err) == (0, "")
    assert "Customer action heroes · Harbour" in told.out


def test_a_payload_of_a_source_made_in_chat_is_rehearsed_over_its_routes(folder: Path) -> None:
    told = hero("rehearse", "web-shop", "-", folder=folder, typed=SAID)
    assert "Route     → to the harbour matches" in told.out
    assert "the card goes to practice:harbour" in told.out


def test_an_import_asks_the_team_made_in_chat(folder: Path) -> None:
    (folder / "old.csv").write_text(CSV)
    told = hero("import", "feedback", "old.csv", "--dry-run", folder=folder)
    assert "1 would ask Harbour to follow up (to the harbour)" in told.out


def test_kept_payloads_of_a_source_made_in_chat_are_read_again(folder: Path) -> None:
    row = {"source": "web-shop", "body": SAID, "received_at": datetime.now(UTC), "rejected": True, "reason": "x"}
    with closing(Store(f"sqlite:///{folder / 'action-hero.db'}")) as store:
        store.write_sync(payloads.keep, [row])
    assert "web-shop  plain, sends" in hero("sources", folder=folder).out
    assert hero("sources", "--replay", "web-shop", folder=folder).out == "1 accepted\n"


def test_the_doctor_looks_at_sources_made_in_chat_too(folder: Path) -> None:
    assert "source web-shop" in hero("doctor", folder=folder).out


def test_a_test_goes_by_a_route_made_in_chat(folder: Path) -> None:
    told = hero("send-test", "--route", "to the harbour", "--seconds", "0", folder=folder)
    assert (told.status, told.err) == (0, "")
    assert "A test card stands in practice:harbour." in told.out


def test_whoever_is_erased_leaves_the_cards_of_a_team_made_in_chat_too(folder: Path) -> None:
    customer = {"key": "c-1", "name": "Dana Reyes"}
    with closing(Store(f"sqlite:///{folder / 'action-hero.db'}")) as store:
        company = asyncio.run(_company(folder))
        store.write_sync(receive, company, [Arrival("web-shop", said(tags=("harbour",), customer=customer), datetime.now(UTC))])
    told = hero("erase", "--customer", "c-1", "--yes", folder=folder)
    assert told.status == 0
    assert "could not be changed yet" not in told.out, told.all


def test_a_database_that_cannot_tell_is_said_and_app_yaml_alone_counts(folder: Path) -> None:
    with closing(Store(f"sqlite:///{folder / 'empty.db'}")) as store:
        store.write_sync(lambda tx: tx.exec_driver_sql("CREATE TABLE something (id INTEGER)"))
    told = hero("rehearse", "survey", "-", "--database", f"sqlite:///{folder / 'empty.db'}", folder=folder, typed=SAID)
    assert "Route     → everyone else matches" in told.out
    assert "what ops arranged in chat is not known here" in told.err


def test_looking_makes_no_database(folder: Path) -> None:
    (folder / "action-hero.db").unlink()
    told = hero("rehearse", "survey", "-", folder=folder, typed=SAID)
    assert (told.status, told.err) == (0, "")
    assert not (folder / "action-hero.db").exists()


def test_a_digest_without_a_schema_says_what_to_do_and_not_that_the_database_is_away(folder: Path) -> None:
    with closing(Store(f"sqlite:///{folder / 'empty.db'}")) as store:
        store.write_sync(lambda tx: tx.exec_driver_sql("CREATE TABLE something (id INTEGER)"))
    told = hero("digest", "--preview", "--team", "oak-street", "--database", f"sqlite:///{folder / 'empty.db'}", folder=folder)
    assert told.status == 2
    assert "this database is empty. hero serve fills it, or hero migrate" in told.err
    assert "away" not in told.all


def test_init_writes_the_database_that_is_named_and_a_password_of_it_only_into_env(tmp_path: Path) -> None:
    told = _init(tmp_path, "postgresql://hero:canary@db/hero")
    assert told.status == 0, told.all
    assert 'database: "${DATABASE_URL}"' in (tmp_path / "app.yaml").read_text()
    assert "canary" not in (tmp_path / "app.yaml").read_text() + told.all
    assert "DATABASE_URL='postgresql://hero:canary@db/hero'" in (tmp_path / ".env").read_text()
    other = tmp_path / "other"
    other.mkdir()
    assert _init(other, "postgresql://hero@db/hero").status == 0
    assert 'database: "postgresql://hero@db/hero"' in (other / "app.yaml").read_text()


@pytest.mark.parametrize("url", [
    "postgresql://hero:can'ary@db/hero",
    r"postgresql://hero:can\ary@db/hero",
    "postgresql://hero:can/ary@db/hero",
    "postgresql://db/hero?user=hero&password=canary",
])  # fmt: skip
def test_a_password_of_any_form_stands_in_env_alone_and_is_read_from_there_as_it_is(tmp_path: Path, url: str) -> None:
    assert _init(tmp_path, url).status == 0
    assert 'database: "${DATABASE_URL}"' in (tmp_path / "app.yaml").read_text()
    assert "ary" not in (tmp_path / "app.yaml").read_text()
    settings = load(tmp_path / "app.yaml", environ={}).settings
    assert settings is not None
    assert settings.database == url


@pytest.mark.parametrize("words", [("manifest", "slack"), ("package", "msteams")])
def test_commands_that_ask_no_database_take_the_option_all_the_same(folder: Path, words: tuple[str, ...]) -> None:
    told = hero(*words, "--database", "sqlite:///x.db", folder=folder)
    assert "No such option" not in told.err
    assert "--database" in hero(*words, "--database", "mysql://x/y", folder=folder).err


def _init(folder: Path, database: str) -> Ended:
    return hero("init", "--yes", "--timezone", "Europe/Oslo", "--database", database, folder=folder)


async def _company(folder: Path) -> object:
    from bot.arranged import as_arranged

    settings = load(folder / "app.yaml", environ={}).settings
    assert settings is not None
    with closing(Store(f"sqlite:///{folder / 'action-hero.db'}")) as store:
        return store.read_sync(as_arranged, settings, datetime.now(UTC)).company
