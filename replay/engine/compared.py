"""What of a log was compared between traces, and why the rest was not."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from replay.engine.places import label
from replay.engine.trace import NOTHING, GapReason, Trace


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
    """Whether every event is refused and there is never a node that it could have been about.

    So it is with a recording that lacks its start: all commands are refused alike by any code.
    """
    outcomes = (trace.steps[index].outcome for index in acting)
    if any(outcome is not None and outcome.status != "refused" for outcome in outcomes):
        return False
    views = (trace.view_at(index) for index in range(len(trace.steps)))
    return not any(view.all_nodes for view in views if view is not None)


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
