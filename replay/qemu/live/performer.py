"""Performing logs on a build, one after another in one process as long as that is as new."""

import asyncio
import tempfile
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import AsyncExitStack, ExitStack, contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import Any, Self, TypeVar

from replay.engine.trace import ObservedStep, ObservedTrace, Observer
from replay.events.event import Log
from replay.qemu.live.allowed_commands import overlaid
from replay.qemu.live.builds import Build
from replay.qemu.live.directory_watch import watching
from replay.qemu.live.file_memory import FileMemory
from replay.qemu.live.images import Images
from replay.qemu.live.perform import LivePerformance
from replay.qemu.live.process import GoneError, Machine, machine
from replay.qemu.live.programs import TimeLimitError
from replay.qemu.live.sandbox import Sandbox, home
from replay.qemu.observed.visibility import visible_part
from replay.variants.subject import Subject

STATE: tuple[tuple[str, dict[str, str]], ...] = (
    *(("query-status", {}), ("query-block", {}), ("query-named-block-nodes", {})),
    *(("query-block-jobs", {}), ("query-jobs", {}), ("qom-list", {"path": "/objects"})),
)
"""Commands whose answers say whether a machine is as it was when it had started."""


T = TypeVar("T")


def perform(log: Log, subject: Subject, build: Build, name: str = "qemu") -> ObservedTrace:
    """What a real QEMU does with a log, in a process of its own.

    The process and its directory are gone when this returns or raises. Raises ReplayError if QEMU
    does not start.
    """
    with Performer(build, subject, name) as performer:
        return performer.perform(log)


class Performer:
    """A build on which logs are performed one after another, to be used in a `with` statement.

    Between two logs drives, nodes, jobs and files are taken away. If the machine is then not as it
    was when it had started, the next log has a new process. `processes` is how many there were. It
    has a thread of its own, so that several builds perform at once.
    """

    def __init__(self, build: Build, subject: Subject, name: str = "qemu") -> None:
        """`name` is what reports call it."""
        self.processes = 0
        self._build = build
        self._subject = subject
        self._name = name
        self._memory = FileMemory()
        self._held = ExitStack()
        self._process = AsyncExitStack()
        self._turn = asyncio.Lock()
        self._machine: Machine | None = None
        self._new: list[Any] = []

    def __enter__(self) -> Self:
        directory = tempfile.TemporaryDirectory(prefix="replay-")
        self._root = Path(self._held.enter_context(directory)).resolve()
        places = Sandbox("", self._root)
        places.make()
        self._watch = self._held.enter_context(watching(places.images))
        self._loop = self._held.enter_context(loop_in_a_thread())
        return self

    def __exit__(self, *_: object) -> None:
        try:
            waited(asyncio.run_coroutine_threadsafe(self._end(), self._loop))
        finally:
            self._held.close()

    def __call__(self, log: Log) -> ObservedTrace:
        """What the build does with a log. Raises ReplayError if it does not start."""
        return self.begin(log).result()

    def begin(self, log: Log) -> "Performance":
        """Begins to perform a log, when those that were begun before are over."""
        places = Sandbox(home(log.events), self._root)
        doing = asyncio.run_coroutine_threadsafe(self._perform(log, places), self._loop)
        return Performance(doing)

    perform = __call__

    def _trace(
        self, log: Log, stage: LivePerformance, steps: tuple[ObservedStep, ...]
    ) -> ObservedTrace:
        observer = Observer(self._name, self._build.version, stage.digest, self._subject)
        remarks = tuple(stage.all_remarks())
        subject = self._subject
        return ObservedTrace(
            log, observer, steps, lambda whole: visible_part(whole, subject), remarks
        )

    async def _perform(self, log: Log, places: Sandbox) -> ObservedTrace:
        async with self._turn:
            return await self._perform_alone(log, places)

    async def _perform_alone(self, log: Log, places: Sandbox) -> ObservedTrace:
        try:
            running = await self._new_machine(places)
            images = Images(self._build, places, self._memory)
            self._watch.restart()
            stage = LivePerformance(
                running, self._build, images, self._watch, places, self._subject
            )
            stage.overlaid = overlaid(log.events)
            steps = [await stage.step(seq, event) for seq, event in enumerate(log.events, 1)]
            trace = self._trace(log, stage, tuple(steps))
        except BaseException:
            await self._stop()
            raise
        if stage.is_gone:
            await self._stop()
        return trace

    async def _new_machine(self, places: Sandbox) -> Machine:
        """The machine of the log before, if it is as new, else another."""
        if self._machine is not None and not await is_reset(self._machine, self._new, places.root):
            await self._stop()
        places.empty()
        if self._machine is None:
            self._machine = await self._process.enter_async_context(machine(self._build, places))
            self.processes += 1
            self._new = []
            # What is wrong with it already is the outcome of the first event, which meets it too.
            with suppress(GoneError, TimeLimitError):
                self._new = await state_of(self._machine)
        with suppress(GoneError):
            self._machine.forget()
        return self._machine

    async def _end(self) -> None:
        """Ends what is still performed, then the process."""
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._stop()

    async def _stop(self) -> None:
        self._machine = None
        await self._process.aclose()


