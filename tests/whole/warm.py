"""Does once what every process does, so that those forked afterwards have it all loaded."""

import contextlib
import io
import sys

from replay.cli import main

with contextlib.redirect_stdout(io.TextIOWrapper(io.BytesIO())), contextlib.suppress(SystemExit):
    sys.argv = ["replay", "--db", "sqlite://", "logs"]
    main()
