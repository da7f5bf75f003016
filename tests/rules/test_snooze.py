"""The moments that *Snooze…* offers: later today, when the team opens next, and each working day of the week that follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from handlers.calendar.hours import OpeningHours
from handlers.cards import Form, Reply
from handlers.case import State
from handlers.situation import Change, Decision, Situation, Tap
from handlers.verbs.snooze import snooze
from tests.conftest import FRIDAY, OSLO
from tests.handlers.test_cards import ANA, COMPANY, TEAM, case

CHRISTMAS = (date(2026, 12, 25),)
WEEKDAYS = {"mon-fri": "08:00-18:00"}
WITH_A_BREAK = {"mon-fri": "08:00-12:00, 13:00-18:00"}
ROUND_THE_CLOCK = {"mon-sun": "00:00-24:00"}
EVERY_NIGHT = ["Sun 09:00", "Mon 09:00", "Tue 09:00", "Wed 09:00", "Thu 26 Nov 09:00", "Fri 27 Nov 09:00"]
MINE = case(State.CLAIMED, close_by=FRIDAY + timedelta(days=30))


def snoozed(
    week: dict[str, str] | str = WEEKDAYS,
    closed: Sequence[date] = (),
    at: datetime = FRIDAY,
    until: str | None = None,
    **more: object,
) -> Decision:
    team = TEAM.model_copy(update={"hours": OpeningHours.build(week, OSLO, closed=closed)})
    tap = Tap("snooze", 42, ANA, at.astimezone(UTC), None if until is None else {"until": until})
    return snooze(Situation(replace(MINE, **more), team, COMPANY, ANA, tap))  # type: ignore[arg-type]


def form(decision: Decision) -> Form:
    assert isinstance(decision, Reply)
    assert decision.form is not None
    return decision.form


def labels(decision: Decision) -> list[str]:
    *offered, last = [label for _, label in form(decision).fields[0].options]
    assert last == "When they add to their survey answer"
    return offered


@pytest.mark.parametrize(
    ("week", "closed", "today", "days"),
    [
        ("always", (), ["After lunch, Fri 13:30", "Next opening, Sat 11:00"], EVERY_NIGHT),
        (ROUND_THE_CLOCK, CHRISTMAS, ["After lunch, Fri 13:30", "Next opening, Sat 11:00"], EVERY_NIGHT),
        (
            {"mon-fri": "00:00-24:00"},
            (),
            ["After lunch, Fri 13:30", "End of my shift, Fri 23:30", "Next opening, Mon 00:00"],
            ["Tue 09:00", "Wed 09:00", "Thu 26 Nov 09:00", "Fri 27 Nov 09:00", "Mon 30 Nov 09:00", "Tue 1 Dec 09:00"],
        ),
        (
            {"mon-fri": "05:00-18:00", "sat": "04:59-12:00"},
            (),
            ["After lunch, Fri 13:30", "End of my shift, Fri 17:30", "Next opening, Sat 04:59"],
            ["Mon 05:00", "Tue 05:00", "Wed 05:00", "Thu 26 Nov 05:00", "Fri 27 Nov 05:00", "Sat 28 Nov 09:00"],
        ),
        (
            {"mon-fri": "10:00-14:00, 17:00-22:00"},
            (date(2026, 11, 25),),
            ["After lunch, Fri 13:30", "End of my shift, Fri 13:30", "Next opening, Fri 17:00"],
            ["Mon 10:00", "Tue 10:00", "Thu 26 Nov 10:00", "Fri 27 Nov 10:00", "Mon 30 Nov 10:00", "Tue 1 Dec 10:00"],
        ),
    ],
)
def test_a_snooze_ends_today_with_the_next_opening_or_on_a_working_day_of_the_week_that_follows(
    week: dict[str, str] | str, closed: Sequence[date], today: list[str], days: list[str]
) -> None:
    assert labels(snoozed(week, closed)) == [*today, *days]


@pytest.mark.parametrize(
    ("at", "label"),
    [
        (datetime(2026, 11, 20, 19, tzinfo=OSLO), "Mon 08:00"),
        (datetime(2026, 11, 22, 12, tzinfo=OSLO), "Mon 08:00"),
        (datetime(2026, 11, 23, 6, tzinfo=OSLO), "Mon 08:00"),
        (datetime(2026, 11, 23, 12, 30, tzinfo=OSLO), "Mon 13:00"),
    ],
)
def test_a_snooze_while_the_team_is_closed_ends_when_it_opens_next(at: datetime, label: str) -> None:
    assert dict(form(snoozed(WITH_A_BREAK, at=at)).fields[0].options)["opening"] == f"Next opening, {label}"


def test_a_day_that_the_customer_named_is_a_day_of_the_form_also_when_it_is_sent_the_day_after() -> None:
    asked = form(snoozed()).fields[0]
    assert asked.hint == "If the customer said when, choose that day."
    [wednesday] = [value for value, label in asked.options if label == "Wed 08:00"]
    for sent in (FRIDAY, FRIDAY + timedelta(days=3)):
        change = snoozed(at=sent, until=wednesday)
        assert isinstance(change, Change)
        assert change.remind_at == datetime(2026, 11, 25, 8, tzinfo=OSLO)
        assert change.reply == "We remind you Wed 08:00. The promise stays as it is."
        assert "contacted_at" not in change.columns, "nobody has to note a contact that never was"


@pytest.mark.parametrize(
    ("more", "label"),
    [
        ({"close_by": datetime(2026, 11, 24, 11, tzinfo=OSLO)}, "Wed 08:00, after our promise"),
        ({"close_by": datetime(2026, 11, 25, 8, tzinfo=OSLO)}, "Wed 08:00"),
        ({"close_by": FRIDAY - timedelta(hours=1)}, "Wed 08:00"),
        ({"close_by": datetime(2026, 11, 24, 11, tzinfo=OSLO), "contacted_at": FRIDAY}, "Wed 08:00"),
    ],
    ids=["the promise ends before", "it ends then", "it is over already", "the customer has heard from us"],
)
def test_a_day_on_which_our_promise_will_be_over_says_so(more: dict[str, object], label: str) -> None:
    assert label in labels(snoozed(**more))  # type: ignore[arg-type]
