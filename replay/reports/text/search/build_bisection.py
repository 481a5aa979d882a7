"""A bisection over real builds as text."""

from replay.reports import words
from replay.reports.documents.search.build_bisection import BuildBisectionReport
from replay.reports.text.page import Page, Piece, block, header, line, page


def build_bisection(report: BuildBisectionReport) -> Page:
    """Where the answer changes, then what each build that was performed answers."""
    pieces: list[str | Piece] = [*header(report.log, [a.build for a in report.answers]), ""]
    pieces += [block("", report.headline, role="headline"), ""]
    for answer in report.answers:
        lead = f"{words.escape(answer.build.name)}: "
        pieces.append(block(lead, answer.text, hang=2 - len(lead)))
    return page([*pieces, "", line(report.performed, "faint")])
