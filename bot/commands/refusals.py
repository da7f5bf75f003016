"""Turns errors that ops can fix into one sentence and an exit status."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from bot.serve import PortTaken
from storage.database import Unavailable
from storage.move import Unfit
from storage.schema import Newer, Older
from storage.sqlite_file import Occupied, Unusable

TEMPORARY = 75
"""EX_TEMPFAIL of sysexits.h: the same command may work later."""


class Mistaken(Exception):
    """What was asked for does not exist or is impossible. The message says what to do instead."""


@contextmanager
def refusing(stop: Callable[[str, int], Any]) -> Iterator[None]:
    try:
        yield
    except (PortTaken, Occupied, Newer) as error:
        stop(str(error), TEMPORARY)
    except Unavailable as error:
        why = " ".join(str(error).split())
        stop(f"the database is away, so nothing was changed ({why}). Check that it runs, and `database:` in app.yaml.", TEMPORARY)
    except (Mistaken, Unfit, Unusable, Older) as error:
        stop(str(error), 2)
