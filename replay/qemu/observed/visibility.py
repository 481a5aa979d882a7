"""Reducing a view of the model to what can be observed of a real QEMU."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from replay.engine.view import File, Node, View
from replay.state.disk import Disk, Inode, backing_chain
from replay.state.extents import UNREADABLE_DATA, Extents, merged, sectors, shown
from replay.variants.subject import Subject

FLAGS = "open_flags"
LATER_FLAGS = "later_flags"
"""The bits of open_flags that no tree has, as a field of their own, which models then lack."""

COMPARED_FLAGS = ("TEMPORARY", "SNAPSHOT", "NATIVE_AIO")
"""Flags that mean today what they meant, and that a node keeps as it was opened with them."""

LOST_FLAGS = ("CACHE_WB",)
"""Flags of the trees that today's builds have not any more."""

PROTOCOL, OPENED_AS_PROTOCOL = "PROTOCOL", "opened_as_protocol"
"""A flag that only the later trees have, and the field that stands for it where it is known."""

LIMITS, LIMITED = "io_limits", "io_limits_enabled"
"""QMP does not show limits that are not in force."""

OF_BUILDS = ("cache_direct", "cache_no_flush", OPENED_AS_PROTOCOL, LATER_FLAGS)
"""Fields that what is observed of a build may have already."""

SAME = ("driver", "filename", "read_only", "total_sectors", "enable_write_cache", LIMITS)
"""Fields that the model has under the names that they have here."""


def visible_part(whole: View, subject: Subject) -> View:
    """The view as a build shows it: fewer fields of nodes, and files as a reader sees them.

    Reducing it again changes nothing.
    """
    bits = subject.config.bits.get(FLAGS, {})
    protocol = bits.get(PROTOCOL, 0)
    # Only where some node has the flag does its tree have it at all.
    if not any(flags_of(node) & protocol for node in whole.all_nodes.values()):
        protocol = 0
    there = {name: file.inode for name, file in whole.files.items() if not file.unlinked}
    names = tuple((name, inode.number) for name, inode in there.items())
    disk = Disk(tuple(there.values()), names)
    return replace(
        whole,
        nodes={path: _node(node, bits, protocol) for path, node in whole.nodes.items()},
        other={path: _node(node, bits, protocol) for path, node in whole.other.items()},
        edges={},
        jobs={},
        files={name: as_read(file, disk) for name, file in whole.files.items()},
    )


def flags_of(node: Node) -> int:
    """The open flags of a node; 0 for what is no number, which a patch may write there."""
    flags = node.fields.get(FLAGS)
    return flags if isinstance(flags, int) else 0


def shared_flags(flags: int, bits: Mapping[str, int]) -> int:
    """The flags that both trees and builds may have."""
    return flags & sum(bit for name, bit in bits.items() if name not in (*LOST_FLAGS, PROTOCOL))


def observed_flags(flags: int, bits: Mapping[str, int]) -> dict[str, Any]:
    """The fields for the flags of a build's node: those that trees have too, and the others."""
    return {
        FLAGS: shared_flags(flags, bits),
        OPENED_AS_PROTOCOL: bool(flags & bits.get(PROTOCOL, 0)),
        LATER_FLAGS: flags & ~sum(bits.values()),
    }


def compared_flags(flags: int, bits: Mapping[str, int]) -> int:
    """The flags that mean today what they meant."""
    return flags & sum(bits.get(name, 0) for name in COMPARED_FLAGS)


def as_read(file: File, disk: Disk) -> File:
    """The file with what a reader of it sees, through what its header names below it.

    Files without a number are so already.
    """
    if file.inode.number == 0:
        return file
    header = (file.format, file.size, file.backing_file, file.backing_format)
    data = () if file.unlinked else _data(file.inode, disk)
    return replace(file, inode=Inode(0, *header, extents=data))


def _data(inode: Inode, disk: Disk) -> Extents:
    """What a chain shows, without zeros, or that it cannot be read."""
    chain = backing_chain(disk, inode.number)
    if isinstance(chain, str):
        return UNREADABLE_DATA
    pieces = shown([below.layer for below in chain], 0, sectors(inode.size))
    return merged(piece for piece in pieces if piece.pattern != 0)


def _node(node: Node, bits: Mapping[str, int], protocol: int) -> Node:
    fields: dict[str, Any] = {key: node.fields[key] for key in SAME if key in node.fields}
    if LIMITS in fields and not node.fields.get(LIMITED, True):
        fields[LIMITS] = [0] * len(fields[LIMITS])
    if FLAGS in node.fields:
        flags = flags_of(node)
        fields[FLAGS] = shared_flags(flags, bits)
        fields["cache_direct"] = bool(flags & bits.get("NOCACHE", 0))
        fields["cache_no_flush"] = bool(flags & bits.get("NO_FLUSH", 0))
        if protocol:
            fields[OPENED_AS_PROTOCOL] = bool(flags & protocol)
    fields |= {name: node.fields[name] for name in OF_BUILDS if name in node.fields}
    return replace(node, fields=fields)
