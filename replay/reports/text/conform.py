"""Agreement with recordings as text."""

from collections.abc import Iterator, Sequence
from itertools import groupby

import msgspec

from replay.reports import words
from replay.reports.documents.conform import (
    Agreement,
    BitFields,
    Conformance,
    ConformReport,
    RecordingAgreement,
    RecordingReport,
    agreement,
    agreement_rows,
    differences,
    disagreement,
)
from replay.reports.text.page import Page, Piece, block, columns, line, page


def conform(report: ConformReport, verbose: bool = False) -> Page:
    """A table of the trees, then each first disagreement; `verbose` adds the recorded step."""
    rows = columns(agreement_rows(report.result), "<>>>>>>", head=True)
    return page((*rows, *_disagreements(report.result, verbose)))


def _disagreements(result: Conformance, verbose: bool) -> Iterator[str | Piece]:
    if result.disagreeing:
        number = words.count(len(result.disagreeing), "log")
        yield from ("", line(f"{number} did not agree, first in:", "headline"))
    for log in result.disagreeing:
        if log.first is not None:
            where = f"{words.escape(log.tree)} {words.escape(log.log)} "
            yield block("", where + disagreement(log.first, result.bits), hang=4)
        if verbose:
            yield from _recorded(log)


def _recorded(log: Agreement) -> Iterator[str]:
    text = msgspec.json.format(msgspec.json.encode(log.recorded), indent=2).decode()
    yield from (f"    {words.escape(line)}" for line in text.splitlines())


def recordings(report: RecordingReport) -> Page:
    """A line a variant below its log, and where the first disagreement is."""
    pieces: list[str | Piece] = []
    for log, results in groupby(report.results, key=lambda result: result.log):
        pieces += [line(f"log      {words.escape(log)}", "faint")]
        pieces += _agreements(list(results), report.bits)
    return page(pieces)


def _agreements(results: Sequence[RecordingAgreement], bits: BitFields) -> Iterator[str | Piece]:
    width = max(len(result.variant) for result in results)
    for result in results:
        yield f"  {words.escape(result.variant):{width}}  {agreement(result)}"
        for text in differences(result, bits):
            yield block(f"    #{result.seq} ", text, hang=2)
