"""Random logs of block operations, each made again from its name, and shrunk to what matters.

    python tests/random_logs.py show 0042_cor              prints a log
    python tests/random_logs.py write DIRECTORY cor 0 100   writes logs, one a file
    python tests/random_logs.py shrink 0042_cor with after  the shortest part that still differs

A name is a seed and a theme. Themes say which options and operations are likely.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from replay.engine.diff import diff
from replay.engine.replay import replay
from replay.events.event import (
    Await,
    Command,
    Event,
    Guest,
    Image,
    Internal,
    Log,
    LogHeader,
    Payload,
    Run,
)
from replay.events.json_form import event_line, header_line
from replay.variants.variant import load_subject, resolve

PATCHES = Path(__file__).resolve().parents[1] / "patches"
CLUSTER = 65536
MIB = 1 << 20
FORMATS = ("qcow2", "qcow2", "qcow2", "raw", "qed")
SIZES = (4 * MIB, 4 * MIB, 4 * MIB, 2 * MIB, 6 * MIB, MIB, 1474560, 3211776, 4195840)
PLACES = ((0, 128), (0, 8), (64, 64), (128, 128), (512, 256), (2816, 64), (4000, 200), (8064, 128))
"""Sector and sectors: whole clusters, parts of one, across several, at the end, beyond it."""

DEVICES = ("virtio-blk-pci,drive={0}", "ide-cd,drive={0},bus=ide.0", "isa-fdc,driveA={0}")
OPTIONS = {
    "snapshot": "snapshot=on",
    "cor": "copy-on-read=on",
    "ro": "readonly=on",
    "cdrom": "media=cdrom",
    "none": "cache=none",
    "unsafe": "cache=unsafe",
    "through": "cache=writethrough",
    "limit": "iops=1000",
    "stop": "werror=stop",
    "ignore": "rerror=ignore",
    "unmap": "discard=unmap",
    "name": "node-name=n0",
}


class Theme(NamedTuple):
    """What makes its logs different from others: likely options of a drive, likely operations."""

    options: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()


THEMES = {
    "general": Theme(),
    "active": Theme((), ("active_commit", "write", "snapshot")),
    "backup": Theme((), ("backup", "write")),
    "change": Theme(("snapshot",), ("change", "eject", "write", "mirror")),
    "cor": Theme(("cor",), ("read", "snapshot", "stream", "mirror")),
    "missing": Theme((), ("unlinked", "change", "reopen")),
    "mirror": Theme((), ("mirror", "write", "resize")),
    "reopen": Theme((), ("reopen", "commit", "snapshot")),
    "resize": Theme((), ("resize", "commit", "write", "mirror")),
    "snapshot": Theme(("snapshot",), ("snapshot", "mirror", "commit", "active_commit")),
    "stream": Theme((), ("stream", "snapshot", "block_commit")),
    "throttle": Theme(("limit",), ("throttle", "change", "snapshot")),
    "transaction": Theme((), ("transaction", "write")),
    "two": Theme(("two",), ("write", "commit", "stream", "snapshot")),
}


def log(name: str) -> Log:
    """The log of that name; ValueError for one that is no seed and theme."""
    seed, _, theme = name.partition("_")
    if not seed.isdigit() or theme not in THEMES:
        raise ValueError(f"{name} is no SEED_THEME; themes are {', '.join(THEMES)}")
    return Log.of(name, map(Event, _Scene(Random(name), THEMES[theme]).payloads()))


def shrunk(log: Log, holds: Callable[[Log], bool]) -> Log:
    """The shortest part of the log found of which this still holds.

    Ever smaller pieces are left out, as long as one can be.
    """
    events = list(log.events)
    size = len(events) // 2
    while size:
        start = 0
        while start < len(events):
            fewer = events[:start] + events[start + size :]
            if holds(Log.of(log.name, fewer)):
                events = fewer
            else:
                start += size
        size //= 2
    return Log.of(log.name, events)


class _Scene:
    """A machine as far as its log is made: names that mean something, and counters."""

    def __init__(self, random: Random, theme: Theme) -> None:
        self._random = random
        self._theme = theme
        self._images: list[Image] = []
        self._made = 0
        self._drives = ["d0", "d1"] if "two" in theme.options or random.random() < 0.25 else ["d0"]

    def payloads(self) -> list[Payload]:
        """The whole log."""
        chains = [self._chain(letter) for letter in "ab"[: len(self._drives)]]
        if "two" in self._theme.options:
            chains = chains[:1] * len(self._drives)
        for count, letter in ((2, "p"), (2, "c")):
            for _ in range(self._random.randint(1, count)):
                self._image(letter, self._random.choice(chains) if letter == "p" else None)
        start = [self._drive(*pair) for pair in zip(self._drives, chains, strict=True)]
        start += [device for drive in self._drives for device in self._device(drive)]
        steps = [step for _ in range(self._random.randint(4, 14)) for step in self._operation()]
        return [*self._images, *start, *steps]

    def _chain(self, letter: str) -> str:
        top = None
        for _ in range(self._random.choice((1, 1, 2, 3, 4))):
            top = self._image(letter, top)
        assert top is not None
        return top

    def _image(self, letter: str, below: str | None) -> str:
        """Adds an image, with a backing file where its format has one; its name."""
        random = self._random
        format = random.choice(FORMATS[:3] + FORMATS[4:] if below else FORMATS)
        size = random.choice(SIZES)
        name = f"/images/{letter}{len(self._images)}.{format}"
        formats = {image.name: image.format for image in self._images}
        told = formats[below] if below and random.random() < 0.6 else None
        backing = {"backing_file": below, "backing_format": told} if below else {}
        self._images.append(Image(name, format, size, data=self._data(size), **backing))
        return name

    def _data(self, size: int) -> tuple[Run, ...]:
        runs = []
        for _ in range(self._random.choice((0, 1, 1, 2))):
            offset = self._random.choice((0, 1, 3, 4, 8)) * CLUSTER
            length = self._random.choice((4096, CLUSTER, 2 * CLUSTER, 8 * CLUSTER))
            if offset + length <= size:
                runs.append(Run(self._random.choice((0, 33, 34, 35)), offset, length))
        return tuple(runs)

    def _drive(self, id: str, file: str) -> Command:
        random = self._random
        likely = [name for name in self._theme.options if name in OPTIONS]
        chosen = [name for name in likely if random.random() < 0.8]
        chosen += random.sample(sorted(set(OPTIONS) - set(likely)), random.choice((0, 0, 1, 2)))
        place = [] if random.random() < 0.05 else [f"file={file}"]
        options = [OPTIONS[name] for name in chosen if name != "name" or id == "d0"]
        return Command("cli", "drive", ",".join(["if=none", f"id={id}", *place, *options]))

    def _device(self, drive: str) -> list[Command]:
        if drive != "d0" or self._random.random() < 0.4:
            return []
        return [Command("cli", "device", self._random.choice(DEVICES).format(drive))]

    def _operation(self) -> list[Payload]:
        likely = self._theme.operations
        among = likely if likely and self._random.random() < 0.6 else tuple(OPERATIONS)
        return OPERATIONS[self._random.choice(among)](self)

    # what operations are made of

    def drive(self) -> str:
        """A drive; rarely one that is not there."""
        return "none" if self._random.random() < 0.03 else self._random.choice(self._drives)

    def pick(self, *choices: Any) -> Any:
        """One of them."""
        return self._random.choice(choices)

    def fresh(self, format: str) -> str:
        """The name of a file that is not there."""
        self._made += 1
        return f"/images/s{self._made}.{format}"

    def known(self, letters: str = "abpc") -> str:
        """The name of an image; rarely of none."""
        names = [image.name for image in self._images if image.name[8] in letters]
        return self._random.choice([*names, "/images/missing.img"] if names else ["/images/no"])

    def target(self) -> dict[str, Any]:
        """Where a copy goes: a file to be made, or one that exists."""
        if self._random.random() < 0.3:
            name = self.known("p")
            return {"target": name, "mode": "existing", "format": name.rpartition(".")[2]}
        format = self.pick("qcow2", "qcow2", "qed", "raw")
        return {"target": self.fresh(format), "format": format}

    def snapshot(self) -> dict[str, Any]:
        """The arguments of a live snapshot."""
        if self._random.random() < 0.3:
            name = self.known("p")
            file = {"snapshot-file": name, "mode": "existing", "format": name.rpartition(".")[2]}
        else:
            format = self.pick("qcow2", "qcow2", "qed")
            file = {"snapshot-file": self.fresh(format), "format": format}
        return {"device": self.drive(), **file}

    def job(self, name: str, device: str, **arguments: Any) -> list[Payload]:
        """A job that is started, waited for, and sometimes completed or cancelled."""
        ready = name in ("drive-mirror", "block-commit")
        steps: list[Payload] = [Command("qmp", name, {"device": device, **arguments})]
        steps.append(Await("ready" if ready else "end", device))
        if ready and self._random.random() < 0.3:
            steps.append(self.request("write", device))
        if ready:
            end = self.pick("block-job-complete", "block-job-cancel")
            steps += [Command("qmp", end, {"device": device}), Await("end", device)]
        return steps

    def request(self, name: str, device: str = "") -> Guest:
        """A guest's request."""
        self._made += 1
        pattern = self._made % 200 + 1 if name == "write" else None
        return Guest(name, device or self.drive(), *self.pick(*PLACES), pattern)


