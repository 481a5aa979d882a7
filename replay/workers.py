"""Long work on many items, done here or by any executor, with its results in order.

What is done with an item must hang on nothing but the item: then it is the same in however many
chunks and processes it is done, and whichever of them come to an end.
"""

import io
import os
import pickle
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any, Generic, TypeVar

from msgspec import Struct

from replay.errors import ReplayError
from replay.progress import Progress, no_progress

T = TypeVar("T")
R = TypeVar("R")

CHUNK = 1.0
"""Seconds of work that a chunk is meant to take: to hand it out and back takes milliseconds."""

AHEAD = 3
"""Chunks that are handed out for each worker, so that none has to wait for the next."""

ATTEMPTS = 3
"""How often a chunk is begun; what killed so many workers would kill the next one too."""


MEMORY = 1 << 30
"""Bytes of a worker beyond which it forgets, after a chunk, what it has found out."""


class Pool(Struct, frozen=True):
    """Who works: how many at a time, what opens an executor, and after how many seconds.

    An executor that breaks, since a worker was killed, is closed and another one opened.
    """

    count: int
    open: Callable[[], AbstractContextManager[Executor]]
    patience: float = 0.0


def each(
    work: Callable[[T], R],
    items: Sequence[T],
    pool: Pool | None = None,
    watch: Progress = no_progress,
    noun: str = "items",
) -> Iterator[R]:
    """What the work makes of each item, in order; what it raises for one is raised there.

    With a pool the work is pickled, once, and so are the items. Work may have `shared`: objects
    that stay where they are and that results refer to; `alike`, which gives for items what is equal
    for those that had better be done by one worker; `condensed`, which takes out of the results of
    a chunk what they have twice; and `forget`, which is called when a worker has too much in its
    memory. Raises ReplayError where a chunk kills its workers again and again.
    """
    ready: dict[int, R] = {}
    at = 0
    for index, result in watch(_done(work, items, pool), len(items), noun):
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


def _done(work: Callable[[T], R], items: Sequence[T], pool: Pool | None) -> Iterator[tuple[int, R]]:
    """The results as they come, each with its index."""
    count, began = 0, time.monotonic()
    while count < len(items) and (pool is None or time.monotonic() < began + pool.patience):
        yield count, work(items[count])
        count += 1
    if pool is not None and count < len(items):
        rate = count / (time.monotonic() - began) if count else None
        yield from _Spreading(work, [*enumerate(items)][count:], pool, rate).results()


# Handing out


class _Chunk(Struct, Generic[T]):
    """Items with their indexes, how often they were begun, and what is going to come of them."""

    items: Sequence[tuple[int, T]]
    attempts: int = 0
    future: Future[tuple[bytes, float]] | None = None

    def result(self) -> tuple[bytes, float]:
        """What a worker said, when it did."""
        assert self.future is not None, "the first chunk is always handed out"
        return self.future.result()

    def is_lost(self) -> bool:
        """Whether it was to be done by an executor that broke."""
        future = self.future
        return future is not None and (
            future.cancelled() or isinstance(future.exception(), BrokenExecutor)
        )


