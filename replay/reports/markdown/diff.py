"""Diffs as Markdown."""

from collections.abc import Iterator, Sequence

from replay.reports import words
from replay.reports.documents.diff import DiffReport, DiffReports
from replay.reports.documents.divergences import values as value_texts
from replay.reports.documents.effects import (
    LEVELS,
    PatchEffects,
    by_change,
    day,
    listed,
    phrases,
    title,
)
from replay.reports.documents.flag_tables import FlagTable
from replay.reports.markdown.markup import cell, code, header, prose, table


def diffs(document: DiffReports) -> str:
    """The diffs one after another."""
    return "\n".join("\n".join(_diff(report)) + "\n" for report in document.logs)


def _diff(report: DiffReport) -> Iterator[str]:
    yield from header(report.log, report.variants)
    for remark in report.remarks:
        yield from ("", f"Note: {prose(remark)}")
    yield from ("", f"**{prose(str(report.headline))}**")
    first, others = report.effects.first, report.effects.others
    for done in first:
        yield from ("", *_effects(done, report))
    if others:
        heading = "Other patches between them" if first else "Patches between them"
        yield from ("", f"### {heading}", "")
        yield from table(["patch", "did"], _others(others, report))
    if report.divergences:
        yield from ("", "<details><summary>All divergences</summary>")
        for flags in report.flag_tables:
            yield from ("", *_flags(flags))
        yield from ("", "### All values", "", *_divergences(report), "", "</details>")


def _effects(done: PatchEffects, report: DiffReport) -> Iterator[str]:
    """What a patch did that is asked about: behaviour, then state."""
    yield f"### {_patches(done)}"
    yield ""
    if not done.effects:
        yield "Changes nothing here."
    for level in LEVELS:
        for change, places in by_change(done.of(level), report.bits).items():
            yield f"- {level}: {code(listed(places))}: {code(change)}"


def _patches(done: PatchEffects) -> str:
    names = []
    for change in done.step:
        patch = change.patch
        without = "without " if change.out else ""
        sha = f"{code(patch.sha[:8])} " if patch.sha else ""
        date = f" ({prose(day(patch))})" if patch.date else ""
        names.append(f"{without}{sha}{prose(title(patch))}{date}")
    return " with ".join(names)


def _others(others: Sequence[PatchEffects], report: DiffReport) -> list[list[str]]:
    rows = []
    for done in others:
        texts = ", ".join(phrases(done, report.bits))
        rows.append([_patches(done), f"{done.effects[0].place.level}: {cell(texts)}"])
    return rows


def _flags(flags: FlagTable) -> Iterator[str]:
    """A row for each node and flag that differs, a column for each variant."""
    yield f"### {code(flags.field)} after event {flags.seq}"
    yield ""
    rows = []
    for row in flags.rows:
        for flag in row.differing:
            cells = [_set(flag, row.set_in.get(name)) for name in flags.variants]
            rows.append([cell(row.path), cell(flag), *cells])
    yield from table(["node", "flag", *map(prose, flags.variants)], rows)


def _set(flag: str, set_here: tuple[str, ...] | None) -> str:
    if set_here is None:
        return "no such node"
    return "**set**" if flag in set_here else "cleared"


def _divergences(report: DiffReport) -> Iterator[str]:
    names = [variant.name for variant in report.variants]
    rows = []
    for one in report.divergences:
        divergence = one.divergence
        texts = value_texts(one, report.bits)
        values = [cell(texts.get(name, "not there")) for name in names]
        where = " ".join(filter(None, (divergence.place.path, divergence.place.field)))
        span = words.span(divergence.first_seq, divergence.last_seq)
        rows.append([cell(span), cell(where), *values])
    yield from table(["events", "what", *map(prose, names)], rows)
