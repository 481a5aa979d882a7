"""The command that compares what variants make of logs."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from replay import arguments
from replay.attribute import attribute, select
from replay.cli.app import DIFFERS, Output, Session, app, emit, notify
from replay.cli.replays import Format, FormatOption
from replay.differ import diff
from replay.errors import ReplayError
from replay.events import Log
from replay.replayer import replay
from replay.report import DiffReport, json, report, text
from replay.series import Patch, find_patch
from replay.variants import Variant, expressions

DIFFS = {Format.TEXT: text.diffs, Format.JSON: json.diffs, "quiet": text.headlines}


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
    no_attribution: Annotated[
        bool, typer.Option("--no-attribution", help="Do not look for the patches.")
    ] = False,
    format: FormatOption = Format.TEXT,
    output: Output = None,
) -> None:
    """Replay logs in several variants and compare; exit with 1 if they differ."""
    attributed = not (quiet or no_attribution)
    if (only or other_than) and not attributed:
        raise ReplayError(
            "--only and --except need attribution", do="leave --quiet and --no-attribution out"
        )
    session: Session = context.obj
    subject = session.subject()
    choice = arguments.split(words or (), context.meta["logs"], subject, session.named)
    compared = arguments.resolved(choice.variants, subject, session.named)
    wanted = _wanted(only, other_than, compared) if only or other_than else None
    with session.store() as store:
        names = [info.name for info in store.logs()] if every else choice.logs
        near = expressions(subject, session.named)
        logs = [log for name in names for log in arguments.open_logs(store, name, notify, near)]
    if not logs:
        raise ReplayError("no log to compare", do="name one, or import some and say --all")
    reports = [_compared(log, compared, attributed, wanted) for log in logs]
    emit(DIFFS["quiet" if quiet else format](reports), output)
    if any(told.divergences for told in reports):
        raise typer.Exit(DIFFERS)


Wanted = Callable[[Patch], bool]


def _wanted(only: str, other_than: str, variants: Sequence[Variant]) -> Wanted:
    """Which patches the options let through."""
    series = variants[0].subject.series
    files = {path for variant in variants for path in variant.recipe.extra}

    def names(words: str) -> set[str]:
        found = [word for word in words.split(",") if word]
        return {w if w in files else series.patches[find_patch(series, w)].name for w in found}

    chosen, excepted = names(only), names(other_than)
    return lambda patch: patch.name not in excepted and (not chosen or patch.name in chosen)


def _compared(
    log: Log, variants: Sequence[Variant], attributed: bool, wanted: Wanted | None
) -> DiffReport:
    """What there is to tell of a log in several variants."""
    found = diff(*(replay(log, variant) for variant in variants))
    if not attributed:
        return report(found)
    attribution = attribute(found)
    return report(*(select(found, attribution, wanted) if wanted else (found, attribution)))
