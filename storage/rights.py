"""Rights that our PostgreSQL role lacks. Ops can grant them, so this is reported in a sentence and not as a mistake of ours."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError

_DENIED, _NO_SCHEMA = "42501", "3F000"
_ROLE = "the role that `database:` names"


def lacked_right(error: DBAPIError) -> tuple[str, str] | None:
    """Returns which right our role lacks, and the one thing to do; None for any other error. What is refused is told by the
    statement: PostgreSQL's words may be in any language."""
    state, said = getattr(error.orig, "sqlstate", None), str(error.orig).strip().partition("\n")[0]
    if state == _NO_SCHEMA:
        do = "CREATE SCHEMA name AUTHORIZATION role"
    elif state == _DENIED and (error.statement or "").lstrip().upper().startswith("CREATE TABLE"):
        do = f"GRANT ALL ON SCHEMA {said.split()[-1]} TO role"
    elif state == _DENIED:
        do = "REASSIGN OWNED BY whoever_made_the_tables TO role"
    else:
        return None
    return f"PostgreSQL does not let {_ROLE} do what the bot needs ({said})", f"Let its administrator run: {do}"
