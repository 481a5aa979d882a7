"""The kinds of event a log can hold, and a log as a value with its fingerprint."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from hashlib import sha256
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from replay.events.pages import held

MAX_DEPTH = 64
"""How deep objects and lists may be nested in arguments, data and replies."""

NAME_LENGTH = 200
"""The longest name of a log, in characters."""

SECTOR = 512

Name = Annotated[str, Meta(min_length=1, max_length=4096)]
Bytes = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Sector = Annotated[int, Meta(ge=0, le=2**53)]
Sectors = Annotated[int, Meta(ge=1, le=2**53)]
Pattern = Annotated[int, Meta(ge=0, le=255)]
Depth = Annotated[int, Meta(ge=0, lt=2**31)]


class Run(Struct, frozen=True, forbid_unknown_fields=True):
    """`length` bytes of an image from `offset` on that all are the byte `pattern`."""

    pattern: Pattern
    offset: Bytes
    length: Bytes

    def __post_init__(self) -> None:
        if self.offset % SECTOR or self.length % SECTOR:
            raise ValueError(f"offset and length must be multiples of {SECTOR}")


class Fact(
    Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="kind",
    tag=str.lower,
):
    """What all kinds share: in JSON the lower case name of the class stands under "kind"."""


class Image(Fact, frozen=True):
    """An image file that existed before, or came from outside; sizes in bytes."""

    name: Name
    format: Name
    size: Bytes
    backing_file: Name | None = None
    backing_format: Name | None = None
    data: tuple[Run, ...] = ()

    def __post_init__(self) -> None:
        for run in self.data:
            if run.offset + run.length > self.size:
                raise ValueError(f"data at {run.offset} reaches beyond the size, {self.size}")


class Command(Fact, frozen=True):
    """A command given to the machine, and its reply where that was recorded.

    `arguments` is an object for the channel qmp and a text for cli and hmp. `reply` has the one
    key "return" or "error".
    """

    channel: Literal["cli", "hmp", "qmp"]
    name: Name
    arguments: str | dict[str, Any] | None = None
    reply: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        form: type = dict if self.channel == "qmp" else str
        arguments = form() if self.arguments is None else self.arguments
        if not isinstance(arguments, form):
            words = "an object" if form is dict else "a text"
            raise ValueError(f"arguments of a {self.channel} command must be {words}")
        if self.reply is not None and self.reply.keys() not in ({"return"}, {"error"}):
            raise ValueError("a reply must have one key, return or error")
        if self.arguments is None or form is dict:
            msgspec.structs.force_setattr(self, "arguments", plain(arguments))
        if self.reply is not None:
            msgspec.structs.force_setattr(self, "reply", plain(self.reply))


class Notice(Fact, frozen=True):
    """An asynchronous message of the machine, as recorded."""

    name: Name
    data: dict[str, Any] = {}

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "data", plain(self.data))


class Await(Fact, frozen=True):
    """The recording waited here: for one device's job, or until all jobs are over (settled)."""

    until: Literal["ready", "end", "settled"]
    device: Name | None = None

    def __post_init__(self) -> None:
        if (self.device is None) != (self.until == "settled"):
            raise ValueError("ready and end need a device, settled has none")


class Guest(Fact, frozen=True):
    """A request of the guest on a drive; places and lengths in sectors of 512 bytes."""

    name: Literal["read", "write"]
    device: Name
    sector: Sector
    sectors: Sectors
    pattern: Pattern | None = None

    def __post_init__(self) -> None:
        if (self.pattern is None) != (self.name == "read"):
            raise ValueError("a write needs a pattern, a read has none")


class Internal(Fact, frozen=True):
    """What code outside the tree once did to a node; depth 0 is the top of the device's chain."""

    name: Name
    device: Name
    depth: Depth = 0


Payload = Image | Command | Notice | Await | Guest | Internal
KINDS = ("image", "command", "notice", "await", "guest", "internal")
_KINDS: Mapping[type, str] = {
    kind: str(kind.__struct_config__.tag)
    for kind in (Image, Command, Notice, Await, Guest, Internal)
}


class Origin(Struct, frozen=True):
    """Where an event was read: a file and the number of its line, from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Event(Struct, frozen=True):
    """One recorded fact. Neither origin nor recorded (seconds) influences a replay.

    A translated event has what was recorded as its `original`, and perhaps a note about that.
    """

    payload: Payload
    origin: Origin | None = None
    recorded: float | None = None
    original: Payload | None = None
    note: str = ""

    @property
    def idle(self) -> bool:
        """Whether it is translated to a notice, since it asks nothing of the subject's trees."""
        return isinstance(self.original, Command) and isinstance(self.payload, Notice)


