"""Undoing what happens to a text on its way into a ticket: quoting, prefixes, HTML, wrappers.

Each layer is recognised by the first lines, undone in all, and the rest looked at again: a log may
have been put into JSON by a collector, then into a mail, then quoted.
"""

import html
import quopri
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import Any, NamedTuple

from replay.errors import ReplayError
from replay.events.json_form import parse_object
from replay.formats.message import KEYS
from replay.formats.recording import InputLine

MOST_LAYERS = 8
"""So many layers are undone: nothing real has more, and a text can be made of them alone."""

LONGEST = 100_000
"""How long a line may become that a mail program cut into pieces, in bytes."""

QUOTE = re.compile(rb"^[ \t]*(?:[>|] ?)+")
HUNK = re.compile(rb"^@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@")
SYSLOG = re.compile(
    rb"^(?:<\d+>)?(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d+)?|"
    rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[\d.,]*(?:Z|[+-]\d\d:?\d\d))"
    rb" [^\s:\[\]]+ [^\s:\[\]]+(?:\[\d+\])?: ?"
)
CONTAINER = re.compile(
    rb"^(?:\[?pod/\S+?\]? +|[\w.-]+ +\| |[\w.-]+[/ ][\w.-]+ (?=\d{4}-\d\d-\d\dT)"
    rb"|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(?:Z|[+-]\d\d:\d\d) (?:std(?:out|err) [FP] )?)"
)
NUMBER = re.compile(
    rb"^\s*(?!\d{4}-\d\d-\d\d[ T])"
    rb"(?:[\w./+-]+[:-])?(?P<number>\d{1,9})[:\t -] ?(?!\d\d-\d\d[ T])"
)
ESCAPED = re.compile(rb"&(?:quot|#34|#x22|#39|apos|amp|lt|gt);")
TAG = re.compile(
    rb"</?(?:html|head|body|pre|code|span|div|p|br|a|b|i|em|strong|tt|table|tbody|tr|td|th|ul|li|ol"
    rb"|font|blockquote)\b[^<>]*/?>",
    re.IGNORECASE,
)
BREAK = re.compile(rb"<(?:br|/p|/div|/li|/tr)\b[^<>]*>", re.IGNORECASE)
PRINTABLE = re.compile(
    rb"=3D(?:0x|(?<=(?:mon|msg|buf)=3D)|(?<=(?:reply|event)=3D)|(?<=charset=3D))"
    rb"|Content-Type: .*=3D"
)
FIELD = re.compile(rb"^(?P<name>_*[A-Z][A-Z0-9_]*)(?:=|$)")
TEXT_FIELDS = ("MESSAGE", "msg", "message", "log", "text", "line", "content")
TIME_FIELDS = ("timestamp", "@timestamp", "time", "ts", "__REALTIME_TIMESTAMP")

Lines = Iterable[InputLine]


class PasteLayer(NamedTuple):
    """One thing that happens to texts: its name, whether the first lines show it, how to undo it.

    The name stands in "undone: ...".
    """

    name: str
    shows_in: Callable[[Sequence[InputLine]], bool]
    undo: Callable[[Lines], Iterator[InputLine]]


class PlainText(NamedTuple):
    """The lines of a text as they were, the first of them, and the layers that were undone."""

    head: Sequence[InputLine]
    lines: Iterator[InputLine]
    undone: tuple[str, ...]


def plain(head: Sequence[InputLine], rest: Iterator[InputLine]) -> PlainText:
    """The lines without the layers that the first lines show."""
    undone: list[str] = []
    while len(undone) < MOST_LAYERS:
        layer = next((layer for layer in LAYERS if head and layer.shows_in(head)), None)
        if layer is None:
            break
        undone.append(layer.name)
        head, rest = list(layer.undo(head)), layer.undo(rest)
    return PlainText(head, chain(head, rest), tuple(dict.fromkeys(undone)))


