"""What a hunt of the command line goes over, and how far it comes."""

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from msgspec import Struct

from replay.analysis.baseline import AcceptedEffect
from replay.analysis.search.frontier import decoded, encoded, hunt_id
from replay.analysis.search.hunt import Levels, completed, hunt
from replay.analysis.search.level import Ground, Level
from replay.analysis.search.program_hunt import hunt_programs
from replay.analysis.search.random_walks import random_hunt
from replay.cli.interrupts import Interrupted
from replay.cli.players import Player
from replay.cli.progress_bar import with_progress
from replay.cli.terminal import print_note
from replay.engine.replay import replay
from replay.events.event import Log
from replay.files import deliver
from replay.variants.alphabet import Alphabet
from replay.variants.variant import Variant
from replay.workers import Pool


class HuntOptions(Struct, frozen=True):
    """How far to go, and what is known already. `seed` is None for a hunt by length."""

    depth: int
    seconds: float | None
    pool: Pool | None
    seed: int | None
    runs: int
    file: Path | None
    known: tuple[AcceptedEffect, ...]
    examples: tuple[Log, ...]
    store: bool


class Sides(Struct, frozen=True):
    """What is hunted in: names, the variants of the model among them, players.

    `lanes` are sets of players that are each as good as the others.
    """

    names: tuple[str, ...]
    models: tuple[Variant, ...]
    lanes: tuple[tuple[Player, ...], ...]
    has_programs: bool = False


def models(variants: Sequence[Variant]) -> Sides:
    """A hunt in variants of the model alone."""
    players = tuple(partial(replay, variant=variant) for variant in variants)
    return Sides(tuple(variant.name for variant in variants), tuple(variants), (players,))


def levels_of(
    sides: Sides, grounds: Sequence[Ground], alphabet: Alphabet, options: HuntOptions
) -> Levels:
    """Where a hunt stands in the end, or when it is interrupted."""
    if sides.has_programs:
        return _in_programs(sides, grounds, options)
    return _in_models(grounds, alphabet, options)


def _in_programs(sides: Sides, grounds: Sequence[Ground], options: HuntOptions) -> Levels:
    """Where a hunt in builds stands in the end, or when it is interrupted."""
    until = None if options.seconds is None else time.monotonic() + options.seconds
    levels: list[Level] = []
    try:
        for number, it in enumerate(grounds):
            steps = hunt_programs(it, sides.lanes, number, options.depth, until, with_progress)
            for level in steps:
                levels[number:] = [level]
    except Interrupted as signal:
        if not levels:
            raise
        print_note(f"replay: ended by {signal}; this is what was found until then")
    return tuple(levels)


def _in_models(grounds: Sequence[Ground], alphabet: Alphabet, options: HuntOptions) -> Levels:
    """Where the hunt stands in the end, or when it is interrupted; in its file if it has one."""
    until = None if options.seconds is None else time.monotonic() + options.seconds
    if options.seed is not None:
        return random_hunt(grounds, options.seed, options.runs, until, with_progress)
    id = hunt_id(grounds, alphabet)
    levels = done = None
    if options.file is not None and options.file.exists():
        levels = done = decoded(options.file.read_bytes(), id, grounds, str(options.file))
    try:
        steps = hunt(grounds, options.depth, levels, until, options.pool, with_progress)
        for levels in steps:
            done = completed(done, levels)
            if options.file is not None and done is not None:
                deliver(encoded(id, done), options.file)
    except Interrupted as signal:
        if levels is None:
            raise
        print_note(f"replay: ended by {signal}; this is what was found until then")
    assert levels is not None, "the first levels come before any can be interrupted"
    return levels
