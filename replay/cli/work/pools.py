"""Who does the work of a command: processes of this machine, or the workers of a Dask cluster."""

import ctypes
import logging
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError, Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from multiprocessing import active_children, get_context
from multiprocessing.process import BaseProcess
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
    return Pool(number, _fork, patience) if number > 1 else None


class _Forking(ProcessPoolExecutor):
    """An executor of one process, which its first task begins; no signal must come then."""

    def __init__(self) -> None:
        super().__init__(1, get_context("fork"), _begin, (os.getpid(),))
        self._begun: list[BaseProcess] = []

    def submit(self, *task: Any, **named: Any) -> Future[Any]:
        """As all executors do."""
        with deferred():
            others = active_children()
            future = super().submit(*task, **named)
            self._begun += [child for child in active_children() if child not in others]
            return future

    def kill(self) -> None:
        """Ends what goes on at once."""
        self.shutdown(wait=False, cancel_futures=True)
        for child in self._begun:
            child.kill()
            child.join()


@contextmanager
def _fork(_: int) -> Iterator[Executor]:
    """A fork of this process, which has all that was made so far."""
    executor = _Forking()
    try:
        yield executor
    except BaseException:
        executor.kill()
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
        workers = sorted(client.nthreads())
        if not workers:
            raise ReplayError("the scheduler has no workers", where=address, do=do)
        yield Pool(len(workers), partial(_clients, client, address, workers))


@contextmanager
def _clients(client: Any, address: str, workers: Sequence[str], number: int) -> Iterator[Executor]:
    """What one worker does, or another one when it is gone.

    Whatever ends the work takes back what is not done.
    """
    distributed: Any = import_module("distributed")
    who = {"workers": [workers[number]], "allow_other_workers": True}
    executor = client.get_executor(pure=False, **who)
    try:
        yield executor
    except distributed.KilledWorker:
        raise killed("") from None
    except CancelledError:
        do = "see to the scheduler, and do it again"
        raise ReplayError("the scheduler is gone", where=address, do=do) from None
    finally:
        executor.shutdown(wait=False)
