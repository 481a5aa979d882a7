"""Performing the events of a log on a running QEMU, and observing it after each."""

from collections.abc import Iterator, Mapping
from typing import Any

from replay.engine.replay import NOT_RUNNING
from replay.engine.trace import NOTHING, GapReason, ObservedStep, Outcome
from replay.engine.view import Node, View
from replay.errors import ReplayError
from replay.events.event import Event
from replay.qemu.live.allowed_commands import (
    Hmp,
    Io,
    Make,
    Operation,
    Qmp,
    Reopen,
    Skip,
    Wait,
    plan_operations,
)
from replay.qemu.live.builds import Build, file_digest
from replay.qemu.live.directory_watch import DirectoryWatch
from replay.qemu.live.images import Images
from replay.qemu.live.memory import UnreadableError, read_flags
from replay.qemu.live.process import GoneError, Machine
from replay.qemu.live.programs import TimeLimitError
from replay.qemu.live.qemu_io import SAMPLE, parse_outcome
from replay.qemu.live.sandbox import Sandbox
from replay.qemu.observed.query_replies import (
    QUERIES,
    QueryAnswers,
    drive_nodes,
    unreachable_nodes,
)
from replay.qemu.observed.visibility import FLAGS, observed_flags
from replay.state.disk import is_temporary
from replay.variants.subject import Subject


