"""The command that compares what variants make of logs."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from msgspec import Struct
from typer.core import TyperCommand

from replay import arguments
from replay.attribute import attribute, select
from replay.cli.app import DIFFERS, Output, Session, app, emit, notify
from replay.cli.real import Player, QemuOption, players_of
from replay.cli.replays import Format, FormatOption
from replay.differ import diff
from replay.errors import ReplayError
from replay.events import Log
from replay.report import DiffReport, json, report, text
from replay.series import Patch, find_patch, read_patch
from replay.variants import Variant, expressions

DIFFS: Mapping[str, Callable[[Sequence[DiffReport]], str]] = {
    "text": text.diffs,
    "json": json.diffs,
    "quiet": text.headlines,
    "details": partial(text.diffs, details=True),
}


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
    binary: QemuOption = None,
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
    players = players_of(choice.variants, compared, subject, binary)
    attributed = attributed and len(compared) == len(players)
    asked = Asked(_patches(only, compared), _patches(other_than, compared)) if attributed else None
    with session.store() as store:
        names = [info.name for info in store.logs()] if every else choice.logs
        near = expressions(subject, session.named)
        logs = [log for name in names for log in arguments.open_logs(store, name, notify, near)]
    if not logs:
        raise ReplayError("no log to compare", do="name one, or import some and say --all")
    reports = [_compared(log, players, asked) for log in logs]
    form = "quiet" if quiet else "details" if details and format == Format.TEXT else format
    emit(DIFFS[form](reports), output)
    if any(told.divergences for told in reports):
        raise typer.Exit(DIFFERS)


class Asked(Struct, frozen=True):
    """Which patches an invocation is about; `only` none for all."""

    only: tuple[Patch, ...]
    other_than: tuple[Patch, ...]

    def wanted(self, patch: Patch) -> bool:
        """Whether the options let this one through."""
        return patch not in self.other_than and (not self.only or patch in self.only)


def _patches(text: str, variants: Sequence[Variant]) -> tuple[Patch, ...]:
    """The patches of SHA,... where a file that a variant adds may stand for a sha."""
    series = variants[0].subject.series
    files = {path for variant in variants for path in variant.recipe.extra}
    return tuple(
        read_patch(Path(word)) if word in files else series.patches[find_patch(series, word)]
        for word in text.split(",")
        if word
    )


def _compared(log: Log, players: Sequence[Player], asked: Asked | None) -> DiffReport:
    """What there is to tell of a log in several variants; asked None leaves patches out."""
    found = diff(*(play(log) for play in players))
    if asked is None:
        return report(found)
    attribution = attribute(found)
    if asked.only or asked.other_than:
        found, attribution = select(found, attribution, asked.wanted)
    return report(found, attribution, asked.only)
