"""The documents that reports consist of, computed once; every output format renders these."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any

from msgspec import Struct

from replay.analysis.attribute import Attribution, Cause, Work, model_traces
from replay.analysis.interactions import Interaction, PatchPart
from replay.engine.compare import compare_views
from replay.engine.diff import Diff, Divergence
from replay.engine.places import ABSENT, NodePlace, Place
from replay.engine.trace import UNKNOWN, Outcome, Trace, are_files_compared, hidden_fields
from replay.engine.view import View
from replay.errors import ReplayError
from replay.events.event import Payload
from replay.reports.drawing.graph import Drawing, graph
from replay.reports.flag_tables import BitFields, FlagTable, flag_tables
from replay.reports.headline import headline
from replay.series import Patch
from replay.variants.path import PatchChange, named_patches
from replay.variants.translation import TranslationSummary, summarize_translation


class StateChange(Struct, frozen=True):
    """One place before and after the event. An identity is the object that a path stands for."""

    place: Place
    before: Any
    after: Any


FORMAT_VERSION = 1


class LogId(Struct, frozen=True):
    """Which log a report is about, and what its translation did, None if it has none."""

    name: str
    fingerprint: str
    events: int
    translation: TranslationSummary | None = None


class VariantId(Struct, frozen=True):
    """Which code was replayed."""

    name: str
    revision: str
    digest: str


class DivergenceReport(Struct, frozen=True):
    """A divergence with what its first event was and how that ended in each variant.

    `causes` are the patches that it comes from; none if nobody asked.
    """

    divergence: Divergence
    event: Payload
    outcomes: Mapping[str, Outcome]
    causes: tuple[Cause, ...] = ()


class InteractionReport(Struct, frozen=True):
    """What there is with an earlier patch, or one statement of it, and a later one only.

    `dormant` says that the earlier has no effect without the later, else it is the later.
    """

    part: PatchPart
    turn: PatchChange
    dormant: bool
    divergences: tuple[DivergenceReport, ...]


class DiffReport(Struct, frozen=True):
    """What there is to tell of a diff. `bits` are the bit fields with their flags' names.

    Of an attribution: `steps` are those of the ways between the variants, `named` the patches
    that are asked about, `work` is what it took, `hidden` how many divergences are left out,
    `partial` whether any of what patches did is. `together` are patches that matter only
    together, None if nobody asked. `remarks` are about traces that were seen and not replayed.
    `diff` is what the report was made of, for those who show states.
    """

    log: LogId
    variants: tuple[VariantId, ...]
    headline: str
    divergences: tuple[DivergenceReport, ...]
    chains: tuple[FlagTable, ...]
    bits: BitFields
    named: tuple[Patch, ...] = ()
    steps: tuple[tuple[PatchChange, ...], ...] = ()
    work: Work | None = None
    remarks: tuple[str, ...] = ()
    diff: Diff = Diff((), ())
    hidden: int = 0
    partial: bool = False
    together: tuple[InteractionReport, ...] | None = None


class StepReport(Struct, frozen=True):
    """One event of a replay: how it ended, what there was then, and what it changed.

    A translated event has its `original`, what was recorded, and perhaps a `note` about that.
    """

    seq: int
    event: Payload
    outcome: Outcome
    view: View
    graph: Drawing
    changes: tuple[StateChange, ...]
    original: Payload | None = None
    note: str = ""
    idle: bool = False


class RunReport(Struct, frozen=True):
    """What there is to tell of one replay."""

    log: LogId
    variant: VariantId
    steps: tuple[StepReport, ...]
    final_files: Mapping[str, Any]
    bits: BitFields


def report(
    diff: Diff, attribution: Attribution | None = None, asked: Iterable[Patch] = ()
) -> DiffReport:
    """The report of a diff, with the patches that its divergences come from if they are known.

    Asked about are those that the variants are named after, and those given.
    """
    bits = diff.traces[0].player.subject.config.bits
    causes = attribution.causes if attribution else ((),) * len(diff.divergences)
    found = zip(diff.divergences, causes, strict=True)
    hidden = attribution.hidden if attribution else 0
    return DiffReport(
        log=log_id(diff.traces[0]),
        variants=tuple(map(variant_id, diff.traces)),
        headline=headline(diff, bits, hidden),
        divergences=tuple(_told(divergence, diff, causes) for divergence, causes in found),
        chains=tuple(flag_tables(diff, bits)),
        bits=bits,
        named=(*named_patches(*(trace.variant for trace in model_traces(diff))), *asked),
        steps=attribution.steps if attribution else (),
        work=attribution.work if attribution else None,
        hidden=hidden,
        partial=attribution.partial if attribution else False,
        remarks=tuple(remarks(diff)),
        diff=diff,
    )


def run_report(trace: Trace, until: int | None = None) -> RunReport:
    """The report of a replay up to the event `until`, all by default.

    Raises ReplayError if there is no such event.
    """
    if until is not None and not 1 <= until <= len(trace.steps):
        raise ReplayError(f"there is no event {until}", do=f"the last is {len(trace.steps)}")
    done = trace.steps[:until]
    subject = trace.player.subject
    views = [View(running=True), *_known_views(trace, len(done))]
    steps = tuple(
        StepReport(
            seq=step.seq,
            event=step.event.payload,
            outcome=step.outcome or UNKNOWN,
            view=after,
            graph=graph(after, subject.config),
            changes=changes(before, after),
            original=step.event.original,
            note=step.event.note,
            idle=step.event.idle,
        )
        for step, (before, after) in zip(done, pairwise(views), strict=True)
    )
    return RunReport(
        log=log_id(trace),
        variant=variant_id(trace),
        steps=steps,
        final_files=trace.files_after(len(done) - 1) if done else {},
        bits=subject.config.bits,
    )


def _known_views(trace: Trace, count: int) -> Iterator[View]:
    """The view after each event; where it is unknown, the last one that is known."""
    last = View(running=True)
    for index in range(count):
        last = trace.view_at(index) or last
        yield last


def interaction_report(found: Interaction) -> InteractionReport:
    """The report of an interaction."""
    names = [trace.player.name for trace in found.diff.traces]

    def told(divergence: Divergence) -> DivergenceReport:
        before, after = (divergence.values.get(name, ABSENT) for name in names)
        return _told(divergence, found.diff, (Cause((found.turn,), before, after),))

    divergences = tuple(map(told, found.diff.divergences))
    return InteractionReport(found.part, found.turn, found.dormant, divergences)


def _told(divergence: Divergence, diff: Diff, causes: tuple[Cause, ...]) -> DivergenceReport:
    index = divergence.first_seq - 1
    outcomes = {trace.player.name: trace.steps[index].outcome for trace in diff.traces}
    known = {name: outcome for name, outcome in outcomes.items() if outcome is not None}
    return DivergenceReport(divergence, diff.traces[0].steps[index].event.payload, known, causes)


def remarks(diff: Diff) -> Iterator[str]:
    """What a reader must know of traces that were seen and not replayed."""
    for trace in diff.traces:
        yield from (f"{trace.player.name}: {remark}" for remark in trace.remarks)
    if hidden := hidden_fields(diff.traces):
        data = () if are_files_compared(diff.traces) else ("the data of files",)
        yield f"not compared, since nobody can see it: {', '.join((*hidden, *data))}"


def log_id(trace: Trace) -> LogId:
    """Which log was replayed."""
    log = trace.log
    told = summarize_translation(log, trace.player.subject)
    return LogId(log.name, log.fingerprint, len(log.events), told)


def log_json(log: LogId) -> dict[str, Any]:
    """The log in JSON terms; what its translation did is told if it has one."""
    told = {"name": log.name, "fingerprint": log.fingerprint}
    return {**told, "translation": log.translation} if log.translation else told


def variant_id(trace: Trace) -> VariantId:
    """Which code it was replayed in."""
    player = trace.player
    return VariantId(player.name, player.revision, player.digest)


def changes(before: View, after: View) -> tuple[StateChange, ...]:
    """What differs between two successive views, every node that came or went included."""
    differences = compare_views({"before": before, "after": after})
    found = [
        StateChange(place, values["before"], values["after"])
        for place, values in differences.items()
        if not isinstance(place, NodePlace)
    ]
    return (*_nodes(before, after), *found)


def _nodes(before: View, after: View) -> Iterator[StateChange]:
    """Paths that came, went, or stand for another object."""
    was, now = _objects(before), _objects(after)
    for path in was:
        if path not in now:
            yield StateChange(NodePlace(path), "present", "absent")
    for path, is_now in now.items():
        if path not in was:
            yield StateChange(NodePlace(path), "absent", "present")
        elif isinstance(is_now, int) and isinstance(was[path], int) and was[path] != is_now:
            yield StateChange(NodePlace(path, "identity"), was[path], is_now)


def _objects(seen: View) -> dict[str, int | None]:
    """Every path with its node's identity; None for a job and for a way back to a node above."""
    nodes = {path: node.id for path, node in seen.all_nodes.items()}
    return nodes | {path: None for path in (*seen.edges, *seen.jobs) if path not in nodes}
