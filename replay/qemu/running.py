"""Running: asynchronous work that a signal ends at once, with everything tidied up first."""

import asyncio
import signal
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def run(doing: Coroutine[Any, Any, T]) -> T:
    """The result of the work. A signal cancels it, and is then delivered to whom it was for.

    A signal alone would not do: another thread may get it, and the loop then goes on sleeping.
    """
    if threading.current_thread() is not threading.main_thread():
        return asyncio.run(doing)
    handlers = {number: signal.getsignal(number) for number in SIGNALS}
    came: list[int] = []
    try:
        return asyncio.run(_cancelled_by_signal(doing, came))
    except asyncio.CancelledError:
        if not came:
            raise
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    signal.raise_signal(came[0])
    raise KeyboardInterrupt


async def _cancelled_by_signal(doing: Coroutine[Any, Any, T], came: list[int]) -> T:
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(doing)

    def stop(number: int) -> None:
        came.append(number)
        task.cancel()

    for number in SIGNALS:
        loop.add_signal_handler(number, stop, number)
    try:
        return await task
    finally:
        for number in SIGNALS:
            loop.remove_signal_handler(number)
