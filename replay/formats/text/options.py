"""Finding command lines of QEMU in running text, and the options in them."""

import re
from collections.abc import Iterable, Iterator

from replay.formats.recording import InputLine, Message, weight

OPTION = re.compile(r"--?[A-Za-z][\w.-]*")
PROGRAM = re.compile(
    r"(?:^|[\s/'\"`])(?:qemu-system-\w+|qemu-kvm|kvm|qemu-storage-daemon)['\"]?\s+(?:\\$|-)"
)
FIRST = re.compile(r"^\s*--?(?:drive|blockdev|device|hd[abcd]|snapshot)(?:\s|$)")
DRIVES = re.compile(r"(?:^|\s)--?(?:drive|blockdev|hd[abcd]|cdrom)\s")
NEXT = re.compile(r"^\s*--?[a-z]")

PART = r"""[^\s'"\\]++|\\.|'[^']*+'|"(?:[^"\\]++|\\.)*+\""""
LINE = re.compile(rf"(?s)(?:\s++|{PART})*+")
WORD = re.compile(rf"(?s)(?:{PART})++")
QUOTED = re.compile(r"""(?s)\\(.)|'([^']*+)'|"((?:[^"\\]++|\\.)*+)\"""")
IN_QUOTES = re.compile(r"""\\(["\\])""")
"""A line as a shell reads it, a word in it, what is quoted in the word, and in double quotes."""

MOST_LINES = 10_000
"""More lines than any command line is spread over."""

FURTHER = "command lines of further machines"


class CommandLines:
    """Collects the lines of command lines; the options of the first are those of the machine."""

    def __init__(self) -> None:
        self._lines: list[InputLine] = []
        self._goes_on = False
        self._count = 0

    @property
    def is_open(self) -> bool:
        """Whether a command line has begun, which the next line may go on."""
        return bool(self._lines)

    def feed(self, line: InputLine, text: str) -> Iterator[Message]:
        """The options of a command line that has ended before this line."""
        if self._lines and not (self._goes_on or NEXT.match(text)):
            yield from self.end()
        if self._lines or PROGRAM.search(text) or FIRST.match(text):
            self._goes_on = text.endswith(("\\", ",")) and len(self._lines) < MOST_LINES
            self._lines.append(InputLine(line.origin, text.removesuffix("\\").strip().encode()))

    def end(self) -> Iterator[Message]:
        """The options of the command line that was collected, if it is about drives."""
        lines, self._lines, self._goes_on = self._lines, [], False
        if not any(DRIVES.search(f"{line.text.decode()} ") for line in lines):
            return
        self._count += 1
        if self._count == 1:
            yield from options(lines, None, "")
        else:
            lost = {"why": FURTHER, "reason": FURTHER}
            yield Message(lines[0].origin, "lost", lost)


def options(words: Iterable[InputLine], time: float | None, channel: str) -> Iterator[Message]:
    """The options of a command line that stands an argument, or an option with it, a line."""
    parts = [
        (word.origin, part) for word in words for part in split(word.text.decode(errors="replace"))
    ]
    for (origin, name), (_, value) in zip(parts, [*parts[1:], (None, "-")], strict=False):
        if OPTION.fullmatch(name):
            text = "" if OPTION.fullmatch(value) or value == "-" else value
            msg = {"name": name.removeprefix("-").removeprefix("-"), "value": text}
            yield Message(origin, "option", msg, time, channel, weight(text.encode()))


def split(line: str) -> list[str]:
    """The words of a line, without the shell's quotes; old logs have none, and odd ones.

    Python's own shlex takes a time that grows with the square of a word's length.
    """
    if not LINE.fullmatch(line):
        return line.split()
    return [QUOTED.sub(unquoted, word) for word in WORD.findall(line)]


def unquoted(match: re.Match[str]) -> str:
    """What stands between quotes, or behind a backslash."""
    escaped, single, double = match.groups()
    if double is not None:
        return IN_QUOTES.sub(r"\1", double)
    return single if escaped is None else escaped
