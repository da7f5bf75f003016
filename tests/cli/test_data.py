"""What ops do with what is remembered: write it out, take it in, forget somebody, copy it. Held through the command line's own doors."""

from __future__ import annotations

import csv
import io
import json
import re
import resource
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import Settings, load
from bot.data.backing_up import back_up
from bot.data.cells import SIGNS, STARTS, cell, guarded, text
from bot.data.erasing import CARDS_S, forget
from bot.data.exporting import KINDS, moment, written, written_whole
from bot.data.importing import _tags, imported
from bot.listening.reading import as_number
from bot.refusals import Mistaken
from handlers.arrivals.arrival import Arrival
from handlers.feedback import Customer, Feedback
from handlers.forgetting.erase import erase
from handlers.receive import receive
from storage import delivery_log, exports, payloads, schema
from storage.database import Store
from tests.cli.command import hero
from tests.conftest import ANA, FRIDAY, ON_SQLITE, Shop, person, said
from tests.running import eventually
from tests.stages import STAGES, on_practice, on_slack
from tests.statements import statements

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
CANARY = "canary.customer@secret-example.org"


@given(st.text())
def test_35_no_cell_can_start_a_formula_and_each_text_comes_back_as_it_was(said: str) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow([guarded(said), "x"])
    read, _ = next(csv.reader(io.StringIO(out.getvalue(), newline="")))
    assert read[:1] not in STARTS
    assert text(read) == said


@given(st.text(st.sampled_from("=+-@＝;\t\r\n,\"'a ")))
def test_35_nor_where_a_spreadsheet_expects_semicolons_or_tabs_and_begins_cells_within_a_text(said: str) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(["x", guarded(said), "y"])
    for sign in ";\t":
        read = [cell for line in csv.reader(io.StringIO(out.getvalue(), newline=""), delimiter=sign) for cell in line]
        assert not [cell for cell in read if cell.startswith(tuple(SIGNS))]
    assert text(guarded(said)) == said


def test_35_a_text_of_several_lines_keeps_its_blank_ones_and_its_dashes_within_a_line() -> None:
    assert guarded("Slow; rude.\n\nA till - one - for all.") == "Slow; rude.\n\nA till - one - for all."
    assert guarded('Bad\n=HYPERLINK("x");-1\n"+1"') == 'Bad\n\'=HYPERLINK("x");\'-1\n\'"+1"'


@pytest.mark.parametrize("bad", ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "＝1", "＋1", "－1", "＠x", "'=1", "''"])
def test_35_what_spreadsheets_take_for_a_formula_is_guarded(bad: str) -> None:
    assert guarded(bad) == f"'{bad}"


@pytest.mark.parametrize("theirs", ["'t was cold", "O'Hara", "'"])
def test_an_apostrophe_of_somebody_elses_file_is_left_alone(theirs: str) -> None:
    assert text(theirs) == theirs


def test_numbers_keep_all_their_digits() -> None:
    assert [cell(value) for value in (3.0, 48000.55, True, None, 12)] == ["3", "48000.55", "true", "", "12"]


