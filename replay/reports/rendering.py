"""One table of what each document can be written as, and a report that picks from it."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from msgspec import Struct

from replay.errors import ReplayError
from replay.files import deliver
from replay.progress import Progress, no_progress
from replay.reports import json, markdown, text
from replay.reports.documents.bisect import BisectReport
from replay.reports.documents.check import CheckReports
from replay.reports.documents.conform import ConformReport, RecordingReport
from replay.reports.documents.diff import DiffReports
from replay.reports.documents.explain import ExplainReport
from replay.reports.documents.graph import Drawing
from replay.reports.documents.results import Document, Result, document_of
from replay.reports.documents.run import RunReport
from replay.reports.documents.search.build_bisection import BuildBisectionReport
from replay.reports.documents.search.coverage import CoverageReport
from replay.reports.documents.search.hunt import HuntReports
from replay.reports.documents.search.minimal_patches import MinimalReport
from replay.reports.documents.search.shrink import ShrinkReport
from replay.reports.documents.search.touched import TouchedReport
from replay.reports.drawing.dot import dot
from replay.reports.drawing.svg import document as svg_document
from replay.reports.json.search.build_bisection import build_bisection as build_bisection_json
from replay.reports.json.search.coverage import coverage as coverage_json
from replay.reports.json.search.hunt import hunts as hunts_json
from replay.reports.json.search.minimal_patches import minimal_patches as minimal_patches_json
from replay.reports.json.search.shrink import shrink as shrink_json
from replay.reports.json.search.touched import touched as touched_json
from replay.reports.lcov import lcov
from replay.reports.markdown.search.build_bisection import (
    build_bisection as build_bisection_markdown,
)
from replay.reports.markdown.search.coverage import coverage as coverage_markdown
from replay.reports.markdown.search.hunt import hunts as hunts_markdown
from replay.reports.markdown.search.minimal_patches import (
    minimal_patches as minimal_patches_markdown,
)
from replay.reports.markdown.search.shrink import shrink as shrink_markdown
from replay.reports.markdown.search.touched import touched as touched_markdown
from replay.reports.text.page import WIDTH, Page
from replay.reports.text.search.build_bisection import build_bisection as build_bisection_text
from replay.reports.text.search.coverage import coverage as coverage_text
from replay.reports.text.search.hunt import hunts as hunts_text
from replay.reports.text.search.minimal_patches import minimal_patches as minimal_patches_text
from replay.reports.text.search.shrink import shrink as shrink_text
from replay.reports.text.search.touched import touched as touched_text


class OutputFormat(StrEnum):
    """The forms of a report, by the words of --format."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "md"
    HTML = "html"
    SVG = "svg"
    DOT = "dot"
    LCOV = "lcov"

    @property
    def suffix(self) -> str:
        """How the names of such files end."""
        return ".txt" if self is OutputFormat.TEXT else f".{self}"


class RenderOptions(Struct, frozen=True):
    """How much is written: all `details`; of many logs an `overview`; and how far that has come.

    A format that can't have it otherwise writes the same with and without.
    """

    details: bool = False
    overview: bool = False
    progress: Progress = no_progress


AS_USUAL = RenderOptions()

Renderer = Callable[[Any, RenderOptions], str | Page]


def _diff_text(document: DiffReports, options: RenderOptions) -> Page:
    write = text.diff.overviews if options.overview else text.diff.diffs
    return write(document.logs, options.details)


def _diff_page(document: DiffReports, options: RenderOptions) -> str:
    # Templates take long to import, and only pages need them.
    from replay.reports.html.diff import diffs  # noqa: PLC0415

    return diffs(document.logs, options.progress)


def _run_page(document: RunReport, _: RenderOptions) -> str:
    from replay.reports.html.run import run as run_page  # noqa: PLC0415

    return run_page(document)


def _coverage_page(document: CoverageReport, _: RenderOptions) -> str:
    from replay.reports.html.coverage import coverage  # noqa: PLC0415

    return coverage(document)


def plain(write: Callable[[Any], str | Page]) -> Renderer:
    """The renderer that writes the same whatever is wanted."""
    return lambda document, _: write(document)


