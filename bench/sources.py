"""Goal 14: the cost of verifying and parsing a survey tool's payload, per source, next to the HMAC of the same bytes alone.

Uses the samples of each source, signed as its vendor documents. A tool that is polled, or only names a response, is measured
by its answer to us: that is not signed, and the HMAC next to it is only a yardstick.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import parse_qsl

from bench.report import Figure, Outcome
from bot.listening import Sent, payload
from bot.sources import LoadedSource
from tests.sources.samples import Sample, every_sample
from tests.sources.signing import Signed, sign

NOW = datetime(2026, 11, 20, 10, 5, tzinfo=UTC)
AT_ONCE = 400
"""Calls between two readings of the clock. The sides alternate, so that a disturbance hits both."""
MUST, NEAR = 50.0, 20.0
KEY = b"a secret of the usual length, 32"


def check(rounds: int, _folder: Path) -> Outcome:
    found = {sample.kind: _measured(sample, rounds) for sample in _one_of_each()}
    figures = [
        Figure(14, f"{kind}: verify and read ÷ HMAC alone", ratio, "×", MUST, NEAR, "at most") for kind, (ratio, _) in found.items()
    ]
    return Outcome(figures, ", ".join(f"{kind} {spent:.0f} µs" for kind, (_, spent) in found.items()))


def _one_of_each() -> Sequence[Sample]:
    """Returns the largest sample of each source that parses to feedback or customers."""
    largest: dict[str, Sample] = {}
    for sample in every_sample():
        if not (isinstance(sample.expect, list) or "customers" in sample.expect):
            continue
        before = largest.get(sample.kind)
        if before is None or len(_body(sample)) > len(_body(before)):
            largest[sample.kind] = sample
    return [largest[kind] for kind in sorted(largest)]


def _measured(sample: Sample, rounds: int) -> tuple[float, float]:
    """Returns the ratio, and the microseconds of one call."""
    body = _body(sample)
    ours, alone = _reading(sample, body), _hmac(body)
    halves = [(_spent(ours), _spent(alone)) for _ in range(rounds + 1)]
    ratios = [mine / bare for mine, bare in halves[1:]]  # the first was a warm-up
    return median(ratios), median(mine for mine, _ in halves[1:]) * 1e6


def _reading(sample: Sample, body: bytes) -> Callable[[], object]:
    """What the door does: verify the bytes, decode them, turn them into feedback."""
    loaded = sample.loaded()
    if not sample.sent:
        return lambda: loaded.parse(payload.read(body))
    signed = Signed() if sample.signed is None else sign(sample.signed, sample.secret, body, NOW)
    headers = {name.lower(): value for name, value in {**sample.headers, **signed.headers}.items()}
    sent = signed.body or body
    query = dict(parse_qsl(signed.query.removeprefix("?")))
    read = getattr(loaded.source, "read", payload.read)
    return lambda: _door(loaded, headers, sent, query, read)


def _door(
    loaded: LoadedSource, headers: Mapping[str, str], body: bytes, query: Mapping[str, str], read: Callable[[bytes], Any]
) -> object:
    loaded.source.verify(Sent(headers, body, query, NOW), loaded.options)
    said = read(body)
    return loaded.customers(said) if loaded.tells_of_customers else loaded.parse(said)


def _hmac(body: bytes) -> Callable[[], object]:
    return lambda: hmac.new(KEY, body, hashlib.sha256).hexdigest()


def _spent(call: Callable[[], object]) -> float:
    """Returns the seconds of one call on this thread's own clock, which ignores other processes on the core."""
    begun = time.thread_time()
    for _ in range(AT_ONCE):
        call()
    return (time.thread_time() - begun) / AT_ONCE


def _body(sample: Sample) -> bytes:
    return sample.body(sample.payload)
