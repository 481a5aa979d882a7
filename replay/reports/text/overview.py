"""An overview of many diffs, as text."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from replay.engine.places import KINDS
from replay.reports import words
from replay.reports.documents import DiffReport
from replay.reports.effects import LEVELS, change, heading, listed, titles
from replay.reports.flag_tables import BitFields
from replay.reports.overview import EffectExample, PatchSummary, patch_summaries
from replay.reports.text.page import (
    NARROWEST,
    Piece,
    block,
    cells,
    line,
    row_lines,
    variant_lines,
)

HEAD = ("patch   ", "", "logs", "behaviour", "state", "shortest log")
ALIGN = "<~>>><"


def overview(reports: Sequence[DiffReport], details: bool = False) -> Iterator[str | Piece]:
    """Which logs differ, by patch and by kind; what the patches did that are asked about.

    With details also what the others did.
    """
    yield from _logs(reports)
    yield from variant_lines(reports[0].variants)
    found = patch_summaries(reports)
    if found:
        yield from ("", Piece(partial(_table, found)))
    yield from ("", line(_kinds(reports), "faint"))
    for part in found:
        if (part.first or details) and part.shown:
            yield ""
            yield from _part(part, reports[0].bits)


def _logs(reports: Sequence[DiffReport]) -> Iterator[str | Piece]:
    """The names of logs that differ, and how many do not."""
    differing = [words.escape(report.log.name) for report in reports if report.divergences]
    left_out = sum(1 for report in reports if report.hidden and not report.divergences)
    of = f"of {words.count(len(reports), 'log')}"
    if differing:
        told = f"{len(differing)} {of} differ: {', '.join(differing)}"
        yield block("", told, hang=4, role="headline")
    if left_out:
        yield f"{left_out} {of} differ only in what is left out"
    agreeing = [report for report in reports if not (report.divergences or report.hidden)]
    verdicts = Counter(report.verdict for report in agreeing)
    whole = sum(report.compared.is_all for report in agreeing)
    if whole:
        yield f"{whole} {of} are the same"
    if part := verdicts["same"] - whole:
        yield f"{part} {of} are the same in what was compared; --quiet says what was not"
    if nothing := verdicts["not compared"]:
        yield f"{nothing} {of} could not be compared at all"


def _table(found: Iterable[PatchSummary], width: int) -> Iterator[str]:
    """A row a patch: in how many logs it did something, and how much, on either level.

    The shortest of these logs is told where there is room for it.
    """
    rows = [HEAD, *map(_row, found)]
    room = width - NARROWEST - len("  ".join(("", *HEAD[:-1], "")))
    if room < max(cells(row[-1]) for row in rows):
        rows = [(*row[:-1], "") for row in rows]
    for index, _ in enumerate(rows):
        yield from row_lines(rows, index, ALIGN, "  ", width)


def _row(part: PatchSummary) -> tuple[str, ...]:
    return (
        part.turns[0].patch.sha[:8],
        titles(part.turns),
        str(len(part.logs)),
        *(str(len(part.of(level))) for level in LEVELS),
        words.escape(part.logs[0]) if part.logs else "",
    )


def _kinds(reports: Iterable[DiffReport]) -> str:
    """How many divergences there are, by kind, and how many are left out."""
    reports = list(reports)
    kinds = Counter(told.divergence.place.kind for r in reports for told in r.divergences)
    told = [f"{kinds[kind]} {kind}" for kind in KINDS if kind in kinds]
    hidden = sum(report.hidden for report in reports)
    left_out = f"; {hidden} left out" if hidden else ""
    number = words.count(kinds.total(), "divergence")
    return f"{': '.join(filter(None, (number, ', '.join(told))))}{left_out}"


def _part(part: PatchSummary, bits: BitFields) -> Iterator[Piece]:
    """All that a step did, by what it changed, each place in the shortest log that shows it."""
    yield from (block("", it, hang=4, role="patch") for it in heading(part.turns))
    for level, name in LEVELS.items():
        groups: dict[str, list[EffectExample]] = {}
        for shown in part.of(level):
            groups.setdefault(change(shown.deed, bits), []).append(shown)
        if groups:
            yield line(f"  {name}", level)
        for told, group in groups.items():
            most = max(shown.logs for shown in group)
            more = f" ({most} logs)" if most > 1 else ""
            yield block("    ", f"{_where(group)}: {told}{more}", hang=2)


def _where(group: Iterable[EffectExample]) -> str:
    """Log by log where it was done: "snapshot-on #2 drive0; deleted-base #5 drive0.file"."""
    by_log: dict[str, list[EffectExample]] = {}
    for shown in group:
        by_log.setdefault(shown.log, []).append(shown)
    told = (f"{words.escape(log)} {listed(s.deed for s in here)}" for log, here in by_log.items())
    return "; ".join(told)
