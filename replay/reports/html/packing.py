"""Keeping a page small: which events are plain HTML and which are compressed."""

import base64
import json
import zlib
from collections.abc import Callable, Iterable

from markupsafe import Markup
from msgspec import Struct

from replay.progress import Progress
from replay.reports.documents.frames import EventFrame

READY_SIZE = 300_000
"""Characters of events that stand there as they are, for readers without JavaScript."""

PACKED_SIZE, UNPACKED_SIZE = 900_000, 40_000_000
"""Bytes of the other events, compressed and not; what is beyond is not in the page."""


class Packing(Struct, frozen=True):
    """Events as HTML, by number; the others as base64 of gzip, a line of JSON each.

    `missing` is the number of those that found no room.
    """

    ready: tuple[Markup, ...]
    packed: str
    missing: int


def pack(
    frames: Iterable[EventFrame],
    chosen: int,
    render: Callable[[EventFrame], str],
    progress: Progress,
) -> Packing:
    """Renders events as far as there is room.

    First comes the one that the headline is about, then those at which something begins to
    differ.
    """
    order = sorted(frames, key=lambda frame: (frame.seq != chosen, not frame.begins, frame.seq))
    ready: dict[int, Markup] = {}
    packer = zlib.compressobj(9, wbits=zlib.MAX_WBITS | 16)
    packed, length = bytearray(), 0
    room = READY_SIZE
    missing = len(order)
    for frame in progress(order, len(order), "moments"):
        html = render(frame)
        missing -= 1
        room -= len(html)
        if frame.seq == chosen or (frame.begins and room > 0):
            ready[frame.seq] = Markup(html)
            continue
        line = json.dumps([frame.seq, html]).encode() + b"\n"
        packed += packer.compress(line)
        length += len(line)
        if len(packed) > PACKED_SIZE or length > UNPACKED_SIZE:
            break
    packed += packer.flush()
    return Packing(
        ready=tuple(ready[seq] for seq in sorted(ready)),
        packed=base64.b64encode(packed).decode() if length else "",
        missing=missing,
    )
