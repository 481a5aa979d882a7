"""The states of all variants after each event, as the page shows them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from replay.engine.places import FilePlace, existence_of
from replay.engine.trace import Outcome, compared_views
from replay.engine.view import View, flag_names
from replay.events.event import Event
from replay.reports import words
from replay.reports.documents import DiffReport, DivergenceReport
from replay.reports.drawing.graph import Differing, Drawing, Mark, graph
from replay.reports.flag_tables import differing
from replay.reports.text.run import tells
from replay.variants.subject import SubjectConfig


class ShownValue(Struct, frozen=True):
    """A field's value in one variant: words, or for a bit field the flags that differ."""

    text: str = ""
    chips: tuple[Mark, ...] = ()


class FieldRow(Struct, frozen=True):
    """A field that differs, with its value in each variant that has it.

    `common` are the flags of a bit field that are set in all. `quiet` says that no patch after
    which a variant is named has to do with it.
    """

    field: str
    values: Mapping[str, ShownValue]
    common: tuple[str, ...] = ()
    quiet: bool = False


class Table(Struct, frozen=True):
    """A node's or job's fields: those that differ, and those that are the same and say something.

    `lacking` are the variants that do not have it.
    """

    path: str
    lacking: tuple[str, ...]
    rows: tuple[FieldRow, ...]
    same: tuple[tuple[str, str], ...]


class FileRow(Struct, frozen=True):
    """A file of the disk, and what there is of it in each variant: exists, unlinked, absent."""

    name: str
    existence: Mapping[str, str]
    differs: bool


class EventStates(Struct, frozen=True):
    """What the variants were like after an event."""

    graphs: Mapping[str, Drawing]
    tables: tuple[Table, ...]
    files: tuple[FileRow, ...]

    @property
    def is_wide(self) -> bool:
        """Whether the graphs had better stand one below the other: a chain has several links."""
        return any(graph.length > 2 for graph in self.graphs.values())


class EventFrame(Struct, frozen=True):
    """An event: how it ended in each variant, and the divergences that stand after it.

    `recorded` says what a translated event was, "" for one that is as it was recorded. `here`,
    `begins` and `ends` are indexes of the report's divergences.
    """

    seq: int
    title: str
    recorded: str
    outcomes: Mapping[str, Outcome]
    here: tuple[int, ...]
    begins: tuple[int, ...]
    ends: tuple[int, ...]

    @property
    def agrees(self) -> bool:
        """Whether the outcomes are alike, wording included."""
        first, *rest = self.outcomes.values() or (None,)
        return all(outcome == first for outcome in rest)


def event_frames(report: DiffReport) -> tuple[EventFrame, ...]:
    """Every event of the log, in order."""
    begins: dict[int, list[int]] = {}
    ends: dict[int, list[int]] = {}
    for index, told in enumerate(report.divergences):
        begins.setdefault(told.divergence.first_seq, []).append(index)
        ends.setdefault(told.divergence.last_seq, []).append(index)
    found: list[EventFrame] = []
    standing: dict[int, None] = {}
    traces = report.diff.traces
    for seq, event in enumerate(traces[0].log.events, 1):
        standing |= dict.fromkeys(begins.get(seq, ()))
        outcomes = {trace.player.name: trace.steps[seq - 1].outcome for trace in traces}
        known = {name: outcome for name, outcome in outcomes.items() if outcome is not None}
        title, recorded = _named(event)
        begun, ended = tuple(begins.get(seq, ())), tuple(ends.get(seq, ()))
        found.append(EventFrame(seq, title, recorded, known, tuple(standing), begun, ended))
        for index in ended:
            standing.pop(index)
    return tuple(found)


def _named(event: Event) -> tuple[str, str]:
    """The event in words, and what it was before it was translated."""
    if event.original is None:
        return words.event(event.payload), ""
    shown = event.original if event.idle else event.payload
    return words.event(shown), words.recorded(event.original, event.note, event.idle)


def event_states(report: DiffReport, moment: EventFrame) -> EventStates | None:
    """What the variants were like after the event; None if nobody looked."""
    seen = compared_views(report.diff.traces, moment.seq - 1)
    if seen is None:
        return None
    config = report.diff.traces[0].player.subject.config
    told = [report.divergences[index] for index in moment.here]
    wanted = _wanted(report, told)
    tables = tuple(_tables(seen, config, wanted))
    graphs = {
        name: graph(view, config, _differing(name, tables, told, wanted))
        for name, view in seen.items()
    }
    return EventStates(graphs, tables, tuple(_files(seen)))


