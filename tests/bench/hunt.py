"""How fast a hunt is: steps and distinct joint states a second, on one core.

    python tests/bench/hunt.py [A B] [--depth N]

It hunts over the subject's alphabet and prints what it took by start. It is no test.
"""

import argparse
import time

from replay import api
from replay.analysis.search.goal import parse_goal
from replay.analysis.search.hunt import grounds_of, hunt, reach
from replay.variants.alphabet import read_alphabet


def main() -> None:
    """Hunts, and prints a line for each start and one for all."""
    parser = argparse.ArgumentParser()
    parser.add_argument("variants", nargs="*", default=["with", "after"])
    parser.add_argument("--depth", type=int, default=3)
    options = parser.parse_args()
    subject = api.load_subject()
    variants = [subject.variant(name) for name in options.variants]
    alphabet = read_alphabet(subject.directory / "alphabet.jsonl")
    grounds = grounds_of(variants, parse_goal("behaviour", variants[-1]), alphabet)
    steps = states = 0
    whole = 0.0
    for it in grounds:
        begun = time.process_time()
        *_, levels = hunt([it], options.depth)
        took = time.process_time() - begun
        counts = reach([it], levels).counts
        print(told(it.start.name, counts.tried, counts.states, took))
        steps, states, whole = steps + counts.tried, states + counts.states, whole + took
    print(told("all", steps, states, whole))


def told(name: str, steps: int, states: int, seconds: float) -> str:
    """What a part took."""
    rates = f"{steps / seconds:8.0f} steps {states / seconds:6.0f} joint states a second"
    return f"{name:14} {steps:7} steps {states:6} joint states {seconds:7.2f} s {rates}"


if __name__ == "__main__":
    main()
