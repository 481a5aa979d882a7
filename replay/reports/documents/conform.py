"""The documents of conform: agreement with a directory of recordings, or with one recording."""

from collections.abc import Mapping

from msgspec import Struct

from replay.qemu.conformance import Agreement, Conformance, Disagreement, TreeAgreement
from replay.qemu.conformance.with_recording import RecordingAgreement

__all__ = [
    "Agreement",
    "Bits",
    "ConformReport",
    "Conformance",
    "Disagreement",
    "RecordingAgreement",
    "RecordingReport",
    "TreeAgreement",
]

Bits = Mapping[str, Mapping[str, int]]
"""The names of the bits of each field that has such."""


class ConformReport(Struct, frozen=True):
    """How trees agree with a directory of recordings."""

    result: Conformance


class RecordingReport(Struct, frozen=True):
    """How variants agree with what recordings observed; `bits` are the subject's bit fields."""

    results: tuple[RecordingAgreement, ...]
    bits: Bits