Wanted = Mapping[tuple[str, str], int] | None
"""Paths and fields that patches named by a variant change, with the bits that they change.

None if nobody looked for patches: then all is wanted.
"""


def _wanted(report: DiffReport, told: Iterable[DivergenceReport]) -> Wanted:
    if not report.work or not report.named:
        return None
    named = {patch.name for patch in report.named}
    found: dict[tuple[str, str], int] = {}
    for divergence, causes in ((it.divergence, it.causes) for it in told):
        for cause in causes:
            if any(turn.patch.name in named for turn in cause.turns):
                key = divergence.place.path, divergence.place.field
                found[key] = found.get(key, 0) | _changed_bits(cause.before, cause.after)
    return found


def _changed_bits(before: Any, after: Any) -> int:
    """Zero for what is no pair of integers; all bits where one of them is not there."""
    if isinstance(before, int) and isinstance(after, int):
        return before ^ after
    return -1 if isinstance(before, int) or isinstance(after, int) else 0


def _tables(seen: Mapping[str, View], config: SubjectConfig, wanted: Wanted) -> Iterator[Table]:
    fields = {name: _fields(view) for name, view in seen.items()}
    for path in dict.fromkeys(path for paths in fields.values() for path in paths):
        having = {name: paths[path] for name, paths in fields.items() if path in paths}
        names = dict.fromkeys(field for node in having.values() for field in node)
        rows, same = [], []
        for field in names:
            values = {name: node[field] for name, node in having.items() if field in node}
            first = next(iter(values.values()))
            if any(value != first for value in values.values()):
                rows.append(_row(path, field, values, config, wanted))
            elif tells(first):
                same.append((field, _text(field, first, config)))
        lacking = tuple(name for name in seen if name not in having)
        yield Table(path, lacking, tuple(rows), tuple(same))


def _fields(seen: View) -> dict[str, Mapping[str, Any]]:
    return {path: node.fields for path, node in seen.all_nodes.items()} | dict(seen.jobs)


def _row(
    path: str, field: str, values: Mapping[str, Any], config: SubjectConfig, wanted: Wanted
) -> FieldRow:
    quiet = wanted is not None and (path, field) not in wanted
    if field not in config.bits:
        shown = {name: ShownValue(words.value(value)) for name, value in values.items()}
        return FieldRow(field, shown, quiet=quiet)
    bits = config.bits[field]
    loud = -1 if wanted is None else wanted.get((path, field), 0)
    flags = {name: flag_names(value, bits) for name, value in values.items()}
    apart = differing(flags, bits)
    chips = {
        name: tuple(
            Mark("+" if flag in here else "-", flag, not bits.get(flag, loud) & loud)
            for flag in sorted(apart, key=lambda flag: not bits.get(flag, loud) & loud)
        )
        for name, here in flags.items()
    }
    common = tuple(sorted(set(next(iter(flags.values()))) - set(apart)))
    return FieldRow(
        field, {name: ShownValue(chips=it) for name, it in chips.items()}, common, quiet
    )


def _text(field: str, value: Any, config: SubjectConfig) -> str:
    if field in config.bits:
        return words.flags(sorted(flag_names(value, config.bits[field])))
    return words.value(value)


def _differing(
    variant: str, tables: Sequence[Table], told: Iterable[DivergenceReport], wanted: Wanted
) -> Differing:
    """What is marked in one variant's graph: loud what is wanted, quiet the rest."""
    places = [it.divergence.place for it in told if not isinstance(it.divergence.place, FilePlace)]
    paths = {place.path for place in places}
    loud = {p.path for p in places if wanted is None or (p.path, p.field) in wanted}
    marks: dict[str, tuple[Mark, ...]] = {}
    for table in tables:
        for row in table.rows:
            if variant in row.values:
                chips = sorted(row.values[variant].chips, key=lambda mark: mark.quiet)
                marks[table.path] = (*marks.get(table.path, ()), *chips)
    return Differing(frozenset(loud), frozenset(paths - loud), marks)


def _files(seen: Mapping[str, View]) -> Iterator[FileRow]:
    for name in dict.fromkeys(name for view in seen.values() for name in view.files):
        existence = {variant: existence_of(view.files.get(name)) for variant, view in seen.items()}
        yield FileRow(name, existence, len(set(existence.values())) > 1)
