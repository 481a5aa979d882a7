"""Work on many items by any executor."""

import gc
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import active_children
from pathlib import Path

import pytest
from msgspec.structs import replace

from replay import chunks, workers
from replay.cli.work.pools import processes
from replay.errors import ReplayError
from replay.garbage import SELDOM
from replay.workers import Pool, Rounds, each

NUMBERS = range(200)


def square(number: int) -> int:
    """What is done with an item."""
    return number * number


def square_or_die(once: Path, number: int) -> int:
    """The same; the first time that the 7 comes the process is killed."""
    if number == 7 and not once.exists():
        once.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number


def die_at_seven(number: int) -> int:
    """The same, but the 7 kills whoever takes it."""
    if number == 7:
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number


def refuse_seven(number: int) -> int:
    """The same, but the 7 can't be done."""
    if number == 7:
        raise ReplayError("is seven", where="here", do="take another")
    return number * number


class Tens:
    """Work in which numbers with the same last digit are alike, and that refers to a list."""

    def __init__(self) -> None:
        self.shared = ([],)

    def __call__(self, number: int) -> tuple[int, int, list[int]]:
        return number, os.getpid(), self.shared[0]

    def alike(self, numbers: list[int]) -> list[int]:
        """The last digit of each."""
        return [number % 10 for number in numbers]


class Keeping:
    """Work that keeps a thousand texts of each item, and says of how many it has them."""

    def __init__(self) -> None:
        self.kept: list[list[str]] = []

    def __call__(self, number: int) -> int:
        self.kept.append([f"{number} {place}" for place in range(1000)])
        return len(self.kept)

    def forget(self) -> None:
        """Begins anew."""
        self.kept = []


@contextmanager
def threads(_: int) -> Iterator[Executor]:
    """An executor of the standard library."""
    with ThreadPoolExecutor(1) as executor:
        yield executor


@pytest.mark.parametrize("pool", [None, Pool(2, threads), processes(2), processes(3)])
def test_results_come_in_order_from_any_executor(pool):
    assert [*each(square, NUMBERS, pool)] == [square(number) for number in NUMBERS]


def test_work_begins_here_and_is_handed_out_when_it_lasts():
    here = {pid for _, pid, _ in each(Tens(), NUMBERS, processes(2, patience=60))}
    assert here == {os.getpid()}


def test_a_worker_with_too_much_in_its_memory_forgets_when_it_has_as_much_again(monkeypatch):
    monkeypatch.setattr(chunks, "MEMORY", 1)
    one_by_one = replace(processes(2), chunk=0)
    kept = [*each(Keeping(), range(2000), one_by_one)]
    forgotten = kept.count(1)
    assert 2 < forgotten < 100  # a quarter of what a worker has besides is much more than one item
    assert max(kept) > 20


def test_a_worker_with_room_remembers():
    assert max(each(Keeping(), NUMBERS, processes(2))) > 1


def collecting(_: int) -> tuple[int, int, int]:
    """How often Python looks for garbage where this is done."""
    return gc.get_threshold()


def test_a_worker_looks_for_garbage_seldom_while_it_works_and_then_as_before():
    before = gc.get_threshold()
    gc.set_threshold(1000, 10, 10)
    try:
        assert {*each(collecting, range(3), Pool(1, threads))} == {SELDOM}
        assert gc.get_threshold() == (1000, 10, 10)
    finally:
        gc.set_threshold(*before)


def test_items_are_taken_only_as_they_are_handed_out():
    taken = []
    items = (taken.append(number) or number for number in NUMBERS)
    results = each(square, items)
    assert [next(results), next(results)] == [0, 1]
    assert taken == [0, 1]


def first_over(limit: int, pool: Pool | None) -> tuple[int, int]:
    """The first square over a limit, and the process that found it."""
    results = each(square_and_process, NUMBERS, pool)
    return next(pair for pair in results if pair[0] > limit)


def square_and_process(number: int) -> tuple[int, int]:
    """What is done with an item, and who did it."""
    return number * number, os.getpid()


def test_rounds_have_the_same_processes_and_leave_none(monkeypatch):
    monkeypatch.setattr(workers, "ENOUGH", 0)
    before = {child.pid for child in active_children()}
    with Rounds(processes(2)) as rounds:
        done = [first_over(limit, rounds.pool()) for limit in range(0, 1000, 10)]
    assert [value for value, _ in done] == [first_over(it, None)[0] for it in range(0, 1000, 10)]
    assert len({process for _, process in done} - {os.getpid()}) in (1, 2)
    assert {child.pid for child in active_children()} <= before


def test_rounds_begin_here():
    with Rounds(processes(2)) as rounds:
        assert first_over(10, rounds.pool()) == (16, os.getpid())


def test_a_round_in_which_a_worker_is_killed_ends_and_so_do_those_after_it(tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "ENOUGH", 0)
    work = partial(square_or_die, tmp_path / "once")
    with Rounds(processes(2)) as rounds:
        for _ in range(3):
            assert [*each(work, NUMBERS, rounds.pool())] == [n * n for n in NUMBERS]


def test_what_is_shared_stays_one_object():
    work = Tens()
    done = [*each(work, NUMBERS, processes(2))]
    assert [number for number, _, _ in done] == [*NUMBERS]
    assert all(pid != os.getpid() and shared is work.shared[0] for _, pid, shared in done)


def test_a_killed_worker_loses_nothing(tmp_path):
    work = partial(square_or_die, tmp_path / "once")
    assert [*each(work, NUMBERS, processes(2))] == [square(number) for number in NUMBERS]


def test_what_kills_every_worker_is_told():
    with pytest.raises(ReplayError, match=r"killed 3 times, at .*take fewer workers"):
        [*each(die_at_seven, NUMBERS, processes(2))]


def test_a_refusal_comes_back_whole():
    with pytest.raises(ReplayError) as raised:
        [*each(refuse_seven, NUMBERS, processes(2))]
    assert str(raised.value) == "here: is seven; take another"


def test_whoever_stops_early_leaves_no_process():
    before = {child.pid for child in active_children()}
    results = each(square, NUMBERS, processes(2))
    assert next(results) == 0
    results.close()
    ended = time.monotonic() + 20
    while {child.pid for child in active_children()} - before and time.monotonic() < ended:
        time.sleep(0.1)
    assert {child.pid for child in active_children()} <= before
