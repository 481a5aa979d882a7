"""Recognising the form of a text by its first lines, among all readers there are."""

import re
from collections.abc import Iterable, Sequence
from itertools import chain, islice

from replay.errors import BadInput
from replay.formats.packing import Source
from replay.formats.reader import Input, NoMessages, Reader, several
from replay.formats.readers import (
    console,
    incus,
    iotests,
    libvirt_debug,
    libvirt_domain,
    native,
    qemu_trace,
    qmp_shell,
    qmp_traffic,
    socat,
    ticket,
    transcript,
)
from replay.formats.recording import InputLine
from replay.formats.text.pasted import plain
from replay.formats.text_lines import SAMPLE

# The first reader whose why_not is "" gets the file. These are of files as programs write them, and
# look at the lines as they are. native and qmp_traffic look at the first line and so come before
# those that search the whole head.
FILES: tuple[Reader, ...] = (
    native.READER,
    qmp_traffic.READER,
    socat.READER,
    qemu_trace.READER,
    incus.READER,
)

# These are of texts as people have them, after what was done to them is undone; FILES are tried
# once more then. libvirt_domain comes before libvirt_debug: a domain's log may hold debug lines of
# libvirt around its command line. iotests comes before console: its outputs hold consoles too. A
# line with an arrow stands in many texts, so transcript comes late. ticket takes what is left.
TEXTS: tuple[Reader, ...] = (
    libvirt_domain.READER,
    libvirt_debug.READER,
    iotests.READER,
    qmp_shell.READER,
    console.READER,
    transcript.READER,
)

LAST: Reader = ticket.READER
"""Takes any text; whether it has a message in it shows when it is read."""

READERS = (*FILES, *TEXTS, LAST)
"""All, in the order in which messages and help name them."""

FORMATS = tuple(reader.name for reader in READERS)

HEAD = 2000
"""How many lines are read to recognise a file: a log may begin with lines of other programs,
and a file of no known form must not be read, and held, whole."""


def open_other(
    source: Source, first: Sequence[InputLine], format: str | None
) -> tuple[Reader, Input, Sequence[InputLine]]:
    """The reader of a text that is not in the native form, what it is to read, and its head.

    Raises ReplayError for a format that is none.
    """
    named = None if format is None else reader_named(format)
    head = [*first, *islice(source.lines, HEAD)]
    reader = named or recognise(head, FILES)
    if reader in FILES and not (named and reader.why_not(head)):
        return reader, Input(source.name, chain(head, source.lines)), head
    text = plain(head, source.lines)
    remarks = (f"undone: {', '.join(text.undone)}",) if text.undone else ()
    reader = named or recognise(text.head, (*FILES, *TEXTS)) or LAST
    return reader, Input(source.name, text.lines, remarks), head


def recognise(head: Sequence[InputLine], readers: Iterable[Reader]) -> Reader | None:
    """The first reader whose form the first lines show; None without one."""
    return next((reader for reader in readers if head and not reader.why_not(head)), None)


NEAREST = (
    ("libvirtd", re.compile(rb"libvirt|QEMU_MONITOR|qemuMonitor")),
    ("domain", re.compile(rb"starting up|qemu-system|-blockdev|-drive")),
    ("console", re.compile(rb"\(qemu|monitor")),
    ("iotests", re.compile(rb"qemu-i(?:mg|o)|iotests")),
    ("native", re.compile(rb'"kind"')),
    ("qmp", re.compile(rb"")),
)
"""What in a text without a message makes it most like a format."""


def unknown(name: str, head: Sequence[InputLine]) -> NoMessages:
    """The error for a text that no reader finds a message in: three lines."""
    text = b"\n".join(line.text for line in head)
    nearest = next(name for name, pattern in NEAREST if pattern.search(text))
    why = reader_named(nearest).why_not(head)
    details = (
        f"the nearest format is {nearest}: {why or 'it has no message'}",
        "try a longer copy with the commands in it, or name the format: --format"
        f" {'|'.join(FORMATS)}",
    )
    return NoMessages(f"no message in {looks_like(head)}", where=name, details=details)


def looks_like(head: Sequence[InputLine]) -> str:
    """What a text looks like, in a few words."""
    lines = several(len(head), "line", "lines")
    if len(head) > HEAD:
        lines = f"its first {lines}"
    sample = b"".join(line.text for line in head)[:SAMPLE]
    odd = sum(byte < 32 and byte not in b"\t\r\n\x1b\x08" for byte in sample)
    if odd > len(sample) / 20:
        return f"{lines} of what looks like binary data"
    if sample.lstrip().startswith((b"<!DOCTYPE", b"<html", b"<?xml")):
        return f"{lines} of what looks like a web page"
    if b"{" in sample:
        return f"{lines} of text with braces"
    return f"{lines} of text"


def reader_named(format: str) -> Reader:
    """The reader of a format by its name; ReplayError with the known ones."""
    for reader in READERS:
        if format == reader.name:
            return reader
    raise BadInput(f"unknown format {format!r}", do=f"known are {', '.join(FORMATS)}")
