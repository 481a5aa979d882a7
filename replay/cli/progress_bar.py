"""Showing progress on a terminal."""

import os
import sys
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

T = TypeVar("T")

PATIENCE = 1.0
"""Seconds that something takes before a word is said about it."""

WAIT = 0.1
"""Seconds between two looks at how much is done."""


def with_progress(items: Iterable[T], total: int, noun: str) -> Iterable[T]:
    """The items as they come; on a terminal with how many, how fast and how long still."""
    return _shown(items, total, noun) if total > 1 and is_interactive() else items


TERMINAL_VARIABLES = ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE")
"""By these the environment may say that a terminal is there."""


def is_interactive() -> bool:
    """Whether progress is shown, since standard error is a terminal."""
    may_be = sys.stderr.isatty() or any(name in os.environ for name in TERMINAL_VARIABLES)
    return may_be and _bars().console.is_interactive


def clear_bars() -> None:
    """Clears the terminal of what was left unfinished."""
    if is_interactive():
        for task in _bars().task_ids:
            _remove(task)


def _bars() -> "Progress":
    # What draws them takes long to import, and most often nobody is there to see them.
    from replay.cli.bars import bars  # noqa: PLC0415

    return bars()


def progress(done: int, total: int, seconds: float, noun: str) -> str:
    """ "12 of 240 logs, 6.0 a second, 38 s left"."""
    rate = done / seconds
    left = f", {max(total - done, 0) / rate:.0f} s left" if rate else ""
    return f"{done} of {total} {noun}, {rate:.1f} a second{left}"


def _shown(items: Iterable[T], total: int, noun: str) -> Iterator[T]:
    task = _bars().add_task(noun, total=total, visible=False)
    shown = time.monotonic()
    try:
        for done, item in enumerate(items):
            now = time.monotonic()
            if now - shown >= WAIT:
                shown = now
                _bars().update(task, completed=done)
                _show()
            yield item
    finally:
        _remove(task)


def _show() -> None:
    """Shows what has lasted long enough; something long may stand around something short."""
    for task in _bars().tasks:
        if (task.elapsed or 0) >= PATIENCE:
            _bars().update(task.id, visible=True)
            _bars().start()


def _remove(task: "TaskID") -> None:
    if task in _bars().task_ids:
        _bars().remove_task(task)
    if not _bars().task_ids:
        _bars().stop()
