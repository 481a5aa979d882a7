"""What makes a trace of a log: a variant of the model, a recording, a real QEMU."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Annotated

import typer

from replay.cli.progress_bar import with_progress
from replay.engine.replay import replay
from replay.engine.trace import Trace
from replay.events.event import Log
from replay.variants.expression import MachineSpec
from replay.variants.variant import Subject, Variant, parse_machine

QemuOption = Annotated[
    str | None, typer.Option("--qemu", metavar="BINARY", help="The emulator of the variant qemu.")
]
Player = Callable[[Log], Trace]


def players_of(
    words: Iterable[str],
    variants: Sequence[Variant],
    subject: Subject,
    binary: str | None,
    named: Mapping[str, str],
) -> tuple[Player, ...]:
    """What makes a trace of a log, for each of the words, each once."""
    models = iter(variants)
    machines = ((word, parse_machine(word, named)) for word in dict.fromkeys(words))
    return tuple(
        partial(replay, variant=next(models), progress=with_progress)
        if machine is None
        else partial(observe, machine=machine, subject=subject, binary=binary)
        for _, machine in machines
    )


def observe(log: Log, machine: MachineSpec, subject: Subject, binary: str | None) -> Trace:
    """What the recording of a log saw, or what a real QEMU does with it.

    Raises Unavailable if what the latter needs is missing.
    """
    # Most often no machine is asked for, and the rest of the program takes long to import.
    from replay import api  # noqa: PLC0415

    if machine.word == "recorded":
        return api.observe(log, subject, machine.name)
    return api.perform(log, subject, machine.program or binary, machine.name)
