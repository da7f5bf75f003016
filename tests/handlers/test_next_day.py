"""“Once a day” and “until the next day” mean a working day of the team, whatever hours it keeps and wherever it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from handlers.calendar.hours import OpeningHours
from handlers.company import Company
from handlers.ladder import Role
from handlers.team import Team
from tests.conftest import ANA, FRIDAY, LEA, Shop, said
from tests.handlers.test_ladder import MONDAY, passes_until, put_on_duty, ticks, told

CHRISTMAS = (date(2026, 12, 25),)
ROUND_THE_CLOCK = {"mon-sun": "00:00-24:00"}
WITH_A_BREAK = {"mon-fri": "08:00-12:00, 13:00-18:00"}
Open = Callable[..., Shop]


@pytest.fixture
def opens(company: Company, team: Team, shop_of: Callable[[Company], Shop]) -> Open:
    """A shop with these hours, whose leader the chat knows."""

    def shop(week: dict[str, str] | str, closed: Sequence[date] = (), zone: str = "Europe/Oslo") -> Shop:
        other = team.model_copy(update={"hours": OpeningHours.build(week, ZoneInfo(zone), closed=closed)})
        made = shop_of(company.model_copy(update={"teams": {team.name: other}}))
        put_on_duty(made, Role.LEADER, LEA)
        return made

    return shop


def listed(shop: Shop) -> list[str]:
    """The days of November on which Lea's daily list told of a customer."""
    found = (re.search(r"as of (.*) Nov, has not heard from us", text) for text in told(shop, LEA))
    return [match[1] for match in found if match]


@pytest.mark.parametrize(
    ("week", "closed"),
    [
        ("always", CHRISTMAS),
        (ROUND_THE_CLOCK, CHRISTMAS),
        ({"mon-sun": "00:00-23:59"}, ()),
    ],
)
def test_a_team_that_does_not_close_over_night_has_a_day_to_answer(
    opens: Open, week: dict[str, str] | str, closed: Sequence[date]
) -> None:
    shop = opens(week, closed)
    shop.hears(said())
    shop.tap("claim", ANA)
    passes_until(shop, FRIDAY + timedelta(days=3))
    assert shop.acts()[-1] == "asked"
    passes_until(shop, FRIDAY + timedelta(days=3, hours=2))
    assert shop.row().state == "new"


def test_a_break_is_no_answer_to_still_yours(opens: Open) -> None:
    shop = opens(WITH_A_BREAK)
    shop.hears(said())
    shop.tap("claim", ANA)
    tuesday = MONDAY + timedelta(days=1)
    passes_until(shop, tuesday + timedelta(hours=4))
    assert shop.acts()[-1] == "asked"
    passes_until(shop, tuesday + timedelta(hours=10))
    assert shop.row().owner_user_id == "ana", "the afternoon is hers, too"
    passes_until(shop, tuesday + timedelta(days=1, minutes=15))
    assert shop.row().state == "new"


@pytest.mark.parametrize(
    ("week", "closed", "zone", "days"),
    [
        ({"mon-fri": "00:00-24:00"}, (), "Europe/Oslo", ["Mon 23", "Tue 24", "Wed 25", "Thu 26", "Fri 27"]),
        (ROUND_THE_CLOCK, CHRISTMAS, "Europe/Oslo", ["Sat 21", "Sun 22", "Mon 23", "Tue 24", "Wed 25", "Thu 26", "Fri 27"]),
        (WITH_A_BREAK, (), "Europe/Oslo", ["Tue 24", "Wed 25", "Thu 26", "Fri 27"]),
        (
            {"mon-sun": "08:00-12:00, 13:30-18:00"},
            (),
            "Pacific/Auckland",
            ["Sun 22", "Mon 23", "Tue 24", "Wed 25", "Thu 26", "Fri 27", "Sat 28"],
        ),
        (
            {"mon-fri": "10:00-18:00", "sat": "09:00-16:00"},
            (),
            "Australia/Brisbane",
            ["Mon 23", "Tue 24", "Wed 25", "Thu 26", "Fri 27", "Sat 28"],
        ),
    ],
)
def test_who_waits_is_on_the_list_of_each_working_day_once(
    opens: Open, week: dict[str, str], closed: Sequence[date], zone: str, days: list[str]
) -> None:
    shop = opens(week, closed, zone)
    shop.hears(said())
    passes_until(shop, datetime(2026, 11, 28, 11, tzinfo=ZoneInfo(zone)).astimezone(UTC))
    assert listed(shop) == days


def test_a_line_said_after_midnight_names_the_day_on_which_the_shift_began(opens: Open) -> None:
    shop = opens({"fri-sat": "18:00-02:00"})
    shop.hears(said())
    passes_until(shop, FRIDAY + timedelta(days=2))
    shop.now = datetime(2026, 11, 27, 23, 27, tzinfo=UTC)  # the bot was down when Friday's shift began
    ticks(shop)
    passes_until(shop, datetime(2026, 11, 28, 19, 30, tzinfo=UTC))
    assert listed(shop) == ["Sat 21", "Fri 27", "Sat 28"]
