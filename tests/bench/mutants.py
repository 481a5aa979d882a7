"""Small mistakes put into the rooms that must not have any: which of them no test notices.

    python tests/bench/mutants.py [COUNT [SEED [WORD]]]

takes so many mistakes at random, of the modules whose path has the word, one after another into a
copy of the sources, and runs there those tests of the module's room that run through the line.
Those that survive are printed with the line that they stand in.
"""

import ast
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from coverage import CoverageData

ROOT = Path(__file__).parents[2]

MODULES = (
    *("replay/language/**/*.py", "replay/series/*.py", "replay/store/**/*.py"),
    *("replay/engine/diff.py", "replay/engine/compare*.py"),
)

TESTS = {
    "language": (
        *("tests/language", "tests/trust/test_closed_world.py"),
        "tests/trust/test_generated_programs.py",
    ),
    "series": ("tests/series", "tests/variants"),
    "store": ("tests/store",),
    "engine": ("tests/engine",),
}
"""What is run for a mistake in each room."""

LEFT_OUT = ("replay/store/databases/postgresql.py",)
"""What is seen only with a database server; its tests are skipped here."""

SKIPPED = "not postgresql and not recorded_logs"
"""The tests that are run: none that needs a server, or a minute."""

TIMES = 2
"""A mutant with which tests take so many times as long as those of its room do without is noticed:
it hangs."""

MEMORY = 6 << 30
"""A mutant that takes more bytes is noticed."""


class Site(NamedTuple):
    """Where a mistake can be made: the module, the node by its number, which of its mistakes."""

    module: Path
    node: int
    which: int


class Mutant(NamedTuple):
    """A mistake: its place, what stood there and what stands there now, and all the code."""

    where: str
    line: int
    was: str
    now: str
    source: str


SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult,
    ast.LShift: ast.RShift, ast.RShift: ast.LShift, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
    ast.Break: ast.Continue, ast.Continue: ast.Break,
}  # fmt: skip

Change = Callable[[], None]

DROPPED = (ast.Expr, ast.AugAssign, ast.Return, ast.Raise, ast.If, ast.For, ast.Delete, ast.Assert)
"""Statements without which the rest still runs."""


def changes(node: ast.AST) -> Iterator[Change]:
    """What turns a node into a mistake, in place."""
    match node:
        case ast.Compare(ops=[op]) if type(op) in SWAPS:
            yield lambda: setattr(node, "ops", [SWAPS[type(op)]()])
        case ast.BoolOp(op=op) | ast.BinOp(op=op) | ast.AugAssign(op=op) if type(op) in SWAPS:
            yield lambda: setattr(node, "op", SWAPS[type(op)]())
        case ast.Constant(value=bool()):
            yield lambda: setattr(node, "value", not node.value)
        case ast.Constant(value=int()):
            yield lambda: setattr(node, "value", node.value + 1)
        case ast.If() | ast.IfExp() | ast.While():
            yield lambda: setattr(node, "test", ast.UnaryOp(ast.Not(), node.test))
        case ast.comprehension(ifs=[_, *_]):
            yield lambda: setattr(node, "ifs", [])
    if isinstance(node, DROPPED) and not is_docstring(node):
        yield lambda: setattr(node, "__class__", ast.Pass)


def is_docstring(node: ast.AST) -> bool:
    """Whether a statement is a text that describes."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def nodes(module: ast.Module) -> Iterator[ast.AST]:
    """The nodes of code that runs: no annotation, no decorator."""
    stack: list[ast.AST] = [module]
    while stack:
        node = stack.pop()
        yield node
        for name, field in ast.iter_fields(node):
            if name not in ("annotation", "returns", "decorator_list"):
                fields = field if isinstance(field, list) else [field]
                stack.extend(item for item in fields if isinstance(item, ast.AST))


def sites(path: Path) -> Iterator[Site]:
    """All places of a module where a mistake can be made."""
    for number, node in enumerate(nodes(ast.parse(path.read_text()))):
        yield from (Site(path, number, which) for which, _ in enumerate(changes(node)))


def mutant(site: Site) -> Mutant:
    """The mistake at a place."""
    module = ast.parse(site.module.read_text())
    node = [*nodes(module)][site.node]
    was = first_line(node)
    [*changes(node)][site.which]()
    inside = (getattr(inner, "lineno", 0) for inner in ast.walk(node))
    line = next(filter(None, inside), 0)
    where = f"{site.module.relative_to(ROOT)}:{line}"
    text = ast.unparse(ast.fix_missing_locations(module))
    return Mutant(where, line, was, first_line(node), text)


def first_line(node: ast.AST) -> str:
    """The first line of a node's code."""
    return ast.unparse(node).strip().splitlines()[0]


