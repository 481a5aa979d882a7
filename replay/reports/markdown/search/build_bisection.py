"""A bisection over real builds as Markdown."""

from replay.reports.documents.search.build_bisection import BuildBisectionReport
from replay.reports.markdown.markup import cell, code, header, limited, prose, table


def build_bisection(report: BuildBisectionReport) -> str:
    """Where the answer changes, then what each build that was performed answers."""
    lines = [*header(report.log, [answer.build for answer in report.answers]), ""]
    lines += [f"**{prose(report.headline)}**", ""]
    rows = [[code(answer.build.name), cell(answer.text)] for answer in report.answers]
    lines += [*table(["build", "answer"], rows), "", report.performed]
    return "\n".join(limited(lines, "lines")) + "\n"
