"""What logs run through as JSON, in the form of coverage.py, so that its readers can be used."""

from collections.abc import Sequence
from typing import Annotated, Literal

from msgspec import Meta

from replay.reports.documents.search.coverage import CoverageReport, FileReach, HunkReach
from replay.reports.json.common import (
    Count,
    JsonObject,
    VariantObject,
    encode,
    variant_objects,
)

Lines = list[int]
Arcs = Annotated[
    list[tuple[int, int]], Meta(description="From line to line; negative where a function ends.")
]


class MetaObject(JsonObject, frozen=True):
    """What was looked at."""

    format: Annotated[Literal[3], Meta(description="That of coverage.py.")]
    version: str
    branch_coverage: bool
    show_contexts: bool
    variant: VariantObject
    logs: list[str]
    smallest: Annotated[
        list[str] | None, Meta(description="As few logs as cover as much, with --minimal.")
    ]


class SummaryObject(JsonObject, frozen=True):
    """How much of a file, or of all, is reached."""

    covered_lines: Count
    num_statements: Count
    percent_covered: float
    percent_covered_display: str
    missing_lines: Count
    excluded_lines: Count
    num_branches: Count
    num_partial_branches: Count
    covered_branches: Count
    missing_branches: Count


class CoveredFileObject(JsonObject, frozen=True):
    """A file of the model."""

    executed_lines: Lines
    summary: SummaryObject
    missing_lines: Lines
    excluded_lines: Lines
    executed_branches: Arcs
    missing_branches: Arcs
    contexts: Annotated[dict[str, list[str]], Meta(description="The logs, line by line.")]


class HunkObject(JsonObject, frozen=True):
    """Neighbouring lines that a patch left in the tree."""

    patch: Annotated[str, Meta(description="Its sha, or its file.")]
    subject: str
    file: str
    first: int
    last: int
    statements: Lines
    reached: Lines
    logs: list[str]


class CoverageObject(JsonObject, frozen=True):
    """What logs run through."""

    meta: MetaObject
    files: dict[str, CoveredFileObject]
    patches: list[HunkObject]
    totals: SummaryObject


def coverage(report: CoverageReport) -> str:
    """What `coverage json` writes; contexts are logs."""
    (variant,) = variant_objects([report.variant])
    smallest = None if report.smallest is None else [*report.smallest]
    return encode(
        CoverageObject(
            meta=MetaObject(3, "replay", True, True, variant, [*report.logs], smallest),
            files={it.name: _file(it) for it in report.files},
            patches=[*map(_hunk, report.hunks)],
            totals=_summary(report.files),
        )
    )


def _file(it: FileReach) -> CoveredFileObject:
    return CoveredFileObject(
        executed_lines=[*it.reached],
        summary=_summary([it]),
        missing_lines=[n for n in it.statements if n not in it.contexts],
        excluded_lines=[],
        executed_branches=[(branch.start, branch.end) for branch in it.taken],
        missing_branches=[(b.start, b.end) for b in it.branches if b not in it.taken],
        contexts={str(number): [*logs] for number, logs in it.contexts.items()},
    )


def _summary(files: Sequence[FileReach]) -> SummaryObject:
    covered = sum(len(it.reached) for it in files)
    statements = sum(len(it.statements) for it in files)
    taken = sum(len(it.taken) for it in files)
    branches = sum(len(it.branches) for it in files)
    whole = statements + branches
    share = 100 * (covered + taken) / whole if whole else 100.0
    return SummaryObject(
        covered_lines=covered,
        num_statements=statements,
        percent_covered=share,
        percent_covered_display=f"{share:.0f}",
        missing_lines=statements - covered,
        excluded_lines=0,
        num_branches=branches,
        num_partial_branches=sum(1 for it in files for line in it.source if line.half),
        covered_branches=taken,
        missing_branches=branches - taken,
    )


def _hunk(hunk: HunkReach) -> HunkObject:
    return HunkObject(
        patch=hunk.patch.sha or hunk.patch.name,
        subject=hunk.patch.subject,
        file=hunk.file,
        first=hunk.first,
        last=hunk.last,
        statements=[*hunk.statements],
        reached=[*hunk.reached],
        logs=[*hunk.logs],
    )
