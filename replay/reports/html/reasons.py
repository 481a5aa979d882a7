"""The explanations that a page shows beside its divergences."""

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from replay.analysis.attribute import model_traces
from replay.analysis.explain import explain
from replay.reports.documents import DiffReport, DivergenceReport
from replay.reports.explanation import cause
from replay.reports.flag_tables import first_bit
from replay.reports.sentence import sentence

MOST = 60
"""Divergences of a page that are explained; each takes the transitions concerned once more."""


class Reason(Struct, frozen=True):
    """A sentence on one variant's value, and its chain of causes from the effect back."""

    variant: str
    told: str
    chain: tuple[str, ...]


def reasons(told: DivergenceReport, report: DiffReport) -> Iterator[Reason]:
    """A reason for each replayed variant that has a value there.

    Of a bit field the first flag that differs is explained.
    """
    place = told.divergence.place
    bit = first_bit(told.divergence, report.bits)
    if bit is not None and bit in report.bits.get(place.field, ()):
        place = replace(place, flag=bit)
    for trace in model_traces(report.diff):
        if trace.variant.name in told.divergence.values:
            it = explain(trace, place, told.divergence.first_seq)
            chain = tuple(cause(link, it) for link in it.links)
            yield Reason(trace.variant.name, sentence(it), chain)
