"""Progress: how far a long command has come, for whoever watches a terminal."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TextIO, TypeVar

T = TypeVar("T")

WAIT = 0.2
"""Seconds between two lines."""


def watched(items: Iterable[T], total: int, noun: str) -> Iterator[T]:
    """The items as they come; on a terminal it is told how many, how fast and how long still."""
    if not sys.stderr.isatty():
        yield from items
        return
    start = shown = time.monotonic()
    try:
        for done, item in enumerate(items, 1):
            now = time.monotonic()
            if now - shown >= WAIT:
                _show(progress(done, total, now - start, noun), sys.stderr)
                shown = now
            yield item
    finally:
        _show("", sys.stderr)


def progress(done: int, total: int, seconds: float, noun: str) -> str:
    """ "12 of 240 logs, 6.0 a second, 38 s left"."""
    rate = done / seconds
    return f"{done} of {total} {noun}, {rate:.1f} a second, {(total - done) / rate:.0f} s left"


def _show(line: str, terminal: TextIO) -> None:
    """Puts the line in the place of the last one."""
    terminal.write(f"\r\x1b[K{line}")
    terminal.flush()
