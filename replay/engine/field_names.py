"""Finding a field by a name with dots, which leads through the objects that fields refer to."""

from collections.abc import Iterable, Mapping

from replay.state.objects import Ref, Value

Objects = Mapping[int, Mapping[str, Value]]
"""The fields of every object, by its id."""


def holder(name: str, id: int, objects: Objects) -> tuple[int, str] | None:
    """The object and the field that a name means for the object `id`; None if there is none."""
    first, dot, rest = name.partition(".")
    if id not in objects or first not in objects[id]:
        return None
    if not dot:
        return id, first
    value = objects[id][first]
    return holder(rest, value.id, objects) if isinstance(value, Ref) else None


def first_holder(names: Iterable[str], id: int, objects: Objects) -> tuple[int, str] | None:
    """What the first of several names means that means something; None if none does."""
    return next(filter(None, (holder(name, id, objects) for name in names)), None)
