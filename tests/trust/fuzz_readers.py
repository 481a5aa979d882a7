"""Mangles recordings and reads them: only the readers' own errors may come, and none may hang.

`python -m tests.trust.fuzz_readers SECONDS [DIR...]` takes the files below the directories, by
default the recordings and texts of the tests. It prints the seed of a file that breaks a reader.
"""

import lzma
import math
import random
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from replay.errors import ReplayError
from replay.formats.read import ImportOptions, read
from replay.formats.readers.recognition import FORMATS

DATA = Path(__file__).parents[1] / "data"
PIECES = [
    b"{", b"}", b"[" * 300, b"]", b'"', b"'", b"\\", b"\n", b"\r\n", b"\0", b"\xff\xfe", b"\x1b[D",
    b"> ", b"> > ", b"=\n", b"=3D", b"&quot;", b"&#34;", b"+", b"- ", b"@@ -1 +1 @@\n", b"\v",
    b"(qemu) ", b"(QEMU) ", b"TRANS> ", b"transaction(", b")", b"Testing: ", b"-drive ", b",",
    b"QEMU_MONITOR_SEND_MSG: mon=0x1 msg=", b"QEMU_MONITOR_IO_PROCESS: mon=0x1 buf=", b"Line [",
    b"2026-11-23 01:59:15.309+0000: 1: info : ", b"2026-11-23T01:59:15Z ", b"__CURSOR=\n",
    b"MESSAGE\n", b"qemu-monitor-command x --hmp ",
    b'{"msg": "', b'{"MESSAGE": [1,2]}', b'{"execute": "', b'{"return": ', b"{\\\"execute\\\": ",
    b"\xe2\x80\x9c", b"\xe2\x80\x9d", b"1e400", b"9" * 5000, b"-1", b"True", b"None", b"u'",
    b'{"QMP": {}}', b'{"event": "X", "timestamp": {"seconds": -1}}',
    b"<br>", b"\xef\xbb\xbf", b"PK\x03\x04", b"\x1f\x8b", b"BZh9", b"\x28\xb5\x2f\xfd", b" " * 500,
]  # fmt: skip

LONGEST = 20_000
"""How much of a file is mangled, in bytes."""

PATIENCE = 10.0
"""No file of that size may take so many seconds."""


def contents(directories: Sequence[Path]) -> Iterator[bytes]:
    """What is in the files of the directories, unpacked, as far as it is mangled."""
    for directory in directories:
        for path in sorted(path for path in directory.rglob("*") if path.is_file()):
            data = path.read_bytes()
            yield (lzma.decompress(data) if path.suffix == ".xz" else data)[:LONGEST]


def mangled(data: bytes, chance: random.Random) -> bytes:
    """The data with a few places overwritten, doubled, cut out or moved."""
    mangling = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        start = chance.randint(0, len(mangling))
        end = min(start + chance.randint(0, 60), len(mangling))
        kind = chance.random()
        if kind < 0.6:
            mangling[start:end] = chance.choice(PIECES)
        elif kind < 0.7:
            mangling[start:end] = chance.randbytes(chance.randint(0, 8))
        elif kind < 0.8:
            mangling[start:start] = mangling[start:end] * chance.randint(1, 5)
        elif kind < 0.9:
            lines = bytes(mangling).split(b"\n")
            chance.shuffle(lines)
            mangling = bytearray(b"\n".join(lines))
        else:
            mangling = mangling[:start]
    return bytes(mangling)


def attempt(data: bytes, path: Path, format: str | None, patience: float) -> None:
    """Reads the data; raises what is no error of a reader's own, and AssertionError if it hangs.

    `patience` is in seconds.
    """
    path.write_bytes(data)
    begun = time.monotonic()
    try:
        for recording in read(path, options=ImportOptions(format)):
            list(recording.entries)
    except ReplayError as error:
        assert error.where, error
    assert time.monotonic() - begun < patience, "too slow"


def fuzz(
    seeds: Iterable[int], files: Sequence[bytes], directory: Path, patience: float = math.inf
) -> int:
    """Tries each seed; returns how many. A seed that breaks a reader is printed."""
    count = 0
    for seed in seeds:
        count += 1
        chance = random.Random(seed)
        data = mangled(chance.choice(files), chance)
        format = chance.choice(FORMATS) if chance.random() < 0.2 else None
        try:
            attempt(data, directory / "text", format, patience)
        except BaseException:
            print(f"seed {seed}, format {format}")
            raise
    return count


def seeds_for(seconds: float) -> Iterator[int]:
    """Numbers from 0 on until the time is over."""
    end, seed = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        yield seed
        seed += 1


if __name__ == "__main__":
    places = [Path(word) for word in sys.argv[2:]] or [DATA / "recordings", DATA / "texts"]
    with tempfile.TemporaryDirectory() as scratch:
        tries = fuzz(seeds_for(float(sys.argv[1])), list(contents(places)), Path(scratch), PATIENCE)
    print(f"{tries} files, nothing but the readers' own errors")
