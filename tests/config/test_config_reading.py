"""What app.yaml says ends up in Settings, and nothing that is wrong with a file is a traceback."""

import subprocess
import sys
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr, ValidationError

from bot.config import Loaded, Settings, load
from bot.config.check import findings
from bot.config.findings import Level, report
from handlers.company import People
from handlers.feedback import Band, Feedback, Metric, Place
from handlers.rules import route

ROOT = Path(__file__).parents[2]
START = "company: {name: Northwind Coffee, timezone: Europe/Oslo, country: NO}\nchats: {practice: {}}\n"
TEAM = "teams:\n  oak-street: {channel: practice:oak-street, leader: lea@northwind.example}\n"


def loaded(tmp_path: Path, text: str, environ: dict[str, str] | None = None, **options: Any) -> Loaded:
    path = tmp_path / "app.yaml"
    path.write_text(text, "utf-8")
    return load(path, environ=environ or {}, **options)


def settings(tmp_path: Path, text: str, environ: dict[str, str] | None = None) -> Settings:
    found = loaded(tmp_path, text, environ)
    assert found.settings, report(found.findings)
    return found.settings


def codes(tmp_path: Path, text: str, environ: dict[str, str] | None = None, **options: Any) -> list[str]:
    return [finding.code for finding in findings(loaded(tmp_path, text, environ, **options))]


def test_the_shipped_file_needs_nothing_and_nothing_is_wrong_with_it() -> None:
    found = load(ROOT / "app.yaml", environ={})
    assert [each for each in findings(found) if each.level is Level.ERROR] == []
    assert found.settings
    assert list(found.settings.chats) == ["practice"]
    assert found.settings.server.port == 8080


def test_the_shipped_file_finds_a_team_for_every_detractor() -> None:
    found = load(ROOT / "app.yaml", environ={}).settings
    assert found
    for tags in ((), ("harbour",), ("oak-street",)):
        angry = Feedback(id="1", metric=Metric.NPS, score=2, tags=tags)
        assert route(angry, "survey", found.company.routes) is not None


def test_a_short_file_has_sensible_values_for_the_rest(tmp_path: Path) -> None:
    found = settings(tmp_path, START + TEAM)
    team = found.company.teams["oak-street"]
    assert found.database == f"sqlite:///{tmp_path}/action-hero.db"
    assert (found.server.host, found.server.port, found.server.tick) == ("127.0.0.1", 8080, 15.0)
    assert (found.delivery.deadline, found.delivery.settle, found.delivery.lease) == (8.0, 10.0, 20.0)
    assert (team.title, team.channels) == ("Oak Street", (Place.parse("practice:oak-street"),))
    assert (str(team.promise.claim), str(team.promise.close)) == ("4h", "2d")
    assert len(team.causes) == 6
    assert team.hours.is_open(datetime(2026, 11, 20, 8, 0, tzinfo=UTC))
    assert not team.hours.is_open(datetime(2026, 11, 21, 12, tzinfo=UTC))
    assert team.posting.at == time(9)
    assert found.company.people is People.NAMES


def test_a_route_reads_single_values_lists_and_comparisons(tmp_path: Path) -> None:
    when = '{band: [detractor, passive], score: 3, value: [">=10", "<2"], tag: 2026, words: refund, wants_contact: true}'
    found = settings(tmp_path, START + TEAM + f"routes:\n  - {{name: a, when: {when}, team: oak-street}}\n").company.routes[0].when
    assert found.band == (Band.DETRACTOR, Band.PASSIVE)
    assert [(c.sign, c.number) for c in (*found.score, *found.value)] == [("=", 3), (">=", 10), ("<", 2)]
    assert (found.tag, found.words, found.wants_contact, found.source) == (("2026",), ("refund",), True, ())


