"""What every command begins with: the store, the subject, and what its words mean in them."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from replay.cli import arguments
from replay.cli.arguments import is_file, is_pattern
from replay.cli.players import Hold, Player, players_of
from replay.cli.terminal import print_note
from replay.cli.work.stored_logs import LogName
from replay.errors import ReplayError
from replay.events.event import Log, Origin
from replay.files import shipped
from replay.formats.recording import Recording
from replay.store.lookup import Lookup, open_lookup
from replay.variants.variant import Subject, Variant, load_subject, parse_range

if TYPE_CHECKING:
    from replay.store.addition import AddedLog
    from replay.store.event_store import EventStore


LARGEST = 1 << 20
"""Bytes of a file that is read and held only to see whether its logs are stored."""


class Session(Struct, frozen=True):
    """What the options before the command say, and the words of the command.

    `hold` opens what stays open until it ends. `isolated` is whether code runs behind a second
    wall; None: if a stranger's is among it.
    """

    db: str
    patches: Path | None
    named: dict[str, str]
    hold: Hold
    words: tuple[str, ...] = ()
    isolated: bool | None = False

    def store(self) -> "EventStore":
        """The open store."""
        # What most commands only read is looked up without it, and it takes long to import.
        from replay.store.event_store import open_store  # noqa: PLC0415

        return open_store(self.db)

    def database(self, *, suspect: bool = False) -> "EventStore":
        """The store, which must be there; with `suspect` whatever somebody did to it."""
        from replay.store.database import open_database  # noqa: PLC0415
        from replay.store.event_store import EventStore  # noqa: PLC0415

        return EventStore(open_database(self.db, make=False, suspect=suspect))

    def subject(self) -> Subject:
        """The subject, wholly validated. From here on code of a stranger's can run."""
        subject = _subject(self.patches)
        self._raise_wall()
        return subject

    def _raise_wall(self) -> None:
        if self.isolated is False:
            return
        from replay.cli.wall import second_wall  # noqa: PLC0415

        if second_wall.is_walled():
            return
        named = self.named.values()
        forced = bool(self.isolated)
        if not (forced or second_wall.has_stranger(self.words, self.patches, named)):
            return
        outside = self._outside()
        if not outside:
            second_wall.raise_wall(self.words, self.db, self.patches, named, forced)
        elif forced:
            raise ReplayError(f"{outside}, which --isolate forbids")

    def _outside(self) -> str:
        """What the command needs that stands outside of a wall; "" for nothing."""
        # It takes long to import, and most commands have no stranger's code.
        from replay.cli.wall.second_wall import has_scheduler, starts_program  # noqa: PLC0415
        from replay.store.databases.backend import is_server  # noqa: PLC0415

        if starts_program(self.words, self.named.values()):
            return "a program has to be started"
        if has_scheduler(self.words):
            return "a scheduler has to be reached"
        return "a database server has to be reached" if is_server(self.db) else ""

    def variant(self, expression: str | None) -> Variant:
        """The variant of an expression, by default the last that the subject names."""
        subject = self.subject()
        return subject.variant(expression or subject.config.default_variants[-1], self.named)

    def ends(self, between: str | None) -> tuple[Variant, Variant]:
        """The two variants of a range, by default the first and last that the subject names.

        Raises ReplayError if it is no range.
        """
        names = self.subject().config.default_variants
        ends = (names[0], names[-1]) if between is None else parse_range(between)
        if ends is None:
            raise ReplayError(f"{between} is no range", do="write it as before..after")
        return self.variant(ends[0]), self.variant(ends[1])

    def players(self, words: Sequence[str], binary: str | None = None) -> tuple[Player, ...]:
        """What makes a trace of a log for each variant or machine of these words, A..B for two.

        By default each variant that the subject names.
        """
        subject = self.subject()
        sides = [side for word in words for side in parse_range(word) or (word,)]
        chosen = sides or list(subject.config.default_variants)
        models = arguments.resolve_variants(chosen, subject, self.named)
        return players_of(chosen, models, subject, binary, self.named, self.hold)

    def player(self, expression: str | None) -> Player:
        """What makes a trace of a log: a machine or a variant, by default the subject's last."""
        subject = self.subject()
        word = expression or subject.config.default_variants[-1]
        models = arguments.resolve_variants([word], subject, self.named)
        return players_of([word], models, subject, None, self.named, self.hold)[0]

    def keep(self, log: Log) -> str:
        """Stores a log that was made here; its name in the store."""
        recording = Recording(log.header, log.entries(), Origin(log.name, 1))
        with self.store() as store:
            (added,) = store.add([recording], rename=True)
        return added.name

    def log(self, word: str) -> Log:
        """The one log of that name or in that file, which is then stored."""
        known = stored_logs(self.db, [word])
        if known is not None and len(known) == 1:
            return known[0]
        with self.store() as store:
            return arguments.open_log(store, word, report_renamed)

    def log_names(
        self, words: Sequence[str], every: bool, purpose: str, near: Iterable[str] = ()
    ) -> list[LogName]:
        """The same logs by name; those of files are stored."""
        with self.store() as store:
            stored = {info.name: LogName(info.name, info.fingerprint) for info in store.logs()}
            matching = (n for word in words for n in arguments.matching_names(stored, word))
            names = [
                known
                for name in (stored if every else matching)
                for known in ([stored[name]] if name in stored else _named(store, name, near))
            ]
        if not names:
            raise _no_log(purpose)
        return names

    def logs(
        self, words: Sequence[str], every: bool, purpose: str, near: Iterable[str] = ()
    ) -> list[Log]:
        """The logs of names, patterns and files, or all that are stored.

        Raises ReplayError if there is none for this purpose; `near` are other words that may have
        been meant.
        """
        known = None if every else stored_logs(self.db, words)
        if known:
            return known
        with self.store() as store:
            stored = [info.name for info in store.logs()]
            matching = [name for w in words for name in arguments.matching_names(stored, w)]
            names = stored if every else matching
            opened = (arguments.open_logs(store, name, report_renamed, near) for name in names)
            logs = [log for several in opened for log in several]
        if not logs:
            raise _no_log(purpose)
        return logs


def _no_log(purpose: str) -> ReplayError:
    return ReplayError(f"no log to {purpose}", do="name one, or import some and say --all")


def _named(store: "EventStore", word: str, near: Iterable[str]) -> list[LogName]:
    """The logs of a file by the names under which they are stored."""
    logs = arguments.open_logs(store, word, report_renamed, near)
    return [LogName(log.name, log.fingerprint) for log in logs]


@lru_cache
def _subject(patches: Path | None) -> Subject:
    # Checking the whole series takes long, and one command may ask for the subject several times.
    return load_subject(patches or shipped("patches"))


def report_renamed(added: "AddedLog") -> None:
    """Says it if a file's log has another name in the store."""
    if added.status == "renamed":
        # It knows all that commands list.
        from replay.cli import listings  # noqa: PLC0415

        print_note(f"replay: {listings.stored(added)}")


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
            from replay.formats.read import read  # noqa: PLC0415, as above

            for recording in read(word):
                yield lookup.copy_of(Log.of(recording.header, recording.entries))
            return
    except (ReplayError, OSError):
        pass  # storing it tells what is wrong
    yield None
