"""What a role of PostgreSQL may not do is told with what gives it the right."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import ProgrammingError

from storage.rights import lacked_right


class Denied(Exception):
    sqlstate = "42501"


@pytest.mark.parametrize("said", ["permission denied for schema public", "keine Berechtigung für Schema public"])
def test_the_statement_that_helps_is_the_same_in_whatever_language_postgresql_refuses(said: str) -> None:
    lacked = lacked_right(ProgrammingError("\nCREATE TABLE act ()", {}, Denied(said)))
    assert lacked is not None
    assert lacked[1] == "Let its administrator run: GRANT ALL ON SCHEMA public TO role"
