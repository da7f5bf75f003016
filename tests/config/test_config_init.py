"""`hero init` writes a file that is sound once its names are filled in, and overwrites nothing."""

import base64
import re
import stat
import tempfile
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.config import load, timezone_here
from bot.config.check import findings
from bot.config.findings import report
from bot.config.init import QUESTIONS, Answers, NotWritten, ask, draft, init, next_steps, wrong
from handlers.feedback import Feedback, Metric
from handlers.rules import route as first_match

SHIPPED = Path(__file__).parents[2] / "app.yaml"
FILLED = {"SLACK_BOT_TOKEN": "b", "SLACK_APP_TOKEN": "a", "SLACK_CHANNEL": "C0123456"}
FILLED_FOR_TEAMS = {
    "HERO_PUBLIC_URL": "https://hero.example.com",
    "MSTEAMS_APP_ID": "1",
    "MSTEAMS_APP_SECRET": "s",
    "MSTEAMS_TENANT": "00000000-0000-0000-0000-000000000002",
    "MSTEAMS_CHANNEL": "Northwind/Oak Street",
}


@pytest.mark.parametrize("chat", ["practice", "slack", "msteams"])
def test_what_init_writes_is_sound_once_its_names_are_filled_in(tmp_path: Path, chat: str) -> None:
    init(tmp_path / "app.yaml", Answers(chat=chat))
    loaded = load(tmp_path / "app.yaml", environ=FILLED | FILLED_FOR_TEAMS)
    assert report(findings(loaded)) == "no errors, no warnings. Next: hero serve"
    assert loaded.settings
    assert list(loaded.settings.chats) == [chat]


def test_a_comment_without_a_score_goes_to_a_person_out_of_the_box(tmp_path: Path) -> None:
    path, _ = init(tmp_path / "app.yaml", Answers())
    for file in (path, SHIPPED):
        found = load(file, environ={}).settings
        assert found
        words = Feedback(id="r-1", metric=Metric.COMMENT, comment="Waited 45 minutes and nobody came.")
        assert first_match(words, "survey", found.company.routes) is not None


def test_check_names_what_still_has_to_be_filled_in(tmp_path: Path) -> None:
    answers = Answers(chat="slack")
    path, _ = init(tmp_path / "app.yaml", answers)
    told = report(findings(load(path, environ={})))
    assert all(f"{name} is empty" in told and name in next_steps(answers, path) for name in FILLED)


def test_the_answers_end_up_in_the_file(tmp_path: Path) -> None:
    answers = Answers(team='Café "Nord"', timezone="Asia/Tokyo", hours="mon,wed 8-12 13:00 - 18:00, sat: 10-16", promise="1 day")
    path, _ = init(tmp_path / "app.yaml", answers)
    found = load(path, environ={}).settings
    assert found
    team = found.company.teams["cafe-nord"]
    assert (team.title, str(team.promise.claim), str(team.promise.close)) == ('Café "Nord"', "1d", "2d")
    assert team.hours.zone.key == "Asia/Tokyo"
    assert [len(spans) for spans in team.hours.week] == [2, 0, 2, 0, 0, 1, 0]


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Søndre Gate 5", "sondre-gate-5"),
        ("Größe", "grosse"),
        ("Łódź", "lodz"),
        ("Café Æther", "cafe-aether"),
        ("Малая Бронная", "team-1"),
        ("東京 7", "team-7"),
        ("Null", "team-null"),
    ],
)
def test_a_team_is_named_in_the_file_by_what_can_be_written_of_its_title(tmp_path: Path, title: str, name: str) -> None:
    path, _ = init(tmp_path / "app.yaml", Answers(team=title))
    found = load(path, environ={}).settings
    assert found
    assert [(team.name, team.title) for team in found.company.teams.values()] == [(name, title)]


def test_secrets_are_new_each_time_and_only_in_the_file_of_names(tmp_path: Path) -> None:
    (yaml, env), (_, other) = draft(Answers()), draft(Answers())
    secret, key = re.findall(r"=(\S+)$", env, re.MULTILINE)
    assert len(secret) >= 40
    assert len(base64.b64decode(key.removeprefix("whsec_"))) == 32
    assert key.startswith("whsec_")
    assert secret not in yaml
    assert key not in yaml
    assert secret not in other
    assert key not in other


