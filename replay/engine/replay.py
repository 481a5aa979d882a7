"""Replaying a log through a variant: one memoised, pure step per event."""

from collections import OrderedDict, deque
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple

from msgspec.structs import replace

from replay.engine.log_budget import NOTHING_TAKEN, Allowance, budget, growth_of
from replay.engine.trace import EXIT, NOTHING, GapReason, ModelStep, ModelTrace, Outcome
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
    channel,
    stimulus,
)
from replay.events.on_demand import OnDemand
from replay.events.pages import PAGE, Pages
from replay.language import (
    Arc,
    Crashed,
    Ending,
    Failed,
    Program,
    Refused,
    Returned,
    Stopped,
)
from replay.progress import Progress, no_progress
from replay.state.objects import State, plain, stopped
from replay.state.working_disk import WorkDisk
from replay.variants.subject import ChannelConfig, Subject, SubjectConfig
from replay.variants.translation import translate
from replay.variants.variant import Variant

MEMO_SIZE = 40_000
"""How many transitions are remembered, which take about 100 MB; the oldest go first."""

RECENT_PAGES = 2
"""Pages of a long log that are kept: one event is often compared with the one before."""

MEMO_VALUES = 20_000_000
"""How many values the states of remembered transitions may hold; those of a real log are few."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a payload asks of the model: the function, its arguments, and all of it as bytes.

    `channel` says what a refusal is there.
    """

    payload: Payload
    handler: str
    arguments: tuple[Any, ...]
    stimulus: bytes
    channel: ChannelConfig


class Transition(NamedTuple):
    """The next state, the outcome, and where it crashed, which has another line in each tree.

    `taken` are the steps, and how many values the state and the outcome hold that the state before
    did not.
    `functions` are those that ran, and `program` is where they did.
    """

    state: State
    outcome: Outcome
    crash: Crashed | None
    taken: Allowance
    functions: frozenset[str]
    program: Program

    def is_in(self, program: Program) -> bool:
        """Whether another program does the same where it is asked the same."""
        return program.runs_alike(self.functions, self.program)


TransitionKey = tuple[str, State, bytes, ChannelConfig]
"""The function, the state, the stimulus, and what a refusal is there."""


class Memo:
    """Transitions by the function, the state and the stimulus.

    In another tree a transition is the same if the functions that ran are.
    """

    def __init__(self, size: int = MEMO_SIZE) -> None:
        self.hits = 0
        self.misses = 0
        self._size = size
        self._values = 0
        self._known: OrderedDict[TransitionKey, list[Transition]] = OrderedDict()

    def run(self, program: Program, state: State, asked: Request) -> Transition:
        """The transition, looked up or worked out."""
        key = _key(state, asked)
        known = self._known.get(key, ())
        for transition in known:
            if transition.is_in(program):
                self.hits += 1
                return transition
        self.misses += 1
        result = _transition(program, state, asked)
        self._known[key] = [*known, result]
        self._values += result.taken.values
        while len(self._known) > self._size or self._values > MEMO_VALUES:
            _, oldest = self._known.popitem(last=False)
            self._values -= sum(transition.taken.values for transition in oldest)
        return result

    def forget(self) -> None:
        """Drops all of them."""
        self._known.clear()
        self._values = 0


MEMO = Memo()
"""Shared by all variants of the process: where they say the same, they share the work.

`MEMO.misses` is the number of distinct transitions that were worked out.
"""


def replay(log: Log, variant: Variant, progress: Progress = no_progress) -> ModelTrace:
    """The trace of a log, translated if the subject has a dictionary, in a variant."""
    log = translate(log, variant.subject)
    start = _Reached(0, variant.program.initial(), budget(len(log.events)))
    if isinstance(log.events, Pages):
        return ModelTrace(log, variant, _PagedSteps(log, variant, start, progress))
    events = progress(_events(log, variant.subject), len(log.events), "events")
    return ModelTrace(log, variant, tuple([step for step, _ in _played(variant, start, events)]))


class _Reached(NamedTuple):
    """How far a log is replayed: events, the state after them, what is left for the others.

    `limited` says that a limit was passed.
    """

    seq: int
    state: State
    left: Allowance
    limited: bool = False


