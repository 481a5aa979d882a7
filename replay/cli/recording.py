"""The command that records a machine while it runs."""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from replay import ingest, intake, listings
from replay.cli.app import Session, app, emit, say
from replay.cli.interrupts import Interrupted
from replay.errors import ReplayError
from replay.record.journal import Journal
from replay.record.proxy import listening, relay
from replay.record.start import diverted, options, running

SWITCH_SECONDS = 0.0005
"""How long a thread may keep the others waiting: traffic goes before writing it down."""


@app.command("record")
def record(
    context: typer.Context,
    words: Annotated[list[str] | None, typer.Argument(metavar="[-- QEMU ARGS...]")] = None,
    qmp: Annotated[
        Path | None, typer.Option(metavar="SOCKET", help="The monitor of a running machine.")
    ] = None,
    listen: Annotated[
        Path | None, typer.Option(metavar="SOCKET", help="Where its clients connect instead.")
    ] = None,
    log: Annotated[str, typer.Option(metavar="NAME", help="The log's name.")] = "recording",
    drive: Annotated[
        list[str] | None,
        typer.Option(metavar="OPTIONS", help="A drive of the start, as -drive has it, with size=."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="The traffic. Default: NAME.qmp.jsonl"),
    ] = None,
) -> None:
    """Record a machine: what passes between it and its clients, unchanged.

    FILE grows as they talk, and is on the disk at least every second. At the end it is stored.
    If this program is killed, replay import FILE stores what was recorded until then.
    """
    if bool(words) == (qmp is not None) or (qmp is not None and listen is None):
        do = "say --qmp SOCKET --listen SOCKET, or -- QEMU ARGS..."
        raise ReplayError("which machine is to be recorded?", do=do)
    sys.setswitchinterval(SWITCH_SECONDS)
    file = output or Path(f"{log}.qmp.jsonl")
    with Journal(file) as journal:
        try:
            if qmp is not None and listen is not None:
                beside(qmp, listen, journal)
            else:
                start(words or (), listen, journal)
        except Interrupted as signal:
            say(f"replay: recorded until {signal}")
    kept(context.obj, Recorded(file, log, tuple(drive or ())), journal)


def beside(machine: Path, listen: Path, journal: Journal) -> None:
    """Records a machine that runs already, until it is gone."""
    with listening(listen) as listener:
        relay(listener, machine, journal, lambda: not machine.exists())


def start(words: Sequence[str], listen: Path | None, journal: Journal) -> None:
    """Starts a machine and records it until it ends."""
    with tempfile.TemporaryDirectory(prefix="replay-") as private:
        machine = Path(private) / "qmp"
        found = diverted(words, machine, listen)
        journal.options(options(words))
        with listening(found.clients) as listener, running(found.words) as process:
            relay(listener, machine, journal, lambda: process.poll() is not None)


class Recorded(NamedTuple):
    """A file of recorded traffic, the name for its log, and the drives that it may not tell of."""

    file: Path
    log: str
    drives: tuple[str, ...]


def kept(session: Session, done: Recorded, journal: Journal) -> None:
    """Stores what was recorded."""
    if journal.failure:
        what = f"could not be written to the end: {journal.failure.strerror}"
        do = f"make room; replay import {done.file} stores what there is"
        raise ReplayError(what, where=str(done.file), do=do)
    if journal.lost:
        say(f"replay: {journal.lost} pieces of the traffic were no messages and are left out")
    if not journal.messages:
        done.file.unlink()
        say("replay: nothing was said, so there is nothing to store")
        return
    wish = ingest.Wish("qmp", done.log, None, done.drives)
    recordings = list(ingest.read_all([done.file], wish))
    with session.store() as store:
        for stored in store.add(recordings, rename=True):
            emit(f"{listings.stored(stored)}\n")
    for recording in recordings:
        emit("".join(intake.notes(recording)))
