"""Recordings that try to take more time or memory than their size says.

    python -m tests.trust.costly_recordings [WORD...]

runs the commands on those whose names have a word, at full size, and prints how each ended, the
seconds and the megabytes.
"""

import bz2
import io
import json
import lzma
import os
import resource
import struct
import sys
import tarfile
import tempfile
import time
import zlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from tests.trust.costly_logs import LOGS, Events
from tests.trust.costly_texts import TEXTS, libvirtd, starts
from tests.whole.children import command, finish

SECONDS, MEMORY = 10, 1 << 30
"""What a command may take at most, in seconds and bytes."""


def lines(*items: Any) -> bytes:
    """The items as JSON lines."""
    return b"".join(json.dumps(item).encode() + b"\n" for item in items)


HEADER = {"replay_log": 1, "name": "costly"}
DRIVE = {"kind": "command", "channel": "cli", "name": "drive"}


def drive(file: str) -> dict[str, Any]:
    """The event of a drive that is opened at the start."""
    return {**DRIVE, "arguments": f"if=none,id=drive0,file={file}"}


def image(name: str, **fields: Any) -> dict[str, Any]:
    """The event of an image."""
    return {"kind": "image", "name": name, "format": "qcow2", "size": 1 << 30, **fields}


def qmp(name: str, **arguments: Any) -> dict[str, Any]:
    """The event of a command."""
    return {"kind": "command", "channel": "qmp", "name": name, "arguments": arguments}


def log(*events: dict[str, Any]) -> bytes:
    """A log in the native form."""
    return lines(HEADER, *events)


def traffic(messages: Iterable[tuple[str, dict[str, Any]]]) -> bytes:
    """Recorded traffic."""
    return lines(*({"t": n, "dir": d, "msg": msg} for n, (d, msg) in enumerate(messages)))


SNAPSHOT = qmp("blockdev-snapshot-sync", device="drive0", **{"snapshot-file": "/i/new.qcow2"})


def directories(count: int) -> bytes:
    """A log that names so many directories, in images and in snapshots."""
    images = [image(f"/d{n}/{n % 7}.qcow2") for n in range(count)]
    return log(*images, drive("/d0/0.qcow2"), SNAPSHOT)


def deep_directories(count: int) -> bytes:
    """A log of images in directories that lie in each other."""
    images = [image("/" + "d/" * n + "a.qcow2") for n in range(count)]
    return log(*images, drive("/a.qcow2"), SNAPSHOT)


def drives(count: int) -> bytes:
    """A log of so many drives, for each of which QEMU looks through all before it."""
    images = [image(f"/i/{n}.qcow2") for n in range(count)]
    words = (f"if=none,id=d{n},file=/i/{n}.qcow2" for n in range(count))
    return log(*images, *({**DRIVE, "arguments": each} for each in words))


def chained(count: int) -> bytes:
    """A log of images on top of each other, opened from the top."""
    images = [
        image(f"/i/{n}.qcow2", **({"backing_file": f"/i/{n - 1}.qcow2"} if n else {}))
        for n in range(count)
    ]
    return log(*images, drive(f"/i/{count - 1}.qcow2"), SNAPSHOT)


def chained_with_data(count: int) -> bytes:
    """The same with data in each, of parts of clusters that those below fill."""
    data = [{"pattern": 7, "offset": 4096 * n, "length": 512} for n in range(20)]
    images = [
        image(f"/i/{n}.qcow2", data=data, **({"backing_file": f"/i/{n - 1}.qcow2"} if n else {}))
        for n in range(count)
    ]
    return log(*images, drive(f"/i/{count - 1}.qcow2"), SNAPSHOT)


def runs(count: int) -> bytes:
    """A log of an image with so many runs of data."""
    data = [{"pattern": n % 255, "offset": 131072 * n, "length": 512} for n in range(count)]
    return log(image("/i/a.qcow2", size=1 << 40, data=data), drive("/i/a.qcow2"), SNAPSHOT)


def runs_backwards(count: int) -> bytes:
    """The same with the last run first."""
    data = [{"pattern": n % 255, "offset": 131072 * n, "length": 512} for n in range(count)][::-1]
    return log(image("/i/a.qcow2", size=1 << 40, data=data), drive("/i/a.qcow2"), SNAPSHOT)


