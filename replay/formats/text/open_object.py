"""Reading one JSON object token by token, over as many lines as it takes.

It takes what people and programs make of JSON: single and typographic quotes, Python's words, the
filtered numbers of QEMU's tests, strings and numbers that are broken over lines.
"""

import json
import re
from collections.abc import Iterator

from replay.events.event import Origin

OPENING, CLOSING, LOW = "\u201c", "\u201d", "\u201e"
"""The double quotes of word processors, which people leave in what they copy."""

OPENING_SINGLE, CLOSING_SINGLE = "\u2018", "\u2019"
SINGLE = ("'", OPENING_SINGLE, CLOSING_SINGLE)

CLOSERS = {
    '"': '"',
    "'": "'",
    OPENING: f'{CLOSING}{OPENING}"',
    CLOSING: f'{CLOSING}"',
    LOW: f'{OPENING}{CLOSING}"',
    OPENING_SINGLE: f"{CLOSING_SINGLE}{OPENING_SINGLE}'",
    CLOSING_SINGLE: f"{CLOSING_SINGLE}'",
}
"""What may end a string, by the quote that began it: word processors turn quotes around."""

BLANK = "\\s\u00a0\u200b\ufeff"
TOKEN = re.compile(
    f"(?P<blank>[{BLANK}]+|\\\\$)|(?P<quote>[{''.join(CLOSERS)}])|(?P<word>[\\w.+-]+|\\(filtered\\))|.",
    re.DOTALL,
)
CONTENTS = {
    quote: re.compile(rf"(?:[^\\{closers}]|\\.)*", re.DOTALL) for quote, closers in CLOSERS.items()
}
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
WORDS = {
    **{word: word for word in ("true", "false", "null")},
    **{"True": "true", "False": "false", "None": "null"},
    # What the filters of QEMU's own tests leave where a number stood.
    **dict.fromkeys(
        ("TIMESTAMP", "SIZE", "OFFSET", "NUMBER", "SECS", "USECS", "PORT", "LEN", "(filtered)"), "0"
    ),
}
"""Values without quotes, as JSON, Python and filtered outputs write them, and their JSON."""

PREFIXES = ("u", "b", "r")
"""What Python writes before a string, depending on its kind."""

SOFT, HARD = "\n", "\v"
"""Where a line ended inside a string: before the column at which the text is wrapped, or at it."""

JOINT = re.compile(f"[{SOFT}{HARD}]")
CONTROL = re.compile(r"[\x00-\x1f]")
PYTHON_ESCAPE = re.compile(r"\\x([0-9a-fA-F]{2})|\\(['])|\\(.)|(\")", re.DOTALL)

DEEPEST = 1000
"""More levels than any message has; it bounds what a run of braces can take."""

MOST_JOINTS = 1000
"""More lines than any string is wrapped over; behind a lost quote the text is another one."""

NAME, COLON, VALUE, COMMA = "a name", '":"', "a value", '"," or the end'
"""What may come next, in the words that say so where something else came."""


class MistakeError(Exception):
    """What came in an object is not what may come there: the index in the line, and why."""

    def __init__(self, index: int, why: str) -> None:
        self.index = index
        self.why = why
        super().__init__(why)


