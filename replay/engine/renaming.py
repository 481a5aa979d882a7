"""Giving the names in a log numbers in the order in which they first appear.

Machines that do the same under other names then have one log, and share all work. That is sound
as long as the model never looks inside a name. So a name is a word between separators, which stay;
what the sources mention stays too, and what is a number or could be made of such words; and a
number has as many characters as its name, since the language counts them.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from msgspec import Struct

from replay.engine.mentions import Mentions

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
