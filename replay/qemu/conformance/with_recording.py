"""Comparing a replay with what its own recording observed."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from replay.engine.compare import compare_outcomes, compare_views
from replay.engine.compared import compared_views
from replay.engine.places import Place
from replay.engine.trace import ObservedTrace, Trace


class RecordingAgreement(Struct, frozen=True):
    """How one variant agreed with a recording: the places where it looked, the replies that it has,
    and in how many of them all was the same. `first` are the differences of the first that was
    not, after the event `seq`."""

    log: str
    variant: str
    revision: str
    looks: int
    looks_agreed: int
    replies: int
    replies_agreed: int
    seq: int | None = None
    first: Mapping[Place, Mapping[str, Any]] = {}

    @property
    def whole(self) -> bool:
        """Whether everything agreed."""
        return self.seq is None


def compare_with_recording(recorded: ObservedTrace, trace: Trace) -> RecordingAgreement:
    """The agreement of a trace with what the recording of the same log saw."""
    traces = (recorded, trace)
    looks = [compared_views(traces, index) for index in range(len(trace.steps))]
    states = [None if views is None else compare_views(views) for views in looks]
    replies = [answers(traces, index) for index in range(len(trace.steps))]
    both = list(zip(states, replies, strict=True))
    at = next((index for index, pair in enumerate(both) if any(pair)), None)
    first = {} if at is None else {**(both[at][1] or {}), **(both[at][0] or {})}
    return RecordingAgreement(
        log=trace.log.name,
        variant=trace.player.name,
        revision=trace.player.revision,
        looks=len(states) - states.count(None),
        looks_agreed=states.count({}),
        replies=len(replies) - replies.count(None),
        replies_agreed=replies.count({}),
        seq=None if at is None else at + 1,
        first=first,
    )


def answers(traces: Sequence[Trace], index: int) -> Mapping[Place, Any] | None:
    """How the outcomes of an event differ, None if not all are known."""
    outcomes = {trace.player.name: trace.steps[index].outcome for trace in traces}
    ended = {name: outcome for name, outcome in outcomes.items() if outcome is not None}
    if len(ended) < len(outcomes):
        return None
    return compare_outcomes(traces[0].log.events[index].payload, ended)
