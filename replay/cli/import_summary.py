"""What an import read, left out and would translate, as text."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from replay.cli import listings
from replay.events.event import Command, Log, kind
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
    log = Log.of(recording.header, recording.entries)
    said = (event.payload for event in log.events)
    commands = (f"{it.channel} {it.name}" for it in said if isinstance(it, Command))
    tables = {
        "events": Counter(kind(event.payload) for event in log.events),
        "commands": Counter(commands),
        "observations": Counter(observation.name for observation in log.observations),
    }
    lines = [f"{words.escape(log.name)}: {words.escape(log.header.description)}"]
    lines += [f"  {name}: {counted(table)}" for name, table in tables.items() if table]
    return listing([*lines, *_translated(log, subject), *_notes(recording, show_removed)])


def _translated(log: Log, subject: Subject) -> Iterator[str]:
    """A line about commands that the subject's trees do not have, if there are any."""
    summary = translation.summarize_translation(translation.translate(log, subject), subject)
    if summary is not None:
        yield f"  said in {common.translation(summary)}"
    elif missing := translation.without_equivalent(log, subject):
        yield f"  in no tree of the series: {counted(missing)}"


def counted(table: Mapping[str, int]) -> str:
    """Words with their numbers, the most frequent first."""
    ordered: Iterable[tuple[str, int]] = sorted(table.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{number} {words.escape(name)}" for name, number in ordered)
