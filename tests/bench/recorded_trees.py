"""All logs of a directory of recordings, in all its trees, beside the list of exceptions.

    python tests/bench/recorded_trees.py DIRECTORY EXCEPTIONS

prints for each tree how many logs there are, how many agree in everything, and how many are on the
list, then each that disagrees and is not, and each line of the list that no log needs. DIRECTORY
has logs/ and expected/ as `replay conform` takes it. The exit status is 1 if anything is printed
beside the table. The tests do the same with the samples in tests/data.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from replay.cli.work.pools import processes
from replay.qemu.conformance import Agreement, agreements, conformance, open_recordings, plan
from tests.traces import PATCHES, Exempt, exempt


def line(tree: str, logs: list[Agreement], listed: int) -> str:
    """The line of a tree."""
    agree = sum(log.first is None for log in logs)
    rest = len(logs) - listed
    return f"{tree:12} {len(logs):5} logs {agree:5} agree {listed:4} listed {agree / rest:8.2%}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", type=Path)
    parser.add_argument("exceptions", type=Path)
    given = parser.parse_args()
    cases = exempt(given.exceptions.read_text())
    work = plan(open_recordings(given.directory), PATCHES, {})
    result = conformance(work, agreements(work.tasks, processes()))
    needed: set[Exempt] = set()
    unlisted = []
    for tree in result.trees:
        differing = [log for log in tree.logs if log.first is not None]
        listed = [(log, [c for c in cases if c.covers(log, work.trees)]) for log in differing]
        needed |= {case for _, covering in listed for case in covering}
        unlisted += [log for log, covering in listed if not covering]
        count = sum(bool(covering) for _, covering in listed)
        print(line(tree.tree, list(tree.logs), count), flush=True)
    for log in unlisted:
        print(f"{log.tree} {log.log} {log.first}")
    for case in cases:
        if case not in needed:
            print(f"needless: {case.tree} {case.log}")
    return int(bool(unlisted) or len(needed) < len(set(cases)))


if __name__ == "__main__":
    sys.exit(main())
