"""A second wall around a stranger's code: what the kernel lets this process do from now on.

The model language gives code nothing but values. Should that ever fail, the process can't have
what it gave away before: it reads the program and the files that it was told of, writes to the
store and to the directory of its output, opens no connection and starts no program. On Linux,
Landlock holds the files and seccomp the rest; limits of memory hold everywhere.
"""

import ctypes
import os
import platform
import resource
import struct
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

MEMORY = 8 << 30
"""Bytes that the process may have."""

READ_FILE, READ_DIRECTORY = 1 << 2, 1 << 3
WRITE_FILE, REMOVE_FILE, MAKE_FOLDER, MAKE_FILE = 1 << 1, 1 << 5, 1 << 7, 1 << 8
REFER, TRUNCATE = 1 << 13, 1 << 14
OF_A_FILE = READ_FILE | WRITE_FILE | TRUNCATE
READING = READ_FILE | READ_DIRECTORY
WRITING = READING | WRITE_FILE | REMOVE_FILE | MAKE_FOLDER | MAKE_FILE | TRUNCATE
RIGHTS = (0, 13, 14, 15, 15, 16, 16)
"""How many rights on files each version of Landlock knows, the last for all later ones."""
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
BENEATH = 1

SYSTEM = ("/usr/lib", "/usr/lib64", "/usr/local/lib", "/lib", "/lib64", "/usr/share/zoneinfo",
          "/usr/share/terminfo", "/usr/share/locale", "/etc/ld.so.cache", "/etc/localtime",
          "/etc/terminfo", "/dev/urandom", "/proc/meminfo", "/proc/self")  # fmt: skip
"""What libraries and terminals are read from."""
DEVICES = ("/dev/null", "/dev/zero", "/dev/tty")

NO_NEW_PRIVILEGES, SECCOMP, FILTER = 38, 22, 2
REFUSED = {
    "x86_64": (0xC000003E, (
        41, 42, 43, 49, 50, 288,  # socket, connect, accept, bind, listen, accept4
        59, 322,  # execve, execveat
        101, 310, 311, 312, 438,  # ptrace, process_vm_readv, process_vm_writev, kcmp, pidfd_getfd
        90, 91, 268, 452, 92, 93, 94, 260,  # chmod, chown and their forms
        188, 189, 190, 197, 198, 199,  # setxattr, removexattr and their forms
        132, 235, 261, 280,  # utime and its forms
        165, 166, 155, 161, 272, 308,  # mount, umount2, pivot_root, chroot, unshare, setns
        246, 320, 175, 176, 313, 169,  # kexec, modules, reboot
        248, 249, 250, 298, 321, 323, 425, 426, 427,  # keys, perf, bpf, userfaultfd, io_uring
    )),
    "aarch64": (0xC00000B7, (
        198, 203, 202, 200, 201, 242, 221, 281, 117, 270, 271, 272, 438, 52, 53, 452, 54, 55,
        5, 6, 7, 14, 15, 16, 88, 40, 39, 41, 51, 97, 268, 104, 294, 105, 106, 273, 142,
        217, 218, 219, 241, 280, 282, 425, 426, 427,
    )),
}  # fmt: skip
"""For each machine its number as the kernel has it, and the calls that it refuses."""
OTHER_FORMS = 0x40000000
"""System calls from here on are the same ones in the x32 form."""


class NotHeldError(Exception):
    """Why the kernel does not hold the wall, or a part of it."""


def isolate(readable: Iterable[Path], writable: Iterable[Path]) -> tuple[str, ...]:
    """Keeps this process, for good, from all but what it still needs; its children too.

    It reads its own program, `readable` and `writable`, files or directories with all that is in
    them, and writes to `writable`. Returns what the kernel could not be asked for, as sentences.
    """
    missing = []
    _limit(resource.RLIMIT_AS, MEMORY)
    _limit(resource.RLIMIT_CORE, 0)
    if not sys.platform.startswith("linux"):
        return ("only Linux keeps code from files, connections and programs",)
    for hold, what in ((_hold_files, "files"), (_hold_calls, "connections and programs")):
        try:
            if hold is _hold_files:
                _hold_files(tuple(readable), tuple(writable))
            else:
                _hold_calls()
        except NotHeldError as reason:
            missing.append(f"{what} are not kept from code: {reason}")
    return tuple(missing)


