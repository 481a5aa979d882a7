"""Hunts as Markdown."""

from collections.abc import Iterator

from replay.reports.documents.search.hunt import FindingReport, HuntReport, HuntReports, work
from replay.reports.markdown.markup import cell, code, prose, table, variants


def hunts(report: HuntReports) -> str:
    """Each hunt: what holds up to which depth, and a row for each finding."""
    return "\n".join(line for item in report.hunts for line in (*_hunt(item), ""))


def _hunt(report: HuntReport) -> Iterator[str]:
    yield from variants(report.variants)
    yield ""
    yield f"**{prose(report.verdict)}**"
    if report.findings:
        yield ""
        head = ["log", "known", "patches", "start and steps", "what is to be noticed"]
        yield from table(head, [_row(found) for found in report.findings])
    for text in work(report):
        yield ""
        yield prose(text)


def _row(found: FindingReport) -> list[str]:
    steps = "; ".join((found.start, *found.steps))
    what = prose(found.sighting.sentence).replace("|", "\\|")
    by = prose(found.by).replace("|", "\\|")
    return [cell(found.name), code(found.known) if found.known else "new", by, cell(steps), what]
