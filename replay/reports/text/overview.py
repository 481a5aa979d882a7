"""An overview of many diffs, as text."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from replay.reports import words
from replay.reports.documents.diff import DiffReport
from replay.reports.documents.effects import LEVELS, Effect, change, heading, listed, titles
from replay.reports.documents.overview import EffectExample, PatchSummary, kinds, patch_summaries
from replay.reports.documents.search.reach import joined, of_logs
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


def overview(reports: Sequence[DiffReport], details: bool = False) -> Iterator[str | Piece]:
    """Which logs differ, by patch and by kind; what the patches of interest did.

    With details also what the others did.
    """
    yield from _logs(reports)
    yield from _missing(reports)
    yield from variant_lines(reports[0].variants)
    summaries = patch_summaries(reports)
    if summaries:
        yield from ("", Piece(partial(_table, summaries)))
    yield from ("", line(_kinds(reports), "faint"))
    for summary in summaries:
        if (summary.first or details) and summary.examples:
            yield ""
            yield from _patch(summary, reports[0].bits)


def _logs(reports: Sequence[DiffReport]) -> Iterator[str | Piece]:
    """The names of logs that differ, and how many do not."""
    differing = [words.escape(report.log.name) for report in reports if report.divergences]
    left_out = sum(1 for report in reports if report.hidden and not report.divergences)
    of = f"of {words.count(len(reports), 'log')}"
    if differing:
        text = f"{len(differing)} {of} differ: {', '.join(differing)}"
        yield block("", text, hang=4, role="headline")
    if left_out:
        yield f"{left_out} {of} differ only in what is left out"
    agreeing = [report for report in reports if not (report.divergences or report.hidden)]
    verdicts = Counter(report.verdict for report in agreeing)
    whole = sum(report.compared.is_all for report in agreeing)
    if whole:
        yield block("", f"{whole} {of} are the same{_reached(agreeing, whole=True)}", hang=4)
    if part := verdicts["same"] - whole:
        how_far = _reached(agreeing, whole=False)
        text = f"{part} {of} are the same in what was compared{how_far}; --quiet says what was not"
        yield block("", text, hang=4)
    if nothing := verdicts["not compared"]:
        yield f"{nothing} {of} could not be compared at all"


def _reached(reports: Iterable[DiffReport], whole: bool) -> str:
    """How many of those logs reached the change that were compared as a whole, or were not."""
    reaches = [r.reach for r in reports if r.reach and r.compared.is_all == whole]
    return f"; {of_logs(reaches)}" if reaches else ""


def _missing(reports: Sequence[DiffReport]) -> Iterator[Piece]:
    """What no log reached, unless some were not asked: those that differ went somewhere."""
    if all(report.reach or report.compared.is_nothing for report in reports):
        reaches = [report.reach for report in reports if report.reach]
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
        str(len(summary.logs)),
        *(str(len(summary.of(level))) for level in LEVELS),
        words.escape(summary.logs[0]) if summary.logs else "",
    )


def _kinds(reports: Sequence[DiffReport]) -> str:
    """How many divergences there are, by kind, and how many are left out."""
    counts = kinds(reports)
    by_kind = ", ".join(f"{count} {kind}" for kind, count in counts.items())
    hidden = sum(report.hidden for report in reports)
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
