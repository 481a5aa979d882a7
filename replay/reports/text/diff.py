"""A diff as text: headline, story, values, counts, interactions."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from replay.engine.places import KINDS, OutcomePlace
from replay.reports import words
from replay.reports.documents import DiffReport, DivergenceReport, InteractionReport
from replay.reports.effects import Effect, change, deeds_of, listed, title
from replay.reports.flag_tables import BitFields
from replay.reports.headline import groups, phrases
from replay.reports.text.chains import apart
from replay.reports.text.flags import table
from replay.reports.text.overview import overview
from replay.reports.text.page import Page, Piece, block, header, line, listing, page, pages, wrapped
from replay.reports.text.story import chapters


def headlines(reports: Sequence[DiffReport]) -> Page:
    """A headline a line; of several logs, each after its log's name."""
    if len(reports) == 1:
        return listing([reports[0].headline])
    return listing(f"{words.escape(told.log.name)}: {told.headline}" for told in reports)


def diffs(reports: Sequence[DiffReport], details: bool = False) -> Page:
    """The texts of the diffs, one after another."""
    return pages(diff(report, details) for report in reports)


def overviews(reports: Sequence[DiffReport], details: bool = False) -> Page:
    """The overview of the diffs; with details also the text of each that differs."""
    told = page(overview(reports, details))
    full = [diff(report, details) for report in reports if report.divergences] if details else []
    return pages([told, *full])


def diff(report: DiffReport, details: bool = False) -> Page:
    """The text of one diff."""
    return page(_diff(report, details))


def _diff(report: DiffReport, details: bool) -> Iterator[str | Piece]:
    """The headline, then the story and, without one or with details, all values."""
    yield from header(report.log, report.variants)
    for remark in report.remarks:
        yield block("note     ", words.escape(remark), role="faint")
    yield from ("", block("", report.headline, role="headline"))
    if not report.divergences:
        return
    yield from apart(report)
    if report.work:
        yield from chapters(report)
    if report.together is not None:
        yield from ("", *together(report.together, report.bits))
    if details or not report.work:
        yield from values(report)
    yield ""
    yield from _counts(report)


def _counts(report: DiffReport) -> Iterator[Piece]:
    """How many divergences there are, by kind, and what it took to find their patches."""
    kinds = Counter(told.divergence.place.kind for told in report.divergences)
    told = ", ".join(f"{kinds[kind]} {kind}" for kind in KINDS if kind in kinds)
    hidden = f"; {report.hidden} left out" if report.hidden else ""
    number = words.count(len(report.divergences), "divergence")
    yield block("", f"{number}: {told}{hidden}", role="faint")
    if report.work:
        work = report.work
        took = f"patches found by replaying {words.count(work.revisions, 'revision')}: "
        took += f"{work.distinct} distinct transitions of {work.transitions}"
        yield block("", took, role="faint")


def together(found: Sequence[InteractionReport], bits: BitFields) -> Iterator[str | Piece]:
    """Each pair of patches with what there is only with both."""
    if not found:
        yield "No patch that is asked about needs another here, or wakes one."
        return
    yield line("Only together", "heading")
    for one in found:
        yield block("  ", _lead(one), hang=2)
        if one.part.lines:
            yield f"      {words.escape(one.part.text)}"
        for told, deeds in _grouped(one, bits).items():
            yield block("    ", f"{listed(deeds)}: {told}", hang=2)


def _lead(one: InteractionReport) -> str:
    earlier, later = one.part.patch, words.escape(one.turn.patch.sha[:8] or one.turn.patch.name)
    named = f"{earlier.sha[:8]} ({title(earlier)})"
    if not one.dormant:
        return f"{later} does this only since {named}"
    part = one.part
    place = f" at {words.escape(part.file)}:{part.line}" if part.lines else ""
    return f"{named} has no effect{place} before {later}; with both"


def _grouped(one: InteractionReport, bits: BitFields) -> dict[str, list[Effect]]:
    """Deeds by what they changed, each once."""
    met: dict[str, Effect] = {}
    for told in one.divergences:
        for deed in deeds_of(told, told.causes[0], bits):
            met.setdefault(repr((deed.place, deed.before, deed.after)), deed)
    groups: dict[str, list[Effect]] = {}
    for deed in met.values():
        groups.setdefault(change(deed, bits), []).append(deed)
    return groups


SECTIONS = {"outcome": "Outcomes", "file": "Files", "node": "Nodes", "edge": "Nodes"}


def values(report: DiffReport) -> Iterator[str | Piece]:
    """Each divergence with its value in each variant, section by section, by path."""
    by_section: dict[str, list[DivergenceReport]] = {
        name: [] for name in (*SECTIONS.values(), "Fields")
    }
    for told in report.divergences:
        by_section[SECTIONS.get(told.divergence.place.kind, "Fields")].append(told)
    for name, group in by_section.items():
        if name == "Fields":
            for chain in report.chains:
                yield ""
                yield from table(chain)
            group = [t for t in group if t.divergence.place.field not in report.bits]
        if group:
            yield from (
                "",
                line(name, "heading"),
                *_section(group, with_paths=name != SECTIONS["outcome"]),
            )


def _section(group: Iterable[DivergenceReport], with_paths: bool) -> Iterator[str | Piece]:
    """Divergences below the path that they share; an outcome's event says more than its path."""
    by_path: dict[str, list[DivergenceReport]] = {}
    for told in group:
        by_path.setdefault(told.divergence.place.path, []).append(told)
    for path, tolds in by_path.items():
        if with_paths:
            yield f"  {words.escape(path)}"
        for told in tolds:
            yield Piece(partial(_divergence, told))


def _divergence(told: DivergenceReport, width: int) -> Iterator[str]:
    """On one line if it fits, else a line for each value."""
    where = words.span(told.divergence.first_seq, told.divergence.last_seq)
    title = f"{where} {told.divergence.place.field}"
    if _is_outcome(told):
        title = f"{where} {words.event(told.event)}"
    texts = list(groups(_texts(told)))
    whole = f"    {title}: {phrases(texts)}"
    if len(whole) <= width:
        yield whole
        return
    yield from wrapped("    ", title, 2, width)
    for text, names in texts:
        yield from wrapped("      ", f"{words.listing(names)}: {text}", 2, width)


def _is_outcome(told: DivergenceReport) -> bool:
    return isinstance(told.divergence.place, OutcomePlace)


def _texts(told: DivergenceReport) -> dict[str, str]:
    """The value in each variant, in words."""
    if _is_outcome(told):
        outcomes = told.outcomes.items()
        return {name: words.outcome(o.status, o.value, o.error) for name, o in outcomes}
    show = words.of_field(told.divergence.place)
    return {name: show(value) for name, value in told.divergence.values.items()}
