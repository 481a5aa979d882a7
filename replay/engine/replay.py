"""Replaying a log through a variant: one memoised, pure step per event."""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

from msgspec import Struct

from replay.events.event import (
    Await,
    Command,
    Event,
    Guest,
    Image,
    Internal,
    Log,
    Notice,
    Payload,
    stimulus,
)
from replay.language import Crashed, Ending, Failed, Program, Refused, Returned
from replay.progress import Progress, no_progress
from replay.state.disk import Disk, backing_chain
from replay.state.objects import State, plain, stopped
from replay.state.working_disk import WorkDisk
from replay.variants.subject import Subject
from replay.variants.translation import translate
from replay.variants.variant import Variant

MEMO_SIZE = 200_000
"""How many transitions are remembered; the oldest go first."""


EXIT = "machine_exit"
"""The model's function for the end of the program."""


class Outcome(Struct, frozen=True):
    """How an event ended: a value if it returned, else an error.

    Errors have class and desc, or text (a refused hmp command), or errno; those of a crash also
    file and line.
    """

    status: Literal["returned", "refused", "crashed"]
    value: Any = None
    error: dict[str, Any] | None = None


class Step(Struct, frozen=True, eq=False):
    """An event of a log, its outcome, and the state after it; seq counts from 1."""

    seq: int
    event: Event
    outcome: Outcome
    state: State


class Trace(Struct, frozen=True, eq=False):
    """What a log did in a variant."""

    log: Log
    variant: Variant
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Request:
    """What a payload asks of the model: the function, its arguments, and all of it as bytes."""

    payload: Payload
    handler: str
    arguments: tuple[Any, ...]
    stimulus: bytes


Transition = tuple[State, Outcome, Crashed | None]
"""The next state, the outcome, and where it crashed, which has another line in each tree."""


TransitionKey = tuple[str, State, bytes]
"""What a transition depends on: the function's digest, the state and the stimulus."""


class Memo:
    """Transitions by the digest of the function, the state and the stimulus."""

    def __init__(self, size: int = MEMO_SIZE) -> None:
        self.hits = 0
        self.misses = 0
        self._size = size
        self._known: OrderedDict[TransitionKey, Transition] = OrderedDict()

    def run(self, program: Program, state: State, asked: Request) -> Transition:
        """The transition, looked up or worked out."""
        key = _key(program, state, asked)
        known = self._known.get(key)
        if known is not None:
            self.hits += 1
            return known
        self.misses += 1
        result = self._known[key] = _transition(program, state, asked)
        if len(self._known) > self._size:
            self._known.popitem(last=False)
        return result


MEMO = Memo()
"""Shared by all variants of the process: where they say the same, they share the work.

`MEMO.misses` is the number of distinct transitions that were worked out.
"""


def replay(log: Log, variant: Variant, watch: Progress = no_progress) -> Trace:
    """The trace of a log, translated if the subject has a dictionary, in a variant."""
    log = translate(log, variant.subject)
    state = variant.program.initial()
    steps = []
    requests = _requests(_Content(log.fingerprint, variant.subject, log))
    events = watch(zip(log.events, requests, strict=True), len(requests), "events")
    for seq, (event, asked) in enumerate(events, 1):
        state, outcome = _step(variant.program, state, asked)
        steps.append(Step(seq, event, outcome, state))
    return Trace(log, variant, tuple(steps))


def disk_left(variant: Variant, state: State) -> Disk:
    """The disk when the program has ended, if it ends in this state.

    What a program does on its way out is the model's function machine_exit, where a tree has one.
    """
    program = variant.program
    if state.machine is None or EXIT not in program.functions:
        return state.disk
    after, _ = program.call(EXIT, (), state)
    return after.disk


def transitions(trace: Trace) -> Iterator[TransitionKey]:
    """The transitions of a trace that ran code of the model; equal ones are the same work."""
    program = trace.variant.program
    state = program.initial()
    requests = _requests(_Content(trace.log.fingerprint, trace.variant.subject, trace.log))
    for done, asked in zip(trace.steps, requests, strict=True):
        if state.machine is not None and asked.handler in program.functions:
            yield _key(program, state, asked)
        state = done.state


def step(variant: Variant, state: State, event: Event) -> tuple[State, Outcome]:
    """The state after an event, and its outcome. Equal arguments give the same state object."""
    return _step(variant.program, state, request(event.payload))