def test_times_and_countries_that_other_parsers_misread_are_text(tmp_path: Path) -> None:
    text = START + "teams:\n  on: {channel: practice:on, digest: {at: 21:30}}\n"
    found = settings(tmp_path, text).company
    assert (list(found.teams), found.teams["on"].posting.at) == (["on"], time(21, 30))
    assert date(2026, 5, 17) in found.holidays, "the national day of Norway, and of nobody whose country is false"


def test_a_name_of_digits_stays_as_it_is_written(tmp_path: Path) -> None:
    routes = "routes: [{name: 007, team: 007, when: {score: [007, 1.50]}}]\nserver: {port: 08123}\n"
    found = settings(tmp_path, START + "teams: {007: {channel: practice:a}}\n" + routes)
    assert (found.company.routes[0].name, found.company.routes[0].team, found.server.port) == ("007", "007", 8123)
    assert [comparison.number for comparison in found.company.routes[0].when.score] == [7, 1.5]


def test_hours_count_in_the_zone_of_the_company(tmp_path: Path) -> None:
    team = settings(tmp_path, START + TEAM).company.teams["oak-street"]
    assert team.hours.zone == ZoneInfo("Europe/Oslo")
    assert team.hours.after(datetime(2026, 11, 20, 7, tzinfo=UTC), team.promise.claim) == datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_a_card_may_be_mirrored_in_several_channels(tmp_path: Path) -> None:
    found = settings(tmp_path, START + "teams:\n  a: {channel: [practice:a, practice:b]}\n")
    assert [place.channel for place in found.company.teams["a"].channels] == ["a", "b"]


