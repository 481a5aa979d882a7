"""Where a search reached its goal, with what is to be noticed there in words."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from replay.analysis.search.goal import CheckPlace, Sighting
from replay.engine.diff import Divergence
from replay.events.event import Log, Payload
from replay.reports import words
from replay.reports.documents.headline import divergence_sentence


class SightingReport(Struct, frozen=True):
    """An event, the place that differs there, its value in each variant, and all that in words."""

    seq: int
    path: str
    field: str
    flag: str
    values: Mapping[str, Any]
    sentence: str


def sighting_report(sighting: Sighting, log: Log) -> SightingReport:
    """The report of a sighting in a log."""
    place = sighting.place
    sentence = sighting_sentence(sighting, log.events[sighting.seq - 1].payload)
    return SightingReport(
        sighting.seq, place.path, place.field, place.flag, sighting.values, sentence
    )


def sighting_sentence(sighting: Sighting, event: Payload) -> str:
    """What is to be noticed at the event, without a full stop."""
    values = sighting.values
    if isinstance(sighting.place, CheckPlace):
        check = f"the check {sighting.place.field} on {sighting.place.path}"
        return f"{words.escape(check)} {words.phrases(words.groups({**values}))}"
    if any(value is None for value in values.values()) or len(values) == 1:
        texts = {name: _status(value) for name, value in values.items()}
        return f"{words.event(event)}: {words.phrases(words.groups(texts))}"
    divergence = Divergence(sighting.place, values, sighting.seq, sighting.seq)
    return divergence_sentence(divergence, event)


def _status(value: Any) -> str:
    if not isinstance(value, dict) or "status" not in value:
        return "unknown" if value is None else words.value(value)
    return words.outcome(value["status"], value.get("value"), value)
