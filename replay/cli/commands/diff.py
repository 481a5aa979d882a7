"""replay diff."""

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from replay.analysis.play import play
from replay.cli import arguments
from replay.cli.app import DIFFERS, TROUBLE, app, print_parts, print_result
from replay.cli.completion import complete_patches, complete_words
from replay.cli.options import OutputFile, format_option
from replay.cli.players import Player, QemuOption, players_of
from replay.cli.progress_bar import with_progress
from replay.cli.session import Session
from replay.cli.terminal import print_note
from replay.cli.work.pools import Scheduler, Workers, pool_of
from replay.cli.work.stored_logs import LogName, StoredLogs
from replay.engine.diff import Diff, diff
from replay.errors import ReplayError
from replay.events.event import Log
from replay.files import deliver
from replay.reports.documents.headline import HeadlineReport, headline_report
from replay.reports.rendering import OutputFormat, RenderOptions, render
from replay.reports.text.headlines import headlines
from replay.reports.verdict import Verdict
from replay.reports.words import escape
from replay.variants.variant import Variant, expressions
from replay.workers import Pool, as_done, each

if TYPE_CHECKING:
    from replay.analysis.baseline import AcceptedEffect
    from replay.reports.documents.many.groups import DiffGroups

ReportFormat = Annotated[OutputFormat, format_option("DiffReports")]


FEWEST_SHARED = 10
"""Logs from which on it pays to look for what they have in common."""


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
    no_attribution: Annotated[
        bool, typer.Option("--no-attribution", help="Do not look for the patches.")
    ] = False,
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
    attributed = not (quiet or no_attribution)
    if quiet and since:
        raise ReplayError("headlines tell no history", do="leave --quiet or --since out")
    if not attributed and any([only, other_than, interactions, baseline, write_baseline]):
        what = "--only, --except, --interactions and baselines need to know the patches"
        raise ReplayError(what, do="leave --quiet and --no-attribution out")
    session: Session = context.obj
    subject = session.subject()
    choice = arguments.split_arguments(words or (), context.meta["logs"], subject, session.named)
    compared = arguments.resolve_variants(choice.variants, subject, session.named)
    players = players_of(choice.variants, compared, subject, binary, session.named, session.hold)
    attributed = attributed and len(compared) == len(players)
    several = every or any(map(arguments.is_pattern, choice.logs))
    if interactions and several and not details and format == OutputFormat.TEXT:
        raise ReplayError("an overview tells no interactions", do="say --details, or name the logs")
    near = expressions(subject, session.named)
    choose = session.log_names if several else session.logs
    logs: Sequence[Log | LogName] = choose(choice.logs, every, "compare", near)
    is_model = len(compared) == len(players)
    is_shared = is_model and len(logs) >= FEWEST_SHARED
    is_long = is_model and (interactions or len(logs) > 1)
    pool = pool_of(session, workers, scheduler) if is_long else None
    stored = StoredLogs(session.db)
    if quiet:
        if is_shared:
            headlined = _shared(stored, logs, compared, pool)
        else:
            alone = len(logs) == 1
            by_log = with_progress(_alone(stored, logs, players), len(logs), "logs")
            headlined = (headline_report(it, alone) for it in by_log)
        brief = [*headlined]
        print_result(headlines(brief), output)
        is_whole = all(report.compared.is_all for report in brief)
        raise typer.Exit(_status({report.verdict for report in brief}, is_whole, strict))
    # What patches did needs most of the program, and headlines need little of it.
    from replay.analysis.baseline import format_baseline, read_baseline  # noqa: PLC0415
    from replay.cli import log_diffs  # noqa: PLC0415
    from replay.cli.work.on_logs import DiffWork, OverviewWork  # noqa: PLC0415
    from replay.reports.documents.diff import DiffReports  # noqa: PLC0415
    from replay.reports.documents.many.groups import grouped, groups_of  # noqa: PLC0415
    from replay.reports.documents.many.kept_history import read_history  # noqa: PLC0415
    from replay.reports.json.diff import diff_list  # noqa: PLC0415

    before = read_history(since) if since else None
    if before and len(before.runs[-1].variants) != len(players):
        what = f"has {len(before.runs[-1].variants)} variants, and this run {len(players)}"
        raise ReplayError(what, where=str(since), do="compare as many, in the same order")
    accepted = read_baseline(baseline) if baseline else ()
    options = log_diffs.DiffOptions(
        log_diffs.patches_of(only, compared, subject.series),
        log_diffs.patches_of(other_than, compared, subject.series),
        accepted,
        interactions,
        accept_in,
        reach,
        write_baseline is not None,
    )
    is_page = format == OutputFormat.HTML
    is_overview = several and attributed and format == OutputFormat.TEXT
    tally = log_diffs.Tally()
    document: DiffReports | DiffGroups | None
    if is_shared and (is_page or (is_overview and not details)):
        work = DiffWork(stored, compared, options, attributed, False, has_frames=True)
        parts = OverviewWork(stored, compared, work)
        results = as_done(parts, logs, pool, with_progress, "logs")
        by_name = {log.name: log for log in logs}
        document = grouped(
            tally.parts(results), [*by_name], lambda name: work(by_name[name]).report, before
        )
    else:
        if is_model:
            has_frames = is_page or len(logs) == 1  # of one log they take little room
            work = DiffWork(stored, compared, options, attributed, not is_shared, has_frames)
            # A page has all that its traces have, which no process gives away.
            own = None if is_page else pool
            whole: Iterable[log_diffs.DiffResult] = (
                [work.of(stored.load(logs[0]), pool)]
                if len(logs) == 1
                else each(work, logs, own, with_progress, "logs")
            )
        else:
            compare = log_diffs.plainly(players)
            loaded = with_progress(map(stored.load, logs), len(logs), "logs")
            whole = (log_diffs.result_of(compare(it), options, attributed) for it in loaded)
        reports = tally.reports(whole)
        is_listed = format == OutputFormat.JSON and len(logs) > 1 and before is None
        document = None if is_listed else DiffReports(tuple(reports), before)
        if document and (is_overview or (is_page and len(logs) > 1)):
            document = groups_of(document)
    if document is None:
        print_parts(diff_list(reports), output)
    else:
        print_result(render(document, format, RenderOptions(details, with_progress)), output)
    names = [log.name for log in logs]
    unused = [e for n, e in enumerate(accepted) if n not in tally.used and e.is_about(names)]
    _warn_of_unused(baseline, unused, every)
    if write_baseline:
        deliver([format_baseline(tally.entries).encode()], write_baseline)
    status = _status(tally.verdicts, tally.is_whole, strict)
    if status and not (write_baseline and status == DIFFERS):
        raise typer.Exit(status)


def _alone(
    stored: StoredLogs, logs: Iterable[Log | LogName], players: Sequence[Player]
) -> Iterator[Diff]:
    """The diff of each log by itself."""
    return (diff(*play(players, log)) for log in map(stored.load, logs))


def _shared(
    stored: StoredLogs,
    logs: Sequence[Log | LogName],
    variants: tuple[Variant, ...],
    pool: Pool | None,
) -> Iterator[HeadlineReport]:
    """Headlines where logs that differ in names alone share the work."""
    from replay.cli.work.on_logs import HeadlineWork  # noqa: PLC0415, of many logs only

    return each(HeadlineWork(stored, variants), logs, pool, with_progress, "logs")


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
