"""Ending a command in order on SIGINT and SIGTERM."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)

SOON = 0.01
"""Seconds after which a signal is sent again that came where nothing can be raised."""


class Interrupted(BaseException):
    """A signal, by its name. No Exception: nothing between may take it for one."""


def interrupt(number: int, _frame: FrameType | None) -> None:
    """Raises the signal where the program is."""
    raise Interrupted(signal.Signals(number).name)


@contextmanager
def interruptible() -> Iterator[None]:
    """Within the block the signals raise Interrupted."""
    before = {number: signal.signal(number, interrupt) for number in SIGNALS}
    hook, sys.unraisablehook = sys.unraisablehook, _send_again
    try:
        yield
    finally:
        sys.unraisablehook = hook
        for number, handler in before.items():
            signal.signal(number, handler)


def _send_again(lost: "sys.UnraisableHookArgs") -> None:
    """Sends a signal again that came while Python took an object away, where it drops errors."""
    if isinstance(lost.exc_value, Interrupted):
        number = signal.Signals[str(lost.exc_value)]
        threading.Timer(SOON, signal.raise_signal, [number]).start()
    else:
        sys.__unraisablehook__(lost)


@contextmanager
def deferred() -> Iterator[None]:
    """Within the block a signal waits for its end: where Python forks, it loses what is raised."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals come to the main thread
        return
    waiting: list[int] = []
    before = {
        each: signal.signal(each, lambda number, _: waiting.append(number)) for each in SIGNALS
    }
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
    for number in waiting:  # the first of them ends this
        signal.raise_signal(number)
