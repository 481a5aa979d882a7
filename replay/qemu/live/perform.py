"""Performing a log on a running QEMU and observing it after each event."""

import tempfile
from pathlib import Path
from typing import Any

from replay.engine.replay import NOT_RUNNING
from replay.engine.trace import NOTHING, ObservedStep, ObservedTrace, Observer, Outcome
from replay.engine.view import Node, View
from replay.errors import ReplayError
from replay.events.event import Event, Log
from replay.qemu.live.allowed_commands import (
    Hmp,
    Io,
    Make,
    Operation,
    Qmp,
    Skip,
    Wait,
    overlaid,
    plan_operations,
)
from replay.qemu.live.images import Images, unlinked
from replay.qemu.live.process import GoneError, Machine, machine, run
from replay.qemu.live.programs import SECONDS, Programs
from replay.qemu.live.qemu_io import SAMPLE, requested
from replay.qemu.live.sandbox import Sandbox, home
from replay.qemu.observed.query_replies import (
    QUERIES,
    QueryAnswers,
    drive_nodes,
    parse_open,
    unreachable_nodes,
)
from replay.qemu.observed.visibility import FLAGS, compared_flags, visible_part
from replay.state.disk import is_temporary
from replay.variants.subject import Subject


def perform(log: Log, subject: Subject, programs: Programs, name: str = "qemu") -> ObservedTrace:
    """What a real QEMU does with a log.

    Its process and its directory are gone when this returns or raises. Raises ReplayError if QEMU
    does not start.
    """
    with tempfile.TemporaryDirectory(prefix="replay-") as root:
        places = Sandbox(home(log.events), Path(root).resolve())
        places.make()
        steps, remarks = run(_perform(log, subject, programs, places))
    observer = Observer(name, programs.version, programs.digest, subject)
    return ObservedTrace(log, observer, steps, lambda whole: visible_part(whole, subject), remarks)


async def _perform(
    log: Log, subject: Subject, programs: Programs, places: Sandbox
) -> tuple[tuple[ObservedStep, ...], tuple[str, ...]]:
    images = Images(programs, places)
    async with machine(programs, places) as running:
        stage = LivePerformance(running, images, places, subject, overlaid(log.events))
        steps = [await stage.step(seq, event) for seq, event in enumerate(log.events, 1)]
    return tuple(steps), tuple(stage.remarks)


