"""replay explore."""

from importlib.util import find_spec
from typing import Annotated

import typer

from replay import api
from replay.cli import arguments
from replay.cli.app import app
from replay.cli.completion import complete_variants
from replay.cli.options import LogWord
from replay.cli.progress_bar import with_progress
from replay.cli.session import Session
from replay.errors import ReplayError, Unavailable
from replay.events.event import Log
from replay.progress import Progress, no_progress
from replay.reports.documents.diff import diff_report
from replay.reports.documents.walk.exploration import Exploration
from replay.variants.variant import Variant, parse_range


@app.command("explore")
def explore_log(
    context: typer.Context,
    name: LogWord,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[A..B | A B ...]",
            help="Default: all named.",
            autocompletion=complete_variants,
        ),
    ] = None,
) -> None:
    """Go through a log in the terminal, in several variants, and try what else could be done."""
    if find_spec("textual") is None:
        do = "install it: pip install 'replay[tui]'"
        raise Unavailable("this needs the library Textual", do=do)
    # It takes long to import, and is wanted by this command alone.
    from replay.cli.commands.explore.screen import ExploreApp  # noqa: PLC0415

    session: Session = context.obj
    subject = session.subject()
    sides = [side for word in words or () for side in parse_range(word) or (word,)]
    chosen = tuple(sides) or subject.config.default_variants
    variants = arguments.resolve_variants(chosen, subject, session.named)
    if len(variants) < len(dict.fromkeys(chosen)):
        do = "replay diff compares with recorded and qemu"
        raise ReplayError("only variants of the model are gone through", do=do)
    first = exploration(session.log(name), variants, with_progress)
    ExploreApp(first, lambda log: exploration(log, variants), name).run()


def exploration(
    log: Log, variants: tuple[Variant, ...], progress: Progress = no_progress
) -> Exploration:
    """What is shown of a log in these variants."""
    traces = [api.replay(log, variant, progress) for variant in variants]
    attributed = api.attribute(api.diff(*traces), progress)
    return Exploration(log, traces, diff_report(attributed.diff, attributed.attribution))
