"""The coverage report as a document, text, HTML, coverage.py's JSON and lcov."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from replay.analysis.search.coverage import Coverage, HunkReach, Names, hunks, missing_lines
from replay.analysis.search.statements import Branch, Line
from replay.analysis.search.touched import functions_of_patch
from replay.reports import words
from replay.reports.documents import VariantId
from replay.reports.json import document
from replay.reports.text.page import Page, Piece, block, line, page, variant_lines
from replay.series import Patch, label


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
    `smallest` are as few logs as cover as much and have the same divergences, None if nobody asked.
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
        MissingFunction(it.file, it.name, missing_lines(covered, it), len(it.statements))
        for it in covered.code.functions
    )
    found = hunks(covered, patches)
    can = {hunk.patch.name for hunk in found if hunk.statements}
    asked = patches or variant.tree.patches
    return CoverageReport(
        variant=VariantId(variant.name, variant.revision, variant.digest),
        logs=covered.logs,
        files=tuple(_files(covered)),
        hunks=found,
        missing=tuple(it for it in missing if it.lines),
        functions={
            patch.name: functions_of_patch(covered, patch)
            for patch in asked
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
        branches = tuple(it for it in covered.code.branches if it.file == file.name)
        taken = tuple(it for it in branches if it in covered.branches)
        lines = covered.lines
        yield FileReach(
            name=file.name,
            statements=statements,
            reached=tuple(n for n in statements if (file.name, n) in lines),
            branches=branches,
            taken=taken,
            source=tuple(_source(covered, file.name, {*statements}, {*branches} - {*taken})),
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


# Text

MOST_NAMES = 3
"""Names of logs that are told one by one in a line."""


def text(report: CoverageReport) -> Page:
    """How much of each file is reached, each patch's hunks, and what nothing reaches."""
    return page(_pieces(report))


def _pieces(report: CoverageReport) -> Iterator[str | Piece]:
    yield from variant_lines([report.variant])
    yield ""
    yield block("", verdict(report), role="headline")
    if report.smallest is not None:
        yield ""
        names = ", ".join(map(words.escape, report.smallest))
        count = words.count(len(report.smallest), "log")
        yield block("", f"{count} cover as much and have the same divergences: {names}", hang=2)
    if not report.patches:
        yield ""
        yield line("files", "heading")
        yield from _table(report.files)
    yield ""
    yield line("patches", "heading")
    for patch in report.patches or report.series:
        found = [hunk for hunk in report.hunks if hunk.patch == patch]
        yield from _patch(patch, found, report.functions.get(patch.name, {}))
    if report.missing and not report.patches:
        yield ""
        yield line("nothing reaches", "heading")
        yield from map(_missing, report.missing)


def verdict(report: CoverageReport) -> str:
    """How much there is, and how much of it is reached."""
    statements = [(len(it.reached), len(it.statements)) for it in report.files]
    branches = [(len(it.taken), len(it.branches)) for it in report.files]
    told = f"{_share(statements, 'statement')} and {_share(branches, 'branch', 'branches')}"
    whole = f"{words.count(len(report.logs), 'log')} run{'s' if len(report.logs) == 1 else ''}"
    can = [hunk for hunk in report.hunks if hunk.statements]
    reached = sum(1 for hunk in can if hunk.reached)
    return f"{whole} through {told}, {reached} of {words.count(len(can), 'hunk')} with statements."


def _share(pairs: Sequence[tuple[int, int]], noun: str, plural: str = "") -> str:
    reached, every = (sum(column) for column in zip(*pairs, strict=True))
    name = noun if every == 1 else plural or f"{noun}s"
    return f"{reached} of {every} {name} ({percent(reached, every)})"


def percent(part: int, whole: int) -> str:
    """A share; 100% stands only for all of it."""
    return f"{100 * part // whole}%" if whole else "100%"


