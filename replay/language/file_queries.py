"""What a function looked at, so that whoever asks it again knows when it answers the same."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from replay.language.disk_builtins import Files
from replay.language.endings import Ending
from replay.language.limits import MAX_STEPS, Meter
from replay.state.disk import Disk

CHANGING = ("create", "unlink", "temporary", "set_backing", "resize", "clear", "write", "copy")
"""The builtins on files that change them."""

PREFIX = "__disk_"


Builtin = Callable[..., Any]


def on_files(names: Mapping[str, Any]) -> dict[str, Builtin]:
    """The builtins on files among what compiled code calls."""
    return {name: function for name, function in names.items() if name.startswith(PREFIX)}


class Query(NamedTuple):
    """A builtin that was asked about files, and its answer."""

    name: str
    arguments: tuple[Any, ...]
    answer: Any


class CallNotes(NamedTuple):
    """How a call ended, the ids of the objects that it looked into, and what it asked of files.

    Where these objects are the same, and files answer the same, it ends so again. `queries` is
    None if it changed files.
    """

    ending: Ending
    objects: frozenset[int]
    queries: tuple[Query, ...] | None


class QueryNotes:
    """Takes down what is asked of files."""

    def __init__(self) -> None:
        self._queries: list[Query] = []
        self._is_changing = False

    @property
    def queries(self) -> tuple[Query, ...] | None:
        """What was asked; None if anything was changed."""
        return None if self._is_changing else tuple(self._queries)

    def noting(self, functions: Mapping[str, Builtin]) -> dict[str, Builtin]:
        """The builtins on files, as they note what they are asked."""
        return {
            name: self._noting(name.removeprefix(PREFIX), function)
            for name, function in functions.items()
        }

    def _noting(self, name: str, function: Builtin) -> Builtin:
        def ask(*arguments: Any) -> Any:
            if name in CHANGING:
                self._is_changing = True
                return function(*arguments)
            before = tuple(map(_copied, arguments))
            answer = function(*arguments)
            self._queries.append(Query(name, before, _copied(answer)))
            return answer

        return ask


class FileAnswers:
    """What the files of a disk answer."""

    def __init__(self, disk: Disk) -> None:
        self._meter = Meter()
        self._files = Files(self._meter)
        self._files.start(disk)

    def are(self, queries: Iterable[Query]) -> bool:
        """Whether all queries are answered as they were, and with little work.

        What takes much might pass a limit in a function that asks for it.
        """
        self._meter.reset()
        for name, arguments, answer in queries:
            try:
                if getattr(self._files, name)(*arguments) != answer:
                    return False
            except Exception:  # whatever a disk refuses, the function has to see
                return False
        return self._meter.total < MAX_STEPS // 10


def _copied(value: Any) -> Any:
    """The value, which the model can't change any more."""
    return [_copied(item) for item in value] if isinstance(value, list) else value
