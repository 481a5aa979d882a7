"""Reducing a view of the model to what QMP could have shown of it."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from replay.engine.view import File, Node, View
from replay.state.disk import Inode
from replay.variants.subject import Subject

FLAGS = "open_flags"
COMPARED_FLAGS = ("TEMPORARY", "SNAPSHOT", "NATIVE_AIO")
"""Flags that mean today what they meant, and that a node keeps as it was opened with them."""

LIMITS, LIMITED = "io_limits", "io_limits_enabled"
"""QMP does not show limits that are not in force."""

SAME = ("driver", "filename", "read_only", "total_sectors", "enable_write_cache", LIMITS)
"""Fields that the model has under the names that they have here."""


def visible_part(whole: View, subject: Subject) -> View:
    """The view as QMP would show it: fewer fields of nodes, and files without data."""
    bits = subject.config.bits.get(FLAGS, {})
    return replace(
        whole,
        nodes={path: _node(node, bits) for path, node in whole.nodes.items()},
        other={path: _node(node, bits) for path, node in whole.other.items()},
        edges={},
        jobs={},
        files={name: without_data(file) for name, file in whole.files.items()},
    )


def compared_flags(flags: int, bits: Mapping[str, int]) -> int:
    """The flags that mean today what they meant."""
    return flags & sum(bits.get(name, 0) for name in COMPARED_FLAGS)


def without_data(file: File) -> File:
    """The file as if it held nothing: its data were not read."""
    header = (file.format, file.size, file.backing_file, file.backing_format)
    return replace(file, inode=Inode(0, *header))


def _node(node: Node, bits: Mapping[str, int]) -> Node:
    fields: dict[str, Any] = {key: node.fields[key] for key in SAME if key in node.fields}
    if LIMITS in fields and not node.fields.get(LIMITED, True):
        fields[LIMITS] = [0] * len(fields[LIMITS])
    if FLAGS in node.fields:
        flags = node.fields[FLAGS]
        fields[FLAGS] = compared_flags(flags, bits)
        fields["cache_direct"] = bool(flags & bits.get("NOCACHE", 0))
        fields["cache_no_flush"] = bool(flags & bits.get("NO_FLUSH", 0))
    return replace(node, fields=fields)
