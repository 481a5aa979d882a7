"""What of a recorded field has to agree, as the subject's table [conformance] says.

`explains` are fields that were recorded to explain others and are not compared. Of those in
`presence` only whether there is something counts, since the numbers mean other things from tree
to tree. `items` are lists of objects: those without a name are left out, and of the others the
keys are compared that both sides have, under the names that the model has for them. `trees` says
for recorded trees that are no points of the series which point they are.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import Struct

from replay.errors import ReplayError
from replay.variants.subject import Subject


class FieldRules(Struct, frozen=True, forbid_unknown_fields=True):
    """The table [conformance] of a subject."""

    explains: frozenset[str] = frozenset()
    presence: frozenset[str] = frozenset()
    items: Mapping[str, Mapping[str, str]] = {}
    trees: Mapping[str, str] = {}

    def compared(self, field: str) -> bool:
        """Whether a recorded field is compared at all."""
        return field not in self.explains

    def essence(self, field: str, recorded: Any, seen: Any) -> tuple[Any, Any]:
        """What has to be the same of a recorded value and the model's."""
        if field in self.presence:
            return bool(recorded), bool(seen)
        if field in self.items and isinstance(recorded, list) and isinstance(seen, list):
            return _named(recorded, seen, self.items[field])
        return recorded, seen


@lru_cache
def field_rules(subject: Subject) -> FieldRules:
    """The rules of a subject; ReplayError if its table is not as described."""
    try:
        return msgspec.convert(subject.config.more.get("conformance", {}), FieldRules)
    except msgspec.ValidationError as error:
        where = f"{subject.directory / 'subject.toml'}: conformance"
        raise ReplayError(str(error), where=where) from error


Items = Mapping[str, Mapping[str, Any]]


def _named(recorded: list[Any], seen: list[Any], names: Mapping[str, str]) -> tuple[Items, Items]:
    """The items that have a name, by it, with the keys that both sides have."""
    theirs = {
        item["name"]: {names.get(key, key): value for key, value in item.items()}
        for item in recorded
        if item.get("name")
    }
    ours = {item["name"]: item for item in seen if item.get("name")}
    return _known(theirs, ours), _known(ours, theirs)


def _known(items: Items, others: Items) -> Items:
    """Items with the keys that their namesakes have; whole where there are none."""
    return {
        name: {key: value for key, value in item.items() if key in others.get(name, item)}
        for name, item in items.items()
    }