def _limit(what: int, most: int) -> None:
    soft, hard = resource.getrlimit(what)
    lower = [limit for limit in (most, soft, hard) if limit != resource.RLIM_INFINITY]
    resource.setrlimit(what, (min(lower), min(lower)))


# Files


def _hold_files(readable: Iterable[Path], writable: Iterable[Path]) -> None:
    version = _call(CREATE_RULESET, None, ctypes.c_size_t(0), 1)
    if version < 1:
        raise NotHeldError("the kernel has no Landlock")
    handled = (1 << RIGHTS[min(version, len(RIGHTS) - 1)]) - 1
    # Connections over TCP, and from version 6 on abstract sockets and signals to others.
    fields = [handled, 3, 3][: 1 if version < 4 else 2 if version < 6 else 3]
    attributes = struct.pack(f"={len(fields)}Q", *fields)
    ruleset = _call(CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0)
    if ruleset < 0:
        raise NotHeldError("the kernel refuses Landlock")
    try:
        for path in {*_own(), *readable}:
            _allow(ruleset, path, READING & handled)
        for path in (*map(Path, DEVICES), *writable):
            _allow(ruleset, path, WRITING & handled)
        _forbid_privileges()
        if _call(RESTRICT_SELF, ruleset, 0, 0) < 0:
            raise NotHeldError("the kernel refuses Landlock")
    finally:
        os.close(ruleset)


def _own() -> Iterator[Path]:
    """Where this program, Python and the libraries are read from."""
    yield from map(Path, SYSTEM)
    yield from map(Path, {sys.prefix, sys.base_prefix, sys.exec_prefix, *filter(None, sys.path)})
    yield Path(__file__).resolve().parent
    yield Path(sys.executable).resolve()


def _allow(ruleset: int, path: Path, rights: int) -> None:
    """Lets a path be used that is there."""
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        rights = rights if path.is_dir() else rights & OF_A_FILE
        _call(ADD_RULE, ruleset, BENEATH, struct.pack("=Qi", rights, opened), 0)
    finally:
        os.close(opened)


# Connections and programs


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def _hold_calls() -> None:
    if platform.machine() not in REFUSED:
        raise NotHeldError(f"there is no list of system calls for {platform.machine()}")
    code = _filter(*REFUSED[platform.machine()])
    _forbid_privileges()
    program = _Program(len(code) // 8, code)
    if _system().prctl(SECCOMP, FILTER, ctypes.byref(program), 0, 0) != 0:
        raise NotHeldError("the kernel has no seccomp")


def _filter(machine: int, refused: tuple[int, ...]) -> bytes:
    """A program for the kernel: these calls fail with EPERM, and so do those of other machines."""
    load, equal, at_least, end = 0x20, 0x15, 0x35, 0x06
    allow, refuse = 0x7FFF0000, 0x00050001
    tests = [(at_least, OTHER_FORMS), *((equal, number) for number in refused)]
    steps = [(load, 0, 0, 4), (equal, 0, len(tests) + 2, machine), (load, 0, 0, 0)]
    steps += [(code, len(tests) - n, 0, value) for n, (code, value) in enumerate(tests)]
    steps += [(end, 0, 0, allow), (end, 0, 0, refuse)]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


def _forbid_privileges() -> None:
    if _system().prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        raise NotHeldError("the kernel keeps no process from new privileges")


def _system() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _call(number: int, *arguments: object) -> int:
    """What a system call returns, -1 if it fails."""
    call = _system().syscall
    call.restype = ctypes.c_long
    return int(call(ctypes.c_long(number), *arguments))
