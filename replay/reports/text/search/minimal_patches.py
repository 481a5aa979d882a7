"""As few patches as bring an answer about, as text."""

from collections.abc import Iterator

from replay.reports import words
from replay.reports.documents.search.minimal_patches import MinimalReport
from replay.reports.text.page import Page, Piece, block, header, line, page
from replay.series import label


def minimal_patches(report: MinimalReport) -> Page:
    """How many patches it takes, which, and how much was tried."""
    return page(_pieces(report))


def _pieces(report: MinimalReport) -> Iterator[str | Piece]:
    yield from header(report.log, report.variants)
    yield ""
    before, after = report.texts
    count = words.count(len(report.patches), "patch", "patches")
    answers = f"{before} before, {after} with {count} of {report.between}"
    yield block("", f"{words.escape(report.about)}: {answers}.", role="headline")
    yield from _patches(report)
    yield ""
    end = "Without any one of them it is not so." if report.minimal else "Ended early."
    yield line(f"{end} {words.count(report.replays, 'variant')} replayed", "faint")


def _patches(report: MinimalReport) -> Iterator[str | Piece]:
    """Those that matter themselves, then those that others stand on."""
    pairs = [*zip(report.patches, report.standing, strict=True)]
    yield ""
    yield from (block("  ", words.escape(label(patch)), hang=2) for patch, on in pairs if not on)
    carrying = [(patch, on) for patch, on in pairs if on]
    if carrying:
        yield ""
        yield line("needed for others to apply", "heading")
    for patch, on in carrying:
        others = words.few([other.sha[:8] or other.name for other in on])
        yield block("  ", f"{words.escape(label(patch))}: without it not {others}", hang=2)
