"""Finding the QEMU programs, and running them with a time limit."""

import hashlib
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

from msgspec import Struct

from replay.errors import Unavailable

SYSTEM = "qemu-system-x86_64"
PACKAGES = {SYSTEM: "qemu-system-x86", "qemu-img": "qemu-utils", "qemu-io": "qemu-utils"}
"""The Debian package of each program."""

SECONDS = 10.0
"""How long any one thing may take that QEMU or its tools are asked for."""


class Programs(Struct, frozen=True):
    """Where the programs are; `version` is what the system emulator says of itself."""

    system: str
    img: str
    io: str
    version: str

    @property
    def digest(self) -> str:
        """sha256 hex of the emulator's file: which build it was."""
        with Path(self.system).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def find_programs(binary: str | None = None) -> Programs:
    """The programs; `binary` takes the place of the system emulator.

    Raises ReplayError with the command that installs what is missing.
    """
    if not _has_library():
        do = "pip install 'replay[qemu]'"
        raise Unavailable("the variant qemu needs the Python library qemu.qmp", do=do)
    names = (binary or SYSTEM, "qemu-img", "qemu-io")
    paths = {name: shutil.which(name) for name in names}
    if binary and paths[binary] is None:
        raise Unavailable("no program that can be run", where=binary)
    missing = [name for name in names if paths[name] is None]
    if missing:
        packages = " ".join(sorted({PACKAGES[name] for name in missing}))
        do = f"apt-get install --no-install-recommends {packages}"
        raise Unavailable(f"the variant qemu needs {' and '.join(missing)}", do=do)
    system, img, io = (str(paths[name]) for name in names)
    return Programs(system, img, io, version(system))


def _has_library() -> bool:
    try:
        return find_spec("qemu.qmp") is not None
    except ImportError:
        return False


def version(program: str) -> str:
    """The first line that a program says of its version, "QEMU 7.2.22 (Debian ...)"."""
    said = output([program, "--version"]).splitlines()
    return said[0].replace("emulator version ", "") if said else ""


def output(command: list[str], cwd: Path | None = None) -> str:
    """What a program prints. Raises ReplayError with its last words if it fails or hangs."""
    try:
        done = subprocess.run(
            command,
            check=False,
            cwd=cwd,
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
