"""Who does the work of a command: processes of this machine, or the workers of a Dask cluster."""

import ctypes
import logging
import os
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import CancelledError, Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from multiprocessing import active_children, get_context
from typing import TYPE_CHECKING, Annotated, Any

import typer

from replay.cli.interrupts import deferred
from replay.errors import ReplayError, Unavailable
from replay.workers import Pool, killed

if TYPE_CHECKING:
    from replay.cli.session import Session

PATIENCE = 1.0
"""Seconds of work that are done here before processes are begun: most commands take less."""

CONNECTING = 20
"""Seconds in which a scheduler has to answer."""


def parse_workers(word: str) -> int | None:
    """The number in a word, None for auto. Raises typer.BadParameter for another word."""
    if word == "auto":
        return None
    if not word.isdecimal() or int(word) < 1:
        raise typer.BadParameter(f"{word!r} is neither a number from 1 on nor auto.")
    return int(word)


Workers = Annotated[
    Any,
    typer.Option(
        metavar="N|auto", parser=parse_workers, help="Processes; auto: all, for what takes long."
    ),
]
Scheduler = Annotated[
    str | None,
    typer.Option(metavar="tcp://HOST:PORT", help="Let the workers of a Dask cluster do it."),
]


def pool_of(session: "Session", workers: int | None, scheduler: str | None) -> Pool | None:
    """Who works, by the options of a command; None if it is this process alone.

    Raises Unavailable without the library of a scheduler, and ReplayError if none answers.
    """
    if scheduler is not None:
        return session.hold(cluster(scheduler))
    if workers is None:
        return processes(patience=PATIENCE)
    return processes(workers) if workers > 1 else None


# Processes of this machine


def processes(count: int | None = None, patience: float = 0.0) -> Pool | None:
    """So many processes, by default one for each processor; None if that is one."""
    number = count or len(os.sched_getaffinity(0))
    return Pool(number, partial(_forks, number), patience) if number > 1 else None


class _Forking(ProcessPoolExecutor):
    """An executor whose first task begins its processes, in which no signal must come."""

    def submit(self, *task: Any, **named: Any) -> Future[Any]:
        """As all executors do."""
        with deferred():
            return super().submit(*task, **named)


@contextmanager
def _forks(count: int) -> Iterator[Executor]:
    """Forks of this process, which have all that was made so far."""
    others = {child.pid for child in active_children()}
    executor = _Forking(count, get_context("fork"), _begin, (os.getpid(),))
    try:
        yield executor
    except BaseException:
        executor.shutdown(wait=False, cancel_futures=True)
        for child in active_children():
            if child.pid not in others:
                child.kill()
                child.join()
        raise
    executor.shutdown()


DEATH_SIGNAL = 1
"""PR_SET_PDEATHSIG of Linux's prctl."""


def _begin(parent: int) -> None:
    """An interrupt is for the process that hands out the work; when that ends, so does this."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


# A cluster


@contextmanager
def cluster(address: str) -> Iterator[Pool]:
    """The workers of the Dask scheduler at an address, as tcp://HOST:PORT.

    Raises Unavailable without its library, ReplayError if nothing answers or nobody works there.
    """
    try:
        distributed: Any = import_module("distributed")
    except ImportError:
        do = "pip install 'replay[dask]'"
        raise Unavailable("a scheduler needs the library distributed", do=do) from None
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    do = "begin dask scheduler, and dask worker --nthreads 1 where replay is installed"
    try:
        client = distributed.Client(address, timeout=CONNECTING, set_as_default=False)
    except (OSError, ValueError, RuntimeError) as error:
        what = f"no scheduler answers: {' '.join(str(error).split())}"
        raise ReplayError(what, where=address, do=do) from None
    with client:
        count = sum(client.nthreads().values())
        if not count:
            raise ReplayError("the scheduler has no workers", where=address, do=do)
        yield Pool(count, partial(_clients, client, address))


@contextmanager
def _clients(client: Any, address: str) -> Iterator[Executor]:
    """The client's executor. Whatever ends the work takes back what is not done."""
    distributed: Any = import_module("distributed")
    executor = client.get_executor(pure=False)
    try:
        yield executor
    except distributed.KilledWorker:
        raise killed("") from None
    except CancelledError:
        do = "see to the scheduler, and do it again"
        raise ReplayError("the scheduler is gone", where=address, do=do) from None
    finally:
        executor.shutdown(wait=False)
