"""Adding the open flags that a trace log saw to observed nodes."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from replay.engine.view import Node, View
from replay.events.event import Log, Observation
from replay.qemu.observed.query_replies import RESIZE, TRACED
from replay.qemu.observed.visibility import FLAGS, compared

NO_IO = 0x10000
"""As it is opened only to be made or looked at; bits of today's QEMU, which the trees have not."""

DriverAndFile = tuple[str, str]
"""A driver and a file."""

OpenedFiles = Mapping[DriverAndFile, set[int]]
"""The flags with which each driver has opened each file."""


def with_flags(looks: Mapping[int, View], log: Log, bits: Mapping[str, int]) -> dict[int, View]:
    """The views by seq, in which a node that is new has the flags that the trace tells of it.

    Later ones do not have them: the trace does not tell of a node that is reopened. A trace
    without times stands at one place of the log: then its opens count everywhere.
    """
    opens = [one for one in log.observations if one.name == TRACED and is_lasting(one.answer)]
    timed = len({one.after for one in opens}) > 1
    met: set[DriverAndFile] = set()
    found = {}
    for seq in sorted(looks):
        known = opened([one for one in opens if not timed or one.after <= seq], bits)
        new = {key: flags for key, flags in known.items() if key not in met}
        nodes = looks[seq].nodes
        found[seq] = replace(
            looks[seq], nodes={path: with_own(node, new) for path, node in nodes.items()}
        )
        met |= {key_of(node) for node in nodes.values()}
    return found


def key_of(node: Node) -> DriverAndFile:
    """The driver and the file of a node."""
    return str(node.fields.get("driver")), str(node.fields.get("filename"))


def is_lasting(answer: Any) -> bool:
    """Whether this is an open of a node that then stays."""
    match answer:
        case {"filename": str(), "driver": str(), "flags": int(flags)}:
            return not flags & (RESIZE | NO_IO)
    return False


def opened(opens: list[Observation], bits: Mapping[str, int]) -> OpenedFiles:
    """The flags that are compared, by driver and file."""
    found: dict[DriverAndFile, set[int]] = {}
    for one in opens:
        key = one.answer["driver"], one.answer["filename"]
        found.setdefault(key, set()).add(compared(one.answer["flags"], bits))
    return found


def with_own(node: Node, known: OpenedFiles) -> Node:
    """The node with its flags; without them if it is not known which of its opens was its own."""
    flags = known.get(key_of(node), set())
    if len(flags) != 1:
        return node
    return replace(node, fields={**node.fields, FLAGS: next(iter(flags))})
