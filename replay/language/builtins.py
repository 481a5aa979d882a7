"""The builtin functions and methods of the language, with limits."""

from typing import Any

from replay.language.limits import Meter, text, whole
from replay.language.operators import changeable, integer, kind_of, string


class Functions:
    """The functions that need no machine; a method is named as its function, with "_" after."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter

    def bool_(self, value: Any) -> bool:
        """Whether the value is true."""
        return bool(value)

    def dict_(self, *values: Any) -> dict[Any, Any]:
        """A new dict, empty or with the items of another."""
        for value in values:
            if not isinstance(value, dict):
                raise TypeError(f"dict of {kind_of(value)}")
            self._meter.tick(len(value) >> 1)
        return dict(*values)

    def int_(self, value: Any, base: Any = None) -> int:
        """The number that a text says, or a bool stands for; raises ValueError."""
        self._meter.tick(len(value) >> 4 if isinstance(value, str) else 0)
        if base is not None:
            return whole(int(string(value), integer(base)))
        if not isinstance(value, int | str):
            raise TypeError(f"int of {kind_of(value)}")
        return whole(int(value))

    def len_(self, value: Any) -> int:
        """How many characters or items."""
        if isinstance(value, str | list | dict):
            return len(value)
        raise TypeError(f"len of {kind_of(value)}")

    def list_(self, *values: Any) -> list[Any]:
        """A new list, empty or with the items of a list or the keys of a dict."""
        for value in values:
            if not isinstance(value, list | dict):
                raise TypeError(f"list of {kind_of(value)}")
            self._meter.tick(len(value) >> 3)
        return list(*values)

    def max_(self, *values: Any) -> Any:
        """The greatest of the values, or of a list; raises ValueError."""
        return max(self._orderable(values))

    def min_(self, *values: Any) -> Any:
        """The least of the values, or of a list; raises ValueError."""
        return min(self._orderable(values))

    def range_(self, *limits: Any) -> list[int]:
        """The numbers as Python's range has them, as a list."""
        numbers = range(*map(integer, limits))
        start, stop, step = numbers.start, numbers.stop, numbers.step
        count = max(0, (stop - start + (step - 1 if step > 0 else step + 1)) // step)
        self._meter.tick(count)
        return list(numbers)

    def sorted_(self, values: Any) -> list[Any]:
        """A new list of the numbers or texts of a list, or of the keys of a dict, in order."""
        if not isinstance(values, list | dict):
            raise TypeError(f"sorted of {kind_of(values)}")
        return sorted(self._orderable((values,)))

    def str_(self, value: Any) -> str:
        """The value as a text: a text, number, bool or None."""
        if value is None or isinstance(value, int | str):
            return str(value)
        raise TypeError(f"str of {kind_of(value)}")

    def type_of_(self, value: Any) -> str:
        """The name of the value's type: str, int, bool, list, dict, None or object."""
        if value is None:
            return "None"
        kinds = (bool, int, str, list, dict)
        return next((kind.__name__ for kind in kinds if isinstance(value, kind)), "object")

    def _orderable(self, values: tuple[Any, ...]) -> list[Any]:
        whole = len(values) == 1 and isinstance(values[0], list | dict)
        items = list(values[0] if whole else values)
        self._meter.tick(len(items))
        for item in items:
            if isinstance(item, str):
                self._meter.tick(len(item) >> 8)
            elif not isinstance(item, int):
                raise TypeError(f"{kind_of(item)} has no order")
        return items


class Methods:
    """The methods of texts, lists and dicts, the value before the dot as first argument."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter

    def append(self, value: Any, item: Any) -> None:
        """Adds an item at the end."""
        self._meter.changed.add(id(value))
        changeable(value, list).append(item)

    def count(self, value: Any, item: Any) -> int:
        """How many items are equal to this one, or how often a text occurs."""
        if isinstance(value, str):
            return self._scanned(value, item).count(item)
        return self._searched(value, item).count(item)

    def endswith(self, value: Any, suffix: Any) -> bool:
        """Whether the text ends so."""
        return string(value).endswith(string(suffix))

    def get(self, value: Any, key: Any, default: Any = None) -> Any:
        """The item under the key, or the default."""
        return _dict(value).get(key, default)

    def index(self, value: Any, item: Any) -> int:
        """The first place of the item; raises ValueError."""
        if isinstance(value, str):
            return self._scanned(value, item).index(item)
        items = self._searched(value, item)
        if item not in items:
            # Python's own message spells the item out, however large, or by its address.
            raise ValueError("list.index(x): x not in list")
        return items.index(item)

    def insert(self, value: Any, place: Any, item: Any) -> None:
        """Puts an item before the place."""
        self._meter.changed.add(id(value))
        self._meter.tick(len(changeable(value, list)) >> 6)
        value.insert(place, item)

    def items(self, value: Any) -> list[list[Any]]:
        """The keys with their values."""
        self._meter.tick(len(_dict(value)))
        return [[key, item] for key, item in value.items()]

    def join(self, value: Any, parts: Any) -> str:
        """The texts of a list with this one between them."""
        if not isinstance(parts, list):
            raise TypeError(f"join of {kind_of(parts)}")
        self._meter.tick(len(parts))
        length = sum(len(string(part)) for part in parts)
        between = len(string(value)) * max(0, len(parts) - 1)
        self._meter.tick(length + between >> 6)
        return text(value.join(parts))

    def keys(self, value: Any) -> list[Any]:
        """The keys in the order in which they came."""
        self._meter.tick(len(_dict(value)) >> 3)
        return list(value)

    def lower(self, value: Any) -> str:
        """The text in lower case."""
        # Python looks most letters beyond ASCII up, one by one.
        self._meter.tick(len(string(value)) >> 3)
        return text(value.lower())

    def partition(self, value: Any, separator: Any) -> list[str]:
        """What is before the first separator, the separator, what is after it."""
        return list(self._scanned(value, separator).partition(separator))

    def pop(self, value: Any, *key: Any) -> Any:
        """Takes an item out: the last of a list, or at a place, or under a key of a dict."""
        self._meter.changed.add(id(value))
        if isinstance(value, dict):
            count = len(value)
            item = changeable(value, dict).pop(*key)
            if len(value) < count:
                self._meter.leave_gap(value)
            return item
        self._meter.tick(len(changeable(value, list)) >> 6)
        return value.pop(*key)

    def remove(self, value: Any, item: Any) -> None:
        """Takes the first item out that is equal to this one; raises ValueError."""
        self._meter.changed.add(id(value))
        self._searched(changeable(value, list), item).remove(item)

    def rpartition(self, value: Any, separator: Any) -> list[str]:
        """What is before the last separator, the separator, what is after it."""
        return list(self._scanned(value, separator).rpartition(separator))

    def split(self, value: Any, separator: Any = None, most: Any = -1) -> list[str]:
        """The parts between separators, of which `most` are looked at."""
        if separator is not None:
            self._scanned(value, separator)
        parts = string(value).split(separator, integer(most))
        self._meter.tick(len(value) + len(parts) >> 3)
        return parts

    def startswith(self, value: Any, prefix: Any) -> bool:
        """Whether the text starts so."""
        return string(value).startswith(string(prefix))

    def values(self, value: Any) -> list[Any]:
        """The values in the order in which their keys came."""
        self._meter.tick(len(_dict(value)) >> 3)
        return list(value.values())

    def _searched(self, value: Any, item: Any) -> list[Any]:
        """The list, when it has been counted what it takes to look for the item."""
        if not isinstance(value, list):
            raise TypeError(f"{kind_of(value)} where a list is needed")
        self._meter.search(value, item)
        return value

    def _scanned(self, value: Any, part: Any) -> str:
        """The text, when it has been counted what it takes to look for the part."""
        text = string(value)
        self._meter.scan(text, string(part))
        self._meter.tick(len(text) >> 6)
        return text


def _dict(value: Any) -> dict[Any, Any]:
    if isinstance(value, dict):
        return value
    raise TypeError(f"{kind_of(value)} where a dict is needed")
