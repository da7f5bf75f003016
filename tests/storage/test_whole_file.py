"""A file has its name only once it is whole, and never takes that of another."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from storage.whole_file import becoming


@pytest.fixture(params=["links", "no links"], autouse=True)
def file_system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_source: object, _target: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    if request.param == "no links":
        monkeypatch.setattr(os, "link", refuse)


def test_a_file_has_its_name_once_it_is_whole_and_nobody_else_may_read_it(tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    with becoming(target) as part:
        part.write_text("all of it")
        assert not target.exists()
    assert target.read_text() == "all of it"
    assert target.stat().st_mode & 0o777 == 0o600
    assert [target] == list(tmp_path.iterdir())


def test_of_two_that_are_written_at_once_under_one_name_the_first_to_be_whole_gets_it(tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    slow, quick = becoming(target), becoming(target)
    slow.__enter__().write_text("half of the second")
    with quick as part:
        part.write_text("all of the first")
    with pytest.raises(FileExistsError):
        slow.__exit__(None, None, None)
    assert target.read_text() == "all of the first"
    assert [target] == list(tmp_path.iterdir())


def test_a_file_that_is_there_is_told_before_anything_is_written(tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    target.write_text("older")
    with pytest.raises(FileExistsError), becoming(target):
        pytest.fail("nothing was to be written")
    assert target.read_text() == "older"


def test_nothing_stays_of_a_file_that_could_not_be_written(tmp_path: Path) -> None:
    writing = becoming(tmp_path / "copy.db")
    writing.__enter__().write_text("half of it")
    assert not writing.__exit__(OSError, OSError("no room"), None)
    assert list(tmp_path.iterdir()) == []
