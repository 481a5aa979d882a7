"""The command that holds the model against recordings of the real program."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from replay import arguments
from replay.cli.app import DIFFERS, Output, Session, Told, app, emit, notify
from replay.cli.progress import watched
from replay.cli.replays import Format, FormatOption
from replay.conform import Conformance, agreements, conformance, open_recordings, plan
from replay.conform.observed import Observed, observed
from replay.errors import ReplayError
from replay.qemu.recorded import recorded
from replay.replayer import replay
from replay.report import conformance as report
from replay.report import observed as observation
from replay.shipped import shipped
from replay.variants import resolve

OBSERVED: Mapping[Format, Callable[[Sequence[Observed], observation.Bits], Told]] = {
    Format.TEXT: observation.text,
    Format.JSON: observation.json,
}
FORMATS: Mapping[Format, Callable[[Conformance, bool], Told]] = {
    Format.TEXT: report.text,
    Format.JSON: report.json,
}


@app.command()
def conform(
    context: typer.Context,
    directory: Annotated[
        Path, typer.Argument(metavar="DIR|LOG", help="With logs/ and expected/; or a recording.")
    ],
    at: Annotated[str | None, typer.Option(metavar="REV", help="Default: all trees.")] = None,
    verbose: Annotated[
        bool, typer.Option("-v", "--verbose", help="Each disagreement's recorded step too.")
    ] = False,
    format: FormatOption = Format.TEXT,
    output: Output = None,
) -> None:
    """Compare replays with recordings of the real program; exit with 1 if they disagree."""
    session: Session = context.obj
    if not directory.is_dir():
        with_recording(session, str(directory), at, format, output)
        return
    patches = session.patches or shipped("patches")
    work = plan(open_recordings(directory), patches, session.named, at)
    found = watched(agreements(work.tasks), len(work.tasks), "logs")
    told = conformance(work, found)
    emit(FORMATS[format](told, verbose), output)
    if told.disagreeing:
        raise typer.Exit(DIFFERS)


def with_recording(
    session: Session, word: str, at: str | None, format: Format, output: Path | None
) -> None:
    """Compares replays of recordings with what these saw themselves; as conform does."""
    subject = session.subject()
    revisions = [at] if at else list(subject.config.variants)
    variants = [resolve(subject, revision, session.named) for revision in revisions]
    with session.store() as store:
        logs = list(arguments.open_logs(store, word, notify))
    found = [
        observed(witness, replay(log, variant, watched))
        for log in logs
        for witness in [recorded(log, subject)]
        for variant in variants
    ]
    if not any(one.looks or one.replies for one in found):
        do = "name a log that was imported from a recording"
        raise ReplayError("no look and no reply was recorded", where=word, do=do)
    emit(OBSERVED[format](found, subject.config.bits), output)
    if not all(one.whole for one in found):
        raise typer.Exit(DIFFERS)
