"""Writers: the calls of an event that made a file, took its name away or wrote what it holds."""

from typing import Any

from replay.language.cells import Cell, Record, plain

HEADER = {"disk_set_backing": 0}
RESIZES = {"disk_resize": 0}
CONTENT = {"disk_write": 0, "disk_copy": 2, "disk_clear": 0, **RESIZES}
WRITERS = {"data": CONTENT, "size": RESIZES, "backing_file": HEADER, "backing_format": HEADER}
"""For what a file has, the builtins that write it, and which argument is the file they write to.

`disk_create` writes all of it.
"""


def writer(record: Record, number: int, field: str) -> Cell | None:
    """The last call that wrote this to the file of that inode; None if no call did."""
    calls = reversed(record.calls)
    return next((call for call in calls if _written(call, field) == number), None)


def namer(record: Record, name: str, made: bool) -> Cell | None:
    """The last call that made the file of that name, or that unlinked it; None if no call did."""
    wanted = "disk_create" if made else "disk_unlink"
    calls = [call for call in reversed(record.calls) if call.name == wanted]
    same = [call for call in calls if name.endswith(str(call.sources[0].value))]
    return next(iter(same or calls), None)


def aim(call: Cell, field: str) -> Cell | None:
    """What told a call which file to write to: an inode, the top one where it was given a chain.

    None for a call that makes the file.
    """
    if call.name not in WRITERS.get(field, {}):
        return None
    target = call.sources[WRITERS[field][call.name]]
    top = target.value[0] if isinstance(target.value, list) else target
    return top if isinstance(top, Cell) else target


def _written(call: Cell, field: str) -> Any:
    """The inode that a call wrote to."""
    if call.name == "disk_create":
        return plain(call.value)
    found = aim(call, field)
    number = plain(found)
    return number[0] if isinstance(number, list) else number
