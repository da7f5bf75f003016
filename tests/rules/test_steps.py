"""The names of reminders are stored, so they are built and understood the same for ever."""

from __future__ import annotations

import pytest

from handlers.ladder import USUAL, Phase, Role
from handlers.nudges import steps
from handlers.nudges.steps import Kind

STORED = {
    "list-2026-11-20": Kind.LISTED,
    "help-7": Kind.HELP,
    "asked-7": Kind.SNOOZED,
    "asked-wait-3": Kind.WAITED,
    "asked-answered-9": Kind.ANSWERED,
    "asked-added-20261120T101500": Kind.ADDED,
    "asked-handed-12": Kind.HANDED,
    "asked-let-go-4": Kind.LET_GO,
    "asked-again-88": Kind.AGAIN,
    "asked-reopened-5": Kind.REOPENED,
    "quiet-75-owner": None,
    "unclaimed-150-leader-2": None,
}


@pytest.mark.parametrize(("step", "kind"), STORED.items())
def test_a_stored_name_keeps_its_kind_also_where_it_was_passed_on(step: str, kind: Kind | None) -> None:
    handed = steps.passed_on(step, Role.OWNER)
    assert steps.kind_of(step) is steps.kind_of(handed) is kind
    assert (steps.is_passed_on(step), steps.is_passed_on(handed)) == (False, True)
    assert steps.passed_on(handed, Role.OWNER) == handed, "every later stand-in gets it under the same name"


def test_every_kind_is_told_from_all_others_by_its_name() -> None:
    assert {steps.kind_of(steps.name(kind, 7)) for kind in Kind} == set(Kind)
    assert all(steps.act_id(steps.name(kind, 7)) == 7 for kind in Kind)


def test_the_ladder_has_no_kinds_but_phases() -> None:
    assert [steps.kind_of(step.name) for step in USUAL] == [None] * len(USUAL)
    assert [steps.phase_of(step.name) for step in USUAL] == [step.phase for step in USUAL]
    assert [steps.phase_of(steps.name(kind, 7)) for kind in Kind] == [None] * len(Kind)
    assert steps.phase_of("claimed-100-owner") is Phase.CLAIMED


def test_what_counts_as_a_nudge_agrees_with_what_is_not_counted() -> None:
    assert all(name.startswith(steps.NO_NUDGES) is (kind not in steps.NUDGES) for name, kind in STORED.items())
