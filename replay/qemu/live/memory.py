"""Reading the open flags of every node out of the memory of a running QEMU.

QEMU exports functions for its modules, and their machine code says where the list of all nodes
begins, where a node has its name and where the next node, and that its flags stand first. That
needs no symbols for debuggers, and QEMU runs on. It is known for x86-64 on Linux only.
"""

import os
import platform
import re
import struct
import sys
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

HEAD = re.compile(rb"\x48\x8b\x05(....)", re.DOTALL)
"""mov rax, [rip + distance]: the first node, whose address is counted from the next instruction."""

NEXT = re.compile(rb"\x48\x8b[\x83\x87](....)", re.DOTALL)
"""mov rax, [rbx or rdi + distance]: the next node of one."""

NAME = re.compile(rb"\x48\x8d\x87(....)", re.DOTALL)
"""lea rax, [rdi + distance]: the name of a node."""

FIRST_FIELD = b"\x8b\x07"
"""mov eax, [rdi]: the flags are the first field of a node."""

LIST, NAME_OF, FLAGS_OF = "bdrv_next_all_states", "bdrv_get_node_name", "bdrv_get_flags"
LONGEST_NAME = 32
MOST_NODES = 10_000
"""A list that has more is no list of nodes."""


class UnreadableError(Exception):
    """Why the flags of a process cannot be read, in words."""


class NodeLayout(NamedTuple):
    """Where a program has its nodes: the list's address in the file's own terms, and in a node
    the distances of its name and of the next node."""

    head: int
    name: int
    next: int


class ProgramMemory(NamedTuple):
    """The memory of a running QEMU: its process, its program, and where that has its nodes.

    `base` is the address from which those of the program's file are counted.
    """

    process: int
    program: Path
    layout: NodeLayout
    base: int


def read_flags(memory: ProgramMemory) -> dict[str, int]:
    """The open flags of all nodes by their names. Raises UnreadableError if they cannot be read."""
    try:
        with Path(f"/proc/{memory.process}/mem").open("rb", buffering=0) as file:
            return dict(_nodes(file.fileno(), memory.layout, memory.base))
    except (OSError, struct.error) as error:
        raise UnreadableError(f"its memory cannot be read: {error}") from None


def program_memory(process: int) -> ProgramMemory:
    """The memory of a QEMU, or of the one that a script has started, as long as it runs.

    Raises UnreadableError where this is not possible.
    """
    number, program = running_program(process)
    layout = layout_of(program, program.stat().st_mtime_ns)
    try:
        return ProgramMemory(number, program, layout, _load_address(number, program))
    except (OSError, ValueError) as error:
        raise UnreadableError(f"it is not known where its program is: {error}") from None


def running_program(process: int) -> tuple[int, Path]:
    """The process, or the one that a script has started, whose program is a QEMU, and its file.

    Raises UnreadableError if there is none that can be read here.
    """
    if sys.platform != "linux" or platform.machine() != "x86_64":
        raise UnreadableError("this is only known for x86-64 on Linux")
    for number in with_children(process):
        for program in _programs(number):
            try:
                layout_of(program, program.stat().st_mtime_ns)
            except (UnreadableError, OSError):
                continue
            return number, program
    raise UnreadableError("its program does not have the functions that say where they are")


def with_children(process: int) -> Iterator[int]:
    """A process and all that it has started, which are still there."""
    yield process
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        try:
            children = task.read_text().split()
        except OSError:
            continue
        yield from chain.from_iterable(with_children(int(child)) for child in children)


def _programs(process: int) -> list[Path]:
    """The files that may be the program: what was started, or what a loader has loaded."""
    started = Path(f"/proc/{process}/exe")
    try:
        program = started.readlink()
    except OSError:
        return []
    mapped = {path for _, path in _mappings(process) if "qemu" in path}
    loaded = {Path(path) for path in mapped if "qemu" in Path(path).name}
    return [program, *sorted(loaded - {program})]


def _mappings(process: int) -> Iterator[tuple[int, str]]:
    """Where parts of files stand in the memory of a process, by address."""
    try:
        lines = Path(f"/proc/{process}/maps").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        fields = line.split(maxsplit=5)
        if len(fields) == 6 and fields[5].startswith("/"):
            yield int(fields[0].partition("-")[0], 16), fields[5]


def _load_address(process: int, program: Path) -> int:
    file = str(program)
    return min(address for address, path in _mappings(process) if path == file)


# Every machine is asked for it, and most have the same program.
@lru_cache(maxsize=64)
def layout_of(program: Path, _mtime: int) -> NodeLayout:
    """Where a program has its nodes. Raises UnreadableError if its code does not say so."""
    # An extra, which only real builds need.
    from elftools.common.exceptions import ELFError  # noqa: PLC0415
    from elftools.elf.elffile import ELFFile  # noqa: PLC0415

    try:
        with program.open("rb") as file:
            elf = ELFFile(file)
            where, code = _function(elf, LIST)
            naming, flags = _function(elf, NAME_OF)[1], _function(elf, FLAGS_OF)[1]
    except (OSError, ELFError) as error:
        raise UnreadableError(f"its file cannot be read: {error}") from None
    head, following, name = HEAD.search(code), NEXT.search(code), NAME.search(naming)
    if not (head and following and name and FIRST_FIELD in flags):
        raise UnreadableError("its functions do not say where the flags are")
    return NodeLayout(
        where + head.end() + _signed(head[1]), _signed(name[1]), _signed(following[1])
    )


def _function(elf: Any, name: str) -> tuple[int, bytes]:
    """The address and the code of an exported function."""
    table = elf.get_section_by_name(".gnu.hash")
    symbol = table.get_symbol(name) if table is not None else None
    if symbol is None:
        raise UnreadableError(f"its program does not export {name}")
    address, size = symbol.entry["st_value"], symbol.entry["st_size"]
    for segment in elf.iter_segments("PT_LOAD"):
        offset = address - segment["p_vaddr"]
        if 0 <= offset < segment["p_filesz"]:
            elf.stream.seek(segment["p_offset"] + offset)
            return address, elf.stream.read(size)
    raise UnreadableError(f"its program has no code of {name}")


def _signed(distance: bytes) -> int:
    (value,) = struct.unpack("<i", distance)
    return int(value)


def _nodes(memory: int, layout: NodeLayout, base: int) -> Iterator[tuple[str, int]]:
    """The name and the flags of each node in the list."""
    node = _pointer(memory, base + layout.head)
    for _ in range(MOST_NODES):
        if not node:
            return
        (flags,) = struct.unpack("<i", os.pread(memory, 4, node))
        name = os.pread(memory, LONGEST_NAME, node + layout.name).partition(b"\0")[0]
        yield name.decode(errors="replace"), flags
        node = _pointer(memory, node + layout.next)
    raise UnreadableError("its list of nodes does not end")


def _pointer(memory: int, address: int) -> int:
    (value,) = struct.unpack("<Q", os.pread(memory, 8, address))
    return int(value)
