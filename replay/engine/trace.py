"""Traces: what a log did, event for event, in a variant of the model or in a real machine.

Of a real machine only what was observed is compared, and every other trace is then looked at as
that observer looks.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, Literal, Protocol

from msgspec import Struct
from msgspec.structs import replace

from replay.engine.view import Node, View, view
from replay.events.event import Await, Event, Image, Log, Notice
from replay.state.disk import Disk, content, final_files, header
from replay.state.objects import State
from replay.variants.subject import Subject
from replay.variants.variant import Variant


class GapReason(StrEnum):
    """Why an event that a variant did not do as QEMU would says nothing about its code."""

    NO_MACHINE = "no machine runs"
    NO_NODE = "no node"
    NOT_MODELLED = "not modelled"
    NOT_PERFORMED = "not performed"
    NOT_OBSERVED = "not observed"
    LIMIT = "limit"


class Outcome(Struct, frozen=True):
    """How an event ended: a value if it returned, else an error.

    Errors have class and desc, or text (a refused hmp command), or errno; those of a crash also
    file and line. Stopped is a limit of ours: what QEMU would have done is unknown. `gap` says
    why the outcome is not compared with others.
    """

    status: Literal["returned", "refused", "crashed", "stopped", "unknown"]
    value: Any = None
    error: dict[str, Any] | None = None
    gap: GapReason | None = None


NOTHING = Outcome("returned", value={})
"""The outcome of what asks nothing: an image, and a notice or await that no function handles."""


UNKNOWN = Outcome("unknown")
"""Of an event that a real machine was not asked for, or of whose end nothing was recorded."""


class Player(Protocol):
    """What a log ran in: a variant of the model, a program, a recorded machine.

    `revision` says which, `digest` is the sha256 of all that it consists of, "" if unknown.
    """

    @property
    def name(self) -> str:
        """What it is called in reports."""

    @property
    def revision(self) -> str:
        """The expression or version that the name stands for."""

    @property
    def digest(self) -> str:
        """Equal digests do alike."""

    @property
    def subject(self) -> Subject:
        """The subject in whose terms it is described."""


class Step(Protocol):
    """An event of a log, numbered from 1, and its outcome, None where that is unknown."""

    @property
    def seq(self) -> int:
        """The event's number."""

    @property
    def event(self) -> Event:
        """The event."""

    @property
    def outcome(self) -> Outcome | None:
        """How it ended."""


class Trace(Protocol):
    """What a log did in one player. `remarks` are what a reader of a comparison must know."""

    @property
    def log(self) -> Log:
        """The log, with a step for each event."""

    @property
    def player(self) -> Player:
        """What it ran in."""

    @property
    def steps(self) -> Sequence[Step]:
        """Each event and its outcome."""

    @property
    def remarks(self) -> tuple[str, ...]:
        """What could not be observed."""

    @property
    def is_complete(self) -> bool:
        """Whether all of every state is known."""

    def view_at(self, index: int) -> View | None:
        """The state after the event at this index; None where it is unknown."""

    def files_after(self, index: int) -> Mapping[str, Any]:
        """What each file shows a machine started from it then, in the terms of JSON."""

    def runs_at(self, index: int) -> bool:
        """Whether a machine runs after the event at this index, as far as is known."""

    def acts_at(self, index: int) -> bool:
        """Whether the event at this index asked something of the code."""

    def gap_at(self, index: int) -> GapReason | None:
        """Why the event at this index is not compared; None if it is."""

    def parts_at(self, index: int) -> tuple[Hashable, Hashable] | None:
        """What the machine and the disk of that view depend on; equal parts have equal views."""

    def visible(self, whole: View, index: int) -> View:
        """What of another trace's view is comparable with this one's at this index."""

    def renamed(self, name: str) -> "Trace":
        """The same trace, its player under another name."""


EXIT = "machine_exit"
"""The model's function for the end of the program."""


def disk_left(variant: Variant, state: State) -> Disk:
    """The disk when the program has ended, if it ends in this state.

    What a program does on its way out is the model's function machine_exit, where a tree has one.
    """
    program = variant.program
    if state.machine is None or EXIT not in program.functions:
        return state.disk
    after, _ = program.call(EXIT, (), state)
    return after.disk


class ModelStep(Struct, frozen=True, eq=False):
    """An event, its outcome in a variant, and the state after it.

    `limited` says that with it or before it a limit of ours was passed: what QEMU would have done
    from there on is unknown. `taken` are the steps of the model that it took.
    """

    seq: int
    event: Event
    outcome: Outcome
    state: State
    limited: bool = False
    taken: int = 0


