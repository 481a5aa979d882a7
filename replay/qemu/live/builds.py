"""Finding builds of QEMU: in PATH, a program, a directory of unpacked Debian packages."""

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from msgspec import Struct

from replay.errors import DoesNotStart, ReplayError, Unavailable
from replay.qemu.live.programs import TimeLimitError, output

SYSTEM, IMG, IO = "qemu-system-x86_64", "qemu-img", "qemu-io"
PACKAGES = {SYSTEM: "qemu-system-x86", IMG: "qemu-utils", IO: "qemu-utils"}
"""The Debian package of each program."""

LIBRARIES_NEEDED = ("qemu.qmp", "elftools")
"""What the extra qemu brings."""

BIN = "usr/bin"
"""Where unpacked packages have their programs."""

LIBRARIES = ("lib/*-linux-gnu", "usr/lib/*-linux-gnu", "lib", "usr/lib")
"""Where they have their libraries."""

MOST_LINKS = 40
"""How many symbolic links a path may have, as in Linux; more are a circle."""


class Build(Struct, frozen=True):
    """A build of QEMU: the words that start each of its programs, and what it says it is.

    `name` is the variant expression, `program` the emulator's file. `environment` is what its
    programs need beside the user's own. `remark` says what a reader should know of its tools.
    """

    name: str
    program: Path
    system: tuple[str, ...]
    img: tuple[str, ...]
    io: tuple[str, ...]
    version: str
    environment: Mapping[str, str] = {}
    remark: str = ""

    @property
    def digest(self) -> str:
        """sha256 hex of the emulator's file."""
        return file_digest(self.program)


def file_digest(program: Path) -> str:
    """sha256 hex of a program."""
    stat = program.stat()
    return _digest(program, stat.st_mtime_ns, stat.st_size)


# A program is tens of megabytes, and every log of a diff is performed by the same ones.
@lru_cache(maxsize=64)
def _digest(program: Path, _mtime: int, _size: int) -> str:
    with program.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def find_build(where: str = "") -> Build:
    """The build at a path, a program or a directory of unpacked packages; "" is that in PATH.

    Raises Unavailable with what is missing and, for PATH, the command that installs it, and
    DoesNotStart for a path at which nothing runs.
    """
    if missing := [name for name in LIBRARIES_NEEDED if not _has_library(name)]:
        do = "pip install 'replay[qemu]'"
        raise Unavailable(f"a real QEMU needs the Python library {missing[0]}", do=do)
    if not where:
        return _installed()
    path = Path(where)
    if path.is_dir():
        return _unpacked(path)
    system = shutil.which(where)
    if system is None:
        raise DoesNotStart("no program that can be run", where=where)
    return _program(where, Path(system))


def list_builds(directories: Iterable[Path]) -> Iterator[Build]:
    """The builds in directories, that are builds themselves or hold some; without any, PATH's.

    Raises Unavailable if there is none at all.
    """
    places = [place for directory in directories for place in (directory, *_inside(directory))]
    if not places:
        yield find_build()
    for place in places:
        if _is_build(place):
            yield find_build(str(place))


def _inside(directory: Path) -> list[Path]:
    if not directory.is_dir():
        raise Unavailable("no such directory", where=str(directory))
    return sorted(directory.iterdir())


def _is_build(place: Path) -> bool:
    if place.is_dir():
        return (place / BIN / SYSTEM).exists()
    return place.name == SYSTEM and os.access(place, os.X_OK)


