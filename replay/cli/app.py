"""The Typer application, the options before a command, exit statuses."""

import os
import sys
from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup

from replay import __version__
from replay.cli.interrupts import Interrupted, interruptible
from replay.errors import DoesNotStart, ReplayError
from replay.garbage import leave_garbage_to_the_system, look_for_garbage_seldom

if TYPE_CHECKING:
    from replay.cli.terminal import Printable

# The help, the version and a wrong usage need none of what is imported inside functions here.
# ruff: noqa: PLC0415

COMMANDS: Mapping[str, tuple[str, str]] = {
    "import": ("logs", "Put recordings into the store."),
    "logs": ("logs", "List the stored logs."),
    "log": ("logs", "Show one log's events."),
    "export": ("logs", "Write logs in the native form, all by default."),
    "run": (
        "run",
        "Replay a log: per event its outcome and what it changed; several variants side by side.",
    ),
    "explore": (
        "explore",
        "Go through a log in the terminal, in several variants, and try what else could be done.",
    ),
    "diff": ("diff", "Replay logs in several variants and compare; exit with 1 if they differ."),
    "explain": (
        "explain",
        "Tell why a field, a flag, a node or a file is as it is; or with --seq alone, an outcome.",
    ),
    "bisect": (
        "bisect",
        "Find the patch that changes something; by default what the headline of the diff tells.",
    ),
    "check": ("check", "Look for states that breach an invariant; exit with 1 if there are."),
    "graph": ("graph", "Draw the nodes after an event: base left, active layer right."),
    "shrink": (
        "search.shrink",
        "Find the shortest log that still differs in the same way; Ctrl-C keeps the best so far.",
    ),
    "hunt": (
        "search.hunt",
        "Look for the shortest sequences on which variants differ; exit with 1 if there are.",
    ),
    "cover": (
        "search.cover",
        "Tell what of the model, and of which patches, logs run through, and what nothing reaches.",
    ),
    "touched": (
        "search.touched",
        "Tell what a patch changes of what the model has, and which logs run through that.",
    ),
    "variants": ("model", "List the named variants, and the patches that they are points of."),
    "show": ("model", "Show the model's source at a revision."),
    "annotate": ("model", "Show which patch put each line of a file there."),
    "builds": (
        "record",
        "List the real QEMUs there are, as variants, with version and digest.",
    ),
    "checkout": (
        "branch",
        "Lay the series out as a git repository, a commit a patch, to work on it there.",
    ),
    "am": ("branch", "Take the commits of a repository that was laid out back into patch files."),
    "conform": (
        "conform",
        "Compare replays with recordings of the real program; exit with 1 if they disagree.",
    ),
    "record": ("record", "Record a machine: what passes between it and its clients, unchanged."),
    "reproduce": (
        "reproduce",
        "Write what shows a log without this program: a script, an iotest or a mail to QEMU.",
    ),
    "verify": (
        "database",
        "Look for events and logs that changed since they were stored; exit with 1 if there are.",
    ),
    "backup": ("database", "Copy the database to a new file, while others may write to it."),
    "migrate": ("database", "Bring the database to the form of this version."),
    "help": (
        "help",
        "Tell about revisions, events, checks or baselines; or about a command, as --help does.",
    ),
}
"""The module of each command and the first line of its help, in the order of the help.

They stand as a new user meets them: logs, what happens in them, the model, QEMU, the store.
"""

ORDER = tuple(COMMANDS)


class Commands(TyperGroup):
    """The commands, of which only the one that is called is imported: most need much."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        names = {name: TyperCommand(name, help=line) for name, (_, line) in COMMANDS.items()}
        self.commands = {**names, **self.commands}

    def list_commands(self, ctx: Any) -> list[str]:
        """Their names, in the order of the help."""
        return list(self.commands)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that the words begin with; it is imported before anything asks for it."""
        ctx.meta["words"] = tuple(args)
        if args and args[0] in COMMANDS:
            import_module(f"replay.cli.commands.{COMMANDS[args[0]][0]}")
            self.commands[args[0]] = typer.main.get_group(app).commands[args[0]]
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=Commands,
    help="Runs a log of block operations through several revisions of a patch series.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

