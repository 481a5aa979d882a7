"""The model language as CPython itself runs it, to compare the two forms of the language with.

The source of a model runs as it is, but for three things that the language says otherwise: a tuple
is a list, methods and builtins give lists, and constants can't be changed.
"""

import ast
import copy
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from replay.language.endings import ERRNO, FailureError, RefusalError

FIXED = "a constant can't be changed"


class FixedList(list[Any]):
    """A constant list, which has no attributes, as a list has none."""

    __slots__ = ()

    def _refuse(self, *_: Any) -> Any:
        raise TypeError(FIXED)

    append = insert = pop = remove = extend = __setitem__ = __delitem__ = __iadd__ = _refuse


class FixedDict(dict[Any, Any]):
    """A constant dict."""

    __slots__ = ()

    def _refuse(self, *_: Any) -> Any:
        raise TypeError(FIXED)

    pop = __setitem__ = __delitem__ = _refuse


def fixed(value: Any) -> Any:
    """The value as a constant, down to its last item."""
    if isinstance(value, list):
        return FixedList(map(fixed, value))
    if isinstance(value, dict):
        return FixedDict({key: fixed(item) for key, item in value.items()})
    return value


class Rewrite(ast.NodeTransformer):
    """The three things that the language says otherwise."""

    def visit_Tuple(self, node: ast.Tuple) -> ast.AST:
        self.generic_visit(node)
        return node if isinstance(node.ctx, ast.Store) else ast.List(node.elts, node.ctx)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Attribute):
            name = ast.Constant(node.func.attr)
            call = ast.Name("_method", ast.Load())
            return ast.Call(call, [name, node.func.value, *node.args], [])
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self.generic_visit(node)
        fix = ast.Name("_fixed", ast.Load())
        node.args.defaults = [ast.Call(fix, [default], []) for default in node.args.defaults]
        return node


class Machine:
    """Python's own objects for the classes of a model, numbered as they are made."""

    def __init__(self, classes: Mapping[str, type], root: str) -> None:
        self._classes = classes
        self.objects: list[Any] = []
        self._freed: set[int] = set()
        self.root = self.new(classes[root])

    def new(self, cls: type) -> Any:
        """A new object with its defaults."""
        made = cls()
        for name, default in vars(cls).items():
            if not name.startswith("_"):
                setattr(made, name, copy.deepcopy(default))
        self.objects.append(made)
        return made

    def swap(self, left: Any, right: Any) -> None:
        """Exchanges the fields of two objects of one class."""
        if type(left) is not type(right) or type(left) not in self._classes.values():
            raise TypeError("swap")
        left.__dict__, right.__dict__ = right.__dict__, left.__dict__

    def number(self, item: Any) -> int:
        """The number of an object, from 1."""
        return 1 + next(n for n, one in enumerate(self.objects) if one is item)

    def free(self, item: Any) -> None:
        """Takes an object away when the event is over."""
        number = self.number(item)
        if number in self._freed or item is self.root:
            raise ValueError("freed twice")
        self._freed.add(number)

    def plain(self, value: Any) -> Any:
        """A value as tuples that tell its kind and those of all in it; objects by number."""
        if isinstance(value, list):
            return ("list", *map(self.plain, value))
        if isinstance(value, dict):
            return ("dict", *((self.plain(k), self.plain(v)) for k, v in value.items()))
        if type(value) in self._classes.values():
            number = self.number(value)
            return ("NoneType", None) if number in self._freed else ("object", number)
        return (type(value).__name__, value)

    def state(self) -> dict[int, Any]:
        """The fields of all objects that were not freed."""
        kept = {self.number(item): item for item in self.objects}
        return {
            number: {name: self.plain(value) for name, value in vars(item).items()}
            for number, item in kept.items()
            if number not in self._freed
        }


def walk(start: Any, field: str) -> Iterator[Any]:
    """An object and what its field leads to."""
    met: list[Any] = []
    while start is not None and not any(start is one for one in met):
        met.append(start)
        yield start
        start = getattr(start, field)


def method(name: str, value: Any, *arguments: Any) -> Any:
    """What Python's own method gives, in lists."""
    if not isinstance(value, str | list | dict):
        raise AttributeError(f"{type(value).__name__} has no {name}")
    return listed(getattr(value, name)(*arguments))


def listed(value: Any) -> Any:
    """Python's tuples and views as lists."""
    if isinstance(value, str | int | list | dict) or value is None:
        return value
    if isinstance(value, tuple) or type(value).__name__.startswith("dict_"):
        return [listed(item) if isinstance(item, tuple) else item for item in value]
    return value


def type_of(value: Any) -> str:
    """What the language calls a type."""
    if value is None:
        return "None"
    kinds = (bool, int, str, list, dict)
    return next((kind.__name__ for kind in kinds if isinstance(value, kind)), "object")


def refuse(cls: Any, desc: Any) -> None:
    """Ends the event."""
    raise RefusalError(cls, desc)


def fail(errno: Any) -> None:
    """Ends the event."""
    if errno >= 0:
        raise ValueError("no errno")
    raise FailureError(ERRNO.get(-errno, f"E{-errno}"))


def only(function: Callable[..., Any]) -> Callable[..., Any]:
    """min and max of one text are that text; of a list or dict, of its items."""

    def chosen(*values: Any) -> Any:
        whole = len(values) == 1 and isinstance(values[0], list | dict)
        return function(values[0] if whole else values)

    return chosen


class End(NamedTuple):
    """How a function ended: the word, what it gave, and the line of an error."""

    word: str
    what: Any
    line: int = 0


class Reference:
    """A model that CPython runs."""

    def __init__(self, classes: str, functions: str) -> None:
        names: dict[str, Any] = {}
        exec(classes, names)
        self._types = {name: value for name, value in names.items() if isinstance(value, type)}
        names |= {n: fixed(value) for n, value in names.items() if n not in self._types}
        names |= {"walk": walk, "refuse": refuse, "fail": fail, "type_of": type_of}
        names |= {"range": lambda *n: [*range(*n)], "min": only(min), "max": only(max)}
        names |= {"_method": method, "_fixed": fixed}
        tree = ast.fix_missing_locations(Rewrite().visit(ast.parse(functions)))
        exec(compile(tree, "reference", "exec", dont_inherit=True), names)
        self._names = names

    def call(self, function: str, arguments: Sequence[Any]) -> tuple[End, dict[int, Any]]:
        """How a function ends on a new machine, and the fields of all objects then.

        There are none after an error.
        """
        machine = Machine(self._types, "Machine")
        self._names |= {"machine": machine.root, "new": machine.new, "swap": machine.swap}
        self._names |= {"free": machine.free}
        try:
            end = End("returned", self._names[function](*copy.deepcopy(arguments)))
        except RefusalError as error:
            end = End("refused", (error.cls, error.desc))
        except FailureError as error:
            end = End("failed", error.errno)
        except Exception as error:
            frames = traceback.extract_tb(error.__traceback__)
            lines = [frame.lineno for frame in frames if frame.filename == "reference"]
            # Nothing is left of its objects, which may hold themselves.
            return End(type(error).__name__, error, lines[-1] or 0), {}
        if end.word == "returned":
            end = end._replace(what=machine.plain(end.what))
        return end, machine.state()
