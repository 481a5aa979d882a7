"""replay diff."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from replay.cli import arguments
from replay.cli.app import DIFFERS, TROUBLE, app, print_parts, print_result
from replay.cli.completion import complete_patches, complete_words
from replay.cli.options import OutputFile, format_option
from replay.cli.players import QemuOption, players_of
from replay.cli.progress_bar import with_progress
from replay.cli.session import Session
from replay.cli.terminal import print_note
from replay.cli.work.diff_run import DiffRun, headline_reports
from replay.cli.work.pools import Scheduler, Workers, pool_of
from replay.cli.work.stored_logs import LogName, StoredLogs
from replay.errors import ReplayError
from replay.events.event import Log
from replay.files import deliver
from replay.reports.rendering import OutputFormat, RenderOptions, render
from replay.reports.text.headlines import headlines
from replay.reports.verdict import Verdict
from replay.reports.words import escape
from replay.variants.variant import expressions

if TYPE_CHECKING:
    from replay.analysis.baseline import AcceptedEffect
    from replay.reports.documents.many.history import History

ReportFormat = Annotated[OutputFormat, format_option("DiffReports")]


class LogsAfterDashes(TyperCommand):
    """A command that counts how many of its words stand behind a "--"."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Counts them, since click takes the dashes away."""
        dashes = args.index("--") if "--" in args else None
        ctx.meta["logs"] = None if dashes is None else len(args) - dashes - 1
        return super().parse_args(ctx, args)


@app.command("diff", cls=LogsAfterDashes)
def diff_logs(
    context: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[A..B | A B ...] LOG", autocompletion=complete_words),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All stored logs.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Headlines only.")] = False,
    only: Annotated[
        str,
        typer.Option(
            metavar="SHA,...", help="What these patches do.", autocompletion=complete_patches
        ),
    ] = "",
    other_than: Annotated[
        str,
        typer.Option(
            "--except",
            metavar="SHA,...",
            help="What other patches do.",
            autocompletion=complete_patches,
        ),
    ] = "",
    details: Annotated[
        bool, typer.Option("--details", help="All values in each variant too.")
    ] = False,
    attribution: Annotated[
        bool | None,
        typer.Option(
            "--attribution/--no-attribution",
            help="Look for the patches however long it takes, or not at all.",
        ),
    ] = None,
    interactions: Annotated[
        bool, typer.Option("--interactions", help="Which patches matter only together.")
    ] = False,
    baseline: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Leave out what this file accepts.")
    ] = None,
    write_baseline: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a file that accepts all of it.")
    ] = None,
    accept_in: Annotated[
        str | None,
        typer.Option(metavar="GLOB", help="Accept it in the logs of these names, not in its own."),
    ] = None,
    since: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="What changed since a run whose page or JSON this is."),
    ] = None,
    reach: Annotated[
        bool, typer.Option("--reach", help="What they ran through of what changed, always.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 2 if any event was not compared.")
    ] = False,
    binary: QemuOption = None,
    workers: Workers = "auto",
    scheduler: Scheduler = None,
    format: ReportFormat = OutputFormat.TEXT,
    output: OutputFile = None,
) -> None:
    """Replay logs in several variants and compare; exit with 1 if they differ.

    Where nothing could be compared the status is 2.
    """
    needing = (attribution, only, other_than, interactions, baseline, write_baseline)
    attributed = any(needing) or attribution
    if quiet and since:
        raise ReplayError("headlines tell no history", do="leave --quiet or --since out")
    if attributed and (quiet or attribution is False):
        what = "--attribution, --only, --except, --interactions and baselines need the patches"
        raise ReplayError(what, do="leave --quiet and --no-attribution out")
    session: Session = context.obj
    series = session.subject().series
    choice = arguments.split_arguments(
        words or (), context.meta["logs"], session.subject(), session.named
    )
    if interactions and _is_several(choice, every) and not details and format == OutputFormat.TEXT:
        raise ReplayError("an overview tells no interactions", do="say --details, or name the logs")
    run = _run(session, choice, every, attributed, binary)
    if run.is_model and (interactions or len(run.logs) > 1):
        run = replace(run, pool=pool_of(session, workers, scheduler))
    if quiet:
        brief = [*headline_reports(run)]
        print_result(headlines(brief), output)
        is_whole = all(report.compared.is_all for report in brief)
        raise typer.Exit(_status({report.verdict for report in brief}, is_whole, strict))
    # What patches did needs most of the program, and headlines need little of it.
    from replay.analysis.baseline import format_baseline, read_baseline  # noqa: PLC0415
    from replay.cli.log_diffs import DiffOptions, Tally, patches_of  # noqa: PLC0415
    from replay.cli.work.diff_documents import DiffForm, document, results  # noqa: PLC0415
    from replay.reports.json.diff import diff_list  # noqa: PLC0415

    form = DiffForm(format, details, _history(since, run) if since else None)
    options = DiffOptions(
        patches_of(only, run.variants, series),
        patches_of(other_than, run.variants, series),
        read_baseline(baseline) if baseline else (),
        interactions,
        accept_in,
        reach,
        write_baseline is not None,
    )
    tally = Tally()
    if form.is_list(run):
        print_parts(diff_list(tally.reports(results(run, options, form))), output)
    else:
        shown = RenderOptions(details, with_progress)
        print_result(render(document(run, options, form, tally), format, shown), output)
    _warn_of_unused(baseline, tally.unused(options.accepted, run.logs), every)
    if write_baseline:
        deliver([format_baseline(tally.entries).encode()], write_baseline)
    status = _status(tally.verdicts, tally.is_whole, strict)
    if status and not (write_baseline and status == DIFFERS):
        raise typer.Exit(status)


