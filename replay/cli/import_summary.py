"""What an import read, left out and would translate, as text."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from replay.events.event import Command, Event, Log, LogHeader, fingerprint, kind
from replay.formats.read import Recording
from replay.reports import words
from replay.reports.text import page
from replay.variants import translation
from replay.variants.subject import Subject

MOST_PLACES = 10
"""More places of what could not be read than a reader looks at are only counted."""


def notes(recording: Recording, show_removed: bool = False) -> Iterator[str]:
    """Lines about what did not get in. True once the recording's entries are consumed.

    With `show_removed` the places of secrets are told, never what stood there.
    """
    if recording.left_out:
        yield f"  left out: {counted(recording.left_out)}\n"
    if recording.secrets:
        yield f"  {words.count(recording.secrets, 'secret')} replaced\n"
    for place in recording.tally.places if show_removed else ():
        yield f"  removed: {words.escape(place)}\n"
    for place in recording.lost[:MOST_PLACES]:
        yield f"  not read: {words.escape(place)}\n"
    if len(recording.lost) > MOST_PLACES:
        yield f"  not read: {len(recording.lost) - MOST_PLACES} more\n"
    yield from (f"  note: {words.escape(remark)}\n" for remark in recording.remarks)


def summary(recording: Recording, subject: Subject, show_removed: bool = False) -> str:
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
    lines = [f"{words.escape(header.name)}: {words.escape(header.description)}\n"]
    tables = {"events": kinds, "commands": commands, "observations": observations}
    lines += [f"  {name}: {counted(table)}\n" for name, table in tables.items() if table]
    return "".join([*lines, *translated(header, events, subject), *notes(recording, show_removed)])


def translated(header: LogHeader, events: Iterable[Event], subject: Subject) -> Iterator[str]:
    """A line about commands that the subject's trees do not have, if there are any."""
    kept = tuple(events)
    log = Log(header.name, header, kept, fingerprint(kept))
    done = translation.summarize_translation(translation.translate(log, subject), subject)
    if done is not None:
        yield f"  said in {page.translation(done)}\n"
    elif missing := translation.without_equivalent(log, subject):
        yield f"  in no tree of the series: {counted(missing)}\n"


def counted(table: Mapping[str, int]) -> str:
    """Words with their numbers, the most frequent first."""
    ordered: Iterable[tuple[str, int]] = sorted(table.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{number} {words.escape(name)}" for name, number in ordered)
