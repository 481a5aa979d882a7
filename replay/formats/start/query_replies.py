"""Reading drives and images from the first query-block and query-named-block-nodes replies."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct, field

from replay.errors import BadInput
from replay.events.event import Payload
from replay.events.json_form import parse_payload

PROTOCOLS = ("file", "host_device")
"""Drivers of nodes that are a file as it lies on the host, without a format."""

TEMPORARY = re.compile(r"<tmp\d+>")
"""How the file is called, its random name cleaned away, that snapshot=on lays over an image."""

PERIPHERAL = re.compile(r"/peripheral/(?P<id>[^/]+)")
"""Where the path of a device has the id that it was given."""

AUTOMATIC = "#"
"""What a node's name starts with that QEMU has made up."""

DEEPEST = 1000
"""People have chains of so many images; what lies below is not told."""

THROTTLES = ("bps", "bps_rd", "bps_wr", "iops", "iops_rd", "iops_wr")


class ImageReply(Struct, frozen=True):
    """What a reply tells of an image and, nested, of those below it; sizes in bytes."""

    filename: str
    format: str
    size: int = field(name="virtual-size")
    backing_file: str | None = field(name="backing-filename", default=None)
    backing_path: str | None = field(name="full-backing-filename", default=None)
    backing_format: str | None = field(name="backing-filename-format", default=None)
    backing: "ImageReply | None" = field(name="backing-image", default=None)

    @property
    def path(self) -> str:
        """The name of the file itself."""
        return file_name(self.filename)


class Cache(Struct, frozen=True):
    """How a node is cached."""

    writeback: bool
    direct: bool
    no_flush: bool = field(name="no-flush")


class BlockNode(Struct, frozen=True):
    """An open image, as it stands under a drive's "inserted" and in a list of nodes."""

    file: str
    drv: str
    ro: bool = False
    name: str = field(name="node-name", default="")
    image: ImageReply | None = None
    cache: Cache | None = None
    bps: int = 0
    bps_rd: int = 0
    bps_wr: int = 0
    iops: int = 0
    iops_rd: int = 0
    iops_wr: int = 0


class Drive(Struct, frozen=True):
    """A drive, with its medium if it has one; without a name it is known by its device."""

    device: str
    inserted: BlockNode | None = None
    qdev: str = ""

    @property
    def id(self) -> str:
        """Its name, or "drive-" and the id of the device, which its path has or is."""
        of_device = PERIPHERAL.search(self.qdev)
        device = of_device["id"] if of_device else self.qdev
        return self.device or (f"drive-{device}" if device else "")


CACHE_MODES = {
    Cache(writeback=True, direct=False, no_flush=False): "writeback",
    Cache(writeback=True, direct=True, no_flush=False): "none",
    Cache(writeback=True, direct=False, no_flush=True): "unsafe",
    Cache(writeback=False, direct=False, no_flush=False): "writethrough",
    Cache(writeback=False, direct=True, no_flush=False): "directsync",
}


def machine(drives: Any, nodes: Any = ()) -> tuple[Payload, ...]:
    """The images, each after those below it, and then the drives that two replies tell of.

    Where there is no drive they are nodes, as options of the command line. `drives` and `nodes`
    are what query-block and query-named-block-nodes returned, in JSON terms. Raises ReplayError
    if they do not have that form or lack what an event needs.
    """
    try:
        machine_drives = msgspec.convert(drives, tuple[Drive, ...])
        opened = by_file(msgspec.convert(nodes, tuple[BlockNode, ...]))
    except (msgspec.ValidationError, RecursionError) as error:
        raise BadInput(f"not a reply about drives: {error}") from None
    if not machine_drives:
        return tuple(parse_payload(raw) for raw in graph(opened))
    chains = [chain_of(drive.inserted, opened) for drive in machine_drives]
    commands = (
        command(drive, chain, opened) for drive, chain in zip(machine_drives, chains, strict=True)
    )
    return tuple(parse_payload(raw) for raw in (*images(chains), *commands))


def graph(opened: Mapping[str, BlockNode]) -> Iterator[dict[str, Any]]:
    """An image event for the file of each node that has a format, and options for the nodes."""
    nodes = [node for node in opened.values() if node.image is not None]
    yield from images(chain_of(node, opened) for node in nodes)
    for node in nodes:
        file = {"driver": PROTOCOLS[0], "filename": file_name(node.file)}
        options = {"driver": node.drv, "node-name": node.name, "read-only": node.ro, "file": file}
        if node.cache:
            options["cache"] = {"direct": node.cache.direct, "no-flush": node.cache.no_flush}
        text = msgspec.json.encode(options).decode()
        yield {"kind": "command", "channel": "cli", "name": "blockdev", "arguments": text}


