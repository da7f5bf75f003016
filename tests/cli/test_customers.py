"""Customers from a file, and two keys that are one: what ops type, what they read, and what stands in the database after it."""

from __future__ import annotations

import json
import shutil
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.config import load
from handlers.arrivals.arrival import Arrival
from handlers.company import Company
from handlers.feedback import Customer
from handlers.receive import receive
from storage import models, schema
from storage.database import Store
from tests.cli.command import hero
from tests.conftest import FRIDAY, said

APP = """company: {name: Northwind, timezone: Europe/Oslo, country: "NO"}
chats: {practice: {}}
sources: {crm: {kind: crm, unsigned: true}}
teams: {oak-street: {title: Oak Street, channel: "practice:oak-street", hours: always}}
routes: [{name: everyone, when: {band: detractor}, team: oak-street}]
"""
GOES_AWAY = """CREATE FUNCTION away() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.key = 'c-430' THEN RAISE EXCEPTION 'read-only now' USING ERRCODE = '25006'; END IF; RETURN NEW; END $$"""
GOOD = "key,email,name,value,currency,segment,owner,location\nc-1,dana@x.example,Dana,48000.5,NOK,gold,Lea,Oslo\n,ben@x.example,Ben,,,,,\n"


@pytest.fixture
def folder(tmp_path: Path, migrated_file: Path) -> Path:
    (tmp_path / "app.yaml").write_text(APP, encoding="utf-8")
    shutil.copy(migrated_file, tmp_path / "action-hero.db")
    return tmp_path


def file(folder: Path, text: str) -> str:
    (folder / "customers.csv").write_text(text, encoding="utf-8")
    return "customers.csv"


def rows(folder: Path) -> dict[str, tuple[object, ...]]:
    table = models.Customer.__table__  # type: ignore[attr-defined]
    with closing(Store(f"sqlite:///{folder / 'action-hero.db'}")) as store:
        found = store.read_sync(lambda tx: tx.execute(select(table).where(table.c.merged_into.is_(None))).all())
    return {row.key: (row.name, row.value, row.segment, row.owner, row.location) for row in found}


def test_a_file_of_customers_is_taken_in_and_taken_in_again_without_a_change(folder: Path) -> None:
    name = file(folder, GOOD)
    dry = hero("import", "customers", name, "--dry-run", folder=folder)
    assert (dry.status, dry.out) == (
        0,
        "2 customers read, no mistakes: 2 new.\nNothing was changed: leave out --dry-run to do it.\n",
    )
    assert rows(folder) == {}
    assert hero("import", "customers", name, folder=folder).out == "2 new.\n"
    assert rows(folder) == {"c-1": ("Dana", 48000.5, "gold", "Lea", "Oslo"), "email:ben@x.example": ("Ben", None, None, None, None)}
    assert hero("import", "customers", name, folder=folder).out == "2 known already.\n"
    other = file(folder, "key,segment\nc-1,platinum\nc-2,\n")
    assert (
        "2 customers read, no mistakes: 1 new, 1 changed.\n" in hero("import", "customers", other, "--dry-run", folder=folder).out
    )
    told = hero("import", "customers", other, folder=folder)
    assert told.out == "1 new, 1 changed.\n"
    assert rows(folder)["c-1"] == ("Dana", 48000.5, "platinum", "Lea", "Oslo")


def test_a_file_may_come_through_standard_input_and_its_mistakes_are_told_all_the_same(folder: Path) -> None:
    told = hero("import", "customers", "-", folder=folder, typed="\ufeffkey,name\nc-1,Zażółć Ø\n")
    assert (told.status, told.out) == (0, "1 new.\n")
    assert rows(folder)["c-1"][0] == "Zażółć Ø"
    told = hero("import", "feedback", "-", folder=folder, typed="id,metric,score\nr-1,nps,11\n")
    assert (told.status, told.out.splitlines()[0]) == (2, "standard input has 1 mistake, so nothing was changed:")


