"""Which statements of the model no log reaches.

    python tests/bench/model_coverage.py [--random COUNT] [REVISION...] [--logs FILE...]

runs all recorded logs, the examples, the odd ones, so many random logs of every theme, and more
files, through these revisions, by default all that were recorded, and lists the statements that
nothing reached in any of them, each with the patch that brought it. A statement counts once,
however many trees have it.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from replay.analysis.search.coverage import coverage
from replay.events.event import Log
from replay.formats import read as ingest
from replay.qemu.conformance import open_recordings
from replay.series.annotate import annotate
from replay.variants.variant import Subject, Variant, load_subject, resolve
from tests import odd_logs, random_logs, traces
from tests.examples import NAMES, PATCHES, example

DATA = Path(__file__).resolve().parents[1] / "data"
REVISIONS = [*dict.fromkeys(tree.replace("~1", "^") for _, tree in traces.RECORDED)]


class Statement(NamedTuple):
    """A statement wherever it stands: its function, its text, and the patch that brought it."""

    file: str
    function: str
    text: str
    patch: str


def statements(variant: Variant, logs: list[Log]) -> Iterator[tuple[Statement, bool]]:
    """Every statement of the variant's functions, and whether a log reaches it."""
    covered = coverage(logs, variant)
    annotated = {file.name: annotate(variant.tree, file.name) for file in variant.tree.files}
    for function in covered.code.functions:
        for number in function.statements:
            line = annotated[function.file][number - 1]
            found = Statement(function.file, function.name, line.text.strip(), line.patch)
            yield found, (function.file, number) in covered.lines


def known_logs(count: int, more: Sequence[Path]) -> Iterator[Log]:
    """All recorded logs, the examples, and random ones."""
    for data in traces.COLLECTIONS:
        with tempfile.TemporaryDirectory() as directory:
            recordings = open_recordings(traces.unpack(Path(directory), data))
            for file in sorted((Path(directory) / "logs").iterdir()):
                yield recordings.log(file.stem, file.name)
    yield from map(example, NAMES)
    yield from map(odd_logs.odd_log, odd_logs.LOGS)
    for file in [*sorted(DATA.glob("verdicts/*.jsonl")), *more]:
        yield from (Log.of(file.stem, recording.events) for recording in ingest.read(file))
    for theme in random_logs.THEMES:
        for seed in range(count):
            yield random_logs.log(f"{seed:04}_{theme}")


def reached(subject: Subject, revisions: list[str], logs: list[Log]) -> dict[Statement, bool]:
    """Every statement that one of the revisions has, and whether a log reaches it."""
    found: dict[Statement, bool] = {}
    for revision in revisions:
        for statement, is_reached in statements(resolve(subject, revision, {}), logs):
            found[statement] = found.get(statement, False) or is_reached
        print(f"{revision}: {sum(found.values())} of {len(found)}", file=sys.stderr, flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("revisions", nargs="*", default=REVISIONS)
    parser.add_argument("--random", type=int, default=0)
    parser.add_argument("--logs", type=Path, nargs="*", default=[], help="files with more logs")
    given = parser.parse_args()
    logs = list(known_logs(given.random, given.logs))
    found = reached(load_subject(PATCHES), given.revisions, logs)
    missed = sorted(statement for statement, hit in found.items() if not hit)
    for statement in missed:
        print(f"{statement.file} {statement.function}: {statement.text}  [{statement.patch}]")
    share = 100 * (len(found) - len(missed)) / len(found)
    print(f"{len(found) - len(missed)} of {len(found)} statements, {share:.1f} %, {len(logs)} logs")


if __name__ == "__main__":
    main()
