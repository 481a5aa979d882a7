"""What of a log was compared between traces, and why the rest was not."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from replay.engine.places import label
from replay.engine.trace import NOTHING, GapReason, Trace
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


class ComparedTally:
    """What was compared so far of the log that all these traces are of, counted event by event.

    `ends` has the index of the event after which a machine is gone, `limits` that at which a limit
    of ours was passed, by the name of the player.
    """

    def __init__(self, traces: Sequence[Trace]) -> None:
        self.ends: dict[str, int] = {}
        self.limits: dict[str, int] = {}
        self._traces = traces
        self._whole = self._telling = 0
        self._acting: tuple[int, int] | None = None
        self._lacks_nodes = True
        self._gaps: dict[str, list[Gap]] = {trace.player.name: [] for trace in traces}

    def count(self, index: int) -> None:
        """Goes on to the event at this index, which is the next."""
        is_whole = True
        for trace in self._traces:
            name, reason = trace.player.name, trace.gap_at(index)
            if not trace.runs_at(index):
                self.ends.setdefault(name, index)
            if reason is not None:
                is_whole = False
                self._add(_gap(trace, index, reason, self.ends.get(name, index)))
        self._whole += is_whole
        if is_whole and all(trace.acts_at(index) for trace in self._traces):
            self._count_acting(index)

    def compared(self) -> Compared:
        """What was compared of all that was counted."""
        events = len(self._traces[0].log.events)
        if self._telling and self._lacks_nodes and not any(map(_has_nodes, self._traces)):
            return Compared(events, 0, 0, tuple(self._without_nodes()))
        gaps = [gap for of_one in self._gaps.values() for gap in of_one]
        in_order = sorted(gaps, key=lambda gap: gap.first_seq)
        return Compared(events, self._whole, self._telling, tuple(in_order))

    def _count_acting(self, index: int) -> None:
        """Counts an event that asked something of the code in all."""
        self._acting = (self._acting[0] if self._acting else index, index)
        self._telling += any(trace.runs_at(index) for trace in self._traces)
        if self._lacks_nodes:
            self._lacks_nodes = all(_is_missing(trace, index) for trace in self._traces)

    def _add(self, gap: Gap) -> None:
        """Adds the gap of an event, which may go on with the last one."""
        if gap.reason == GapReason.LIMIT:
            self.limits.setdefault(gap.player, gap.first_seq - 1)
        gaps = self._gaps[gap.player]
        last = gaps[-1] if gaps else gap
        after = (last.reason, last.what, last.last_seq + 1)
        if after == (gap.reason, gap.what, gap.first_seq):
            gap = replace(gaps.pop(), last_seq=gap.last_seq)
        gaps.append(gap)

    def _without_nodes(self) -> Iterator[Gap]:
        """What was compared where there never was a node.

        So it is with a recording that lacks its start: all commands are refused alike by any code.
        """
        first, last = self._acting or (0, 0)
        for trace in self._traces:
            yield Gap(trace.player.name, GapReason.NO_NODE, "", first + 1, last + 1)


def compared(traces: Sequence[Trace]) -> Compared:
    """What was compared of the log that all these traces are of."""
    tally = ComparedTally(traces)
    for index in range(len(traces[0].log.events)):
        tally.count(index)
    return tally.compared()


def _is_missing(trace: Trace, index: int) -> bool:
    """Whether an event was refused since what it is about is not there, as far as is known."""
    outcome, words = trace.steps[index].outcome, trace.player.subject.config.missing
    if outcome is None:
        return True
    error = (outcome.error or {}).values()
    return outcome.status == "refused" and any(w in str(part) for part in error for w in words)


def _has_nodes(trace: Trace) -> bool:
    """Whether there ever was a node."""
    views = (trace.view_at(index) for index in range(len(trace.steps)))
    return any(view.all_nodes for view in views if view is not None)


def limit_of(trace: Trace) -> int:
    """The index of the event at which a limit of ours was passed; the log's length if none was.

    What QEMU would have done from there on is unknown.
    """
    indexes = range(len(trace.steps))
    return next((n for n in indexes if trace.gap_at(n) == GapReason.LIMIT), len(indexes))


def _gap(trace: Trace, index: int, reason: GapReason, end: int) -> Gap:
    """An event that was not compared. `end` is the index after which the machine is gone."""
    match reason:
        case GapReason.NO_MACHINE:
            what = f"#{end + 1} {label(trace.log.events[end].payload)}"
        case GapReason.LIMIT:
            outcome = trace.steps[index].outcome or NOTHING
            what = str((outcome.error or {}).get("desc", ""))
        case _:
            what = label(trace.log.events[index].payload)
    return Gap(trace.player.name, reason, what, index + 1, index + 1)


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
