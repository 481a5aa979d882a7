"""Ending a command in order on SIGINT and SIGTERM."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(BaseException):
    """A signal, by its name. No Exception: nothing between may take it for one."""


def interrupt(number: int, _frame: FrameType | None) -> None:
    """Raises the signal where the program is."""
    raise Interrupted(signal.Signals(number).name)


@contextmanager
def interruptible() -> Iterator[None]:
    """Within the block the signals raise Interrupted."""
    before = {number: signal.signal(number, interrupt) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
