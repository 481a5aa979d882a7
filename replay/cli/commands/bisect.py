"""replay bisect."""

from collections.abc import Iterator
from typing import Annotated

import typer

from replay.analysis.bisect import Question, about_check, about_place, bisect
from replay.analysis.search.minimal_patches import MinimalPatches, minimal_patches
from replay.cli.app import app, print_result
from replay.cli.commands.bisect_builds import BuildQuestion, over_builds, place_of
from replay.cli.completion import complete_checks, complete_places, complete_variants
from replay.cli.options import ChecksFile, LogWord, OutputFile, format_option
from replay.cli.progress_bar import with_progress
from replay.cli.session import Session
from replay.engine.places import Place
from replay.engine.replay import replay
from replay.engine.trace import ModelTrace
from replay.errors import ReplayError
from replay.reports import words
from replay.reports.documents.bisect import bisect_report
from replay.reports.documents.search.minimal_patches import MinimalReport, minimal_report
from replay.reports.rendering import OutputFormat, render

ReportFormat = Annotated[
    OutputFormat, format_option("BisectReport", "MinimalReport", "BuildBisectionReport")
]


@app.command("bisect")
def bisect_log(
    context: typer.Context,
    name: LogWord,
    between: Annotated[
        str | None,
        typer.Argument(
            metavar="A..B",
            autocompletion=complete_variants,
            help="Default: the first and last named.",
        ),
    ] = None,
    check: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="A check's breach.", autocompletion=complete_checks),
    ] = None,
    outcome: Annotated[int | None, typer.Option(metavar="SEQ", help="An event's outcome.")] = None,
    field: Annotated[
        str | None, typer.Option(metavar="PATH.FIELD[.FLAG]", autocompletion=complete_places)
    ] = None,
    file: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="An image file.", autocompletion=complete_places),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every patch that changes it.")] = False,
    builds: Annotated[
        str | None,
        typer.Option(metavar="A,B,...", help="Real QEMUs in place of patches, in order."),
    ] = None,
    minimal: Annotated[
        bool, typer.Option("--minimal", help="As few patches as bring it about together.")
    ] = False,
    checks: ChecksFile = None,
    format: ReportFormat = OutputFormat.TEXT,
    output: OutputFile = None,
) -> None:
    """Find the patch that changes something; by default what the headline of the diff tells."""
    session: Session = context.obj
    if minimal and (every or builds):
        other = "--all" if every else "--builds"
        raise ReplayError(f"--minimal and {other} are two questions", do="give one of them")
    if sum(option is not None for option in (check, outcome, field, file)) > 1:
        raise ReplayError("a bisection is about one thing", do="give one option")
    if builds is not None:
        if between is not None:
            raise ReplayError("either patches or builds", do=f"leave out {between} or --builds")
        wanted = BuildQuestion(check, outcome, field or file, every, checks)
        print_result(render(over_builds(session, name, builds, wanted), format), output)
        return
    start, end = session.ends(between)
    log = session.log(name)
    ends = (replay(log, start, with_progress), replay(log, end, with_progress))
    target: Place | None = None
    if check is not None:
        about = check
        question = about_check(checks or start.subject.directory / "checks.py", check)
    else:
        target, seq = place_of(ends, outcome, field or file)
        about, question = words.place(target), about_place(ends, target, seq)
    if minimal:
        print_result(render(fewest(ends, about, question, target), format), output)
        return
    bisection = bisect(ends, question, every, with_progress)
    print_result(render(bisect_report(ends, about, bisection, target), format), output)


def fewest(
    ends: tuple[ModelTrace, ModelTrace], about: str, question: Question, target: Place | None
) -> MinimalReport:
    """The report of as few patches as bring about what differs."""
    best: list[MinimalPatches] = []
    count = abs(ends[0].variant.spec.depth - ends[1].variant.spec.depth)
    for _ in with_progress(_left_out(ends, question, best), count, "patches left out"):
        pass
    return minimal_report(ends, about, best[-1], target)


def _left_out(
    ends: tuple[ModelTrace, ModelTrace], question: Question, best: list[MinimalPatches]
) -> Iterator[int]:
    """A number for each patch that is not needed; the fewest so far are put into `best`."""
    left = None
    for step in minimal_patches(ends, question):
        best[:] = [step]
        yield from range((left or len(step.patches)) - len(step.patches))
        left = len(step.patches)