def _table(files: Sequence[FileReach]) -> Iterator[str]:
    rows = [
        (
            words.escape(it.name),
            f"{len(it.reached)}/{len(it.statements)}",
            percent(len(it.reached), len(it.statements)),
            f"{len(it.taken)}/{len(it.branches)}",
            percent(len(it.taken), len(it.branches)),
        )
        for it in files
    ]
    rows = [("", "statements", "", "branches", ""), *rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for name, *cells in rows:
        told = "  ".join(map(str.rjust, cells, widths[1:]))
        yield f"  {name:{widths[0]}}  {told}".rstrip()


def _patch(
    patch: Patch, found: Sequence[HunkReach], functions: Mapping[str, Names]
) -> Iterator[str | Piece]:
    can = [hunk for hunk in found if hunk.statements]
    reached = [hunk for hunk in can if hunk.reached]
    told = f"{len(reached)} of {words.count(len(can), 'hunk')}"
    if not can:
        told = "no statement of its own" + ("; it changes" if functions else "")
    yield block("  ", f"{words.escape(label(patch))}: {told}", hang=2)
    for name, logs in functions.items():
        yield block("    ", f"{words.escape(name)}: {names(logs) or 'nothing reaches it'}", hang=2)
    for hunk in can:
        if not hunk.reached:
            yield block("    ", f"{place(hunk)}: nothing reaches it", hang=2, role="behaviour")
        elif len(hunk.reached) < len(hunk.statements):
            missing = sorted({*hunk.statements} - {*hunk.reached})
            told = f"{place(hunk)}: not {ranges(missing)}; {names(hunk.logs)}"
            yield block("    ", told, hang=2)
        else:
            yield block("    ", f"{place(hunk)}: {names(hunk.logs)}", hang=2)


def place(hunk: HunkReach) -> str:
    """Where a hunk stands in the tree."""
    lines = f"{hunk.first}" if hunk.first == hunk.last else f"{hunk.first}-{hunk.last}"
    return f"{words.escape(hunk.file)}:{lines}"


def names(logs: Names) -> str:
    """A few names, and how many more there are."""
    more = f" and {len(logs) - MOST_NAMES} more" if len(logs) > MOST_NAMES else ""
    return ", ".join(map(words.escape, logs[:MOST_NAMES])) + more


def _missing(it: MissingFunction) -> Piece:
    where = f"{words.escape(it.file)} {words.escape(it.name)}"
    if len(it.lines) == it.statements:
        return block("  ", f"{where}: all {words.count(it.statements, 'statement')}", hang=2)
    return block("  ", f"{where}: {ranges(it.lines)}", hang=2)


def ranges(numbers: Iterable[int]) -> str:
    """ "3, 5-7": numbers that follow each other together."""
    groups: list[list[int]] = []
    for number in sorted(numbers):
        if groups and groups[-1][1] == number - 1:
            groups[-1][1] = number
        else:
            groups.append([number, number])
    return ", ".join(f"{a}" if a == b else f"{a}-{b}" for a, b in groups)


# JSON in coverage.py's form, and lcov


def json(report: CoverageReport) -> str:
    """What `coverage json` writes, so that its readers can be used; contexts are logs."""
    told = {
        "meta": {
            "format": 3,
            "version": "replay",
            "branch_coverage": True,
            "show_contexts": True,
            "variant": report.variant,
            "logs": report.logs,
            "smallest": report.smallest,
        },
        "files": {it.name: _file_json(it) for it in report.files},
        "patches": [_hunk_json(hunk) for hunk in report.hunks],
        "totals": _summary(report.files),
    }
    return document(told)


def _file_json(it: FileReach) -> dict[str, Any]:
    missing = [branch for branch in it.branches if branch not in it.taken]
    return {
        "executed_lines": it.reached,
        "summary": _summary([it]),
        "missing_lines": [n for n in it.statements if n not in it.contexts],
        "excluded_lines": [],
        "executed_branches": [(branch.start, branch.end) for branch in it.taken],
        "missing_branches": [(branch.start, branch.end) for branch in missing],
        "contexts": {str(number): logs for number, logs in it.contexts.items()},
    }


def _summary(files: Sequence[FileReach]) -> dict[str, Any]:
    covered = sum(len(it.reached) for it in files)
    statements = sum(len(it.statements) for it in files)
    taken = sum(len(it.taken) for it in files)
    branches = sum(len(it.branches) for it in files)
    whole = statements + branches
    share = 100 * (covered + taken) / whole if whole else 100.0
    return {
        "covered_lines": covered,
        "num_statements": statements,
        "percent_covered": share,
        "percent_covered_display": f"{share:.0f}",
        "missing_lines": statements - covered,
        "excluded_lines": 0,
        "num_branches": branches,
        "num_partial_branches": sum(1 for it in files for line in it.source if line.half),
        "covered_branches": taken,
        "missing_branches": branches - taken,
    }


def _hunk_json(hunk: HunkReach) -> dict[str, Any]:
    told = {"patch": hunk.patch.sha or hunk.patch.name, "subject": hunk.patch.subject}
    lines = {"file": hunk.file, "first": hunk.first, "last": hunk.last}
    reached = {"statements": hunk.statements, "reached": hunk.reached, "logs": hunk.logs}
    return {**told, **lines, **reached}


def lcov(report: CoverageReport) -> str:
    """The tracefile that genhtml and editors read."""
    return "".join(f"{told}\n" for it in report.files for told in _lcov(it))


def _lcov(it: FileReach) -> Iterator[str]:
    yield "TN:replay"
    yield f"SF:{words.escape(it.name)}"
    for branch in it.branches:
        # BRDA: line, block, number of the branch, how often it was taken, "-" if nothing came there
        taken = f"{int(branch in it.taken)}" if branch.start in it.contexts else "-"
        yield f"BRDA:{branch.start},0,{0 if branch.into else 1},{taken}"
    yield f"BRF:{len(it.branches)}"
    yield f"BRH:{len(it.taken)}"
    yield from (f"DA:{number},{len(it.contexts.get(number, ()))}" for number in it.statements)
    yield f"LF:{len(it.statements)}"
    yield f"LH:{len(it.reached)}"
    yield "end_of_record"


# HTML


def html(report: CoverageReport) -> str:
    """A page that needs nothing else: the source, and for each line the logs that reach it."""
    # Templates take long to import, and only pages need them.
    from replay.reports.html.templates import digest, environment  # noqa: PLC0415
    from replay.reports.html.templates import text as file_text  # noqa: PLC0415

    style = file_text("page.css") + file_text("coverage.css")
    found = environment(percent=percent, place=place, names=names, label=label)
    template = found.get_template("coverage.html.j2")
    return template.render(
        report=report, headline=verdict(report), style=style, style_hash=digest(style)
    )
