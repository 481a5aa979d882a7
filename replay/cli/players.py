"""What makes a trace of a log: a variant of the model, a recording, a real QEMU."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Annotated

import typer

from replay.cli.arguments import WITNESSES
from replay.cli.progress_bar import with_progress
from replay.engine.observed_trace import AnyTrace, ObservedTrace
from replay.engine.replay import replay
from replay.events.event import Log
from replay.qemu.live.programs import find_programs
from replay.qemu.observed import recorded
from replay.variants.variant import Subject, Variant

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
        else partial(replay, variant=next(left), watch=with_progress)
        for word in dict.fromkeys(words)
    )


def witnessed(witness: str, log: Log, subject: Subject, binary: str | None) -> ObservedTrace:
    """What the recording of a log saw, or what a real QEMU does with it.

    Raises ReplayError if what the latter needs is missing.
    """
    if witness == recorded.WITNESS:
        return recorded.recorded(log, subject)
    programs = find_programs(binary)
    # It needs a library that is there only where somebody wants this.
    from replay.qemu.live.perform import perform  # noqa: PLC0415

    return perform(log, subject, programs)
