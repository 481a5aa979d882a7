"""Doing a chunk of long work in whatever process, and packing what it comes to.

Work may have `shared`, `condensed` and `forget`, as `workers.each` says.
"""

import gc
import io
import os
import pickle
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from replay.garbage import seldom_looking_for_garbage

MEMORY = 1 << 30
"""Bytes of a worker beyond which it forgets, after a chunk, what it has found out."""

_works: dict[bytes, Callable[[Any], Any]] = {}
"""The work that goes on, by its pickled form: what it has found out stays with it."""

_one_at_a_time = threading.Lock()
"""A worker of others may have several threads, and a replay's memory is for one."""


@contextmanager
def known_here(packed: bytes, work: Callable[[Any], Any]) -> Iterator[None]:
    """While it lasts, forks of this process have work with all that it has found out."""
    _works[packed] = work
    try:
        yield
    finally:
        _works.pop(packed, None)


class _Memory:
    """What a worker has in its memory.

    Python keeps what it has given up for what it needs next, so that a worker stays as large as it
    was. So from the first time on that it is too large, what it holds is told by its blocks.
    """

    def __init__(self) -> None:
        self._most: int | None = None

    def is_full(self) -> bool:
        """Whether there is as much in it as there was when it first was too much."""
        if self._most is None and _resident() > MEMORY:
            self._most = sys.getallocatedblocks()
        return self._most is not None and sys.getallocatedblocks() >= self._most

    def forget(self, work: Any) -> None:
        """Lets work forget what it has found out, and leaves it room for a quarter of the rest."""
        if hasattr(work, "forget"):
            work.forget()
            gc.collect()
            rest = sys.getallocatedblocks()
            self._most = max(self._most or 0, rest + rest // 4)


_memory = _Memory()


def results_of(packed: bytes, items: Sequence[Any]) -> tuple[bytes, float]:
    """What pickled work makes of the items, packed, and how many it does in a second."""
    with _one_at_a_time, seldom_looking_for_garbage():
        if packed not in _works:
            _works.clear()
            _works[packed] = pickle.loads(packed)
        work, began = _works[packed], time.perf_counter()
        results = [work(item) for item in items]
        if hasattr(work, "condensed"):
            results = work.condensed(results)
        rate = len(items) / max(time.perf_counter() - began, 1e-6)
        if _memory.is_full():
            _memory.forget(work)
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


def unpacked(results: bytes, shared: Sequence[object]) -> Any:
    """The results of a chunk, which refer to what is shared here."""
    return _Unpickler(results, shared).load()
