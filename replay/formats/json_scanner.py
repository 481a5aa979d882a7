"""Finding JSON objects in running text, whatever lines they are spread over."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from replay.errors import BadInput
from replay.events.event import Origin
from replay.formats.recording import MAX_LINE, InputLine

BETWEEN = re.compile(rb"[{]")
OUTSIDE = re.compile(rb"[\"'{}]")
INSIDE = {b'"': re.compile(rb'["\\]'), b"'": re.compile(rb"['\\]")}
"""What ends a string or escapes its next character, by the quote that began it."""

STRING = re.compile(rb"\"(?:[^\"\\]|\\.)*+\"|'((?:[^'\\]|\\.)*+)'", re.DOTALL)
QUOTE = re.compile(rb"\\.|\"", re.DOTALL)
QUOTES = {b'"': b'\\"', b"\\'": b"'"}
"""What stands otherwise in a string between double quotes than between single ones."""


@dataclass
class Scanner:
    """What is known of an object of which only the beginning was seen.

    `depth` counts open braces, `quote` began the string that is open. A text that goes
    on in the next line is joined as it stands.
    """

    depth: int = 0
    quote: bytes = b""
    escaped: bool = False
    origin: Origin | None = None
    parts: list[bytes] = field(default_factory=list)
    size: int = 0

    def feed(self, line: InputLine) -> Iterator[InputLine]:
        """The objects that end in this line, each with the place where it began."""
        index, start = 0, 0
        while index < len(line.text):
            if self.depth == 0:
                match = BETWEEN.search(line.text, index)
                if match is None:
                    break
                start, index, self.depth, self.origin = match.start(), match.end(), 1, line.origin
            else:
                index = self._step(line.text, index)
                if self.depth == 0:
                    self._keep(line.text[start:index])
                    yield self._taken()
                    start = index
        if self.depth:
            self._keep(line.text[start:])

    def _step(self, text: bytes, index: int) -> int:
        """Goes on to behind the next character that matters."""
        if self.escaped:
            self.escaped = False
            return index + 1
        match = (INSIDE[self.quote] if self.quote else OUTSIDE).search(text, index)
        if match is None:
            return len(text)
        match match.group():
            case b'"' | b"'" as quote:
                self.quote = b"" if self.quote else quote
            case b"\\":
                self.escaped = True
            case b"{":
                self.depth += 1
            case _:
                self.depth -= 1
        return match.end()

    def _keep(self, part: bytes) -> None:
        self.size += len(part)
        if self.size > MAX_LINE:
            raise BadInput(f"an object longer than {MAX_LINE} bytes", where=str(self.origin))
        self.parts.append(part)

    def _taken(self) -> InputLine:
        assert self.origin is not None
        whole = InputLine(self.origin, b"".join(self.parts))
        self.drop()
        return whole

    def drop(self) -> None:
        """Forgets the object that was begun."""
        self.depth, self.quote, self.escaped = 0, b"", False
        self.parts, self.size = [], 0


def objects(lines: Iterable[InputLine]) -> Iterator[InputLine]:
    """The texts of all objects in the lines; what stands between them is passed over."""
    scanner = Scanner()
    for line in lines:
        yield from scanner.feed(line)


def with_double_quotes(text: bytes) -> bytes:
    """JSON with its strings between double quotes; QEMU also takes single ones."""
    return STRING.sub(_with_double_quotes, text)


def _with_double_quotes(string: re.Match[bytes]) -> bytes:
    if string[1] is None:
        return string[0]
    return b'"%b"' % QUOTE.sub(lambda match: QUOTES.get(match[0], match[0]), string[1])
