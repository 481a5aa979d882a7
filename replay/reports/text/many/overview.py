"""An overview of many diffs, as text."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from replay.reports import words
from replay.reports.documents.effects import LEVELS, Effect, change, heading, listed, titles
from replay.reports.documents.many.groups import DiffGroup, DiffGroups
from replay.reports.documents.many.overview import (
    EffectExample,
    PatchSummary,
    all_kinds,
    patch_summaries,
)
from replay.reports.documents.search.reach import joined, of_logs
from replay.reports.text.many.history import since
from replay.reports.text.page import (
    NARROWEST,
    Piece,
    block,
    cells,
    line,
    row_lines,
    variant_lines,
)
from replay.reports.text.reach import reached
from replay.variants.subject import BitFields

HEAD = ("patch   ", "", "logs", "behaviour", "state", "shortest log")
ALIGN = "<~>>><"

MOST_GROUPS = 200
"""So many groups of logs that differ are named; of more a reader wants the headlines."""


def overview(document: DiffGroups, details: bool = False) -> Iterator[str | Piece]:
    """Which logs differ, by patch and by kind; what the patches of interest did.

    With details also what the others did.
    """
    groups = document.groups
    yield from _logs(groups)
    yield from _missing(groups)
    yield from since(document.history)
    yield from variant_lines(groups[0].brief.variants)
    summaries = patch_summaries(groups)
    if summaries:
        yield from ("", Piece(partial(_table, summaries)))
    yield from ("", line(_kinds(groups), "faint"))
    for summary in summaries:
        if (summary.first or details) and summary.examples:
            yield ""
            yield from _patch(summary, groups[0].brief.bits)


def _logs(groups: Sequence[DiffGroup]) -> Iterator[str | Piece]:
    """The names of logs that differ, of which those that differ alike have one; how many do not."""
    every = _count(groups)
    differing = [group for group in groups if group.brief.differs]
    left_out = _count(group for group in groups if group.brief.hidden and not group.brief.differs)
    of = f"of {words.count(every, 'log')}"
    if differing:
        lead = f"{_count(differing)} {of} differ{_ways(differing)}"
        yield block("", f"{lead}: {_names(differing)}", hang=4, role="headline")
    if left_out:
        yield f"{left_out} {of} differ only in what is left out"
    agreeing = [group for group in groups if not (group.brief.differs or group.brief.hidden)]
    verdicts = Counter({"same": 0, "not compared": 0})
    for group in agreeing:
        verdicts[group.brief.verdict] += len(group.logs)
    whole = _count(group for group in agreeing if group.brief.is_whole)
    if whole:
        yield block("", f"{whole} {of} are the same{_reached(agreeing, whole=True)}", hang=4)
    if part := verdicts["same"] - whole:
        how_far = _reached(agreeing, whole=False)
        text = f"{part} {of} are the same in what was compared{how_far}; --quiet says what was not"
        yield block("", text, hang=4)
    if nothing := verdicts["not compared"]:
        yield f"{nothing} {of} could not be compared at all"


def _count(groups: Iterable[DiffGroup]) -> int:
    return sum(len(group.logs) for group in groups)


def _ways(groups: Sequence[DiffGroup]) -> str:
    """In how many ways logs differ, if any differ alike."""
    return f", in {words.count(len(groups), 'way')}" if _count(groups) > len(groups) else ""


def _names(groups: Sequence[DiffGroup]) -> str:
    names = [
        words.escape(group.brief.log.name)
        + (f" (and {len(group.others)} alike)" if group.others else "")
        for group in groups[:MOST_GROUPS]
    ]
    more = _count(groups[MOST_GROUPS:])
    return ", ".join([*names, f"{more} more, each with --quiet"] if more else names)


def _reached(groups: Iterable[DiffGroup], whole: bool) -> str:
    """How many of those logs reached the change that were compared as a whole, or were not."""
    briefs = [group.brief for group in groups]
    reaches = [it.reach for it in briefs if it.reach and it.is_whole == whole]
    return f"; {of_logs(reaches)}" if reaches else ""


def _missing(groups: Sequence[DiffGroup]) -> Iterator[Piece]:
    """What no log reached, unless some were not asked: those that differ went somewhere."""
    briefs = [group.brief for group in groups]
    if all(brief.reach or brief.is_nothing for brief in briefs):
        reaches = [brief.reach for brief in briefs if brief.reach]
        yield from reached([joined(of_change) for of_change in zip(*reaches, strict=True)])


def _table(summaries: Iterable[PatchSummary], width: int) -> Iterator[str]:
    """A row a patch: in how many logs it did something, and how much, on either level.

    The shortest of these logs is named where there is room for it.
    """
    rows = [HEAD, *map(_row, summaries)]
    room = width - NARROWEST - len("  ".join(("", *HEAD[:-1], "")))
    if room < max(cells(row[-1]) for row in rows):
        rows = [(*row[:-1], "") for row in rows]
    for index, _ in enumerate(rows):
        yield from row_lines(rows, index, ALIGN, "  ", width)


def _row(summary: PatchSummary) -> tuple[str, ...]:
    return (
        summary.step[0].patch.sha[:8],
        titles(summary.step),
        str(summary.logs),
        *(str(len(summary.of(level))) for level in LEVELS),
        words.escape(summary.shortest),
    )


def _kinds(groups: Sequence[DiffGroup]) -> str:
    """How many divergences there are, by kind, and how many are left out."""
    counts = all_kinds(groups)
    by_kind = ", ".join(f"{count} {kind}" for kind, count in counts.items())
    hidden = sum(group.brief.hidden * len(group.logs) for group in groups)
    left_out = f"; {hidden} left out" if hidden else ""
    number = words.count(sum(counts.values()), "divergence")
    return f"{': '.join(filter(None, (number, by_kind)))}{left_out}"


def _patch(summary: PatchSummary, bits: BitFields) -> Iterator[Piece]:
    """All that a step did, by what it changed, each place in the shortest log that shows it."""
    yield from (block("", text, hang=4, role="patch") for text in heading(summary.step))
    for level, name in LEVELS.items():
        groups: dict[str, list[EffectExample]] = {}
        for example in summary.of(level):
            groups.setdefault(change(example.effect, bits), []).append(example)
        if groups:
            yield line(f"  {name}", level)
        for text, examples in groups.items():
            most = max(example.logs for example in examples)
            more = f" ({most} logs)" if most > 1 else ""
            yield block("    ", f"{_where(examples)}: {text}{more}", hang=2)


def _where(examples: Iterable[EffectExample]) -> str:
    """Log by log where it was done: "snapshot-on #2 drive0; deleted-base #5 drive0.file"."""
    by_log: dict[str, list[Effect]] = {}
    for example in examples:
        by_log.setdefault(example.log, []).append(example.effect)
    places = (f"{words.escape(log)} {listed(effects)}" for log, effects in by_log.items())
    return "; ".join(places)
