"""What logs run through as one self-contained HTML page."""

from replay.reports import words
from replay.reports.documents.search.coverage import CoverageReport, percent, place, verdict
from replay.reports.html.templates import digest, environment, text
from replay.series import label


def coverage(report: CoverageReport) -> str:
    """The source, with the logs that reach each line, and each patch's hunks."""
    style = text("page.css") + text("coverage.css")
    templates = environment(percent=percent, place=place, names=words.few, label=label)
    return templates.get_template("coverage.html.j2").render(
        report=report, headline=verdict(report), style=style, style_hash=digest(style)
    )
