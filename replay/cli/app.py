"""The Typer application, the options before a command, exit statuses."""

import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from typer.core import TyperGroup

from replay import __version__
from replay.cli import arguments
from replay.cli.interrupts import Interrupted, interruptible
from replay.cli.progress_bar import ended
from replay.cli.session import Session
from replay.cli.terminal import Printable, print_note, shown
from replay.errors import DoesNotStart, ReplayError
from replay.files import deliver
from replay.reports.text.page import Page
from replay.reports.words import escape

ORDER = (
    *("import", "logs", "log", "export"),
    *("run", "diff", "explain", "bisect", "check", "graph"),
    *("variants", "show", "annotate"),
    *("builds", "conform", "record", "reproduce"),
    *("verify", "backup", "migrate"),
)
"""The commands as a new user meets them: logs, what happens in them, the model, QEMU, the store."""


class Commands(TyperGroup):
    """The commands in ORDER, whichever module is imported first."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Their names for the help; one that ORDER lacks is a mistake that the tests find."""
        return sorted(super().list_commands(ctx), key=ORDER.index)


app = typer.Typer(
    cls=Commands,
    help="Runs a log of block operations through several revisions of a patch series.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

DIFFERS = 1
TROUBLE = 2
NOT_STARTED = 125
"""What `git bisect run` takes for a revision that cannot be tested."""


def main() -> NoReturn:
    """Runs the command line; exits with 0 (same, or done), 1 (differs) or 2 (trouble).

    With 125 if a real QEMU that was named does not start.
    """
    try:
        with interruptible():
            app(prog_name="replay")
    except ReplayError as error:
        ended()
        print_error(error)
        if isinstance(error, DoesNotStart):
            sys.exit(NOT_STARTED)
    except Interrupted as signal:
        ended()
        print_note(f"replay: ended by {signal}; what it had not reported as done is undone")
    sys.exit(TROUBLE)


def print_error(error: ReplayError) -> None:
    """Says what went wrong, on standard error: a line, and one for each further detail."""
    print_note(f"replay: {escape(str(error))}")
    for detail in error.details:
        print_note(f"  {escape(detail)}")


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


def print_result(told: Printable, output: Path | None = None) -> None:
    """Delivers a text as it is, and a page as is fit for where it goes."""
    on_terminal = output is None and sys.stdout.isatty()
    text = shown(told, Console()) if on_terminal and isinstance(told, Page) else str(told)
    deliver([text.encode()], output)
