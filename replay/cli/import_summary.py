"""What an import read, left out and would translate, as text."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from replay.cli import listings
from replay.events.event import Command, Event, Log, LogHeader, fingerprint, kind
from replay.formats.read import Recording
from replay.reports import words
from replay.reports.documents import common
from replay.reports.text.page import Page, listing
from replay.store.addition import AddedLog
from replay.variants import translation
from replay.variants.subject import Subject

MOST_PLACES = 10
"""More places of what could not be read than a reader looks at are only counted."""


def stored(result: AddedLog, recording: Recording, show_removed: bool = False) -> Page:
    """What became of a recording, whose entries are consumed, and what did not get in."""
    return listing([listings.stored(result), *_notes(recording, show_removed)])


def _notes(recording: Recording, show_removed: bool) -> Iterator[str]:
    """Lines about what did not get in; places of secrets too, never what stood there."""
    if recording.left_out:
        yield f"  left out: {counted(recording.left_out)}"
    if recording.secrets:
        yield f"  {words.count(recording.secrets, 'secret')} replaced"
    for place in recording.tally.places if show_removed else ():
        yield f"  removed: {words.escape(place)}"
    for place in recording.lost[:MOST_PLACES]:
        yield f"  not read: {words.escape(place)}"
    if len(recording.lost) > MOST_PLACES:
        yield f"  not read: {len(recording.lost) - MOST_PLACES} more"
    yield from (f"  note: {words.escape(remark)}" for remark in recording.remarks)


def summary(recording: Recording, subject: Subject, show_removed: bool = False) -> Page:
    """What would be stored of a recording, whose entries it consumes, and how it would be said."""
    events: list[Event] = []
    kinds: Counter[str] = Counter()
    commands: Counter[str] = Counter()
    observations: Counter[str] = Counter()
    for entry in recording.entries:
        if not isinstance(entry, Event):
            observations[entry.name] += 1
            continue
        events.append(entry)
        kinds[kind(entry.payload)] += 1
        if isinstance(entry.payload, Command):
            commands[f"{entry.payload.channel} {entry.payload.name}"] += 1
    header = recording.header
    lines = [f"{words.escape(header.name)}: {words.escape(header.description)}"]
    tables = {"events": kinds, "commands": commands, "observations": observations}
    lines += [f"  {name}: {counted(table)}" for name, table in tables.items() if table]
    return listing(
        [*lines, *_translated(header, events, subject), *_notes(recording, show_removed)]
    )


def _translated(header: LogHeader, events: Sequence[Event], subject: Subject) -> Iterator[str]:
    """A line about commands that the subject's trees do not have, if there are any."""
    log = Log(header.name, header, tuple(events), fingerprint(tuple(events)))
    summary = translation.summarize_translation(translation.translate(log, subject), subject)
    if summary is not None:
        yield f"  said in {common.translation(summary)}"
    elif missing := translation.without_equivalent(log, subject):
        yield f"  in no tree of the series: {counted(missing)}"


def counted(table: Mapping[str, int]) -> str:
    """Words with their numbers, the most frequent first."""
    ordered: Iterable[tuple[str, int]] = sorted(table.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{number} {words.escape(name)}" for name, number in ordered)
