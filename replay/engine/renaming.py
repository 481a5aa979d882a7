"""Giving the names in a log numbers in the order in which they first appear.

Machines that do the same under other names then have one log, and share all work. That is sound
as long as the model never looks inside a name. So a name is a word between separators, which stay;
what the sources mention stays too, and what is a number or could be made of such words; and a
number has as many characters as its name, since the language counts them.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from msgspec import MsgspecError, Raw, Struct
from msgspec.json import Decoder

from replay.engine.mentions import Mentions, mentions
from replay.errors import ReplayError
from replay.events.event import Command, Log, Notice, Payload, content
from replay.events.json_form import parse_object, parse_payload
from replay.variants.subject import Subject
from replay.variants.variant import Variant

FIRST, LAST, PAD = 0xE000, 0xF8FE, "\uf8ff"
"""The characters that stand for names, and what fills them up: Unicode leaves them to us."""

PRIVATE = re.compile(f"[{chr(FIRST)}-{PAD}]")
NAMED = re.compile(f"([{chr(FIRST)}-{chr(LAST)}]){PAD}*")

WORD = re.compile(r"[\w-]+")
"""What is between two separators."""

NUMBER = re.compile(r"[-+]?(0[xX][0-9a-fA-F]+|\d[\d_]*[a-zA-Z]{0,3})")
"""A number, perhaps with a unit, as the model may read one."""

STRINGS = re.compile(r'"((?:[^"\\]|\\.)*+)"')
"""The strings of a JSON text; splitting it leaves what is inside them at odd places."""

ESCAPES = re.compile(r'\\[^"\\/]')
"""Escapes that are letters, and would be taken for a part of a word."""

OWN_WORDS = (
    *("image", "command", "notice", "await", "guest", "internal", "cli", "hmp", "qmp"),
    *("read", "write", "ready", "end", "settled", "raw", "tmp", "machine", "other"),
    *("kind", "channel", "name", "arguments", "reply", "data", "device", "until", "depth"),
    *("sector", "sectors", "pattern", "format", "size", "offset", "length"),
    *("backing_file", "backing_format", "error"),
)
"""Words with a meaning in events and in the engine."""

MOST_KEPT = 2000
"""Strings without a name that are remembered from one log to the next."""


class NotShareable(Exception):
    """A log whose names can't be told apart from the rest; it has to be looked at by itself."""


class Renamed(NamedTuple):
    """A text with numbers for names, and the names by their numbers, which are characters."""

    text: str
    names: Mapping[str, str]


class Renaming:
    """Renames the logs that run in some sources; what these mention stays."""

    def __init__(self, mentioned: Mentions, words: Iterable[str] = ()) -> None:
        """`words` are others that stay."""
        whole = {*mentioned.whole, *words, *OWN_WORDS}
        self._words = frozenset(word for text in whole for word in WORD.findall(text))
        self._handlers = frozenset(name.partition("_")[2] for name in mentioned.functions)
        # A single letter is a unit or an option, and would be a piece of too many names.
        pieces = {word for word in self._words if len(word) > 1 or not word.isalpha()}
        self._pieces = frozenset(pieces | set("0123456789"))
        self._longest = max(map(len, self._pieces))
        inside = {text for text in mentioned.inside if WORD.fullmatch(text) and not text.isdigit()}
        looked_for = "|".join(map(re.escape, sorted(inside - {"-"})))
        self._kept = re.compile(f"-|tmp|.*(?:{looked_for})" if looked_for else "-|tmp")
        self._lowers = mentioned.lowers
        self._is_clear = mentioned.is_clear
        self._same: dict[str, str] = {}

    def rename(self, text: str) -> Renamed:
        """JSON texts with numbers for names; raises NotShareable."""
        if not self._is_clear or (not text.isascii() and PRIVATE.search(text)):
            raise NotShareable
        strings = _Strings(self, self._same)
        parts = text.split('"') if "\\" not in text else STRINGS.split(text)
        parts[1::2] = map(strings.__getitem__, parts[1::2])
        return Renamed('"'.join(parts), strings.names)

    def remember(self, string: str) -> None:
        """Notes that a string holds no name."""
        if len(self._same) < MOST_KEPT:
            self._same[string] = string

    def stays(self, word: str) -> bool:
        """Whether a word is not to be taken for a name."""
        return (
            word in self._words
            or word.replace("-", "_") in self._handlers
            or NUMBER.fullmatch(word) is not None
            or self._kept.match(word) is not None
            or (self._lowers and word.lower() != word)
            or self._is_made_of_pieces(word)
        )

    def _is_made_of_pieces(self, word: str) -> bool:
        """Whether the model could make this word of texts that it mentions, and of numbers."""
        reached = {0}
        for start in range(len(word)):
            if start in reached:
                ends = range(start + 1, min(start + self._longest, len(word)) + 1)
                reached.update(end for end in ends if word[start:end] in self._pieces)
        return len(word) in reached


