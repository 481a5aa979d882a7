"""What qemu-io prints of a request, as an outcome."""

import pytest

from replay.engine.replay import NOTHING
from replay.engine.trace import Outcome
from replay.qemu.live.qemu_io import parse_outcome

WROTE = "wrote 65536/65536 bytes at offset 0\r\n64 KiB, 1 ops; 00.00 sec\r\n"
READ = WROTE.replace("wrote", "read")
ROW = "00000000:  11 11 11 11 11 11 11 11 11 11 11 11 11 11 11 11  ................\r\n"


@pytest.mark.parametrize(
    ("printed", "command", "outcome"),
    [
        (WROTE, "write -P 97", NOTHING),
        (ROW + READ, "read -v", Outcome("returned", value={"pattern": 17})),
        (ROW.replace(" 11", " 12", 1) + READ, "read -v", Outcome("returned", {"pattern": "mixed"})),
        (READ, "read -P 17", Outcome("returned", value={"pattern": 17})),
        (
            "Pattern verification failed at offset 0, 65536 bytes\r\n" + READ,
            "read -P 17",
            Outcome("returned", value={"pattern": "mixed"}),
        ),
        (
            "write failed: Input/output error\r\n",
            "write -P 97",
            Outcome("refused", error={"errno": "EIO"}),
        ),
        (
            "Block node is read-only\r\n",
            "write -P 97",
            Outcome("refused", error={"errno": "EACCES"}),
        ),
        (
            "read failed: No medium found\r\n",
            "read -v",
            Outcome("refused", error={"errno": "ENOMEDIUM"}),
        ),
        (
            "Error: Cannot find device='d' nor node_name=''\r\n",
            "read -v",
            Outcome(
                "refused",
                error={
                    "class": "DeviceNotFound",
                    "desc": "Error: Cannot find device='d' nor node_name=''",
                },
            ),
        ),
        (
            "write failed: something new\r\n",
            "write -P 97",
            Outcome("refused", error={"class": "GenericError", "desc": "something new"}),
        ),
        (
            "no such thing",
            "write -P 97",
            Outcome("refused", error={"class": "GenericError", "desc": "no such thing"}),
        ),
        (
            "",
            "write -P 97",
            Outcome("refused", error={"class": "GenericError", "desc": "nothing was printed"}),
        ),
    ],
)
def test_it_is_what_was_printed(printed, command, outcome):
    assert parse_outcome(printed, command) == outcome
