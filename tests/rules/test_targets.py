"""What a button is about comes back from a chat as text, and from outside."""

from __future__ import annotations

import pytest

from handlers.cards import Button, Target, read_target


@pytest.mark.parametrize("target", [1, 42, 2**53, "digest:17", "team:oak-street", "place:msteams:main:19:abc@thread.tacv2"])
def test_a_target_is_read_back_as_it_was(target: Target) -> None:
    assert read_target(str(Button("note", "Note", target).target)) == target
    assert read_target(target) == target


@pytest.mark.parametrize(
    "said", [None, 0, -1, 2**63, True, 1.5, [], {}, "", "-1", "9" * 19, "oak street", ":x", "a:b c", "a:b\n", "a:" + "b" * 200]
)
def test_what_is_no_target_is_none(said: object) -> None:
    assert read_target(said) is None
