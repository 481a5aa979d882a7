"""replay reproduce."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Annotated

import typer

from replay.analysis.attribute import attribute
from replay.analysis.play import play
from replay.cli import arguments
from replay.cli.app import app, print_result
from replay.cli.commands.diff import LogsAfterDashes
from replay.cli.completion import complete_words
from replay.cli.options import OutputFile
from replay.cli.players import players_of
from replay.cli.progress_bar import with_progress
from replay.cli.session import Session, report_renamed
from replay.engine.diff import Diff, diff
from replay.engine.places import ABSENT, FilePlace, OutcomePlace, Place
from replay.engine.places import label as event_label
from replay.engine.replay import replay
from replay.errors import ReplayError
from replay.events.event import Log
from replay.qemu.live.iotest import iotest
from replay.qemu.live.mail import BugReport, mail
from replay.qemu.live.script import FileQuestion, script
from replay.reports.documents.diff import diff_report
from replay.reports.documents.divergences import value as value_in_words
from replay.reports.documents.headline import chief
from replay.reports.words import listing
from replay.reports.words import place as place_in_words
from replay.variants.variant import Subject, expressions


class ScriptTarget(StrEnum):
    """What can be written: a script for a plain QEMU, a test of QEMU's own, a bug report."""

    QEMU = "qemu"
    IOTEST = "iotest"
    MAIL = "mail"


@app.command("reproduce", cls=LogsAfterDashes)
def reproduce(
    context: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[A..B | A B ...] LOG", autocompletion=complete_words),
    ] = None,
    target: Annotated[
        ScriptTarget, typer.Option("--for", help="What is written, for whom.")
    ] = ScriptTarget.QEMU,
    output: OutputFile = None,
) -> None:
    """Write what shows a log without this program: a script, an iotest or a mail to QEMU.

    Of an iotest and a mail the first variant is what should be, the others what is.
    """
    session: Session = context.obj
    subject = session.subject()
    choice = arguments.split_arguments(words or (), context.meta["logs"], subject, session.named)
    variants = arguments.resolve_variants(choice.variants, subject, session.named)
    if len(choice.logs) != 1:
        raise ReplayError("a script is about one log", do="name one")
    log = only_log(session, choice.logs[0], subject)
    players = players_of(choice.variants, variants, subject, None, session.named, session.hold)
    difference = diff(*play(players, log))
    print_result(WRITERS[target](log, difference), output)


def only_log(session: Session, word: str, subject: Subject) -> Log:
    """The one log of that name or in that file."""
    with session.store() as store:
        near = expressions(subject, session.named)
        logs = list(arguments.open_logs(store, word, report_renamed, near))
    if len(logs) != 1:
        names = ", ".join(log.name for log in logs)
        raise ReplayError("the file holds several logs", do=f"name one of {names}")
    return logs[0]


def write_script(log: Log, difference: Diff) -> str:
    """A shell script for a plain QEMU."""
    rules = difference.traces[0].player.subject.commands
    return script(log, rules, about(difference), questions(difference))


def write_iotest(log: Log, difference: Diff) -> str:
    """A test in the form of QEMU's own, which expects what the first trace shows."""
    return iotest(log, difference, difference.traces[0], about(difference))


def write_mail(log: Log, difference: Diff) -> str:
    """A bug report, in which the first trace is what should be."""
    good = difference.traces[0]
    if not difference.divergences:
        names = listing([trace.player.name for trace in difference.traces])
        raise ReplayError(f"{names} do not differ", do="name what should be first, then a build")
    bits = good.player.subject.config.bits
    first = chief(difference, bits)
    value = value_in_words(first.place, first.values.get(good.player.name, ABSENT), bits)
    player = good.player
    expected = f"{place_in_words(first.place)}: {value}, as in {player.name} ({player.revision})."
    build = difference.traces[-1].player.name
    happened = value_in_words(first.place, first.values.get(build, ABSENT), bits)
    where, is_outcome = place_in_words(first.place), isinstance(first.place, OutcomePlace)
    event = event_label(log.events[first.first_seq - 1].payload)
    finding = BugReport(
        subject=f"{event}: {happened if is_outcome else f'{where}: {happened}'}",
        headline=str(diff_report(difference).headline),
        expected=expected,
        traces=difference.traces,
        suspects=tuple(suspected(log, first.place, difference)),
    )
    return mail(log, finding)


WRITERS: Mapping[ScriptTarget, Callable[[Log, Diff], str]] = {
    ScriptTarget.QEMU: write_script,
    ScriptTarget.IOTEST: write_iotest,
    ScriptTarget.MAIL: write_mail,
}


def suspected(log: Log, place: Place, difference: Diff) -> Iterator[str]:
    """The commits of the series that change a place, by attribution between base and its end.

    Of two builds, between which versions to look.
    """
    good, bad = difference.traces[0].player, difference.traces[-1].player
    subject = good.subject
    if not any(trace.is_complete for trace in difference.traces):
        yield f"One between {good.revision} and {bad.revision}."
    names = ("base", subject.series.patches[-1].sha)
    ends = diff(*(replay(log, subject.variant(name), with_progress) for name in names))
    attributed = attribute(ends)
    pairs = zip(ends.divergences, attributed.causes, strict=True)
    labels = {
        f"{patch.sha[:12]} ({patch.subject})"
        for divergence, causes in pairs
        if divergence.place == place
        for cause in causes
        for patch in [change.patch for change in cause.changes]
    }
    if labels:
        yield from (f"{name}, by attribution in a model" for name in sorted(labels))
        return
    last = subject.series.patches[-1]
    yield f"None known: a model of the code up to {last.sha[:12]} ({last.date}) does not do this."


def about(difference: Diff) -> Iterator[str]:
    """What a reader of the script should know."""
    report = diff_report(difference)
    only_models = all(trace.is_complete for trace in difference.traces)
    yield f"{report.log.name}: {difference.traces[0].log.header.description}".rstrip(": ")
    yield f"log {report.log.fingerprint[:12]}, written by replay for a plain QEMU"
    yield from (f"{v.name} is {v.revision}" for v in report.variants if v.name != v.revision)
    yield f"{'In the model: ' if only_models else ''}{report.headline}"


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
