"""Logs for measuring: a machine with a chain of images, its guest, and a hundred events.

No two logs share a name. What happens in them is one of a number of scripts.
"""

import random
from collections.abc import Iterator
from enum import Enum

from replay.events.event import Await, Command, Event, Guest, Image, Log, Payload

EVENTS = 100
"""Events in a log, unless somebody asks for longer ones."""

MEGABYTE = 1 << 20
SECTORS = 4 * MEGABYTE // 512


class Kind(Enum):
    """How much the logs of a corpus have in common.

    RICH: many logs do what others do, under other names. ODD: in each of them one event is
    like no other. UNIQUE: every number in every log is like no other.
    """

    RICH = "rich"
    ODD = "odd"
    UNIQUE = "unique"


def corpus(kind: Kind, logs: int, scripts: int, events: int = EVENTS) -> Iterator[Log]:
    """So many logs, which follow so many scripts by turns."""
    for number in range(logs):
        yield log(kind, number, number % scripts, events)


def log(kind: Kind, number: int, script: int, events: int = EVENTS) -> Log:
    """One log; its names tell its number, and always have the same length."""
    payloads = list(_Script(script, f"m{number:07}", kind is Kind.UNIQUE, number).run(events))
    if kind is Kind.ODD:
        index = random.Random(number).randrange(6, len(payloads))
        odd = Guest("write", f"m{number:07}-drive", 0, number % (SECTORS - 1) + 1, 7)
        payloads[index] = odd
    return Log.of(f"log{number:07}", map(Event, payloads))


class _Script:
    """What happens in a log, decided by the script's number alone; `unique` changes numbers."""

    def __init__(self, script: int, machine: str, unique: bool, log: int) -> None:
        self._random = random.Random(script)
        self._machine = machine
        self._drive = f"{machine}-drive"
        self._overlays = 0
        self._unique = unique
        self._numbers = log * EVENTS * 10
        self._removable = script % 4 == 0

    def run(self, events: int) -> Iterator[Payload]:
        """The start of the machine, then what its guest and its user do."""
        yield Image(self._file("base"), "qcow2", 4 * MEGABYTE)
        yield Image(self._file("work"), "qcow2", 4 * MEGABYTE, self._file("base"), "qcow2")
        for spare in range(2):
            yield Image(self._file(f"spare{spare}"), "qcow2", 4 * MEGABYTE)
        snapshot = ",snapshot=on" if self._random.random() < 0.5 else ""
        yield Command(
            "cli", "drive", f"if=none,id={self._drive},file={self._file('work')}{snapshot}"
        )
        device = "scsi-cd" if self._removable else "virtio-blk-pci"
        yield Command("cli", "device", f"{device},drive={self._drive}")
        for _ in range(events - 6):
            yield self._event()

    def _file(self, name: str) -> str:
        return f"/srv/{self._machine}/{self._machine}-{name}.qcow2"

    def _number(self, among: int) -> int:
        """A number below `among`; of unique ones each comes once."""
        if not self._unique:
            return self._random.randrange(among)
        self._random.randrange(among)
        self._numbers += 1
        return self._numbers

    def _event(self) -> Payload:
        kinds = (self._write, self._read, self._snapshot, self._throttle, self._job, self._other)
        (kind,) = self._random.choices(kinds, (40, 20, 8, 12, 10, 10))
        return kind()

    def _write(self) -> Payload:
        start = self._random.randrange(16) * 128
        length = self._number(7) % (SECTORS - start) + 1
        return Guest("write", self._drive, start, length, self._number(3) % 256)

    def _read(self) -> Payload:
        start = self._random.randrange(16) * 128
        return Guest("read", self._drive, start, self._number(7) % (SECTORS - start) + 1)

    def _snapshot(self) -> Payload:
        if self._overlays >= 6:
            return self._throttle()
        self._overlays += 1
        arguments = {"device": self._drive, "snapshot-file": self._file(f"o{self._overlays}")}
        return Command("qmp", "blockdev-snapshot-sync", arguments)

    def _throttle(self) -> Payload:
        names = ("bps", "bps_rd", "bps_wr", "iops", "iops_rd", "iops_wr")
        limits = dict.fromkeys(names, 0) | {"iops": self._number(3)}
        return Command("qmp", "block_set_io_throttle", {"device": self._drive, **limits})

    def _job(self) -> Payload:
        return self._random.choice(
            (
                Command("qmp", "block-stream", {"device": self._drive}),
                Await("end", self._drive),
                Command("qmp", "block-job-cancel", {"device": self._drive}),
                Command("hmp", "commit", self._drive),
            )
        )

    def _other(self) -> Payload:
        spare = self._file(f"spare{self._random.randrange(2)}")
        return self._random.choice(
            (
                Command("qmp", "eject", {"device": self._drive}),
                Command("qmp", "change", {"device": self._drive, "target": spare}),
                Command("qmp", "block_resize", {"device": self._drive, "size": 4 * MEGABYTE}),
                Command("qmp", "query-block"),
            )
        )
