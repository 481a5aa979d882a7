"""Comparing variants over many logs, where most logs do what others did before them.

The definition is `diff(*(replay(log, variant) for variant in variants))`, whose divergences this
gives. What makes it fast: logs are renamed, so that machines which do the same are one; and the
machines of all variants together are one moment, which knows the moments that follow it. So for
an event that came before nothing is looked at, not even in how many variants.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from replay.engine.compare import Differences, compare_outcomes
from replay.engine.compared import compared
from replay.engine.diff import Diff, Divergence, StateComparison, compare_running, diff
from replay.engine.log_budget import is_past_limit
from replay.engine.renaming import (
    NotShareable,
    Renamed,
    Restoring,
    log_text,
    payload_of,
    renaming,
    without_replies,
)
from replay.engine.replay import advance, replay
from replay.engine.restored import (
    RenamedDivergence,
    Runs,
    renamed_divergences,
    restored_divergences,
    restored_traces,
)
from replay.engine.trace import GapReason, ModelTrace, Outcome
from replay.engine.transitions.request import request
from replay.engine.view import View, view
from replay.events.event import Event, Log
from replay.progress import Progress, no_progress
from replay.state.objects import State
from replay.variants.translation import Interpreter
from replay.variants.variant import Variant

MOST_MOMENTS = 100_000
"""How many moments are remembered; then all are forgotten, since each leads to others.

Their states take about 2 KB each.
"""

MOST_REPRESENTATIVES = 500
"""How many renamed logs are remembered with their traces; then they are forgotten too."""


class SharedDiff(NamedTuple):
    """The diff of a log, and that of a log which differs from it in names alone.

    The latter is its representative; `order` has the indexes there of the log's own divergences,
    `restoring` puts the log's names back. A log that is looked at by itself represents itself.
    """

    diff: Diff
    representative: Diff
    order: tuple[int, ...]
    restoring: Restoring


class _Representative(NamedTuple):
    """A renamed log's diff, the traces in it, and what restoring its divergences looks at."""

    diff: Diff
    traces: tuple[ModelTrace, ...]
    divergences: tuple[RenamedDivergence, ...]