def _step(program: Program, state: State, asked: Request) -> tuple[State, Outcome]:
    payload = asked.payload
    if isinstance(payload, Image):
        return _image(state, payload)
    if state.machine is None:
        return state, NOT_RUNNING
    if asked.handler in program.functions:
        state, outcome, crash = MEMO.run(program, state, asked)
        return state, _placed(outcome, crash, program) if crash else outcome
    if isinstance(payload, Notice | Await):
        return state, NOTHING
    return _after_refusal(state, payload), _unknown(asked)


def _key(program: Program, state: State, asked: Request) -> TransitionKey:
    return program.functions[asked.handler].digest, state, asked.stimulus


NOTHING = Outcome("returned", value={})
NOT_RUNNING = Outcome("refused", error={"class": "NotRunning", "desc": "no machine runs"})


def _transition(program: Program, state: State, asked: Request) -> Transition:
    after, ending = program.call(asked.handler, asked.arguments, state)
    crash = ending if isinstance(ending, Crashed) else None
    if isinstance(ending, Refused | Failed):
        after = _after_refusal(after, asked.payload)
    return after, _outcome(ending, asked.payload), crash


def _after_refusal(state: State, payload: Payload) -> State:
    """A machine whose command line is refused does not start."""
    at_start = isinstance(payload, Command) and payload.channel == "cli"
    return stopped(state) if at_start else state


def _outcome(ending: Ending, payload: Payload) -> Outcome:
    match ending:
        case Returned(value):
            return Outcome("returned", value={} if value is None else plain(value))
        case Failed(errno):
            return Outcome("refused", error={"errno": errno})
        case Refused(_, desc) if isinstance(payload, Command) and payload.channel == "hmp":
            return Outcome("refused", error={"text": desc})
        case Refused(cls, desc):
            return Outcome("refused", error={"class": cls, "desc": desc})
        case Crashed(cls, desc):
            return Outcome("crashed", error={"class": cls, "desc": desc})


def _placed(outcome: Outcome, crash: Crashed, program: Program) -> Outcome:
    """The outcome of a crash with its file and line in this program's tree."""
    file, line = program.place(crash)
    return Outcome(outcome.status, error={**(outcome.error or {}), "file": file, "line": line})


def _unknown(asked: Request) -> Outcome:
    desc = f"the model has no {asked.handler}"
    return Outcome("refused", error={"class": "CommandNotFound", "desc": desc})


@lru_cache(maxsize=4096)
def _image(state: State, image: Image) -> tuple[State, Outcome]:
    """Puts the file on the disk; what its backing files hold fills clusters written in part."""
    disk = WorkDisk(state.disk)
    backing = (image.backing_file or "", image.backing_format or "")
    number = disk.create(image.name, image.format, image.size, *backing)
    if number < 0:
        return state, Outcome("refused", error={"errno": "ENOENT"})
    found = backing_chain(disk.frozen(), number)
    chain = [number] if isinstance(found, str) else [inode.number for inode in found]
    for run in image.data:
        disk.write(chain, run.offset, run.length, run.pattern)
    return State(state.objects, state.machine, state.next_id, disk.frozen()), NOTHING


@dataclass(frozen=True, slots=True)
class _Content:
    """The key of a log's requests."""

    fingerprint: str
    subject: Subject
    log: Log = field(compare=False)


@lru_cache(maxsize=256)
def _requests(content: _Content) -> tuple[Request, ...]:
    return tuple(request(event.payload) for event in content.log.events)


def request(payload: Payload) -> Request:
    """What a payload asks of the model."""
    handler, *arguments = _call(payload)
    return Request(payload, handler.replace("-", "_"), tuple(arguments), stimulus(payload))


def _call(payload: Payload) -> tuple[Any, ...]:
    """The function that handles a payload, and its arguments; an image has none."""
    match payload:
        case Command():
            return f"{payload.channel}_{payload.name}", payload.arguments
        case Notice():
            return f"notice_{payload.name}", payload.data
        case Await():
            return "await_job", payload.device, payload.until
        case Guest(name="read"):
            return "guest_read", payload.device, payload.sector, payload.sectors
        case Guest():
            place = (payload.device, payload.sector, payload.sectors)
            return "guest_write", *place, payload.pattern
        case Internal():
            return f"internal_{payload.name}", payload.device, payload.depth
        case Image():
            return ("",)
