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
    for constant in found.constants.values():
        constants[constant.name] = _value(constant.node.value, constant, tree, names | constants)
    freezer = Heap({}, Meter())
    shapes = {}
    for model_class in found.classes.values():
        defaults = {
            name: freezer.frozen(_value(node, model_class, tree, names | constants))
            for name, node in model_class.fields.items()
        }
        shapes[model_class.name] = Shape(model_class.name, defaults)
    return constants, shapes


def _value(node: ast.expr, owner: Constant | Class, tree: Tree, names: dict[str, Any]) -> Any:
    try:
        return fixed(eval(expression(node), names))
    except (TypeError, ValueError, ArithmeticError, StepLimitError) as error:
        misuse = MisuseError(node, f"this has no value: {error}")
        raise located(misuse, tree, owner.file) from None
