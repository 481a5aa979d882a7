"""Data: the values of a tree's constants and of its classes' defaults."""

import ast
from typing import Any

from replay.language.compiling import expression
from replay.language.definitions import Class, Constant, Definitions, located
from replay.language.limits import Meter, StepLimitError
from replay.language.objects import Heap, Shape
from replay.language.operators import Operators, fixed
from replay.language.syntax import MisuseError
from replay.series import Tree


def evaluated(found: Definitions, tree: Tree) -> tuple[dict[str, Any], dict[str, Shape]]:
    """The constants and the classes of a checked tree by name.

    Raises ReplayError with file, line and reason for an expression without a value.
    """
    operators = Operators(Meter())
    names = {f"__{name}": getattr(operators, name) for name in vars(Operators) if name[0] != "_"}
    names["__builtins__"] = {}
    constants: dict[str, Any] = {}
    shapes: dict[str, Shape] = {}
    data: list[Constant | Class] = [*found.constants.values(), *found.classes.values()]
    for definition in data:
        try:
            if isinstance(definition, Constant):
                constants[definition.name] = _value(definition.node.value, names | constants)
            else:
                shapes[definition.name] = _shape(definition, names | constants)
        except MisuseError as misuse:
            raise located(misuse, tree, found.chunks[definition.name]) from None
    return constants, shapes


def _shape(model_class: Class, names: dict[str, Any]) -> Shape:
    freezer = Heap({}, Meter())
    defaults = {
        name: freezer.frozen(_value(node, names)) for name, node in model_class.fields.items()
    }
    return Shape(model_class.name, defaults)


def _value(node: ast.expr, names: dict[str, Any]) -> Any:
    try:
        return fixed(eval(expression(node), names))
    except (TypeError, ValueError, ArithmeticError, StepLimitError) as error:
        raise MisuseError(node, f"this has no value: {error}") from None
