"""replay cover."""

from collections.abc import Iterable, Sequence
from typing import Annotated

import typer

from replay.analysis.search.coverage import LogReach, Names, coverage_of, smallest_cover
from replay.cli.app import app, print_result
from replay.cli.arguments import is_pattern
from replay.cli.completion import complete_logs, complete_variants
from replay.cli.options import OutputFile, format_option
from replay.cli.progress_bar import with_progress
from replay.cli.session import Session
from replay.cli.work.on_logs import CoverWork, EffectsWork
from replay.cli.work.pools import Scheduler, Workers, pool_of
from replay.cli.work.stored_logs import LogName, StoredLogs
from replay.errors import ReplayError
from replay.events.event import Log
from replay.reports.documents.search.coverage import coverage_report
from replay.reports.rendering import OutputFormat, render
from replay.variants.path import changes_between
from replay.variants.variant import Variant, parse_range
from replay.workers import each

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
    workers: Workers = "auto",
    scheduler: Scheduler = None,
    format: ReportFormat = OutputFormat.TEXT,
    output: OutputFile = None,
) -> None:
    """Tell what of the model, and of which patches, logs run through, and what nothing reaches."""
    session: Session = context.obj
    ends = sides(session, at)
    several = every or any(map(is_pattern, names or ()))
    choose = session.log_names if several else session.logs
    logs: Sequence[Log | LogName] = choose(names or (), every, "cover")
    pool = pool_of(session, workers, scheduler) if len(logs) > 1 else None
    work = CoverWork(StoredLogs(session.db), ends[-1:])
    reaches = [*each(work, logs, pool, with_progress, "logs")]
    covered = coverage_of(ends[-1], reaches)
    patches = [change.patch for change in changes_between(*ends)] if len(ends) == 2 else []
    if len(ends) == 2 and not patches:
        raise ReplayError(f"no patch lies between {ends[0].name} and {ends[1].name}")
    smallest = None
    if minimal:
        pair = ends if len(ends) == 2 else session.ends(None)
        of_pair = EffectsWork(work.logs, pair)
        effects = each(of_pair, logs, pool, with_progress, "logs compared")
        smallest = smallest_logs(reaches, effects)
    print_result(render(coverage_report(covered, patches, smallest), format), output)


def sides(session: Session, at: str | None) -> tuple[Variant, ...]:
    """The variant that is covered, or the two of a range, of which it is the second."""
    is_range = at is not None and parse_range(at) is not None
    return session.ends(at) if is_range else (session.variant(at),)


def smallest_logs(reaches: Sequence[LogReach], effects: Iterable[frozenset[object]]) -> Names:
    """As few logs as run through as much, and have the same divergences from the same patches."""
    return smallest_cover(
        {
            reach.log: frozenset({*reach.lines, *reach.branches, *done})
            for reach, done in zip(reaches, effects, strict=True)
        }
    )