class OpenObject:
    """An object of which the beginning was read.

    `keys` are its own names so far, `size` counts the characters that were read.
    """

    def __init__(self, origin: Origin, before: str) -> None:
        self.origin = origin
        self.before = before
        self.keys: set[str] = set()
        self.size = 0
        self._levels: list[tuple[str, int]] = []
        self._parts: list[str] = []
        self._inner: list[tuple[int, int]] = []
        self._expected = VALUE
        self._quote = ""
        self._content: list[str] = []
        self._joints = 0
        self._word = ""
        self._word_goes_on = False

    @property
    def is_whole(self) -> bool:
        """Whether its end was read."""
        return bool(self._parts) and not self._levels

    @property
    def in_string(self) -> bool:
        """Whether a string has begun and not ended."""
        return bool(self._quote)

    @property
    def is_soft(self) -> bool:
        """Whether the line before ended where no text is wrapped by force."""
        return bool(self._content) and self._content[-1] == SOFT

    def text(self) -> bytes:
        """The object as JSON."""
        return "".join(self._parts).encode(errors="replace")

    def inner_texts(self) -> Iterator[bytes]:
        """The outermost whole objects inside it, as JSON: what is left of one without an end."""
        for start, end in self._inner:
            yield "".join(self._parts[start:end]).encode(errors="replace")

    def end_line(self, is_full: bool) -> None:
        """Goes on to the next line; `is_full` says that the text was wrapped at this column."""
        if not self._quote or self._content[-1:] == ["\\"]:
            return
        self._joints += 1
        if self._joints > MOST_JOINTS:
            raise MistakeError(0, "a string without its end")
        self._content.append(HARD if is_full else SOFT)

    def read(self, text: str, index: int) -> int:
        """Reads on in a line and returns the index behind the object's end, or the line's.

        Raises MistakeError where something stands that may not stand there.
        """
        begin = index
        while index < len(text):
            if self._quote:
                index = self._string(text, index)
                continue
            token = TOKEN.match(text, index)
            assert token is not None
            if token["blank"]:
                self._word_goes_on = False
            elif token["quote"]:
                self._quoted(token["quote"], index)
            elif token["word"]:
                self._worded(token, text)
            else:
                self._punctuation(token[0], index)
                if not self._levels:
                    self.size += token.end() - begin
                    return token.end()
            index = token.end()
        self.size += index - begin
        return index

    def _mistake(self, index: int, token: str) -> MistakeError:
        # What a word or a string says may be a secret, and errors are printed.
        thing = "a word" if token.isalnum() else "a string" if token in CLOSERS else repr(token)
        return MistakeError(index, f"expected {self._expected}, not {thing}")

    def _quoted(self, quote: str, index: int) -> None:
        if self._expected not in (NAME, VALUE):
            raise self._mistake(index, quote)
        self._quote, self._content, self._joints = quote, [], 0

    def _string(self, text: str, index: int) -> int:
        if self._content and self._content[-1] == "\\":
            # The line before ended between a backslash and what it escapes.
            self._content[-1] += text[index]
            index += 1
        match = CONTENTS[self._quote].match(text, index)
        assert match is not None
        self._content.append(match[0])
        index = match.end()
        if index == len(text):
            return index
        if text[index] == "\\":
            self._content.append("\\")
            return index + 1
        name = self._expected == NAME
        raw = unbroken("".join(self._content), name)
        self._parts.append(json_string(raw, self._quote))
        if name and len(self._levels) == 1:
            self.keys.add(raw)
        self._expected = COLON if name else COMMA
        self._quote = ""
        return index + 1

    def _worded(self, token: re.Match[str], text: str) -> None:
        word = token[0]
        if self._word_goes_on and self._expected == COMMA:
            self._word += word
        elif word in PREFIXES and text[token.end() : token.end() + 1] in ('"', "'"):
            return
        elif self._expected == VALUE:
            self._word, self._expected = word, COMMA
        else:
            raise self._mistake(token.start(), "word")
        self._word_goes_on = token.end() == len(text)

    def _end_word(self, index: int) -> None:
        """Puts down a word when what comes behind it shows that it has ended."""
        word, self._word, self._word_goes_on = self._word, "", False
        if not word:
            return
        value = word if NUMBER.fullmatch(word) else WORDS.get(word)
        if value is None:
            raise MistakeError(
                index, f"expected a value, not {'...' if '..' in word else 'a word'}"
            )
        self._parts.append(value)

    def _punctuation(self, mark: str, index: int) -> None:
        self._end_word(index)
        expected, last = self._expected, self._parts[-1] if self._parts else ""
        if mark in "{[" and expected == VALUE and len(self._levels) < DEEPEST:
            self._levels.append((mark, len(self._parts)))
            self._expected = NAME if mark == "{" else VALUE
        elif mark == ":" and expected == COLON:
            self._expected = VALUE
        elif mark == "," and expected == COMMA:
            self._expected = NAME if self._levels[-1][0] == "{" else VALUE
        elif mark in "]}" and self._may_close(mark, last):
            self._close(mark, last)
            return
        else:
            raise self._mistake(index, mark)
        self._parts.append(mark)

    def _may_close(self, mark: str, last: str) -> bool:
        if self._levels[-1][0] + mark not in ("{}", "[]"):
            return False
        # A comma before the end is Python's and people's.
        return self._expected == COMMA or last in (",", self._levels[-1][0])

    def _close(self, mark: str, last: str) -> None:
        if last == ",":
            self._parts.pop()
        self._parts.append(mark)
        _, start = self._levels.pop()
        self._expected = COMMA
        if mark == "}" and self._levels:
            while self._inner and self._inner[-1][0] >= start:
                self._inner.pop()
            self._inner.append((start, len(self._parts)))


def unbroken(content: str, is_name: bool) -> str:
    """A string that was broken over lines in one piece.

    A blank is put back where a text of several words was wrapped: not behind a hyphen, not at the
    column at which all is wrapped, and not in names, which have none.
    """
    pieces = JOINT.split(content)
    if len(pieces) == 1:
        return content
    has_blanks = not is_name and any(" " in piece for piece in pieces)
    joints = JOINT.findall(content)
    whole = pieces[0]
    for joint, piece in zip(joints, pieces[1:], strict=True):
        is_blank = has_blanks and joint == SOFT and not whole.endswith(("-", " "))
        whole += f" {piece}" if is_blank else piece
    return whole


def json_string(content: str, quote: str) -> str:
    """A string as JSON, of what stands between its quotes."""
    if quote in SINGLE:
        content = PYTHON_ESCAPE.sub(json_escape, content)
    return f'"{CONTROL.sub(lambda match: json.dumps(match[0])[1:-1], content)}"'


def json_escape(match: re.Match[str]) -> str:
    """What stands in JSON for an escape between single quotes."""
    if match[1]:
        return f"\\u00{match[1]}"
    if match[2]:
        return match[2]
    return '\\"' if match[4] else match[0]
