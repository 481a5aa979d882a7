"""What the examples show at the points of the series, as the tests of its story look at it."""

import posixpath
from functools import cache

from replay.engine.diff import Divergence, diff
from replay.engine.replay import replay
from replay.engine.trace import ModelTrace
from replay.engine.view import view
from replay.variants.variant import Subject, Variant, load_subject, resolve
from tests.examples import PATCHES, example


@cache
def subject() -> Subject:
    """QEMU's block layer."""
    return load_subject(PATCHES)


@cache
def variant(expression: str) -> Variant:
    """A variant of it."""
    return resolve(subject(), expression, {})


@cache
def trace(name: str, expression: str) -> ModelTrace:
    """What an example does in a variant."""
    return replay(example(name), variant(expression))


def difference(name: str, *expressions: str) -> tuple[Divergence, ...]:
    """The divergences of an example between variants."""
    return diff(*(trace(name, expression) for expression in expressions)).divergences


def flags(trace: ModelTrace, seq: int) -> dict[str, int]:
    """The open_flags of every node of a drive after an event, by path."""
    nodes = view(trace.steps[seq - 1].state, subject()).nodes
    return {path: node.fields["open_flags"] for path, node in nodes.items()}


def files(trace: ModelTrace) -> dict[str, bool]:
    """Every file that there was, by name, and whether it is still there at the end."""
    return {
        posixpath.basename(name): not file.unlinked
        for name, file in view(trace.steps[-1].state, subject()).files.items()
    }
