"""Weeks of made-up customers: the real ladder keeps its measure, whoever works there, and the same seed tells the same weeks."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import asdict, replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.simulate import simulate
from bot.simulate.assumptions import USUAL, Assumptions
from bot.simulate.company import aimed_at, made_up
from bot.simulate.customers import BEGINS, Story, arrivals
from bot.simulate.figures import printed
from bot.simulate.house import Ladder
from bot.simulate.staff import Staff
from handlers.calendar.hours import OpeningHours
from handlers.company import Company
from handlers.feedback import Band
from handlers.ladder import USUAL as USUAL_LADDER
from handlers.ladder import Phase, Role, Step
from handlers.places import TeamOf
from handlers.rules import Route, When
from tests.cli.command import hero

ROOT = Path(__file__).parents[2]
TEAMS, WEEKS = 2, 3

IDLE = dict.fromkeys(("talks", "acts_privately", "acts_in_public", "hands_over", "keeps", "snoozes", "helps"), 0.0)
ASLEEP = replace(USUAL, claims_card=0, claims_line=0, **IDLE)
ALERT = replace(
    USUAL,
    **dict.fromkeys(("claims_card", "talks", "closes_at_once"), 1.0),
    **dict.fromkeys(("day_off", "holiday"), 0.0),
    **dict.fromkeys(("claims_card_minutes", "talks_minutes"), 5.0),
    keenness=(1,),
)


def started(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bot", "simulate", *words]
    env = os.environ | {"PYTHONPATH": str(ROOT)} | environment
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=60)


def with_ladder(*steps: Step) -> Company:
    company = made_up(TEAMS)
    teams = {name: team.model_copy(update={"ladder": steps}) for name, team in company.teams.items()}
    return company.model_copy(update={"teams": teams})


@cache
def played(seed: int = 1, assumed: Assumptions = USUAL) -> Any:
    return simulate(made_up(TEAMS), seed=seed, weeks=WEEKS, assumed=assumed)


def told(company: Company, assumed: Assumptions) -> list[Story]:
    """The stories themselves, of those whose ladder ended within the weeks."""
    company = aimed_at(company)
    stories = arrivals(company, 1, WEEKS, assumed)
    Ladder(company, Staff(company, 1, WEEKS, assumed), stories, 1, WEEKS, assumed).played(lambda: None)
    return [story for story in stories if story.close_by < BEGINS + timedelta(weeks=WEEKS)]


# What the bot promises about its reminders


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nobody_is_reminded_outside_opening_hours_nor_more_than_measured(seed: int) -> None:
    ladder = played(seed)["ladder"]
    assert ladder["reminders"] > 0
    assert ladder["outside_opening_hours"] == 0
    assert ladder["most_nudges_per_person_and_case"] <= 2
    assert ladder["most_private_messages_per_person_and_day"] <= 2


def test_no_step_of_the_ladder_is_skipped_where_nobody_does_anything() -> None:
    stories = told(made_up(TEAMS), ASLEEP)
    assert stories
    leaders = {story.team: f"leader@{story.team}.example" for story in stories}
    assert [story.told for story in stories] == [{leaders[story.team]: 1} for story in stories]
    assert {story.reminders for story in stories} == {3}, "half of the promise, its end, and the leader"


def test_no_step_for_the_owner_is_skipped_where_they_only_claim() -> None:
    stories = told(made_up(2 * TEAMS), replace(ALERT, **IDLE))
    assert stories
    owners = [sum(n for who, n in story.told.items() if "colleague" in who) for story in stories]
    assert set(owners) == {1, 2}, "three quarters, and “still yours?”, which may come together"
    assert owners.count(2) > owners.count(1)
    assert all(story.released for story in stories if story.close_by < BEGINS + timedelta(weeks=WEEKS - 1))


def test_whoever_replies_to_everybody_at_once_is_never_reminded() -> None:
    said = simulate(made_up(TEAMS), seed=1, weeks=WEEKS, assumed=ALERT)["ladder"]
    assert said["promise_kept"]["kept"] == said["promise_kept"]["of"] > 0
    assert said["reminders"] == 0


# What can be compared


def test_the_reminder_every_hour_is_held_to_the_same_customers_and_is_far_noisier() -> None:
    said = played()
    assert said["hourly"]["cases"] == said["ladder"]["cases"]
    assert said["hourly"]["promise_kept"]["of"] == said["ladder"]["promise_kept"]["of"]
    assert said["hourly"]["reminders_per_case"] > 10 * said["ladder"]["reminders_per_case"]
    assert said["hourly"]["outside_opening_hours"] > 0


def test_another_ladder_meets_the_same_customers_and_makes_a_difference() -> None:
    silent = simulate(with_ladder(), seed=1, weeks=WEEKS)
    usual = simulate(with_ladder(*USUAL_LADDER), seed=1, weeks=WEEKS)
    assert usual == played()
    assert silent["hourly"] == usual["hourly"]
    assert silent["ladder"]["promise_kept"]["kept"] < usual["ladder"]["promise_kept"]["kept"]


def test_a_step_for_a_manager_or_a_backup_reaches_them() -> None:
    company = with_ladder(
        Step(phase=Phase.UNCLAIMED, after=0.5, role=Role.BACKUP), Step(phase=Phase.UNCLAIMED, after=1, role=Role.MANAGER)
    )
    teams = {
        name: team.model_copy(update={"backup": ("ben@x.example",), "manager": ("mia@x.example",)})
        for name, team in company.teams.items()
    }
    stories = told(company.model_copy(update={"teams": teams}), replace(ASLEEP, holiday=0))
    assert [story.told for story in stories] == [{"ben@x.example": 1, "mia@x.example": 1}] * len(stories)


def test_a_step_for_whoever_usually_looks_after_the_customer_reaches_them_and_makes_a_difference() -> None:
    usual = Step(phase=Phase.UNCLAIMED, after=0, role=Role.COLLEAGUE)
    stories = told(with_ladder(usual), replace(ASLEEP, holiday=0))
    assert [story.told for story in stories] == [{f"usual@{story.team}.example": 1} for story in stories]
    silent, said = (simulate(with_ladder(*steps), seed=1, weeks=WEEKS)["ladder"] for steps in ((), (usual,)))
    assert silent["promise_kept"]["kept"] < said["promise_kept"]["kept"]
    assert said["outside_opening_hours"] == 0


def test_colleagues_work_in_opening_hours_only_and_one_after_another_where_these_are_long() -> None:
    company = made_up(TEAMS)
    staff = Staff(company, 1, WEEKS, replace(USUAL, day_off=0, holiday=0))
    for name, team in company.teams.items():
        for minute in range(0, WEEKS * 7 * 24 * 60, 30):
            at = BEGINS + timedelta(minutes=minute)
            assert any(who.is_there(at) for who in staff.members[name]) == team.hours.is_open(at)
            assert all(end - start <= timedelta(hours=9) for who in staff.members[name] for start, end in who.work)


# The same weeks


@pytest.mark.parametrize("week", ["always", {"mon-fri": "00:00-24:00"}, {"mon-sun": "00:00-24:00"}])
def test_colleagues_of_a_team_that_does_not_close_over_night_come_every_day(week: dict[str, str] | str) -> None:
    hours = OpeningHours.build(week, ZoneInfo("Europe/Oslo"), closed=[date(2026, 9, 9)])
    company = made_up(1)
    teams = {name: team.model_copy(update={"hours": hours}) for name, team in company.teams.items()}
    staff = Staff(company.model_copy(update={"teams": teams}), 1, WEEKS, ALERT)
    first_days = [BEGINS.date() + timedelta(days=n) for n in range(5)]
    for colleague in staff.everybody():
        assert [day for day in first_days if day in colleague.days] == [day for day in first_days if day.day != 9]
        assert all(end - start <= timedelta(hours=ALERT.shift_hours) for start, end in colleague.work)


def test_the_same_seed_plays_the_same_weeks_whatever_the_machine() -> None:
    words = ("--weeks", "1", "--teams", "2", "--json")
    one = started(*words, "--seed", "7", PYTHONHASHSEED="1", TZ="Asia/Tokyo")
    two = started(*words, "--seed", "7", PYTHONHASHSEED="2", TZ="America/New_York")
    assert (one.returncode, one.stderr) == (0, "")
    assert one.stdout == two.stdout
    assert one.stdout != hero("simulate", *words, "--seed", "8", folder=ROOT).out


# The command


def test_the_teams_of_an_app_yaml_are_played_and_named_and_its_database_is_left_alone(tmp_path: Path) -> None:
    said = hero("simulate", "--config", str(ROOT / "app.yaml"), "--weeks", "1", folder=tmp_path)
    assert (said.status, said.err) == (0, "")
    assert said.out.startswith("Northwind Coffee: teams 3, weeks 1, seed 1.")
    assert list(tmp_path.iterdir()) == []
    nobodys = hero("simulate", "--weeks", "1", "--teams", "1", folder=tmp_path)
    assert nobodys.out.startswith("A made-up company (no --config): teams 1")


def test_the_number_of_teams_is_refused_beside_an_app_yaml() -> None:
    refused = hero("simulate", "--config", "app.yaml", "--teams", "3", folder=ROOT)
    assert refused.status == 2
    assert "brings its own teams" in refused.err


def test_teams_without_a_route_and_weeks_without_a_promise_that_ends_are_told_without_a_percentage() -> None:
    company = made_up(2)
    said = simulate(company.model_copy(update={"routes": ()}), seed=1, weeks=1)
    assert said["ladder"]["cases"] == 0
    assert "promise kept" in printed(said)


def test_every_assumption_stands_in_the_documentation_with_its_figure() -> None:
    page = (ROOT / "docs/simulate.md").read_text("utf-8")
    shown = {
        name: ", ".join(f"{n:g}" for n in (value if isinstance(value, tuple) else (value,)))
        for name, value in asdict(USUAL).items()
    }
    assert [name for name, value in shown.items() if f"| `{name}` | {value} |" not in page] == []


def test_customers_come_to_all_teams_of_a_route_to_the_team_of_the_place() -> None:
    company = made_up(3)
    here = Route(name="some", when=When(touchpoint=("team-2",)), team_of=TeamOf.TOUCHPOINT, at_once=True)
    there = Route(name="all", team_of=TeamOf.TOUCHPOINT)
    aimed = aimed_at(company.model_copy(update={"routes": (here, there)}))
    assert [(route.name, route.team, route.team_of) for route in aimed.routes] == [
        ("some", "team-2", None), ("all", "team-1", None), ("all", "team-2", None), ("all", "team-3", None),
    ]  # fmt: skip
    stories = arrivals(aimed, 1, WEEKS, USUAL)
    assert {story.team for story in stories} == {"team-1", "team-2", "team-3"}
    taken = [aimed.route_of(story.feedback, "survey") for story in stories]
    assert [route and route.team for route in taken] == [story.team for story in stories]


def test_routes_that_take_wins_bring_nobody_who_needs_a_reply() -> None:
    company = made_up(1)
    wins = Route(name="wins", when=When(band=(Band.PROMOTER,)), team="team-1", wins=True)
    praised = company.model_copy(update={"routes": (wins, *company.routes)})
    assert simulate(praised, seed=1, weeks=1)["ladder"] == simulate(company, seed=1, weeks=1)["ladder"]