class Observation(Struct, frozen=True, tag_field="kind", tag="observation"):
    """What the recording itself saw of the machine: a query and its answer.

    It is no event: it changes nothing, and no part of a log's fingerprint. `after` is the
    seq of the event that it follows, 0 before the first.
    """

    name: Name
    answer: Any
    arguments: dict[str, Any] = {}
    after: Annotated[int, Meta(ge=0)] = 0
    origin: Origin | None = None
    recorded: float | None = None

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "answer", plain(self.answer))
        msgspec.structs.force_setattr(self, "arguments", plain(self.arguments))


LogEntry = Event | Observation
"""What a recording consists of, in its order."""


class LogHeader(Struct, frozen=True):
    """The first line of a log; `extra` holds the keys that this version does not know."""

    name: str
    description: str = ""
    extra: dict[str, Any] = {}

    def __post_init__(self) -> None:
        if not 1 <= len(self.name) <= NAME_LENGTH or not self.name.isprintable():
            raise ValueError(f"a log's name must be 1 to {NAME_LENGTH} printable characters")
        msgspec.structs.force_setattr(self, "extra", plain(self.extra))


class Log(Struct, frozen=True):
    """The events of one recorded machine, in order; seq of events[0] is 1.

    Many are packed. `observations` are by their place.
    """

    name: str
    header: LogHeader
    events: Sequence[Event]
    fingerprint: str
    observations: tuple[Observation, ...] = ()

    @classmethod
    def of(cls, header: "LogHeader | str", entries: Iterable[LogEntry]) -> "Log":
        """A log of these events and observations, in their order, with its fingerprint.

        Raises ValueError for a name that no log can have.
        """
        own_header = LogHeader(header) if isinstance(header, str) else header
        observations: list[Observation] = []
        events = held(Event, _events(entries, observations))
        own = tuple(observations)
        return cls(own_header.name, own_header, events, fingerprint(events), own)

    def entries(self) -> Iterator[LogEntry]:
        """Events and observations, each observation behind the event that it follows."""
        seen = deque(sorted(self.observations, key=lambda observation: observation.after))
        yield from _up_to(0, seen)
        for seq, event in enumerate(self.events, 1):
            yield event
            yield from _up_to(seq, seen)


def _events(entries: Iterable[LogEntry], observations: list[Observation]) -> Iterator[Event]:
    """The events among entries, which adds the others to `observations`."""
    for entry in entries:
        if isinstance(entry, Event):
            yield entry
        else:
            observations.append(entry)


def _up_to(seq: int, seen: deque[Observation]) -> Iterator[Observation]:
    """The next observations that follow the event `seq` or one before it, which are taken out."""
    while seen and seen[0].after <= seq:
        yield seen.popleft()


def plain(value: Any, depth: int = MAX_DEPTH) -> Any:
    """A copy of a JSON value with sorted keys, so that equal values are alike in every respect.

    Raises ValueError for an integer that no JSON of the machine can carry and for deep nesting.
    """
    if depth == 0:
        raise ValueError(f"nested deeper than {MAX_DEPTH}")
    form = type(value)
    if form is str or form is bool or value is None:  # which most values are
        return value
    if isinstance(value, int):
        if not -(2**63) <= value < 2**64:
            raise ValueError("an integer has more than 64 bits")
        return value
    if form is dict or isinstance(value, Mapping):
        items = [(key, value[key]) for key in sorted(value)]
        return {key: one if type(one) is str else plain(one, depth - 1) for key, one in items}
    if isinstance(value, list | tuple):
        return [plain(item, depth - 1) for item in value]
    return value


_encode = msgspec.json.Encoder(order="sorted").encode


def kind(payload: Payload) -> str:
    """The word that the event form uses for this kind of payload."""
    return _KINDS[type(payload)]


def channel(payload: Payload) -> str | None:
    """The channel of a command, else None."""
    return payload.channel if isinstance(payload, Command) else None


def name(payload: Payload) -> str | None:
    """The payload's name; an await has none."""
    return None if isinstance(payload, Await) else payload.name


def content(payload: Payload) -> bytes:
    """Canonical JSON of all that the event says; what its log's fingerprint is made of."""
    return _encode(payload)


def stimulus(payload: Payload) -> bytes:
    """The content without the recorded reply: all that a replay may depend on."""
    if isinstance(payload, Command) and payload.reply is not None:
        payload = msgspec.structs.replace(payload, reply=None)
    return _encode(payload)


NO_EVENTS = sha256(b"").hexdigest()
"""The fingerprint that a chain starts with."""


def chain(previous: str, payload: Payload) -> str:
    """The fingerprint of a log that goes on after `previous` with this payload."""
    return link(previous, content(payload))


def link(previous: str, said: bytes) -> str:
    """The same for an event's content, as it is or was written."""
    return sha256(previous.encode() + b"\n" + said).hexdigest()


def fingerprint(events: Iterable[Event]) -> str:
    """The identity of a log's content: a chained sha256 in hex, the same in every store."""
    return reduce(chain, (event.payload for event in events), NO_EVENTS)
