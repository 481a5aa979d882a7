"""Running git in a directory; nothing that the user's or the directory's settings name is run."""

import os
import subprocess
from pathlib import Path

from replay.errors import ReplayError, Unavailable

SECONDS = 60
"""How long git may take at a time."""

_SETTINGS = ("-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}")


def git(directory: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    """What git prints. Raises ReplayError with its last line if it fails, or Unavailable."""
    command = ["git", *_SETTINGS, "-C", str(directory), *arguments]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    environment |= {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_PAGER": "cat",
        "LC_ALL": "C",
    }
    try:
        done = subprocess.run(
            command,
            input=stdin,
            capture_output=True,
            env=environment,
            timeout=SECONDS,
            check=False,
        )
    except FileNotFoundError:
        raise Unavailable("git is missing", do="install the package git") from None
    except subprocess.TimeoutExpired:
        raise ReplayError(f"git took more than {SECONDS} s", where=str(directory)) from None
    if done.returncode:
        reason = done.stderr.decode(errors="replace").strip().splitlines()
        raise ReplayError(f"git {arguments[0]}: {(reason or ['?'])[-1]}", where=str(directory))
    return done.stdout
