"""The ways an event can end: returned, refused, failed, crashed."""

from dataclasses import dataclass
from typing import Any

from replay.language.operators import integer, string
from replay.state.objects import Value


@dataclass(frozen=True, slots=True)
class Returned:
    """The event returned this value."""

    value: Value


@dataclass(frozen=True, slots=True)
class Refused:
    """The model refused with an error class and its description."""

    cls: str
    desc: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The model failed with the errno of this name."""

    errno: str


@dataclass(frozen=True, slots=True)
class Crashed:
    """The model crashed: Assertion or Fault, in a function, at one of its nodes.

    `Program.place` knows the line, which is another in each tree.
    """

    cls: str
    desc: str
    function: str
    node: int


@dataclass(frozen=True, slots=True)
class Stopped(Crashed):
    """A limit of the language was passed, as after StepLimit: no behaviour of the model."""


Ending = Returned | Refused | Failed | Crashed


class RefusalError(Exception):
    """The model called refuse."""

    def __init__(self, cls: str, desc: str) -> None:
        self.cls = cls
        self.desc = desc
        super().__init__(desc)


class FailureError(Exception):
    """The model called fail."""

    def __init__(self, errno: str) -> None:
        self.errno = errno
        super().__init__(errno)


class ViolationError(Exception):
    """An assertion of the model does not hold."""


def refuse(cls: Any, desc: Any) -> None:
    """Ends the event as refused."""
    raise RefusalError(string(cls), string(desc))


def fail(errno: Any) -> None:
    """Ends the event as failed with a negative errno; raises ValueError for one that is not."""
    number = -integer(errno)
    if number <= 0:
        raise ValueError(f"fail of {errno}, which is no negative errno")
    raise FailureError(ERRNO.get(number, f"E{number}"))


def violated(desc: str) -> None:
    """An assertion does not hold."""
    raise ViolationError(desc)


ERRNO = {
    1: "EPERM",
    2: "ENOENT",
    3: "ESRCH",
    4: "EINTR",
    5: "EIO",
    6: "ENXIO",
    7: "E2BIG",
    8: "ENOEXEC",
    9: "EBADF",
    10: "ECHILD",
    11: "EAGAIN",
    12: "ENOMEM",
    13: "EACCES",
    14: "EFAULT",
    15: "ENOTBLK",
    16: "EBUSY",
    17: "EEXIST",
    18: "EXDEV",
    19: "ENODEV",
    20: "ENOTDIR",
    21: "EISDIR",
    22: "EINVAL",
    23: "ENFILE",
    24: "EMFILE",
    25: "ENOTTY",
    26: "ETXTBSY",
    27: "EFBIG",
    28: "ENOSPC",
    29: "ESPIPE",
    30: "EROFS",
    31: "EMLINK",
    32: "EPIPE",
    33: "EDOM",
    34: "ERANGE",
    35: "EDEADLK",
    36: "ENAMETOOLONG",
    37: "ENOLCK",
    38: "ENOSYS",
    39: "ENOTEMPTY",
    40: "ELOOP",
    61: "ENODATA",
    62: "ETIME",
    71: "EPROTO",
    75: "EOVERFLOW",
    95: "ENOTSUP",
    110: "ETIMEDOUT",
    115: "EINPROGRESS",
    123: "ENOMEDIUM",
    125: "ECANCELED",
}
"""The names of Linux's errno, whatever system this runs on."""
