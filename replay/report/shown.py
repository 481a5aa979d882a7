"""The values of a divergence in words, whatever the format."""

from collections.abc import Mapping
from typing import Any

from replay.comparison import Place
from replay.observe import ABSENT
from replay.report import Told, words
from replay.report.flags import BitFields
from replay.view import flag_names


def values(told: Told, bits: BitFields) -> dict[str, str]:
    """The value in each variant that has one; of an outcome its wording too."""
    place = told.divergence.place
    if place.kind == "outcome" and place.path != "machine":
        outcomes = told.outcomes.items()
        return {name: words.outcome(o.status, o.value, o.error) for name, o in outcomes}
    return {name: value(place, it, bits) for name, it in told.divergence.values.items()}


def value(place: Place, it: Any, bits: BitFields) -> str:
    """One value of a place; of a bit field the names of all flags that are set."""
    if it is ABSENT:
        return "not there"
    if place.kind == "outcome" and isinstance(it, Mapping):
        return words.outcome(it["status"], it.get("value"), it)
    if place.field in bits and isinstance(it, int):
        return words.flags(sorted(flag_names(it, bits[place.field])))
    return words.of_field(place)(it)