def test_a_name_is_taken_from_the_environment_before_the_file_beside(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("HERO_SECRET=from-the-file\nTITLE='Oak $treet # 1'\n", "utf-8")
    text = START + 'server: {secret: "${HERO_SECRET}"}\nteams:\n  a: {channel: practice:a, title: "${TITLE}, $${x}"}\n'
    found = settings(tmp_path, text, {"HERO_SECRET": "from-the-environment"})
    assert found.server.secret
    assert found.server.secret.get_secret_value() == "from-the-environment"
    assert found.company.teams["a"].title == "Oak $treet # 1, ${x}"


def test_the_environment_of_the_process_is_used_when_none_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HERO_TEST_PORT", "8123")
    path = tmp_path / "app.yaml"
    path.write_text(START + "server:\n  port: ${HERO_TEST_PORT}\n", "utf-8")
    found = load(path).settings
    assert found
    assert found.server.port == 8123


def test_a_name_that_is_not_set_is_an_error_unless_the_environment_is_not_asked(tmp_path: Path) -> None:
    text = START + 'server: {secret: "${HERO_SECRET}", port: "${PORT}", tick: soon}\n'
    assert codes(tmp_path, text) == ["X104", "X104", "X103"]
    assert codes(tmp_path, text, {"HERO_SECRET": "", "PORT": "1"}) == ["X104", "X103"]
    assert codes(tmp_path, text, need_env=False) == ["X103"]


def test_two_teams_may_have_one_title_unless_some_route_looks_for_the_team_of_a_place(tmp_path: Path) -> None:
    teams = "teams:\n  oak: {title: Shop, channel: practice:a}\n  elm: {title: shop, channel: practice:b}\n"
    everyone = "routes:\n  - {name: everyone, team: oak}\n"
    assert "X112" not in codes(tmp_path, START + teams + everyone)
    the_shop = "routes:\n  - {name: the shop, when: {band: detractor}, team_of: touchpoint}\n  - {name: everyone, team: oak}\n"
    assert "X112" in codes(tmp_path, START + teams + the_shop)


def test_a_place_from_the_environment_is_that_of_two_teams_only_if_both_name_it_so(tmp_path: Path) -> None:
    start = START + 'teams:\n  oak: {channel: practice:a, leader: "${LEA}", places: "${OAK}"}\n'
    known = {"LEA": "lea@northwind.example", "OAK": "0412", "ELM": "0413"}
    for place, twice in (("${ELM}", False), ("${OAK}", True)):
        text = start + f'  elm: {{channel: practice:b, places: ["{place}"]}}\n'
        assert ("X112" in codes(tmp_path, text, known), "X112" in codes(tmp_path, text, need_env=False)) == (twice, twice)


@pytest.mark.parametrize("blank", [" ", "\t", "\u00a0 \n"])
def test_nothing_but_white_space_in_the_environment_is_no_value(tmp_path: Path, blank: str) -> None:
    text = START + 'sources: {shop: {kind: delighted, secret: "${SHOP}"}}\n'
    found = loaded(tmp_path, text, {"SHOP": blank})
    assert [(each.code, each.message) for each in found.findings] == [("X104", "SHOP is empty")]
    assert found.settings is None


def test_a_misspelt_name_of_the_environment_is_told_the_nearest(tmp_path: Path) -> None:
    found = loaded(tmp_path, START + 'server: {secret: "${HERO_SECRT}"}\n', {"HERO_SECRET": "x"}).findings
    assert [finding.help for finding in found] == ["did you mean `HERO_SECRET`?"]


@pytest.mark.parametrize(("address", "warned"), [
    ("postgresql://hero:${T}@db/hero", False),
    ("postgresql://hero:${T}${T}@db/hero", False),
    ("postgresql://db/hero?user=hero&password=${T}&sslmode=require", False),
    ("postgresql://hero:${T}hunter2@db/hero", True),
    ("postgresql://hero:hunter2${T}@db/hero", True),
    ("postgresql://db/hero?user=hero&password=${T}hunter2&sslmode=require", True),
])  # fmt: skip
def test_a_password_of_which_only_a_part_is_in_the_environment_is_warned_about(tmp_path: Path, address: str, warned: bool) -> None:
    assert codes(tmp_path, f'{START}database: "{address}"\n', {"T": "x"}) == ["W206"] * warned


@pytest.mark.parametrize(("address", "warned"), [
    ("https://hero:${T}@tool.example/v1", False),
    ("https://hero:${T}hunter2@tool.example/v1", True),
    ("https://tool.example:${T}/@hero", False),
    ("https://tool.example/v1?token=${T}&page=1", False),
    ("https://tool.example/v1?token=${T}hunter2&page=1", True),
])  # fmt: skip
def test_so_is_one_in_any_other_address(tmp_path: Path, address: str, warned: bool) -> None:
    text = START.replace("practice: {}", f'slack: {{bot_token: "${{T}}", app_token: "${{T}}", api_url: "{address}"}}')
    found = findings(loaded(tmp_path, text, {"T": "x"}))
    assert ("W206" in {each.code for each in found}) is warned
    assert "hunter2" not in report(found)


@pytest.mark.parametrize(("source", "warned"), [
    ("{kind: typeform, secret: '${T}', questions: {score: how, key: member}, hidden: {key: customer_id}}", False),
    ("{kind: app_store, token: '${T}', key: 2X9R4HXF34, issuer: I, app: '1'}", False),
    ("{kind: app_store, token: hunter2-hunter2, key: 2X9R4HXF34, issuer: I, app: '1'}", True),
    ("{kind: delighted, secret: [hunter2-hunter2, '${T}']}", True),
    ("{kind: delighted, key: hunter2-hunter2}", True),
    ("{kind: mapped, secret: '${T}', signature: {secret: hunter2-hunter2}}", True),
])  # fmt: skip
def test_what_the_options_of_a_source_call_a_secret_is_masked_and_no_name_of_a_field(
    tmp_path: Path, source: str, warned: bool
) -> None:
    found = findings(loaded(tmp_path, f"{START}sources: {{a: {source}}}\n{TEAM}", {"T": "x"}))
    assert ("W206" in {each.code for each in found}) is warned
    assert "hunter2" not in report(found)


def test_secrets_are_in_no_repr(tmp_path: Path) -> None:
    text = START.replace("practice: {}", 'slack: {bot_token: "${T}", app_token: "${T}"}') + (
        'server: {secret: "${T}"}\ndatabase: "postgresql://hero:${T}@db/hero"\nsources: {a: {kind: delighted, secret: "${T}"}}\n'
    )
    found = settings(tmp_path, text, {"T": "hunter2-hunter2"})
    assert "hunter2" not in repr(found)
    assert "hunter2" not in str(found)
    assert isinstance(found.server.secret, SecretStr)


def test_what_came_from_the_environment_is_in_no_message(tmp_path: Path) -> None:
    text = START + (
        'database: "${T}"\nserver: {port: "${T}", public_url: "${T}", tick: "${T}"}\n'
        'teams:\n  a: {channel: "${T}", hours: {mon: "${T}"}}\n'
        'sources: {a: {kind: "${T}"}, b: {kind: plain, limit: "${T}", unsigned: "${T}"}}\n'
    )
    for value in ("hunter2", "hunter2'\"\\n\u2028", "hunter2: x"):
        found = findings(loaded(tmp_path, text, {"T": value}))
        assert len(found) >= 8
        assert "hunter2" not in report(found) + report(found, "json") + report(found, "github")


def test_settings_cannot_be_changed(tmp_path: Path) -> None:
    found = settings(tmp_path, START + TEAM)
    with pytest.raises(ValidationError):
        found.database = "sqlite://"  # type: ignore[misc]


def test_a_practice_chat_may_stand_beside_a_real_one_when_that_is_said(tmp_path: Path) -> None:
    both = START.replace("practice: {}", 'practice: {}, slack: {bot_token: "${T}", app_token: "${T}"}')
    assert "X201" in codes(tmp_path, both, {"T": "t"})
    assert "X201" not in codes(tmp_path, both + "server: {allow_practice: true}\n", {"T": "t"})


def test_a_promise_over_a_night_or_weekend_is_no_mistake(tmp_path: Path) -> None:
    team = 'teams:\n  a: {channel: practice:a, leader: [], hours: {mon-fri: "10:00-12:00"}, promise: {claim: 30m, close: 1h}}\n'
    assert codes(tmp_path, START + team + "routes: [{name: all, team: a}]\n") == []


def test_a_team_that_has_no_leader_on_purpose_says_so(tmp_path: Path) -> None:
    route = "routes: [{name: all, team: a}]\n"
    assert codes(tmp_path, START + "teams:\n  a: {channel: practice:a}\n" + route) == ["W215"]
    assert codes(tmp_path, START + "teams:\n  a: {channel: practice:a, leader: []}\n" + route) == []


@pytest.mark.parametrize("known", ["country: SE", "holidays: false", "hours: always"])
def test_a_team_that_knows_its_holidays_or_keeps_none_needs_no_country_of_the_company(tmp_path: Path, known: str) -> None:
    start, route = START.replace(", country: NO", ""), "routes: [{name: all, team: oak-street}]\n"
    assert codes(tmp_path, start + TEAM + route) == ["W218"]
    assert codes(tmp_path, start + TEAM.replace("}\n", f", {known}}}\n") + route) == []


def test_an_unsigned_source_is_no_mistake_while_only_this_computer_can_reach_it(tmp_path: Path) -> None:
    text = START + TEAM + "sources: {survey: {kind: plain, unsigned: true}}\nroutes: [{name: all, team: oak-street}]\n"
    assert codes(tmp_path, text) == []
    assert codes(tmp_path, text + 'server: {public_url: "https://hero.example", secret: "${S}"}\n', {"S": "s"}) == ["W224", "W207"]


@pytest.mark.parametrize(
    "conditions",
    ["{band: [detractor, unscored]}", "{wants_contact: true}, team: oak-street}\n  - {name: b, when: {wants_contact: false}", "{}"],
)
def test_routes_that_take_every_detractor_between_them_are_no_mistake(tmp_path: Path, conditions: str) -> None:
    assert codes(tmp_path, START + TEAM + f"routes:\n  - {{name: a, when: {conditions}, team: oak-street}}\n") == []


def test_routes_that_take_no_comment_without_a_score_are_noted(tmp_path: Path) -> None:
    assert codes(tmp_path, START + TEAM + "routes:\n  - {name: a, when: {band: detractor}, team: oak-street}\n") == ["N302"]


def test_a_value_of_an_alias_is_read_where_it_stands(tmp_path: Path) -> None:
    found = settings(
        tmp_path, START + "teams:\n  a: {channel: practice:a, causes: &c [price, other]}\n  b: {channel: practice:b, causes: *c}\n"
    )
    assert found.company.teams["b"].causes == ("price", "other")


def test_a_missing_file_a_folder_and_other_bytes_are_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes("company:\n  name: Blåbær\n".encode("latin-1"))
    (tmp_path / "big.yaml").write_bytes(b"# " + b"x" * (1 << 20))
    expected = {"none.yaml": ("X001", 1, 1), ".": ("X001", 1, 1), "latin.yaml": ("X002", 2, 11), "big.yaml": ("X003", 1, 1)}
    for name, (code, line, column) in expected.items():
        found = load(tmp_path / name, environ={})
        assert [(f.code, f.line, f.column) for f in findings(found)] == [(code, line, column)]
        assert found.settings is None
        assert report(found.findings).endswith("run: hero check")
    assert load("a\0b", environ={}).findings[0].code == "X001"


@pytest.mark.parametrize("host", ["[::1]", "127.0.0.1:90", "http://127.0.0.1", "0.0.0.0/0", "a b"])
def test_an_address_to_listen_on_has_neither_brackets_nor_a_port(tmp_path: Path, host: str) -> None:
    [found] = loaded(tmp_path, START + f'server: {{host: "{host}"}}\n').findings
    assert (found.code, found.message) == ("X103", f"`server.host`: {host!r} is not an address or a name alone")
    assert found.help == "write it without brackets and port, as 127.0.0.1 or ::1"


@pytest.mark.parametrize("host", ["::1", "::", "0.0.0.0", "localhost", "hero.internal", "fe80::1%eth0"])
def test_any_address_or_name_alone_may_be_listened_on(tmp_path: Path, host: str) -> None:
    assert "X103" not in codes(tmp_path, START + f'server: {{host: "{host}"}}\n')


def test_pages_on_an_ipv6_address_are_linked_to_with_brackets(tmp_path: Path) -> None:
    assert settings(tmp_path, START + 'server: {host: "::1"}\n').company.address == "http://[::1]:8080"


def test_an_unreadable_file_says_so(tmp_path: Path) -> None:
    """Asked by somebody who may not read everything: as root no file is unreadable."""
    path = tmp_path / "app.yaml"
    path.write_text(START, "utf-8")
    path.chmod(0)
    asked = (
        "import os; from bot.config import load; os.geteuid() or os.setuid(65534)\n"
        f"print(*((found.code, found.message) for found in load({str(path)!r}, environ={{}}).findings))"
    )
    told = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=False)
    assert told.stdout == "('X001', 'the file may not be read by this user')\n", told.stderr