def runs_over_each_other(count: int) -> bytes:
    """The same image with runs that lie over all of the ones before."""
    small = [{"pattern": n % 255, "offset": 131072 * n, "length": 512} for n in range(count // 2)]
    large = [{"pattern": n % 255, "offset": 0, "length": 1 << 39} for n in range(count // 2)]
    data = [run for both in zip(small, large, strict=True) for run in both]
    return log(image("/i/a.qcow2", size=1 << 40, data=data), drive("/i/a.qcow2"), SNAPSHOT)


def writes(count: int) -> bytes:
    """A log of guest writes, each to a place of its own."""
    guest = {"kind": "guest", "name": "write", "device": "drive0", "sectors": 1}
    events = [{**guest, "sector": 1 + 256 * n, "pattern": n % 200} for n in range(count)]
    return log(image("/i/a.qcow2", size=1 << 40), drive("/i/a.qcow2"), *events)


BEGIN = [("C", {"execute": "eject", "arguments": {"device": "drive0"}}), ("S", {"return": {}})]
"""What happens in traffic that is all questions else."""


def queries(size: int) -> bytes:
    """Traffic of a client that asks again and again; so many megabytes."""
    cpu = {"thread-id": 25627, "props": {"core-id": 0, "thread-id": 0}, "qom-path": "/machine/x"}
    both = [("C", {"execute": "query-cpus-fast"}), ("S", {"return": [cpu] * 20})]
    each = len(traffic(both))
    return traffic(BEGIN + both * (size * 1_000_000 // each))


def empty_values(size: int) -> bytes:
    """Traffic whose replies are lists of the smallest values; so many megabytes."""
    both = [("C", {"execute": "query-cpus-fast"}), ("S", {"return": [{}] * 20_000})]
    each = len(traffic(both))
    return traffic(BEGIN + both * (size * 1_000_000 // each))


def small_messages(size: int) -> bytes:
    """Traffic of the smallest messages; so many megabytes."""
    return b'{"execute":"a"}\n{"return":{}}\n' * (size * 1_000_000 // 30)


def secrets(size: int) -> bytes:
    """A command's argument full of a word that secrets begin with; so many megabytes."""
    return traffic(
        [("C", {"execute": "a", "arguments": {"x": "secret" * (size * 1_000_000 // 6)}})]
    )


def secret_texts(size: int) -> bytes:
    """A text that is no traffic but for one command, full of the same word, in one line."""
    return b'{"execute":"a"}\n' + b"secret " * (size * 1_000_000 // 7) + b"\n"


def odd_secrets(word: str) -> Callable[[int], bytes]:
    """A command's argument that is a word again and again."""

    def text(size: int) -> bytes:
        times = size * 1_000_000 // len(word)
        return traffic([("C", {"execute": "a", "arguments": {"x": word * times}})])

    return text


def encoded(make: Callable[[int], str]) -> Callable[[int], bytes]:
    """What makes the bytes of a text."""
    return lambda size: make(size).encode()


def events(make: Callable[[int], Events]) -> Callable[[int], bytes]:
    """What makes a log of events."""
    return lambda count: log(*make(count))


def starts_and_monitors(count: int) -> bytes:
    """An archive of libvirt's logs: of a domain's starts, and of as many conversations with it."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, text in (("qemu/d.log", starts(count)), ("libvirtd.log", libvirtd(count))):
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return packed.getvalue()


def xz_of_a_large_window(size: int) -> bytes:
    """Little data in xz that asks for so many megabytes to unpack it."""
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 16}]
    packed = bytearray(lzma.compress(log(drive("/a")) * 50, filters=filters))
    # The byte of the dictionary's size in the block's header, and the header's checksum.
    start = 12
    length = (packed[start] + 1) * 4
    at = packed.index(b"\x21\x01", start) + 2
    packed[at] = next(n for n in range(40) if (2 | n & 1) << (n // 2 + 11) >= size << 20)
    header = bytes(packed[start : start + length - 4])
    packed[start + length - 4 : start + length] = struct.pack("<I", zlib.crc32(header))
    return bytes(packed)


DIFF = ("diff", "FILE")
IMPORT = ("import", "FILE")
DIFF_QUIET = ("diff", "--quiet", "FILE")
RUN = ("run", "FILE")
ALL = (IMPORT, DIFF, ("diff", "--format", "html", "FILE"), RUN, ("check", "FILE"))

CASES: dict[str, tuple[Callable[[int], bytes], int, tuple[tuple[str, ...], ...]]] = {
    "blank lines in bz2": (lambda n: bz2.compress(b"\n" * (n << 20)), 160, (IMPORT,)),
    "one line in bz2": (lambda n: bz2.compress(b"a" * (n << 20)), 160, (IMPORT,)),
    "blank lines in xz": (lambda n: lzma.compress(b"\n" * (n << 20), preset=1), 2000, (IMPORT,)),
    "one line in xz": (lambda n: lzma.compress(b"a" * (n << 20), preset=1), 2000, (IMPORT,)),
    "a window in xz": (xz_of_a_large_window, 3000, (IMPORT,)),
    "directories": (directories, 2000, ALL),
    "directories in each other": (deep_directories, 500, ALL),
    "chained images": (chained, 1000, ALL),
    "many chained images": (chained, 3000, (IMPORT,)),
    "drives": (drives, 250, (IMPORT, DIFF_QUIET, RUN, ("check", "FILE"))),
    "chained images with data": (chained_with_data, 1000, ALL),
    "runs of an image": (runs, 20_000, ALL),
    "runs backwards": (runs_backwards, 20_000, ALL),
    "runs over each other": (runs_over_each_other, 20_000, ALL),
    "writes": (writes, 5000, ALL),
    "queries": (queries, 52, (IMPORT,)),
    "empty values": (empty_values, 52, (IMPORT,)),
    "small messages": (small_messages, 52, (IMPORT,)),
    "secrets in an argument": (secrets, 89, (IMPORT,)),
    "secrets in a line": (secret_texts, 89, (IMPORT,)),
    **{
        f"{word!r} in an argument": (odd_secrets(word), 9, (IMPORT,))
        for word in (
            *("secret.", "secret-", "secret=", '{"', '{"secret":"', "://:a", "?sig", "vl.aaaaaa "),
            *("a/vl.", "rbd:", "rbd:key", "cookie:", "data=secret,", "eyJaaaaaaaa.", "-u a:"),
            *("-----BEGIN PRIVATE KEY-----", "iscsi://a%", "\\u0061", 'a\\"secret', "x-token"),
            *("a@://:", "-u ://:a", "rbd:a:-u", "x-- -u", "--user=a", "\nkey"),
        )
    },
    "starts and monitors": (starts_and_monitors, 8000, (IMPORT,)),
    **{name: (encoded(make), size, (IMPORT,)) for name, (make, size) in TEXTS.items()},
    **{name: (events(make), size, (DIFF, RUN)) for name, (make, size) in LOGS.items()},
}
"""How each is made, its full size, and the commands that are run on it."""


def run(out: Path, names: list[str], scale: float, most: int = 9) -> None:
    """Runs the first commands on recordings of a part of their size; a line of a file says how.

    A command is killed if it takes ten seconds, or fails for memory if it takes 1 GB.
    """
    for name in names:
        make, size, commands = CASES[name]
        with tempfile.TemporaryDirectory() as place:
            os.environ["XDG_CACHE_HOME"] = place
            file = Path(place) / "recording"
            file.write_bytes(make(max(1, int(size * scale))))
            for number, words in enumerate(commands[:most]):
                told, took = Path(place) / f"told{number}", Path(place) / f"took{number}"
                status = finish(limited, told, took, file, number, words)
                said = told.read_text(errors="replace").strip().splitlines()[-1:] if status else []
                used = took.read_text() if took.exists() else ""
                with out.open("a") as opened:
                    print(name, " ".join(words), status, used, *said, sep="\t", file=opened)


def limited(told: Path, took: Path, file: Path, number: int, words: Sequence[str]) -> None:
    """Runs a command within the limits; one file has what it says, the other what it took."""
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    began = time.process_time()
    database = file.parent / f"{number}.db"
    try:
        command(told, "--db", database, *(file if word == "FILE" else word for word in words))
    finally:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
        took.write_text(f"{time.process_time() - began:.1f} s\t{peak} MB")


def main(*words: str) -> None:
    """Prints how the chosen recordings end."""
    for name in CASES:
        if not words or any(word in name for word in words):
            run(Path("/dev/stdout"), [name], 1)


if __name__ == "__main__":
    main(*sys.argv[1:])