class ModelTrace(Struct, frozen=True, eq=False):
    """What a log did in a variant of the model. Everything is known of it."""

    log: Log
    variant: Variant
    steps: Sequence[ModelStep]

    @property
    def player(self) -> Variant:
        """The variant."""
        return self.variant

    @property
    def remarks(self) -> tuple[str, ...]:
        """None."""
        return ()

    @property
    def is_complete(self) -> bool:
        """True."""
        return True

    def view_at(self, index: int) -> View:
        """The view of the state after the event at this index."""
        return view(self.steps[index].state, self.variant.subject)

    def files_after(self, index: int) -> Mapping[str, Any]:
        """What the files then show through their backing chains."""
        return final_files(disk_left(self.variant, self.steps[index].state))

    def runs_at(self, index: int) -> bool:
        """Whether the state has a machine."""
        return self.steps[index].state.machine is not None

    def acts_at(self, index: int) -> bool:
        """Whether the event ran code of the model."""
        outcome = self.steps[index].outcome
        return outcome.gap is None and outcome is not NOTHING

    def gap_at(self, index: int) -> GapReason | None:
        """Why the variant did not do the event as QEMU would."""
        return self.steps[index].outcome.gap

    def parts_at(self, index: int) -> tuple[Hashable, Hashable]:
        """Requests of a guest change the disk alone, commands often the machine alone."""
        state = self.steps[index].state
        return (state.objects, state.machine), state.disk

    def visible(self, whole: View, index: int) -> View:
        """All of it."""
        return whole

    def renamed(self, name: str) -> "ModelTrace":
        """The same trace, its variant under another name."""
        return replace(self, variant=self.variant.renamed(name))


FACTS = Image | Notice | Await
"""What was recorded without having been asked for: it has no outcome that could be observed."""


class Observer(Struct, frozen=True):
    """Who observed a machine: a recording, or this program at a running QEMU."""

    name: str
    revision: str
    digest: str
    subject: Subject


class ObservedStep(Struct, frozen=True, eq=False):
    """An event, and what was observed of its outcome and of the state after it, else None.

    `is_performed` is False for an event that the machine was not asked for.
    """

    seq: int
    event: Event
    outcome: Outcome | None
    view: View | None
    is_performed: bool = True


class ObservedTrace(Struct, frozen=True, eq=False):
    """What a log did in a real machine. `visible_part` is what its observer sees of a view."""

    log: Log
    player: Observer
    steps: tuple[ObservedStep, ...]
    visible_part: Callable[[View], View]
    remarks: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        """False."""
        return False

    def view_at(self, index: int) -> View | None:
        """What was observed after the event at this index."""
        return self.steps[index].view

    def files_after(self, index: int) -> Mapping[str, Any]:
        """What was last observed of the files there are, as a reader sees them."""
        views = (self.steps[place].view for place in range(index, -1, -1))
        last = next((after for after in views if after is not None), View(running=False))
        files = {name: file for name, file in last.files.items() if not file.unlinked}
        return {name: {**header(f.inode), **content(f.inode)} for name, f in files.items()}

    def runs_at(self, index: int) -> bool:
        """False once a view shows no machine."""
        after = self.steps[index].view
        return after is None or after.running

    def acts_at(self, index: int) -> bool:
        """Whether an outcome or a state was observed."""
        asks_nothing = isinstance(self.steps[index].event.payload, FACTS)
        return self.gap_at(index) is None and not asks_nothing

    def gap_at(self, index: int) -> GapReason | None:
        """Why nothing is known of the event; what is a fact by itself needs no observer."""
        step = self.steps[index]
        if not step.is_performed:
            return GapReason.NOT_PERFORMED
        if step.outcome is not None:
            return step.outcome.gap
        is_known = step.view is not None or isinstance(step.event.payload, FACTS)
        return None if is_known else GapReason.NOT_OBSERVED

    def parts_at(self, index: int) -> tuple[Hashable, Hashable] | None:
        """The view itself, as it is compared by identity."""
        after = self.steps[index].view
        return None if after is None else (after, after)

    def visible(self, whole: View, index: int) -> View:
        """Of each node the fields that were observed of it."""
        after = self.steps[index].view
        return whole if after is None else shared_part(self.visible_part(whole), after)

    def renamed(self, name: str) -> "ObservedTrace":
        """The same trace, its observer under another name."""
        return replace(self, player=replace(self.player, name=name))


def with_distinct_names(traces: Iterable[Trace]) -> tuple[Trace, ...]:
    """The traces, of which the second of one name gets "-2" after it, and so on."""
    return tuple(_distinct(traces))


def _distinct(traces: Iterable[Trace]) -> Iterator[Trace]:
    names: set[str] = set()
    for trace in traces:
        name, count = trace.player.name, 1
        while name in names:
            count += 1
            name = f"{trace.player.name}-{count}"
        names.add(name)
        yield trace if name == trace.player.name else trace.renamed(name)


def shared_part(whole: View, limit: View) -> View:
    """The view with only those fields of a node that another view has for its path."""
    return replace(
        whole,
        nodes={path: _common(node, limit) for path, node in whole.nodes.items()},
        other={path: _common(node, limit) for path, node in whole.other.items()},
    )


def _common(node: Node, limit: View) -> Node:
    other = limit.all_nodes.get(node.path)
    fields = other.fields if other else {}
    return replace(node, fields={key: node.fields[key] for key in node.fields if key in fields})
