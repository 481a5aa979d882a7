"""Logs in replay's own form: JSON lines after a header."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from replay.errors import BadInput, ReplayError
from replay.events.event import LogEntry, LogHeader
from replay.events.json_form import located, parse_entry, parse_header, parse_object
from replay.formats.reader import ImportOptions, Input
from replay.formats.recording import InputLine, Message, Recording
from replay.formats.secret_shapes import may_hold_secret
from replay.formats.secrets import Cleaner

MARK = b'"replay_log"'


def is_header(line: InputLine) -> bool:
    """Whether the line starts a log. The mark is looked for first: most lines are events."""
    if MARK not in line.text:
        return False
    try:
        return "replay_log" in parse_object(line.text)
    except ReplayError:
        return False


class NativeReader:
    """The reader of the native form, whose lines are events already."""

    name = "native"
    may_start_midway = False
    remark = ""
    clock_remark = ""

    def why_not(self, head: Sequence[InputLine]) -> str:
        """Why the first line is not of this form; "" means that it is."""
        return "" if is_header(head[0]) else 'the first line has no "replay_log"'

    def read(self, input: Input, options: ImportOptions) -> Iterator[Recording]:
        """The logs of the file, in order."""
        return logs(input.lines)

    def part(self, input: Input, options: ImportOptions) -> Sequence[Message]:
        """Raises BadInput: its lines are no messages."""
        raise BadInput(
            "a file in the native form is a log already, and no part of one",
            where=input.name,
            do="import it by itself",
        )


def logs(lines: Iterable[InputLine]) -> Iterator[Recording]:
    """The logs of the file, in order."""
    rest = iter(lines)
    start = next(rest, None)
    while start is not None:
        cleaner = Cleaner(numbers=False)
        header, version = header_of(start, cleaner)
        ended_by: list[InputLine] = []
        entries = until_header(rest, version, ended_by, cleaner)
        yield Recording(header, entries, start.origin, tally=cleaner.tally)
        for _ in entries:  # what the caller left is read, and checked, all the same
            pass
        start = ended_by[0] if ended_by else None


def header_of(line: InputLine, cleaner: Cleaner) -> tuple[LogHeader, int]:
    """The header of a log without secrets, and the version of its events."""
    with located(line.origin):
        raw = parse_object(line.text)
        if may_hold_secret(line.text):
            raw = cleaner.clean_entry(raw, line.origin)
        return parse_header(raw)


def until_header(
    lines: Iterator[InputLine], version: int, ended_by: list[InputLine], cleaner: Cleaner
) -> Iterator[LogEntry]:
    """The events and observations up to the next header, which is put into `ended_by`."""
    for line in lines:
        if is_header(line):
            ended_by.append(line)
            return
        may_hold = may_hold_secret(line.text)
        clean = partial(cleaner.clean_entry, origin=line.origin) if may_hold else None
        yield parse_entry(line.text, line.origin, version, clean)


READER = NativeReader()
