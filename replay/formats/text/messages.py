"""Reading a text line by line: the messages in it, typed commands, command lines of QEMU."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain, islice

from replay.errors import ReplayError
from replay.events.event import Origin
from replay.events.json_form import parse_object
from replay.formats.recording import InputLine, Message, weight
from replay.formats.text.consoles import (
    HUMAN,
    SHELL,
    VIRSH,
    Command,
    ShellTyping,
    as_json,
    human_command,
    virsh_line,
)
from replay.formats.text.logged_objects import MESSAGE, Item, LoggedObject, once, text_of
from replay.formats.text.marks import ENTRY, LogMark, MonitorNames, mark_in
from replay.formats.text.objects import ObjectFinder, TextObject
from replay.formats.text.options import CommandLines, options
from replay.formats.text.terminal import shown_line

HEAD = 2000
"""How many lines are read to see at which column a text is wrapped."""

NARROWEST, FEWEST = 60, 3
"""No text is wrapped at a narrower column, nor by fewer lines that fill it."""

TESTING = re.compile(r"^Testing:\s*(?P<options>.*)$")
"""Where an output of QEMU's tests begins another machine, and its options."""

INTERESTING = re.compile(
    rb"[{\x1b]|^\s*(?:\(qemu|\(QEMU|\(monitor|qm>|TRANS>|--?[a-z])|^Testing:|qemu|kvm|QEMU|vm=0x"
)
"""What is in every line that something may be read of."""

FENCE = re.compile(r"^\s*(?:```|~~~|</?(?:pre|code)>)")

MOST_WITHOUT = 200_000
"""A text that has no message in so many lines is of something else."""

MOST_OUTPUT = 10_000
"""More lines than a command of the human monitor prints."""


class Console:
    """A command of the human monitor whose output is read on."""

    def __init__(self, origin: Origin, line: str, channel: str) -> None:
        self.origin = origin
        self.channel = channel
        self._command = human_command(line)
        self._output: list[str] = []

    def add(self, text: str) -> bool:
        """Takes a line of output, and whether there may be more."""
        self._output.append(text)
        return len(self._output) < MOST_OUTPUT

    def messages(self) -> Iterator[Message]:
        """The command and what it printed."""
        printed = "\n".join(self._output).strip()
        size = weight(printed.encode())
        yield Message(self.origin, "command", self._command, None, self.channel, size)
        yield Message(self.origin, "reply", {"return": printed}, None, self.channel, size)