def _played(
    variant: Variant, reached: _Reached, events: Iterable[tuple[Event, Request]]
) -> Iterator[tuple[ModelStep, _Reached]]:
    """The steps of the next events of a log, each with how far it has come."""
    seq, state, left, limited = reached
    for event, asked in events:
        before = state
        state, outcome, taken = _advance(variant.program, before, asked)
        left = left.after(taken)
        end = left.passed_by(taken)
        if end and outcome.gap != GapReason.LIMIT:
            state, outcome = stopped(before), end
        seq, limited = seq + 1, limited or outcome.gap == GapReason.LIMIT
        step = ModelStep(seq, event, outcome, state, limited)
        yield step, _Reached(seq, state, left, limited)


class _PagedSteps(OnDemand[ModelStep]):
    """The steps of a long log, a page of which is replayed when one of them is looked at.

    What is kept is how far it had come before each page.
    """

    def __init__(self, log: Log, variant: Variant, start: _Reached, progress: Progress) -> None:
        length = len(log.events)
        self._ahead = iter(progress(range(length), length, "events"))
        self._log = log
        self._variant = variant
        self._starts = [start]
        self._recent: OrderedDict[int, tuple[ModelStep, ...]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._log.events)

    def item(self, index: int) -> ModelStep:
        """The step at an index."""
        number, place = divmod(index, PAGE)
        return (self._recent.get(number) or self._page(number))[place]

    def _page(self, number: int) -> tuple[ModelStep, ...]:
        """A page that has to be replayed, and before it all that never were."""
        for before in range(len(self._starts) - 1, number):
            self._replay(before)
        if len(self._recent) == RECENT_PAGES:
            self._recent.popitem(last=False)
        self._recent[number] = self._replay(number)
        return self._recent[number]

    def _replay(self, number: int) -> tuple[ModelStep, ...]:
        """The steps of a page before which it is known how far it had come."""
        first = number * PAGE
        page = self._log.events[first : first + PAGE]
        requests = _requests(_Content(self._log.fingerprint, self._variant.subject, page, number))
        events = zip(page, requests, strict=True)
        steps, reached = zip(*_played(self._variant, self._starts[number], events), strict=True)
        if number + 1 == len(self._starts):
            self._starts.append(reached[-1])
            is_last = first + len(page) == len(self)
            deque(self._ahead if is_last else islice(self._ahead, PAGE), maxlen=0)
        return steps


def _events(log: Log, subject: Subject) -> Iterable[tuple[Event, Request]]:
    """The events of a log that is not long, with what they ask."""
    requests = _requests(_Content(log.fingerprint, subject, log.events))
    return zip(log.events, requests, strict=True)


def transitions(trace: ModelTrace) -> Iterator[tuple[TransitionKey, Transition]]:
    """The transitions of a trace that ran code of the model, by what was asked in which state."""
    program = trace.variant.program
    state = program.initial()
    events = _events(trace.log, trace.variant.subject)
    for done, (_, asked) in zip(trace.steps, events, strict=True):
        if state.machine is not None and asked.handler in program.functions:
            yield _key(state, asked), MEMO.run(program, state, asked)
        state = done.state


def step(variant: Variant, state: State, event: Event) -> tuple[State, Outcome]:
    """The state after an event, and its outcome. Equal arguments give the same state object."""
    return advance(variant.program, state, request(event.payload, variant.subject.config))


def arcs(
    variant: Variant, state: State, event: Event, within: Container[str] | None = None
) -> frozenset[Arc]:
    """The steps from line to line of the model that an event makes; none if it runs no code.

    Only those in the functions of the names `within`, by default all.
    """
    asked = request(event.payload, variant.subject.config)
    program = variant.program
    if state.machine is None or asked.handler not in program.functions:
        return frozenset()
    return program.arcs(asked.handler, asked.arguments, state, within)


def exit_arcs(
    variant: Variant, state: State, within: Container[str] | None = None
) -> frozenset[Arc]:
    """The steps from line to line of a program that ends in this state; see `disk_left`."""
    program = variant.program
    if state.machine is None or EXIT not in program.functions:
        return frozenset()
    return program.arcs(EXIT, (), state, within)


def advance(program: Program, state: State, asked: Request) -> tuple[State, Outcome]:
    """The same for a payload's request, which many states may be asked."""
    state, outcome, _ = _advance(program, state, asked)
    return state, outcome


