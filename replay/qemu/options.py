"""The options of a drive, as they stand on a command line: KEY=VALUE,..., two commas for one."""

import re
from collections.abc import Collection

from replay.errors import ReplayError
from replay.qemu.places import Places

OPTION = re.compile(r"(?:[^,]|,,)+")
PLAIN = re.compile(
    r"aio|cache(\.(direct|no-flush|writeback))?|copy-on-read|detect-zeroes|discard|group|id|media"
    r"|node-name|read-?only|[rw]error|snapshot|(bps|iops)(_rd|_wr)?(_max)?|iops_size|throttling\..*"
)
"""Options that are passed on; those of a bus mean nothing to a machine without one."""

FORMATS = ("format", "driver")
OF_A_BUS = ("if", "bus", "unit", "index", "addr", "serial", "cyls", "heads", "secs", "trans")


def drive_options(text: str, places: Places, drivers: Collection[str]) -> dict[str, str]:
    """The options of a drive that hangs on no bus, its file as a path.

    Raises ReplayError for an option that is not known to be safe.
    """
    options = {"if": "none"}
    for option in OPTION.findall(text):
        key, equals, value = option.replace(",,", ",").partition("=")
        if not equals:
            raise ReplayError(f"the option {option!r} has no value")
        if key == "file":
            options[key] = places.inside(value)
        elif key in FORMATS and value in drivers:
            options[key] = value
        elif PLAIN.fullmatch(key):
            options[key] = places.text(value)
        elif key not in OF_A_BUS:
            raise ReplayError(f"the option {option!r} of a drive is not used")
    return options
