"""replay reproduce."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Annotated

import typer

from replay.cli import arguments
from replay.cli.app import app, print_result
from replay.cli.commands.diff import LogsAfterDashes
from replay.cli.completion import complete_words
from replay.cli.options import OutputFile
from replay.cli.progress_bar import with_progress
from replay.cli.session import Session, report_renamed
from replay.engine.diff import Diff, diff
from replay.engine.places import FilePlace
from replay.engine.replay import replay
from replay.errors import ReplayError
from replay.qemu.live.script import FileQuestion, script
from replay.reports.documents.diff import diff_report
from replay.reports.words import listing
from replay.variants.variant import expressions


class ScriptTarget(StrEnum):
    """The programs that a script can be written for."""

    QEMU = "qemu"


@app.command("reproduce", cls=LogsAfterDashes)
def reproduce(
    context: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[A..B | A B ...] LOG", autocompletion=complete_words),
    ] = None,
    program: Annotated[
        ScriptTarget, typer.Option("--for", help="What the script runs.")
    ] = ScriptTarget.QEMU,
    output: OutputFile = None,
) -> None:
    """Write a shell script that shows what a log does, on a plain QEMU without this program."""
    session: Session = context.obj
    subject = session.subject()
    choice = arguments.split_arguments(words or (), context.meta["logs"], subject, session.named)
    variants = arguments.resolve_variants(choice.variants, subject, session.named)
    if len(choice.logs) != 1:
        raise ReplayError("a script is about one log", do="name one")
    with session.store() as store:
        near = expressions(subject, session.named)
        logs = list(arguments.open_logs(store, choice.logs[0], report_renamed, near))
    if len(logs) != 1:
        names = ", ".join(log.name for log in logs)
        raise ReplayError("the file holds several logs", do=f"name one of {names}")
    difference = diff(*(replay(logs[0], variant, with_progress) for variant in variants))
    text = script(logs[0], subject.commands, about(difference), questions(difference))
    print_result(text, output)


def about(difference: Diff) -> Iterator[str]:
    """What a reader of the script should know."""
    report = diff_report(difference)
    yield f"{report.log.name}: {difference.traces[0].log.header.description}".rstrip(": ")
    yield f"log {report.log.fingerprint[:12]}, written by replay for a plain QEMU"
    yield from (f"{variant.name} is {variant.revision}" for variant in report.variants)
    yield f"In the model: {report.headline}"


def questions(difference: Diff) -> Iterator[FileQuestion]:
    """Which files are there in some variants and not in others, where that begins."""
    for divergence in difference.divergences:
        place = divergence.place
        if isinstance(place, FilePlace) and place == place.existence:
            values = divergence.values
            there = [name for name, value in values.items() if value == "exists"]
            gone = [name for name in values if name not in there]
            yield FileQuestion(divergence.first_seq, place.path, _names(there), _names(gone))


def _names(names: Sequence[str]) -> str:
    return listing(names) if names else "none of them"