def _qmp(name: str, **arguments: Any) -> list[Payload]:
    return [Command("qmp", name, {key.replace("_", "-"): arguments[key] for key in arguments})]


def _sync_none(scene: _Scene) -> list[Payload]:
    device = scene.drive()
    arguments = {"device": device, "sync": "none", **scene.target()}
    steps: list[Payload] = [Command("qmp", "drive-backup", arguments)]
    steps += [scene.request("write", device), scene.request("write", device)]
    return [*steps, *_qmp("block-job-cancel", device=device), Await("end", device)]


def _throttle(scene: _Scene) -> list[Payload]:
    limits = dict.fromkeys(("bps", "bps_rd", "bps_wr", "iops", "iops_rd", "iops_wr"), 0)
    limits[scene.pick(*limits)] = scene.pick(0, 1000, 1000000)
    return [Command("qmp", "block_set_io_throttle", {"device": scene.drive(), **limits})]


def _transaction(scene: _Scene) -> list[Payload]:
    actions = [
        {"type": "blockdev-snapshot-sync", "data": scene.snapshot()},
        {
            "type": "drive-backup",
            "data": {"device": scene.drive(), "sync": scene.pick("full", "top"), **scene.target()},
        },
        {"type": "abort", "data": {}},
    ]
    chosen = [scene.pick(*actions, actions[0]) for _ in range(scene.pick(1, 2, 3))]
    return [Command("qmp", "transaction", {"actions": chosen}), Await("settled")]