def test_only_the_owner_may_read_the_file_of_names(tmp_path: Path) -> None:
    _, env = init(tmp_path / "app.yaml", Answers())
    assert stat.S_IMODE(env.stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["app.yaml", ".env"])
def test_init_overwrites_nothing(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine", "utf-8")
    with pytest.raises(NotWritten, match="overwrites nothing"):
        init(tmp_path / "app.yaml", Answers())
    assert [(path.name, path.read_text("utf-8")) for path in tmp_path.iterdir()] == [(name, "mine")]


def test_what_to_do_next_names_the_file_unless_it_is_found_by_itself(tmp_path: Path) -> None:
    assert next_steps(Answers(), Path("app.yaml")).endswith("hero serve")
    assert next_steps(Answers(), tmp_path / "app.yaml").endswith(f"hero serve --config {tmp_path / 'app.yaml'}")


def test_init_in_a_folder_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotWritten, match="there is no folder"):
        init(tmp_path / "nowhere" / "app.yaml", Answers())


def test_at_most_five_questions_are_asked_each_with_a_default() -> None:
    asked: list[tuple[str, str]] = []

    def answer(question: str, default: str) -> str:
        asked.append((question, default))
        return default

    assert ask(Answers(), answer, lambda _: None) == Answers()
    assert len(asked) == 5
    assert all(default for _, default in asked)
    assert list(QUESTIONS) == [field.name for field in fields(Answers) if field.name != "database"]  # which is not asked


def test_an_answer_that_cannot_be_used_is_asked_for_again() -> None:
    replies = iter(["irc", "practice", "!!", "Elm", "Oslo", "Europe/Oslo", "mon", "always", "4", "30m"])
    told: list[str] = []
    answers = ask(Answers(), lambda question, default: next(replies), told.append)
    assert answers == Answers("practice", "Elm", "Europe/Oslo", "always", "30m")
    assert len(told) == 5


def test_a_question_that_a_flag_answered_is_not_asked() -> None:
    replies = iter(["Elm"])
    assert ask(Answers(), lambda question, default: next(replies), print, skip=frozenset(QUESTIONS.keys() - {"team"})).team == "Elm"


def test_answers_that_cannot_be_used_are_refused_without_questions() -> None:
    bad = Answers("irc", "!", "Mars/Base", "mon", "4")
    assert list(wrong(bad)) == ["chat", "team", "timezone", "hours", "promise"]
    with pytest.raises(ValueError, match="not a chat we know"):
        draft(bad)


def test_the_time_zone_of_the_computer_is_guessed(tmp_path: Path) -> None:
    assert timezone_here({"TZ": ":Asia/Tokyo"}, tmp_path) == "Asia/Tokyo"
    assert timezone_here({"TZ": "nonsense"}, tmp_path) == "UTC"
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/timezone").write_text("America/New_York\n", "utf-8")
    assert timezone_here({}, tmp_path) == "America/New_York"
    (tmp_path / "etc/localtime").symlink_to("/usr/share/zoneinfo/Europe/Oslo")
    assert timezone_here({}, tmp_path) == "Europe/Oslo"


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=80))
def test_whatever_a_team_is_called_the_file_stays_sound(team: str) -> None:
    answers = replace(Answers(), team=team)
    if wrong(answers):
        return
    yaml, _ = draft(answers)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "app.yaml"
        path.write_text(yaml, "utf-8")
        assert findings(load(path, environ={"HERO_SECRET": "s", "SURVEY_SECRET": "whsec_c2VjcmV0"})) == ()


@settings(deadline=None, max_examples=60)
@given(st.text(alphabet="monsatfri,:-0189 –", max_size=30))
def test_hours_are_read_or_refused(text: str) -> None:
    refused = wrong(replace(Answers(), hours=text)).get("hours", "write for example")
    assert "write for example" in refused or "a day runs" in refused or "twice" in refused or "for the whole day" in refused