def share(head: Sequence[InputLine], matches: Callable[[bytes], Any]) -> float:
    """Which part of the lines matches, of those that are not blank."""
    texts = [line.text for line in head if line.text.strip()]
    return sum(bool(matches(text)) for text in texts) / max(len(texts), 1)


def begins_with(pattern: re.Pattern[bytes], least: float) -> Callable[[Sequence[InputLine]], bool]:
    """Whether so great a part of the lines begins with what a pattern matches."""
    return lambda head: share(head, pattern.match) >= least


def stripped(pattern: re.Pattern[bytes]) -> Callable[[Lines], Iterator[InputLine]]:
    """Takes away what a pattern matches at the start of lines; lines that are blank then go."""

    def undo(lines: Lines) -> Iterator[InputLine]:
        for line in lines:
            text = pattern.sub(b"", line.text, count=1)
            if text.strip():
                yield InputLine(line.origin, text)

    return undo


# Quoted-printable: a line ends in "=" where it goes on, and "=" itself is "=3D".


def is_printable_encoded(head: Sequence[InputLine]) -> bool:
    """Whether a mail program encoded the text as quoted-printable."""
    return any(PRINTABLE.search(line.text) for line in head)


def decode_printable(lines: Lines) -> Iterator[InputLine]:
    """The lines before they were encoded and cut."""
    parts: list[InputLine] = []
    size = 0
    for line in lines:
        size += len(line.text)
        if line.text.endswith(b"=") and size < LONGEST:
            parts.append(InputLine(line.origin, line.text[:-1]))
            continue
        yield decoded_line([*parts, line])
        parts, size = [], 0
    if parts:
        yield decoded_line(parts)


def decoded_line(parts: Sequence[InputLine]) -> InputLine:
    """The line that was encoded and cut into parts."""
    return InputLine(parts[0].origin, quopri.decodestring(b"".join(part.text for part in parts)))


# HTML


def is_html(head: Sequence[InputLine]) -> bool:
    """Whether messages in the text are escaped as HTML."""
    escaped = sum(len(ESCAPED.findall(line.text)) for line in head)
    return escaped > 0 and escaped >= sum(line.text.count(b'"') for line in head) / 4


def undo_html(lines: Lines) -> Iterator[InputLine]:
    """The lines without tags and escapes."""
    for line in lines:
        for text in BREAK.sub(b"\n", line.text).split(b"\n"):
            bare = html.unescape(TAG.sub(b"", text).decode(errors="replace"))
            yield from (InputLine(line.origin, part.encode()) for part in bare.splitlines())


# Latin-1, or what Windows makes of it


def is_latin(head: Sequence[InputLine]) -> bool:
    """Whether a line is no UTF-8."""
    return any(not is_utf8(line.text) for line in head)


def is_utf8(text: bytes) -> bool:
    """Whether a text is UTF-8."""
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def decode_latin(lines: Lines) -> Iterator[InputLine]:
    """The lines as UTF-8; those that are it already stay."""
    for line in lines:
        if is_utf8(line.text):
            yield line
        else:
            text = line.text.decode("cp1252", errors="replace")
            yield InputLine(line.origin, text.encode())


# Logs as JSON, a line an entry: KubeVirt's launcher, journald, Docker


def logged(text: bytes) -> list[bytes]:
    """The lines that a collector put into a JSON object, with its time; none if it is not one."""
    if not text.lstrip().startswith(b"{"):
        return []
    try:
        entry = parse_object(text)
    except ReplayError:
        return []
    if entry.keys() & KEYS.keys():
        return []
    value = next((entry[name] for name in TEXT_FIELDS if name in entry), None)
    if isinstance(value, list) and all(type(part) is int and 0 <= part < 256 for part in value):
        value = bytes(value)
    elif isinstance(value, str):
        value = value.encode()
    if not isinstance(value, bytes):
        return []
    first, *others = value.splitlines() or [b""]
    return [dated(entry, first), *others]


