"""Units that queue for a writer: which are batched, and that none is left behind at the end."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import Any

from storage.sqlite_writer import TOGETHER, UnitQueue
from storage.units import Unit


def alone(name: str) -> Unit:
    return Unit(lambda tx: name, Future())


def kind(name: str) -> Any:
    def fn(tx: Any, items: Any) -> Any:
        return items

    return lambda item: Unit(fn, Future(), item=(name, item), together=True)


def test_whatever_waits_is_taken_together() -> None:
    waiting, answer = UnitQueue(), kind("answer")
    units = [alone("tap"), answer(1), answer(2), alone("tick")]
    for unit in units:
        waiting.put(unit)
    assert waiting.collect() == units


def test_no_more_than_so_many_are_taken_at_once() -> None:
    waiting = UnitQueue()
    for n in range(TOGETHER + 3):
        waiting.put(alone(str(n)))
    assert [len(waiting.collect() or []) for _ in range(2)] == [TOGETHER, 3]


def test_the_end_comes_after_all_that_waited() -> None:
    waiting = UnitQueue()
    waiting.put(alone("tap"))
    waiting.end()
    assert len(waiting.collect() or []) == 1
    assert waiting.collect() is None


def test_what_nobody_should_wait_for_is_done_once_while_nothing_comes() -> None:
    waiting, rested, taken = UnitQueue(), list[str](), list[Any]()
    called = threading.Event()

    def rest() -> None:
        rested.append("rest")
        called.set()

    writer = threading.Thread(target=lambda: taken.append(waiting.collect(rest)))
    writer.start()
    assert called.wait(30)
    waiting.put(unit := alone("tap"))
    writer.join(30)
    assert (taken, rested) == ([[unit]], ["rest"])
