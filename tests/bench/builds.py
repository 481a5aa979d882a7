"""How many short sequences real builds perform a minute: in one process, and in new ones.

    python tests/bench/builds.py [BUILD...]

Each build has a process of this program of its own, all at once. It is no test.
"""

import argparse
import itertools
import resource
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

from replay import api
from replay.events.event import Log
from replay.qemu.live.builds import find_build
from replay.qemu.live.performer import Performer
from tests.qemu.machines import BASE, SUBJECT, drive, ended, log_of, qmp

WAYS = ("", ",snapshot=on", ",readonly=on", ",cache=none", ",cache=unsafe", ",copy-on-read=on")
"""Ways to open the drive."""

TARGET = {"device": "drive0", "target": "/images/copy.qcow2"}
REQUEST = {"kind": "guest", "device": "drive0", "sector": 0, "sectors": 8}
CANCEL = qmp("block-job-cancel", device="drive0")
"""What follows a job that else never ends."""

COMMANDS = (
    (qmp("blockdev-snapshot-sync", device="drive0", snapshot_file="/images/top.qcow2"),),
    (qmp("drive-mirror", sync="full", **TARGET), ended(until="ready"), CANCEL, ended()),
    (qmp("drive-backup", sync="top", **TARGET), ended()),
    (qmp("block-stream", device="drive0"), ended()),
    (qmp("block-commit", device="drive0"), ended(until="ready"), CANCEL, ended()),
    (qmp("block_resize", device="drive0", size=8388608),),
    (qmp("eject", device="drive0"),),
    ({**REQUEST, "name": "write", "pattern": 97},),
    ({**REQUEST, "name": "read"},),
)


def sequences() -> Iterator[Log]:
    """Every way to open a drive with every one and two commands."""
    pairs = [(one,) for one in COMMANDS] + [*itertools.product(COMMANDS, repeat=2)]
    for way, pair in itertools.product(WAYS, pairs):
        opened = drive(f"file=/images/base.qcow2{way}")
        yield log_of(BASE, opened, *(event for events in pair for event in events))


def main() -> None:
    """Prints a line for each build."""
    parser = argparse.ArgumentParser()
    parser.add_argument("builds", nargs="*", default=["", ""])
    parser.add_argument("--new", type=int, default=20, help="So many in a process each.")
    parser.add_argument("--count", type=int, default=540, help="So many in one process.")
    options = parser.parse_args()
    with ProcessPoolExecutor(len(options.builds)) as pool:
        work = (options.builds, *map(itertools.repeat, (options.count, options.new)))
        for build, line in zip(options.builds, pool.map(measure, *work), strict=True):
            print(f"{build or 'qemu'}: {line}")


def cpu_seconds() -> float:
    """What this process and the children that ended have used."""
    own, children = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def measure(where: str, count: int, new: int) -> str:
    """What a build took."""
    build, logs = find_build(where), [*sequences()][:count]
    begun = time.perf_counter()
    for log in logs[:new]:
        api.perform(log, SUBJECT, where)
    apart = (time.perf_counter() - begun) / new
    begun, used = time.perf_counter(), cpu_seconds()
    with Performer(build, SUBJECT) as performer:
        for log in logs:
            performer.perform(log)
    took, used = time.perf_counter() - begun, cpu_seconds() - used
    return (
        f"{len(logs)} sequences in {took:.1f} s and {performer.processes} processes,"
        f" {60 * len(logs) / took:.0f} a minute, {1000 * used / len(logs):.0f} ms of a core"
        f" each; in new processes {60 / apart:.0f} a minute"
    )


if __name__ == "__main__":
    main()
