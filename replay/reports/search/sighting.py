"""A sighting in words and in JSON terms: where a search reached its goal."""

from typing import Any

from replay.analysis.search.goal import CheckPlace, Sighting
from replay.engine.diff import Divergence
from replay.events.event import Payload
from replay.reports import words
from replay.reports.headline import divergence_sentence, groups, phrases


def sighting_sentence(sighting: Sighting, event: Payload) -> str:
    """What is to be noticed at the event, without a full stop."""
    values = sighting.values
    if isinstance(sighting.place, CheckPlace):
        check = f"the check {sighting.place.field} on {sighting.place.path}"
        return f"{words.escape(check)} {phrases(groups({**values}))}"
    if any(value is None for value in values.values()) or len(values) == 1:
        told = {name: _status(value) for name, value in values.items()}
        return f"{words.event(event)}: {phrases(groups(told))}"
    return divergence_sentence(
        Divergence(sighting.place, values, sighting.seq, sighting.seq), event
    )


def _status(value: Any) -> str:
    if not isinstance(value, dict) or "status" not in value:
        return "unknown" if value is None else words.value(value)
    return words.outcome(value["status"], value.get("value"), value)


def sighting_json(sighting: Sighting) -> dict[str, Any]:
    """The event's number, the place, and the value in each player."""
    place = sighting.place
    told = {"path": place.path, "field": place.field, "flag": place.flag}
    return {"seq": sighting.seq, **told, "values": sighting.values}
