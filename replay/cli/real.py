"""The real program on the command line: as a variant beside those of the model."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Annotated

import typer

from replay.arguments import WITNESSES
from replay.cli.progress import watched
from replay.events import Log
from replay.qemu import recorded
from replay.qemu.programs import find_programs
from replay.replayer import replay
from replay.seen import AnyTrace, SeenTrace
from replay.variants import Subject, Variant

QemuOption = Annotated[
    str | None, typer.Option("--qemu", metavar="BINARY", help="The emulator of the variant qemu.")
]
Player = Callable[[Log], AnyTrace]


def players_of(
    words: Iterable[str], variants: Sequence[Variant], subject: Subject, binary: str | None
) -> tuple[Player, ...]:
    """What makes a trace of a log, for each of the words, each once."""
    left = iter(variants)
    return tuple(
        partial(witnessed, word, subject=subject, binary=binary)
        if word in WITNESSES
        else partial(replay, variant=next(left), watch=watched)
        for word in dict.fromkeys(words)
    )


def witnessed(witness: str, log: Log, subject: Subject, binary: str | None) -> SeenTrace:
    """What the recording of a log saw, or what a real QEMU does with it.

    Raises ReplayError if what the latter needs is missing.
    """
    if witness == recorded.WITNESS:
        return recorded.recorded(log, subject)
    programs = find_programs(binary)
    # It needs a library that is there only where somebody wants this.
    from replay.qemu.performance import perform  # noqa: PLC0415

    return perform(log, subject, programs)