def test_a_file_of_names_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("GOOD=1\nthis is 'no line\n", "utf-8")
    found = loaded(tmp_path, START + 'server: {port: "${GOOD}"}\n').findings
    assert [(f.code, f.line, Path(f.file).name) for f in found] == [("X008", 2, ".env")]
    (tmp_path / ".env").write_bytes(b"A=\xff")
    assert [f.code for f in loaded(tmp_path, START).findings] == ["X008"]


def test_a_file_of_names_that_may_not_be_read_is_missed_only_where_a_name_of_it_is(tmp_path: Path) -> None:
    """As under systemd, which reads .env as root and hands its values to a user who may not."""
    (tmp_path / ".env").write_text("HERO_SECRET=from the file\n", "utf-8")
    (tmp_path / ".env").chmod(0)
    (tmp_path / "app.yaml").write_text(START + 'server: {secret: "${HERO_SECRET}"}\n', "utf-8")
    tmp_path.chmod(0o755)
    asked = (
        f"import os; from bot.config import load; os.chdir({str(tmp_path)!r})\n"
        "load('app.yaml', environ={}); os.geteuid() or os.setuid(65534)  # loaded once: that user may not read all of Python\n"
        "for names in {'HERO_SECRET': 'x' * 40}, {}:\n"
        "    print(*(found.code for found in load('app.yaml', environ=names).findings))"
    )
    told = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=False)
    assert told.stdout == "\nX008 X104\n", told.stderr


