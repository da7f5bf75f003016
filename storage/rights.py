"""What PostgreSQL does not let our role do. Ops can mend that, so it is told in a sentence and not as a mistake of ours."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError

_DENIED, _NO_SCHEMA = "42501", "3F000"
_ROLE = "the role that `database:` names"


def withheld(error: DBAPIError) -> str | None:
    """Returns in two sentences which right our role lacks, and the one thing to do; None for any other error."""
    state, said = getattr(error.orig, "sqlstate", None), str(error.orig).strip().partition("\n")[0]
    if state == _NO_SCHEMA:
        do = "CREATE SCHEMA name AUTHORIZATION role"
    elif state == _DENIED:
        _, _, schema = said.partition("permission denied for schema ")
        do = f"GRANT ALL ON SCHEMA {schema} TO role" if schema else "REASSIGN OWNED BY whoever_made_the_tables TO role"
    else:
        return None
    return f"PostgreSQL does not let {_ROLE} do what the bot needs ({said}). Let its administrator run: {do}"
