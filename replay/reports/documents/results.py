"""The document of any result."""

from replay.analysis.attribute import AttributedDiff
from replay.analysis.explain import Explanation
from replay.engine.diff import Diff
from replay.engine.trace import ModelTrace
from replay.reports.documents.bisect import BisectReport
from replay.reports.documents.check import CheckReport, CheckReports
from replay.reports.documents.common import LogReport
from replay.reports.documents.conform import ConformReport, RecordingReport
from replay.reports.documents.diff import DiffReports, diff_report
from replay.reports.documents.explain.explain import ExplainReport, explain_report
from replay.reports.documents.graph import Drawing
from replay.reports.documents.many.groups import DiffGroups
from replay.reports.documents.run import RunReport, run_report
from replay.reports.documents.search.build_bisection import BuildBisectionReport
from replay.reports.documents.search.coverage import CoverageReport
from replay.reports.documents.search.hunt import HuntReports
from replay.reports.documents.search.minimal_patches import MinimalReport
from replay.reports.documents.search.shrink import ShrinkReport
from replay.reports.documents.search.touched import TouchedReport
from replay.reports.documents.walk.walk import Walk

Document = (
    DiffReports
    | DiffGroups
    | RunReport
    | LogReport
    | ExplainReport
    | BisectReport
    | CheckReports
    | ConformReport
    | RecordingReport
    | Drawing
    | ShrinkReport
    | HuntReports
    | MinimalReport
    | BuildBisectionReport
    | CoverageReport
    | TouchedReport
    | Walk
)
Result = Diff | AttributedDiff | ModelTrace | Explanation | BisectReport | CheckReport


def document_of(result: Result) -> Document:
    """The document of a diff, a trace, an explanation, a bisection or a check."""
    match result:
        case AttributedDiff():
            return DiffReports((diff_report(result.diff, result.attribution),))
        case Diff():
            return DiffReports((diff_report(result),))
        case ModelTrace():
            return run_report(result)
        case Explanation():
            return explain_report([[result]])
        case CheckReport():
            return CheckReports((result,))
        case _:
            return result
