"""Reading what qemu-io printed about a guest request."""

import errno
import os
import re

from replay.engine.trace import NOTHING, Outcome

ERRORS = {os.strerror(number): name for number, name in errno.errorcode.items()}
"""errno names by their texts, which is all that qemu-io prints."""

HELD = re.compile(r"^[0-9a-f]{8,}:  ((?:[0-9a-f]{2} )+)", re.MULTILINE)
SAMPLE = 512
"""How many bytes of a read are looked at one by one."""


def requested(printed: str, command: str) -> Outcome:
    """What qemu-io's words about a request mean."""
    failed = re.search(r"failed: (.+?)\s*$", printed, re.MULTILINE)
    if failed:
        name = ERRORS.get(failed[1])
        if name is None:
            return Outcome("refused", error={"class": "GenericError", "desc": failed[1]})
        return Outcome("refused", error={"errno": name})
    if "Cannot find device" in printed:
        return Outcome("refused", error={"class": "DeviceNotFound", "desc": printed.strip()})
    if command.startswith("write"):
        return NOTHING
    if command.startswith("read -P"):
        pattern = (
            "mixed" if "Pattern verification failed" in printed else int(command.rpartition(" ")[2])
        )
        return Outcome("returned", value={"pattern": pattern})
    bytes_seen = {byte for row in HELD.findall(printed) for byte in row.split()}
    if len(bytes_seen) != 1:
        return Outcome("returned", value={"pattern": "mixed"})
    return Outcome("returned", value={"pattern": int(bytes_seen.pop(), 16)})
