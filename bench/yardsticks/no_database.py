"""The feedback route with everything but a database: `python -m bench.yardsticks.no_database APP_YAML`."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Sequence
from pathlib import Path

import uvloop

from bench.northwind import settings
from bench.yardsticks.door import serve
from handlers.arrivals.arrival import Arrival
from handlers.receive import Answer, Receipt

_numbers = itertools.count(1)


async def receive(arrivals: Sequence[Arrival]) -> Sequence[Receipt]:
    """Return receipts as if all was stored; store nothing."""
    return [Receipt(Answer.ACCEPTED, next(_numbers)) for _ in arrivals]


if __name__ == "__main__":
    uvloop.run(serve(settings(Path(sys.argv[1])), receive))
