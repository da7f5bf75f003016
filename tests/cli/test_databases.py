"""Databases as people have them: not there yet, old, new, too new, in use, somebody else's. Each is told with what to do."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from storage import schema
from storage.database import Store
from tests.cli.command import WITHOUT_RIGHTS, Ended, as_anybody, hero
from tests.postgres import Postgres


def stands_at(file: Path, revision: str) -> None:
    """Make it look as if that revision had been the last."""
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("UPDATE alembic_version SET version_num = ?", (revision,))


def is_one_sentence(told: Ended, *words: str) -> None:
    assert told.out == ""
    assert told.err.startswith("hero: ")
    assert told.err.count("\n") == 1
    for word in words:
        assert word in told.err, told.err


@pytest.fixture
def current(tmp_path: Path, migrated_file: Path) -> Path:
    return Path(shutil.copy(migrated_file, tmp_path / "hero.db"))


def test_migrate_says_where_the_schema_was_and_is(tmp_path: Path) -> None:
    first = hero("migrate", "--database", "sqlite:///hero.db", folder=tmp_path)
    assert (first.status, first.out) == (0, f"The schema is {schema.head()} now; the database was empty.\n")
    again = hero("migrate", "--database", "sqlite:///hero.db", folder=tmp_path)
    assert (again.status, again.out) == (0, f"The schema is {schema.head()} already.\n")


def test_migrate_brings_an_older_schema_on_and_keeps_what_is_in_it(tmp_path: Path) -> None:
    from alembic import command
    from alembic.config import Config

    def until_the_first(tx: object) -> None:
        config = Config()
        config.set_main_option("script_location", str(schema.MIGRATIONS))
        config.attributes["connection"] = tx
        command.upgrade(config, "0001")

    with closing(Store(f"sqlite:///{tmp_path / 'hero.db'}")) as store:
        store.write_sync(until_the_first)
    old = hero("deliveries", "--database", "sqlite:///hero.db", folder=tmp_path)
    assert old.status == 2
    is_one_sentence(old, "at schema 0001, older than", "Run: hero migrate")
    told = hero("migrate", "--database", "sqlite:///hero.db", folder=tmp_path)
    assert (told.status, told.out) == (0, f"The schema is {schema.head()} now; it was 0001.\n")
    assert "Everything is shown" in hero("deliveries", "--database", "sqlite:///hero.db", folder=tmp_path).out


@pytest.mark.parametrize("words", [["migrate"], ["deliveries"]], ids=lambda words: words[0])
def test_a_newer_schema_is_left_alone(tmp_path: Path, current: Path, words: list[str]) -> None:
    stands_at(current, "9999")
    before = current.read_bytes()
    told = hero(*words, "--database", "sqlite:///hero.db", folder=tmp_path)
    assert told.status == 75
    is_one_sentence(told, "newer than this release's", "Install the release that wrote it")
    assert current.read_bytes() == before


def test_a_server_refuses_a_newer_schema_without_a_traceback(tmp_path: Path, current: Path) -> None:
    (tmp_path / "app.yaml").write_text(PRACTICE, "utf-8")
    stands_at(current, "9999")
    told = hero("serve", "--port", "0", "--database", "sqlite:///hero.db", folder=tmp_path)
    assert (told.status, told.out) == (75, "")
    assert "Install the release that wrote it" in told.err
    assert "Traceback" not in told.err


PRACTICE = """
company: {name: Northwind Coffee, timezone: Europe/Oslo}
chats: {practice: {}}
sources: {survey: {kind: plain, unsigned: true}}
teams: {oak-street: {channel: practice:oak-street}}
routes: [{name: everyone, team: oak-street}]
"""


def strange(folder: Path) -> dict[str, tuple[str, str]]:
    """Addresses nobody can work with, with what is said of each."""
    (folder / "letter.txt").write_text("Dear customer, we are sorry to hear that.", "utf-8")
    (folder / "shelf").mkdir(exist_ok=True)
    loop = folder / "loop.db"
    if not loop.is_symlink():
        loop.symlink_to("loop.db")
    return {
        "sqlite:///letter.txt": ("no SQLite database", "name another file"),
        "sqlite:///shelf": ("is a folder", "sqlite:///shelf/action-hero.db"),
        "sqlite:///nowhere/hero.db": ("there is no folder nowhere", "Make it first"),
        "sqlite:////proc/hero.db": ("hero.db", "name another file"),
        "sqlite:///:memory:": ("not the address of a database", "write sqlite:///action-hero.db"),
        "sqlite://": ("not the address of a database", "write sqlite:///action-hero.db"),
        "mysql://x/y": ("not the address of a database", "postgresql://user@host/name"),
        "postgres://x/y": ("not the address of a database", "write postgresql:// in full"),
        "postgresql://hero:hunter2@db:port/x": ("not the address of a database", "postgresql://user@host/name"),
        "postgresql://hero:hunter2@ter2@db/x": ("not the address of a database", "%40 for each @"),
        "postgresql://hero:hunter2@one:5432,two:5432/x": ("not the address of a database", "host=one:5432&host=two:5432"),
        "postgresql://hero:hunter2@db/x?nonsense=1": ("does not know all options", "?sslmode=require"),
        "sqlite:///hero.db?nonsense=1": ("takes no options", "leave out the ?"),
        "nonsense": ("not the address of a database", "write sqlite:///action-hero.db"),
        "": ("not the address of a database", "write sqlite:///action-hero.db"),
    }


@pytest.mark.parametrize("command", ["serve", "migrate", "deliveries"])
def test_what_is_no_database_is_told_in_one_sentence_and_left_as_it_is(tmp_path: Path, command: str) -> None:
    (tmp_path / "app.yaml").write_text(PRACTICE, "utf-8")
    for address, words in strange(tmp_path).items():
        if command == "deliveries" and address == "sqlite:////proc/hero.db":
            continue  # there is none, and looking makes none
        port = ["--port", "0"] if command == "serve" else []
        told = hero(command, *port, "--database", address, folder=tmp_path)
        assert told.status == 2, (address, told.all)
        is_one_sentence(told, *words)
        assert "hunter2" not in told.err
        assert "ter2" not in told.err
    assert (tmp_path / "letter.txt").read_text("utf-8").startswith("Dear customer")
    assert {path.name for path in tmp_path.iterdir()} == {"app.yaml", "letter.txt", "shelf", "loop.db"}


def test_a_database_that_is_not_there_is_not_made_by_looking(tmp_path: Path) -> None:
    told = hero("deliveries", "--database", "sqlite:///hero.db", folder=tmp_path)
    assert told.status == 2
    is_one_sentence(told, "no database hero.db yet", "hero serve makes the one that app.yaml names")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "hero.db").touch()
    is_one_sentence(hero("deliveries", "--database", "sqlite:///hero.db", folder=tmp_path), "is empty", "hero migrate")


LOOKING = [
    *(["export", "feedback"], ["export", "feedback", "--out", "out.csv"], ["sources"], ["deliveries"], ["backup", "copy.db"]),
    *(["digest", "--preview", "--team", "oak-street"], ["merge-customers", "c-1", "c-2"], ["erase", "--customer", "c-1", "--yes"]),
    *(["import", "feedback", "in.csv"], ["import", "customers", "people.csv"], ["import", "customers", "people.csv", "--dry-run"]),
]


@pytest.mark.parametrize("words", LOOKING, ids=" ".join)
def test_what_needs_a_database_says_so_in_one_sentence_and_leaves_nothing_behind(tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "app.yaml").write_text(PRACTICE, "utf-8")
    (tmp_path / "in.csv").write_text("id,metric,score\nr-1,nps,3\n", "utf-8")
    (tmp_path / "people.csv").write_text("key,name\nc-1,Dana\n", "utf-8")
    before = {path.name for path in tmp_path.iterdir()}
    told = hero(*words, folder=tmp_path)
    assert told.status == 2
    is_one_sentence(told, "there is no database")
    assert {path.name for path in tmp_path.iterdir()} == before
    (tmp_path / "action-hero.db").touch()  # as releases before this one left behind
    told = hero(*words, folder=tmp_path)
    assert (told.status, told.out) == (2, "")
    assert "hero serve fills it" in told.err.splitlines()[-1]
    assert {path.name for path in tmp_path.iterdir()} == {*before, "action-hero.db"}
    assert (tmp_path / "action-hero.db").stat().st_size == 0


@pytest.mark.parametrize("words", [["doctor"], ["send-test", "--route", "everyone", "--seconds", "0"]], ids=lambda words: words[0])
def test_who_can_do_without_a_database_makes_none(tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "app.yaml").write_text(PRACTICE, "utf-8")
    told = hero(*words, folder=tmp_path)
    assert "Traceback" not in told.all
    assert {path.name for path in tmp_path.iterdir()} == {"app.yaml"}


@WITHOUT_RIGHTS
@pytest.mark.parametrize(
    ("words", "closed"),
    [
        *((words, "data") for words in (["serve", "--port", "0"], ["migrate"], ["backup", "copy.db"])),
        *((words, "data/hero.db") for words in (["serve", "--port", "0"], ["migrate"], ["export", "acts"], ["deliveries"])),
        *((words, "data/hero.db") for words in (["backup", "copy.db"], ["sources"], ["doctor"], ["erase", "--customer", "c-1"])),
        (["send-test", "--route", "everyone", "--seconds", "0"], "data/hero.db"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else value,
)
def test_a_database_of_somebody_else_is_told_in_a_sentence_by_every_command(
    tmp_path: Path, migrated_file: Path, words: list[str], closed: str
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "app.yaml").write_text(f"database: sqlite:///{tmp_path}/data/hero.db{PRACTICE}", "utf-8")
    shutil.copy(migrated_file, tmp_path / "data")
    (tmp_path / closed).chmod(0)
    with as_anybody():
        told = hero(*words, folder=tmp_path)
    (tmp_path / closed).chmod(0o700)
    assert "Traceback" not in told.err
    assert told.status == (0 if words[0] == "send-test" else 2), "a test card needs no database"
    assert (
        "the copy could not be made" if closed != "data" and words[0] == "backup" else "cannot be read (Permission denied)"
    ) in (told.all)


@WITHOUT_RIGHTS
def test_a_database_that_may_only_be_read_is_not_served_and_says_which_right_is_missing(tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text(PRACTICE, "utf-8")
    hero("migrate", folder=tmp_path)
    (tmp_path / "action-hero.db").chmod(0o400)
    with as_anybody():
        served = hero("serve", "--port", "0", folder=tmp_path)
    assert served.status == 2
    is_one_sentence(served, "the bot may not write the database", "Give this user the right to")


def test_a_database_to_move_to_that_does_not_answer_is_told_in_a_sentence_alone(tmp_path: Path, current: Path) -> None:
    told = hero("move", f"sqlite:///{current}", "postgresql://hero@127.0.0.1:9/hero", folder=tmp_path)
    assert told.status == 75
    is_one_sentence(told, "the database is away, so nothing was changed")


UNREADABLE = [
    *("postgresql://hero:hunter2@db:port/x", "postgresql://hero:hunter2@ter2@db/x", "postgresql://hero:hunter2@db:5432x/x"),
    *("postgres://hero:hunter2@db/x", "postgresql://hero:hunter2@db/x?nonsense=1", "mysql://hero:hunter2@db/x"),
]


@pytest.mark.parametrize("words", [["check"], ["serve", "--port", "0"], ["doctor"], *LOOKING], ids=" ".join)
def test_an_address_in_app_yaml_that_cannot_be_read_is_refused_by_check_and_by_whatever_needs_it(
    tmp_path: Path, words: list[str]
) -> None:
    (tmp_path / "app.yaml").write_text(f'database: "${{ADDRESS}}"{PRACTICE}', "utf-8")
    for address in UNREADABLE:
        (tmp_path / ".env").write_text(f"ADDRESS={address}\n", "utf-8")
        told = hero(*words, folder=tmp_path)
        assert told.status == (2 if words == ["check"] else 78), told.all
        assert "app.yaml:1:11: error X103 `database`: " in told.all
        assert "ter2" not in told.all


def test_a_move_from_or_to_what_is_no_database_says_which_it_is_and_quotes_no_password(tmp_path: Path, current: Path) -> None:
    for address in UNREADABLE:
        for words in ([f"sqlite:///{current}", address], [address, f"sqlite:///{current}"]):
            told = hero("move", *words, folder=tmp_path)
            assert told.status == 2
            is_one_sentence(told, *(["PostgreSQL does not know"] if "?" in address else ["not the address of a database", "rite "]))
            assert told.err.startswith("hero: FROM: " if words[0] == address else "hero: TO: ")
            assert "ter2" not in told.all


def test_a_database_to_leave_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    told = hero("move", "sqlite:///none.db", "sqlite:///other.db", folder=tmp_path)
    assert told.status == 2
    is_one_sentence(told, "there is no database none.db, so there is nothing to move")
    assert list(tmp_path.iterdir()) == []


def test_a_backup_into_a_folder_that_is_not_there_says_so(tmp_path: Path, current: Path) -> None:
    told = hero("backup", "backups/x.db", "--database", f"sqlite:///{current}", folder=tmp_path)
    assert told.status == 2
    is_one_sentence(told, "there is no folder backups for the copy", "Make it first")


def test_what_customers_said_is_readable_for_its_owner_alone(tmp_path: Path) -> None:
    assert set(rights_while_served(tmp_path).items()) == {(name, 0o600) for name in FILES}


@pytest.mark.parametrize("shared", [0o600, 0o660])
def test_the_lock_beside_a_database_is_as_private_as_the_database_also_where_it_was_not(tmp_path: Path, shared: int) -> None:
    rights_while_served(tmp_path)
    (tmp_path / "hero.db").chmod(shared)
    (tmp_path / "hero.db.lock").chmod(0o644)
    assert rights_while_served(tmp_path)["hero.db.lock"] == shared


FILES = ("hero.db", "hero.db-wal", "hero.db-shm", "hero.db.lock")


def rights_while_served(folder: Path) -> dict[str, int]:
    with closing(Store(f"sqlite:///{folder / 'hero.db'}", alone=True)) as store:
        schema.migrate(store)
        store.read_sync(schema.current)
        return {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}


def test_a_database_that_was_damaged_is_told_without_a_traceback(tmp_path: Path, current: Path) -> None:
    content = bytearray(current.read_bytes())
    content[100:] = b"\xff" * (len(content) - 100)
    current.write_bytes(content)
    told = hero("deliveries", "--database", "sqlite:///hero.db", folder=tmp_path)
    assert told.status == 75
    is_one_sentence(told, "the database is away, so nothing was changed", "Check that it runs")


def test_a_file_named_without_a_folder_stands_beside_app_yaml(tmp_path: Path) -> None:
    (tmp_path / "team").mkdir()
    (tmp_path / "team/app.yaml").write_text(PRACTICE, "utf-8")
    assert hero("migrate", "--config", "team/app.yaml", folder=tmp_path).status == 0
    assert (tmp_path / "team/action-hero.db").exists()
    assert hero("migrate", "--config", "team/app.yaml", "--database", "sqlite:///here.db", folder=tmp_path).status == 0
    assert (tmp_path / "here.db").exists()


def test_after_a_move_the_address_to_write_names_the_file_from_wherever_app_yaml_is(tmp_path: Path) -> None:
    assert hero("migrate", "--database", "sqlite:///here.db", folder=tmp_path).status == 0
    told = hero("move", "sqlite:///here.db", "sqlite:///there.db", folder=tmp_path)
    assert f"write `database: sqlite:///{tmp_path / 'there.db'}` in app.yaml" in told.out


WITHHELD = {
    "public": ("permission denied for schema public", "GRANT ALL ON SCHEMA public TO role"),
    "nowhere": ("no schema has been selected to create in", "CREATE SCHEMA name AUTHORIZATION role"),
}


@pytest.mark.parametrize("path", WITHHELD)
def test_a_role_of_postgresql_that_may_not_make_tables_is_told_in_a_sentence_with_what_gives_it_the_right(
    tmp_path: Path, postgres: Postgres, path: str
) -> None:
    """As any role but the owner of the database, since PostgreSQL 15."""
    name = postgres.fresh()
    postgres.ask(f"CREATE ROLE plain_{name} LOGIN", name)
    address = f"postgresql://plain_{name}@127.0.0.1:{postgres.port}/{name}?options=-csearch_path%3D{path}"
    (tmp_path / "app.yaml").write_text(PRACTICE, "utf-8")
    assert hero("migrate", "--database", "sqlite:///hero.db", folder=tmp_path).status == 0
    for words in (["migrate", "--database", address], ["move", "sqlite:///hero.db", address]):
        told = hero(*words, folder=tmp_path)
        assert told.status == 2
        is_one_sentence(told, "PostgreSQL does not let the role that `database:` names do what the bot needs", *WITHHELD[path])
    served = hero("serve", "--port", "0", "--database", address, folder=tmp_path)
    assert (served.status, "Traceback" in served.err, WITHHELD[path][1] in served.err) == (2, False, True)


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_a_database_in_which_not_every_letter_has_a_place_is_refused_before_a_customer_writes_one(
    tmp_path: Path, postgres: Postgres, encoding: str
) -> None:
    name = postgres.fresh(f"template0 ENCODING {encoding}")
    (tmp_path / "app.yaml").write_text(PRACTICE, "utf-8")
    assert hero("migrate", "--database", "sqlite:///hero.db", folder=tmp_path).status == 0
    for words in (["migrate"], ["deliveries"], ["serve", "--port", "0"], ["move", "sqlite:///hero.db", postgres.url(name)]):
        told = hero(*words, *(() if words[0] == "move" else ("--database", postgres.url(name))), folder=tmp_path)
        assert (told.status, "Traceback" in told.err, encoding in told.err) == (2, False, True), told.err
        assert "createdb --encoding=UTF8 --template=template0" in told.err
    told = hero("doctor", "--database", postgres.url(name), folder=tmp_path)
    assert (told.status, encoding in told.out, "createdb --encoding=UTF8" in told.out) == (2, True, True), told.out + told.err


def test_a_pooler_that_shares_our_connections_is_refused(tmp_path: Path, postgres: Postgres) -> None:
    """As PgBouncer in transaction mode: what serves one connection serves the next one, too."""
    name = postgres.fresh()
    postgres.ask("CREATE FUNCTION public.pg_backend_pid() RETURNS integer LANGUAGE sql AS 'SELECT 7'", name)
    postgres.ask(f"ALTER DATABASE {name} SET search_path = public, pg_catalog", name)
    (tmp_path / "app.yaml").write_text(PRACTICE, "utf-8")
    for words in (["migrate"], ["serve", "--port", "0"], ["doctor"]):
        told = hero(*words, "--database", postgres.url(name), folder=tmp_path)
        assert (told.status, "Traceback" in told.err) == (2, False), told.err
        assert "a pooler stands before this PostgreSQL that is not in session mode" in told.out + told.err
        assert "pool_mode = session" in told.out + told.err


def test_a_postgresql_that_acknowledges_what_is_on_no_disk_is_found_by_the_doctor(tmp_path: Path, postgres: Postgres) -> None:
    name = postgres.fresh()
    (tmp_path / "app.yaml").write_text(PRACTICE, "utf-8")
    assert hero("migrate", "--database", postgres.url(name), folder=tmp_path).status == 0
    for chosen, off in (("off", "fsync and synchronous_commit off"), ("on", "fsync off")):  # fsync is off for all of these tests
        postgres.ask(f"ALTER DATABASE {name} SET synchronous_commit = {chosen}")
        told = hero("doctor", "--database", postgres.url(name), folder=tmp_path)
        assert f"PostgreSQL, can be written, with {off}" in told.out
        assert "are lost that were acknowledged" in told.out


def test_a_role_that_may_only_read_the_tables_is_found_by_the_doctor(tmp_path: Path, postgres: Postgres) -> None:
    name = postgres.fresh()
    (tmp_path / "app.yaml").write_text(PRACTICE, "utf-8")
    assert hero("migrate", "--database", postgres.url(name), folder=tmp_path).status == 0
    postgres.ask(f"CREATE ROLE plain_{name} LOGIN", name)
    address = f"postgresql://plain_{name}@127.0.0.1:{postgres.port}/{name}"
    for denied, right in (
        ("alembic_version", "SELECT ON ALL TABLES IN SCHEMA public"),
        ("gate", "ALL ON ALL TABLES IN SCHEMA public"),
    ):
        told = hero("doctor", "--database", address, folder=tmp_path)
        assert told.status == 2
        assert f"do what the bot needs (permission denied for table {denied})" in told.out
        assert "→ Let its administrator run: REASSIGN OWNED BY whoever_made_the_tables TO role" in told.out
        postgres.ask(f"GRANT {right} TO plain_{name}", name)
