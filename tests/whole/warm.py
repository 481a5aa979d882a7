"""Does once what every process does, so that those forked afterwards have it all loaded."""

import contextlib
import io
import sys

from replay.cli import main
from tests.examples import PATCHES

EXAMPLE = str(PATCHES / "examples" / "deleted-overlay.jsonl")

with contextlib.redirect_stdout(io.TextIOWrapper(io.BytesIO())):
    for words in (["logs"], ["run", EXAMPLE], ["diff", EXAMPLE], ["check", EXAMPLE]):
        sys.argv = ["replay", "--db", "sqlite://", *words]
        with contextlib.suppress(SystemExit):
            main()