def _run(
    session: Session,
    choice: arguments.Choice,
    every: bool,
    attributed: bool | None,
    binary: str | None,
) -> DiffRun:
    """What an invocation compares, without any helpers yet."""
    subject, named = session.subject(), session.named
    variants = arguments.resolve_variants(choice.variants, subject, named)
    players = players_of(choice.variants, variants, subject, binary, named, session.hold)
    several = _is_several(choice, every)
    choose = session.log_names if several else session.logs
    logs: Sequence[Log | LogName] = choose(
        choice.logs, every, "compare", expressions(subject, named)
    )
    if len(variants) < len(players):
        attributed = False
    elif several or len(logs) > 1:
        attributed = attributed is not False
    return DiffRun(StoredLogs(session.db), logs, several, players, variants, attributed)


def _is_several(choice: arguments.Choice, every: bool) -> bool:
    """Whether logs are meant that are not named one by one."""
    return every or any(map(arguments.is_pattern, choice.logs))


def _history(since: Path, run: DiffRun) -> "History":
    """What a run before found; raises ReplayError if it compared something else."""
    from replay.reports.documents.many.kept_history import read_history  # noqa: PLC0415

    before = read_history(since)
    then, now = len(before.runs[-1].variants), len(run.players)
    if then != now:
        what = f"has {then} variants, and this run {now}"
        raise ReplayError(what, where=str(since), do="compare as many, in the same order")
    return before


def _status(verdicts: AbstractSet[Verdict], is_whole: bool, strict: bool) -> int:
    """As diff(1) has it: where nothing could be compared there is trouble and no agreement."""
    if verdicts == {"not compared"} or (strict and not is_whole):
        return TROUBLE
    return DIFFERS if "differs" in verdicts else 0


MOST_UNUSED = 5
"""Entries of a baseline that are named one by one where not all logs are compared."""


def _warn_of_unused(file: Path | None, unused: Sequence["AcceptedEffect"], every: bool) -> None:
    """Says which entries of a baseline cover nothing any more; not all if these are few logs."""
    shown = unused if every else unused[:MOST_UNUSED]
    for entry in shown:
        what = " ".join(filter(None, (entry.kind, entry.path, entry.field, "in", entry.log)))
        print_note(f"replay: {file}: no longer occurs: {escape(what)}, by {entry.patch}")
    if more := len(unused) - len(shown):
        print_note(f"replay: {file}: {more} more that do not occur in these logs; --all tells them")
