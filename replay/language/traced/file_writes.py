"""Finding the call of an event that created, unlinked or wrote a file."""

from typing import Any

from replay.language.traced.cells import EventTrace, TracedValue, plain

HEADER = {"disk_set_backing": 0}
RESIZES = {"disk_resize": 0}
CONTENT = {"disk_write": 0, "disk_copy": 1, "disk_clear": 0, **RESIZES}
WRITERS = {"data": CONTENT, "size": RESIZES, "backing_file": HEADER, "backing_format": HEADER}
"""For what a file has, the builtins that write it, and which argument is the file they write to.

`disk_create` writes all of it.
"""


def call_that_wrote(record: EventTrace, number: int, field: str) -> TracedValue | None:
    """The last call that wrote this to the file of that inode; None if no call did."""
    calls = reversed(record.calls)
    return next((call for call in calls if _written(call, field) == number), None)


def call_that_named(record: EventTrace, name: str, made: bool) -> TracedValue | None:
    """The last call that made the file of that name, or that unlinked it; None if no call did."""
    builtin = "disk_create" if made else "disk_unlink"
    calls = [call for call in reversed(record.calls) if call.name == builtin]
    same = [call for call in calls if name.endswith(str(call.sources[0].value))]
    return next(iter(same or calls), None)


def target_of(call: TracedValue, field: str) -> TracedValue | None:
    """The value that says which file a call writes to: an inode, the top one of a chain.

    None for a call that makes the file.
    """
    if call.name not in WRITERS.get(field, {}):
        return None
    target = call.sources[WRITERS[field][call.name]]
    top = target.value[0] if isinstance(target.value, list) else target
    return top if isinstance(top, TracedValue) else target


def _written(call: TracedValue, field: str) -> Any:
    """The inode that a call wrote to."""
    if call.name == "disk_create":
        return plain(call.value)
    target = target_of(call, field)
    number = plain(target)
    return number[0] if isinstance(number, list) else number
