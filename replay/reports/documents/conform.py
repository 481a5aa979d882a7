"""The documents of conform: agreement with a directory of recordings, or with one recording."""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from replay.qemu.conformance import Agreement, Conformance, Disagreement, TreeAgreement
from replay.qemu.conformance.with_recording import RecordingAgreement
from replay.reports import words
from replay.variants.subject import BitFields

__all__ = [
    "Agreement",
    "BitFields",
    "ConformReport",
    "Conformance",
    "Disagreement",
    "RecordingAgreement",
    "RecordingReport",
    "TreeAgreement",
]


class ConformReport(Struct, frozen=True):
    """How trees agree with a directory of recordings."""

    result: Conformance


class RecordingReport(Struct, frozen=True):
    """How variants agree with what recordings observed; `bits` are the subject's bit fields."""

    results: tuple[RecordingAgreement, ...]
    bits: BitFields


# In words


HEAD = ("tree", "logs", "agree", "", "steps", "agree", "")


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


def disagreement(first: Disagreement, bits: BitFields) -> str:
    """Where a log first disagrees, and how."""
    place = " ".join(words.escape(part) for part in (first.path, first.field) if part)
    expected, got = (_value(first, side, bits) for side in (first.expected, first.got))
    return f"#{first.seq} {place}: expected {expected}, got {got}"


def _value(first: Disagreement, side: Any, bits: BitFields) -> str:
    if first.field in bits and isinstance(side, int):
        return hex(side)
    return words.value(side)


def agreement(result: RecordingAgreement) -> str:
    """How many looks and replies agree."""
    looks = f"{result.looks_agreed} of {result.looks} looks"
    return f"{looks} and {result.replies_agreed} of {result.replies} replies agree"


def differences(result: RecordingAgreement, bits: BitFields) -> Iterator[str]:
    """What differs at the first disagreement."""
    for place, values in result.first.items():
        name = ".".join(filter(None, (place.path, place.field)))
        texts = {
            variant: _named_bits(side, bits.get(place.field, {}))
            for variant, side in values.items()
        }
        sides = ", ".join(f"{text} in {words.escape(variant)}" for variant, text in texts.items())
        yield f"{words.escape(name)}: {sides}"


def _named_bits(value: Any, bits: Mapping[str, int]) -> str:
    """A field's value, that of bits by their names."""
    if not bits or not isinstance(value, int):
        return words.value(value)
    return words.flags(words.set_flags(value, bits))
