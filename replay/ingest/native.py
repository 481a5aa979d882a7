"""The native form: JSON lines, each log's header before its events."""

from collections.abc import Iterable, Iterator, Sequence

from replay.errors import ReplayError
from replay.events import Entry, LogHeader
from replay.ingest.cleaning import SUSPECT, Cleaner
from replay.ingest.recording import Line, Recording
from replay.jsonform import located, parse_entry, parse_header, parse_object

FORMAT = "native"
MARK = b'"replay_log"'


def lacks(head: Sequence[Line]) -> str:
    """What the first line would have in a file of this format; "" if it has all."""
    return "" if is_header(head[0]) else 'the first line has no "replay_log"'


def is_header(line: Line) -> bool:
    """Whether the line starts a log. The mark is looked for first: most lines are events."""
    if MARK not in line.text:
        return False
    try:
        return "replay_log" in parse_object(line.text)
    except ReplayError:
        return False


def read(lines: Iterable[Line]) -> Iterator[Recording]:
    """The logs of the file, in order."""
    rest = iter(lines)
    start = next(rest, None)
    while start is not None:
        header, version = header_of(start)
        ended_by: list[Line] = []
        cleaner = Cleaner(numbers=False)
        entries = until_header(rest, version, ended_by, cleaner)
        yield Recording(header, entries, start.origin, tally=cleaner.tally)
        for _ in entries:  # what the caller left is read, and checked, all the same
            pass
        start = ended_by[0] if ended_by else None


def header_of(line: Line) -> tuple[LogHeader, int]:
    """The header of a log and the version of its events."""
    with located(line.origin):
        return parse_header(parse_object(line.text))


def until_header(
    lines: Iterator[Line], version: int, ended_by: list[Line], cleaner: Cleaner
) -> Iterator[Entry]:
    """The events and observations up to the next header, which is put into `ended_by`."""
    for line in lines:
        if is_header(line):
            ended_by.append(line)
            return
        clean = cleaner.clean_entry if SUSPECT.search(line.text) else None
        yield parse_entry(line.text, line.origin, version, clean)
