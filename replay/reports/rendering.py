"""One table of what each document can be written as, and a report that picks from it."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from replay.errors import ReplayError
from replay.files import deliver
from replay.printable import without_controls
from replay.progress import Progress, no_progress
from replay.reports.text.page import WIDTH, Page

if TYPE_CHECKING:
    from replay.reports.documents.diff import DiffReports
    from replay.reports.documents.many.groups import DiffGroups
    from replay.reports.documents.results import Document, Result


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
    """How much is written: all `details`; and what is told how far that has come.

    A format that can't have it otherwise writes the same with and without.
    """

    details: bool = False
    progress: Progress = no_progress


AS_USUAL = RenderOptions()

Renderer = Callable[[Any, RenderOptions], str | Page]


def function(place: str) -> Callable[..., str | Page]:
    """What stands at MODULE:NAME. A command writes one form of one document, and needs no other."""
    module, _, name = place.partition(":")
    found: Callable[..., str | Page] = getattr(import_module(f"replay.reports.{module}"), name)
    return found


def plain(place: str) -> Renderer:
    """The renderer there, which writes the same whatever is wanted."""
    return lambda document, _: function(place)(document)


def detailed(place: str) -> Renderer:
    """The renderer there, which may write all details."""
    return lambda document, options: function(place)(document, options.details)


def _diff_page(document: "DiffReports | DiffGroups", options: RenderOptions) -> str | Page:
    return function("html.diff:diffs")(document, options.progress)


RENDERERS: Mapping[str, Mapping[OutputFormat, Renderer]] = {
    "DiffReports": {
        OutputFormat.TEXT: detailed("text.diff:diffs"),
        OutputFormat.JSON: plain("json.diff:diffs"),
        OutputFormat.MARKDOWN: plain("markdown.diff:diffs"),
        OutputFormat.HTML: _diff_page,
    },
    "DiffGroups": {
        OutputFormat.TEXT: detailed("text.diff:overviews"),
        OutputFormat.HTML: _diff_page,
    },
    "LogReport": {
        OutputFormat.TEXT: plain("text.run:log"),
        OutputFormat.JSON: plain("json.log:log"),
    },
    "RunReport": {
        OutputFormat.TEXT: plain("text.run:run"),
        OutputFormat.JSON: plain("json.run:run"),
        OutputFormat.MARKDOWN: plain("markdown.run:run"),
        OutputFormat.HTML: plain("html.run:run"),
    },
    "ExplainReport": {
        OutputFormat.TEXT: plain("text.explain:explain"),
        OutputFormat.JSON: plain("json.explain:explain"),
        OutputFormat.MARKDOWN: plain("markdown.explain:explain"),
    },
    "BisectReport": {
        OutputFormat.TEXT: plain("text.bisect:bisect"),
        OutputFormat.JSON: plain("json.bisect:bisect"),
        OutputFormat.MARKDOWN: plain("markdown.bisect:bisect"),
    },
    "CheckReports": {
        OutputFormat.TEXT: plain("text.check:checks"),
        OutputFormat.JSON: plain("json.check:checks"),
        OutputFormat.MARKDOWN: plain("markdown.check:checks"),
    },
    "ConformReport": {
        OutputFormat.TEXT: detailed("text.conform:conform"),
        OutputFormat.JSON: detailed("json.conform:conform"),
        OutputFormat.MARKDOWN: detailed("markdown.conform:conform"),
    },
    "RecordingReport": {
        OutputFormat.TEXT: plain("text.conform:recordings"),
        OutputFormat.JSON: plain("json.conform:recordings"),
        OutputFormat.MARKDOWN: plain("markdown.conform:recordings"),
    },
    "ShrinkReport": {
        OutputFormat.TEXT: plain("text.search.shrink:shrink"),
        OutputFormat.JSON: plain("json.search.shrink:shrink"),
        OutputFormat.MARKDOWN: plain("markdown.search.shrink:shrink"),
    },
    "HuntReports": {
        OutputFormat.TEXT: plain("text.search.hunt:hunts"),
        OutputFormat.JSON: plain("json.search.hunt:hunts"),
        OutputFormat.MARKDOWN: plain("markdown.search.hunt:hunts"),
    },
    "BuildBisectionReport": {
        OutputFormat.TEXT: plain("text.search.build_bisection:build_bisection"),
        OutputFormat.JSON: plain("json.search.build_bisection:build_bisection"),
        OutputFormat.MARKDOWN: plain("markdown.search.build_bisection:build_bisection"),
    },
    "MinimalReport": {
        OutputFormat.TEXT: plain("text.search.minimal_patches:minimal_patches"),
        OutputFormat.JSON: plain("json.search.minimal_patches:minimal_patches"),
        OutputFormat.MARKDOWN: plain("markdown.search.minimal_patches:minimal_patches"),
    },
    "CoverageReport": {
        OutputFormat.TEXT: plain("text.search.coverage:coverage"),
        OutputFormat.JSON: plain("json.search.coverage:coverage"),
        OutputFormat.MARKDOWN: plain("markdown.search.coverage:coverage"),
        OutputFormat.HTML: plain("html.coverage:coverage"),
        OutputFormat.LCOV: plain("lcov:lcov"),
    },
    "TouchedReport": {
        OutputFormat.TEXT: plain("text.search.touched:touched"),
        OutputFormat.JSON: plain("json.search.touched:touched"),
        OutputFormat.MARKDOWN: plain("markdown.search.touched:touched"),
    },
    "Drawing": {
        OutputFormat.SVG: plain("drawing.svg:document"),
        OutputFormat.DOT: plain("drawing.dot:dot"),
    },
    "Walk": {OutputFormat.TEXT: plain("text.walk:walk")},
}
"""What there is for each kind of document, by its name; what is not here is not offered."""


def formats(*documents: str) -> tuple[OutputFormat, ...]:
    """The formats that all documents of these names have, in the order of the first."""
    first, *others = (RENDERERS[document] for document in documents)
    return tuple(format for format in first if all(format in other for other in others))


def render(
    document: "Document", format: OutputFormat, options: RenderOptions = AS_USUAL
) -> str | Page:
    """The document in a format. Raises ReplayError if there is none for its kind."""
    renderers = RENDERERS[type(document).__name__]
    if format not in renderers:
        do = f"there are {', '.join(renderers)}"
        raise ReplayError(f"this result has no form {format}", do=do)
    result = renderers[format](document, options)
    return without_controls(result) if isinstance(result, str) else result


class Report(Struct, frozen=True):
    """A result as its readers want it: str() is text, 80 columns wide; a notebook shows HTML."""

    document: "Document"

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
        by_suffix = {format.suffix: format for format in formats(type(self.document).__name__)}
        if suffix not in by_suffix:
            do = f"end its name in one of {', '.join(by_suffix)}"
            raise ReplayError(f"no form of this report has the suffix {suffix!r}", do=do)
        deliver([str(render(self.document, by_suffix[suffix])).encode()], Path(path))

    def _repr_html_(self) -> str | None:
        offered = OutputFormat.HTML in RENDERERS[type(self.document).__name__]
        return self.html() if offered else None


def report(result: "Result") -> Report:
    """The report of a diff, a trace, an explanation, a bisection or a check."""
    # It knows every kind of document.
    from replay.reports.documents.results import document_of  # noqa: PLC0415

    return Report(document_of(result))
