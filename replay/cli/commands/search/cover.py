"""replay cover."""

from collections.abc import Sequence
from typing import Annotated

import typer

from replay.analysis.attribute import attribute
from replay.analysis.search.coverage import Names, coverage, log_reaches, smallest_cover
from replay.cli.app import app, print_result
from replay.cli.completion import complete_logs, complete_variants
from replay.cli.options import OutputFile, format_option
from replay.cli.progress_bar import with_progress
from replay.cli.session import Session
from replay.engine.diff import diff
from replay.engine.replay import replay
from replay.errors import ReplayError
from replay.events.event import Log
from replay.reports.documents.search.coverage import coverage_report
from replay.reports.rendering import OutputFormat, render
from replay.variants.path import changes_between
from replay.variants.variant import Variant, parse_range

ReportFormat = Annotated[OutputFormat, format_option("CoverageReport")]


@app.command("cover")
def cover_logs(
    context: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="LOG...", autocompletion=complete_logs)
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All stored logs.")] = False,
    at: Annotated[
        str | None,
        typer.Option(
            metavar="REV|A..B",
            autocompletion=complete_variants,
            help="Default: the last named. A..B: its patches alone.",
        ),
    ] = None,
    minimal: Annotated[
        bool, typer.Option("--minimal", help="As few logs as cover as much, and differ as much.")
    ] = False,
    format: ReportFormat = OutputFormat.TEXT,
    output: OutputFile = None,
) -> None:
    """Tell what of the model, and of which patches, logs run through, and what nothing reaches."""
    session: Session = context.obj
    ends = sides(session, at)
    logs = session.logs(names or (), every, "cover")
    covered = coverage(logs, ends[-1], with_progress)
    patches = [change.patch for change in changes_between(*ends)] if len(ends) == 2 else []
    if len(ends) == 2 and not patches:
        raise ReplayError(f"no patch lies between {ends[0].name} and {ends[1].name}")
    smallest = smallest_logs(logs, ends, session) if minimal else None
    print_result(render(coverage_report(covered, patches, smallest), format), output)


def sides(session: Session, at: str | None) -> tuple[Variant, ...]:
    """The variant that is covered, or the two of a range, of which it is the second."""
    is_range = at is not None and parse_range(at) is not None
    return session.ends(at) if is_range else (session.variant(at),)


def smallest_logs(logs: Sequence[Log], ends: Sequence[Variant], session: Session) -> Names:
    """As few logs as run through as much, and have the same divergences from the same patches."""
    start, end = ends if len(ends) == 2 else session.ends(None)
    reaches = log_reaches(logs, ends[-1])
    parts: dict[str, frozenset[object]] = {}
    for log, reach in with_progress(zip(logs, reaches, strict=True), len(logs), "logs compared"):
        difference = diff(replay(log, start), replay(log, end))
        causes = attribute(difference).causes
        effects = {
            (divergence.place, change.patch.name)
            for divergence, its_causes in zip(difference.divergences, causes, strict=True)
            for cause in its_causes
            for change in cause.changes
        }
        parts[log.name] = frozenset({*reach.lines, *reach.branches, *effects})
    return smallest_cover(parts)
