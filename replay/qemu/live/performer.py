"""Performing logs on a build, one after another in one process as long as that is as new."""

import asyncio
import tempfile
from contextlib import AsyncExitStack, ExitStack, suppress
from pathlib import Path
from typing import Any, Self

from replay.engine.trace import ObservedStep, ObservedTrace, Observer
from replay.events.event import Log
from replay.qemu.live.allowed_commands import overlaid
from replay.qemu.live.builds import Build
from replay.qemu.live.directory_watch import watching
from replay.qemu.live.file_memory import FileMemory
from replay.qemu.live.images import Images
from replay.qemu.live.perform import LivePerformance
from replay.qemu.live.process import GoneError, Machine, machine, run
from replay.qemu.live.programs import TimeLimitError
from replay.qemu.live.sandbox import Sandbox, home
from replay.qemu.observed.visibility import visible_part
from replay.variants.subject import Subject

STATE: tuple[tuple[str, dict[str, str]], ...] = (
    *(("query-status", {}), ("query-block", {}), ("query-named-block-nodes", {})),
    *(("query-block-jobs", {}), ("query-jobs", {}), ("qom-list", {"path": "/objects"})),
)
"""Commands whose answers say whether a machine is as it was when it had started."""


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
    was when it had started, the next log has a new process. `processes` is how many there were.
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
        self._machine: Machine | None = None
        self._new: list[Any] = []

    def __enter__(self) -> Self:
        directory = tempfile.TemporaryDirectory(prefix="replay-")
        self._root = Path(self._held.enter_context(directory)).resolve()
        self._runner = self._held.enter_context(asyncio.Runner())
        places = Sandbox("", self._root)
        places.make()
        self._watch = self._held.enter_context(watching(places.images))
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._runner.run(self._stop())
        finally:
            self._held.close()

    def perform(self, log: Log) -> ObservedTrace:
        """What the build does with a log. Raises ReplayError if it does not start."""
        places = Sandbox(home(log.events), self._root)
        stage, steps = run(self._perform(log, places), self._runner)
        observer = Observer(self._name, self._build.version, stage.digest, self._subject)
        remarks = tuple(stage.all_remarks())
        subject = self._subject
        return ObservedTrace(
            log, observer, steps, lambda whole: visible_part(whole, subject), remarks
        )

    async def _perform(
        self, log: Log, places: Sandbox
    ) -> tuple[LivePerformance, tuple[ObservedStep, ...]]:
        try:
            running = await self._new_machine(places)
            images = Images(self._build, places, self._memory)
            self._watch.restart()
            stage = LivePerformance(
                running, self._build, images, self._watch, places, self._subject
            )
            stage.overlaid = overlaid(log.events)
            steps = [await stage.step(seq, event) for seq, event in enumerate(log.events, 1)]
        except BaseException:
            await self._stop()
            raise
        if stage.is_gone:
            await self._stop()
        return stage, tuple(steps)

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

    async def _stop(self) -> None:
        self._machine = None
        await self._process.aclose()


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
