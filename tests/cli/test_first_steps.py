"""From nothing to a file of one's own: `hero init`, `hero rehearse`, and what Slack and Microsoft Teams are given."""

from __future__ import annotations

import json
import re
import stat
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine
from ruamel.yaml import YAML

from tests.cli.command import Ended, hero

FILLED = {
    "slack": {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "SLACK_CHANNEL": "C0123456"},
    "msteams": {
        "HERO_PUBLIC_URL": "https://hero.example.com",
        "MSTEAMS_APP_ID": "00000000-0000-0000-0000-000000000001",
        "MSTEAMS_APP_SECRET": "s3cret",
        "MSTEAMS_TENANT": "00000000-0000-0000-0000-000000000002",
        "MSTEAMS_CHANNEL": "19:abcdef@thread.tacv2",
    },
    "practice": {},
}


def fill(env: Path, names: Mapping[str, str]) -> None:
    text = env.read_text("utf-8")
    for name, value in names.items():
        text = text.replace(f"{name}=\n", f"{name}={value}\n")
    env.write_text(text, "utf-8")


@pytest.mark.parametrize("chat", ["practice", "slack", "msteams"])
def test_what_init_writes_passes_a_strict_check_once_it_is_filled_in(tmp_path: Path, chat: str) -> None:
    told = hero("init", "--yes", "--chat", chat, "--timezone", "Europe/Oslo", "--team", "Elm Street", folder=tmp_path)
    assert told.status == 0, told.all
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600
    assert "elm-street:" in (tmp_path / "app.yaml").read_text("utf-8")
    for name in FILLED[chat]:
        assert f"{name} is empty" in told.out
    assert ("\n  ops: kim@northwind.example" in (tmp_path / "app.yaml").read_text("utf-8")) == (chat == "practice")
    fill(tmp_path / ".env", FILLED[chat])
    checked = hero("check", "--strict", folder=tmp_path)
    assert (checked.status, checked.out) == (0, "no errors, no warnings. Next: hero serve\n")


def test_init_and_check_name_the_files_and_commands_of_another_folder(tmp_path: Path) -> None:
    (tmp_path / "our team").mkdir()
    config = ("--config", "our team/app.yaml")
    first, last = hero("init", "--yes", *config, folder=tmp_path).out.splitlines()
    assert first == "Wrote our team/app.yaml and our team/.env. Try it: hero serve --config 'our team/app.yaml'"
    assert last == "no errors, no warnings. Next: hero serve --config 'our team/app.yaml'"
    assert hero("check", *config, folder=tmp_path).out == last + "\n"
    (tmp_path / "our team/.env").unlink()
    for words in (["check"], ["migrate"]):
        assert "then run: hero check --config 'our team/app.yaml'\n" in hero(*words, *config, folder=tmp_path).all
    (tmp_path / "our team/app.yaml").unlink()
    told = hero("init", "--yes", "--chat", "slack", *config, folder=tmp_path).out
    assert "SLACK_CHANNEL in our team/.env, then run: hero check --config 'our team/app.yaml'" in told


def test_init_asks_five_questions_and_takes_answers_that_are_piped_in(tmp_path: Path) -> None:
    told = hero("init", folder=tmp_path, typed="irc\npractice\nElm Street\nEurope/Oslo\nalways\n30m\n")
    assert told.status == 0, told.all
    assert "'irc' is not a chat we know" in told.all
    assert "claim: 30m" in (tmp_path / "app.yaml").read_text("utf-8")