def dated(entry: dict[str, Any], text: bytes) -> bytes:
    """An entry's text with the entry's time before it, in UTC as libvirt writes it."""
    if re.match(rb"\s*\d{4}-\d\d-\d\d", text):
        return text
    value = next((entry[name] for name in TIME_FIELDS if name in entry), None)
    try:
        if isinstance(value, str) and not value.isdigit():
            moment = datetime.fromisoformat(value)
        else:
            moment = datetime.fromtimestamp(float(value or "") / 1e6, UTC)
        return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f+00:00 ").encode() + text
    except (ValueError, TypeError, OverflowError, OSError):
        return text


def undo_json(lines: Lines) -> Iterator[InputLine]:
    """The lines in a collector's objects; other lines stay."""
    for line in lines:
        texts = logged(line.text)
        yield from (InputLine(line.origin, text) for text in texts or [line.text])


# journald's export form: a field a line, with lines behind a bare name as binary data


def is_export(head: Sequence[InputLine]) -> bool:
    """Whether the text is what journalctl -o export writes."""
    return any(line.text.startswith(b"__CURSOR=") for line in head) and any(
        line.text.startswith((b"MESSAGE=", b"_TRANSPORT=")) for line in head
    )


def undo_export(lines: Lines) -> Iterator[InputLine]:
    """The messages alone."""
    in_message, is_first = False, False
    for line in lines:
        field = FIELD.match(line.text)
        if field is not None:
            in_message = field["name"] == b"MESSAGE"
            is_first = line.text == b"MESSAGE"
            if in_message and not is_first:
                yield InputLine(line.origin, line.text[field.end() :])
        elif in_message:
            # The data behind a bare name begin with their length in eight bytes.
            yield InputLine(line.origin, line.text[8:] if is_first else line.text)
            is_first = False


# Numbers of lines, and differences


def is_numbered(head: Sequence[InputLine]) -> bool:
    """Whether grep -n or an editor wrote numbers before lines, which grow."""
    matches = [NUMBER.match(line.text) for line in head]
    numbers = [int(match["number"]) for match in matches if match]
    return len(numbers) > max(2, len(head) * 0.5) and numbers == sorted(set(numbers))


def undo_diff(lines: Lines) -> Iterator[InputLine]:
    """The lines as a patch leaves them."""
    for line in lines:
        mark, text = line.text[:1], line.text[1:]
        if mark in (b"+", b" "):
            yield InputLine(line.origin, text)
        elif mark != b"-" or line.text.startswith(b"-> "):
            yield line


def is_indented(head: Sequence[InputLine]) -> bool:
    """Whether all lines begin with blanks."""
    return all(line.text[:1] in (b" ", b"\t") for line in head)


def undo_indentation(lines: Lines) -> Iterator[InputLine]:
    """The lines without the blanks that the first one begins with."""
    indentation: bytes | None = None
    for line in lines:
        bare = line.text.lstrip(b" \t")
        if indentation is None:
            indentation = line.text[: len(line.text) - len(bare)]
        text = line.text.removeprefix(indentation)
        yield InputLine(line.origin, text if text != line.text else bare)


# What hides the others stands before them: a mail's encoding before what it quotes.
LAYERS = (
    PasteLayer("Latin-1 (a guess)", is_latin, decode_latin),
    PasteLayer("quoted-printable", is_printable_encoded, decode_printable),
    PasteLayer("HTML", is_html, undo_html),
    PasteLayer("quoting", begins_with(QUOTE, 0.2), stripped(QUOTE)),
    PasteLayer("a patch", lambda head: any(HUNK.match(line.text) for line in head), undo_diff),
    PasteLayer("a journal's export", is_export, undo_export),
    PasteLayer("a log in JSON", lambda head: share(head, logged) >= 0.3, undo_json),
    PasteLayer("a journal's prefix", begins_with(SYSLOG, 0.3), stripped(SYSLOG)),
    PasteLayer("a prefix", begins_with(CONTAINER, 0.3), stripped(CONTAINER)),
    PasteLayer("line numbers", is_numbered, stripped(NUMBER)),
    PasteLayer("indentation", is_indented, undo_indentation),
)
