"""Goal 9b: one of thirty channels answers 429 or 500 for ten seconds: the throughput of the others, next to the same without it."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from statistics import median

from bench.delivery import CHANNELS, SECONDS, Sent, sent, share
from bench.processes import Failed
from bench.report import Figure, Outcome
from bench.slack import SICK

MOST_ROUNDS = 2
"""Caps the rounds, as each takes forty seconds."""
WELL = 0
STATUSES = (WELL, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.INTERNAL_SERVER_ERROR)


def check(rounds: int, folder: Path) -> Outcome:
    """Each round delivers three backlogs in sequence: all channels well, one that answers 429, one that answers 500."""
    taken = [
        {status: sent(folder / f"{n}-{status:d}", status, SECONDS) for status in STATUSES} for n in range(min(rounds, MOST_ROUNDS))
    ]
    for status in STATUSES[1:]:
        if not all(round_[status].in_vain for round_ in taken):
            raise Failed(f"the sick channel never had to answer {status:d}")
    figures = [
        Figure(
            9,
            f"one channel answers {status:d} for 10 s: the other {CHANNELS - 1} ÷ without it",
            median(_others(round_[status]) / _others(round_[WELL]) * 100 for round_ in taken),
            "%",
            97,
            100,
            "at least",
        )
        for status in STATUSES[1:]
    ]
    lost = sum(round_[status].lost for round_ in taken for status in STATUSES[1:])
    shares = {status: median(_others(round_[status]) for round_ in taken) for status in STATUSES}
    vain = {status: median(round_[status].in_vain for round_ in taken) for status in STATUSES[1:]}
    return Outcome(
        [*figures, Figure(9, "messages lost or doubled beside a sick channel, or in it", lost, "messages", 0, 0, "at most")],
        f"{shares[WELL]:.1f} % of what is permitted, all well; "
        + ", ".join(f"{shares[status]:.1f} % beside {vain[status]:.0f} answers of {status:d}" for status in STATUSES[1:]),
    )


def _others(taken: Sent) -> float:
    """Returns the percentage of the permitted rate that the healthy channels reached."""
    return share([post for post in taken.posts if post[0] != SICK], CHANNELS - 1)
