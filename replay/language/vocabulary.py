"""The words of the language: its builtins, methods and the numbers of their arguments."""

MACHINE = "machine"

BUILTINS: dict[str, tuple[int, int]] = {
    "bool": (1, 1),
    "dict": (0, 1),
    "disk_allocated_size": (1, 1),
    "disk_backing_file": (1, 1),
    "disk_backing_format": (1, 1),
    "disk_clear": (1, 1),
    "disk_copy": (6, 6),
    "disk_create": (5, 5),
    "disk_extents": (1, 1),
    "disk_format": (1, 1),
    "disk_is_allocated": (3, 3),
    "disk_open": (1, 1),
    "disk_read": (3, 3),
    "disk_realpath": (1, 1),
    "disk_resize": (2, 2),
    "disk_set_backing": (3, 3),
    "disk_size": (1, 1),
    "disk_temporary": (0, 0),
    "disk_unlink": (1, 1),
    "disk_write": (4, 4),
    "fail": (1, 1),
    "free": (1, 1),
    "int": (1, 2),
    "len": (1, 1),
    "list": (0, 1),
    "max": (1, 16),
    "min": (1, 16),
    "new": (1, 1),
    "range": (1, 3),
    "refuse": (2, 2),
    "sorted": (1, 1),
    "str": (1, 1),
    "swap": (2, 2),
    "type_of": (1, 1),
    "walk": (2, 2),
}
"""The least and greatest number of arguments that each takes."""

METHODS: dict[str, tuple[int, int]] = {
    "append": (1, 1),
    "count": (1, 1),
    "endswith": (1, 1),
    "get": (1, 2),
    "index": (1, 1),
    "insert": (2, 2),
    "items": (0, 0),
    "join": (1, 1),
    "keys": (0, 0),
    "lower": (0, 0),
    "partition": (1, 1),
    "pop": (0, 2),
    "remove": (1, 1),
    "rpartition": (1, 1),
    "split": (0, 2),
    "startswith": (1, 1),
    "values": (0, 0),
}
"""Of texts, lists and dicts."""

RESERVED = frozenset({MACHINE, *BUILTINS})
"""Names that a model can't define."""