DIFFERS = 1
TROUBLE = 2
NOT_STARTED = 125
"""What `git bisect run` takes for a revision that cannot be tested."""


OWN_PROCESS = object()
"""What says that the process is there for this command alone."""


def main() -> NoReturn:
    """Runs the command line; exits with 0 (same, or done), 1 (differs) or 2 (trouble).

    With 125 if a real QEMU that was named does not start.
    """
    look_for_garbage_seldom()
    leave_garbage_to_the_system()
    try:
        status = _run()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(bool(end.code))
    walled = sys.modules.get("replay.cli.wall.second_wall")
    if walled is not None and walled.is_walled():
        # A child must not go on with what the caller of its parent has to do.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    sys.exit(status)


def _run() -> int:
    """Runs the command line; the status, if that is not told by SystemExit."""
    try:
        with interruptible():
            app(prog_name="replay", obj=OWN_PROCESS)
    except ReplayError as error:
        from replay.cli.progress_bar import clear_bars

        clear_bars()
        print_error(error)
        if isinstance(error, DoesNotStart):
            sys.exit(NOT_STARTED)
    except Interrupted as signal:
        from replay.cli.progress_bar import clear_bars
        from replay.cli.terminal import print_note

        clear_bars()
        print_note(f"replay: ended by {signal}; what it had not reported as done is undone")
    return TROUBLE


def print_error(error: ReplayError) -> None:
    """Says what went wrong, on standard error: a line, and one for each further detail."""
    from replay.cli.terminal import print_note
    from replay.printable import escape

    print_note(f"replay: {escape(str(error))}")
    for detail in error.details:
        print_note(f"  {escape(detail)}")


def print_version(yes: bool) -> None:
    """Prints the version and exits if the option is there."""
    if yes:
        print(f"replay {__version__}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    db: Annotated[str, typer.Option(envvar="REPLAY_DB", metavar="PATH|URL")] = "replay.db",
    patches: Annotated[Path | None, typer.Option(envvar="REPLAY_PATCHES", metavar="DIR")] = None,
    variant: Annotated[list[str] | None, typer.Option(metavar="NAME=EXPR")] = None,
    isolate: Annotated[
        bool | None,
        typer.Option(
            "--isolate/--no-isolate",
            help="Let code reach no file, connection or program; by default a stranger's.",
        ),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=print_version)
    ] = False,
) -> None:
    """Reads the options that go before the command."""
    from replay.cli import arguments
    from replay.cli.session import Session

    # Only a process of our own can be walled in for good, and no test's or notebook's unasked.
    isolated = False if isolate is None and context.obj is not OWN_PROCESS else isolate
    named = arguments.parse_named(variant or ())
    words = context.meta["words"]
    context.obj = Session(db, patches, named, context.with_resource, words, isolated)


def print_result(result: "Printable", output: Path | None = None) -> None:
    """Delivers a text as it is, and a page as is fit for where it goes."""
    from replay.files import deliver
    from replay.printable import without_controls

    text = without_controls(str(result))
    if output is None and sys.stdout.isatty() and not isinstance(result, str):
        from rich.console import Console

        from replay.cli.shown_page import shown

        text = shown(result, Console())
    deliver([text.encode()], output)


def print_parts(parts: Iterable[str], output: Path | None = None) -> None:
    """Delivers the parts of a long text when the last one is there; until then they are packed."""
    import zlib

    from replay.files import deliver
    from replay.printable import without_controls

    packed = [zlib.compress(without_controls(part).encode(), level=1) for part in parts]
    deliver(map(zlib.decompress, packed), output)
