"""What a recording and a replay agree on, as text and JSON."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from replay.engine.view import flag_names
from replay.qemu.conformance.with_recording import RecordingAgreement
from replay.reports import words
from replay.reports.documents import FORMAT_VERSION
from replay.reports.json import document
from replay.reports.text.page import Page, Piece, block, line, page

Bits = Mapping[str, Mapping[str, int]]
"""The names of the bits of each field that has such."""


def text(found: Sequence[RecordingAgreement], bits: Bits) -> Page:
    """A line a variant below its log, and where the first disagreement is."""
    pieces: list[str | Piece] = []
    for log, of_log in groupby(found, key=lambda one: one.log):
        pieces += [line(f"log      {words.escape(log)}", "faint"), *_variants(list(of_log), bits)]
    return page(pieces)


def _variants(found: Sequence[RecordingAgreement], bits: Bits) -> Iterator[str | Piece]:
    width = max(len(one.variant) for one in found)
    for one in found:
        looks = f"{one.looks_agreed} of {one.looks} looks"
        replies = f"{one.replies_agreed} of {one.replies} replies"
        yield f"  {words.escape(one.variant):{width}}  {looks} and {replies} agree"
        for (_, path, field), values in one.first.items():
            place = ".".join(filter(None, (path, field)))
            of = {name: _value(value, bits.get(field, {})) for name, value in values.items()}
            told = ", ".join(f"{value} in {words.escape(name)}" for name, value in of.items())
            yield block(f"    #{one.seq} ", f"{words.escape(place)}: {told}", hang=2)


def _value(value: Any, bits: Mapping[str, int]) -> str:
    """A field's value, that of bits by their names."""
    if not bits or not isinstance(value, int):
        return words.value(value)
    return words.flags(flag_names(value, bits))


def json(found: Iterable[RecordingAgreement], bits: Bits) -> str:
    """An object a log and variant; bits are told as numbers."""
    told = [
        {
            "format_version": FORMAT_VERSION,
            **{field: getattr(one, field) for field in one.__struct_fields__ if field != "first"},
            "first": [{**place._asdict(), "values": values} for place, values in one.first.items()],
        }
        for one in found
    ]
    return document(told)
