"""How many paths a second a hunt in real builds plays, on one warm machine a build and on several.

    python tests/bench/program_hunt.py [A B] [--depth N] [--start NAME] [--lanes N]

MongoDB ran the paths through a model of theirs on the real program at 36 a second. It is no test.
"""

import argparse
import os
import time
from contextlib import ExitStack
from functools import partial

from replay import api
from replay.analysis.play import Play
from replay.analysis.search.goal import certain_goal, parse_goal
from replay.analysis.search.hunt import grounds_of
from replay.analysis.search.program_hunt import hunt_programs
from replay.engine.replay import replay
from replay.variants.alphabet import read_alphabet
from replay.variants.expression import MachineSpec
from replay.variants.variant import parse_machine

SUBJECT = api.load_subject()


def main() -> None:
    """Hunts, and prints a line for each number of machines."""
    parser = argparse.ArgumentParser()
    parser.add_argument("players", nargs="*", default=["after", "qemu"])
    parser.add_argument("--depth", type=int, default=2)
    parser.add_argument("--start", default="", help="Only this start.")
    parser.add_argument("--lanes", type=int, default=2)
    options = parser.parse_args()
    machines = {word: parse_machine(word, {}) for word in options.players}
    models = tuple(SUBJECT.variant(word) for word, machine in machines.items() if machine is None)
    goal = certain_goal(parse_goal("behaviour", SUBJECT.variant("after")))
    grounds = grounds_of(models, goal, read_alphabet(SUBJECT.directory / "alphabet.jsonl"))
    grounds = tuple(it for it in grounds if options.start in ("", it.start.name))
    for count in range(1, options.lanes + 1):
        with ExitStack() as held:
            lanes = [[opened(held, *item) for item in machines.items()] for _ in range(count)]
            begun, paths = time.perf_counter(), 0
            for number, it in enumerate(grounds):
                *_, last = hunt_programs(it, lanes, number, options.depth)
                paths += last.counts.tried
            took = time.perf_counter() - begun
        rate, load = paths / took, os.getloadavg()[0]
        print(f"{count} machines a build: {paths} paths, {rate:.1f} a second at load {load:.1f}")


def opened(held: ExitStack, word: str, machine: MachineSpec | None) -> Play:
    """What plays a log."""
    if machine is None:
        return partial(replay, variant=SUBJECT.variant(word))
    return held.enter_context(api.open_performer(SUBJECT, machine.program, machine.name))


if __name__ == "__main__":
    main()
