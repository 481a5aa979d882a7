"""Adding the open flags in a trace log to observed nodes."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from replay.engine.view import Node, View
from replay.events.event import Log, Observation
from replay.qemu.observed.query_replies import RESIZE, TRACED
from replay.qemu.observed.visibility import FLAGS, compared_flags

NO_IO = 0x10000
"""A bit of today's QEMU, with which a file is opened only to be made or to be inspected."""

DriverAndFile = tuple[str, str]
"""A driver and a file."""

OpenedFiles = Mapping[DriverAndFile, set[int]]
"""The flags with which each driver has opened each file."""


def add_flags(looks: Mapping[int, View], log: Log, bits: Mapping[str, int]) -> dict[int, View]:
    """The views by seq, in which a node that is new has the flags that the trace shows.

    Later views do not have them, since the trace does not show when a node is reopened. A trace
    without times stands at a single place of the log: then its opens count everywhere.
    """
    opens = [o for o in log.observations if o.name == TRACED and is_lasting(o.answer)]
    timed = len({observation.after for observation in opens}) > 1
    met: set[DriverAndFile] = set()
    views = {}
    for seq in sorted(looks):
        by_file = flags_by_file([o for o in opens if not timed or o.after <= seq], bits)
        new = {key: flags for key, flags in by_file.items() if key not in met}
        nodes = looks[seq].nodes
        views[seq] = replace(
            looks[seq], nodes={path: add_own_flags(node, new) for path, node in nodes.items()}
        )
        met |= {key_of(node) for node in nodes.values()}
    return views


def key_of(node: Node) -> DriverAndFile:
    """The driver and the file of a node."""
    return str(node.fields.get("driver")), str(node.fields.get("filename"))


def is_lasting(answer: Any) -> bool:
    """Whether this is an open of a node that then stays."""
    match answer:
        case {"filename": str(), "driver": str(), "flags": int(flags)}:
            return not flags & (RESIZE | NO_IO)
    return False


def flags_by_file(opens: list[Observation], bits: Mapping[str, int]) -> OpenedFiles:
    """The flags that are compared, by driver and file."""
    by_file: dict[DriverAndFile, set[int]] = {}
    for observation in opens:
        answer = observation.answer
        key = answer["driver"], answer["filename"]
        by_file.setdefault(key, set()).add(compared_flags(answer["flags"], bits))
    return by_file


def add_own_flags(node: Node, by_file: OpenedFiles) -> Node:
    """The node with its flags; without them if its file was opened with different ones."""
    flags = by_file.get(key_of(node), set())
    if len(flags) != 1:
        return node
    return replace(node, fields={**node.fields, FLAGS: next(iter(flags))})
