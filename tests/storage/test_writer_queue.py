"""Units that queue for a writer: which are batched, and that none is left behind at the end."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import Any

from storage.units import Unit
from storage.writer_queue import TOGETHER, WriterQueue


def alone(name: str) -> Unit:
    return Unit(lambda tx: name, Future())


def kind(name: str) -> Any:
    def fn(tx: Any, items: Any) -> Any:
        return items

    return lambda item: Unit(fn, Future(), item=(name, item), together=True)


def test_whatever_waits_is_taken_together_where_it_may_share_a_transaction() -> None:
    waiting, answer = WriterQueue(shared=True), kind("answer")
    units = [alone("tap"), answer(1), answer(2), alone("tick")]
    for unit in units:
        waiting.put(unit)
    assert waiting.collect() == units


def test_elsewhere_units_of_one_kind_are_taken_together_and_whoever_ends_their_row_comes_along() -> None:
    waiting, answer = WriterQueue(shared=False), kind("answer")
    first, one, two, after, last = alone("tap"), answer(1), answer(2), alone("tick"), answer(3)
    for unit in (first, one, two, after, last):
        waiting.put(unit)
    assert [waiting.collect() for _ in range(3)] == [[first], [one, two, after], [last]]


def test_no_more_than_so_many_are_taken_at_once() -> None:
    waiting = WriterQueue(shared=True)
    for n in range(TOGETHER + 3):
        waiting.put(alone(str(n)))
    assert [len(waiting.collect() or []) for _ in range(2)] == [TOGETHER, 3]


def test_the_end_comes_after_all_that_waited_and_once_for_each_writer() -> None:
    waiting = WriterQueue(shared=True)
    waiting.put(alone("tap"))
    waiting.end()
    waiting.end()
    assert len(waiting.collect() or []) == 1
    assert waiting.collect() is None
    assert waiting.collect() is None


def test_what_nobody_should_wait_for_is_done_once_while_nothing_comes() -> None:
    waiting, rested, taken = WriterQueue(shared=True), list[str](), list[Any]()
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


def test_of_a_crowd_everybody_is_taken_by_one_writer_or_another() -> None:
    waiting, answer, taken = WriterQueue(shared=False), kind("answer"), list[Unit]()
    writers = [threading.Thread(target=lambda: [taken.extend(units) for units in iter(waiting.collect, None)]) for _ in range(4)]
    units = [answer(n) for n in range(2000)]
    for writer in writers:
        writer.start()
    for unit in units:
        waiting.put(unit)
    for _ in writers:
        waiting.end()
    for writer in writers:
        writer.join(30)
    assert sorted(unit.item for unit in taken) == sorted(unit.item for unit in units)