def test_init_that_nobody_answers_writes_nothing_and_names_the_way_without_questions(tmp_path: Path) -> None:
    told = hero("init", folder=tmp_path, typed="practice\n")
    assert told.status == 1
    assert told.err.splitlines()[-1] == "hero: nothing was written. Answer the five questions, or take the defaults with --yes."
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["app.yaml", ".env"])
def test_init_overwrites_nothing_and_asks_nothing_before_it_says_so(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine", "utf-8")
    for options in ([], ["--yes"]):
        told = hero("init", *options, folder=tmp_path)
        assert (told.status, told.out) == (2, "")
        assert "overwrites nothing; move it away" in told.err
    assert [(path.name, path.read_text("utf-8")) for path in tmp_path.iterdir()] == [(name, "mine")]


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--chat", "irc", "choose one of"),
        ("--timezone", "Oslo", "Europe/Oslo"),
        ("--hours", "mon", "mon-fri"),
        ("--promise", "4", "4h"),
    ],
)
def test_a_flag_that_cannot_be_used_says_what_can(tmp_path: Path, option: str, value: str, words: str) -> None:
    told = hero("init", "--yes", option, value, folder=tmp_path)
    assert (told.status, told.out) == (2, "")
    assert words in told.err
    assert list(tmp_path.iterdir()) == []


SOURCES = """
company: {name: Northwind Coffee, timezone: Europe/Oslo}
chats: {practice: {}}
sources:
  survey: {kind: plain, unsigned: true}
  bought: {kind: delighted, unsigned: true}
  own: {kind: mapped, unsigned: true, metric: csat, scale: [1, 5], fields: {id: response.id, score: answers.rating}}
teams: {oak-street: {title: Oak Street, channel: practice:oak-street, hours: always}}
routes: [{name: everyone unhappy, when: {band: detractor}, team: oak-street}]
"""
ROOT = Path(__file__).parents[2]
PLAIN = {"id": "r-1", "metric": "nps", "score": 3}
BOUGHT = json.loads((ROOT / "bot/sources/delighted/samples/score-just-given.json").read_text("utf-8"))["payload"]
OWN = {"response": {"id": "r-1"}, "answers": {"rating": 1}}


def rehearsed(folder: Path, source: str, payload: object) -> Ended:
    (folder / "app.yaml").write_text(SOURCES, "utf-8")
    return hero("rehearse", source, "-", folder=folder, typed=payload if isinstance(payload, str) else json.dumps(payload))


@pytest.mark.parametrize(
    ("source", "payload"), [("survey", PLAIN), ("own", OWN), ("bought", BOUGHT), ("survey", [PLAIN, PLAIN | {"id": "r-2"}])]
)
def test_a_payload_of_every_kind_is_rehearsed_without_a_database(tmp_path: Path, source: str, payload: object) -> None:
    told = rehearsed(tmp_path, source, payload)
    assert (told.status, told.err) == (0, "")
    assert "→ everyone unhappy matches" in told.out
    assert "the card goes to practice:oak-street" in told.out
    assert re.search(r"claimed by .+, closed by .+ \(Europe/Oslo\)", told.out)
    assert told.out.endswith("Nothing was stored or posted.\n")
    assert {path.name for path in tmp_path.iterdir()} == {"app.yaml"}


def test_an_unknown_key_is_told_without_what_a_terminal_would_obey(tmp_path: Path) -> None:
    told = rehearsed(tmp_path, "survey", PLAIN | {"\x1b]0;pwned\x07\x1b[2J\u202e": 1})
    assert r"422: \x1b]0;pwned\x07\x1b[2J\u202e is not a key we know; there are id, metric" in told.err
    assert told.err.replace("\n", "").isprintable()


def test_a_file_is_rehearsed_as_standard_input_is(tmp_path: Path) -> None:
    told = rehearsed(tmp_path, "survey", PLAIN)
    (tmp_path / "one.json").write_text(json.dumps(PLAIN), "utf-8")
    assert hero("rehearse", "survey", "one.json", folder=tmp_path).out == told.out


