"""The command line: parse, call, print, exit."""

import sys
from collections.abc import Iterable
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from msgspec import Struct
from typer.core import TyperCommand

from replay import __version__, arguments, ingest, listings, source
from replay.differ import diff
from replay.errors import ReplayError
from replay.events import Log
from replay.output import deliver
from replay.replayer import replay
from replay.report import DiffReport, json, report, run_report, runtext, text
from replay.report.words import escape
from replay.shipped import shipped
from replay.store import EventStore, Stored, open_store
from replay.variants import Subject, Variant, expressions, load_subject, resolve

app = typer.Typer(
    help="Runs a log of block operations through several revisions of a patch series.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

DIFFERS = 1
TROUBLE = 2


class Format(StrEnum):
    """The forms in which a report can be had."""

    TEXT = "text"
    JSON = "json"


RUNS = {Format.TEXT: runtext.run, Format.JSON: json.run}
DIFFS = {Format.TEXT: text.diffs, Format.JSON: json.diffs, "quiet": text.headlines}


class Session(Struct, frozen=True):
    """What the options before the command say."""

    db: str
    patches: Path | None
    named: dict[str, str]

    def store(self) -> EventStore:
        """The open store."""
        return open_store(self.db)

    def subject(self) -> Subject:
        """The subject, wholly validated."""
        return load_subject(self.patches or shipped("patches"))


class LogsAfterDashes(TyperCommand):
    """A command that knows how many of its words stood behind a "--"."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Counts them, since click takes the dashes away."""
        dashes = args.index("--") if "--" in args else None
        ctx.meta["logs"] = None if dashes is None else len(args) - dashes - 1
        return super().parse_args(ctx, args)


LogWord = Annotated[str, typer.Argument(metavar="LOG", help="A stored log's name, or a file.")]
Output = Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE")]
FormatOption = Annotated[Format, typer.Option("--format", case_sensitive=False)]


def main() -> NoReturn:
    """Runs the command line; exits with 0 (same, or done), 1 (differs) or 2 (trouble)."""
    try:
        app(prog_name="replay")
    except ReplayError as error:
        say(f"replay: {escape(str(error))}")
    sys.exit(TROUBLE)


def say(message: str) -> None:
    """A line on standard error."""
    print(message, file=sys.stderr)


def print_version(wanted: bool) -> None:
    """Prints the version and exits if that is wanted."""
    if wanted:
        print(f"replay {__version__}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    db: Annotated[str, typer.Option(envvar="REPLAY_DB", metavar="PATH|URL")] = "replay.db",
    patches: Annotated[Path | None, typer.Option(envvar="REPLAY_PATCHES", metavar="DIR")] = None,
    variant: Annotated[list[str] | None, typer.Option(metavar="NAME=EXPR")] = None,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=print_version)
    ] = False,
) -> None:
    """Reads the options that go before the command."""
    context.obj = Session(db, patches, arguments.parse_named(variant or ()))


@app.command("import")
def import_files(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...")],
    log: Annotated[str | None, typer.Option(metavar="NAME")] = None,
    format: Annotated[str | None, typer.Option(metavar="FORMAT")] = None,
) -> None:
    """Put recordings into the store."""
    if log is not None and len(files) > 1:
        raise ReplayError("--log names one log, but there are several files")
    recordings = chain.from_iterable(ingest.read(file, format, log) for file in files)
    with context.obj.store() as store:
        for stored in store.add(recordings):
            print(listings.stored(stored))


@app.command()
def logs(context: typer.Context) -> None:
    """List the stored logs."""
    with context.obj.store() as store:
        emit(listings.logs(store.logs()))


@app.command()
def log(context: typer.Context, name: LogWord) -> None:
    """Show one log's events."""
    with context.obj.store() as store:
        emit(listings.log(arguments.open_log(store, name, notify)))


