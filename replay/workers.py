"""Long work on many items, done here or by any executor, with its results in order.

What is done with an item must hang on nothing but the item: then it is the same in however many
chunks and processes it is done, and whichever of them come to an end.
"""

import pickle
import sys
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from contextlib import AbstractContextManager, ExitStack, contextmanager
from itertools import chain, islice, pairwise
from operator import length_hint
from typing import Any, Generic, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from replay.chunks import known_here, results_of, unpacked
from replay.errors import ReplayError
from replay.progress import Progress, no_progress

T = TypeVar("T")
R = TypeVar("R")

CHUNK = 1.0
"""Seconds of work that a chunk is meant to take: to hand it out and back takes milliseconds."""

SMALL_CHUNK = 0.02
"""The same in a search, most of whose rounds end before all is done that was handed out."""

ENOUGH = 0.5
"""Seconds that a search goes on here before others are asked: most are over by then."""

AHEAD = 2
"""Chunks that are handed out for each worker, so that none has to wait for the next."""

ATTEMPTS = 3
"""How often a chunk is begun; what killed so many workers would kill the next one too."""


class Pool(Struct, frozen=True):
    """Who works: how many, what opens the executor of one of them, and after how many seconds.

    Each worker has an executor of its own, so that what it has found out is of use to it. One that
    breaks, since its worker was killed, is closed and another one opened. `chunk` is how many
    seconds of work are handed out at a time, `ahead` how often before the first of it is done.
    """

    count: int
    open: Callable[[int], AbstractContextManager[Executor]]
    patience: float = 0.0
    chunk: float = CHUNK
    ahead: int = AHEAD


def each(
    work: Callable[[T], R],
    items: Iterable[T],
    pool: Pool | None = None,
    watch: Progress = no_progress,
    noun: str = "items",
) -> Generator[R, None, None]:
    """What the work makes of each item, in order; what it raises for one is raised there.

    With a pool the work is pickled, once, and so are the items, which are taken only as they are
    handed out. Work may have `shared`: objects that stay where they are and that results refer to;
    `alike`, which gives for items what is equal for those that had better be done by one worker;
    `condensed`, which takes out of the results of a chunk what they have twice; and `forget`, which
    is called when a worker has too much in its memory. Raises ReplayError where a chunk kills its
    workers again and again.
    """
    ready: dict[int, R] = {}
    at = 0
    for index, result in watch(_done(work, items, pool), length_hint(items), noun):
        ready[index] = result
        while at in ready:
            yield ready.pop(at)
            at += 1


def as_done(
    work: Callable[[T], R],
    items: Sequence[T],
    pool: Pool | None = None,
    watch: Progress = no_progress,
    noun: str = "items",
) -> Iterator[R]:
    """The same as it is done, in whatever order, so that nothing has to wait for what is first."""
    return (result for _, result in watch(_done(work, items, pool), len(items), noun))


def _done(work: Callable[[T], R], items: Iterable[T], pool: Pool | None) -> Iterator[tuple[int, R]]:
    """The results as they come, each with its index."""
    began = time.monotonic()
    left = enumerate(items)
    for index, item in left:
        if pool is not None and time.monotonic() >= began + pool.patience:
            rate = index / (time.monotonic() - began) if index else None
            yield from _spread(work, chain([(index, item)], left), pool, rate)
            return
        yield index, work(item)


class Rounds:
    """Who works in a search, of which each round ends when it has what it looks for.

    All rounds have the same executors, which are not asked before the search has gone on a while.
    """

    def __init__(self, pool: Pool | None) -> None:
        self._pool, self._until = pool, time.monotonic() + ENOUGH
        self._opened: dict[int, ExitStack] = {}
        self._executors: dict[int, Executor] = {}

    def __enter__(self) -> "Rounds":
        return self

    def __exit__(self, *raised: Any) -> None:
        for opened in self._opened.values():
            opened.__exit__(*raised)

    def pool(self) -> Pool | None:
        """Who works in the next round."""
        if self._pool is None:
            return None
        left = max(self._until - time.monotonic(), 0.0)
        return replace(self._pool, open=self._open, patience=left, chunk=SMALL_CHUNK, ahead=1)

    @contextmanager
    def _open(self, number: int) -> Iterator[Executor]:
        """The executor of a worker, which stays open for the next round unless it breaks."""
        assert self._pool is not None, "somebody has to work"
        if number not in self._executors:
            stack = self._opened[number] = ExitStack()
            self._executors[number] = stack.enter_context(self._pool.open(number))
        try:
            yield self._executors[number]
        except BrokenExecutor:
            del self._executors[number]
            self._opened.pop(number).__exit__(*sys.exc_info())
            raise


# Handing out


class _Chunk(Struct, Generic[T]):
    """Items with their indexes, how often they killed a worker, and what is to come of them."""

    items: Sequence[tuple[int, T]]
    future: Future[tuple[bytes, float]]
    kills: int = 0

    def is_lost(self) -> bool:
        """Whether it was to be done by an executor that broke."""
        return self.future.cancelled() or isinstance(self.future.exception(), BrokenExecutor)