@time_machine.travel(datetime(2026, 11, 20, 9, tzinfo=UTC), tick=False)  # Friday 10:00 in Oslo
def test_it_tells_when_who_would_be_reminded_for_the_first_answer(tmp_path: Path) -> None:
    open_then = SOURCES.replace("hours: always", 'hours: {mon-fri: "08:00-18:00"}, leader: lea@northwind.example')
    (tmp_path / "app.yaml").write_text(open_then, "utf-8")
    told = hero("rehearse", "survey", "-", folder=tmp_path, typed=json.dumps([PLAIN, PLAIN | {"id": "r-2"}])).out
    assert told.count("Nudges") == 2
    assert (
        """Nudges    if nobody claims it:
          Fri 12:00         the thread of the card
          Fri 14:00         the thread of the card
          Fri 16:00         the leader (lea@northwind.example)
Nudges    if it is claimed and not closed:
"""
        in told
    )
    assert "whoever claimed it, unless somebody was in touch with the customer\n" in told
    assert "nobody: Oak Street has no leader" in rehearsed(tmp_path, "survey", PLAIN).out


def test_it_tells_whoever_usually_looks_after_the_customer_or_that_nobody_is_known(tmp_path: Path) -> None:
    ladder = "ladder: [{when: unclaimed, after: 0%, to: colleague}]\nteams:"
    (tmp_path / "app.yaml").write_text(SOURCES.replace("teams:", ladder), "utf-8")

    def told(owner: str) -> str:
        typed = json.dumps(PLAIN | {"customer": {"key": "c-1", "owner": owner}})
        return hero("rehearse", "survey", "-", folder=tmp_path, typed=typed).out

    known = "whoever usually looks after this customer (nina@northwind.example), if the chat knows them\n"
    assert known in told("Nina@northwind.example")
    assert "nobody: no e-mail of whoever usually looks after this customer is known\n" in told("Nina Olsen")


@time_machine.travel(datetime(2026, 11, 21, 11, tzinfo=UTC), tick=False)  # a Saturday
def test_a_route_that_does_not_wait_for_the_opening_is_rehearsed_with_its_own_promise(tmp_path: Path) -> None:
    closed = SOURCES.replace("hours: always", 'hours: {mon-fri: "08:00-18:00"}')
    (tmp_path / "app.yaml").write_text(closed, "utf-8")
    told = hero("rehearse", "survey", "-", folder=tmp_path, typed=json.dumps(PLAIN)).out
    assert "claimed by Mon" in told
    assert "Card      Oak Street is closed now; the card appears Mon 08:00.\n" in told
    (tmp_path / "app.yaml").write_text(closed.replace("team: oak-street}", "team: oak-street, at_once: true}"), "utf-8")
    told = hero("rehearse", "survey", "-", folder=tmp_path, typed=json.dumps(PLAIN)).out
    assert "claimed by Sat 16:00" in told
    assert "closed now" not in told


@time_machine.travel(datetime(2026, 11, 20, 10, tzinfo=UTC), tick=False)
def test_what_a_customer_is_promised_who_was_unhappy_before_is_rehearsed_too(tmp_path: Path) -> None:
    told = rehearsed(tmp_path, "survey", PLAIN).out.splitlines()
    promise = next(n for n, line in enumerate(told) if line.startswith("Promise"))
    assert told[promise : promise + 2] == [
        "Promise   if it came now: claimed by Fri 15:00, closed by Sun 11:00 (Europe/Oslo)",
        "          half of it for somebody who was unhappy within the last 90 days: claimed by Fri 13:00, closed by Sat 11:00",
    ]
    wishes = SOURCES.replace("when: {band: detractor}", "when: {}")
    (tmp_path / "app.yaml").write_text(wishes, "utf-8")
    happy = hero("rehearse", "survey", "-", folder=tmp_path, typed=json.dumps(PLAIN | {"score": 9})).out
    assert "claimed by Fri 15:00" in happy
    assert "half of it" not in happy


def test_a_happy_customer_is_said_to_reach_nobody(tmp_path: Path) -> None:
    told = rehearsed(tmp_path, "survey", PLAIN | {"score": 10})
    assert told.status == 0
    assert "Team      nobody: no route matches, which is usual for customers who are not unhappy. It would be stored." in told.out
    told = rehearsed(tmp_path, "survey", PLAIN | {"metric": "comment", "score": None, "comment": "Cold."})
    assert "ops would be told that nobody was asked to reply" in told.out


