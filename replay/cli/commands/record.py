"""replay record and builds: real QEMUs, one that runs and those that there are."""

import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from replay.cli import import_summary
from replay.cli.app import app, print_result
from replay.cli.interrupts import Interrupted
from replay.cli.listings import builds as list_of_builds
from replay.cli.terminal import print_note
from replay.errors import ReplayError
from replay.files import deliver
from replay.formats.read import read_traffic
from replay.formats.start.command_line import given
from replay.qemu.live.builds import list_builds
from replay.qemu.recorder.journal import Journal
from replay.qemu.recorder.proxy import listening, relay
from replay.qemu.recorder.start import diverted, options, running
from replay.reports.words import escape
from replay.store import unfinished as recordings
from replay.store.event_store import EventStore
from replay.store.unfinished import Unfinished

SWITCH_SECONDS = 0.0005
"""How long a thread may keep the others waiting: traffic goes before writing it down."""


@app.command("builds")
def builds(
    directories: Annotated[
        list[Path] | None, typer.Argument(metavar="[DIR...]", help="Default: the one in PATH.")
    ] = None,
) -> None:
    """List the real QEMUs there are, as variants, with version and digest."""
    named = list(list_builds(directories or ()))
    if not named:
        do = "name directories with a qemu-system-x86_64, or with unpacked packages"
        raise ReplayError("no build of QEMU there", do=do)
    rows = ((build.name, build.version, build.digest[:12], build.remark) for build in named)
    print_result(list_of_builds(rows))


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
        typer.Option(
            metavar="OPTIONS",
            help="A drive of the start, as -drive has it, with size=, if nothing else tells it.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="Write the traffic there, too."),
    ] = None,
    finish: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Make a log of a recording that was broken off."),
    ] = None,
) -> None:
    """Record a machine: what passes between it and its clients, unchanged.

    Messages are stored as they come, at least every second. At the end they become a log. If this
    program is killed, replay record --finish NAME makes a log of what was recorded until then.
    """
    if sum((bool(words), qmp is not None, finish is not None)) != 1:
        do = "say --qmp SOCKET --listen SOCKET, or -- QEMU ARGS..."
        raise ReplayError("which machine is to be recorded?", do=do)
    if words and drive:
        raise ReplayError("the command line tells of the drives itself", do="leave out --drive")
    with context.obj.store() as store:
        if finish is None:
            with storing_journal(store, log) as journal:
                journal.drives(map(checked, drive or ()))
                follow(words or (), qmp, listen, journal)
        end(store, finish or log, output)


def checked(drive: str) -> str:
    """A --drive that can be understood; ReplayError for another."""
    given(drive)
    return drive


@contextmanager
def storing_journal(store: EventStore, log: str) -> Iterator[Journal]:
    """A journal whose lines are stored at once. What can't begin, a ReplayError, leaves nothing."""
    begun = recordings.begin(store.database, log)
    try:
        with Journal(partial(recordings.append, store.database, begun.id), warn) as journal:
            yield journal
    except ReplayError:
        recordings.drop(store.database, only_machine(store, log))
        raise
    if journal.failure:
        what = f"the last messages could not be stored: {journal.failure.what}"
        do = f"see to that; {recordings.next_command(log)} makes a log of those before"
        raise ReplayError(what, where=store.database.where, do=do)


def warn(error: ReplayError) -> None:
    """Says that messages can't be stored."""
    print_note(f"replay: messages wait in memory to be stored: {escape(error.what)}")


def follow(
    words: Sequence[str], machine: Path | None, listen: Path | None, journal: Journal
) -> None:
    """Records a machine until it has ended, or until this is ended."""
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        if machine is None:
            start(words, listen, journal)
        else:
            record_running(machine, listen, journal)
    except Interrupted as signal:
        print_note(f"replay: recorded until {signal}")


def record_running(machine: Path, listen: Path | None, journal: Journal) -> None:
    """Records a machine that runs already, until it is gone."""
    if listen is None:
        raise ReplayError("its clients have no place to connect to", do="say --listen SOCKET")
    if not machine.is_socket():
        do = "start it with -qmp unix:PATH,server=on,wait=off, and say --qmp PATH"
        raise ReplayError("no machine listens there", where=str(machine), do=do)
    with listening(listen) as listener:
        relay(listener, machine, journal, lambda: not machine.exists())


def start(words: Sequence[str], listen: Path | None, journal: Journal) -> None:
    """Starts a machine and records it until it ends."""
    with tempfile.TemporaryDirectory(prefix="replay-") as private:
        machine = Path(private) / "qmp"
        diversion = diverted(words, machine, listen)
        journal.options(options(words))
        with listening(diversion.clients) as listener, running(diversion.words) as process:
            relay(listener, machine, journal, lambda: process.poll() is not None)
    if process.returncode:
        print_note(f"replay: {escape(words[0])} ended with status {process.returncode}")


def only_machine(store: EventStore, name: str) -> Unfinished:
    """The recording of this name that is no log yet; ReplayError with the others if none is."""
    for recording in recordings.unfinished(store.database, name):
        return recording
    names = ", ".join(recording.name for recording in recordings.unfinished(store.database))
    do = f"there are {names}" if names else "replay logs lists the logs"
    raise ReplayError(f"no recording {name!r} is unfinished", do=do)


def end(store: EventStore, name: str, output: Path | None) -> None:
    """Makes a log of a recording, whose messages go to a file as well if one is named."""
    recording = only_machine(store, name)
    if not recording.messages:
        recordings.drop(store.database, recording)
        print_note("replay: nothing was said, so there is nothing to store")
        return
    if output is not None:
        deliver(recordings.traffic(store.database, recording), output)
    try:
        lines = recordings.traffic(store.database, recording)
        log = read_traffic(name, lines)
    except ReplayError as error:
        raise no_log(store, recording, output, error) from None
    stored = recordings.finish(store.database, recording, log)
    print_result(import_summary.stored(stored, log))


def no_log(
    store: EventStore, recording: Unfinished, output: Path | None, error: ReplayError
) -> ReplayError:
    """Why a recording can be no log. It stays in the store unless a file has its messages."""
    if output is None:
        command = recordings.next_command(recording.name)
        do = f"{command} -o FILE puts its messages into a file instead"
    else:
        recordings.drop(store.database, recording)
        do = f"its messages are in {output}"
    return ReplayError(
        f"no log can be made of it: {error.what}", where=f"recording {recording.name}", do=do
    )