class Covering:
    """Which tests run through which line, found out by running those of the rooms once.

    `seconds` is how long those of each room took.
    """

    def __init__(self, place: Path, rooms: Mapping[str, Sequence[str]]) -> None:
        self._place = place
        data = place.parent / "coverage"
        config = place.parent / "coveragerc"
        config.write_text(
            f"[run]\nsource = replay\ndynamic_context = test_function\ndata_file = {data}\n"
        )
        self.seconds: dict[str, float] = {}
        for room, tests in rooms.items():
            runner = ["coverage", "run", "--append", f"--rcfile={config}", "-m", "pytest"]
            began = time.monotonic()
            assert passes(place, [*tests], None, runner), f"tests of {room} fail without a mistake"
            self.seconds[room] = time.monotonic() - began
        self._data = CoverageData(str(data))
        self._data.read()

    def tests(self, site: Site, line: int) -> list[str]:
        """The tests that run through a line of a module; if that is not known, all of its room."""
        path = site.module.relative_to(ROOT)
        contexts = self._data.contexts_by_lineno(str(self._place / path))
        # What is measured is the first line of a statement, or of a part of it.
        before = (contexts[n] for n in range(line, max(line - 20, 0), -1) if contexts.get(n))
        names = [name for name in next(before, []) if name.startswith("tests.")]
        if not names:
            return [*TESTS[path.parts[1]]]
        pairs = (name.rpartition(".") for name in names)
        tests = (f"{module.replace('.', '/')}.py::{test}" for module, _, test in pairs)
        # The module's own tests are the quickest to notice.
        return sorted(tests, key=lambda test: (f"test_{path.stem}.py" not in test, test))


def passes(
    place: Path, tests: list[str], seconds: float | None, runner: Sequence[str] = ("pytest",)
) -> bool:
    """Whether the tests pass in a copy of the sources, in so many seconds."""
    options = ["-x", "-q", "-p", "no:cacheprovider", "-k", SKIPPED, "--no-header"]
    child = subprocess.Popen(
        ["prlimit", f"--as={MEMORY}", sys.executable, "-m", *runner, *options, *tests],
        cwd=place,
        env={**os.environ, "PYTHONPATH": str(place), "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return child.wait(seconds) == 0
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        return False


def survives(site: Site, mistake: Mutant, place: Path, covering: Covering) -> bool:
    """Whether no test notices the mistake."""
    module = place / site.module.relative_to(ROOT)
    whole = module.read_text()
    module.write_text(mistake.source)
    try:
        seconds = TIMES * covering.seconds[site.module.relative_to(ROOT).parts[1]]
        return passes(place, covering.tests(site, mistake.line), seconds)
    finally:
        module.write_text(whole)


def chosen_sites(count: int, seed: int, word: str) -> list[Site]:
    """So many places at random, of the modules whose path has the word."""
    paths = sorted(path for pattern in MODULES for path in ROOT.glob(pattern))
    names = {path: str(path.relative_to(ROOT)) for path in paths}
    used = [path for path in paths if word in names[path] and names[path] not in LEFT_OUT]
    every = [site for path in used for site in sites(path)]
    print(f"{len(every)} mistakes can be made", flush=True)
    return random.Random(seed).sample(every, min(count, len(every)))


def main(count: int = 300, seed: int = 1, word: str = "") -> None:
    """Tries so many mistakes and prints the survivors."""
    ignored = shutil.ignore_patterns(".venv", ".git", "__pycache__", ".*_cache", "dist")
    tried = survivors = 0
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch) / "copy"
        shutil.copytree(ROOT, place, ignore=ignored)
        chosen = chosen_sites(count, seed, word)
        rooms = {site.module.relative_to(ROOT).parts[1] for site in chosen}
        covering = Covering(place, {room: TESTS[room] for room in sorted(rooms)})
        for site in chosen:
            mistake = mutant(site)
            tried += 1
            if survives(site, mistake, place, covering):
                survivors += 1
                print(f"{mistake.where}\n    - {mistake.was}\n    + {mistake.now}", flush=True)
            if tried % 10 == 0:
                print(f"{tried} tried, {survivors} survived", file=sys.stderr, flush=True)
    print(f"{tried} tried, {survivors} survived")


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:3]]
    main(*numbers, **({"word": sys.argv[3]} if sys.argv[3:] else {}))