@pytest.mark.parametrize("between", [0, 600])
@pytest.mark.parametrize(("key", "counts"), [("c-1", "{0} new, 1 known already"), ("", "{0} new, 1 changed")])
def test_whoever_stands_there_by_key_and_by_e_mail_is_new_once_wherever_the_file_is_cut(
    folder: Path, between: int, key: str, counts: str
) -> None:
    others = "".join(f"o-{n},,\n" for n in range(between))
    second = {"c-1": "", "": "c-1"}[key]
    name = file(
        folder, f"key,email,name\n{key},dana@x.example,Dana\n{others}{second},dana@x.example,{'Dana' if key else 'Dana R.'}\n"
    )
    expected = counts.format(between + 1)
    assert f"read, no mistakes: {expected}.\n" in hero("import", "customers", name, "--dry-run", folder=folder).out
    assert hero("import", "customers", name, folder=folder).out.splitlines()[-1] == f"{expected}."
    assert len(rows(folder)) == between + 1
    again = hero("import", "customers", name, "--dry-run", folder=folder).out
    assert f"{between + 2} customers read" in again
    assert hero("import", "customers", name, folder=folder).out.splitlines()[-1] in again


def test_a_file_is_taken_in_a_piece_at_a_time_and_gone_on_with_if_the_database_went_away(folder: Path, fresh_postgres: str) -> None:
    name = file(folder, "key,email,name\n" + "".join(f"c-{n},c{n}@x.example,Name {n}\n" for n in range(450)))
    words = ("import", "customers", name, "--database", fresh_postgres)
    with closing(Store(fresh_postgres)) as store:
        schema.migrate(store)
        for statement in (GOES_AWAY, "CREATE TRIGGER away BEFORE INSERT ON customer FOR EACH ROW EXECUTE FUNCTION away()"):
            store.write_sync(lambda tx, say=statement: tx.exec_driver_sql(say))
        told = hero(*words, folder=folder)
        assert (told.status, told.out) == (75, "")
        assert "hero: 400 of 450 customers are taken in, then the database went away" in told.err
        assert "Run the same command again: it goes on from there." in told.err
        store.write_sync(lambda tx: tx.exec_driver_sql("DROP TRIGGER away ON customer"))
    assert hero(*words, folder=folder).out == "50 new, 400 known already.\n"


def test_a_file_with_mistakes_changes_nothing_and_each_is_told_by_its_line(folder: Path) -> None:
    bad = 'key,email,value,currency\nc-1,,much,NOK\n,,5,NOK\nc-2,a@x.example,5,KRONER\n\nc-3,"two\nlines@x.example",-1,NOK\nc-4,,1\nc-2,,1,NOK\nc-2,,2,NOK\n'
    told = hero("import", "customers", file(folder, bad), folder=folder)
    assert told.status == 2
    assert told.out.splitlines() == [
        "customers.csv has 6 mistakes, so nothing was changed:",
        "  line 2: value must be a number",
        "  line 3: key is missing; a customer of the directory has a key, or else an email",
        "  line 4: currency is longer than 3 characters",
        "  line 6: value must be 0 or more",
        "  line 8: has 3 cells, and the first line names 4 columns",
        "  line 10: the customer 'c-2' stands in line 9 already",
    ]
    assert rows(folder) == {}


@pytest.mark.parametrize(
    ("first", "why"),
    [
        ("key,emial", "the column 'emial' is not one we know; there are company, currency, email, key"),
        ("name,value", "the column email or key is needed; there are"),
        ("key,key", "the column 'key' stands there twice"),
    ],
)
def test_a_file_whose_columns_are_not_ours_is_refused_with_those_there_are(folder: Path, first: str, why: str) -> None:
    told = hero("import", "customers", file(folder, f"{first}\nx,y\n"), folder=folder)
    assert (told.status, why in told.out) == (2, True), told.out


@pytest.mark.parametrize("option", [["--history"], ["--source", "crm"]])
def test_an_option_that_means_nothing_for_customers_is_refused_with_the_word(folder: Path, option: list[str]) -> None:
    told = hero("import", "customers", file(folder, GOOD), *option, folder=folder)
    assert (told.status, f"leave {option[0]} out" in " ".join(told.all.replace("│", "").split())) == (2, True), told.all
    assert rows(folder) == {}