class Corpus:
    """Variants of one subject, in which logs are compared one after another.

    Raises ValueError if two of the variants have one name.
    """

    def __init__(
        self,
        variants: Sequence[Variant],
        most_moments: int = MOST_MOMENTS,
        others: Iterable[Variant] = (),
    ) -> None:
        """`others` are variants in which the renamed logs are going to be replayed besides."""
        if len({variant.name for variant in variants}) != len(variants):
            raise ValueError("variants that are compared need a name each")
        self._variants = tuple(variants)
        self._subject = variants[0].subject
        self._renaming = renaming(self._subject, (*variants, *others))
        self._most_moments = most_moments
        self._forget()

    def diff(self, log: Log, progress: Progress = no_progress) -> SharedDiff:
        """The diff of a log, as `diff` makes it of its replays in these variants."""
        try:
            renamed = self._renamed(log_text(log))
            representative = self._representative(renamed.text, progress)
            return self._restored(log, representative, Restoring(renamed.names))
        except NotShareable:
            own = diff(*(replay(log, variant, progress) for variant in self._variants))
            return SharedDiff(own, own, tuple(range(len(own.divergences))), Restoring({}))

    def _restored(
        self, log: Log, representative: _Representative, restoring: Restoring
    ) -> SharedDiff:
        diff, traces, renamed = representative
        pairs = restored_divergences(renamed, restoring)
        restored = restored_traces(traces, log, restoring)
        divergences = tuple(divergence for _, divergence in pairs)
        own = Diff(restored, divergences, restoring.value(diff.compared))
        return SharedDiff(own, diff, tuple(index for index, _ in pairs), restoring)

    def _representative(self, text: str, progress: Progress) -> _Representative:
        known = self._representatives.get(text)
        if known is None:
            log = Log.of("renamed", [Event(payload_of(one)) for one in text.split("\n")])
            traces = tuple(replay(log, variant, progress) for variant in self._variants)
            if any(is_past_limit(step.outcome) for trace in traces for step in trace.steps):
                raise NotShareable  # a moment knows of one event, and not how much a log took
            found = self._renamed_divergences(text)
            divergences = tuple(one.divergence for one in found)
            known = _Representative(Diff(traces, divergences, compared(traces)), traces, found)
            self._representatives[text] = known
        return known

    def divergences(self, log: Log) -> tuple[Divergence, ...]:
        """The divergences between the variants in a log, as `diff` finds them."""
        shared = self.shared_divergences(log_text(log))
        return shared if shared is not None else self._alone(log)

    def shared_divergences(self, text: str) -> tuple[Divergence, ...] | None:
        """The same of a log as a text: on each line the content of an event in canonical JSON.

        None if the log has to be looked at by itself.
        """
        try:
            renamed = self._renamed(text)
            found = self._renamed_divergences(renamed.text)
            restored = restored_divergences(found, Restoring(renamed.names))
            return tuple(divergence for _, divergence in restored)
        except NotShareable:
            return None

    def _renamed(self, text: str) -> Renamed:
        """The renamed text of a log; raises NotShareable. Forgets what is too much."""
        is_much = len(self._moments) > self._most_moments
        if is_much or len(self._representatives) >= MOST_REPRESENTATIVES:
            self._forget()
        return self._renaming.rename(without_replies(text))

    def _alone(self, log: Log) -> tuple[Divergence, ...]:
        return diff(*(replay(log, variant) for variant in self._variants)).divergences

    def _forget(self) -> None:
        for moment in getattr(self, "_moments", {}).values():
            moment.clear()  # they refer to each other
        self._moments: dict[Any, _Moment] = {}
        self._representatives: dict[str, _Representative] = {}
        self._by_text: dict[str, tuple[RenamedDivergence, ...]] = {}
        self._foreseen: dict[State, _Foresight] = {}
        self._by_runs: dict[Any, tuple[Runs, tuple[RenamedDivergence, ...]]] = {}
        self._comparison = StateComparison()
        self._states = tuple(variant.program.initial() for variant in self._variants)
        has_dictionary = self._subject.dictionary is not None
        self._memory = Interpreter(self._subject).memory if has_dictionary else None

    def _renamed_divergences(self, text: str) -> tuple[RenamedDivergence, ...]:
        """The divergences of a renamed log, of which many are the same."""
        known = self._by_text.get(text)
        if known is None:
            texts = text.split("\n")
            known = self._by_text[text] = self._found(self._runs(texts), len(texts))
        return known

    def _found(self, runs: Runs, last_seq: int) -> tuple[RenamedDivergence, ...]:
        """The divergences of a log that went so; of renamed logs many go alike."""
        key = (last_seq, *((seq, id(differences)) for seq, differences in runs))
        if key not in self._by_runs:
            self._by_runs[key] = runs, tuple(renamed_divergences(runs, last_seq))
        return self._by_runs[key][1]

    def _runs(self, texts: Sequence[str]) -> Runs:
        runs = []
        moment = self._first(texts)
        last: Differences = {}
        for seq, text in enumerate(texts, 1):
            moment = moment[text]
            if moment.differences is not last:
                last = moment.differences
                runs.append((seq, last))
        return tuple(runs)

    def _first(self, texts: Iterable[str]) -> "_Moment":
        """The moment before the first event, which a dictionary's foresight is a part of."""
        memory = self._memory
        if memory is not None:
            foresight = self._foresight(memory)
            for text in texts:
                foresight = foresight[text]
            memory = foresight.memory
        return self._moment(memory, self._states, NO_FATES, (), {})

    def _foresight(self, memory: State) -> "_Foresight":
        if memory not in self._foreseen:
            self._foreseen[memory] = _Foresight(self, memory)
        return self._foreseen[memory]

    def foresee(self, memory: State, text: str) -> "_Foresight":
        """What the dictionary remembers when it has seen one more event in advance."""
        interpreter = Interpreter(self._subject, memory)
        interpreter.foresee(payload_of(text))
        return self._foresight(interpreter.memory)

    def after(self, moment: "_Moment", text: str) -> "_Moment":
        """The moment that follows when an event happens in all variants."""
        payload, memory = payload_of(text), moment.memory
        if memory is not None:
            interpreter = Interpreter(self._subject, memory)
            payload = interpreter.event(Event(payload), payload).payload
            memory = interpreter.memory
        query = request(payload, self._subject.config)
        both = [
            advance(variant.program, state, query)
            for variant, state in zip(self._variants, moment.states, strict=True)
        ]
        states = tuple(state for state, _ in both)
        outcomes = tuple(outcome for _, outcome in both)
        stopped = frozenset(n for n, one in enumerate(outcomes) if one.gap == GapReason.LIMIT)
        fates = _Fates(moment.fates.left_out, moment.fates.stopped | stopped).after(states)
        running = {
            variant.name: state.machine is not None
            for n, (variant, state) in enumerate(zip(self._variants, states, strict=True))
            if n not in fates.stopped
        }
        named = {v.name: one for v, one in zip(self._variants, outcomes, strict=True)}
        differing = compare_outcomes(payload, named) | compare_running(running)
        return self._moment(memory, states, fates, outcomes if differing else (), differing)

    def _moment(
        self,
        memory: State | None,
        states: tuple[State, ...],
        fates: "_Fates",
        outcomes: tuple[Outcome, ...],
        differing: Differences,
    ) -> "_Moment":
        key = memory, states, fates, tuple(map(id, outcomes))
        if key not in self._moments:
            pairs = zip(self._variants, states, strict=True)
            there = [pair for n, pair in enumerate(pairs) if n not in fates.left_out]
            parts = [((state.objects, state.machine), state.disk) for _, state in there]
            by_state = self._comparison.differences(parts, partial(self._views, there))
            differences = differing | by_state if differing else by_state
            self._moments[key] = _Moment(self, memory, states, fates, differences, outcomes)
        return self._moments[key]

    def _views(self, there: Iterable[tuple[Variant, State]]) -> Mapping[str, View]:
        return {variant.name: view(state, self._subject) for variant, state in there}