def file_name(name: str) -> str:
    """The name of the file, also where options that differ from its own hide it in JSON."""
    try:
        options = msgspec.json.decode(name.removeprefix("json:")) if name[:5] == "json:" else {}
        return str(options["file"]["filename"])
    except (msgspec.MsgspecError, LookupError, TypeError, RecursionError):
        return name


def by_file(nodes: Iterable[BlockNode]) -> Mapping[str, BlockNode]:
    """The nodes that read a format, by the name of their file; the first one of a file."""
    formats = [node for node in nodes if node.drv not in PROTOCOLS]
    return {file_name(node.file): node for node in reversed(formats)}


def chain_of(node: BlockNode | None, opened: Mapping[str, BlockNode]) -> tuple[ImageReply, ...]:
    """The images of a drive, top first; none without a medium."""
    if node is None:
        return ()
    pictures: dict[str, ImageReply] = {}
    picture = node.image or picture_at(file_name(node.file), opened)
    if picture is None:
        raise BadInput(f"no reply tells the size of {node.file}")
    while picture and picture.path not in pictures and len(pictures) < DEEPEST:
        pictures[picture.path] = picture
        picture = picture.backing or picture_at(picture.backing_path, opened)
    return tuple(pictures.values())


def picture_at(path: str | None, opened: Mapping[str, BlockNode]) -> ImageReply | None:
    """What the list of nodes tells of the image in a file."""
    node = opened.get(path) if path is not None else None
    return node.image if node else None


def overlaid(chain: tuple[ImageReply, ...]) -> bool:
    """Whether the top of the chain is the temporary file of snapshot=on."""
    return len(chain) > 1 and bool(TEMPORARY.fullmatch(chain[0].path))


def images(chains: Iterable[tuple[ImageReply, ...]]) -> Iterator[dict[str, Any]]:
    """An image event for each file, those below before those above."""
    own = (chain[1:] if overlaid(chain) else chain for chain in chains)
    by_path = {picture.path: picture for chain in own for picture in reversed(chain)}
    for path, picture in by_path.items():
        yield {
            "kind": "image",
            "name": path,
            "format": "raw" if picture.format in PROTOCOLS else picture.format,
            "size": picture.size,
            "backing_file": picture.backing_file,
            "backing_format": picture.backing_format,
        }


def command(
    drive: Drive, chain: tuple[ImageReply, ...], opened: Mapping[str, BlockNode]
) -> dict[str, Any]:
    """The cli event that makes the drive."""
    options = {"if": "none", "id": drive.id}
    if drive.inserted:
        options |= medium(drive.inserted, chain, opened)
    text = ",".join(f"{key}={escaped(value)}" for key, value in options.items() if value)
    return {"kind": "command", "channel": "cli", "name": "drive", "arguments": text}


def medium(
    inserted: BlockNode, chain: tuple[ImageReply, ...], opened: Mapping[str, BlockNode]
) -> dict[str, str]:
    """The options that opened the drive's medium, as far as the replies show them."""
    top = chain[1] if overlaid(chain) else chain[0]
    node = opened.get(top.path) if overlaid(chain) else inserted
    options = {"file": top.path, "format": top.format}
    if node and not node.name.startswith(AUTOMATIC):
        options["node-name"] = node.name
    if inserted.ro:
        options["readonly"] = "on"
    if node and node.cache:
        options |= cache_options(node.cache)
    if overlaid(chain):
        options["snapshot"] = "on"
    limits = {key: getattr(inserted, key) for key in THROTTLES}
    return options | {key: str(limit) for key, limit in limits.items() if limit}


def cache_options(cache: Cache) -> dict[str, str]:
    """The cache mode by its name, or option by option where the three have no name."""
    if cache in CACHE_MODES:
        return {"cache": CACHE_MODES[cache]}
    flags = {"writeback": cache.writeback, "direct": cache.direct, "no-flush": cache.no_flush}
    return {f"cache.{name}": "on" if flag else "off" for name, flag in flags.items()}


def escaped(value: str) -> str:
    """The value as it stands in an option's text, where a comma ends it."""
    return value.replace(",", ",,")