@contextmanager
def no_file_longer_than(bytes: int) -> Iterator[None]:
    """For this process: what a full disk would do."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_of_an_export_that_breaks_off_nothing_stays(shop: Shop, tmp_path: Path) -> None:
    there = tmp_path / "all.csv"
    shop.hears(*(said(f"r-{n}") for n in range(3)))
    with no_file_longer_than(100), pytest.raises(OSError, match="File too large"):
        written_whole(shop.store, "feedback", "csv", there)
    assert list(tmp_path.glob("all.csv*")) == []
    assert written_whole(shop.store, "feedback", "csv", there) == 3
    assert there.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        written_whole(shop.store, "feedback", "csv", there)


def exported(store: Store, kind: str, format: str, since: datetime | None = None) -> str:
    out = io.StringIO()
    written(store, kind, format, out, since)
    return out.getvalue()


def told_since(shop: Shop, kind: str, at: datetime, *names: str) -> list[Any]:
    """What an export tells of these columns that came or changed at that moment or later."""
    rows = [json.loads(line) for line in exported(shop.store, kind, "jsonl", at).splitlines()]
    return [row[names[0]] if len(names) == 1 else tuple(row[name] for name in names) for row in rows]


def test_an_export_of_what_is_new_tells_what_came_and_of_whom_something_was_noted_since_as_it_is_now(shop: Shop) -> None:
    shop.hears(*(said(f"r-{n}", customer=Customer(key=f"c-{n}")) for n in (1, 2, 3)), said("r-4", score=10))
    shop.passes(hours=1)
    since = shop.now
    shop.tap("claim", ANA, 1)
    shop.hears(said("r-5"))
    shop.passes(minutes=1)
    shop.store.write_sync(erase, "c-2", shop.now)
    assert told_since(shop, "feedback", since, "id") == ["r-5"]
    noted = [(1, "claim"), (1, "details_shown"), (4, "received"), (2, "erased")]
    assert told_since(shop, "acts", since, "follow_up", "verb") == noted
    assert told_since(shop, "follow-ups", since, "id", "state", "reason") == [
        (1, "claimed", ""), (2, "dismissed", "erased"), (4, "new", ""),
    ]  # fmt: skip
    after = shop.now + timedelta(microseconds=1)
    assert [exported(shop.store, kind, "jsonl", after) for kind in KINDS] == ["", "", "", ""]
    assert [exported(shop.store, kind, "jsonl", NOW - timedelta(days=99)) for kind in KINDS] == [
        exported(shop.store, kind, "jsonl") for kind in KINDS
    ]


def test_an_answer_taken_in_for_the_record_is_told_since_it_was_given_not_since_it_came(shop: Shop) -> None:
    shop.hears(said("r-1"))
    given = shop.now - timedelta(days=30)
    old = Arrival("import", said("r-2", occurred_at=given), given, history=True, belated=True)
    shop.store.write_sync(receive, shop.company.model_copy(update={"routes": ()}), [old])
    assert told_since(shop, "feedback", shop.now, "id") == ["r-1"]
    assert told_since(shop, "feedback", given, "id") == ["r-1", "r-2"]


@pytest.mark.parametrize("kind", ["acts", "raised"])
def test_what_an_erasure_took_out_of_lines_told_before_is_seen_only_where_all_is_told(shop: Shop, kind: str) -> None:
    shop.hears(said("r-1", customer=Customer(key="c-1")))
    shop.tap("claim", ANA)
    shop.tap("raise", ANA, words="The till is broken.")
    shop.closes(ANA, done="Rang and apologised.")
    before = exported(shop.store, kind, "jsonl").splitlines()
    shop.passes(hours=1)
    shop.store.write_sync(erase, "c-1", shop.now)
    changed = [line for line in exported(shop.store, kind, "jsonl").splitlines()[: len(before)] if line not in before]
    assert changed
    assert not {*changed} & {*exported(shop.store, kind, "jsonl", shop.now).splitlines()}
    assert "till" not in exported(shop.store, kind, "jsonl")


def test_what_is_new_is_read_page_by_page_past_what_is_not(shop: Shop) -> None:
    for n in range(1, 8):
        shop.hears(said(f"r-{n}"))
    shop.passes(hours=1)
    since = shop.now
    for n in (2, 3, 7):
        shop.tap("claim", ANA, n)
    pages: list[tuple[int | None, list[int]]] = []
    at: int | None = 0
    while at is not None:
        at, rows = shop.store.read_sync(exports.after, "follow-ups", at, 2, since)
        pages.append((at, [row.id for row in rows]))
    assert pages == [(2, [2]), (4, [3]), (6, []), (7, [7]), (None, [])], "no statement looks through more than a page"
    assert told_since(shop, "follow-ups", since, "id") == [2, 3, 7]


@pytest.mark.parametrize("kind", KINDS)
def test_no_statement_of_an_export_counts_all_rows(shop: Shop, kind: str) -> None:
    """PostgreSQL would end it where they are millions."""
    assert exported(shop.store, kind, "jsonl") == ""
    shop.hears(said("r-1"), said("r-2"))
    with statements() as asked:
        exported(shop.store, kind, "jsonl")
    assert asked
    assert [each.statement for each in asked if "count(" in each.statement] == []


@pytest.mark.parametrize(("said", "zone", "at"), [
    ("2026-11-01", "Europe/Oslo", "2026-10-31T23:00:00+00:00"),
    ("2026-09-06", "America/Santiago", "2026-09-06T04:00:00+00:00"),  # clocks are put forward at midnight
    ("2026-11-01T02:00:00+01:00", "America/Santiago", "2026-11-01T01:00:00+00:00"),
    ("2026-11-01T02:00Z", "Europe/Oslo", "2026-11-01T02:00:00+00:00"),
    ("2026-11-23T10:00:00+01:00", "Europe/Oslo", "2026-11-23T09:00:00+00:00"),
])  # fmt: skip
def test_a_day_begins_where_the_company_is_and_a_time_says_its_own_zone(said: str, zone: str, at: str) -> None:
    assert moment(said, lambda: ZoneInfo(zone), NOW).isoformat() == at


@pytest.mark.parametrize(
    "said", ["", "yesterday", "20261101", "2026-13-01", "2026-11-01T02:00", "2026-W44-1", "0001-01-01", "２０２６-11-01", "12345"]
)
def test_what_is_neither_a_day_nor_a_time_with_its_zone_is_refused_in_a_sentence(said: str) -> None:
    why = f"'{said}' is neither a day nor a time with its zone; write for example 2026-11-01 or 2026-11-01T02:00:00+01:00."
    with pytest.raises(Mistaken, match=f"^{re.escape(why)}$"):
        moment(said, lambda: ZoneInfo("Europe/Oslo"), NOW)


@pytest.mark.parametrize("said", ["2026-11-24", "2062-11-01", "9999-12-31", "2026-11-23T09:00:01Z"])
def test_a_time_to_come_is_refused_since_nothing_would_be_told(said: str) -> None:
    with pytest.raises(Mistaken, match=f"^'{re.escape(said)}' is still to come; name a day or a time that has begun"):
        moment(said, lambda: ZoneInfo("Europe/Oslo"), NOW)


@ON_SQLITE
def test_the_day_of_an_export_is_one_of_the_company_in_app_yaml_and_a_time_needs_no_app_yaml(shop: Shop, tmp_path: Path) -> None:
    shop.hears(said("r-1"))
    settings_in(tmp_path)
    database = shop.store.url.render_as_string(hide_password=False)
    for after, status, ids in (
        ("2026-11-20", 0, ["r-1"]),
        ("2026-11-21", 0, []),
        ("2026-11-20T10:00:00Z", 0, ["r-1"]),
        ("soon", 2, []),
    ):
        config = tmp_path / ("none.yaml" if "T" in after else "app.yaml")
        told = hero("export", "feedback", "--after", after, "--config", str(config), "--database", database, folder=tmp_path)
        assert told.status == status
        assert [row["id"] for row in csv.DictReader(io.StringIO(told.out))] == ids


@pytest.mark.parametrize("number", [1e16, -1.5e300, 1e-7])
def test_a_number_of_any_size_is_taken_in_as_it_was_written_out(number: float) -> None:
    assert as_number(cell(number)) == number


def test_each_kind_is_exported_in_both_forms_with_the_same_content(shop: Shop) -> None:
    shop.hears(said("r-1", comment='=cmd|"x"!A1', customer=Customer(key="c-1", name="Dana", value=48000), tags=("a", "b;c")))
    shop.tap("claim")
    shop.tap("raise", words="One till is open.")
    for kind, lines in (("feedback", 1), ("follow-ups", 1), ("acts", 4), ("raised", 1)):
        rows = list(csv.DictReader(io.StringIO(exported(shop.store, kind, "csv"))))
        objects = [json.loads(line) for line in exported(shop.store, kind, "jsonl").splitlines()]
        assert len(rows) == len(objects) == lines
        assert all(list(row) == list(each) for row, each in zip(rows, objects, strict=True))
    [row] = csv.DictReader(io.StringIO(exported(shop.store, "feedback", "csv")))
    assert row["comment"] == '\'=cmd|"x"!A1'
    assert row["customer_value"] == "48000"


def test_35_an_export_taken_in_elsewhere_is_the_same_feedback(shop: Shop, tmp_path: Path) -> None:
    bad = ["=1+1", "'quoted", "two\nlines", 'with "quotes", commas', "＝wide"]
    for n, comment in enumerate(bad):
        shop.hears(said(f"r-{n}", comment=comment, customer=Customer(key=f"c-{n}", email=f"d{n}@x.example"), tags=("=t", "u;v")))
    (tmp_path / "out.csv").write_text(exported(shop.store, "feedback", "csv"), "utf-8", newline="")
    settings = settings_in(tmp_path)
    told = imported(settings, tmp_path / "out.csv", "survey", dry_run=False, history=True)
    assert (told.text, told.failed) == ("5 accepted.", False)
    other = Store(settings.database)
    ours, theirs = (list(csv.DictReader(io.StringIO(exported(store, "feedback", "csv")))) for store in (shop.store, other))
    other.close()
    for row in (*ours, *theirs):
        row["route"] = row["received_at"] = ""
    assert ours == theirs


def test_an_export_taken_in_where_it_came_from_changes_nothing(shop: Shop, tmp_path: Path) -> None:
    store = shop.store
    settings = settings_in(tmp_path).model_copy(update={"database": store.url.render_as_string(hide_password=False)})
    customer = Customer(key="c-1", name="Dana", email="d@x.example", value=48000)
    store.write_sync(receive, settings.company, [
        Arrival("survey", said("r-1", score=2, customer=customer, tags=("red", "blue")), NOW),
        Arrival("web-shop", said("r-1", score=2, tags=("=t", "u;v", "[x")), NOW),
        Arrival("reviews", Feedback(id="r-4", metric="comment", comment="Canary", customer=Customer(key="c-2")), NOW),
        Arrival("survey", Feedback(id="r-2", metric="csat", score=1, scale=(1, 5), wants_contact=True), NOW),
    ])  # fmt: skip
    store.write_sync(
        receive, settings.company, [Arrival("survey", said("r-3", score=9, customer=Customer(key="c-1", phone="+47 1")), NOW)]
    )
    store.write_sync(erase, "c-2", NOW)  # of a review without stars nothing is left to be said
    before = [exported(store, kind, "jsonl") for kind in KINDS]
    (tmp_path / "out.csv").write_text(exported(store, "feedback", "csv"), "utf-8", newline="")
    assert "red; blue" in (tmp_path / "out.csv").read_text("utf-8")
    would = imported(settings, tmp_path / "out.csv", None, dry_run=True, history=False).text.splitlines()
    assert sorted(would[1:-1]) == ["1 would be ignored: erased before, or a test", "4 known already"]
    told = imported(settings, tmp_path / "out.csv", None, dry_run=False, history=False)
    assert told.text == "4 duplicate, 1 ignored."
    assert [exported(store, kind, "jsonl") for kind in KINDS] == before
    corrected = (tmp_path / "out.csv").read_text("utf-8").replace("red; blue", "red; green")
    (tmp_path / "out.csv").write_text(corrected, "utf-8", newline="")
    would = imported(settings, tmp_path / "out.csv", None, dry_run=True, history=False).text.splitlines()
    assert "1 known already: what the file says otherwise would be taken over" in would
    assert imported(settings, tmp_path / "out.csv", None, dry_run=False, history=False).text == "3 duplicate, 1 updated, 1 ignored."
    assert imported(settings, tmp_path / "out.csv", "elsewhere", dry_run=False, history=True).failed, "one id twice in one source"


@pytest.mark.parametrize("history", [True, False])
def test_what_a_file_says_otherwise_is_shown_and_told_to_nobody_as_if_the_customer_said_it_now(
    shop: Shop, tmp_path: Path, history: bool
) -> None:
    settings = settings_in(tmp_path).model_copy(update={"database": shop.store.url.render_as_string(hide_password=False)})
    shop.company, ana = settings.company, person("ana", chat="practice")
    shop.hears(said("r-1", score=2, comment="Cold."))
    shop.tap("claim", ana)
    shop.tap("wait", ana, days="14")
    before = (shop.row().state, shop.row().quiet_until, shop.acts(), sorted(shop.keys()))
    corrected = exported(shop.store, "feedback", "csv").replace("Cold.", "Cold and late.")
    (tmp_path / "out.csv").write_text(corrected, "utf-8", newline="")
    assert imported(settings, tmp_path / "out.csv", None, dry_run=False, history=history).text == "1 updated."
    assert shop.row().comment == "Cold and late."
    assert (shop.row().state, shop.row().quiet_until, shop.acts(), sorted(shop.keys())) == before


def test_an_export_taken_in_elsewhere_brings_no_key_that_only_that_database_wrote(shop: Shop, tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    shop.hears(*(said(f"r-{n}", score=2, customer=who) for n, who in enumerate((
        Customer(key="c-1", name="Erased Soon"), Customer(email="Olav@mail.example"), Customer(name="Kari Only"),
    ))))  # fmt: skip
    shop.store.write_sync(erase, "c-1", NOW)
    (tmp_path / "out.csv").write_text(exported(shop.store, "feedback", "csv"), "utf-8", newline="")
    assert imported(settings, tmp_path / "out.csv", None, dry_run=False, history=True).text == "2 accepted, 1 ignored."
    with closing(Store(settings.database)) as other:
        told = [json.loads(line) for line in exported(other, "feedback", "jsonl").splitlines()]
    assert [row["customer_key"] for row in told] == ["email:olav@mail.example", "answer:survey:r-2"]


@given(st.lists(st.text(min_size=1), max_size=4))
def test_tags_come_back_as_they_were(tags: list[str]) -> None:
    there = cell(tags)
    assert there[:1] not in STARTS
    assert (_tags(text(there)) if there else []) == tags


def settings_in(folder: Path) -> Settings:
    config = folder / "app.yaml"
    shipped = (ROOT / "app.yaml").read_text("utf-8")
    config.write_text(
        re.sub("^database: .*$", f"database: sqlite:///{folder / 'imported.db'}", shipped, flags=re.MULTILINE), "utf-8"
    )
    settings = load(config, environ={}).settings
    assert settings is not None
    store = Store(settings.database)
    schema.migrate(store)
    store.close()
    return settings


def test_an_import_with_mistakes_changes_nothing_and_names_each_line(tmp_path: Path) -> None:
    file = tmp_path / "in.csv"
    file.write_text(
        'id,metric,score,comment\nr-1,nps,3,"two\nlines"\nr-2,nps,11,x\nr-3,nips,3,x\n\nr-1,nps,4,x\nr-5,nps,three,x\nr-6,nps\n',
        "utf-8",
    )
    settings = settings_in(tmp_path)
    told = imported(settings, file, "import", dry_run=False, history=False)
    assert told.failed
    assert told.text.splitlines()[1:] == [
        "  line 4: score lies outside its scale of 0 to 10",
        "  line 5: metric must be one of 'nps', 'csat', 'ces', 'stars' or 'comment'",
        "  line 7: id 'r-1' stands in line 2 already",
        "  line 8: score must be a number",
        "  line 9: has 2 cells, and the first line names 4 columns",
    ]
    store = Store(settings.database)
    assert exported(store, "feedback", "jsonl") == ""
    store.close()


@pytest.mark.parametrize(("ends", "line"), [("1,,4", 2), (",10,4", 2), ("1,10,4", None), (",,4", None)])
def test_one_end_of_a_scale_alone_is_a_mistake_and_never_the_usual_scale(tmp_path: Path, ends: str, line: int | None) -> None:
    file = tmp_path / "in.csv"
    file.write_text(f"worst,best,score,id,metric\n{ends},r-1,csat\n", "utf-8")
    told = imported(settings_in(tmp_path), file, "import", dry_run=True, history=False)
    assert told.failed is (line is not None)
    assert ("line 2: worst and best are the two ends of the scale: fill in both, or neither" in told.text) is told.failed


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        ('"bad "quote', "',' expected after '\"'"),
        ('"never ends', "unexpected end of data"),
        ("x" * 140_000, "field larger than field limit (131072)"),
    ],
    ids=["quote", "end", "length"],
)
def test_a_line_from_which_on_a_file_is_no_csv_is_named_like_any_mistake(tmp_path: Path, broken: str, why: str) -> None:
    file, settings = tmp_path / "in.csv", settings_in(tmp_path)
    file.write_text(f'id,metric,score,comment\nr-1,nps,3,"two\nlines"\nr-2,nps,11,x\nr-3,nps,3,{broken}\nr-4,nps,3,x\n', "utf-8")
    told = imported(settings, file, "import", dry_run=False, history=False)
    assert told.failed
    assert told.text.splitlines()[1:] == [
        "  line 4: score lies outside its scale of 0 to 10",
        f"  line 5: from here on it is no CSV ({why}); a quotation mark inside a cell is written twice",
    ]
    file.write_text(f"id,metric,{broken}\nr-1,nps,x\n", "utf-8")
    told = imported(settings, file, "import", dry_run=False, history=False)
    assert told.text.splitlines()[1:] == [
        f"  line 1: from here on it is no CSV ({why}); a quotation mark inside a cell is written twice"
    ]


def test_a_dry_run_says_what_would_happen_and_history_asks_nobody(tmp_path: Path) -> None:
    file = tmp_path / "in.csv"
    file.write_text("id,metric,score,customer_email,tags\nr-1,nps,3,a@x.example,red; blue\nr-2,nps,10,,\n", "utf-8-sig")
    settings = settings_in(tmp_path)
    nowhere = settings.model_copy(update={"database": f"sqlite:///{tmp_path / 'none.db'}"})
    told = imported(settings, file, "import", dry_run=True, history=False).text
    assert told == imported(nowhere, file, "import", dry_run=True, history=False).text, "a bot that was never started knows nothing"
    assert not (tmp_path / "none.db").exists()
    assert "1 would ask Oak Street to follow up (everyone else)" in told
    assert "1 would be stored, and nobody asked" in told
    store = Store(settings.database)
    assert exported(store, "feedback", "jsonl") == ""
    assert imported(settings, file, "import", dry_run=False, history=True).text == "2 accepted."
    assert exported(store, "follow-ups", "jsonl") == ""
    assert imported(settings, file, "import", dry_run=False, history=False).text == "2 duplicate."
    assert '"tags": ["red", "blue"]' in exported(store, "feedback", "jsonl")
    store.close()


def test_a_file_with_an_unknown_column_or_none_at_all_is_refused_in_a_sentence(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    file = tmp_path / "in.csv"
    file.write_text("id,metric,scoer\n", "utf-8")
    assert "the column 'scoer' is not one we know" in imported(settings, file, "import", dry_run=False, history=False).text
    file.write_text("id;metric;score\nr-1;nps;3\n", "utf-8")
    assert "save the file with commas" in imported(settings, file, "import", dry_run=False, history=False).text
    with pytest.raises(Mistaken, match=r"none.csv cannot be read \(No such file or directory\)"):
        imported(settings, tmp_path / "none.csv", "import", dry_run=False, history=False)
    file.write_bytes(b"id,metric\n\xff,nps\n")
    with pytest.raises(Mistaken, match="it is not UTF-8"):
        imported(settings, file, "import", dry_run=False, history=False)


@pytest.mark.anyio
@pytest.mark.parametrize("chat", STAGES)
async def test_38_an_erased_customer_is_gone_from_cards_file_and_log_while_the_bot_runs(tmp_path: Path, chat: str) -> None:
    import asyncio

    async with STAGES[chat](tmp_path, FRIDAY) as stage:
        here = stage.here
        await here.hears(id="r-1", score=2, comment="Canary words here.", customer={"email": CANARY, "name": "Dana Canary"})
        await eventually(stage.channel)
        await stage.press("ana", "I'll reply")
        await eventually(lambda: stage.private("ana"))
        await stage.fill("ben", (await stage.press("ben", "Add a note…")).form, {"Your note": "Dana Canary called."})
        await eventually(stage.thread)
        lines: list[str] = []
        await asyncio.to_thread(forget, here.house.settings, CANARY, lines.append)
        assert "3 messages in the chats show nothing of them any more." in lines
        shown = [*(await stage.channel()), *(await stage.thread()), *(await stage.private("ana"))]
        assert [words for words in shown if "anary" in words] == []
        assert "Erased" in shown[0]
        files = [tmp_path / "hero.db", tmp_path / "hero.db-wal"]
        assert [file for file in files if file.exists() and b"anary" in file.read_bytes()] == []
        again = await here.hears(id="r-1", score=2, comment="Canary words here.", customer={"email": CANARY})
        assert again.json() == {"status": "ignored", "id": None}
        with pytest.raises(Mistaken, match="nobody is known"):
            await asyncio.to_thread(forget, here.house.settings, CANARY, lines.append)


@pytest.mark.anyio
async def test_erase_is_done_only_once_a_post_whose_answer_was_lost_shows_nothing_of_them_either(tmp_path: Path) -> None:
    import asyncio

    async with on_slack(tmp_path, FRIDAY) as stage:
        stage.slack.fail_next("chat.postMessage", "drop")
        await stage.here.hears(id="r-1", score=2, comment="Canary words here.", customer={"email": CANARY, "name": "Dana Canary"})
        await eventually(stage.channel)
        lines: list[str] = []
        await asyncio.to_thread(forget, stage.here.house.settings, CANARY, lines.append)
        assert "1 message in the chats shows nothing of them any more." in lines
        [card] = await stage.channel()
        assert "anary" not in card
        assert "Erased" in card


@pytest.mark.anyio
async def test_erase_says_which_messages_no_bot_goes_on_with_and_waits_for_none_of_them(tmp_path: Path) -> None:
    import asyncio

    async with on_slack(tmp_path, FRIDAY) as stage:
        await stage.here.hears(id="r-1", score=2, comment="Canary words here.", customer={"email": CANARY, "name": "Dana Canary"})
        await eventually(stage.channel)
        stage.slack.fail_next("chat.update", "is_archived")
        lines: list[str] = []
        async with asyncio.timeout(CARDS_S / 2):
            await asyncio.to_thread(forget, stage.here.house.settings, CANARY, lines.append)
    said = "1 message in the chats could not be changed; hero deliveries says why. Once that is mended: hero deliveries --replay."
    assert said in lines


@pytest.mark.anyio
async def test_31_a_backup_under_load_holds_every_event_acknowledged_before_it_began(tmp_path: Path) -> None:
    import asyncio

    async with on_practice(tmp_path) as stage:
        here, taken, end = stage.here, [], threading.Event()

        async def load(sender: int) -> None:
            n = 0
            while not end.is_set():
                answer = await here.hears(id=f"r-{sender}-{n}", score=2, comment="x" * 500)
                assert answer.status_code == 202
                taken.append(f"r-{sender}-{n}")
                n += 1

        senders = [asyncio.create_task(load(n)) for n in range(4)]
        for drill in range(3):
            await eventually(lambda wanted=40 * (drill + 1): len(taken) > wanted)
            acknowledged, target = set(taken), tmp_path / f"copy-{drill}.db"
            told = await asyncio.to_thread(back_up, here.house.settings.database, target)
            assert "checked and whole" in told
            restored = Store(f"sqlite:///{target}", alone=True)
            ids = {json.loads(line)["id"] for line in exported(restored, "feedback", "jsonl").splitlines()}
            follow_ups = exported(restored, "follow-ups", "jsonl").splitlines()
            restored.close()
            assert acknowledged <= ids
            assert len(follow_ups) == len(ids), "a moment, whole: no answer without its follow-up"
        end.set()
        await asyncio.gather(*senders)


@ON_SQLITE
def test_31_a_backup_of_a_bot_that_was_killed_is_whole_and_goes_on_where_it_stopped(shop: Shop, tmp_path: Path) -> None:
    shop.hears(said("r-1"), said("r-2"))
    folder = tmp_path / "dead"
    folder.mkdir()
    for name in ("hero.db", "hero.db-wal"):  # what lies on the disk after a kill: a log nobody wrote back
        (folder / name).write_bytes((tmp_path / name).read_bytes())
    back_up(f"sqlite:///{folder / 'hero.db'}", tmp_path / "copy.db")
    assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600
    restored = Store(f"sqlite:///{tmp_path / 'copy.db'}", alone=True)
    assert schema.migrate(restored) is None
    assert len(restored.read_sync(delivery_log.unfinished, 10)) == 2
    restored.close()


@ON_SQLITE
def test_a_backup_never_writes_over_a_file_and_says_what_postgresql_has_instead(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "there.db").write_text("mine")
    with pytest.raises(Mistaken, match="is there already"):
        back_up(f"sqlite:///{tmp_path / 'hero.db'}", tmp_path / "there.db")
    assert (tmp_path / "there.db").read_text() == "mine"
    for address in (
        "hero:secret-password@db/hero",
        "hero@db/hero?password=secret-password",
        "hero@db/hero?sslpassword=secret-password",
    ):
        with pytest.raises(Mistaken, match="pg_dump") as refused:
            back_up(f"postgresql://{address}", tmp_path / "copy.db")
        assert "secret-password" not in str(refused.value)
    with pytest.raises(Mistaken, match="there is no database"):
        back_up(f"sqlite:///{tmp_path / 'none.db'}", tmp_path / "copy.db")


def test_erasing_somebody_of_whom_nothing_was_shown_says_so(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    with closing(Store(settings.database)) as store:
        store.write_sync(receive, settings.company, [Arrival("survey", said("r-1", score=10, customer=Customer(key="c-1")), NOW)])
    told: list[str] = []
    forget(settings, "c-1", told.append)
    assert "No message in the chats showed anything of them." in told


def dumped(settings: Settings) -> list[str]:
    with closing(sqlite3.connect(settings.database.removeprefix("sqlite:///"))) as file:
        return list(file.iterdump())


def test_erase_without_a_yes_says_how_much_it_would_erase_and_changes_nothing(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    dana, ana = Customer(key="c-1", name="Dana Canary", email=CANARY), person("ana", chat="practice")
    with closing(Store(settings.database)) as store:
        shop = Shop(store, settings.company)
        shop.hears(said("r-1", customer=dana), said("r-2", customer=dana), said("r-3", score=10, customer=Customer(key="c-2")))
        shop.tap("claim", ana)
        shop.tap("note", ana, note="A regular.")
        shop.closes(ana)
        kept = {"source": "survey", "received_at": NOW, "rejected": True, "reason": ""}
        store.write_sync(
            payloads.keep, [kept | {"body": body} for body in (f'{{"mail": "{CANARY}"}}', '{"mail": "olav@mail.example"}')]
        )
    before = dumped(settings)
    for who in ("c-1", CANARY):
        told = hero("erase", "--customer", who, folder=tmp_path)
        assert (told.status, told.out) == (2, "")
        assert told.err == (
            "hero: this would erase: 1 customer, 2 answers, 2 follow-ups, 2 notes of colleagues, 1 payload (kept, or named to be "
            "fetched). This cannot be undone, and changes the cards that were posted. To do it, add --yes. Nothing was changed.\n"
        )
    assert dumped(settings) == before
    assert "Erased: 1 customer, 2 answers." in hero("erase", "--customer", "c-1", "--yes", folder=tmp_path).out


def test_erase_counts_what_stands_in_the_words_of_somebody_else(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    with closing(Store(settings.database)) as store:
        friend = said("r-2", comment=f"My friend {CANARY} waited, too.", customer=Customer(key="c-2"))
        Shop(store, settings.company).hears(said("r-1", customer=Customer(key="c-1", email=CANARY)), friend)
    told = hero("erase", "--customer", "c-1", "--yes", folder=tmp_path).out
    assert "1 word of theirs still stands in the file, in what belongs to somebody else" in told


def test_erase_asks_for_a_yes_and_the_commands_say_what_they_did(tmp_path: Path) -> None:
    settings_in(tmp_path)
    assert "nobody is known" in hero("erase", "--customer", "c-1", folder=tmp_path).err
    unknown = hero("erase", "--customer", "c-1", "--yes", folder=tmp_path)
    assert (unknown.status, "nobody is known" in unknown.err) == (2, True)
    out = hero("export", "feedback", "--out", "out.csv", folder=tmp_path)
    assert out.out.strip() == "Wrote 0 lines to out.csv."
    assert "is there already" in hero("export", "feedback", "--out", "out.csv", folder=tmp_path).err
    assert hero("import", "feedback", "out.csv", folder=tmp_path).out.strip() == "The file is empty."
    assert "Copied to copy.db" in hero("backup", "copy.db", folder=tmp_path).out
