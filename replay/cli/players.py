"""What makes a trace of a log: a variant of the model, a recording, a real QEMU."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Annotated, Protocol, TypeVar

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


T = TypeVar("T")


class Hold(Protocol):
    """Opens what stays open until the command ends."""

    def __call__(self, opened: AbstractContextManager[T], /) -> T:
        """What was opened."""


def players_of(
    words: Iterable[str],
    variants: Sequence[Variant],
    subject: Subject,
    binary: str | None,
    named: Mapping[str, str],
    hold: Hold,
) -> tuple[Player, ...]:
    """What makes a trace of a log, for each of the words, each once.

    Real QEMUs are held, so that one process performs log after log. Raises Unavailable if what
    they need is missing.
    """
    models = iter(variants)
    machines = ((word, parse_machine(word, named)) for word in dict.fromkeys(words))
    return tuple(
        partial(replay, variant=next(models), progress=with_progress)
        if machine is None
        else observer_of(machine, subject, binary, hold)
        for _, machine in machines
    )


def observer_of(machine: MachineSpec, subject: Subject, binary: str | None, hold: Hold) -> Player:
    """What tells of a log what its recording saw, or what a real QEMU does with it."""
    # Most often no machine is asked for, and the rest of the program takes long to import.
    from replay import api  # noqa: PLC0415

    if machine.word == "recorded":
        return partial(api.observe, subject=subject, name=machine.name)
    performer = api.open_performer(subject, machine.program or binary, machine.name)
    return hold(performer)
