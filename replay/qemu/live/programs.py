"""Running QEMU's programs, and telling one that hangs from one that is slow."""

import os
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from replay.errors import Unavailable

SECONDS = 60.0
"""How long any one thing may take that QEMU or its tools are asked for, on a busy machine too."""

ASLEEP = 3.0
"""After how many seconds in which no thread ran, and none wanted to, a program hangs."""

SPINNING = 10.0
"""After how many seconds of a core it hangs: what it is asked for takes far less."""


class TimeLimitError(Exception):
    """Something took too long and did not hang: what would have come of it is unknown."""


class HangWatch:
    """Whether processes, while they are asked for one thing, will ever finish it.

    That is told from what they do and not from the clock: a busy machine makes nobody hang.
    """

    def __init__(self, processes: Iterable[int]) -> None:
        self._processes = tuple(processes)
        self._begun = self._seconds()
        self._threads = self._asleep()
        self._since = time.monotonic()

    def hangs(self) -> str:
        """In which way they hang, "" if they do not, as far as is known."""
        if self._seconds() - self._begun > SPINNING:
            return f"works for {SPINNING:.0f} s of a core"
        before, self._threads = self._threads, self._asleep()
        if self._threads is None or self._threads != before:
            self._since = time.monotonic()
        return f"sleeps for {ASLEEP:.0f} s" if time.monotonic() - self._since > ASLEEP else ""

    def _seconds(self) -> float:
        """The seconds of a core that they have used."""
        ticks = 0
        for process in self._processes:
            for text in _texts(Path(f"/proc/{process}"), "stat"):
                fields = text.rpartition(")")[2].split()
                ticks += int(fields[11]) + int(fields[12])
        return ticks / float(os.sysconf("SC_CLK_TCK"))

    def _asleep(self) -> dict[str, str] | None:
        """How often each thread has given up its core; None if not all of them sleep."""
        threads = {}
        for process in self._processes:
            for text in _texts(Path(f"/proc/{process}/task"), "*/status"):
                lines = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
                if lines["State"].split()[0] not in ("S", "T"):
                    return None
                names = ("voluntary_ctxt_switches", "nonvoluntary_ctxt_switches")
                threads[lines["Pid"]] = "".join(lines.get(name, "") for name in names)
        return threads or None


def _texts(directory: Path, pattern: str) -> Iterator[str]:
    """The files of a process that are there."""
    for path in directory.glob(pattern):
        try:
            yield path.read_text()
        except OSError:
            continue


def output(
    command: Sequence[str], cwd: Path | None = None, environment: Mapping[str, str] | None = None
) -> str:
    """What a program prints.

    Raises Unavailable with its last words if it fails, and TimeLimitError if it takes too long.
    """
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
        what = f"{Path(command[0]).name} took longer than {SECONDS:.0f} s"
        raise TimeLimitError(what) from None
    except OSError as error:
        raise Unavailable(f"cannot be run: {error.strerror}", where=command[0]) from None
    if done.returncode:
        words = (done.stderr or done.stdout).strip().splitlines()
        raise Unavailable(words[-1] if words else "failed", where=command[0])
    return done.stdout