class Performance:
    """A log that is being performed."""

    def __init__(self, doing: "Future[ObservedTrace]") -> None:
        self._doing = doing

    def result(self) -> ObservedTrace:
        """The trace, when it is over. Raises ReplayError if the build does not start."""
        return waited(self._doing)


WAKE = 0.2
"""How often the main thread wakes up while it waits, in seconds. A signal alone may not wake it,
since another thread may get that."""


def waited(doing: "Future[T]") -> T:
    """The result of what another thread does; interrupting the wait cancels that."""
    try:
        while True:
            with suppress(TimeoutError):
                return doing.result(WAKE)
            if doing.done():
                return doing.result()
    except BaseException:
        doing.cancel()
        raise


@contextmanager
def loop_in_a_thread() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop that runs in a thread of its own until the end."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, name="performer", daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def state_of(running: Machine) -> list[Any]:
    """What a machine answers about its drives, nodes, jobs and objects."""
    return [*await running.execute_all(STATE)]


async def is_reset(running: Machine, new: list[Any], root: Path) -> bool:
    """Takes away what a log left in a machine; whether it then is as when it had started."""
    try:
        await _clear(running)
        state = await state_of(running)
        if state != new:
            await _clear_nodes(running)
            state = await state_of(running)
        return state == new and not _has_open_files(running, root)
    except (GoneError, TimeLimitError):
        return False


async def _clear(running: Machine) -> None:
    """Ends jobs, then deletes drives."""
    jobs, drives = await running.query("query-block-jobs", "query-block")
    if jobs:
        cancelled = [{"device": job["device"], "force": True} for job in jobs]
        await running.execute_all([("block-job-cancel", arguments) for arguments in cancelled])
    await running.wait(lambda: not running.jobs, "its jobs")
    if drives:
        await running.humans([f"drive_del {drive['device']}" for drive in drives])


async def _clear_nodes(running: Machine) -> None:
    """Deletes the nodes that no drive had, those that others use after those."""
    count, (nodes,) = -1, await running.query("query-named-block-nodes")
    while nodes and len(nodes) != count:
        count = len(nodes)
        names = [{"node-name": node["node-name"]} for node in nodes]
        await running.execute_all([("blockdev-del", arguments) for arguments in names])
        (nodes,) = await running.query("query-named-block-nodes")


def _has_open_files(running: Machine, root: Path) -> bool:
    """Whether a file of a log is still open, as far as the system tells."""
    for link in Path(f"/proc/{running.process.pid}/fd").glob("*"):
        try:
            target = link.readlink()
        except OSError:
            continue
        if target.is_relative_to(root) and target.name != "qmp":
            return True
    return False
