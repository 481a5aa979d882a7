"""Which statements of the model no log reaches.

    python tests/bench/model_coverage.py [--random COUNT] [--logs FILE...] [REVISION...]

runs the odd logs, the examples, all recorded logs, so many random ones of every theme, and more
files, through these revisions, by default all of the series, and lists the statements that nothing
reached in any of them, each with the patch that brought it. A statement counts once, however many
trees have it; that none reaches it is to be said, with the reason, in tests/data/unreached.txt.
The exit status is 1 where the two lists are not the same. The tests do it with the short logs only.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from replay.events.event import Log
from replay.formats import read as ingest
from replay.qemu.conformance import open_recordings
from replay.variants.variant import load_subject, resolve
from tests import random_logs, traces
from tests.examples import PATCHES
from tests.model_statements import Statement, every_revision, reached, short_logs, unreached

DATA = Path(__file__).resolve().parents[1] / "data"


def known_logs(count: int, more: Sequence[Path]) -> Iterator[Log]:
    """The short logs first, then those recorded, and random ones."""
    yield from short_logs()
    for file in [*sorted(DATA.glob("verdicts/*.jsonl")), *more]:
        yield from (Log.of(file.stem, recording.events) for recording in ingest.read(file))
    for data in traces.COLLECTIONS:
        with tempfile.TemporaryDirectory() as directory:
            recordings = open_recordings(traces.unpack(Path(directory), data))
            for file in sorted((Path(directory) / "logs").iterdir()):
                yield recordings.log(file.stem, file.name)
    for theme in random_logs.THEMES:
        for seed in range(count):
            yield random_logs.log(f"{seed:04}_{theme}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("revisions", nargs="*", default=every_revision())
    parser.add_argument("--random", type=int, default=0)
    parser.add_argument("--logs", type=Path, nargs="*", default=[], help="files with more logs")
    given = parser.parse_args()
    logs = {log.fingerprint: log for log in known_logs(given.random, given.logs)}.values()
    subject = load_subject(PATCHES)
    found: dict[Statement, bool] = {}
    for revision in given.revisions:
        found |= reached(resolve(subject, revision, {}), logs, found)
        print(f"{revision}: {sum(found.values())} of {len(found)}", file=sys.stderr, flush=True)
    missed = {statement for statement, hit in found.items() if not hit}
    for statement in sorted(missed):
        print(statement)
    share = 100 * (len(found) - len(missed)) / len(found)
    print(f"{len(found) - len(missed)} of {len(found)} statements, {share:.1f} %, {len(logs)} logs")
    listed = unreached().keys()
    for statement in sorted(missed - listed):
        print(f"not on the list: {statement}")
    for statement in sorted(listed & found.keys() - missed):
        print(f"on the list, and reached: {statement}")
    return int(bool(missed - listed or listed & found.keys() - missed))


if __name__ == "__main__":
    sys.exit(main())
