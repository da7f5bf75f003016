"""Turns errors that ops can fix into one sentence and an exit status."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.exc import DBAPIError

from bot.port import PortTaken
from storage.database import Busy, Unavailable
from storage.move import Unfit
from storage.rights import lacked_right
from storage.schema import Newer, Older
from storage.sqlite_file import Occupied, Unusable

TEMPORARY = 75
"""EX_TEMPFAIL of sysexits.h: the same command may work later."""


class Mistaken(Exception):
    """What was asked for does not exist or is impossible. The message says what to do instead."""


class Unfinished(Exception):
    """The database went away in the middle. The message says what is done by then, and what to do next."""


@contextmanager
def unfinished(done: str, then: str) -> Iterator[None]:
    """Raise Unfinished if the database goes away in this block; `done` says what happened, and `then` what to do."""
    try:
        yield
    except Unavailable as error:
        raise Unfinished(f"{done} ({_clause(error)}). {then}.") from error


@contextmanager
def refusing(stop: Callable[[str, int], Any]) -> Iterator[None]:
    try:
        yield
    except (PortTaken, Occupied, Newer, Unfinished) as error:
        stop(str(error), TEMPORARY)
    except Busy:
        why = "others, such as the bot or a pg_dump, are reading or changing the same just now, so nothing was changed"
        stop(f"{why}. Run the same command again later.", TEMPORARY)
    except Unavailable as error:
        why = _clause(error)
        stop(f"the database is away, so nothing was changed ({why}). Check that it runs, and `database:` in app.yaml.", TEMPORARY)
    except (Mistaken, Unfit, Unusable, Older) as error:
        stop(str(error), 2)
    except DBAPIError as error:
        if (denied := lacked_right(error)) is None:
            raise
        stop(". ".join(denied), 2)


def _clause(error: Exception) -> str:
    return " ".join(str(error).split())