class _Spreading(Generic[T, R]):
    """Work while others do it."""

    def __init__(
        self,
        work: Callable[[T], R],
        items: Sequence[tuple[int, T]],
        pool: Pool,
        rate: float | None,
    ) -> None:
        """`rate` is how many items are done in a second, None if that is not known yet."""
        self._items = _beside_their_like(work, items)
        self._pool, self._rate = pool, rate
        self._packed, self._shared = pickle.dumps(work), getattr(work, "shared", ())
        self._at, self._size = 0, 1
        self._waiting: deque[_Chunk[T]] = deque()
        # A fork has what the work has found out so far.
        _works[self._packed] = work

    def results(self) -> Iterator[tuple[int, R]]:
        """The results, chunk by chunk. However it ends, no worker goes on."""
        try:
            with ExitStack() as stack:
                executor = stack.enter_context(self._pool.open())
                while self._fill(executor):
                    try:
                        packed, self._rate = self._waiting[0].result()
                    except BrokenExecutor:
                        stack.pop_all().close()
                        executor = stack.enter_context(self._pool.open())
                        self._begin_again()
                        continue
                    chunk = self._waiting.popleft()
                    results = _Unpickler(packed, self._shared).load()
                    for (index, _), result in zip(chunk.items, results, strict=True):
                        yield index, result
        finally:
            _works.pop(self._packed, None)

    def _fill(self, executor: Executor) -> bool:
        """Hands out what there is to do; False if nothing is left."""
        while self._at < len(self._items) and len(self._waiting) < AHEAD * self._pool.count:
            size = self._next_size()
            self._waiting.append(_Chunk(self._items[self._at : self._at + size]))
            self._at += size
        for chunk in self._waiting:
            if chunk.future is None:
                if chunk.attempts and chunk is not self._waiting[0]:
                    break  # what was lost is done one after another, to see what it is that kills
                chunk.attempts += 1
                chunk.future = _submitted(executor, self._packed, [item for _, item in chunk.items])
        return bool(self._waiting)

    def _next_size(self) -> int:
        if self._rate is not None:
            return max(1, round(self._rate * CHUNK))
        size, self._size = self._size, 2 * self._size
        return size

    def _begin_again(self) -> None:
        """Forgets what was lost with the executor; whatever was done before it broke is kept."""
        first = self._waiting[0]
        if first.attempts >= ATTEMPTS:
            raise killed(str(first.items[0][1]))
        for chunk in self._waiting:
            if chunk.is_lost():
                chunk.future = None


def _beside_their_like(work: Any, items: Sequence[tuple[int, T]]) -> Sequence[tuple[int, T]]:
    """The items in an order in which those that are alike are neighbours."""
    alike = getattr(work, "alike", None)
    if alike is None:
        return items
    keys: Iterable[Any] = alike([item for _, item in items])
    order = sorted(zip(keys, range(len(items)), strict=True))
    return [items[number] for _, number in order]


def _submitted(
    executor: Executor, packed: bytes, items: Sequence[Any]
) -> Future[tuple[bytes, float]]:
    try:
        return executor.submit(_results, packed, items)
    except BrokenExecutor as error:
        broken: Future[tuple[bytes, float]] = Future()
        broken.set_exception(error)
        return broken


def killed(item: str) -> ReplayError:
    """What is raised where workers are killed, which most often memory is the cause of."""
    where = f", at {item} or what follows it" if item else ""
    do = "see whether memory runs out, and take fewer workers"
    return ReplayError(f"a worker was killed {ATTEMPTS} times{where}", do=do)


# In a worker


_works: dict[bytes, Callable[[Any], Any]] = {}
"""The work that goes on, by its pickled form: what it has found out stays with it."""

_one_at_a_time = threading.Lock()
"""A worker of others may have several threads, and a replay's memory is for one."""


def _results(packed: bytes, items: Sequence[Any]) -> tuple[bytes, float]:
    """What the work makes of the items, pickled, and how many it does in a second."""
    with _one_at_a_time:
        if packed not in _works:
            _works.clear()
            _works[packed] = pickle.loads(packed)
        work, began = _works[packed], time.perf_counter()
        results = [work(item) for item in items]
        if hasattr(work, "condensed"):
            results = work.condensed(results)
        rate = len(items) / max(time.perf_counter() - began, 1e-6)
        if _resident() > MEMORY and hasattr(work, "forget"):
            work.forget()
        return _packed(results, getattr(work, "shared", ())), rate


def _resident() -> int:
    """The bytes of memory that this process has; 0 where nothing tells."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


class _Pickler(pickle.Pickler):
    """Pickles what is shared as its number."""

    def __init__(self, file: io.BytesIO, shared: Sequence[object]) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self._numbers = {id(each): number for number, each in enumerate(shared)}

    def persistent_id(self, obj: object) -> int | None:
        return self._numbers.get(id(obj))


class _Unpickler(pickle.Unpickler):
    """Puts in place of a number what is shared here."""

    def __init__(self, packed: bytes, shared: Sequence[object]) -> None:
        super().__init__(io.BytesIO(packed))
        self._shared = shared

    def persistent_load(self, pid: int) -> object:
        return self._shared[pid]


def _packed(results: list[Any], shared: Sequence[object]) -> bytes:
    file = io.BytesIO()
    _Pickler(file, shared).dump(results)
    return file.getvalue()
