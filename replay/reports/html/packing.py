"""Keeping a page small: which events are plain HTML and which are compressed."""

import base64
import json
import zlib
from collections.abc import Callable, Iterable

from markupsafe import Markup
from msgspec import Struct

from replay.progress import Progress
from replay.reports.documents.frames import EventFrame

UNPACKED_SIZE = 40_000_000
"""Characters of the compressed events of an article, before they are."""


class Room(Struct, frozen=True):
    """What the article of one log may take of a page; what is beyond is not in the page.

    `ready` are characters of events that stand there as they are, for readers without JavaScript,
    `packed` bytes of the other events, compressed, `log` characters of the log itself. So many
    `divergences` are told, and of so many `reasons`, each of which takes the transitions concerned
    once more.
    """

    ready: int = 300_000
    packed: int = 900_000
    log: int = 200_000
    divergences: int = 400
    reasons: int = 60

    def shared(self, articles: int) -> "Room":
        """What each of so many articles may take."""
        return Room(
            ready=self.ready // articles,
            packed=max(self.packed // articles, LEAST_PACKED),
            log=max(self.log // articles, LEAST_LOG),
            divergences=max(self.divergences // articles, LEAST_TOLD),
            reasons=max(self.reasons // articles, LEAST_EXPLAINED),
        )


LEAST_PACKED, LEAST_LOG, LEAST_TOLD, LEAST_EXPLAINED = 60_000, 15_000, 40, 5
"""With less than that an article is not worth its place in a page."""


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
    room: Room,
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
    left = room.ready
    missing = len(order)
    for frame in progress(order, len(order), "moments"):
        html = render(frame)
        missing -= 1
        left -= len(html)
        if frame.seq == chosen or (frame.begins and left > 0):
            ready[frame.seq] = Markup(html)
            continue
        line = json.dumps([frame.seq, html]).encode() + b"\n"
        packed += packer.compress(line)
        length += len(line)
        if len(packed) > room.packed or length > UNPACKED_SIZE:
            break
    packed += packer.flush()
    return Packing(
        ready=tuple(ready[seq] for seq in sorted(ready)),
        packed=base64.b64encode(packed).decode() if length else "",
        missing=missing,
    )
