"""The plain lists: logs, events, variants, source lines, findings."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from replay.events.event import Log
from replay.reports import words
from replay.series.annotate import AnnotatedLine
from replay.store.event_store import AddedLog, LogInfo
from replay.store.unfinished import Unfinished, next_command
from replay.store.verify import Finding
from replay.variants.variant import Subject, parse_machine, resolve

STATUS = {
    "stored": "stored {name}: {events}, {digest}",
    "present": "{name} is stored already with the same content, {digest}: nothing to do",
    "renamed": "stored as {name}, its own name is taken: {events}, {digest}",
}


def columns(rows: Iterable[Sequence[str]]) -> str:
    """Rows of texts in columns that are as wide as they must be; the last one is not padded."""
    rows = [[words.escape(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
    return "".join(f"{line}\n" for line in lines)


def stored(result: AddedLog) -> str:
    """What became of one recording."""
    return STATUS[result.status].format(
        name=words.escape(result.name),
        events=words.count(result.events, "event"),
        digest=result.fingerprint[:12],
    )


def logs(infos: Iterable[LogInfo]) -> str:
    """A line a log: name, number of events, fingerprint, description."""
    return columns(
        (
            info.name,
            words.count(info.events, "event"),
            info.fingerprint[:12],
            info.description,
        )
        for info in infos
    )


def unfinished(recording: Unfinished) -> str:
    """What there is of a recording that is no log yet, and what to do if it was broken off."""
    name, messages = words.escape(recording.name), words.count(recording.messages, "message")
    told = f"the recording {name} of {messages} goes on, or was broken off"
    return f"{told}; then {next_command(recording.name)} makes a log of it"


def finding(finding: Finding) -> str:
    """One thing that is wrong in the database, and where."""
    place = f"log {finding.log}" if finding.log else "the database"
    if finding.seq:
        place += f", event {finding.seq}"
    return f"{words.escape(place)}: {words.escape(finding.what)}\n"


def damage(count: int) -> str:
    """What to do about findings."""
    told = words.count(count, "finding")
    return f"{told}: go back to a backup, or import the recordings into a new database\n"


def intact(infos: Sequence[LogInfo]) -> str:
    """What was verified, and what that means."""
    events = words.count(sum(info.events for info in infos), "event")
    return (
        f"{logs(infos)}nothing found in {words.count(len(infos), 'log')} with {events}.\n"
        "That rules out accidents, not somebody who changed rows and computed all digests anew.\n"
    )


def log(log: Log) -> str:
    """What the header says, then a line an event."""
    events = words.count(len(log.events), "event")
    if log.observations:
        events += f", {words.count(len(log.observations), 'observation')}"
    head = f"{words.escape(log.name)}  {log.fingerprint[:12]}  {events}\n"
    if log.header.description:
        head += f"{words.escape(log.header.description)}\n"
    return head + "".join(
        f"#{seq} {words.event(event.payload)}\n" for seq, event in enumerate(log.events, 1)
    )


def variants(subject: Subject, named: Mapping[str, str]) -> str:
    """The named variants: name, revision, digest and what each is for."""
    about = {name: variant.about for name, variant in subject.config.variants.items()}
    return columns(
        _variant(subject, name, named, about.get(name, "")) for name in {**about, **named}
    )


def _variant(
    subject: Subject, name: str, named: Mapping[str, str], about: str
) -> tuple[str, str, str, str]:
    if parse_machine(name, named):
        return name, named[name], "", "a real machine"
    variant = resolve(subject, name, named)
    return variant.name, variant.revision, variant.digest[:12], about


def series(subject: Subject) -> str:
    """The patches in their order: sha, date, subject."""
    return columns(
        [("base", "", "the tree at the start of the series")]
        + [(patch.sha[:10], _day(patch.date), patch.subject) for patch in subject.series.patches]
    )


def shown(source: str) -> str:
    """Source text, line by line."""
    return "".join(f"{words.escape(line)}\n" for line in source.splitlines())


def annotated(lines: Iterable[AnnotatedLine]) -> str:
    """A line of source a line, after the patch that put it there."""
    return "".join(_annotated(lines))


def _annotated(lines: Iterable[AnnotatedLine]) -> Iterator[str]:
    for line in lines:
        patch = line.sha[:10] or words.escape(line.patch)
        yield f"{patch:10} {line.line:4} {words.escape(line.text)}".rstrip() + "\n"


def _day(date: str) -> str:
    """The date of a mail without weekday, time and zone: "14 May 2012"."""
    return " ".join(date.partition(",")[2].split()[:3]) or date