class _Worker(Generic[T]):
    """A worker with what it was given to do."""

    def __init__(self, pool: Pool, number: int, packed: bytes, rate: float | None) -> None:
        """`rate` is how many items it does in a second, None if that is not known yet."""
        self._pool, self._number, self._packed, self.rate = pool, number, packed, rate
        self.chunks: deque[_Chunk[T]] = deque()
        self._opened = ExitStack()
        self._executor: Executor | None = None

    def __enter__(self) -> "_Worker[T]":
        return self

    def __exit__(self, *raised: Any) -> None:
        for chunk in self.chunks:
            chunk.future.cancel()
        self._opened.__exit__(*raised)

    @property
    def size(self) -> int:
        """How many items it is given next."""
        return 1 if self.rate is None else max(1, round(self.rate * self._pool.chunk))

    def give(self, items: Sequence[tuple[int, T]]) -> None:
        """Hands out items."""
        self.chunks.append(_Chunk(items, self._submitted(items)))

    def taken(self) -> Iterator[tuple[Sequence[tuple[int, T]], bytes]]:
        """What is done: the items, and their pickled results."""
        while self.chunks and self.chunks[0].future.done():
            try:
                results, self.rate = self.chunks[0].future.result()
            except BrokenExecutor:
                self._begin_again()
                return
            yield self.chunks.popleft().items, results

    def _begin_again(self) -> None:
        """Gives what was lost to another process; it does one after another, so the first kills."""
        first = self.chunks[0]
        first.kills += 1
        if first.kills >= ATTEMPTS:
            raise killed(str(first.items[0][1]))
        self._opened.__exit__(*sys.exc_info())
        self._executor = None
        for chunk in self.chunks:
            if chunk.is_lost():
                chunk.future = self._submitted(chunk.items)

    def _submitted(self, items: Sequence[tuple[int, T]]) -> Future[tuple[bytes, float]]:
        if self._executor is None:
            self._executor = self._opened.enter_context(self._pool.open(self._number))
        try:
            return self._executor.submit(results_of, self._packed, [item for _, item in items])
        except BrokenExecutor as error:
            broken: Future[tuple[bytes, float]] = Future()
            broken.set_exception(error)
            return broken


class _InOrder(Generic[T]):
    """Items that all workers take one after another."""

    def __init__(self, items: Iterable[tuple[int, T]]) -> None:
        self._items = iter(items)

    def take(self, _: int, size: int) -> Sequence[tuple[int, T]]:
        """The next items, none if there are no more."""
        return tuple(islice(self._items, size))


class _Shares(Generic[T]):
    """Items of which each worker has a share. Those that are alike are neighbours in it."""

    def __init__(self, items: Sequence[tuple[int, T]], keys: Iterable[Any], count: int) -> None:
        order = sorted(zip(keys, range(len(items)), strict=True))
        self._items = [items[number] for _, number in order]
        bounds = [len(items) * number // count for number in range(count + 1)]
        self._shares = [*pairwise(bounds)]

    def take(self, number: int, size: int) -> Sequence[tuple[int, T]]:
        """The next items for a worker, at most half of its share, so that all end at one time.

        One that has no more gets half of what another still has.
        """
        start, stop = self._shares[number]
        if start == stop:
            longest = max(range(len(self._shares)), key=lambda it: _length(self._shares[it]))
            first, stop = self._shares[longest]
            start = (first + stop) // 2
            self._shares[longest] = first, start
        end = min(start + size, (start + stop + 1) // 2)
        self._shares[number] = end, stop
        return self._items[start:end]


def _length(share: tuple[int, int]) -> int:
    return share[1] - share[0]


def _spread(
    work: Callable[[T], R], items: Iterable[tuple[int, T]], pool: Pool, rate: float | None
) -> Iterator[tuple[int, R]]:
    """The results as they come. However it ends, no worker goes on."""
    alike = getattr(work, "alike", None)
    every = [*items] if alike else []
    keys = alike([item for _, item in every]) if alike else ()
    source = _Shares(every, keys, pool.count) if alike else _InOrder(items)
    packed, shared = pickle.dumps(work), getattr(work, "shared", ())
    with ExitStack() as stack:
        stack.enter_context(known_here(packed, work))
        workers = [
            stack.enter_context(_Worker[T](pool, number, packed, rate))
            for number in range(pool.count)
        ]
        while _is_given(workers, source, pool.ahead):
            wait([it.chunks[0].future for it in workers if it.chunks], None, FIRST_COMPLETED)
            for worker in workers:
                for done, results in worker.taken():
                    indexes = (index for index, _ in done)
                    yield from zip(indexes, unpacked(results, shared), strict=True)


def _is_given(workers: Sequence[_Worker[T]], source: Any, ahead: int) -> bool:
    """Hands out what there is to do; False if nothing is left."""
    for _ in range(ahead):
        for number, worker in enumerate(workers):
            if len(worker.chunks) < ahead and (items := source.take(number, worker.size)):
                worker.give(items)
    return any(worker.chunks for worker in workers)


def killed(item: str) -> ReplayError:
    """What is raised where workers are killed, which most often memory is the cause of."""
    where = f", at {item} or what follows it" if item else ""
    do = "see whether memory runs out, and take fewer workers"
    return ReplayError(f"a worker was killed {ATTEMPTS} times{where}", do=do)