OPERATIONS: dict[str, Callable[[_Scene], list[Payload]]] = {
    "read": lambda scene: [scene.request("read")],
    "write": lambda scene: [scene.request("write")],
    "snapshot": lambda scene: [Command("qmp", "blockdev-snapshot-sync", scene.snapshot())],
    "hmp_snapshot": lambda scene: [
        Command("hmp", "snapshot_blkdev", f"{scene.drive()} {scene.fresh('qcow2')} qcow2")
    ],
    "commit": lambda scene: [Command("hmp", "commit", scene.pick(scene.drive(), "all"))],
    "stream": lambda scene: scene.job(
        "block-stream", scene.drive(), **scene.pick({}, {"base": scene.known("ab")})
    ),
    "block_commit": lambda scene: scene.job(
        "block-commit", scene.drive(), top=scene.known("ab"), base=scene.known("ab")
    ),
    "active_commit": lambda scene: scene.job("block-commit", scene.drive(), top=scene.known("ab")),
    "mirror": lambda scene: scene.job(
        "drive-mirror", scene.drive(), sync=scene.pick("full", "top", "none"), **scene.target()
    ),
    "backup": lambda scene: scene.job(
        "drive-backup", scene.drive(), sync=scene.pick("full", "top"), **scene.target()
    ),
    "backup_none": _sync_none,
    "resize": lambda scene: _qmp("block_resize", device=scene.drive(), size=scene.pick(*SIZES, 0)),
    "throttle": _throttle,
    "transaction": _transaction,
    "eject": lambda scene: _qmp("eject", device=scene.drive(), force=scene.pick(True, False)),
    "change": lambda scene: _qmp("change", device=scene.drive(), target=scene.known("c")),
    "unlinked": lambda scene: _qmp("change", device=scene.drive(), target="/images/missing.img"),
    "reopen": lambda scene: [Internal("close-open", scene.drive(), scene.pick(0, 0, 1))],
    "drive_add": lambda scene: [
        Command("hmp", "drive_add", f"0 if=none,id=h{scene.pick(0, 1)},file={scene.known()}")
    ],
    "drive_del": lambda scene: [Command("hmp", "drive_del", scene.pick("h0", "h1", "d1"))],
}


def differs(expressions: Sequence[str]) -> Callable[[Log], bool]:
    """Whether a log tells these variants of the subject apart."""
    subject = load_subject(PATCHES)
    variants = [resolve(subject, expression, {}) for expression in expressions]
    return lambda log: bool(diff(*(replay(log, variant) for variant in variants)).divergences)


def written(log: Log) -> str:
    """The log in the native form."""
    lines = [header_line(LogHeader(log.name)), *map(event_line, log.events)]
    return b"".join(lines).decode()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("show").add_argument("name")
    shrink = commands.add_parser("shrink")
    shrink.add_argument("name")
    shrink.add_argument("variants", nargs="+")
    write = commands.add_parser("write")
    write.add_argument("directory", type=Path)
    write.add_argument("theme", choices=[*THEMES])
    write.add_argument("first", type=int)
    write.add_argument("count", type=int)
    given = parser.parse_args()
    if given.command == "show":
        print(written(log(given.name)), end="")
    elif given.command == "shrink":
        found, holds = log(given.name), differs(given.variants)
        print(written(shrunk(found, holds)) if holds(found) else "nothing differs", end="")
    else:
        given.directory.mkdir(parents=True, exist_ok=True)
        for seed in range(given.first, given.first + given.count):
            name = f"{seed:04}_{given.theme}"
            (given.directory / f"{name}.jsonl").write_text(written(log(name)))


if __name__ == "__main__":
    main()
