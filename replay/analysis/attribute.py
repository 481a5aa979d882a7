"""Finding the patches that cause each divergence.

Every variant on the way is replayed. That is cheap, since what a patch does not touch is the same
transition before and after it.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import chain, pairwise
from typing import Any, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from replay.engine.corpus import SharedDiff
from replay.engine.diff import Diff, Divergence
from replay.engine.renaming import NotShareable, Restoring
from replay.engine.replay import replay, transitions
from replay.engine.trace import ModelTrace
from replay.engine.transitions.transition import Transition
from replay.engine.view import View, view
from replay.events.pages import Pages
from replay.progress import Progress, no_progress
from replay.state.objects import State
from replay.variants.path import PatchChange, changes_between, path_between
from replay.variants.subject import Subject

QUICK_STEPS, MORE_STEPS = 60_000_000, 90_000
"""Steps of all revisions on the way that take no more than ten seconds, however few events a log
has; and how many each event of a longer one may take, which none recorded does in 30 revisions."""


class Cause(Struct, frozen=True):
    """A step of the way at which the value of a place changes.

    `before` and `after` are the values at the first event of the divergence, ABSENT where the
    place is not there. The step changes several patches where they apply only together.
    """

    changes: tuple[PatchChange, ...]
    before: Any
    after: Any


class Work(Struct, frozen=True):
    """What an attribution took: variants replayed, their transitions, and the distinct ones.

    Those of a long log are not counted, which would take more memory than all else.
    """

    revisions: int = 0
    transitions: int | None = None
    distinct: int | None = None


class Attribution(Struct, frozen=True, eq=False):
    """The causes of each divergence of a diff, in the diff's order, and the steps looked at.

    `hidden` is how many divergences are not among them, since their patches are left out;
    `partial` says that causes are left out, of these or of others.
    """

    causes: tuple[tuple[Cause, ...], ...]
    steps: tuple[tuple[PatchChange, ...], ...]
    work: Work
    hidden: int = 0
    partial: bool = False


class AttributedDiff(Struct, frozen=True, eq=False):
    """A diff with the patches that its divergences come from."""

    diff: Diff
    attribution: Attribution


class ReplayedStep(NamedTuple):
    """A trace on the way from one compared variant to another, with what was turned before it."""

    changes: tuple[PatchChange, ...]
    trace: ModelTrace


ReplayedPath = tuple[ReplayedStep, ...]


def model_traces(diff: Diff) -> tuple[ModelTrace, ...]:
    """The traces of the model, whose code can be asked; of real machines there is none."""
    return tuple(trace for trace in diff.traces if isinstance(trace, ModelTrace))


def steps_beyond(diff: Diff) -> int:
    """The steps that the log takes in all revisions on the way, 0 if they are done soon.

    So are those of a long log, for as long as it is.
    """
    log, traces = diff.traces[0].log, model_traces(diff)
    if isinstance(log.events, Pages):
        return 0
    ends = pairwise(trace.variant for trace in traces)
    passed = sum(max(len(changes_between(*pair)) - 1, 0) for pair in ends)
    steps = passed * max((sum(step.taken for step in it.steps) for it in traces), default=0)
    return steps if steps > max(QUICK_STEPS, MORE_STEPS * len(log.events)) else 0


def attribute(diff: Diff, progress: Progress = no_progress) -> Attribution:
    """The causes of every divergence, between neighbours of the variants that it has values in."""
    traces = {trace.variant.name: trace for trace in model_traces(diff)}
    pairs = dict.fromkeys(pair for each in diff.divergences for pair in _pairs(each, traces))
    paths = {(a, b): _replayed_path(traces[a], traces[b], progress) for a, b in pairs}
    causes = tuple(
        tuple(cause for pair in _pairs(each, traces) for cause in _causes(each, paths[pair]))
        for each in diff.divergences
    )
    steps = [step for pair in pairwise(traces) for step in _steps(pair, traces, paths)]
    replayed = [trace for path in paths.values() for _, trace in path]
    return Attribution(causes, tuple(dict.fromkeys(steps)), _work(replayed))


def attribute_shared(shared: SharedDiff, progress: Progress = no_progress) -> Attribution:
    """The same of the diff of a log that shares its work with those that differ in names alone."""
    try:
        found = _of_representative(shared.representative)
        causes = tuple(
            tuple(_restored(cause, shared.restoring) for cause in found.causes[index])
            for index in shared.order
        )
        return replace(found, causes=causes)
    except NotShareable:
        return attribute(shared.diff, progress)


# Of many logs few represent all the others.
@lru_cache(maxsize=500)
def _of_representative(representative: Diff) -> Attribution:
    return attribute(representative)


def forget_attributions() -> None:
    """Drops what is remembered of logs before, whose traces are large."""
    _of_representative.cache_clear()
    _view.cache_clear()


def _restored(cause: Cause, restoring: Restoring) -> Cause:
    return Cause(cause.changes, restoring.value(cause.before), restoring.value(cause.after))


def select(
    diff: Diff, attribution: Attribution, wanted: Callable[[Divergence, Cause], bool]
) -> tuple[Diff, Attribution]:
    """Only wanted causes, and only the divergences that have any or never had one."""
    pairs = list(zip(diff.divergences, attribution.causes, strict=True))
    narrowed = [(d, tuple(cause for cause in causes if wanted(d, cause))) for d, causes in pairs]
    remaining = [
        (divergence, causes)
        for (divergence, causes), (_, all_causes) in zip(narrowed, pairs, strict=True)
        if causes or not all_causes
    ]
    selected = Attribution(
        causes=tuple(causes for _, causes in remaining),
        steps=attribution.steps,
        work=attribution.work,
        hidden=attribution.hidden + len(pairs) - len(remaining),
        partial=attribution.partial or [causes for _, causes in narrowed] != [*attribution.causes],
    )
    return replace(diff, divergences=tuple(divergence for divergence, _ in remaining)), selected


def _pairs(divergence: Divergence, names: Collection[str]) -> list[tuple[str, str]]:
    """The neighbours among these whose values differ, by name."""
    values = {name: value for name, value in divergence.values.items() if name in names}
    return [(a, b) for a, b in pairwise(values) if values[a] != values[b]]


def _replayed_path(start: ModelTrace, end: ModelTrace, progress: Progress) -> ReplayedPath:
    path = path_between(start.variant, end.variant)
    steps = progress(path, len(path), "patches")
    turned = ((step.changes, replay(start.log, step.variant, progress)) for step in steps)
    return tuple(ReplayedStep(*reached) for reached in (((), start), *turned))


def _steps(
    pair: tuple[str, str],
    traces: Mapping[str, ModelTrace],
    paths: Mapping[tuple[str, str], ReplayedPath],
) -> list[tuple[PatchChange, ...]]:
    """What lies between two variants, whether or not anybody had to go there."""
    if pair in paths:
        return [step.changes for step in paths[pair] if step.changes]
    start, end = (traces[name].variant for name in pair)
    return [(change,) for change in changes_between(start, end)]


def _causes(divergence: Divergence, path: ReplayedPath) -> Iterator[Cause]:
    """The steps of a way at which the value at the first event changes.

    A change beside a trace of which a limit hides the value is no patch's that we know of.
    """
    index = divergence.first_seq - 1
    known, last, before = False, None, None
    for changes, trace in path:
        step = trace.steps[index]
        was_known, known = known, not step.limited
        if last is not None and step.state is last.state and step.outcome == last.outcome:
            continue
        after = divergence.place.value_in(step.outcome, _view(step.state, trace.variant.subject))
        if was_known and known and after != before:
            yield Cause(changes, before, after)
        last, before = step, after


# Many places are looked at in one state.
@lru_cache(maxsize=4096)
def _view(state: State, subject: Subject) -> View:
    """The view of a state."""
    return view(state, subject)


def _work(traces: Iterable[ModelTrace]) -> Work:
    trees = {trace.variant.tree.digest: trace for trace in traces}
    if any(isinstance(trace.log.events, Pages) for trace in trees.values()):
        return Work(len(trees))
    count, distinct = 0, defaultdict[Any, list[Transition]](list)
    for key, made in chain.from_iterable(map(transitions, trees.values())):
        count += 1
        if not any(other is made or other.is_in(made.program) for other in distinct[key]):
            distinct[key].append(made)
    return Work(len(trees), count, sum(map(len, distinct.values())))