@pytest.mark.parametrize(
    ("source", "payload", "words"),
    [
        ("survey", "{", "the payload is not JSON"),
        ("survey", "[" * 100_000, "the payload is not JSON"),
        ("survey", {"id": "r-1", "metric": "nps", "score": "many"}, "would be answered 422: score"),
        ("survey", {"metric": "nps", "score": 3}, "would be answered 422: id"),
        ("own", {"response": {"id": "r-1"}}, "would be answered 422"),
        ("survey", "3", "would be answered 400"),
        ("survey", [PLAIN] * 1001, "would be answered 413"),
        ("nobody", PLAIN, "There is: survey, bought, own"),
    ],
)
def test_what_would_be_refused_is_told_with_the_field(tmp_path: Path, source: str, payload: object, words: str) -> None:
    told = rehearsed(tmp_path, source, payload)
    assert (told.status, told.out) == (2, "")
    assert words in told.err
    assert told.err.count("\n") == 1


NAMED = """
company: {name: Northwind Coffee, timezone: Europe/Oslo}
chats: {practice: {}}
sources:
  monkey: {kind: surveymonkey, unsigned: true, token: t, survey: "123", questions: {score: "22", comment: "23"}, choices: {"33": 0}}
  qualtrics: {kind: qualtrics_events, unsigned: true, token: t, api_url: "https://x.example/", survey: SV_1, questions: {score: QID1}}
teams: {oak-street: {title: Oak Street, channel: practice:oak-street, hours: always}}
routes: [{name: everyone unhappy, when: {band: detractor}, team: oak-street}]
"""
MONKEY = {"event_type": "response_completed", "resources": {"survey_id": "123"}, "object_id": "99"}


@pytest.mark.parametrize(
    ("source", "payload", "words"),
    [
        ("monkey", json.dumps(MONKEY), "99: answered 202, then fetched from https://api.surveymonkey.com/v3/"),
        ("qualtrics", "Status=Complete&SurveyID=SV_1&ResponseID=R_1", "R_1: answered 202, then fetched from https://x.example/"),
        ("monkey", json.dumps(MONKEY | {"resources": {"survey_id": "4"}}), "would be answered 200 and ignored"),
        (
            "monkey",
            '{"id": "9", "pages": [{"questions": [{"id": "22", "answers": [{"choice_id": "33"}]}]}]}',
            "→ everyone unhappy matches",
        ),
        ("qualtrics", '{"result": {"responseId": "R_1", "values": {"QID1": 1}}}', "→ everyone unhappy matches"),
    ],
)
def test_of_a_tool_that_only_names_answers_both_the_name_and_the_answer_are_rehearsed(
    tmp_path: Path, source: str, payload: str, words: str
) -> None:
    (tmp_path / "app.yaml").write_text(NAMED, "utf-8")
    told = hero("rehearse", source, "-", folder=tmp_path, typed=payload)
    assert (told.status, told.err) == (0, "")
    assert words in told.out
    assert told.out.endswith("Nothing was stored or posted.\n")