@app.command()
def export(
    context: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(metavar="[LOG...]")] = None,
    output: Output = None,
) -> None:
    """Write logs in the native form, all by default."""
    with context.obj.store() as store:
        deliver(store.export(names or None), output)


@app.command()
def migrate(context: typer.Context) -> None:
    """Bring the database to the form of this version."""
    with context.obj.store() as store:
        found = store.database.found
    print(f"the database {context.obj.db} is up to date, it was {found or 'new'}")


@app.command()
def variants(
    context: typer.Context,
    long: Annotated[bool, typer.Option("--long", help="The patches of the series too.")] = False,
) -> None:
    """List the named variants, and the patches that they are points of."""
    subject = context.obj.subject()
    emit(listings.variants(subject, context.obj.named))
    if long:
        emit("\n" + listings.series(subject))


@app.command()
def show(
    context: typer.Context, point: Annotated[str, typer.Argument(metavar="REV[:FUNCTION]")]
) -> None:
    """Show the model's source at a revision."""
    revision, _, function = point.partition(":")
    variant = resolve(context.obj.subject(), revision, context.obj.named)
    emit(listings.shown(source.show(variant, function or None)))


@app.command()
def annotate(
    context: typer.Context, point: Annotated[str, typer.Argument(metavar="FILE@REV")]
) -> None:
    """Show which patch put each line of a file there."""
    file, at, revision = point.partition("@")
    if not at:
        raise ReplayError(f"{point} names no revision", do=f"write {point}@REV")
    variant = resolve(context.obj.subject(), revision, context.obj.named)
    emit(listings.annotated(source.annotate(variant.tree, file)))


@app.command("run")
def run_log(
    context: typer.Context,
    name: LogWord,
    at: Annotated[str | None, typer.Option(metavar="REV", help="Default: the last named.")] = None,
    until: Annotated[int | None, typer.Option(metavar="SEQ")] = None,
    format: FormatOption = Format.TEXT,
    output: Output = None,
) -> None:
    """Replay a log: per event its outcome and what it changed."""
    session: Session = context.obj
    subject = session.subject()
    variant = resolve(subject, at or tuple(subject.config.variants)[-1], session.named)
    with session.store() as store:
        log = arguments.open_log(store, name, notify)
    emit(RUNS[format](run_report(replay(log, variant), until)), output)


@app.command("diff", cls=LogsAfterDashes)
def diff_logs(
    context: typer.Context,
    words: Annotated[list[str] | None, typer.Argument(metavar="[A..B | A B ...] LOG")] = None,
    every: Annotated[bool, typer.Option("--all", help="All stored logs.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Headlines only.")] = False,
    format: FormatOption = Format.TEXT,
    output: Output = None,
) -> None:
    """Replay logs in several variants and compare; exit with 1 if they differ."""
    session: Session = context.obj
    subject = session.subject()
    choice = arguments.split(words or (), context.meta["logs"], subject, session.named)
    compared = arguments.resolved(choice.variants, subject, session.named)
    with session.store() as store:
        names = [info.name for info in store.logs()] if every else choice.logs
        near = expressions(subject, session.named)
        logs = [log for name in names for log in arguments.open_logs(store, name, notify, near)]
    if not logs:
        raise ReplayError("no log to compare", do="name one, or import some and say --all")
    reports = [compare(log, compared) for log in logs]
    emit(DIFFS["quiet" if quiet else format](reports), output)
    if any(told.divergences for told in reports):
        raise typer.Exit(DIFFERS)


def compare(log: Log, variants: Iterable[Variant]) -> DiffReport:
    """What there is to tell of one log in several variants."""
    return report(diff(*(replay(log, variant) for variant in variants)))


def notify(stored: Stored) -> None:
    """Says it if a file's log has another name in the store."""
    if stored.status == "renamed":
        say(f"replay: {listings.stored(stored)}")


def emit(told: str, output: Path | None = None) -> None:
    """Delivers a text."""
    deliver([told.encode()], output)
