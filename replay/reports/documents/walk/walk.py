"""The document of a walk: what each event did in each variant, and what differs from it on."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from replay.engine.diff import Diff, diff
from replay.engine.places import EdgePlace, NodePlace
from replay.engine.trace import Trace
from replay.events.event import Payload
from replay.reports import words
from replay.reports.documents.common import LogId, VariantId
from replay.reports.documents.diff import DiffReport, diff_report
from replay.reports.documents.divergences import DivergenceReport, named
from replay.reports.documents.divergences import values as value_texts
from replay.reports.documents.run import RunReport, StepReport, run_report


class SharedText(Struct, frozen=True):
    """A text, and the variants of which it is true."""

    text: str
    names: tuple[str, ...]


class SharedTexts(Struct, frozen=True):
    """Texts that are true of the same variants."""

    names: tuple[str, ...]
    texts: tuple[str, ...]


class WalkStep(Struct, frozen=True):
    """An event: how it ended, the chains that it changed or made differ, and what it changed.

    `recorded` says what a translated event was, `when` when it was recorded; "" for neither.
    `chains` are by their top. `begins` are the differences that begin here, in words.
    """

    seq: int
    title: str
    recorded: str
    when: str
    outcomes: tuple[SharedText, ...]
    chains: Mapping[str, tuple[SharedText, ...]]
    changes: tuple[SharedTexts, ...]
    begins: tuple[str, ...]

    @property
    def is_change(self) -> bool:
        """Whether it changed anything, or ended otherwise in one variant than in another."""
        return bool(self.changes or self.begins or len(self.outcomes) > 1)


class Walk(Struct, frozen=True):
    """A log in several variants, event by event. `left_out` counts events that changed nothing."""

    log: LogId
    variants: tuple[VariantId, ...]
    steps: tuple[WalkStep, ...]
    left_out: int = 0


def walk(traces: Sequence[Trace], until: int | None = None, only_changes: bool = False) -> Walk:
    """The walk through a log up to the event `until`, all by default.

    With `only_changes`, without the events that changed nothing in any variant. Raises ReplayError
    if there is no such event.
    """
    difference = diff(*traces)
    report = diff_report(difference)
    runs = runs_of(difference, until)
    steps = [*walk_steps(report, runs)]
    shown = [step for step in steps if step.is_change or not only_changes]
    return Walk(report.log, report.variants, tuple(shown), len(steps) - len(shown))


def runs_of(difference: Diff, until: int | None = None) -> dict[str, RunReport]:
    """Each trace by itself, by the name that the diff has for it."""
    return {trace.player.name: run_report(trace, until) for trace in difference.traces}


def walk_steps(report: DiffReport, runs: Mapping[str, RunReport]) -> Iterator[WalkStep]:
    """The steps of replays that a diff is about, by the names of their variants."""
    begins: dict[int, list[str]] = {}
    for divergence in report.divergences:
        begins.setdefault(divergence.divergence.first_seq, []).append(
            difference_text(divergence, report)
        )
    before: dict[str, Mapping[str, tuple[str, ...]]] = {name: {} for name in runs}
    for steps in zip(*(run.steps for run in runs.values()), strict=True):
        by_name = dict(zip(runs, steps, strict=True))
        yield _step(by_name, before, begins.get(steps[0].seq, ()))
        before = {name: step.graph.chains for name, step in by_name.items()}


def _step(
    steps: Mapping[str, StepReport],
    before: Mapping[str, Mapping[str, tuple[str, ...]]],
    begins: Iterable[str],
) -> WalkStep:
    first = next(iter(steps.values()))
    outcomes = {
        name: words.outcome(step.outcome.status, step.outcome.value, step.outcome.error)
        for name, step in steps.items()
    }
    return WalkStep(
        seq=first.seq,
        title=words.event(_shown(first)),
        recorded=words.recorded(first.original, first.note, first.idle) if first.original else "",
        when=first.when,
        outcomes=_shared(outcomes),
        chains=_chains(steps, before),
        changes=tuple(_changes(steps)),
        begins=tuple(begins),
    )


def _shown(step: StepReport) -> Payload:
    return step.original if step.idle and step.original else step.event


def _chains(
    steps: Mapping[str, StepReport], before: Mapping[str, Mapping[str, tuple[str, ...]]]
) -> dict[str, tuple[SharedText, ...]]:
    """The chains that are not as they were in one of the variants, in all that have them."""
    chains = {name: step.graph.chains for name, step in steps.items()}
    tops = dict.fromkeys(top for by_top in chains.values() for top in by_top)
    changed = [top for top in tops if any(chains[n].get(top) != before[n].get(top) for n in steps)]
    return {top: _shared(_chain_texts(top, chains)) for top in changed}


def _chain_texts(top: str, chains: Mapping[str, Mapping[str, tuple[str, ...]]]) -> dict[str, str]:
    having = {name: by_top[top] for name, by_top in chains.items() if top in by_top}
    return {name: words.chain(links, [*having.values()]) for name, links in having.items()}


def _changes(steps: Mapping[str, StepReport]) -> Iterator[SharedTexts]:
    """What the event changed, what is the same in all variants first."""
    having: dict[str, list[str]] = {}
    for name, step in steps.items():
        for change in step.changes:
            having.setdefault(change.text, []).append(name)
    groups: dict[tuple[str, ...], list[str]] = {}
    for text, names in having.items():
        groups.setdefault(tuple(names), []).append(text)
    for of in sorted(groups, key=lambda names: (-len(names), [*steps].index(names[0]))):
        yield SharedTexts(of, tuple(groups[of]))


def _shared(texts: Mapping[str, str]) -> tuple[SharedText, ...]:
    return tuple(SharedText(text, tuple(names)) for text, names in words.groups(texts))


def difference_text(report: DivergenceReport, document: DiffReport) -> str:
    """A difference in words: where, and its value in each variant."""
    where = "outcome" if report.is_outcome else _place(report)
    return f"{where}: {words.phrases(words.groups(_values(report, document)))}"


def _values(report: DivergenceReport, document: DiffReport) -> dict[str, str]:
    """The value in each variant; of a bit field the flags that are not set in all."""
    values = report.divergence.values
    bits = document.bits.get(report.divergence.place.field)
    if bits is None or not all(isinstance(value, int) for value in values.values()):
        return value_texts(report, document.bits)
    flags = {name: set(words.set_flags(value, bits)) for name, value in values.items()}
    common = set.intersection(*flags.values())
    return {name: words.flags(sorted(of - common)) for name, of in flags.items()}


def _place(report: DivergenceReport) -> str:
    place = report.divergence.place
    is_whole = isinstance(place, NodePlace | EdgePlace) or place.field in ("", "existence")
    return named(report) if is_whole else f"{named(report)}.{words.escape(place.field)}"
