"""Reading many files: each text by itself, the starts of domains beside what happened to them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path, PurePath
from typing import NamedTuple

from replay.errors import BadInput, ReplayError
from replay.formats.packing import sources
from replay.formats.read import Opener, open_input, read_source
from replay.formats.reader import DomainStart, ImportOptions, log_name
from replay.formats.readers import libvirt_debug, libvirt_domain
from replay.formats.recording import Recording, display_name


class Attempt(NamedTuple):
    """A text that is read: what it is called, and its recordings, which may raise ReplayError."""

    name: str
    recordings: Iterator[Recording]


def read_batch(
    paths: Sequence[Path], options: ImportOptions, opener: Opener = sources
) -> Iterator[Attempt]:
    """Each text of the files by itself, so that one that cannot be read does not stop the others.

    The recordings of an attempt must be read before the next is asked for. The starts in libvirt's
    logs of domains are put before what its debug logs tell of these domains; the logs of domains
    of which no other is there come last.
    """
    starts = domain_starts(paths) if options.format is None else ()
    options = options._replace(starts=starts)
    files = {start.file for start in starts}
    used: set[str | None] = set()
    for path in paths:
        for attempt in texts_of(path, options, opener):
            if attempt.name not in files:
                yield Attempt(attempt.name, noting_starts(attempt.recordings, used))
    for path in paths if files - used else ():
        for attempt in texts_of(path, options, sources):
            if attempt.name in files - used:
                yield attempt


def texts_of(path: Path, options: ImportOptions, opener: Opener) -> Iterator[Attempt]:
    """Each text in a file; one more that fails if the file itself cannot be read on."""
    try:
        for source in opener(path):
            yield Attempt(source.name, read_source(source, options))
    except ReplayError as error:
        yield Attempt(error.where or display_name(path), failing(error))


def failing(error: ReplayError) -> Iterator[Recording]:
    """Recordings that cannot be read."""
    raise error
    yield


def noting_starts(recordings: Iterable[Recording], used: set[str | None]) -> Iterator[Recording]:
    """The recordings; the files that tell their starts are put into a set."""
    for recording in recordings:
        used.add(recording.start)
        yield recording


def domain_starts(paths: Iterable[Path]) -> tuple[DomainStart, ...]:
    """The starts of domains in the logs of these among the files; what fails is told elsewhere."""
    starts: list[DomainStart] = []
    others: list[str] = []
    for path in paths:
        with suppress(ReplayError):
            # A pipe can be read once only, and is no log that libvirt keeps.
            for source in sources(path) if path.is_file() else ():
                reader, input, _ = open_input(source, None)
                if reader is libvirt_domain.READER:
                    groups = libvirt_domain.READER.by_conversation(input, ImportOptions())
                    for messages in groups.values():
                        domain = libvirt_domain.domain_in(messages) or log_name(source.name)
                        starts.append(DomainStart(source.name, domain, messages))
                elif reader is libvirt_debug.READER:
                    others.append(source.name)
    return tuple(beside(starts, others))


def beside(starts: Sequence[DomainStart], texts: Sequence[str]) -> Iterator[DomainStart]:
    """The starts with the debug log that goes with each: the only one, where there is one domain.

    It is looked for in the same directory or archive, then in all.
    """
    near, domains = defaultdict(set), defaultdict(set)
    for text in texts:
        near[PurePath(text).parent].add(text)
    for start in starts:
        domains[PurePath(start.file).parent].add(start.domain)
    everywhere = {start.domain for start in starts}
    for start in starts:
        place = PurePath(start.file).parent
        logs, those = (near[place], domains[place]) if near[place] else (set(texts), everywhere)
        yield start._replace(beside=frozenset(logs if len(logs) == len(those) == 1 else ()))


def files_in(paths: Iterable[Path]) -> Iterator[Path]:
    """The files, and those in directories and below these, sorted; hidden ones are left out.

    Raises BadInput for a directory without a file.
    """
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        inner = [file for file in sorted(path.rglob("*")) if file.is_file()]
        shown = [file for file in inner if not is_hidden(file.relative_to(path))]
        if not shown:
            raise BadInput("no file in this directory", where=display_name(path))
        yield from shown


def is_hidden(path: Path) -> bool:
    """Whether a file or a directory around it has a name that begins with a dot."""
    return any(part.startswith(".") for part in path.parts)
