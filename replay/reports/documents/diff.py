"""The document of a diff, computed once; every format renders it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from replay.analysis.attribute import Attribution, Cause, Work, model_traces
from replay.analysis.interactions import Interaction
from replay.analysis.patch_parts import PatchPart
from replay.engine.compared import (
    Compared,
    are_files_compared,
    compared_views,
    hidden_fields,
)
from replay.engine.diff import Diff, Divergence
from replay.engine.places import ABSENT
from replay.events.json_form import native_lines
from replay.reports import words
from replay.reports.documents.common import LogId, VariantId, log_id, variant_id
from replay.reports.documents.divergences import DivergenceReport, divergence_report
from replay.reports.documents.effects import Effects, effects_of
from replay.reports.documents.explain.explain import reasons
from replay.reports.documents.flag_tables import FlagTable, flag_tables
from replay.reports.documents.frames import EventFrame, Frames
from replay.reports.documents.graph import graph
from replay.reports.documents.headline import Headline, chief, headline
from replay.reports.documents.many.history import History
from replay.reports.documents.many.likeness import likeness
from replay.reports.documents.search.reach import (
    ChangeReach,
    added_fields,
    change_reaches,
    sentence,
)
from replay.reports.verdict import Verdict, gaps, verdict
from replay.series import Patch
from replay.variants.path import PatchChange, named_patches
from replay.variants.subject import BitFields

GONE = "not there"
"""What stands for a chain in a variant that lacks it."""


class InteractionReport(Struct, frozen=True):
    """What there is with an earlier patch, or one statement of it, and a later one only.

    `dormant` says that the earlier has no effect without the later, else it is the later.
    """

    part: PatchPart
    later: PatchChange
    dormant: bool
    divergences: tuple[DivergenceReport, ...]


class DiffReport(Struct, frozen=True):
    """What differs between variants of a log. `bits` are the bit fields with their flags' names.

    `chosen_seq` is the event that a reader wants first, recorded at `chosen_when`. `chains` are the
    chains of nodes there, in words, by their top and by variant. `frames` are all events. `remarks`
    are about traces of real machines.

    Of an attribution: `steps` lie between the variants, `named` are the patches of interest,
    `effects` what each did, `work` is what it took, `hidden` how many divergences are left out,
    `partial` whether any of what patches did is. `together` are patches that matter only together,
    None if they were not looked for. `reach` is what the log ran through of each change between two
    variants, if that was looked for.

    `models` are the names of the variants whose code can be asked. `native` gives the log's lines
    in the native form, as only a page wants them, `likeness` what is equal for logs that differ
    alike.
    """

    log: LogId
    variants: tuple[VariantId, ...]
    headline: Headline
    divergences: tuple[DivergenceReport, ...]
    flag_tables: tuple[FlagTable, ...]
    bits: BitFields
    chosen_seq: int
    chosen_when: str
    chains: Mapping[str, Mapping[str, str]]
    frames: Sequence[EventFrame]
    effects: Effects
    named: tuple[Patch, ...] = ()
    steps: tuple[tuple[PatchChange, ...], ...] = ()
    work: Work | None = None
    remarks: tuple[str, ...] = ()
    compared: Compared = Compared(0, 0, 0)
    hidden: int = 0
    partial: bool = False
    together: tuple[InteractionReport, ...] | None = None
    reach: tuple[ChangeReach, ...] = ()
    models: tuple[str, ...] = ()
    native: Callable[[], Iterable[bytes]] = tuple
    likeness: Callable[[], str] = str

    @property
    def verdict(self) -> Verdict:
        """What is left out was looked at, and is no gap."""
        return verdict(self.compared, bool(self.divergences))


class DiffReports(Struct, frozen=True):
    """The diffs of one log or several, and what a run before found, if that is wanted."""

    logs: tuple[DiffReport, ...]
    before: History | None = None


def diff_report(
    diff: Diff,
    attribution: Attribution | None = None,
    only: Iterable[Patch] = (),
    reach: bool = False,
) -> DiffReport:
    """The report of a diff, with the patches that its divergences come from if they are known.

    Of interest are those that the variants are named after, and `only` those. What the log ran
    through of the changes is looked for where nothing differs, or if `reach` asks for it.
    """
    bits = diff.traces[0].player.subject.config.bits
    done = attribution or Attribution(((),) * len(diff.divergences), (), Work())
    models = model_traces(diff)
    named = (*named_patches(*(trace.variant for trace in models)), *only)
    names = {patch.name for patch in named} if attribution and named else None
    divergences = tuple(
        divergence_report(
            divergence,
            diff,
            causes,
            quiet=names is not None and not _is_by(causes, names),
            reasons=partial(reasons, divergence, models, bits),
        )
        for divergence, causes in zip(diff.divergences, done.causes, strict=True)
    )
    agrees = not (diff.divergences or done.hidden or diff.compared.is_nothing)
    reaches = change_reaches(models) if agrees or reach else ()
    first = headline(diff, bits, done.hidden, sentence(reaches) if reaches else "")
    return DiffReport(
        log=log_id(diff.traces[0]),
        variants=tuple(map(variant_id, diff.traces)),
        headline=first,
        divergences=divergences,
        flag_tables=tuple(flag_tables(diff, bits)),
        bits=bits,
        chosen_seq=first.seq or 1,
        chosen_when=_when(diff, first),
        chains=_chains(diff, bits),
        frames=Frames(diff, divergences, names),
        effects=effects_of(divergences, done, {patch.name for patch in named}, bits),
        named=named,
        steps=done.steps,
        work=done.work if attribution else None,
        hidden=done.hidden,
        partial=done.partial,
        remarks=(*_remarks(diff), *(() if reaches else added_fields(models))),
        compared=diff.compared,
        reach=reaches,
        models=tuple(trace.variant.name for trace in models),
        native=partial(native_lines, diff.traces[0].log),
        likeness=partial(likeness, diff, str(first), done.causes, done.hidden),
    )


def without_traces(report: DiffReport) -> DiffReport:
    """The report without frames, reasons and log, which only pages have, so without traces."""
    divergences = tuple(replace(divergence, reasons=tuple) for divergence in report.divergences)
    return replace(
        report,
        frames=(),
        divergences=divergences,
        native=tuple,
        likeness=partial(str, report.likeness()),
    )


def interaction_report(interaction: Interaction) -> InteractionReport:
    """The report of an interaction."""
    names = [trace.player.name for trace in interaction.diff.traces]

    def report(divergence: Divergence) -> DivergenceReport:
        before, after = (divergence.values.get(name, ABSENT) for name in names)
        cause = Cause((interaction.later,), before, after)
        return divergence_report(divergence, interaction.diff, (cause,))

    divergences = tuple(map(report, interaction.diff.divergences))
    return InteractionReport(interaction.part, interaction.later, interaction.dormant, divergences)


def _when(diff: Diff, headline: Headline) -> str:
    """When the event of the headline was recorded, "" if that is not known."""
    if headline.seq is None:
        return ""
    return words.when(diff.traces[0].log.events[headline.seq - 1].recorded)


def _is_by(causes: Iterable[Cause], names: Iterable[str]) -> bool:
    return any(change.patch.name in names for cause in causes for change in cause.changes)


def _chains(diff: Diff, bits: BitFields) -> dict[str, dict[str, str]]:
    """The chains that differ where the headline's difference begins, else the one it is about."""
    if not diff.divergences:
        return {}
    first = chief(diff, bits)
    config = diff.traces[0].player.subject.config
    views = compared_views(diff.traces, first.first_seq - 1) or {}
    chains = {name: graph(view, config).chains for name, view in views.items()}
    tops = dict.fromkeys(top for by_top in chains.values() for top in by_top)
    differing = [top for top in tops if len({c.get(top) for c in chains.values()}) > 1]
    shown = differing or [top for top in tops if first.place.path.split(".")[0] == top]
    return {top: _texts({name: c.get(top) for name, c in chains.items()}) for top in shown}


def _texts(chains: Mapping[str, tuple[str, ...] | None]) -> dict[str, str]:
    """One chain in each variant in words, with what is not the same in all."""
    among = [links for links in chains.values() if links is not None]
    return {
        name: GONE if links is None else words.chain(links, among) for name, links in chains.items()
    }


def _remarks(diff: Diff) -> Iterator[str]:
    """What a reader must know of traces of real machines."""
    for trace in diff.traces:
        yield from (f"{trace.player.name}: {remark}" for remark in trace.remarks)
    if diff.divergences:
        names = [trace.player.name for trace in diff.traces]
        yield from (f"not compared: {gap}" for gap in gaps(diff.compared, names))
    if hidden := hidden_fields(diff.traces):
        data = () if are_files_compared(diff.traces) else ("the data of files",)
        yield f"not compared, since it cannot be observed: {', '.join((*hidden, *data))}"
