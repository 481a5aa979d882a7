"""The command that writes a script for those who have QEMU and nothing else."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Annotated

import typer

from replay import arguments
from replay.cli.app import Output, Session, app, emit, notify
from replay.cli.diffs import LogsAfterDashes
from replay.cli.progress import watched
from replay.differ import Diff, diff
from replay.errors import ReplayError
from replay.qemu.script import Question, script
from replay.replayer import replay
from replay.report import report
from replay.report.words import listing
from replay.variants import expressions


class Program(StrEnum):
    """The programs that a script can be written for."""

    QEMU = "qemu"


@app.command("reproduce", cls=LogsAfterDashes)
def reproduce(
    context: typer.Context,
    words: Annotated[list[str] | None, typer.Argument(metavar="[A..B | A B ...] LOG")] = None,
    program: Annotated[Program, typer.Option("--for", help="What the script runs.")] = Program.QEMU,
    output: Output = None,
) -> None:
    """Write a shell script that shows what a log does, on a plain QEMU without this program."""
    session: Session = context.obj
    subject = session.subject()
    choice = arguments.split(words or (), context.meta["logs"], subject, session.named)
    variants = arguments.resolved(choice.variants, subject, session.named)
    if len(choice.logs) != 1:
        raise ReplayError("a script is about one log", do="name one")
    with session.store() as store:
        near = expressions(subject, session.named)
        logs = list(arguments.open_logs(store, choice.logs[0], notify, near))
    if len(logs) != 1:
        names = ", ".join(log.name for log in logs)
        raise ReplayError("the file holds several logs", do=f"name one of {names}")
    found = diff(*(replay(logs[0], variant, watched) for variant in variants))
    emit(script(logs[0], about(found), questions(found)), output)


def about(found: Diff) -> Iterator[str]:
    """What a reader of the script should know."""
    told = report(found)
    yield f"{told.log.name}: {found.traces[0].log.header.description}".rstrip(": ")
    yield f"log {told.log.fingerprint[:12]}, written by replay for a plain QEMU"
    yield from (f"{variant.name} is {variant.revision}" for variant in told.variants)
    yield f"In the model: {told.headline}"


def questions(found: Diff) -> Iterator[Question]:
    """Which files are there in some variants and not in others, where that begins."""
    for divergence in found.divergences:
        kind, path, field = divergence.place
        if (kind, field) == ("file", "existence"):
            values = divergence.values
            there = [name for name, value in values.items() if value == "exists"]
            gone = [name for name in values if name not in there]
            yield Question(divergence.first_seq, path, _names(there), _names(gone))


def _names(names: Sequence[str]) -> str:
    return listing(names) if names else "none of them"
