"""Whether generated programs do the same in both forms of the language and in CPython.

    python tests/bench/programs.py [COUNT [SEED]]

runs so many, and prints how they ended and the first that did not end alike. Two hours are about a
million of them.
"""

import sys
import time
import warnings
from collections import Counter

from replay.language import limits
from tests.trust.generated_programs import compared, programs

BATCH = 1000


def main(count: int = 100_000, seed: int = 0) -> int:
    """The status: whether some did not end alike."""
    warnings.simplefilter("ignore", SyntaxWarning)
    limits.MAX_STEPS = 20_000
    endings: Counter[str] = Counter()
    began = time.monotonic()
    for number in range(-(-count // BATCH)):
        tally = compared([*programs(seed + number, min(BATCH, count))])
        endings += tally.endings
        for wrong in tally.wrong:
            print(f"seed {seed + number}\n{wrong.source}\n{wrong[1:]}", flush=True)
        if tally.wrong:
            return 1
        said = f"{endings.total()} programs, {time.monotonic() - began:.0f} s"
        print(said, file=sys.stderr, flush=True)
    print(f"{endings.total()} programs end alike: {dict(endings.most_common())}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
