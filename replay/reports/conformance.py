"""The reports of conform, on a directory of recordings or on one recording, as text."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import msgspec
from msgspec import Struct

from replay.engine.view import flag_names
from replay.qemu.conformance import Agreement, Conformance, Disagreement, TreeAgreement
from replay.qemu.conformance.with_recording import RecordingAgreement
from replay.reports import words
from replay.reports.flag_tables import BitFields
from replay.reports.text.page import Page, Piece, block, columns, line, page
from replay.reports.words import count, escape, value

Bits = Mapping[str, Mapping[str, int]]
"""The names of the bits of each field that has such."""


class ConformReport(Struct, frozen=True):
    """How trees agree with a directory of recordings."""

    result: Conformance


class RecordingReport(Struct, frozen=True):
    """How variants agree with what recordings observed; `bits` are the subject's bit fields."""

    results: tuple[RecordingAgreement, ...]
    bits: Bits


HEAD = ("tree", "logs", "agree", "", "steps", "agree", "")


def text(told: Conformance, verbose: bool = False) -> Page:
    """A table of the trees, then each first disagreement; `verbose` adds the recorded step."""
    total = (told.whole,) if len(told.trees) > 1 else ()
    rows = [HEAD, *map(_row, (*told.trees, *total))]
    return page((*columns(rows, "<>>>>>>", head=True), *_disagreements(told, verbose)))


def _row(tree: TreeAgreement) -> tuple[str, ...]:
    logs, steps = len(tree.logs), tree.steps
    return (
        escape(tree.tree),
        *(str(logs), str(tree.agreed_logs), _percent(tree.agreed_logs, logs)),
        *(str(steps), str(tree.agreed_steps), _percent(tree.agreed_steps, steps)),
    )


def _percent(part: int, whole: int) -> str:
    """Rounded down: only what is whole is 100."""
    hundredths = part * 10_000 // whole if whole else 10_000
    return f"{hundredths // 100}.{hundredths % 100:02} %"


def _disagreements(told: Conformance, verbose: bool) -> Iterator[str | Piece]:
    if told.disagreeing:
        number = count(len(told.disagreeing), "log")
        yield from ("", line(f"{number} did not agree, first in:", "headline"))
    for log in told.disagreeing:
        yield from _told(log, told.bits, verbose)


def _told(log: Agreement, bits: BitFields, verbose: bool) -> Iterable[str | Piece]:
    first = log.first
    if first is None:
        return
    place = " ".join(escape(part) for part in (first.path, first.field) if part)
    expected, got = (_value(first, side, bits) for side in (first.expected, first.got))
    where = f"{escape(log.tree)} {escape(log.log)} #{first.seq} {place}"
    yield block("", f"{where}: expected {expected}, got {got}", hang=4)
    if verbose:
        seen = msgspec.json.format(msgspec.json.encode(log.recorded), indent=2).decode()
        yield from (f"    {escape(text)}" for text in seen.splitlines())


def _value(first: Disagreement, side: Any, bits: BitFields) -> str:
    if first.field in bits and isinstance(side, int):
        return hex(side)
    return value(side)


def recording_text(report: RecordingReport) -> Page:
    """A line a variant below its log, and where the first disagreement is."""
    pieces: list[str | Piece] = []
    for log, results in groupby(report.results, key=lambda result: result.log):
        pieces += [line(f"log      {words.escape(log)}", "faint")]
        pieces += _agreements(list(results), report.bits)
    return page(pieces)


def _agreements(found: Sequence[RecordingAgreement], bits: Bits) -> Iterator[str | Piece]:
    width = max(len(one.variant) for one in found)
    for one in found:
        looks = f"{one.looks_agreed} of {one.looks} looks"
        replies = f"{one.replies_agreed} of {one.replies} replies"
        yield f"  {words.escape(one.variant):{width}}  {looks} and {replies} agree"
        for where, values in one.first.items():
            place, field = ".".join(filter(None, (where.path, where.field))), where.field
            of = {name: _named_bits(value, bits.get(field, {})) for name, value in values.items()}
            told = ", ".join(f"{value} in {words.escape(name)}" for name, value in of.items())
            yield block(f"    #{one.seq} ", f"{words.escape(place)}: {told}", hang=2)


def _named_bits(value: Any, bits: Mapping[str, int]) -> str:
    """A field's value, that of bits by their names."""
    if not bits or not isinstance(value, int):
        return words.value(value)
    return words.flags(flag_names(value, bits))