def test_a_byte_order_mark_and_windows_lines_are_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "app.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + (START + "server: {prt: 1}\n").replace("\n", "\r\n").encode())
    found = load(path, environ={}).findings
    assert [(f.code, f.line, f.column, f.excerpt and f.excerpt.text) for f in found] == [("X101", 3, 10, "server: {prt: 1}")]


def test_brackets_without_end_are_refused_at_once(tmp_path: Path) -> None:
    began = datetime.now(UTC)
    for text in ("[" * 200_000, "- " * 200_000, "{a: " * 100_000, "? " * 100_000):
        assert codes(tmp_path, text) in (["X004"], ["X006"])
    assert datetime.now(UTC) - began < timedelta(seconds=20)


@pytest.mark.parametrize(
    ("address", "workspace", "channel"),
    [
        ("slack:C0123456", "main", "C0123456"),
        ("slack:T0123/C0456", "T0123", "C0456"),
        ("msteams:19:abc@thread.tacv2", "main", "19:abc@thread.tacv2"),
        ("msteams:Northwind/Oak Street", "main", "Northwind/Oak Street"),
        ("msteams:HR/General", "main", "HR/General"),
    ],
)
def test_an_address_names_a_workspace_only_by_its_id(address: str, workspace: str, channel: str) -> None:
    place = Place.parse(address)
    assert (place.workspace, place.channel, place.address) == (workspace, channel, address)


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ('mask: ["N#"]', "must have at least 3 characters"),
        ("name: ''", "must not be empty"),
        (f"name: {'x' * 300}", "must have at most"),
    ],
)
def test_what_is_too_short_or_too_long_is_told_with_the_length_that_is_meant(tmp_path: Path, key: str, words: str) -> None:
    start = (
        START.replace("{name: Northwind Coffee,", f"{{{key},")
        if key.startswith("name")
        else START.replace("{name:", f"{{{key}, name:")
    )
    assert words in report(loaded(tmp_path, start + TEAM).findings)


