"""The document of what a patch touches."""

from msgspec import Struct

from replay.analysis.search.touched import ChangedHunk, Touched, TouchedDefinition
from replay.reports import words
from replay.reports.documents.common import VariantId
from replay.variants.variant import Variant

__all__ = ["ChangedHunk", "TouchedDefinition", "TouchedReport", "headline", "touched_report"]


class TouchedReport(Struct, frozen=True):
    """What a patch touches of the model in a variant, looked at in so many logs.

    `logs` are those that run through any of it.
    """

    variant: VariantId
    title: str
    definitions: tuple[TouchedDefinition, ...]
    hunks: tuple[ChangedHunk, ...]
    logs: tuple[str, ...]
    looked_at: int


def touched_report(variant: Variant, touched: Touched, looked_at: int) -> TouchedReport:
    """The report of what is touched, looked at in so many logs in a variant."""
    id = VariantId(variant.name, variant.revision, variant.digest)
    return TouchedReport(
        id, touched.title, touched.definitions, touched.hunks, touched.logs, looked_at
    )


def headline(report: TouchedReport) -> str:
    """How much of it the model has, and how many logs reach that."""
    every = report.definitions
    there = [item for item in every if item.model]
    reached = [item for item in there if item.logs]
    count = f"{len(there)} of {words.count(len(every), 'definition')}"
    text = f"{count} that it changes {'is' if len(every) == 1 else 'are'} in the model"
    logs = f"{len(report.logs)} of {words.count(report.looked_at, 'log')}"
    return f"{text}; {logs} run through {words.count(len(reached), 'function')} of these."