RENDERERS: Mapping[type, Mapping[OutputFormat, Renderer]] = {
    DiffReports: {
        OutputFormat.TEXT: _diff_text,
        OutputFormat.JSON: plain(json.diff.diffs),
        OutputFormat.MARKDOWN: plain(markdown.diff.diffs),
        OutputFormat.HTML: _diff_page,
    },
    RunReport: {
        OutputFormat.TEXT: plain(text.run.run),
        OutputFormat.JSON: plain(json.run.run),
        OutputFormat.MARKDOWN: plain(markdown.run.run),
        OutputFormat.HTML: _run_page,
    },
    ExplainReport: {
        OutputFormat.TEXT: plain(text.explain.explain),
        OutputFormat.JSON: plain(json.explain.explain),
        OutputFormat.MARKDOWN: plain(markdown.explain.explain),
    },
    BisectReport: {
        OutputFormat.TEXT: plain(text.bisect.bisect),
        OutputFormat.JSON: plain(json.bisect.bisect),
        OutputFormat.MARKDOWN: plain(markdown.bisect.bisect),
    },
    CheckReports: {
        OutputFormat.TEXT: plain(text.check.checks),
        OutputFormat.JSON: plain(json.check.checks),
        OutputFormat.MARKDOWN: plain(markdown.check.checks),
    },
    ConformReport: {
        OutputFormat.TEXT: lambda document, options: text.conform.conform(
            document, options.details
        ),
        OutputFormat.JSON: lambda document, options: json.conform.conform(
            document, options.details
        ),
        OutputFormat.MARKDOWN: lambda document, options: markdown.conform.conform(
            document, options.details
        ),
    },
    RecordingReport: {
        OutputFormat.TEXT: plain(text.conform.recordings),
        OutputFormat.JSON: plain(json.conform.recordings),
        OutputFormat.MARKDOWN: plain(markdown.conform.recordings),
    },
    ShrinkReport: {
        OutputFormat.TEXT: plain(shrink_text),
        OutputFormat.JSON: plain(shrink_json),
        OutputFormat.MARKDOWN: plain(shrink_markdown),
    },
    HuntReports: {
        OutputFormat.TEXT: plain(hunts_text),
        OutputFormat.JSON: plain(hunts_json),
        OutputFormat.MARKDOWN: plain(hunts_markdown),
    },
    MinimalReport: {
        OutputFormat.TEXT: plain(minimal_patches_text),
        OutputFormat.JSON: plain(minimal_patches_json),
        OutputFormat.MARKDOWN: plain(minimal_patches_markdown),
    },
    BuildBisectionReport: {
        OutputFormat.TEXT: plain(build_bisection_text),
        OutputFormat.JSON: plain(build_bisection_json),
        OutputFormat.MARKDOWN: plain(build_bisection_markdown),
    },
    CoverageReport: {
        OutputFormat.TEXT: plain(coverage_text),
        OutputFormat.JSON: plain(coverage_json),
        OutputFormat.MARKDOWN: plain(coverage_markdown),
        OutputFormat.HTML: _coverage_page,
        OutputFormat.LCOV: plain(lcov),
    },
    TouchedReport: {
        OutputFormat.TEXT: plain(touched_text),
        OutputFormat.JSON: plain(touched_json),
        OutputFormat.MARKDOWN: plain(touched_markdown),
    },
    Drawing: {OutputFormat.SVG: plain(svg_document), OutputFormat.DOT: plain(dot)},
}
"""What there is for each kind of document; what is not here is not offered."""


def formats(*documents: type) -> tuple[OutputFormat, ...]:
    """The formats that all of these kinds of documents have, in the order of the first."""
    first, *others = (RENDERERS[document] for document in documents)
    return tuple(format for format in first if all(format in other for other in others))


def render(
    document: Document, format: OutputFormat, options: RenderOptions = AS_USUAL
) -> str | Page:
    """The document in a format. Raises ReplayError if there is none for its kind."""
    renderers = RENDERERS[type(document)]
    if format not in renderers:
        do = f"there are {', '.join(renderers)}"
        raise ReplayError(f"this result has no form {format}", do=do)
    return renderers[format](document, options)


class Report(Struct, frozen=True):
    """A result as its readers want it: str() is text, 80 columns wide; a notebook shows HTML."""

    document: Document

    def __str__(self) -> str:
        return self.text()

    def text(self, width: int = WIDTH) -> str:
        """The text, so many columns wide where words allow it."""
        page = render(self.document, OutputFormat.TEXT)
        lines = page.laid(width) if isinstance(page, Page) else ()
        return "".join(f"{line}\n" for _, line in lines)

    def json(self) -> str:
        """The JSON document that the command prints."""
        return str(render(self.document, OutputFormat.JSON))

    def markdown(self) -> str:
        """Markdown for a review. Raises ReplayError for a result that has none."""
        return str(render(self.document, OutputFormat.MARKDOWN))

    def html(self) -> str:
        """A page that needs nothing else. Raises ReplayError for a result that has none."""
        return str(render(self.document, OutputFormat.HTML))

    def save(self, path: str | Path) -> None:
        """Writes the form that the suffix names: .txt, .json, .md or .html.

        The file is whole or not there. Raises ReplayError for another suffix.
        """
        suffix = Path(path).suffix
        by_suffix = {format.suffix: format for format in formats(type(self.document))}
        if suffix not in by_suffix:
            do = f"end its name in one of {', '.join(by_suffix)}"
            raise ReplayError(f"no form of this report has the suffix {suffix!r}", do=do)
        deliver([str(render(self.document, by_suffix[suffix])).encode()], Path(path))

    def _repr_html_(self) -> str | None:
        offered = OutputFormat.HTML in RENDERERS[type(self.document)]
        return self.html() if offered else None


def report(result: Result) -> Report:
    """The report of a diff, a trace, an explanation, a bisection or a check."""
    return Report(document_of(result))