@pytest.mark.parametrize(
    ("digest", "warned"),
    [
        (
            "{day: saturday}",
            "is closed on Saturday, so its weekly post waits until Monday, when the week it tells of has been over for a week",
        ),
        ("{day: wednesday}", "is closed on Wednesday, so its weekly post waits until Thursday"),
        ('{at: "20:00"}', "goes out on Monday at 20:00, when the team is closed"),
        ('{at: "12:30"}', "goes out on Monday at 12:30, when the team is closed"),
        ('{at: "07:00"}', ""),
        ('{day: friday, at: "17:59"}', ""),
    ],
)
def test_a_weekly_post_that_waits_or_comes_after_work_is_warned_of_as_it_will_be(tmp_path: Path, digest: str, warned: str) -> None:
    hours = 'hours: {mon-tue: "08:00-12:00, 13:00-18:00", thu-fri: "08:00-18:00"}'
    team = f"teams:\n  oak-street: {{channel: practice:oak-street, leader: lea@northwind.example, {hours}, digest: {digest}}}\n"
    found = findings(
        loaded(tmp_path, START + team + "routes:\n  - {name: a, when: {band: [detractor, unscored]}, team: oak-street}\n")
    )
    assert [each.code for each in found] == ["W205"] * bool(warned)
    assert all(each.message.endswith(warned) for each in found)