def test_what_is_neither_a_name_nor_an_answer_is_told_with_both_reasons(tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text(NAMED, "utf-8")
    told = hero("rehearse", "monkey", "-", folder=tmp_path, typed='{"id": "9"}')
    assert told.status == 2
    assert "neither names an answer (event_type is missing) nor is one as the tool's API gives it (pages is missing)" in told.err


def test_each_entry_of_a_batch_is_rehearsed_by_itself(tmp_path: Path) -> None:
    told = rehearsed(tmp_path, "survey", [PLAIN, PLAIN | {"id": "r-2", "score": "many"}, 3, PLAIN | {"id": "r-3"}])
    assert (told.status, told.err) == (0, "")
    assert "Feedback  r-1: nps 3 on 0 to 10" in told.out
    assert "Entry 2   would be rejected: score must be a number. The others would be stored.\n" in told.out
    assert "Entry 3   would be rejected: the entry must be an object" in told.out
    assert "Feedback  r-3: " in told.out
    assert told.out.endswith("Nothing was stored or posted.\n")


def test_an_event_that_is_ignored_hides_no_other_of_its_batch(tmp_path: Path) -> None:
    unsubscribed = {"event_type": "unsubscribe.created"}
    told = rehearsed(tmp_path, "bought", [unsubscribed, BOUGHT])
    assert "Entry 1   would be ignored: it holds no feedback.\n" in told.out
    assert "→ everyone unhappy matches" in told.out
    assert "would be answered 200 and ignored" in rehearsed(tmp_path, "bought", unsubscribed).out


def test_a_payload_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text(SOURCES, "utf-8")
    for name in ("gone.json", "."):
        told = hero("rehearse", "survey", name, folder=tmp_path)
        assert (told.status, told.err.startswith(f"hero: {name} cannot be read")) == (2, True)


def test_the_manifest_is_the_same_in_yaml_and_json(tmp_path: Path) -> None:
    yaml, json_ = (hero("manifest", "slack", *options, folder=tmp_path) for options in ([], ["--json"]))
    assert (yaml.status, json_.status) == (0, 0)
    assert YAML(typ="safe").load(yaml.out) == json.loads(json_.out)
    assert json.loads(json_.out)["settings"]["socket_mode_enabled"] is True


def test_a_manifest_of_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    told = hero("manifest", "slack", "--config", "nofile.yaml", folder=tmp_path)
    assert (told.status, told.out) == (78, "")
    assert "there is no such file" in told.err
    (tmp_path / "app.yaml").write_text("company: {", "utf-8")
    told = hero("manifest", "slack", folder=tmp_path)
    assert (told.status, told.out) == (78, "")
    assert "X006" in told.err


@pytest.mark.parametrize(
    ("server", "words"),
    [
        ('{public_url: "${HERO_PUBLIC_URL}"}', "is a name that is not set here"),
        ('{public_url: "https://hero.example", prt: 80}', "`server` of app.yaml cannot be read"),
    ],
)
@pytest.mark.parametrize("command", [("manifest", "slack"), ("package", "msteams")])
def test_what_holds_the_address_is_not_made_without_it(tmp_path: Path, server: str, words: str, command: tuple[str, str]) -> None:
    (tmp_path / "app.yaml").write_text(TEAMS.replace('{public_url: "https://hero.example"}', server), "utf-8")
    told = hero(*command, folder=tmp_path)
    assert (told.status, told.out) == (78, "")
    assert words in told.err


TEAMS = """
company: {name: Northwind Coffee, timezone: Europe/Oslo}
server: {public_url: "https://hero.example"}
chats: {msteams: {app_id: 11111111-2222-3333-4444-555555555555, app_secret: "${MSTEAMS_APP_SECRET}", tenant: "${MSTEAMS_TENANT}"}}
"""


def test_the_package_for_teams_needs_no_secret_and_says_what_to_do_with_it(tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text(TEAMS, "utf-8")
    told = hero("package", "msteams", folder=tmp_path)
    assert told.status == 0, told.all
    assert "Upload it in Teams" in told.out
    with zipfile.ZipFile(tmp_path / "action-hero-msteams.zip") as package:
        assert json.loads(package.read("manifest.json"))["bots"][0]["botId"].startswith("11111111")


@pytest.mark.parametrize(
    ("text", "out", "words"),
    [
        (None, "x.zip", "no chats.msteams"),
        (TEAMS.replace('server: {public_url: "https://hero.example"}\n', ""), "x.zip", "no server.public_url"),
        (TEAMS, "nowhere/x.zip", "nowhere/x.zip cannot be written"),
    ],
)
def test_without_what_it_needs_no_package_is_made(tmp_path: Path, text: str | None, out: str, words: str) -> None:
    if text is not None:
        (tmp_path / "app.yaml").write_text(text, "utf-8")
    told = hero("package", "msteams", "--out", out, folder=tmp_path)
    assert (told.status, told.out) == (2, "")
    assert words in told.err
    assert not (tmp_path / "x.zip").exists()
