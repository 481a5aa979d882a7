"""replay diff."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from msgspec import Struct
from msgspec.structs import replace
from typer.core import TyperCommand

from replay.analysis.attribute import Cause, attribute, model_traces, select
from replay.analysis.baseline import (
    AcceptedEffect,
    accepted_effects,
    format_baseline,
    occurring,
    read_baseline,
    without_accepted,
)
from replay.analysis.interactions import interactions
from replay.cli import arguments
from replay.cli.app import DIFFERS, TROUBLE, app, print_result
from replay.cli.options import OutputFile, format_option
from replay.cli.players import Player, QemuOption, players_of
from replay.cli.progress_bar import with_progress
from replay.cli.session import Session
from replay.cli.terminal import print_note
from replay.engine.diff import Diff, Divergence, diff
from replay.errors import ReplayError
from replay.events.event import Log
from replay.files import deliver
from replay.reports.documents.diff import (
    DiffReport,
    DiffReports,
    InteractionReport,
    diff_report,
    interaction_report,
)
from replay.reports.rendering import OutputFormat, RenderOptions, render
from replay.reports.text.diff import headlines
from replay.reports.words import escape
from replay.series import Patch, Series, find_patch
from replay.variants.variant import Variant, expressions

ReportFormat = Annotated[OutputFormat, format_option(DiffReports)]


class DiffOptions(Struct, frozen=True):
    """What an invocation is about: `only` these patches, none for all; not what is `accepted`.

    `interactions` is whether to look for patches that matter only together, `reach` whether to look
    for what a log that differs ran through of the changes.
    """

    only: tuple[Patch, ...]
    other_than: tuple[Patch, ...]
    accepted: tuple[AcceptedEffect, ...]
    interactions: bool
    accept_in: str | None = None
    reach: bool = False

    def lets_through(self, _: Divergence, cause: Cause) -> bool:
        """Whether the options let a cause through."""
        names = {change.patch.name for change in cause.changes}
        only, other_than = ({p.name for p in patches} for patches in (self.only, self.other_than))
        return bool(names - other_than) and (not only or bool(names & only))


class DiffResult(Struct, frozen=True):
    """A report, what would have to be accepted for it to be empty, and what was accepted by."""

    report: DiffReport
    entries: tuple[AcceptedEffect, ...] = ()
    used: frozenset[int] = frozenset()


def patches_of(text: str, variants: Sequence[Variant], series: Series) -> tuple[Patch, ...]:
    """The patches of SHA,... where a file that a variant adds may stand for a sha."""
    added = {patch.word: patch.patch for variant in variants for patch in variant.spec.extra}
    return tuple(
        added[word] if word in added else series.patches[find_patch(series, word)]
        for word in text.split(",")
        if word
    )


def compare(
    log: Log, players: Sequence[Player], options: DiffOptions, attributed: bool
) -> DiffResult:
    """What differs in a log in several variants, and by which patches if these are looked for."""
    difference = diff(*(play(log) for play in players))
    if not attributed:
        return DiffResult(diff_report(difference, reach=options.reach))
    selected = select(difference, attribute(difference, with_progress), options.lets_through)
    remaining = without_accepted(*selected, options.accepted)
    report = diff_report(*remaining, options.only, options.reach)
    if options.interactions:
        report = replace(report, together=_together(report, difference))
    used = occurring(*selected, options.accepted)
    return DiffResult(report, accepted_effects(*selected, options.accept_in), used)


def _together(report: DiffReport, difference: Diff) -> tuple[InteractionReport, ...]:
    """Of the patches of interest, of all that did something if none of those is there."""
    named = {patch.name for patch in report.named}
    causes = (cause for divergence in report.divergences for cause in divergence.causes)
    acting = {change.patch.name for cause in causes for change in cause.changes}
    names = named & acting or acting
    pairs = interactions(model_traces(difference), lambda patch: patch.name in names)
    return tuple(map(interaction_report, pairs))


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
    words: Annotated[list[str] | None, typer.Argument(metavar="[A..B | A B ...] LOG")] = None,
    every: Annotated[bool, typer.Option("--all", help="All stored logs.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Headlines only.")] = False,
    only: Annotated[str, typer.Option(metavar="SHA,...", help="What these patches do.")] = "",
    other_than: Annotated[
        str, typer.Option("--except", metavar="SHA,...", help="What other patches do.")
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
    reach: Annotated[
        bool, typer.Option("--reach", help="What they ran through of what changed, always.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 2 if any event was not compared.")
    ] = False,
    binary: QemuOption = None,
    format: ReportFormat = OutputFormat.TEXT,
    output: OutputFile = None,
) -> None:
    """Replay logs in several variants and compare; exit with 1 if they differ.

    Where nothing could be compared the status is 2.
    """
    attributed = not (quiet or no_attribution)
    if not attributed and any([only, other_than, interactions, baseline, write_baseline]):
        what = "--only, --except, --interactions and baselines need to know the patches"
        raise ReplayError(what, do="leave --quiet and --no-attribution out")
    session: Session = context.obj
    subject = session.subject()
    choice = arguments.split_arguments(words or (), context.meta["logs"], subject, session.named)
    compared = arguments.resolve_variants(choice.variants, subject, session.named)
    players = players_of(choice.variants, compared, subject, binary, session.named)
    attributed = attributed and len(compared) == len(players)
    several = every or any(map(arguments.is_pattern, choice.logs))
    if interactions and several and not details and format == OutputFormat.TEXT:
        raise ReplayError("an overview tells no interactions", do="say --details, or name the logs")
    accepted = read_baseline(baseline) if baseline else ()
    options = DiffOptions(
        patches_of(only, compared, subject.series),
        patches_of(other_than, compared, subject.series),
        accepted,
        interactions,
        accept_in,
        reach,
    )
    near = expressions(subject, session.named)
    logs = session.logs(choice.logs, every, "compare", near)
    every_log = with_progress(logs, len(logs), "logs")
    results = [compare(log, players, options, attributed) for log in every_log]
    document = DiffReports(tuple(result.report for result in results))
    layout = RenderOptions(details, several and attributed, with_progress)
    print_result(headlines(document.logs) if quiet else render(document, format, layout), output)
    used = frozenset().union(*(result.used for result in results))
    names = [log.name for log in logs]
    unused = [e for n, e in enumerate(accepted) if n not in used and e.is_about(names)]
    _warn_of_unused(baseline, unused, every)
    if write_baseline:
        entries = [entry for result in results for entry in result.entries]
        deliver([format_baseline(entries).encode()], write_baseline)
    status = _status(document.logs, strict)
    if status and not (write_baseline and status == DIFFERS):
        raise typer.Exit(status)


def _status(reports: Sequence[DiffReport], strict: bool) -> int:
    """As diff(1) has it: where nothing could be compared there is trouble and no agreement."""
    verdicts = {report.verdict for report in reports}
    if verdicts == {"not compared"} or (strict and not all(r.compared.is_all for r in reports)):
        return TROUBLE
    return DIFFERS if "differs" in verdicts else 0


MOST_UNUSED = 5
"""Entries of a baseline that are named one by one where not all logs are compared."""


def _warn_of_unused(file: Path | None, unused: Sequence[AcceptedEffect], every: bool) -> None:
    """Says which entries of a baseline cover nothing any more; not all if these are few logs."""
    shown = unused if every else unused[:MOST_UNUSED]
    for entry in shown:
        what = " ".join(filter(None, (entry.kind, entry.path, entry.field, "in", entry.log)))
        print_note(f"replay: {file}: no longer occurs: {escape(what)}, by {entry.patch}")
    if more := len(unused) - len(shown):
        print_note(f"replay: {file}: {more} more that do not occur in these logs; --all tells them")