class _Strings(dict[str, str]):
    """The strings of one log, renamed."""

    def __init__(self, renaming: Renaming, same: Mapping[str, str]) -> None:
        super().__init__(same)
        self.names: dict[str, str] = {}
        self._renaming = renaming
        self._words: dict[str, str] = {}

    def __missing__(self, string: str) -> str:
        if "\\" in string and ESCAPES.search(string):
            raise NotShareable
        renamed = self[string] = WORD.sub(self._word, string)
        if renamed == string:
            self._renaming.remember(string)
        return renamed

    def _word(self, match: re.Match[str]) -> str:
        word = match[0]
        renamed = self._words.get(word)
        if renamed is None:
            renamed = self._words[word] = word if self._renaming.stays(word) else self._new(word)
        return renamed

    def _new(self, word: str) -> str:
        number = FIRST + len(self.names)
        if number > LAST:
            raise NotShareable
        self.names[chr(number)] = word
        return chr(number) + PAD * (len(word) - 1)


class Restoring:
    """Puts the names back; raises NotShareable where a name was cut."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names
        self._texts: dict[str, str] = {}

    def text(self, text: str) -> str:
        """A text with its names."""
        restored = self._texts.get(text)
        if restored is None:
            restored = self._texts[text] = NAMED.sub(self._name, text)
            if PAD in restored:
                raise NotShareable
        return restored

    def value(self, value: Any) -> Any:
        """The same for all texts in a JSON value or a struct, keys of dicts too."""
        if type(value) is str:  # an enumerated one is no name
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.value(key): self.value(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if type(value) is tuple:
            return tuple([self.value(item) for item in value])
        if isinstance(value, Struct):
            fields = {name: self.value(getattr(value, name)) for name in value.__struct_fields__}
            return type(value)(**fields)
        return value

    def _name(self, match: re.Match[str]) -> str:
        name = self._names.get(match[1], "")
        if len(name) != len(match[0]):
            raise NotShareable
        return name


def renaming(subject: Subject, variants: Iterable[Variant]) -> Renaming:
    """What renames logs that run in these variants, and through the subject's dictionary."""
    config, dictionary = subject.config, subject.dictionary
    sources = [file.text for variant in variants for file in variant.tree.files]
    words = [*config.node.children, *config.bits, *config.fields]
    if dictionary is not None:
        sources.append(dictionary.source)
        words += dictionary.idle
    return Renaming(Mentions().union(map(mentions, sources)), words)


# What is renamed


def log_text(log: Log) -> str:
    """What the events of a log say, each as a line of canonical JSON."""
    return b"\n".join([content(event.original or event.payload) for event in log.events]).decode()


class _Replied(Struct):
    """The end of a canonical command, whose keys are sorted."""

    reply: Raw = Raw(b"")


_replied = Decoder(_Replied).decode
REPLY = ',"reply":'


def without_replies(text: str) -> str:
    """The text of a log without what was recorded of replies, but whether they are errors."""
    return "\n".join(map(_without_reply, text.split("\n"))) if REPLY in text else text


def _without_reply(content: str) -> str:
    """The content without the recorded reply, of which nothing but success counts."""
    if REPLY not in content:
        return content
    try:
        reply = bytes(_replied(content).reply).decode()
    except MsgspecError:
        return content
    end = f"{REPLY}{reply}}}"
    if not reply or not content.endswith(end):
        return content
    failed = REPLY + '{"error":{}}}' if reply.startswith('{"error"') else "}"
    return content.removesuffix(end) + failed


# Each text comes twice when it is new: when it is foreseen, and when it happens.
@lru_cache(maxsize=4096)
def payload_of(text: str) -> Payload:
    """What a line of a renamed text says; raises NotShareable for one that is no event."""
    try:
        payload = parse_payload(parse_object(text.encode()))
    except ReplayError:
        raise NotShareable from None  # read as it is, it says what is wrong and where
    if isinstance(payload, Command | Notice) and _is_key_renamed(payload):
        raise NotShareable
    return payload


def _is_key_renamed(payload: Command | Notice) -> bool:
    """Whether a name is a key: keys are sorted, and a function may look at all of them."""
    fields = payload.arguments if isinstance(payload, Command) else payload.data
    return any(PRIVATE.search(key) for key in _keys(fields))


def _keys(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield from value
        for item in value.values():
            yield from _keys(item)
    elif isinstance(value, list):
        for item in value:
            yield from _keys(item)
