"""One table of what each result can be written as, and a report that picks from it."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from msgspec import Struct

from replay.analysis.attribute import AttributedDiff
from replay.analysis.explain import Explanation
from replay.engine.diff import Diff
from replay.engine.trace import ModelTrace
from replay.errors import ReplayError
from replay.files import deliver
from replay.reports import bisection, checks, explanation, markdown
from replay.reports.bisection import BisectReport
from replay.reports.checks import CheckReport
from replay.reports.documents import DiffReport, RunReport, run_report
from replay.reports.documents import report as diff_report
from replay.reports.explanation import ExplainReport, explain_report
from replay.reports.json.bisect import bisect as bisect_json
from replay.reports.json.check import checks as checks_json
from replay.reports.json.diff import diffs as diffs_json
from replay.reports.json.explain import explain as explain_json
from replay.reports.json.run import run as run_json
from replay.reports.text.diff import diff as diff_text
from replay.reports.text.page import WIDTH, Page
from replay.reports.text.run import run as run_text


class Form(StrEnum):
    """The forms of a report; each value is the suffix of its files too."""

    TEXT = "txt"
    JSON = "json"
    MARKDOWN = "md"
    HTML = "html"


Document = DiffReport | RunReport | ExplainReport | BisectReport | CheckReport
Result = Diff | AttributedDiff | ModelTrace | Explanation | BisectReport | CheckReport


def _diff_page(document: DiffReport) -> str:
    # Templates take long to import, and only pages need them.
    from replay.reports.html.diff import diffs  # noqa: PLC0415

    return diffs([document])


def _run_page(document: RunReport) -> str:
    from replay.reports.html.run import run  # noqa: PLC0415

    return run(document)


RENDERERS: Mapping[type, Mapping[Form, Callable[[Any], str | Page]]] = {
    DiffReport: {
        Form.TEXT: diff_text,
        Form.JSON: lambda document: diffs_json([document]),
        Form.MARKDOWN: lambda document: markdown.diffs([document]),
        Form.HTML: _diff_page,
    },
    RunReport: {
        Form.TEXT: run_text,
        Form.JSON: run_json,
        Form.MARKDOWN: markdown.run,
        Form.HTML: _run_page,
    },
    ExplainReport: {Form.TEXT: explanation.text, Form.JSON: explain_json},
    BisectReport: {Form.TEXT: bisection.text, Form.JSON: bisect_json},
    CheckReport: {
        Form.TEXT: lambda document: checks.text([document]),
        Form.JSON: lambda document: checks_json([document]),
    },
}
"""What there is for each kind of document; what is not here is not offered."""


class Report(Struct, frozen=True):
    """A result as its readers want it: str() is text, 80 columns wide; a notebook shows HTML."""

    document: Document

    def __str__(self) -> str:
        return self.text()

    def text(self, width: int = WIDTH) -> str:
        """The text, so many columns wide where words allow it."""
        page = self._render(Form.TEXT)
        lines = page.laid(width) if isinstance(page, Page) else ()
        return "".join(f"{line}\n" for _, line in lines)

    def json(self) -> str:
        """The JSON document that the command prints."""
        return str(self._render(Form.JSON))

    def markdown(self) -> str:
        """Markdown for a review. Raises ReplayError for a result that has none."""
        return str(self._render(Form.MARKDOWN))

    def html(self) -> str:
        """A page that needs nothing else. Raises ReplayError for a result that has none."""
        return str(self._render(Form.HTML))

    def save(self, path: str | Path) -> None:
        """Writes the form that the suffix names: .txt, .json, .md or .html.

        The file is whole or not there. Raises ReplayError for another suffix.
        """
        suffix = Path(path).suffix.removeprefix(".")
        if suffix not in {*Form}:
            do = f"end its name in one of {', '.join(f'.{form}' for form in Form)}"
            raise ReplayError(f"no form of a report has the suffix {suffix!r}", do=do)
        deliver([str(self._render(Form(suffix))).encode()], Path(path))

    def _repr_html_(self) -> str | None:
        return self.html() if Form.HTML in RENDERERS[type(self.document)] else None

    def _render(self, form: Form) -> str | Page:
        renderers = RENDERERS[type(self.document)]
        if form not in renderers:
            do = f"there are {', '.join(renderers)}"
            raise ReplayError(f"this result has no form {form}", do=do)
        return renderers[form](self.document)


def report(result: Result) -> Report:
    """The report of a diff, a trace, an explanation, a bisection or a check."""
    return Report(_document(result))


def _document(result: Result) -> Document:
    match result:
        case AttributedDiff():
            return diff_report(result.diff, result.attribution)
        case Diff():
            return diff_report(result)
        case ModelTrace():
            return run_report(result)
        case Explanation():
            return explain_report([[result]])
        case _:
            return result
