"""The command that compares what variants make of logs."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from replay import arguments
from replay.baseline import Entry, read_baseline, written
from replay.cli.app import DIFFERS, Output, Session, Told, app, emit, notify, say
from replay.cli.comparing import Asked, compare, patches_of
from replay.cli.progress import watched
from replay.cli.real import QemuOption, players_of
from replay.cli.replays import PageFormat, PageOption
from replay.errors import ReplayError
from replay.events import Log
from replay.output import deliver
from replay.report import DiffReport, html, json, markdown, text
from replay.report.words import escape
from replay.store import EventStore
from replay.variants import expressions


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
    output: Output = None,
) -> None:
    """Replay logs in several variants and compare; exit with 1 if they differ."""
    attributed = not (quiet or no_attribution)
    needing = [only, other_than, interactions, baseline, write_baseline]
    if not attributed and any(needing):
        what = "--only, --except, --interactions and baselines need to know the patches"
        raise ReplayError(what, do="leave --quiet and --no-attribution out")
    session: Session = context.obj
    subject = session.subject()
    choice = arguments.split(words or (), context.meta["logs"], subject, session.named)
    compared = arguments.resolved(choice.variants, subject, session.named)
    players = players_of(choice.variants, compared, subject, binary)
    attributed = attributed and len(compared) == len(players)
    several = every or any(map(arguments.is_pattern, choice.logs))
    if interactions and several and not details and format == PageFormat.TEXT:
        raise ReplayError("an overview tells no interactions", do="say --details, or name the logs")
    known = read_baseline(baseline) if baseline else ()
    asked = Asked(patches_of(only, compared), patches_of(other_than, compared), known, interactions)
    with session.store() as store:
        logs = _logs(store, None if every else choice.logs, expressions(subject, session.named))
    asking = asked if attributed else None
    found = [compare(log, players, asking) for log in watched(logs, len(logs), "logs")]
    form = QUIET if quiet else _form(format, several and attributed, details)
    emit(form([one.report for one in found]), output)
    used = frozenset().union(*(one.used for one in found))
    _tell_unused(baseline, [entry for entry in known if entry not in used], every)
    if write_baseline:
        accepted = frozenset().union(*(one.entries for one in found))
        deliver([written(accepted).encode()], write_baseline)
    elif any(one.report.divergences for one in found):
        raise typer.Exit(DIFFERS)


MOST_UNUSED = 5
"""Entries of a baseline that are told one by one where not all logs are compared."""

Form = Callable[[Sequence[DiffReport]], Told]
QUIET: Form = text.headlines
FORMS: Mapping[str, Form] = {
    PageFormat.JSON: json.diffs,
    PageFormat.MARKDOWN: markdown.diffs,
    PageFormat.HTML: partial(html.diffs, watch=watched),
}
"""What is the same for few and many logs."""


def _form(format: PageFormat, several: bool, details: bool) -> Form:
    """How reports are told; several are those of logs that nobody named one by one."""
    if format in FORMS:
        return FORMS[format]
    return partial(text.overviews if several else text.diffs, details=details)


def _logs(store: EventStore, words: Sequence[str] | None, near: Iterable[str]) -> list[Log]:
    """The logs of names, patterns and files, of None all that are stored."""
    stored = [info.name for info in store.logs()]
    names = stored if words is None else [n for w in words for n in arguments.matching(stored, w)]
    logs = [log for name in names for log in arguments.open_logs(store, name, notify, near)]
    if not logs:
        raise ReplayError("no log to compare", do="name one, or import some and say --all")
    return logs


def _tell_unused(file: Path | None, unused: Sequence[Entry], every: bool) -> None:
    """Says which entries of a baseline cover nothing any more; not all if these are few logs."""
    shown = unused if every else unused[:MOST_UNUSED]
    for entry in shown:
        what = " ".join(filter(None, (entry.kind, entry.path, entry.field)))
        say(f"replay: {file}: no longer occurs: {escape(what)}, by {entry.patch}")
    if more := len(unused) - len(shown):
        say(f"replay: {file}: {more} more that do not occur in these logs; --all tells them")
