"""Showing progress on a terminal."""

import time
from collections.abc import Iterable, Iterator
from functools import cache
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID
from rich.text import Text

T = TypeVar("T")

PATIENCE = 1.0
"""Seconds that something takes before a word is said about it."""

WAIT = 0.1
"""Seconds between two looks at how much is done."""


def with_progress(items: Iterable[T], total: int, noun: str) -> Iterable[T]:
    """The items as they come; on a terminal with how many, how fast and how long still."""
    return _shown(items, total, noun) if total > 1 and is_interactive() else items


def is_interactive() -> bool:
    """Whether progress is shown, since standard error is a terminal."""
    return bars().console.is_interactive


def clear_bars() -> None:
    """Clears the terminal of what was left unfinished."""
    for task in bars().task_ids:
        _remove(task)


def progress(done: int, total: int, seconds: float, noun: str) -> str:
    """ "12 of 240 logs, 6.0 a second, 38 s left"."""
    rate = done / seconds
    left = f", {max(total - done, 0) / rate:.0f} s left" if rate else ""
    return f"{done} of {total} {noun}, {rate:.1f} a second{left}"


class ProgressText(ProgressColumn):
    """A bar's words."""

    def render(self, task: Task) -> Text:
        """How far it has come."""
        seconds = max(task.elapsed or 0, WAIT)
        return Text(progress(int(task.completed), int(task.total or 0), seconds, task.description))


@cache
def bars() -> Progress:
    """A line for each of what is being worked through, the innermost last."""
    bar = BarColumn(20, complete_style="cyan", finished_style="cyan")
    return Progress(bar, ProgressText(), console=Console(stderr=True), transient=True)


def _shown(items: Iterable[T], total: int, noun: str) -> Iterator[T]:
    task = bars().add_task(noun, total=total, visible=False)
    shown = time.monotonic()
    try:
        for done, item in enumerate(items):
            now = time.monotonic()
            if now - shown >= WAIT:
                shown = now
                bars().update(task, completed=done)
                _show()
            yield item
    finally:
        _remove(task)


def _show() -> None:
    """Shows what has lasted long enough; something long may stand around something short."""
    for task in bars().tasks:
        if (task.elapsed or 0) >= PATIENCE:
            bars().update(task.id, visible=True)
            bars().start()


def _remove(task: TaskID) -> None:
    if task in bars().task_ids:
        bars().remove_task(task)
    if not bars().task_ids:
        bars().stop()
