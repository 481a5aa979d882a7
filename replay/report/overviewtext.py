"""The overview of many diffs as plain text."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from replay.comparison import KINDS
from replay.report import DiffReport, words
from replay.report.deeds import LEVELS, change, heading, listed, titles
from replay.report.flags import BitFields
from replay.report.overview import Part, Shown, parts
from replay.report.page import WIDTH, block, cut, variant_lines


def overview(reports: Sequence[DiffReport], details: bool = False) -> Iterator[str]:
    """Which logs differ, by patch and by kind; what the patches did that are asked about.

    With details also what the others did.
    """
    yield from _logs(reports)
    yield from variant_lines(reports[0].variants)
    found = parts(reports)
    if found:
        yield from ("", *_table(found))
    yield from ("", _kinds(reports))
    for part in found:
        if (part.first or details) and part.shown:
            yield from ("", *_part(part, reports[0].bits))


def _logs(reports: Sequence[DiffReport]) -> Iterator[str]:
    """The names of logs that differ, and how many do not."""
    differing = [words.escape(report.log.name) for report in reports if report.divergences]
    left_out = sum(1 for report in reports if report.hidden and not report.divergences)
    of = f"of {words.count(len(reports), 'log')}"
    if differing:
        yield from block("", f"{len(differing)} {of} differ: {', '.join(differing)}", hang=4)
    if left_out:
        yield f"{left_out} {of} differ only in what is left out"
    if same := len(reports) - len(differing) - left_out:
        yield f"{same} {of} are the same"


def _table(found: Iterable[Part]) -> Iterator[str]:
    """A row a patch: in how many logs it did something, and how much, on either level."""
    rows = [
        (
            part.turns[0].patch.sha[:8],
            titles(part.turns),
            str(len(part.logs)),
            *(str(len(part.of(level))) for level in LEVELS),
            words.escape(part.logs[0]) if part.logs else "",
        )
        for part in found
    ]
    last = max(len(row[-1]) for row in [*rows, ("shortest log",)])
    wide = WIDTH - last - len("  12345678    logs  behaviour  state  ")
    yield f"  {'patch':{wide + 10}}  logs  behaviour  state  shortest log"
    for sha, title, logs, behaviour, state, shortest in rows:
        left = f"  {sha:8}  {cut(title, wide):{wide}}"
        yield f"{left}  {logs:>4}  {behaviour:>9}  {state:>5}  {shortest}".rstrip()


def _kinds(reports: Iterable[DiffReport]) -> str:
    """How many divergences there are, by kind, and how many are left out."""
    reports = list(reports)
    kinds = Counter(told.divergence.place.kind for r in reports for told in r.divergences)
    told = [f"{kinds[kind]} {kind}" for kind in KINDS if kind in kinds]
    hidden = sum(report.hidden for report in reports)
    left_out = f"; {hidden} left out" if hidden else ""
    number = words.count(kinds.total(), "divergence")
    return f"{': '.join(filter(None, (number, ', '.join(told))))}{left_out}"


def _part(part: Part, bits: BitFields) -> Iterator[str]:
    """All that a step did, by what it changed, each place in the shortest log that shows it."""
    yield from heading(part.turns)
    for level, name in LEVELS.items():
        groups: dict[str, list[Shown]] = {}
        for shown in part.of(level):
            groups.setdefault(change(shown.deed, bits), []).append(shown)
        if groups:
            yield f"  {name}"
        for told, group in groups.items():
            most = max(shown.logs for shown in group)
            more = f" ({most} logs)" if most > 1 else ""
            yield from block("    ", f"{_where(group)}: {told}{more}", hang=2)


def _where(group: Iterable[Shown]) -> str:
    """Log by log where it was done: "snapshot-on #2 drive0; deleted-base #5 drive0.file"."""
    by_log: dict[str, list[Shown]] = {}
    for shown in group:
        by_log.setdefault(shown.log, []).append(shown)
    told = (f"{words.escape(log)} {listed(s.deed for s in here)}" for log, here in by_log.items())
    return "; ".join(told)