class LivePerformance:
    """A machine on which events are performed.

    `moving` has the jobs that the log has not waited for yet. While there is one, what can be seen
    depends on how fast it is, and nothing is looked at. `digest` is that of the program that runs.
    """

    def __init__(
        self,
        running: Machine,
        build: Build,
        images: Images,
        watch: DirectoryWatch,
        places: Sandbox,
        subject: Subject,
    ) -> None:
        self.overlaid = False
        self._remarks: list[str] = [build.remark] if build.remark else []
        self._machine = running
        self._images = images
        self._watch = watch
        self._places = places
        self._rules = subject.commands
        self._bits = subject.config.bits.get(FLAGS, {})
        self._moving: set[str] = set()
        self._nodes: Mapping[str, Node] = {}
        self._numbers: dict[str, int] = {}
        self._ending: set[str] = set()
        self._gone = False
        self._limit: Outcome | None = None
        self._unreadable = ""
        self.digest = build.digest
        try:
            self.digest = file_digest(running.memory.program)
        except UnreadableError as error:
            self._unreadable = str(error)

    @property
    def is_gone(self) -> bool:
        """Whether QEMU has ended, or no longer does what it is told."""
        return self._gone

    def all_remarks(self) -> Iterator[str]:
        """What a reader of a comparison must know."""
        yield from self._remarks
        if self._unreadable:
            yield f"open_flags are not compared: {self._unreadable}"
        if not self._watch.complete:
            yield "a file that was gone at once may be missing"

    async def step(self, seq: int, event: Event) -> ObservedStep:
        """What was observed of an event and after it; from a limit of ours on, that."""
        if self._limit is None:
            try:
                return await self._observed(seq, event)
            except TimeLimitError as error:
                self._gone = True
                self._limit = stopped(self._places.with_log_names(str(error)))
        return ObservedStep(seq, event, self._limit, None)

    async def _observed(self, seq: int, event: Event) -> ObservedStep:
        outcome = await self._outcome(seq, event)
        done = outcome is not None
        if self._moving and not self._gone:
            return ObservedStep(seq, event, outcome, None, done)
        view, crash = await self._look()
        return ObservedStep(seq, event, crash or outcome, view, done or crash is not None)

    async def _outcome(self, seq: int, event: Event) -> Outcome | None:
        machine = (self._places, self._rules, self.overlaid, self._nodes)
        order = plan_operations(event.payload, *machine)
        remark = order.reason if isinstance(order, Skip) else getattr(order, "remark", "")
        if remark:
            done = "is not performed" if isinstance(order, Skip) else "is"
            self._remarks.append(f"#{seq} {done}: {self._places.with_log_names(remark)}")
        if self._gone and not isinstance(order, Make):
            return NOT_RUNNING
        try:
            return await self._do(order)
        except GoneError as error:
            return self._crash(error)

    def _crash(self, error: GoneError) -> Outcome:
        self._gone = True
        desc = self._places.with_log_names(error.words)
        return Outcome("crashed", error={"class": error.how, "desc": desc})

    async def _do(self, order: Operation) -> Outcome | None:
        match order:
            case Make():
                return self._make(order)
            case Wait():
                return await self._wait(order)
            case Io():
                return await self._io(order)
            case Reopen():
                return await self._reopen(order)
            case Hmp():
                return await self._human(order)
            case Qmp():
                return await self._command(order)
            case Skip():
                return None
        raise AssertionError(order)

    async def _command(self, order: Qmp) -> Outcome:
        self._moving |= started_jobs(order)
        reply = await self._machine.execute(order.name, order.arguments)
        if order.name in ENDING and "error" not in reply:
            self._ending |= started_jobs(order)
        return self._reply(reply)

    def _make(self, order: Make) -> Outcome:
        try:
            self._images.make(order)
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

    async def _human(self, order: Hmp) -> Outcome:
        text, _ = await self._machine.human(order.line)
        name, *words = order.line.split()
        if name.replace("_", "-") in ENDING:
            self._ending |= {*words}
        self._note_jobs()
        if text.strip() in ("", "OK"):
            return NOTHING
        self._gone = order.starts
        return Outcome("refused", error={"text": self._places.with_log_names(text)})

    async def _reopen(self, order: Reopen) -> Outcome:
        error, printed = await self._machine.human(f'qemu-io {order.device} "reopen"')
        text = (error or printed).strip()
        return parse_outcome(text, "reopen") if text else NOTHING

    async def _io(self, order: Io) -> Outcome:
        """A request of the guest; a read looks at some bytes, then whether all are like them."""
        if order.pattern is not None:
            return await self._qemu_io(order, f"write -P {order.pattern}")
        outcome = await self._qemu_io(order, "read -v", min(SAMPLE, order.length))
        if outcome.status != "returned" or outcome.value == {"pattern": "mixed"}:
            return outcome
        return await self._qemu_io(order, f"read -P {outcome.value['pattern']}")

    async def _qemu_io(self, order: Io, command: str, length: int | None = None) -> Outcome:
        request = f"{command} {order.offset} {length or order.length}"
        error, printed = await self._machine.human(f'qemu-io {order.device} "{request}"')
        return parse_outcome(error or printed, command)

    async def _wait(self, order: Wait) -> Outcome:
        jobs = self._machine.jobs
        awaited = {order.device} if order.device else set(jobs)
        for job in awaited & set(jobs):
            # How fast a job was allowed to be is nothing that a replay knows.
            await self._machine.execute("block-job-set-speed", {"device": job, "speed": 0})
        done = await self._machine.wait(
            lambda: all(job not in jobs or self._rests(job) for job in awaited),
            f"a job of {order.device or 'the machine'}",
        )
        self._moving = self._moving - {str(job) for job in awaited} if order.device else set()
        self._machine.moved.clear()
        if done:
            return self._ended(order.device)
        desc = f"still not {order.until}, and nothing happens any more"
        return Outcome("refused", error={"class": "TimeLimit", "desc": desc})

    def _rests(self, job: str) -> bool:
        """Whether a job is ready, and was not told to end: it then goes on like that for ever."""
        return job in self._machine.ready and job not in self._ending

    def _ended(self, job: str | None) -> Outcome:
        """The outcome of a wait: the notice that ended it, if there was a job to wait for."""
        if job is None:
            return NOTHING
        if job not in self._machine.jobs:
            self._ending.discard(job)
        if job in self._machine.news:
            name, data = self._machine.news.pop(job)
            return Outcome("returned", value={"notice": name, "error": "error" in data})
        is_ready = job in self._machine.ready
        return Outcome("returned", value=READY) if is_ready else NOTHING

    def _note_jobs(self) -> None:
        self._moving |= self._machine.moved
        self._machine.moved.clear()

    async def _look(self) -> tuple[View, Outcome | None]:
        """What can be seen now, and how QEMU ended if that is only noticed here."""
        crash = None
        if not self._gone:
            try:
                return await self._look_inside(), None
            except GoneError as error:
                crash = self._crash(error)
        return View(running=False, files=self._files()), crash

    async def _look_inside(self) -> View:
        answers = QueryAnswers(*await self._machine.query(*QUERIES))
        await self._flush(answers)
        names = {thing["id"]: thing["name"] for thing in answers.graph["nodes"]}
        flags = self._flags({node["node-name"] for node in answers.nodes})
        reachable, other = (
            {path: self._with_flags(node, names[node.id], flags) for path, node in part.items()}
            for part in (
                drive_nodes(answers, self._places.outside),
                unreachable_nodes(answers, self._places.outside),
            )
        )
        self._nodes = reachable
        return View(running=True, nodes=reachable, other=other, files=self._files())

    async def _flush(self, answers: QueryAnswers) -> None:
        """Has images written what only QEMU knows of them, so that their files can be read."""
        written = [n for n in answers.nodes if n["drv"] in WRITTEN_BACK and not n["ro"]]
        lines = [f'qemu-io {node["node-name"]} "flush"' for node in written]
        if lines:
            await self._machine.humans(lines)

    def _files(self) -> Mapping[str, Any]:
        names = self._watch.names()
        return self._images.files(name for name in names if not is_temporary(name))

    def _flags(self, names: set[str]) -> Mapping[str, int]:
        """The flags of all nodes; none, and the reason is kept, if they cannot be those of QEMU."""
        if self._unreadable:
            return {}
        try:
            flags = read_flags(self._machine.memory)
        except UnreadableError as error:
            self._unreadable = str(error)
            return {}
        if not names <= flags.keys():
            self._unreadable = "what was read of its memory are not its nodes"
            return {}
        return flags

    def _with_flags(self, node: Node, name: str, flags: Mapping[str, int]) -> Node:
        """The node with its flags, and with a number that stays its own: QEMU's are new each time.

        Its name is the same as long as it lives.
        """
        number = self._numbers.setdefault(name, len(self._numbers))
        bits = observed_flags(flags[name], self._bits) if name in flags else {}
        return Node(node.role, number, {**node.fields, **bits})


READY = {"notice": "BLOCK_JOB_READY", "error": False}
"""The outcome of a wait for a job that was ready already."""

ENDING = ("block-job-complete", "block-job-cancel", "job-complete", "job-cancel")
"""Commands after which a job that is ready comes to an end."""

WRITTEN_BACK = ("qcow", "qcow2", "qed", "vdi", "vhdx", "vmdk", "vpc")
"""Formats of which QEMU keeps some in memory until it is flushed."""


def stopped(why: str) -> Outcome:
    """The outcome of an event at which a limit of ours was passed, and of all after it."""
    return Outcome("stopped", error={"class": "TimeLimit", "desc": why}, gap=GapReason.LIMIT)


def started_jobs(order: Qmp) -> set[str]:
    """The job that a command sets in motion, which a notice may report only later."""
    if "job-" not in order.name:
        return set()
    return {str(order.arguments[key]) for key in ("device", "id") if key in order.arguments}
