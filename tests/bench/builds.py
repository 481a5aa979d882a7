"""How many short sequences real builds perform a minute: one build, all at once, in new processes.

    python tests/bench/builds.py [BUILD...]

It prints a table with the load of the machine at each row's end. It is no test.
"""

import argparse
import itertools
import os
import resource
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import NamedTuple

from replay import api
from replay.analysis.play import play
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
    """Prints a row for each build alone, for all at once, and for new processes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("builds", nargs="*", default=["", ""])
    parser.add_argument("--new", type=int, default=20, help="So many in a process each.")
    parser.add_argument("--count", type=int, default=540, help="So many in one process.")
    options = parser.parse_args()
    logs = [*sequences()][: options.count]
    print("| builds at once | sequences each | a minute and build | ms of a core each | load |")
    print("|---|---|---|---|---|")
    for where in dict.fromkeys(options.builds):
        print(row(measured([where], logs)), flush=True)
    print(row(measured(options.builds, logs)), flush=True)
    print(row(apart(options.builds[0], logs[: options.new])))


class Measure(NamedTuple):
    """What took how long: the builds, how many sequences each, seconds, seconds of a core."""

    name: str
    count: int
    builds: int
    took: float
    used: float


def measured(builds: Sequence[str], logs: Sequence[Log]) -> Measure:
    """All logs on some builds at once, as `diff --all` does it, one warm machine each."""
    with ExitStack() as held:
        found = [find_build(where) for where in builds]
        begun, used = time.perf_counter(), cpu_seconds()
        players = [held.enter_context(Performer(build, SUBJECT)) for build in found]
        for log in logs:
            play(players, log)
        took = time.perf_counter() - begun
    versions = ", ".join(build.version.split(" (")[0] for build in found)
    return Measure(versions, len(logs), len(builds), took, cpu_seconds() - used)


def apart(where: str, logs: Sequence[Log]) -> Measure:
    """Each log in a new process."""
    begun, used = time.perf_counter(), cpu_seconds()
    for log in logs:
        api.perform(log, SUBJECT, where)
    took = time.perf_counter() - begun
    return Measure("a new process each", len(logs), 1, took, cpu_seconds() - used)


def cpu_seconds() -> float:
    """What this process and the children that ended have used."""
    own, children = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def row(measure: Measure) -> str:
    """The row of a table."""
    rate = 60 * measure.count / measure.took
    each = 1000 * measure.used / measure.count / measure.builds
    load = os.getloadavg()[0]
    return f"| {measure.name} | {measure.count} | {rate:.0f} | {each:.0f} | {load:.1f} |"


if __name__ == "__main__":
    main()
