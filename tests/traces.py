"""The recorded traces of QEMU that the tests are held against, unpacked as they were recorded.

`tests/data/traces` and `traces-2`, by another generator, have each all logs as one compressed file,
what was recorded in each tree, and the list of exceptions. `traces-later`, of the trees from May
2014 to October 2015, is a sample: of the last tree it has all logs, of the others those whose names
begin with q, about what is new in them. `tests/bench/recorded_trees.py` takes them all.
"""

import json
import lzma
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from replay.qemu.conformance import Agreement, agreements, open_recordings, plan

ROOT = Path(__file__).parents[1]
PATCHES = ROOT / "patches"
DATA = ROOT / "tests" / "data" / "traces"
LATER = DATA.with_name("traces-later")
COLLECTIONS = (DATA, DATA.with_name("traces-2"), LATER)


def trees(data: Path) -> list[str]:
    """The trees of a collection."""
    return sorted(file.name.removesuffix(".jsonl.xz") for file in (data / "expected").iterdir())


TREES = trees(DATA)
RECORDED = [(data.name, tree) for data in COLLECTIONS for tree in trees(data)]
"""Each tree of each collection."""


TREE = "7e3d98dd31"
"""The tree of records whose tree is not given."""

TWO_DRIVES = "03f_tmp_global"
READS = "30e2_tmp_ro_write_commit"
ERRORS = "r155"
DIES = ("b952b5589a", "r103")
REFUSED = "03g_tmp_cor"

Record = dict[str, Any]
"""What was recorded of one log, as a line of JSON says it."""


class Exempt(NamedTuple):
    """A case that may disagree, and why.

    It is a log, from the event `seq` on, in a tree, or with `on` in all that come after too.
    """

    tree: str
    log: str
    statement: str
    seq: int = 0
    on: bool = False

    def covers(self, found: Agreement, trees: Sequence[str]) -> bool:
        """Whether what was found is this case; the trees are in the order of the series."""
        if self.log != found.log or found.first is None or found.first.seq < self.seq:
            return False
        return self.is_of(found.tree, trees)

    def is_of(self, tree: str, trees: Sequence[str]) -> bool:
        """Whether the case is one of this tree."""
        return tree in trees[trees.index(self.tree) :] if self.on else tree == self.tree


def exempt(text: str) -> list[Exempt]:
    """The cases in a list of exceptions. Raises TypeError for a line without a statement."""
    lines = (line.strip() for line in text.splitlines())
    cases = [Exempt(*line.split(maxsplit=2)) for line in lines if line and line[0] != "#"]
    return [
        Exempt(case.tree.removesuffix(".."), log, case.statement, int(seq or 0), ".." in case.tree)
        for case in cases
        for log, _, seq in [case.log.partition(":")]
    ]


def unpack(directory: Path, data: Path = DATA) -> Path:
    """The directory, with logs/ and expected/ as `replay conform` takes them."""
    (directory / "expected").symlink_to(data / "expected")
    return unpack_logs(directory, data)


def unpack_logs(directory: Path, data: Path = DATA) -> Path:
    """The directory, with logs/NAME.jsonl."""
    (directory / "logs").mkdir()
    logs = lzma.decompress((data / "logs.jsonl.xz").read_bytes()).decode()
    header = '{"replay_log": '
    for log in filter(None, logs.split(header)):
        name = log.split('"name": "', 1)[1].split('"', 1)[0]
        (directory / "logs" / f"{name}.jsonl").write_text(header + log)
    return directory


def compared(directory: Path, tree: str, logs: tuple[str, ...] = ()) -> list[Agreement]:
    """How the logs agreed in a tree; all by default."""
    work = plan(open_recordings(directory), PATCHES, {}, tree)
    tasks = [task for task in work.tasks if not logs or task.log in logs]
    return [agreement for found in agreements(tasks) for agreement in found]


def order(directory: Path) -> tuple[str, ...]:
    """The recorded trees in the order of the series."""
    return plan(open_recordings(directory), PATCHES, {}).trees


def recorded(log: str, tree: str = TREE) -> Record:
    """What was recorded of a log in a tree."""
    with lzma.open(DATA / "expected" / f"{tree}.jsonl.xz") as lines:
        return next(record for line in lines if (record := json.loads(line))["scenario"] == log)


def write(directory: Path, *records: Record, tree: str = TREE) -> Path:
    """The directory, with all logs and these records of a tree."""
    if not (directory / "logs").exists():
        unpack_logs(directory)
        (directory / "expected").mkdir()
    lines = "".join(json.dumps(record) + "\n" for record in records)
    (directory / "expected" / f"{tree}.jsonl.xz").write_bytes(lzma.compress(lines.encode()))
    return directory


def node(record: Record, path: str, step: int = 0) -> Record:
    """A recorded node."""
    return next(node for node in record["steps"][step]["nodes"] if node["path"] == path)


def put(path: str, step: int = 0, **fields: Any) -> Callable[[Record], Any]:
    """Other fields of a node."""
    return lambda record: node(record, path, step).update(fields)
