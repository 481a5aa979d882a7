"""A diff as text: headline, what the patches did, values, counts, interactions."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from replay.reports import words
from replay.reports.documents.diff import DiffReport, DiffReports, InteractionReport
from replay.reports.documents.divergences import DivergenceReport, named
from replay.reports.documents.divergences import values as value_texts
from replay.reports.documents.effects import Effect, by_change, effects_in, listed, title
from replay.reports.documents.many.groups import DiffGroups, history_of, kinds
from replay.reports.text.chains import apart
from replay.reports.text.effects import effects
from replay.reports.text.flags import table
from replay.reports.text.many.history import since
from replay.reports.text.many.overview import overview
from replay.reports.text.page import Page, Piece, block, header, line, page, pages, wrapped
from replay.reports.text.reach import reached
from replay.variants.subject import BitFields


def diffs(document: DiffReports, details: bool = False) -> Page:
    """The texts of the diffs, one after another, and what changed since a run before them."""
    texts = [diff(report, details) for report in document.logs]
    return pages([*texts, page(since(history_of(document)))] if document.before else texts)


def overviews(document: DiffGroups, details: bool = False) -> Page:
    """The overview of the diffs; with details also the text of each log that differs."""
    first = page(overview(document, details))
    names = (name for group in document.groups if group.brief.differs for name in group.logs)
    reports = map(document.report, names) if details else ()
    return pages([first, *(diff(report, details) for report in reports)])


def diff(report: DiffReport, details: bool = False) -> Page:
    """The text of one diff."""
    return page(_diff(report, details))


def _diff(report: DiffReport, details: bool) -> Iterator[str | Piece]:
    """The headline, then what patches did and, without patches or with details, all values."""
    yield from header(report.log, report.variants)
    for remark in report.remarks:
        yield block("note     ", words.escape(remark), role="faint")
    yield from ("", block("", str(report.headline), role="headline"))
    if report.chosen_when:
        yield line(f"#{report.chosen_seq} was recorded at {report.chosen_when}", "faint")
    yield from reached(report.reach)
    if not report.divergences:
        return
    yield from apart(report)
    if report.work:
        yield from effects(report)
    if report.together is not None:
        yield from ("", *together(report.together, report.bits))
    if details or not report.work:
        yield from values(report)
    yield ""
    yield from _counts(report)


def _counts(report: DiffReport) -> Iterator[Piece]:
    """How many divergences there are, by kind, and what it took to find their patches."""
    by_kind = ", ".join(f"{count} {kind}" for kind, count in kinds(report).items())
    hidden = f"; {report.hidden} left out" if report.hidden else ""
    number = words.count(len(report.divergences), "divergence")
    yield block("", f"{number}: {by_kind}{hidden}", role="faint")
    if report.work:
        work = report.work
        took = f"patches found by replaying {words.count(work.revisions, 'revision')}"
        if work.transitions is not None:
            took += f": {work.distinct} distinct transitions of {work.transitions}"
        yield block("", took, role="faint")


def together(interactions: Sequence[InteractionReport], bits: BitFields) -> Iterator[str | Piece]:
    """Each pair of patches with what there is only with both."""
    if not interactions:
        yield "No patch that is asked about needs another here, or wakes one."
        return
    yield line("Only together", "heading")
    for interaction in interactions:
        yield block("  ", _lead(interaction), hang=2)
        if interaction.part.lines:
            yield f"      {words.escape(interaction.part.text)}"
        for change, places in by_change(_effects(interaction, bits), bits).items():
            yield block("    ", f"{listed(places)}: {change}", hang=2)


def _lead(interaction: InteractionReport) -> str:
    part, last = interaction.part, interaction.later.patch
    earlier = f"{part.patch.sha[:8]} ({title(part.patch)})"
    later = words.escape(last.sha[:8] or last.name)
    if not interaction.dormant:
        return f"{later} does this only since {earlier}"
    place = f" at {words.escape(part.file)}:{part.line}" if part.lines else ""
    return f"{earlier} has no effect{place} before {later}; with both"


def _effects(interaction: InteractionReport, bits: BitFields) -> Iterable[Effect]:
    """What there is only with both patches, each once."""
    by_content: dict[str, Effect] = {}
    for report in interaction.divergences:
        for effect in effects_in(report, report.causes[0], bits):
            content = repr((effect.place, effect.before, effect.after))
            by_content.setdefault(content, effect)
    return by_content.values()


SECTIONS = {"outcome": "Outcomes", "file": "Files", "node": "Nodes", "edge": "Nodes"}


def values(report: DiffReport) -> Iterator[str | Piece]:
    """Each divergence with its value in each variant, section by section, by path."""
    by_section: dict[str, list[DivergenceReport]] = {
        name: [] for name in (*SECTIONS.values(), "Fields")
    }
    for divergence in report.divergences:
        kind = divergence.divergence.place.kind
        by_section[SECTIONS.get(kind, "Fields")].append(divergence)
    for name, group in by_section.items():
        if name == "Fields":
            for flags in report.flag_tables:
                yield ""
                yield from table(flags)
            group = [d for d in group if d.divergence.place.field not in report.bits]
        if group:
            with_paths = name != SECTIONS["outcome"]
            yield from ("", line(name, "heading"), *_section(group, report.bits, with_paths))


def _section(
    group: Iterable[DivergenceReport], bits: BitFields, with_paths: bool
) -> Iterator[str | Piece]:
    """Divergences below the path that they share; an outcome's event says more than its path."""
    by_path: dict[str, list[DivergenceReport]] = {}
    for report in group:
        by_path.setdefault(report.divergence.place.path, []).append(report)
    for reports in by_path.values():
        if with_paths:
            yield f"  {named(reports[0])}"
        for report in reports:
            yield Piece(partial(_divergence, report, bits))


def _divergence(report: DivergenceReport, bits: BitFields, width: int) -> Iterator[str]:
    """On one line if it fits, else a line for each value."""
    divergence = report.divergence
    what = words.event(report.event) if report.is_outcome else divergence.place.field
    title = f"{words.span(divergence.first_seq, divergence.last_seq)} {what}"
    texts = words.groups(value_texts(report, bits))
    whole = f"    {title}: {words.phrases(texts)}"
    if len(whole) <= width:
        yield whole
        return
    yield from wrapped("    ", title, 2, width)
    for text, names in texts:
        yield from wrapped("      ", f"{words.listing(names)}: {text}", 2, width)
