"""The value of a place in words, the same for every format."""

from typing import Any

from replay.engine.places import ABSENT, OutcomePlace, Place
from replay.engine.view import flag_names
from replay.reports import words
from replay.reports.documents import DivergenceReport
from replay.reports.flag_tables import BitFields


def values(told: DivergenceReport, bits: BitFields) -> dict[str, str]:
    """The value in each variant that has one; of an outcome its wording too."""
    place = told.divergence.place
    if isinstance(place, OutcomePlace):
        outcomes = told.outcomes.items()
        return {name: words.outcome(o.status, o.value, o.error) for name, o in outcomes}
    return {name: value(place, it, bits) for name, it in told.divergence.values.items()}


def value(place: Place, it: Any, bits: BitFields) -> str:
    """One value of a place; of a bit field the names of all flags that are set."""
    if it is ABSENT:
        return "not there"
    if isinstance(place, OutcomePlace):
        return words.outcome(it["status"], it.get("value"), it)
    if place.field in bits and isinstance(it, int):
        return words.flags(sorted(flag_names(it, bits[place.field])))
    return words.of_field(place)(it)
