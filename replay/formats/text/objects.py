"""Finding the JSON objects in running text.

A brace that begins no object hides nothing behind it, and what was meant to be a message but is
none is told with the place and what was expected there.
"""

import json
import re
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from replay.events.event import Origin
from replay.formats.recording import MAX_LINE, InputLine
from replay.formats.text.open_object import MistakeError, OpenObject

START = re.compile(r"\{")
ESCAPED_START = re.compile(r"\{\s*\\+[\"']")
ESCAPE = re.compile(r"\\(.)", re.DOTALL)
BLANKS = {"n": " ", "r": " ", "t": " "}
WHOLE = json.JSONDecoder(strict=False)

MOST_ESCAPES = 4
"""So many times a text may have been put into another one's string."""

MOST_READINGS = 10
"""So many times over a text is read in vain in search of objects."""

LINES_BEFORE = 4
"""How many lines before an object are told with it: what marks it may have been wrapped."""

MESSAGE_KEYS = frozenset({"execute", "exec-oob", "return", "event", "QMP"})
"""Names in an object by which it was meant to be a message, though it could not be read."""


class WholeObject(NamedTuple):
    """A JSON object: where it begins, its text, and what stood before it since the last one.

    Lines before it are kept apart by newlines.
    """

    origin: Origin
    text: bytes
    before: str


class LostObject(NamedTuple):
    """What was meant to be a message and is none: where, and what was expected."""

    origin: Origin
    why: str
    before: str
    keys: frozenset[str]


TextObject = WholeObject | LostObject


class ObjectFinder:
    """Finds objects in lines that are fed to it one by one.

    `width` is the column at which the text was wrapped whatever stands there, 0 if it was not.
    """

    def __init__(self, width: int = 0) -> None:
        self._width = width
        self._open: OpenObject | None = None
        self._escapes = 0
        self._before: deque[str | bytes] = deque(maxlen=LINES_BEFORE)
        self._string_lines: list[InputLine] = []

    @property
    def is_open(self) -> bool:
        """Whether an object has begun and not ended."""
        return self._open is not None

    def feed(self, line: InputLine) -> Iterator[TextObject]:
        """The objects that end in this line, and those that turn out to have no end."""
        waiting = deque([line])
        while waiting:
            yield from self._feed(waiting.popleft(), waiting)

    def pass_by(self, line: InputLine) -> None:
        """Takes a line without a brace where no object is open: it may stand before one."""
        self._keep(line.text)

    def end(self) -> Iterator[TextObject]:
        """What is left of an object where the text breaks off or a new entry begins."""
        if self._open is not None:
            yield from self._drop("cut in the middle")
        self._before.clear()
        self._string_lines = []

    def _feed(self, line: InputLine, waiting: deque[InputLine]) -> Iterator[TextObject]:
        text, index, start = line.text.decode(errors="replace"), 0, 0
        length, plain = len(text), PlainObjects(text)
        if self._open is not None:
            text = self._continued(self._open, text)
            if self._open.in_string:
                self._string_lines.append(line)
        while True:
            if self._open is None:
                brace = START.search(text, index)
                if brace is None:
                    self._keep(text[start:])
                    return
                index = brace.start()
                before = self._context(text[start:index])
                if end := plain.end(text, index):
                    yield WholeObject(line.origin, text[index:end].encode(), before)
                    index = start = end
                    continue
                self._open = OpenObject(line.origin, before)
                text = self._unescaped(text, index)
            try:
                index = self._open.read(text, index)
                if not self._open.is_whole:
                    self._end_line(self._open, line, length)
                    return
            except MistakeError as mistake:
                yield from self._drop("cut in the middle" if self._string_lines else mistake.why)
                if len(self._string_lines) > 1:
                    # A quote without its end has swallowed lines: they are read again without it.
                    waiting.extendleft(reversed(self._string_lines[1:]))
                    self._string_lines = []
                    return
                index = start = max(mistake.index, index)
                continue
            yield WholeObject(self._open.origin, self._open.text(), self._open.before)
            self._open, self._string_lines, start = None, [], index

    def _continued(self, opened: OpenObject, text: str) -> str:
        """A further line of an object, without what indents it and with its escapes undone."""
        for _ in range(self._escapes):
            text = ESCAPE.sub(unescaped, text)
        return text.lstrip() if opened.in_string and opened.is_soft else text

    def _unescaped(self, text: str, index: int) -> str:
        """The line with the object in it unescaped, if it stands inside another text's string."""
        self._escapes = 0
        while self._escapes < MOST_ESCAPES and ESCAPED_START.match(text, index):
            text = text[:index] + ESCAPE.sub(unescaped, text[index:])
            self._escapes += 1
        return text

    def _end_line(self, opened: OpenObject, line: InputLine, length: int) -> None:
        if opened.size > MAX_LINE:
            raise MistakeError(length, f"an object longer than {MAX_LINE} characters")
        opened.end_line(bool(self._width) and length >= self._width)
        if not opened.in_string:
            self._string_lines = []
        elif not self._string_lines:
            self._string_lines = [line]

    def _drop(self, why: str) -> Iterator[TextObject]:
        """Gives up the open object: the whole ones inside it, and that it is lost if it matters."""
        opened, self._open = self._open, None
        assert opened is not None
        if opened.keys & MESSAGE_KEYS:
            yield LostObject(opened.origin, why, opened.before, frozenset(opened.keys))
        else:
            yield from (WholeObject(opened.origin, text, "") for text in opened.inner_texts())

    def _context(self, text: str) -> str:
        before = [line.decode(errors="replace") if isinstance(line, bytes) else line
                  for line in self._before]  # fmt: skip
        self._before.clear()
        return "\n".join([*before, text])

    def _keep(self, text: str | bytes) -> None:
        self._before.append(text)


class PlainObjects:
    """Finds whole objects of plain JSON in a text that is not read in vain too often."""

    def __init__(self, text: str) -> None:
        self._left = MOST_READINGS * len(text)

    def end(self, text: str, index: int) -> int:
        """The index behind an object that the text holds whole, else 0."""
        if self._left < 0:
            return 0
        try:
            _, end = WHOLE.raw_decode(text, index)
        except json.JSONDecodeError as error:
            # Of a string without an end only its beginning is told.
            self._left -= len(text) if error.msg.startswith("Unterminated") else error.pos
        except (ValueError, RecursionError):
            self._left -= len(text)
        else:
            return end
        return 0


def unescaped(match: re.Match[str]) -> str:
    """What an escape in a string stands for; the ends of lines are blanks in JSON."""
    return BLANKS.get(match[1], match[1])