class _Fates(NamedTuple):
    """The variants, by number, that are not compared any more.

    `left_out` are those whose machine was gone while another's ran, `stopped` those where a limit
    of ours was passed.
    """

    left_out: frozenset[int] = frozenset()
    stopped: frozenset[int] = frozenset()

    def after(self, states: Sequence[State]) -> "_Fates":
        """The same after an event that left these states."""
        gone = frozenset(n for n, state in enumerate(states) if state.machine is None)
        return self._replace(left_out=gone) if 0 < len(gone) < len(states) else self


NO_FATES = _Fates()


class _Moment(dict[str, "_Moment"]):
    """The machines of all variants after an event; by the next event, the moment after that.

    `differences` is one object as long as the same differs. `outcomes` are held because the
    moment is known by them.
    """

    __slots__ = ("corpus", "differences", "fates", "memory", "outcomes", "states")

    def __init__(
        self,
        corpus: Corpus,
        memory: State | None,
        states: tuple[State, ...],
        fates: _Fates,
        differences: Differences,
        outcomes: tuple[Outcome, ...],
    ) -> None:
        self.corpus = corpus
        self.memory = memory
        self.states = states
        self.fates = fates
        self.differences = differences
        self.outcomes = outcomes

    def __missing__(self, text: str) -> "_Moment":
        after = self[text] = self.corpus.after(self, text)
        return after


class _Foresight(dict[str, "_Foresight"]):
    """What a dictionary remembers of the events that it saw in advance; by the next one, then."""

    __slots__ = ("corpus", "memory")

    def __init__(self, corpus: Corpus, memory: State) -> None:
        self.corpus = corpus
        self.memory = memory

    def __missing__(self, text: str) -> "_Foresight":
        after = self[text] = self.corpus.foresee(self.memory, text)
        return after
