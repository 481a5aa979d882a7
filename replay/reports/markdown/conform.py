"""Agreement with recordings as Markdown."""

from collections.abc import Iterator

import msgspec

from replay.reports import words
from replay.reports.documents.conform import (
    ConformReport,
    RecordingAgreement,
    RecordingReport,
    agreement,
    agreement_rows,
    differences,
    disagreement,
)
from replay.reports.markdown.markup import cell, code, limited, table


def conform(report: ConformReport, verbose: bool = False) -> str:
    """A table of the trees, then each first disagreement; `verbose` adds the recorded step."""
    return "\n".join(limited(_conform(report, verbose), "lines")) + "\n"


def _conform(report: ConformReport, verbose: bool) -> Iterator[str]:
    head, *rows = agreement_rows(report.result)
    shown = [[cell(name), *numbers] for name, *numbers in rows]
    yield "## Agreement with recordings"
    yield ""
    yield from table([*head], shown)
    if report.result.disagreeing:
        number = words.count(len(report.result.disagreeing), "log")
        yield from ("", f"### {number} did not agree, first in", "")
    for log in report.result.disagreeing:
        if log.first is not None:
            text = disagreement(log.first, report.result.bits)
            yield f"- {code(log.tree)} {code(log.log)}: {code(text)}"
        if verbose:
            recorded = msgspec.json.encode(log.recorded).decode()
            yield f"    - recorded: {code(recorded)}"


def recordings(report: RecordingReport) -> str:
    """A row for each log and variant, and where the first disagreement is."""
    rows = [_row(result, report) for result in report.results]
    lines = ["## Agreement with recordings", ""]
    lines += table(["log", "variant", "agreement", "first disagreement"], rows)
    return "\n".join(limited(lines, "lines")) + "\n"


def _row(result: RecordingAgreement, report: RecordingReport) -> list[str]:
    texts = ", ".join(differences(result, report.bits))
    first = cell(f"#{result.seq} {texts}") if result.seq is not None else ""
    return [cell(result.log), cell(result.variant), agreement(result), first]
