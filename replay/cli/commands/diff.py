"""replay diff."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
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
from replay.cli.app import DIFFERS, app, print_result
from replay.cli.options import OutputFile, PageFormat, PageOption
from replay.cli.players import Player, QemuOption, players_of
from replay.cli.progress_bar import with_progress
from replay.cli.session import Session
from replay.cli.terminal import Printable, print_note
from replay.engine.diff import Divergence, diff
from replay.errors import ReplayError
from replay.events.event import Log
from replay.files import deliver
from replay.reports import json, markdown
from replay.reports.documents import DiffReport, InteractionReport, interaction_report, report
from replay.reports.html import diff as html
from replay.reports.text import diff as text
from replay.reports.words import escape
from replay.series import Patch, Series, find_patch, read_patch
from replay.variants.variant import Variant, expressions


class DiffOptions(Struct, frozen=True):
    """What an invocation is about: `only` these patches, none for all; what is known is not.

    `interactions` is whether to look for patches that matter only together.
    """

    only: tuple[Patch, ...]
    other_than: tuple[Patch, ...]
    known: tuple[AcceptedEffect, ...]
    interactions: bool

    def wanted(self, _: Divergence, cause: Cause) -> bool:
        """Whether the options let a cause through."""
        names = {turn.patch.name for turn in cause.turns}
        only, other_than = ({p.name for p in patches} for patches in (self.only, self.other_than))
        return bool(names - other_than) and (not only or bool(names & only))


class DiffResult(Struct, frozen=True):
    """A report, what would have to be accepted for it to be empty, and what was accepted by."""

    report: DiffReport
    entries: frozenset[AcceptedEffect] = frozenset()
    used: frozenset[AcceptedEffect] = frozenset()


def patches_of(text: str, variants: Sequence[Variant], series: Series) -> tuple[Patch, ...]:
    """The patches of SHA,... where a file that a variant adds may stand for a sha."""
    files = {path for variant in variants for path in variant.spec.extra}
    return tuple(
        read_patch(Path(word)) if word in files else series.patches[find_patch(series, word)]
        for word in text.split(",")
        if word
    )


def compare(log: Log, players: Sequence[Player], asked: DiffOptions | None) -> DiffResult:
    """What there is to tell of a log in several variants; asked None leaves patches out."""
    found = diff(*(play(log) for play in players))
    if asked is None:
        return DiffResult(report(found))
    wanted = select(found, attribute(found, with_progress), asked.wanted)
    told = report(*without_accepted(*wanted, asked.known), asked.only)
    if asked.interactions:
        told = replace(told, together=_together(told))
    return DiffResult(told, accepted_effects(*wanted), occurring(*wanted, asked.known))


def _together(told: DiffReport) -> tuple[InteractionReport, ...]:
    """Of the patches that are asked about, of all that did something if none of those is there."""
    asked = {patch.name for patch in told.named}
    did = {t.patch.name for one in told.divergences for c in one.causes for t in c.turns}
    names = asked & did or did
    found = interactions(model_traces(told.diff), lambda patch: patch.name in names)
    return tuple(map(interaction_report, found))


class LogsAfterDashes(TyperCommand):
    """A command that knows how many of its words stood behind a "--"."""

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
    binary: QemuOption = None,
    format: PageOption = PageFormat.TEXT,
    output: OutputFile = None,
) -> None:
    """Replay logs in several variants and compare; exit with 1 if they differ."""
    attributed = not (quiet or no_attribution)
    needing = [only, other_than, interactions, baseline, write_baseline]
    if not attributed and any(needing):
        what = "--only, --except, --interactions and baselines need to know the patches"
        raise ReplayError(what, do="leave --quiet and --no-attribution out")
    session: Session = context.obj
    subject = session.subject()
    choice = arguments.split_arguments(words or (), context.meta["logs"], subject, session.named)
    compared = arguments.resolve_variants(choice.variants, subject, session.named)
    players = players_of(choice.variants, compared, subject, binary, session.named)
    attributed = attributed and len(compared) == len(players)
    several = every or any(map(arguments.is_pattern, choice.logs))
    if interactions and several and not details and format == PageFormat.TEXT:
        raise ReplayError("an overview tells no interactions", do="say --details, or name the logs")
    known = read_baseline(baseline) if baseline else ()
    asked = DiffOptions(
        patches_of(only, compared, subject.series),
        patches_of(other_than, compared, subject.series),
        known,
        interactions,
    )
    near = expressions(subject, session.named)
    logs = session.logs(choice.logs, every, "compare", near)
    asking = asked if attributed else None
    found = [compare(log, players, asking) for log in with_progress(logs, len(logs), "logs")]
    form = QUIET if quiet else _form(format, several and attributed, details)
    print_result(form([one.report for one in found]), output)
    used = frozenset().union(*(one.used for one in found))
    _tell_unused(baseline, [entry for entry in known if entry not in used], every)
    if write_baseline:
        accepted = frozenset().union(*(one.entries for one in found))
        deliver([format_baseline(accepted).encode()], write_baseline)
    elif any(one.report.divergences for one in found):
        raise typer.Exit(DIFFERS)


MOST_UNUSED = 5
"""Entries of a baseline that are told one by one where not all logs are compared."""

Form = Callable[[Sequence[DiffReport]], Printable]
QUIET: Form = text.headlines
FORMS: Mapping[str, Form] = {
    PageFormat.JSON: json.diffs,
    PageFormat.MARKDOWN: markdown.diffs,
    PageFormat.HTML: partial(html.diffs, watch=with_progress),
}
"""What is the same for few and many logs."""


def _form(format: PageFormat, several: bool, details: bool) -> Form:
    """How reports are told; several are those of logs that nobody named one by one."""
    if format in FORMS:
        return FORMS[format]
    return partial(text.overviews if several else text.diffs, details=details)


def _tell_unused(file: Path | None, unused: Sequence[AcceptedEffect], every: bool) -> None:
    """Says which entries of a baseline cover nothing any more; not all if these are few logs."""
    shown = unused if every else unused[:MOST_UNUSED]
    for entry in shown:
        what = " ".join(filter(None, (entry.kind, entry.path, entry.field)))
        print_note(f"replay: {file}: no longer occurs: {escape(what)}, by {entry.patch}")
    if more := len(unused) - len(shown):
        print_note(f"replay: {file}: {more} more that do not occur in these logs; --all tells them")