def _has_library(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ImportError:
        return False


def _installed() -> Build:
    paths = {name: shutil.which(name) for name in PACKAGES}
    missing = [name for name, path in paths.items() if path is None]
    if missing:
        packages = " ".join(sorted({PACKAGES[name] for name in missing}))
        do = f"apt-get install --no-install-recommends {packages}"
        raise Unavailable(f"the variant qemu needs {' and '.join(missing)}", do=do)
    system, img, io = (str(paths[name]) for name in (SYSTEM, IMG, IO))
    return Build("qemu", Path(system).resolve(), (system,), (img,), (io,), version((system,)))


def _program(where: str, system: Path) -> Build:
    """A program with the tools beside it; where there are none, those in PATH."""
    tools = {name: shutil.which(str(system.parent / name)) for name in (IMG, IO)}
    lacking = [name for name, path in tools.items() if path is None]
    tools |= {name: shutil.which(name) for name in lacking}
    missing = [name for name, path in tools.items() if path is None]
    if missing:
        what = f"has neither {' nor '.join(missing)} beside it, nor are they in PATH"
        raise Unavailable(what, where=where, do="build them too, or install qemu-utils")
    words = (str(system),)
    return Build(
        f"qemu:{where}",
        system.resolve(),
        words,
        (str(tools[IMG]),),
        (str(tools[IO]),),
        version(words),
        remark=f"not beside it but in PATH: {', '.join(lacking)}" if lacking else "",
    )


def _unpacked(directory: Path) -> Build:
    """Unpacked packages, whose programs run by their own loader with their own libraries."""
    root = directory.resolve()
    missing = [name for name in PACKAGES if not (root / BIN / name).exists()]
    if missing:
        packages = " ".join(sorted({PACKAGES[name] for name in missing}))
        what = f"has no {' and no '.join(f'{BIN}/{name}' for name in missing)}"
        raise Unavailable(what, where=str(directory), do=f"unpack {packages} there")
    program = path_within(root, f"{BIN}/{SYSTEM}")
    folders = [folder for place in LIBRARIES for folder in sorted(root.glob(place))]
    starter = (str(_loader(root, program)), "--library-path", ":".join(map(str, folders)))
    system, img, io = (
        (*starter, str(path_within(root, f"{BIN}/{name}"))) for name in (SYSTEM, IMG, IO)
    )
    modules = [str(folder) for folder in root.glob("usr/lib/*-linux-gnu/qemu")]
    environment = {"QEMU_MODULE_DIR": modules[0]} if modules else {}
    return Build(f"qemu:{directory}", program, system, img, io, version(system), environment)


def _loader(root: Path, program: Path) -> Path:
    """The loader that came with unpacked packages; usr holds what older suites have beside it."""
    wanted = _interpreter(program)
    for place in (wanted, f"usr/{wanted}"):
        loader = path_within(root, place)
        if loader.is_file():
            return loader
    raise Unavailable(f"has no {wanted}", where=str(root), do="unpack libc6 there")


def _interpreter(program: Path) -> str:
    """The path of the loader that a program names, without the slash it begins with."""
    # An extra, which only real builds need.
    from elftools.common.exceptions import ELFError  # noqa: PLC0415
    from elftools.elf.elffile import ELFFile  # noqa: PLC0415

    try:
        with program.open("rb") as file:
            segments: Iterator[Any] = ELFFile(file).iter_segments("PT_INTERP")
            for segment in segments:
                return str(segment.get_interp_name()).lstrip("/")
    except (OSError, ELFError) as error:
        raise Unavailable(f"is no program: {error}", where=str(program)) from None
    raise Unavailable("is no dynamic program", where=str(program))


def path_within(root: Path, path: str) -> Path:
    """A path below `root` with its links followed as if `root` were the whole file system."""
    place, rest = root, [*reversed(Path(path).parts)]
    links = 0
    while rest:
        part = rest.pop()
        if part == "/":
            place = root
        elif part == "..":
            place = root if place == root else place.parent
        elif (place / part).is_symlink() and links < MOST_LINKS:
            links += 1
            rest += reversed((place / part).readlink().parts)
        else:
            place /= part
    return place


def version(words: tuple[str, ...]) -> str:
    """The first line that a program says of its version, "QEMU 7.2.22 (Debian ...)"."""
    try:
        lines = output([*words, "--version"]).splitlines()
    except (ReplayError, TimeLimitError) as error:
        what = error.what if isinstance(error, ReplayError) else str(error)
        raise DoesNotStart(what, where=words[-1], do="check that it runs here") from None
    return lines[0].replace("emulator version ", "") if lines else ""