class TextReader:
    """Reads lines one by one and keeps what is open between them."""

    def __init__(self, width: int, channel: str) -> None:
        self._finder = ObjectFinder(width)
        self._names = MonitorNames()
        self._command_lines = CommandLines()
        self._typing = ShellTyping()
        self._typed: Message | None = None
        self._console: Console | None = None
        self._last: LogMark | None = None
        self._channel = channel
        self._machines = 0

    def read(self, line: InputLine) -> Iterator[Item]:
        """What is complete with this line."""
        if self._is_idle and not INTERESTING.search(line.text):
            # Most lines of a large log are of other things: they must cost little.
            self._finder.pass_by(line)
            return
        text = shown_line(line.text.decode(errors="replace"))
        self._names.learn(line)
        if testing := TESTING.match(text):
            yield from self._next_machine(line, testing["options"])
        elif human := HUMAN.match(text):
            yield from self._human(line.origin, human["line"])
        elif shell := SHELL.match(text):
            yield from self.end()
            yield from self._shell(line, shell["line"])
        elif self._typing.is_open:
            self._type(line, text)
        elif (virsh := VIRSH.search(text)) and (typed := virsh_line(virsh["line"])):
            yield from self._human(line.origin, typed)
        elif self._console is None or not self._printed(text):
            yield from self._plain(line, text)

    @property
    def _is_idle(self) -> bool:
        """Whether nothing is open that a line of any kind may go on."""
        return not (
            self._finder.is_open
            or self._console
            or self._typed
            or self._typing.is_open
            or self._command_lines.is_open
        )

    def end(self) -> Iterator[Item]:
        """What is left where the text ends, or something new begins."""
        yield from self._objects(self._finder.end())
        yield from self._command_lines.end()
        yield from self._end_console()
        yield from self._end_typed()

    def _plain(self, line: InputLine, text: str) -> Iterator[Item]:
        yield from self._end_console()
        if ENTRY.match(line.text):
            yield from self._objects(self._finder.end())
        yield from self._command_lines.feed(line, text)
        yield from self._objects(self._finder.feed(InputLine(line.origin, text.encode())))

    def _objects(self, objects: Iterable[TextObject]) -> Iterator[Item]:
        for item in objects:
            mark = mark_in(item.before, self._last)
            self._last = mark
            if mark is None:
                continue
            channel = self._names.name_of(mark.monitor) if mark.monitor else self._channel
            yield from self._end_typed(item)
            yield LoggedObject(item, mark, channel)

    def _human(self, origin: Origin, line: str) -> Iterator[Item]:
        yield from self.end()
        if line.strip():
            self._console = Console(origin, line, self._channel)

    def _printed(self, text: str) -> bool:
        """Whether a line belongs to the output of the console's command."""
        assert self._console is not None
        if FENCE.match(text) or MESSAGE.search(text) or text.startswith(("$ ", "# ")):
            return False
        return self._console.add(text)

    def _end_console(self) -> Iterator[Message]:
        console, self._console = self._console, None
        if console is not None:
            yield from console.messages()

    def _shell(self, line: InputLine, rest: str) -> Iterator[Item]:
        if rest.lstrip().startswith("{"):
            yield from self._objects(self._finder.feed(InputLine(line.origin, rest.encode())))
        elif rest.strip():
            self._type(line, rest)

    def _type(self, line: InputLine, text: str) -> None:
        for command in self._typing.type(text):
            if command is not None:
                self._typed = self._command(line.origin, command)

    def _command(self, origin: Origin, command: Command) -> Message:
        return Message(origin, "command", command, None, self._channel, weight(as_json(command)))

    def _end_typed(self, shown: TextObject | None = None) -> Iterator[Message]:
        """The typed command, unless the shell shows the request that it made of it."""
        typed = self._typed
        if typed is None:
            return
        self._typed = None
        if shown is None or not requests(shown, typed.command):
            yield typed

    def _next_machine(self, line: InputLine, text: str) -> Iterator[Item]:
        yield from self.end()
        self._machines += 1
        self._channel = str(self._machines)
        words = [InputLine(line.origin, text.encode())]
        yield from options(words, None, self._channel)


def requests(text_object: TextObject, name: str) -> bool:
    """Whether an object is the request of a command."""
    try:
        return bool(parse_object(text_of(text_object)).get("execute") == name)
    except ReplayError:
        return False


def messages(lines: Iterable[InputLine]) -> Iterator[Message]:
    """The messages in the lines of a text, each once."""
    rest = iter(lines)
    head = list(islice(rest, HEAD))
    has_machines = any(line.text.startswith(b"Testing:") for line in head)
    reader = TextReader(wrap_width(head), "0" if has_machines else "")
    return once(all_items(reader, chain(head, rest)))


def all_items(reader: TextReader, lines: Iterable[InputLine]) -> Iterator[Item]:
    """What a reader makes of all lines; nothing more of a text that has no message for long."""
    without: float = 0
    for line in lines:
        without += 1
        for item in reader.read(line):
            without = -math.inf
            yield item
        if without > MOST_WITHOUT:
            return
    yield from reader.end()


def wrap_width(head: Iterable[InputLine]) -> int:
    """The column at which a text is wrapped whatever stands there, 0 if it is not."""
    lengths = Counter(len(line.text.decode(errors="replace")) for line in head)
    widest = max(lengths, default=0)
    return widest if widest >= NARROWEST and lengths[widest] >= FEWEST else 0