def test_two_keys_become_one_only_with_yes_and_what_it_means_is_told_first(folder: Path) -> None:
    hero("import", "customers", file(folder, "key,email,value\nc-77,dana@x.example,48000\nc-12,,1000\n"), folder=folder)
    company = _company(folder)
    with closing(Store(f"sqlite:///{folder / 'action-hero.db'}")) as store:
        store.write_sync(receive, company, [Arrival("survey", said(customer=Customer(key="c-12")), FRIDAY)])
    asked = hero("merge-customers", "dana@x.example", "c-12", folder=folder)
    means = "1 answer of c-12, still being followed up, becomes one of c-77's; both keys would be one customer."
    assert (asked.status, asked.err) == (2, f"hero: {means} To do it, add --yes. Nothing was changed.\n")
    assert rows(folder).keys() == {"c-77", "c-12"}
    done = hero("merge-customers", "dana@x.example", "c-12", "--yes", folder=folder)
    assert (done.status, done.out.startswith("1 answer of c-12")) == (0, True)
    assert rows(folder) == {"c-77": (None, 48000.0, None, None, None)}
    again = hero("merge-customers", "c-77", "c-12", "--yes", folder=folder)
    assert (again.status, "one customer already. Nothing was changed." in again.err) == (2, True), again.all


def test_a_payload_of_the_crm_is_rehearsed_without_storing_it(folder: Path) -> None:
    told = hero("rehearse", "crm", "-", folder=folder, typed='{"key": "c-1", "segment": "gold"}')
    assert told.out == "Customer  c-1: key c-1, segment gold\n\nNothing was stored or posted.\n"
    assert rows(folder) == {}


ROUTED = APP.replace("unsigned: true}}", "unsigned: true}, survey: {kind: plain, unsigned: true}}").replace(
    "routes: [", 'routes: [{name: key accounts, when: {band: detractor, value: ">=10000"}, team: oak-street}, '
)


@pytest.mark.parametrize(("value", "route"), [({}, "key accounts"), ({"value": 5}, "everyone")])
def test_a_payload_is_rehearsed_with_what_the_directory_knows_of_the_customer_unless_it_says_so_itself(
    folder: Path, value: dict[str, object], route: str
) -> None:
    (folder / "app.yaml").write_text(ROUTED, encoding="utf-8")
    hero("import", "customers", file(folder, "key,email,value\nc-77,dana@x.example,48000\n"), folder=folder)
    dana = {"id": "r-1", "metric": "nps", "score": 3, "customer": {"email": "Dana@x.example", **value}}
    told = hero("rehearse", "survey", "-", folder=folder, typed=json.dumps(dana))
    assert f"Route     → {route} matches" in told.out, told.all
    assert ("Customer  as the directory knows them: value 48000.0\n" in told.out) == (not value)


def test_a_file_of_answers_is_tried_with_what_the_directory_knows_of_the_customers(folder: Path) -> None:
    (folder / "app.yaml").write_text(ROUTED, encoding="utf-8")
    hero("import", "customers", file(folder, "key,email,value\nc-77,dana@x.example,48000\n"), folder=folder)
    lines = ["q-1,nps,3,dana@x.example", "q-2,nps,3,", "hero-test:1,nps,3,", "q-3,nps,3,olav@x.example"]
    (folder / "answers.csv").write_text("\n".join(["id,metric,score,customer_email", *lines]), encoding="utf-8")
    told = hero("import", "feedback", "answers.csv", "--dry-run", folder=folder).out
    assert "1 would ask Oak Street to follow up (key accounts)\n" in told
    assert "2 would ask Oak Street to follow up (everyone)\n" in told
    assert "1 would be ignored: erased before, or a test\n" in told


def _company(folder: Path) -> Company:
    settings = load(folder / "app.yaml").settings
    assert settings is not None
    return settings.company
