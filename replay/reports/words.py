"""Events, outcomes and values in words; nothing unprintable gets through."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import singledispatch
from typing import Any

import msgspec

from replay import printable
from replay.engine.places import EdgePlace, FilePlace, MachinePlace, NodePlace, OutcomePlace, Place
from replay.engine.view import flag_names
from replay.events.event import Await, Command, Guest, Image, Internal, Payload, kind, name
from replay.state.extents import MIXED, UNREADABLE

SIZES = (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10))
MOST_EXTENTS = 4
MOST_LINKS = 10
"""So many nodes of a chain are named; beyond it a reader looks only at its ends."""

REPEATED = re.compile(r"(?<![^.])(\w+)(?:\.\1){3,}(?![^.\s])")
"""A part of a path that follows itself, as it does a hundred times in a chain of images."""


escape = printable.escape


def listing(words: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"; escaped."""
    *most, last = map(escape, words)
    return f"{', '.join(most)} and {last}" if most else last


def path(path: str) -> str:
    """A path, escaped; a part that comes four times or more is there once, with its number."""
    return REPEATED.sub(lambda m: f"{m[1]}*{m[0].count('.') + 1}", escape(path))


def chain(links: Sequence[str], among: Iterable[Sequence[str]] = ()) -> str:
    """A chain of nodes, base first. In the middle of a long one stands how many more there are.

    Links that not all chains have `among` which it stands are kept, the first few of them.
    """
    if len(links) > MOST_LINKS:
        common = set(links).intersection(*map(set, among))
        own = [index for index, link in enumerate(links) if link not in common][: MOST_LINKS // 2]
        shown_indexes = sorted({0, 1, *own, *range(len(links) - 3, len(links))})
        steps = zip((-1, *shown_indexes), shown_indexes, strict=False)
        shown = [t for last, n in steps for t in (*_gap(last, n), links[n])]
        return " <-- ".join(shown)
    return " <-- ".join(links)


def _gap(last: int, index: int) -> list[str]:
    return [f"{index - last - 1} more"] if index > last + 1 else []


MOST_NAMES = 3
"""Names that are told one by one in a line."""


def few(names: Sequence[str]) -> str:
    """A few names, and how many more there are."""
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return ", ".join(map(escape, names[:MOST_NAMES])) + more


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a text, each without its line breaks."""
    return [" ".join(lines.split()) for lines in text.split("\n\n") if lines.strip()]


def count(number: int, noun: str, plural: str = "") -> str:
    """ "1 event", "2 events", "2 patches"."""
    return f"{number} {noun}" if number == 1 else f"{number} {plural or f'{noun}s'}"


def size(length: int) -> str:
    """A number of bytes in the largest unit that divides it."""
    for unit, width in SIZES:
        if length and length % width == 0:
            return f"{length // width} {unit}"
    return count(length, "byte") if length else "0"


def span(first: int, last: int) -> str:
    """Where a divergence stands: "#3" or "#3-#7"."""
    return f"#{first}" if first == last else f"#{first}-#{last}"


SPECIAL = {0: "zeros", MIXED: "mixed", UNREADABLE: "unreadable"}
"""Words for what is no byte, or the byte of what was never written."""


def ranges(numbers: Iterable[int]) -> str:
    """ "3, 5-7": numbers that follow each other together."""
    groups: list[list[int]] = []
    for number in sorted(numbers):
        if groups and groups[-1][1] == number - 1:
            groups[-1][1] = number
        else:
            groups.append([number, number])
    return ", ".join(f"{a}" if a == b else f"{a}-{b}" for a, b in groups)


def pattern(value: Any) -> str:
    """What a read or an extent shows: zeros, a byte in hex, mixed, or unreadable."""
    if value in SPECIAL:
        return SPECIAL[value]
    return f"0x{value:02x}" if isinstance(value, int) else escape(str(value))


def value(shown: Any) -> str:
    """A field's value: bare where that can't be misread."""
    match shown:
        case None:
            return "none"
        case bool():
            return str(shown).lower()
        case str():
            text = escape(shown)
            return text if text and " " not in text else f'"{text}"'
        case Mapping():
            return "{" + ", ".join(f"{escape(k)}: {value(v)}" for k, v in shown.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(map(value, shown)) + "]"
        case _:
            return str(shown)


def extents(data: Sequence[Mapping[str, Any]]) -> str:
    """What a file itself holds, extent by extent."""
    texts = [f"{pattern(e['pattern'])} at {size(e['offset'])} +{size(e['length'])}" for e in data]
    more = [f"{len(texts) - MOST_EXTENTS} more"] if len(texts) > MOST_EXTENTS else []
    return ", ".join(texts[:MOST_EXTENTS] + more) or "nothing"


def of_field(place: Place) -> Callable[[Any], str]:
    """How the values of a place are written."""
    match place:
        case FilePlace(field="data"):
            return extents
        case FilePlace(field="size"):
            return size
        case _:
            return value


@singledispatch
def place(place: Place) -> str:
    """A place in words: a field as PATH.FIELD.FLAG, a node or edge by its path."""
    return ".".join(word for word in (place.path, place.field, place.flag) if word)


@place.register
def _(place: OutcomePlace) -> str:
    return f"the outcome of {place.path}"


@place.register
def _(place: MachinePlace) -> str:
    return "whether the machine runs"


@place.register
def _(place: FilePlace) -> str:
    is_there = place.field == "existence"
    return f"the file {place.path}" if is_there else f"{place.field} of the file {place.path}"


@place.register(NodePlace)
@place.register(EdgePlace)
def _(place: Place) -> str:
    return place.path


def flags(names: Sequence[str]) -> str:
    """Flags that are set."""
    return " ".join(map(escape, names)) or "none"


def set_flags(value: Any, bits: Mapping[str, int]) -> tuple[str, ...]:
    """The names of the flags that are set, in the order of `bits`."""
    return flag_names(value, bits)


def changed_flags(before: Any, after: Any, bits: Mapping[str, int]) -> str:
    """The flags that came (+) and those that went (-), by name."""
    was, now = (set(flag_names(value, bits)) for value in (before, after))
    return " ".join([*(f"+{n}" for n in sorted(now - was)), *(f"-{n}" for n in sorted(was - now))])


def groups(texts: Mapping[str, str]) -> list[tuple[str, list[str]]]:
    """Each text once, with the variants that have it, in the order of being met."""
    joined: dict[str, list[str]] = {}
    for variant, text in texts.items():
        joined.setdefault(text, []).append(variant)
    return [*joined.items()]


def phrases(grouped: Iterable[tuple[str, list[str]]]) -> str:
    """ "x in a and b; y in c"."""
    return "; ".join(f"{text} in {listing(names)}" for text, names in grouped)


def outcome(status: str, returned: Any, error: Mapping[str, Any] | None) -> str:
    """An outcome with its wording: "returned", "reads 0x61", "refused: DeviceNotFound, ..."."""
    if status != "returned":
        parts = error or {}
        texts = [str(parts.get(key, "")) for key in ("class", "errno", "text", "desc")]
        where = [f" ({parts['file']}:{parts['line']})"] if "file" in parts else []
        why = ", ".join(escape(text) for text in texts if text)
        return "".join([": ".join([status, why]).rstrip(": "), *where])
    if isinstance(returned, Mapping) and returned.keys() == {"pattern"}:
        return f"reads {pattern(returned['pattern'])}"
    return "returned" if returned in ({}, None) else f"returned {value(returned)}"


def event(payload: Payload) -> str:
    """An event in a line."""
    match payload:
        case Image():
            return f"image {escape(payload.name)}: {_image(payload)}"
        case Command():
            return f"{payload.channel} {escape(payload.name)} {_arguments(payload)}".rstrip()
        case Guest():
            where = f"{escape(payload.device)} sector {payload.sector} +{payload.sectors}"
            of = "" if payload.pattern is None else f" of {pattern(payload.pattern)}"
            return f"guest {payload.name} {where}{of}"
        case Await():
            return f"await {escape(payload.device or 'all jobs')} {payload.until}"
        case Internal():
            return f"internal {escape(payload.name)} {escape(payload.device)} depth {payload.depth}"
        case _:
            data = value(payload.data) if payload.data else ""
            return f"{kind(payload)} {escape(name(payload) or '')} {data}".rstrip()


def when(seconds: float | None) -> str:
    """A time of recording, "2014-05-14 10:20:30 UTC"; "" for none, and for one that is no time."""
    if seconds is None:
        return ""
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (ValueError, OverflowError, OSError):
        # A damaged recording may hold any number.
        return ""


def recorded(original: Payload, note: str, idle: bool) -> str:
    """What a translated event was when it was recorded, and what there is to say about that."""
    if idle:
        return f"recorded; it asks nothing here: {escape(note)}"
    text = f"translated from {event(original)}"
    return f"{text} ({escape(note)})" if note else text


def _image(image: Image) -> str:
    parts = [escape(image.format), size(image.size)]
    if image.backing_file:
        parts.append(f"on {escape(image.backing_file)}")
    if image.data:
        parts.append(f"data {extents([msgspec.to_builtins(run) for run in image.data])}")
    return ", ".join(parts)


def _arguments(command: Command) -> str:
    if isinstance(command.arguments, Mapping):
        return " ".join(f"{escape(k)}={value(v)}" for k, v in command.arguments.items())
    return escape(command.arguments or "")
