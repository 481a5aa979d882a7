"""Turning words of the command line into variants and logs."""

import fnmatch
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from replay.errors import NotFound, ReplayError
from replay.events.event import Log
from replay.variants.variant import (
    Subject,
    Variant,
    is_expression,
    parse_machine,
    parse_range,
    resolve,
)

if TYPE_CHECKING:
    from replay.store.addition import AddedLog
    from replay.store.event_store import EventStore


class Choice(NamedTuple):
    """Which variants, as expressions, and which logs, by name or file, an invocation is about."""

    variants: tuple[str, ...]
    logs: tuple[str, ...]


def parse_named(definitions: Iterable[str]) -> dict[str, str]:
    """NAME=EXPR, ... as a mapping. ReplayError for one without "=" and for a name given twice."""
    named: dict[str, str] = {}
    for definition in definitions:
        name, equals, expression = definition.partition("=")
        if not (name and equals and expression):
            do = "write --variant NAME=EXPR"
            raise ReplayError(f"{definition!r} defines no variant", do=do)
        if name in named:
            raise ReplayError(f"--variant {name} is given twice")
        named[name] = expression
    return named


def split_arguments(
    words: Sequence[str], after_dashes: int | None, subject: Subject, named: Mapping[str, str]
) -> Choice:
    """Leading variant expressions, then logs; without variants, those that the subject names.

    `after_dashes` is the number of words behind a "--", None if there was none.
    """
    variants, logs = leading_variants(words, after_dashes, subject, named)
    if len(variants) == 1:
        unknown = f", and {logs[0]} is none" if len(logs) > 1 else ""
        do = "name another to compare with; replay variants lists them"
        raise ReplayError(f"only one variant, {variants[0]}{unknown}", do=do)
    return Choice(variants or subject.config.default_variants, logs)


def leading_variants(
    words: Sequence[str], after_dashes: int | None, subject: Subject, named: Mapping[str, str]
) -> Choice:
    """The words that are variant expressions, up to the first that is none, and the rest."""

    def sides(word: str) -> tuple[str, ...]:
        ends = parse_range(word)
        return ends if ends and all(map(is_variant, ends)) else (word,)

    def is_variant(word: str) -> bool:
        return bool(parse_machine(word, named)) or is_expression(subject, word, named)

    if after_dashes is None:
        leading = tuple(takewhile(lambda word: all(map(is_variant, sides(word))), words))
    else:
        leading = tuple(words[: len(words) - after_dashes])
    variants = tuple(side for word in leading for side in sides(word))
    return Choice(variants, tuple(words[len(leading) :]))


def resolve_variants(
    chosen: Iterable[str], subject: Subject, named: Mapping[str, str]
) -> tuple[Variant, ...]:
    """The variants of the expressions, each once; what is no variant of the model is left out."""
    texts = [text for text in dict.fromkeys(chosen) if not parse_machine(text, named)]
    return tuple(resolve(subject, text, named) for text in texts)


def open_log(store: "EventStore", word: str, notify: "Callable[[AddedLog], None]") -> Log:
    """The one log of that name or in that file. ReplayError for a file that holds several."""
    logs = tuple(open_logs(store, word, notify))
    if len(logs) > 1:
        names = ", ".join(log.name for log in logs)
        raise ReplayError("the file holds several logs", where=word, do=f"name one of {names}")
    return logs[0]


def is_pattern(word: str) -> bool:
    """Whether the word may stand for several stored logs, as "deleted-*"."""
    return any(char in word for char in "*?[") and not is_file(word)


def matching_names(stored: Iterable[str], word: str) -> tuple[str, ...]:
    """The stored logs that the word means: a pattern those that it matches, any other itself."""
    names = tuple(stored)
    if word in names or not is_pattern(word):
        return (word,)
    matches = tuple(fnmatch.filter(names, word))
    if not matches:
        do = "replay logs lists those that are stored"
        raise ReplayError(f"no stored log has a name like {word}", do=do)
    return matches


def open_logs(
    store: "EventStore",
    word: str,
    notify: "Callable[[AddedLog], None]",
    variants: Iterable[str] = (),
) -> Iterator[Log]:
    """A stored log by its name, or the logs of a file.

    Those are stored on the way, and `notify` is told what became of them. Raises ReplayError for
    a word that is neither, with what is near it, `variants` included.
    """
    # SQLAlchemy takes long to import, and whoever has a store has it already.
    from replay.store.unfinished import next_command  # noqa: PLC0415
    from replay.store.unfinished import unfinished as is_unfinished  # noqa: PLC0415

    if store.holds(word):
        yield store.load(word)
    elif is_file(word):
        # A log that is stored already needs no reader, and they take long to import.
        from replay.formats.read import read  # noqa: PLC0415

        for result in store.add(read(word), rename=True):
            notify(result)
            yield store.load(result.name)
    elif is_unfinished(store.database, word):
        do = f"{next_command(word)} makes a log of it, if it was broken off"
        raise ReplayError(f"{word!r} is a recording that is no log yet", do=do)
    else:
        near = get_close_matches(word, [*(info.name for info in store.logs()), *variants])
        do = (
            f"the nearest: {', '.join(near)}" if near else "replay logs lists those that are stored"
        )
        raise NotFound(f"{word!r} is neither a stored log nor a file", do=do, nearest=near)


def is_file(word: str) -> bool:
    """Whether a word means a file rather than a log by its name."""
    try:
        return "/" in word or Path(word).exists()
    except OSError:
        return False
