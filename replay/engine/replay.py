"""Replaying a log through a variant: one memoised, pure step per event."""

from collections import OrderedDict, deque
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from msgspec.structs import replace

from replay.engine.log_budget import NOTHING_TAKEN, Allowance, budget
from replay.engine.trace import EXIT, NOTHING, GapReason, ModelStep, ModelTrace, Outcome
from replay.engine.transitions.memo import MEMO, TransitionKey, key_of
from replay.engine.transitions.request import Request, request
from replay.engine.transitions.transition import Transition, after_refusal
from replay.events.event import Await, Event, Image, Log, Notice
from replay.events.on_demand import OnDemand
from replay.events.pages import PAGE, Pages
from replay.language import Arc, Crashed, Program
from replay.progress import Progress, no_progress
from replay.state.objects import State, stopped
from replay.state.working_disk import WorkDisk
from replay.variants.subject import Subject
from replay.variants.translation import translate
from replay.variants.variant import Variant

RECENT_PAGES = 2
"""Pages of a long log that are kept: one event is often compared with the one before."""


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
        step = ModelStep(seq, event, outcome, state, limited, taken.steps)
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
            yield key_of(state, asked), MEMO.run(program, state, asked)
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
    return after_refusal(state, asked), _unknown(asked), NOTHING_TAKEN


NOT_RUNNING = Outcome(
    "refused",
    error={"class": "NotRunning", "desc": "no machine runs"},
    gap=GapReason.NO_MACHINE,
)


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
