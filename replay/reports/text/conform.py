"""Agreement with recordings as text."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import msgspec

from replay.reports import words
from replay.reports.documents.conform import (
    Agreement,
    Bits,
    Conformance,
    ConformReport,
    Disagreement,
    RecordingAgreement,
    RecordingReport,
    TreeAgreement,
)
from replay.reports.text.page import Page, Piece, block, columns, line, page

HEAD = ("tree", "logs", "agree", "", "steps", "agree", "")


def conform(report: ConformReport, verbose: bool = False) -> Page:
    """A table of the trees, then each first disagreement; `verbose` adds the recorded step."""
    rows = columns(agreement_rows(report.result), "<>>>>>>", head=True)
    return page((*rows, *_disagreements(report.result, verbose)))


def agreement_rows(result: Conformance) -> list[tuple[str, ...]]:
    """A table of the trees, with a head, and with a sum if there are several."""
    total = (result.whole,) if len(result.trees) > 1 else ()
    return [HEAD, *map(_row, (*result.trees, *total))]


def _row(tree: TreeAgreement) -> tuple[str, ...]:
    logs, steps = len(tree.logs), tree.steps
    return (
        words.escape(tree.tree),
        *(str(logs), str(tree.agreed_logs), _percent(tree.agreed_logs, logs)),
        *(str(steps), str(tree.agreed_steps), _percent(tree.agreed_steps, steps)),
    )


def _percent(part: int, whole: int) -> str:
    """Rounded down: only what is whole is 100."""
    hundredths = part * 10_000 // whole if whole else 10_000
    return f"{hundredths // 100}.{hundredths % 100:02} %"


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


def disagreement(first: Disagreement, bits: Bits) -> str:
    """Where a log first disagrees, and how."""
    place = " ".join(words.escape(part) for part in (first.path, first.field) if part)
    expected, got = (_value(first, side, bits) for side in (first.expected, first.got))
    return f"#{first.seq} {place}: expected {expected}, got {got}"


def _recorded(log: Agreement) -> Iterator[str]:
    text = msgspec.json.format(msgspec.json.encode(log.recorded), indent=2).decode()
    yield from (f"    {words.escape(line)}" for line in text.splitlines())


def _value(first: Disagreement, side: Any, bits: Bits) -> str:
    if first.field in bits and isinstance(side, int):
        return hex(side)
    return words.value(side)


def recordings(report: RecordingReport) -> Page:
    """A line a variant below its log, and where the first disagreement is."""
    pieces: list[str | Piece] = []
    for log, results in groupby(report.results, key=lambda result: result.log):
        pieces += [line(f"log      {words.escape(log)}", "faint")]
        pieces += _agreements(list(results), report.bits)
    return page(pieces)


def _agreements(results: Sequence[RecordingAgreement], bits: Bits) -> Iterator[str | Piece]:
    width = max(len(result.variant) for result in results)
    for result in results:
        yield f"  {words.escape(result.variant):{width}}  {agreement(result)}"
        for text in differences(result, bits):
            yield block(f"    #{result.seq} ", text, hang=2)


def agreement(result: RecordingAgreement) -> str:
    """How many looks and replies agree."""
    looks = f"{result.looks_agreed} of {result.looks} looks"
    return f"{looks} and {result.replies_agreed} of {result.replies} replies agree"


def differences(result: RecordingAgreement, bits: Bits) -> Iterator[str]:
    """What differs at the first disagreement."""
    for place, values in result.first.items():
        name = ".".join(filter(None, (place.path, place.field)))
        texts = {who: _named_bits(side, bits.get(place.field, {})) for who, side in values.items()}
        sides = ", ".join(f"{text} in {words.escape(who)}" for who, text in texts.items())
        yield f"{words.escape(name)}: {sides}"


def _named_bits(value: Any, bits: Mapping[str, int]) -> str:
    """A field's value, that of bits by their names."""
    if not bits or not isinstance(value, int):
        return words.value(value)
    return words.flags(words.set_flags(value, bits))
