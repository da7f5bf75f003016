"""What a soak calls growth."""

from __future__ import annotations

from dataclasses import replace

from bench.watch import Sample, verdicts

FLAT = [Sample(float(n), (100.0, 90.0), (30, 28), (14, 14), 12, n % 4, 1.0, 0) for n in range(50)]


def failed(samples: list[Sample]) -> list[str]:
    return [each.what for each in verdicts(samples) if not each.holds]


def test_what_swings_around_the_same_is_no_growth() -> None:
    assert failed(FLAT) == []
    assert failed([replace(each, memory_mb=(100 + n % 9, 90.0)) for n, each in enumerate(FLAT)]) == []


def test_memory_that_is_taken_while_all_gets_warm_is_no_growth() -> None:
    assert failed([replace(each, memory_mb=(min(40.0 + 10 * n, 100), 90.0)) for n, each in enumerate(FLAT)]) == []


def test_each_thing_that_leaks_is_named() -> None:
    leaks = {
        "memory of replica 2, MB": [replace(each, memory_mb=(100.0, 90.0 + n)) for n, each in enumerate(FLAT)],
        "file handles of a replica": [replace(each, handles=(30 + n, 28)) for n, each in enumerate(FLAT)],
        "threads of a replica": [replace(each, threads=(14, 14 + n // 5)) for n, each in enumerate(FLAT)],
        "connections to PostgreSQL": [replace(each, connections=12 + n // 5) for n, each in enumerate(FLAT)],
        "messages waiting": [replace(each, waiting=2 * n) for n, each in enumerate(FLAT)],
        "messages parked": [replace(each, parked=n == 49) for n, each in enumerate(FLAT)],
    }
    assert {what: failed(samples) for what, samples in leaks.items()} == {what: [what] for what in leaks}
