"""The statements of the model, wherever they stand, and which of them logs reach.

`tests/data/unreached.txt` lists those that no known log reaches, and why.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from replay.analysis.search.statements import Line, code
from replay.engine.replay import arcs, exit_arcs, replay
from replay.events.event import Log, stimulus
from replay.formats import read as ingest
from replay.language import Arc
from replay.series.annotate import annotate
from replay.state.objects import State
from replay.variants.variant import Variant, load_subject
from tests import odd_logs, rare_logs
from tests.examples import NAMES, PATCHES, example

LIST = Path(__file__).parent / "data" / "unreached.txt"


class Statement(NamedTuple):
    """A statement wherever it stands: its function, its text, and the patch that brought it."""

    file: str
    function: str
    text: str
    patch: str

    def __str__(self) -> str:
        return f"{self.file} {self.function} [{self.patch}] {self.text}"


def every_revision() -> tuple[str, ...]:
    """All trees of the series; the base is the one before the first patch."""
    patches = load_subject(PATCHES).series.patches
    return f"{patches[0].sha[:10]}^", *(patch.sha[:10] for patch in patches)


def short_logs() -> Iterator[Log]:
    """The odd logs, the rare ones and the examples."""
    yield from map(odd_logs.odd_log, odd_logs.LOGS)
    yield from map(rare_logs.rare_log, rare_logs.LOGS)
    yield from map(example, NAMES)
    for file in sorted((PATCHES / "examples" / "later").glob("*.jsonl")):
        yield from (Log.of(file.stem, recording.events) for recording in ingest.read(file))


def statements(variant: Variant) -> dict[Line, Statement]:
    """Every statement of a tree, by the line at which it begins."""
    tree = variant.tree
    annotated = {file.name: annotate(tree, file.name) for file in tree.files}
    found: dict[Line, Statement] = {}
    for function in code(tree).functions:
        for number in function.statements:
            line = annotated[function.file][number - 1]
            text = line.text.strip()
            found[function.file, number] = Statement(function.file, function.name, text, line.patch)
    return found


def reached(
    variant: Variant, logs: Iterable[Log], known: Mapping[Statement, bool]
) -> dict[Statement, bool]:
    """Each statement of a tree, and whether a log reaches it, here or as is known already."""
    places = statements(variant)
    found = {statement: known.get(statement, False) for statement in places.values()}
    missing = {line for line, statement in places.items() if not found[statement]}
    met = set[tuple[State, bytes]]()
    for log in logs:
        functions = {places[line].function for line in missing}
        if not functions:
            break
        for line in lines_of(log, variant, functions, met) & missing:
            found[places[line]] = True
        missing = {line for line in missing if not found[places[line]]}
    return found


def lines_of(
    log: Log, variant: Variant, functions: set[str], met: set[tuple[State, bytes]]
) -> set[Line]:
    """The statements of these functions that a log reaches by what was not met before."""
    crossed = set[Arc]()
    state = variant.program.initial()
    for step in replay(log, variant).steps:
        key = state, stimulus(step.event.payload)
        if key not in met:
            crossed |= arcs(variant, state, step.event, functions)
        met.add(key)
        state = step.state
    if (state, b"") not in met:
        crossed |= exit_arcs(variant, state, functions)
    met.add((state, b""))
    begins = code(variant.tree).statement_at
    ends = ((file, begins.get((file, end), 0)) for file, _, end in crossed)
    return {line for line in ends if line[1]}


def unreached() -> dict[Statement, str]:
    """The statements that no known log reaches, each with the reason.

    A reason is a line that begins with "# ", and is that of the statements below it.
    """
    found: dict[Statement, str] = {}
    reason = ""
    for line in LIST.read_text().splitlines():
        if line.startswith("# "):
            reason = line[2:]
        elif line:
            place, _, text = line.partition("] ")
            file, function, patch = place.split(maxsplit=2)
            found[Statement(file, function, text, patch.removeprefix("["))] = reason
    return found
