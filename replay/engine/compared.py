"""What of a log was compared between traces, and why the rest was not."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from replay.engine.places import label
from replay.engine.trace import NOTHING, GapReason, Outcome, Trace
from replay.engine.view import View


class Gap(Struct, frozen=True):
    """Events that were not compared, since one player did not do them as QEMU would.

    `what` is the command that is not modelled, or the limit that was passed.
    """

    player: str
    reason: GapReason
    what: str
    first_seq: int
    last_seq: int


class Compared(Struct, frozen=True):
    """How many of a log's events were compared in all players, and the gaps by first event.

    `acting` of them asked something of the code of a machine that runs: a refused start does not.
    """

    events: int
    compared: int
    acting: int
    gaps: tuple[Gap, ...] = ()

    @property
    def is_nothing(self) -> bool:
        """Whether there is no event that tells anything of the code."""
        return self.acting == 0

    @property
    def is_all(self) -> bool:
        """Whether every event was compared, and there was something to compare."""
        return self.compared == self.events and not self.is_nothing


def compared(traces: Sequence[Trace]) -> Compared:
    """What was compared of the log that all these traces are of."""
    events = len(traces[0].log.events)
    whole = [index for index in range(events) if not any(_gap(trace, index) for trace in traces)]
    acting = [index for index in whole if all(trace.acts_at(index) for trace in traces)]
    telling = [index for index in acting if any(trace.runs_at(index) for trace in traces)]
    if telling and all(_lacks_nodes(trace, acting) for trace in traces):
        return _nothing(traces, acting)
    gaps = sorted(
        (gap for trace in traces for gap in _gaps(trace)),
        key=lambda gap: (gap.first_seq, [trace.player.name for trace in traces].index(gap.player)),
    )
    return Compared(events, len(whole), len(telling), tuple(gaps))


def _lacks_nodes(trace: Trace, acting: Sequence[int]) -> bool:
    """Whether every event is refused since what it is about is not there, and nothing ever is.

    So it is with a recording that lacks its start: all commands are refused alike by any code.
    """
    words = trace.player.subject.config.missing
    outcomes = (trace.steps[index].outcome for index in acting)
    if not all(outcome is None or _is_missing(outcome, words) for outcome in outcomes):
        return False
    views = (trace.view_at(index) for index in range(len(trace.steps)))
    return not any(view.all_nodes for view in views if view is not None)


def _is_missing(outcome: Outcome, words: Sequence[str]) -> bool:
    error = (outcome.error or {}).values()
    return outcome.status == "refused" and any(w in str(part) for part in error for w in words)


def _nothing(traces: Sequence[Trace], acting: Sequence[int]) -> Compared:
    """What was compared where there never was a node."""
    first, last = acting[0] + 1, acting[-1] + 1
    gaps = (Gap(trace.player.name, GapReason.NO_NODE, "", first, last) for trace in traces)
    return Compared(len(traces[0].log.events), 0, 0, tuple(gaps))


def end_of(trace: Trace) -> int:
    """The index of the event after which its machine is gone; the log's length if it stays."""
    indexes = range(len(trace.log.events))
    return next((index for index in indexes if not trace.runs_at(index)), len(indexes))


def limit_of(trace: Trace) -> int:
    """The index of the event at which a limit of ours was passed; the log's length if none was.

    What QEMU would have done from there on is unknown.
    """
    indexes = range(len(trace.steps))
    return next((n for n in indexes if trace.gap_at(n) == GapReason.LIMIT), len(indexes))


def _gap(trace: Trace, index: int) -> tuple[GapReason, str] | None:
    match trace.gap_at(index):
        case None:
            return None
        case GapReason.NO_MACHINE as reason:
            seq = min(end_of(trace), index) + 1
            return reason, f"#{seq} {label(trace.log.events[seq - 1].payload)}"
        case GapReason.LIMIT as reason:
            outcome = trace.steps[index].outcome or NOTHING
            return reason, str((outcome.error or {}).get("desc", ""))
        case reason:
            return reason, label(trace.log.events[index].payload)


def _gaps(trace: Trace) -> Iterator[Gap]:
    """Successive events of one reason are one gap."""
    last: Gap | None = None
    for index in range(len(trace.log.events)):
        gap = _gap(trace, index)
        if last is not None and gap != (last.reason, last.what):
            yield last
            last = None
        if gap is not None:
            first = last.first_seq if last else index + 1
            last = Gap(trace.player.name, *gap, first, index + 1)
    if last is not None:
        yield last


# What is compared after an event


def compared_views(traces: Sequence[Trace], index: int) -> Mapping[str, View] | None:
    """What is compared after the event at this index, by the players' names.

    None if one of the states is unknown then.
    """
    views: dict[str, View] = {}
    for trace in traces:
        after = trace.view_at(index)
        if after is None:
            return None
        for other in traces:
            after = after if other is trace else other.visible(after, index)
        views[trace.player.name] = after
    return views


def are_files_compared(traces: Sequence[Trace]) -> bool:
    """Whether the files are known of all traces at some event."""
    steps = range(len(traces[0].steps))
    views = (after for i in steps for after in (compared_views(traces, i) or {}).values())
    return any(after.files for after in views)


def hidden_fields(traces: Sequence[Trace]) -> tuple[str, ...]:
    """The fields of nodes that one trace has and another could not show, sorted."""
    if all(trace.is_complete for trace in traces):
        return ()
    steps = range(len(traces[0].steps))
    beside = [after for index in steps for after in (compared_views(traces, index) or {}).values()]
    models = [trace for trace in traces if trace.is_complete]
    whole = [after for t in models for index in steps if (after := t.view_at(index)) is not None]
    return tuple(sorted(_fields(whole) - _fields(beside)))


def _fields(views: Iterable[View]) -> set[str]:
    return {field for after in views for node in after.all_nodes.values() for field in node.fields}
