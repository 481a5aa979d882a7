"""The document of what logs run through."""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from replay.analysis.search.coverage import Coverage, HunkReach, Names, hunks, missing_lines
from replay.analysis.search.statements import Branch, Line
from replay.analysis.search.touched import functions_of_patch
from replay.reports import words
from replay.reports.documents.common import VariantId
from replay.series import Patch

__all__ = [
    "Branch",
    "CoverageReport",
    "FileReach",
    "HunkReach",
    "MissingFunction",
    "Names",
    "SourceText",
    "coverage_report",
    "percent",
    "place",
    "verdict",
]


class SourceText(Struct, frozen=True):
    """A line of source, the patch that put it there, and the logs that run through it.

    `logs` is None for a line at which no statement begins. `half` says that one of its branches
    is not taken.
    """

    number: int
    text: str
    patch: str
    logs: Names | None
    half: bool


class FileReach(Struct, frozen=True):
    """How much of a file is reached."""

    name: str
    statements: tuple[int, ...]
    reached: tuple[int, ...]
    branches: tuple[Branch, ...]
    taken: tuple[Branch, ...]
    source: tuple[SourceText, ...]
    contexts: Mapping[int, Names]


class MissingFunction(Struct, frozen=True):
    """A function of which some statements are not reached, perhaps none."""

    file: str
    name: str
    lines: tuple[int, ...]
    statements: int


class CoverageReport(Struct, frozen=True):
    """What logs run through in a variant; `patches` if only some patches are asked about.

    `functions` has for patches without a statement in the tree the functions that they change.
    `smallest` are as few logs as cover as much and have the same divergences,
    None if they were not looked for.
    """

    variant: VariantId
    logs: Names
    files: tuple[FileReach, ...]
    hunks: tuple[HunkReach, ...]
    missing: tuple[MissingFunction, ...]
    functions: Mapping[str, Mapping[str, Names]]
    series: tuple[Patch, ...]
    patches: tuple[Patch, ...] = ()
    smallest: Names | None = None


def coverage_report(
    covered: Coverage, patches: Sequence[Patch] = (), smallest: Names | None = None
) -> CoverageReport:
    """The report of a coverage, of these patches alone if there are any."""
    variant = covered.variant
    missing = (
        MissingFunction(item.file, item.name, missing_lines(covered, item), len(item.statements))
        for item in covered.code.functions
    )
    reaches = hunks(covered, patches)
    can = {hunk.patch.name for hunk in reaches if hunk.statements}
    asked_patches = patches or variant.tree.patches
    return CoverageReport(
        variant=VariantId(variant.name, variant.revision, variant.digest),
        logs=covered.logs,
        files=tuple(_files(covered)),
        hunks=reaches,
        missing=tuple(item for item in missing if item.lines),
        functions={
            patch.name: functions_of_patch(covered, patch)
            for patch in asked_patches
            if patch.name not in can
        },
        series=variant.tree.patches,
        patches=tuple(patches),
        smallest=smallest,
    )


def _files(covered: Coverage) -> Iterator[FileReach]:
    begins: dict[str, list[int]] = {}
    for name, number in covered.code.lines:
        begins.setdefault(name, []).append(number)
    for file in covered.variant.tree.files:
        statements = tuple(sorted(begins.get(file.name, ())))
        branches = tuple(item for item in covered.code.branches if item.file == file.name)
        covered_branches = tuple(item for item in branches if item in covered.branches)
        lines = covered.lines
        yield FileReach(
            name=file.name,
            statements=statements,
            reached=tuple(n for n in statements if (file.name, n) in lines),
            branches=branches,
            taken=covered_branches,
            source=tuple(
                _source(covered, file.name, {*statements}, {*branches} - {*covered_branches})
            ),
            contexts={n: lines[file.name, n] for n in statements if (file.name, n) in lines},
        )


def _source(
    covered: Coverage, name: str, begins: set[int], untaken: set[Branch]
) -> Iterator[SourceText]:
    tree = covered.variant.tree
    half = {branch.start for branch in untaken}
    file = next(file for file in tree.files if file.name == name)
    for number, text in enumerate(file.lines, 1):
        patch = "" if text.patch is None else tree.patches[text.patch].sha[:8]
        at: Line = name, number
        logs = covered.lines.get(at, ()) if number in begins else None
        yield SourceText(number, text.text, patch, logs, bool(logs) and number in half)


# In words


def verdict(report: CoverageReport) -> str:
    """How much there is, and how much of it is reached."""
    statements = [(len(item.reached), len(item.statements)) for item in report.files]
    branches = [(len(item.taken), len(item.branches)) for item in report.files]
    summary = f"{_share(statements, 'statement')} and {_share(branches, 'branch', 'branches')}"
    whole = f"{words.count(len(report.logs), 'log')} run{'s' if len(report.logs) == 1 else ''}"
    can = [hunk for hunk in report.hunks if hunk.statements]
    reached = sum(1 for hunk in can if hunk.reached)
    return (
        f"{whole} through {summary}, {reached} of {words.count(len(can), 'hunk')} with statements."
    )


def _share(pairs: Sequence[tuple[int, int]], noun: str, plural: str = "") -> str:
    reached, every = (sum(column) for column in zip(*pairs, strict=True))
    name = noun if every == 1 else plural or f"{noun}s"
    return f"{reached} of {every} {name} ({percent(reached, every)})"


def percent(part: int, whole: int) -> str:
    """A share; 100% stands only for all of it."""
    return f"{100 * part // whole}%" if whole else "100%"


def place(hunk: HunkReach) -> str:
    """Where a hunk stands in the tree."""
    lines = f"{hunk.first}" if hunk.first == hunk.last else f"{hunk.first}-{hunk.last}"
    return f"{words.escape(hunk.file)}:{lines}"
