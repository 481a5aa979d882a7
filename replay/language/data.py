"""What a tree defines beside code, evaluated: constants, classes, and defaults of parameters."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from replay.language.compile import default_name
from replay.language.definitions import Class, Constant, Definition, Definitions, Function, located
from replay.language.limits import Meter, StepLimitError
from replay.language.objects.heap import Heap
from replay.language.objects.live import Shape
from replay.language.operators import Operators, fixed
from replay.language.vocabulary import MisuseError
from replay.series import Tree


@dataclass(frozen=True, slots=True)
class Data:
    """What a tree defines beside code: its constants, its classes, and defaults of parameters.

    A default has the name that `compile.default_name` gives it.
    """

    constants: Mapping[str, Any]
    shapes: Mapping[str, Shape]
    defaults: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Source:
    """The key of a tree's data: its constants, classes and defaults, each with its name."""

    nodes: tuple[tuple[Any, ...], ...]
    defined: Definitions = field(compare=False)
    tree: Tree = field(compare=False)


def evaluated(defined: Definitions, tree: Tree) -> Data:
    """The data of a checked tree; raises NotInLanguage for an expression without a value."""
    data: list[Constant | Class] = [*defined.constants.values(), *defined.classes.values()]
    own = ((each.name, each.node) for each in data)
    functions = defined.functions.values()
    defaults = ((f.name, *f.node.args.defaults) for f in functions if f.node.args.defaults)
    return _evaluated(_Source((*own, *defaults), defined, tree))


# Most trees of a series, and of what is tried in its trees, have the same data.
@lru_cache(maxsize=64)
def _evaluated(source: _Source) -> Data:
    defined, tree = source.defined, source.tree
    meter = Meter()
    meter.reset_for_data()
    values = _Values(meter)
    shapes: dict[str, Shape] = {}
    defaults: dict[str, Any] = {}
    everything: list[Definition] = [*defined.constants.values(), *defined.classes.values()]
    for definition in [*everything, *defined.functions.values()]:
        try:
            match definition:
                case Constant(name=name, node=node):
                    values.constants[name] = values.of(node.value)
                case Class(name=name, fields=fields):
                    freezer = Heap({}, meter)
                    frozen = {key: freezer.frozen(values.of(item)) for key, item in fields.items()}
                    shapes[name] = Shape(name, frozen)
                case Function(name=name, node=node):
                    for index, default in enumerate(node.args.defaults):
                        defaults[default_name(name, index)] = values.of(default)
        except MisuseError as misuse:
            raise located(misuse, tree, defined.chunks[definition.name]) from None
    return Data(values.constants, shapes, defaults)


class _Values:
    """Evaluates constant expressions, from constants that were evaluated before."""

    def __init__(self, meter: Meter) -> None:
        self.constants: dict[str, Any] = {}
        self._meter = meter
        self._operators = Operators(meter)

    def of(self, node: ast.expr) -> Any:
        """The value, which nothing can change; raises MisuseError if there is none."""
        try:
            return fixed(self._value(node), self._meter)
        except (TypeError, ValueError, ArithmeticError, StepLimitError) as error:
            raise MisuseError(node, f"this has no value: {error}") from None

    def _value(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name):
                return self.constants[name]
            case ast.UnaryOp(op=op, operand=operand):
                return self._operators.apply(op, self._value(operand))
            case ast.BinOp(left=left, op=op, right=right):
                return self._operators.apply(op, self._value(left), self._value(right))
            case ast.List(elts=items) | ast.Tuple(elts=items):
                return [self._value(item) for item in items]
            case ast.Dict(keys=keys, values=items):
                pairs = zip(keys, items, strict=True)
                return {self._value(key): self._value(item) for key, item in pairs if key}
        raise TypeError(f"a {type(node).__name__} in a constant")