def _advance(program: Program, state: State, asked: Request) -> tuple[State, Outcome, Allowance]:
    """The state, the outcome, and what the transition took."""
    payload = asked.payload
    if isinstance(payload, Image):
        return *_image(state, payload), NOTHING_TAKEN
    if state.machine is None:
        return state, NOT_RUNNING, NOTHING_TAKEN
    if asked.handler in program.functions:
        made = MEMO.run(program, state, asked)
        crash = made.crash
        outcome = _placed(made.outcome, crash, program) if crash else made.outcome
        return made.state, outcome, made.taken
    if isinstance(payload, Notice | Await):
        return state, NOTHING, NOTHING_TAKEN
    return _after_refusal(state, asked), _unknown(asked), NOTHING_TAKEN


def _key(state: State, asked: Request) -> TransitionKey:
    return asked.handler, state, asked.stimulus, asked.channel


NOT_RUNNING = Outcome(
    "refused",
    error={"class": "NotRunning", "desc": "no machine runs"},
    gap=GapReason.NO_MACHINE,
)


def _transition(program: Program, state: State, asked: Request) -> Transition:
    after, ending = program.call(asked.handler, asked.arguments, state)
    crash = ending if isinstance(ending, Crashed) else None
    if isinstance(ending, Refused | Failed):
        after = _after_refusal(after, asked)
    outcome = _outcome(ending, asked.channel)
    taken = Allowance(growth_of(state, after, outcome.value), program.steps)
    return Transition(after, outcome, crash, taken, _shared(program.called), program)


# Few sets of functions run again and again, and each takes as much memory as the rest.
@lru_cache(maxsize=4096)
def _shared(functions: frozenset[str]) -> frozenset[str]:
    """The one object for equal sets."""
    return functions


def _after_refusal(state: State, asked: Request) -> State:
    """The state when a command was refused, which may have been the end of the machine."""
    return stopped(state) if asked.channel.refusal_stops else state


def _outcome(ending: Ending, channel: ChannelConfig) -> Outcome:
    match ending:
        case Returned(value):
            return Outcome("returned", value={} if value is None else plain(value))
        case Failed(errno):
            return Outcome("refused", error={"errno": errno})
        case Refused(_, desc) if channel.refusal == "text":
            return Outcome("refused", error={"text": desc})
        case Refused(cls, desc):
            return Outcome("refused", error={"class": cls, "desc": desc})
        case Stopped(cls, desc):
            return Outcome("stopped", error={"class": cls, "desc": desc}, gap=GapReason.LIMIT)
        case Crashed(cls, desc):
            return Outcome("crashed", error={"class": cls, "desc": desc})


def _placed(outcome: Outcome, crash: Crashed, program: Program) -> Outcome:
    """The outcome of a crash with its file and line in this program's tree."""
    file, line = program.place(crash)
    return replace(outcome, error={**(outcome.error or {}), "file": file, "line": line})


def _unknown(asked: Request) -> Outcome:
    desc = f"the model has no {asked.handler}"
    error = {"class": "CommandNotFound", "desc": desc}
    return Outcome("refused", error=error, gap=GapReason.NOT_MODELLED)


# A log's images are put on the disk once for each variant that it runs in.
@lru_cache(maxsize=4096)
def _image(state: State, image: Image) -> tuple[State, Outcome]:
    """Puts the file on the disk; what its backing files hold fills clusters written in part."""
    disk = WorkDisk(state.disk)
    backing = (image.backing_file or "", image.backing_format or "")
    number = disk.create(image.name, image.format, image.size, *backing)
    if number < 0:
        return state, Outcome("refused", error={"errno": "ENOENT"})
    if image.data:
        disk.fill(number, [(run.offset, run.length, run.pattern) for run in image.data])
    return State(state.objects, state.machine, state.next_id, disk.frozen()), NOTHING


@dataclass(frozen=True, slots=True)
class _Content:
    """The key of the requests of a log, or of one page of a long one."""

    fingerprint: str
    subject: Subject
    events: Sequence[Event] = field(compare=False)
    page: int | None = None


# A log runs in several variants, and its requests are the same in all.
@lru_cache(maxsize=8)
def _requests(content: _Content) -> tuple[Request, ...]:
    return tuple(request(event.payload, content.subject.config) for event in content.events)


NO_CHANNEL = ChannelConfig()
"""What is not told of a channel; also for events that are no commands."""


def request(payload: Payload, config: SubjectConfig) -> Request:
    """What a payload asks of the model."""
    handler, *arguments = _call(payload)
    rule = config.channels.get(channel(payload) or "", NO_CHANNEL)
    return Request(payload, handler.replace("-", "_"), tuple(arguments), stimulus(payload), rule)


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
