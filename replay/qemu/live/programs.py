"""Running QEMU's programs with a time limit."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from replay.errors import Unavailable

SECONDS = 10.0
"""How long any one thing may take that QEMU or its tools are asked for."""


def output(
    command: Sequence[str], cwd: Path | None = None, environment: Mapping[str, str] | None = None
) -> str:
    """What a program prints. Raises Unavailable with its last words if it fails or hangs."""
    try:
        done = subprocess.run(
            command,
            check=False,
            cwd=cwd,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise Unavailable(f"took longer than {SECONDS:.0f} s", where=command[0]) from None
    except OSError as error:
        raise Unavailable(f"cannot be run: {error.strerror}", where=command[0]) from None
    if done.returncode:
        words = (done.stderr or done.stdout).strip().splitlines()
        raise Unavailable(words[-1] if words else "failed", where=command[0])
    return done.stdout
