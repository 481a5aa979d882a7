"""Invariants of the block layer, which should be true in every state of every tree.

A check is a function that begins with its reason. It gets a node with its role,
a file, or what the guest wrote. A field that a tree does not have reads as None.
"""

BDRV_O_RDWR = 0x0002
BDRV_O_SNAPSHOT = 0x0008
BDRV_O_TEMPORARY = 0x0010
BDRV_O_NO_BACKING = 0x0100


def backing_survives_reopen(node):
    """A node with a backing node does not carry NO_BACKING: opened again with its own flags, it would lose it."""
    return node.backing_hd is None or not node.open_flags & BDRV_O_NO_BACKING


def temporary_on_overlay(node):
    """TEMPORARY stands only on an overlay made for snapshot=on and its file: it says that the file goes away."""
    return not node.open_flags & BDRV_O_TEMPORARY or node.filename.startswith("<tmp")


def snapshot_on_top(node, role):
    """SNAPSHOT stands on no node below the device: it is the drive that protects its medium."""
    return len(role) == 1 or not node.open_flags & BDRV_O_SNAPSHOT


def images_stay(file):
    """The user's named images are never unlinked: only temporary files are the program's own."""
    return not file["unlinked"]


def written_data_stays(write):
    """Data that the guest wrote stays readable by it, as long as the medium is in the drive."""
    for command in ["change", "eject", "drive_del", "block_resize"]:
        if command in write["commands"]:
            return True
    return write["reads"] == write["pattern"]


def read_only_without_rdwr(node):
    """A node whose flags lack RDWR is read-only: whoever opens with these flags asked not to write."""
    return node.drv is None or node.open_flags & BDRV_O_RDWR != 0 or node.read_only
