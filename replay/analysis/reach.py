"""How far a change was put to the test: which of its hunks a log runs through."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache, reduce

from msgspec import Struct
from msgspec.structs import replace

from replay.analysis.search.statements import code
from replay.analysis.tree_change import (
    Lines,
    OwnField,
    TreeChange,
    TreeHunk,
    function_at,
    tree_change,
)
from replay.engine.replay import arcs
from replay.engine.trace import ModelTrace
from replay.engine.transitions.request import request
from replay.events.event import Event, stimulus
from replay.state.objects import State
from replay.variants.variant import Variant

NO_LINES: Lines = frozenset()


class HunkReached(Struct, frozen=True):
    """A hunk of a change, and the statements of it that ran, in the earlier or the later tree.

    `function` is where it stands, "" outside of all.
    """

    hunk: TreeHunk
    function: str
    before: Lines = NO_LINES
    after: Lines = NO_LINES

    @property
    def is_reached(self) -> bool:
        """Whether any of it ran."""
        return bool(self.before or self.after)

    @property
    def missing(self) -> tuple[int, ...]:
        """The lines of its own statements that did not run, in the tree that it is told in."""
        whole, ran = (
            (self.hunk.after, self.after) if self.hunk.is_left else (self.hunk.before, self.before)
        )
        own = (line for file, line in whole - ran if file == self.hunk.file)
        return tuple(sorted(line for line in own if self.hunk.first <= line <= self.hunk.last))


class ChangeReach(Struct, frozen=True):
    """What logs ran through of the change from one variant to another.

    `logs` are those that ran through any of it, of so many that were `looked_at`. `is_code` is
    False where both variants do the same in every log: the change is one of comments.
    """

    before: str
    after: str
    hunks: tuple[HunkReached, ...]
    fields: tuple[OwnField, ...]
    is_code: bool
    logs: tuple[str, ...] = ()
    looked_at: int = 0

    @property
    def can_run(self) -> tuple[HunkReached, ...]:
        """The hunks that a log could run through."""
        return tuple(it for it in self.hunks if it.hunk.can_run)


def change_reach(before: ModelTrace, after: ModelTrace) -> ChangeReach:
    """What a log ran through of the change between the variants of its two traces."""
    variants = before.variant, after.variant
    digests = variants[0].tree.digest, variants[1].tree.digest
    return _tracer(_Pair(digests, variants)).reach(before, after)


def joined(reaches: Sequence[ChangeReach]) -> ChangeReach:
    """What several logs ran through of one change."""
    return reduce(_both, reaches)


def _both(left: ChangeReach, right: ChangeReach) -> ChangeReach:
    pairs = zip(left.hunks, right.hunks, strict=True)
    return replace(
        left,
        hunks=tuple(
            replace(a, before=a.before | b.before, after=a.after | b.after) for a, b in pairs
        ),
        logs=(*left.logs, *right.logs),
        looked_at=left.looked_at + right.looked_at,
    )


@dataclass(frozen=True, slots=True)
class _Pair:
    """The key of a tracer; a variant may have another name in each diff."""

    digests: tuple[str, str]
    variants: tuple[Variant, Variant] = field(compare=False)


MOST_KNOWN = 20_000
"""So many events are remembered with what they ran through, each with a state; then none."""


# Many logs are compared in the same variants, and what an event does is traced once for all.
@lru_cache(maxsize=8)
def _tracer(pair: _Pair) -> "_ChangeTracer":
    return _ChangeTracer(*pair.variants)


class _ChangeTracer:
    """Runs the events again that can reach a change, and keeps what they ran through of it."""

    def __init__(self, before: Variant, after: Variant) -> None:
        self._variants = before, after
        self._change: TreeChange = tree_change(before.tree, after.tree)
        hunks = self._change.hunks
        before_lines, after_lines = ([it.before for it in hunks], [it.after for it in hunks])
        self._statements = NO_LINES.union(*before_lines), NO_LINES.union(*after_lines)
        self._functions = tuple(
            _functions(variant, statements)
            for variant, statements in zip(self._variants, self._statements, strict=True)
        )
        self._ran: dict[tuple[int, State, bytes], Lines] = {}

    def reach(self, before: ModelTrace, after: ModelTrace) -> ChangeReach:
        """What both traces of a log ran through."""
        ran = self._lines(0, before), self._lines(1, after)
        hunks = tuple(
            HunkReached(hunk, self._function(hunk), hunk.before & ran[0], hunk.after & ran[1])
            for hunk in self._change.hunks
        )
        names = (before.log.name,) if any(it.is_reached for it in hunks) else ()
        left, right = before.variant, after.variant
        is_code = left.digest != right.digest
        fields = self._change.fields
        return ChangeReach(left.name, right.name, hunks, fields, is_code, names, 1)

    def _function(self, hunk: TreeHunk) -> str:
        tree = self._variants[hunk.is_left].tree
        function = function_at(tree, (hunk.file, hunk.first))
        return function.name if function else ""

    def _lines(self, side: int, trace: ModelTrace) -> Lines:
        """The statements of the change that a trace ran through."""
        if not self._statements[side]:
            return frozenset()
        state = trace.variant.program.initial()
        lines: set[tuple[str, int]] = set()
        for step in trace.steps:
            key = side, state, stimulus(step.event.payload)
            if key not in self._ran:
                if len(self._ran) >= MOST_KNOWN:
                    self._ran.clear()
                self._ran[key] = self._event(side, state, step.event)
            lines |= self._ran[key]
            state = step.state
        return frozenset(lines)

    def _event(self, side: int, state: State, event: Event) -> Lines:
        """What an event ran through; what all its code is alike in both is not run again."""
        variant = self._variants[side]
        handler = request(event.payload, variant.subject.config).handler
        functions = [each.program.functions.get(handler) for each in self._variants]
        if len({function.digest if function else "" for function in functions}) == 1:
            return frozenset()
        ran = arcs(variant, state, event, self._functions[side])
        statement_at = code(variant.tree).statement_at
        lines = ((file, statement_at.get((file, line), 0)) for file, _, line in ran)
        return frozenset(lines) & self._statements[side]


def _functions(variant: Variant, statements: Lines) -> frozenset[str]:
    """The functions in which any of these statements is."""
    every = (function_at(variant.tree, place) for place in statements)
    return frozenset(function.name for function in every if function)