class LivePerformance:
    """A machine on which events are performed.

    `moving` has the jobs that the log has not waited for yet. While there is one, what can be seen
    depends on how fast it is, and only which files are gone is looked at.
    """

    def __init__(
        self, running: Machine, images: Images, places: Sandbox, subject: Subject, every: bool
    ) -> None:
        self.remarks: list[str] = []
        self._machine = running
        self._images = images
        self._places = places
        self._bits = subject.config.bits.get(FLAGS, {})
        self._rules = subject.commands
        self._overlaid = every
        self._moving: set[str] = set()
        self._met: set[str] = set()
        self._files: set[str] = set()
        self._gone = False

    async def step(self, seq: int, event: Event) -> ObservedStep:
        """What was seen of an event and after it."""
        outcome = await self._outcome(seq, event)
        done = outcome is not None
        if self._moving and not self._gone:
            self._files |= set(unlinked(self._machine.process.pid, self._places))
            return ObservedStep(seq, event, outcome, None, done)
        return ObservedStep(seq, event, outcome, await self._look(), done)

    async def _outcome(self, seq: int, event: Event) -> Outcome | None:
        asked = plan_operations(event.payload, self._places, self._rules, self._overlaid)
        remark = asked.reason if isinstance(asked, Skip) else getattr(asked, "remark", "")
        if remark:
            done = "is not performed" if isinstance(asked, Skip) else "is"
            self._remark(f"#{seq} {done}", remark)
        if self._gone and not isinstance(asked, Make):
            return NOT_RUNNING
        try:
            return await self._do(asked)
        except GoneError as error:
            self._gone = True
            return Outcome("crashed", error={"class": error.how, "desc": error.words})

    def _remark(self, what: str, why: str) -> None:
        self.remarks.append(f"{what}: {self._places.with_log_names(why)}")

    async def _do(self, asked: Operation) -> Outcome | None:
        match asked:
            case Make():
                return self._make(asked)
            case Wait():
                return await self._wait(asked)
            case Io():
                return await self._io(asked)
            case Hmp():
                return await self._human(asked)
            case Qmp():
                self._moving |= started_jobs(asked)
                return self._reply(await self._machine.execute(asked.name, asked.arguments))
            case Skip():
                return None
        raise AssertionError(asked)

    def _make(self, asked: Make) -> Outcome:
        try:
            self._images.make(asked)
        except ReplayError as error:
            desc = self._places.with_log_names(error.what)
            return Outcome("refused", error={"class": "GenericError", "desc": desc})
        return NOTHING

    def _reply(self, reply: Any) -> Outcome:
        self._note_jobs()
        if "error" not in reply:
            return NOTHING
        error = reply["error"]
        desc = self._places.with_log_names(error["desc"])
        return Outcome("refused", error={"class": error["class"], "desc": desc})

    async def _human(self, asked: Hmp) -> Outcome:
        text, _ = await self._machine.human(asked.line)
        self._note_jobs()
        if text.strip() in ("", "OK"):
            return NOTHING
        self._gone = asked.starts
        return Outcome("refused", error={"text": self._places.with_log_names(text)})

    async def _io(self, asked: Io) -> Outcome:
        """A request of the guest; a read looks at some bytes, then whether all are like them."""
        if asked.pattern is not None:
            return await self._qemu_io(asked, f"write -P {asked.pattern}")
        outcome = await self._qemu_io(asked, "read -v", min(SAMPLE, asked.length))
        if outcome.status != "returned" or outcome.value == {"pattern": "mixed"}:
            return outcome
        return await self._qemu_io(asked, f"read -P {outcome.value['pattern']}")

    async def _qemu_io(self, asked: Io, command: str, length: int | None = None) -> Outcome:
        request = f"{command} {asked.offset} {length or asked.length}"
        error, printed = await self._machine.human(f'qemu-io {asked.device} "{request}"')
        return requested(error or printed, command)

    async def _wait(self, asked: Wait) -> Outcome:
        jobs = self._machine.jobs
        devices = {asked.device} if asked.device else set(jobs)
        for job in devices & set(jobs):
            # How fast a job was allowed to be is nothing that a replay knows.
            await self._machine.execute("block-job-set-speed", {"device": job, "speed": 0})
        ready = self._machine.told if asked.until == "ready" else {}
        done = await self._machine.wait(
            lambda: all(job not in jobs or job in ready for job in devices),
            f"a job of {asked.device or 'the machine'}",
        )
        self._moving = self._moving - {str(job) for job in devices} if asked.device else set()
        self._machine.stirred.clear()
        if done:
            return self._ended(asked.device)
        desc = f"still not {asked.until} after {SECONDS:.0f} s"
        return Outcome("refused", error={"class": "TimeLimit", "desc": desc})

    def _ended(self, job: str | None) -> Outcome:
        """The outcome of a wait: the notice that ended it, if there was a job to wait for."""
        if job is None or job not in self._machine.told:
            return NOTHING
        name, data = self._machine.told.pop(job)
        return Outcome("returned", value={"notice": name, "error": "error" in data})

    def _note_jobs(self) -> None:
        self._moving |= self._machine.stirred
        self._machine.stirred.clear()

    async def _look(self) -> View:
        """What can be seen now."""
        if not self._gone:
            try:
                return await self._look_inside()
            except GoneError:
                self._gone = True
        return View(running=False, files=self._images.files())

    async def _look_inside(self) -> View:
        answers = QueryAnswers(*[await self._machine.query(query) for query in QUERIES])
        outside = self._places.outside
        opens = [one for line in self._machine.traced() if (one := parse_open(line))]
        flags = {(one.driver, outside(one.file)): one.flags for one in opens}
        self._files |= {outside(one.file) for one in opens if one.creates}
        self._files |= set(unlinked(self._machine.process.pid, self._places))
        names = {thing["id"]: thing["name"] for thing in answers.graph["nodes"]}
        parts = [drive_nodes(answers, outside), unreachable_nodes(answers, outside)]
        nodes, other = (
            {path: self._opened(node, names[node.id], flags) for path, node in part.items()}
            for part in parts
        )
        self._met |= set(names.values())
        files = self._images.files(name for name in self._files if not is_temporary(name))
        return View(running=True, nodes=nodes, other=other, files=files)

    def _opened(self, node: Node, name: str, flags: dict[tuple[str, str], int]) -> Node:
        """The node with the flags that it was opened with, if that was since the last look."""
        key = (node.fields.get("driver"), node.fields.get("filename"))
        if name in self._met or key not in flags:
            return node
        fields = {**node.fields, FLAGS: compared_flags(flags[key], self._bits)}
        return Node(node.role, node.id, fields)


def started_jobs(asked: Qmp) -> set[str]:
    """The job that a command sets in motion, which a notice may tell of only later."""
    if "job-" not in asked.name:
        return set()
    return {str(asked.arguments[key]) for key in ("device", "id") if key in asked.arguments}
