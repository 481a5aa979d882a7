"""Why each variant has the value that it has, for the divergences that a reader asks about."""

from collections.abc import Iterator

from msgspec import Struct

from replay.explain import explain
from replay.places import Target
from replay.report import DiffReport, Told
from replay.report.explaining import cause
from replay.report.flags import first_bit
from replay.report.sentence import sentence

MOST = 60
"""Divergences of a page that are explained; each takes the transitions concerned once more."""


class Reason(Struct, frozen=True):
    """A sentence on one variant's value, and its chain of causes from the effect back."""

    variant: str
    told: str
    chain: tuple[str, ...]


def reasons(told: Told, report: DiffReport) -> Iterator[Reason]:
    """A reason for each replayed variant that has a value there.

    Of a bit field the first flag that differs is explained.
    """
    place = told.divergence.place
    bit = first_bit(told.divergence, report.bits)
    flag = bit if bit in report.bits.get(place.field, ()) else ""
    for trace in report.diff.replayed:
        if trace.variant.name in told.divergence.values:
            it = explain(trace, Target(place, flag or ""), told.divergence.first_seq)
            chain = tuple(cause(link, it) for link in it.links)
            yield Reason(trace.variant.name, sentence(it), chain)
