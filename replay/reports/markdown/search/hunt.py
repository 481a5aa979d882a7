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
        yield from table(head, [_row(finding) for finding in report.findings])
    for text in work(report):
        yield ""
        yield prose(text)


def _row(finding: FindingReport) -> list[str]:
    steps = "; ".join((finding.start, *finding.steps))
    what = prose(finding.sighting.sentence).replace("|", "\\|")
    by = prose(finding.by).replace("|", "\\|")
    return [
        cell(finding.name),
        code(finding.known) if finding.known and not finding.explained else prose(finding.standing),
        by,
        cell(steps),
        what,
    ]
