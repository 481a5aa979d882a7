"""Reading what qemu-io printed about a guest request."""

import errno
import os
import re

from replay.engine.trace import NOTHING, Outcome

ERRORS = {os.strerror(number): name for number, name in errno.errorcode.items()} | {
    "Block node is read-only": "EACCES"
}
"""errno names by their texts, which is all that qemu-io prints; the trees say the last so."""

DONE = re.compile(r"^(wrote|read) \d+/\d+ bytes", re.MULTILINE)
"""What is printed of a request that was carried out."""

HELD = re.compile(r"^[0-9a-f]{8,}:  ((?:[0-9a-f]{2} )+)", re.MULTILINE)
SAMPLE = 512
"""How many bytes of a read are looked at one by one."""


def parse_outcome(printed: str, command: str) -> Outcome:
    """The outcome of a request that qemu-io was given, by what it printed."""
    failed = re.search(r"failed: (.+?)\s*$", printed, re.MULTILINE)
    text = failed[1] if failed else printed.strip()
    if text in ERRORS:
        return Outcome("refused", error={"errno": ERRORS[text]})
    if "Cannot find device" in printed:
        return Outcome("refused", error={"class": "DeviceNotFound", "desc": printed.strip()})
    if failed or not DONE.search(printed):
        error = {"class": "GenericError", "desc": text or "nothing was printed"}
        return Outcome("refused", error=error)
    if command.startswith("write"):
        return NOTHING
    if command.startswith("read -P"):
        differs = "Pattern verification failed" in printed
        pattern = "mixed" if differs else int(command.rpartition(" ")[2])
        return Outcome("returned", value={"pattern": pattern})
    bytes_read = {byte for row in HELD.findall(printed) for byte in row.split()}
    if len(bytes_read) != 1:
        return Outcome("returned", value={"pattern": "mixed"})
    return Outcome("returned", value={"pattern": int(bytes_read.pop(), 16)})
