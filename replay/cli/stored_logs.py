"""The logs that words of the command line mean, where all of them are stored already."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from replay.cli.arguments import is_file, is_pattern
from replay.errors import ReplayError
from replay.events.event import Log
from replay.formats.read import read
from replay.store.lookup import Lookup, open_lookup

LARGEST = 1 << 20
"""Bytes of a file that is read and held only to see whether its logs are stored."""


def stored_logs(where: str, words: Sequence[str]) -> list[Log] | None:
    """The logs of these names and files; None if the store has to be opened for any of them."""
    if any(map(is_pattern, words)):
        return None
    with open_lookup(where) as lookup:
        if lookup is None:
            return None
        logs = [log for word in words for log in _logs(lookup, word)]
    return None if None in logs else [log for log in logs if log is not None]


def _logs(lookup: Lookup, word: str) -> Iterator[Log | None]:
    named = lookup.load(word)
    if named is not None or not is_file(word):
        yield named
        return
    try:
        if Path(word).stat().st_size <= LARGEST:
            for recording in read(word):
                yield lookup.copy_of(Log.of(recording.header, recording.entries))
            return
    except (ReplayError, OSError):
        pass  # storing it tells what is wrong
    yield None
