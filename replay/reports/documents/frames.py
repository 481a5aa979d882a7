"""The events of a diff one by one, with the states of all variants after each."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from typing import Any, overload

from msgspec import Struct

from replay.engine.compared import compared_views
from replay.engine.diff import Diff
from replay.engine.places import FilePlace, existence_of
from replay.engine.trace import Outcome
from replay.engine.view import View, flag_names
from replay.events.event import Event
from replay.reports import words
from replay.reports.documents.divergences import DivergenceReport
from replay.reports.documents.flag_tables import differing
from replay.reports.documents.graph import Differing, Drawing, Mark, graph
from replay.reports.documents.run import is_telling
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

    `when` is the time of recording. `recorded` says what a translated event was, "" for one that is
    as it was recorded. `here`, `begins` and `ends` are indexes of the report's divergences.
    `states` computes what the variants were like then, None if that is not known of all.
    """

    seq: int
    title: str
    recorded: str
    when: str
    outcomes: Mapping[str, Outcome]
    here: tuple[int, ...]
    begins: tuple[int, ...]
    ends: tuple[int, ...]
    states: Callable[[], EventStates | None]

    @property
    def agrees(self) -> bool:
        """Whether the outcomes are alike, wording included."""
        first, *rest = self.outcomes.values() or (None,)
        return all(outcome == first for outcome in rest)


class Frames(Sequence[EventFrame]):
    """Every event of a diff, in order, made when the first one is looked at."""

    def __init__(
        self, diff: Diff, divergences: Sequence[DivergenceReport], named: Collection[str] | None
    ) -> None:
        """Frames with the changes marked that patches of these names make; all if None."""
        self._diff = diff
        self._divergences = divergences
        self._named = named

    def __len__(self) -> int:
        return len(self._diff.traces[0].log.events)

    @overload
    def __getitem__(self, index: int) -> EventFrame: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[EventFrame, ...]: ...

    def __getitem__(self, index: int | slice) -> EventFrame | tuple[EventFrame, ...]:
        return self._all[index]

    @cached_property
    def _all(self) -> tuple[EventFrame, ...]:
        return tuple(self._frames())

    def _frames(self) -> Iterator[EventFrame]:
        begins: dict[int, list[int]] = {}
        ends: dict[int, list[int]] = {}
        for index, report in enumerate(self._divergences):
            begins.setdefault(report.divergence.first_seq, []).append(index)
            ends.setdefault(report.divergence.last_seq, []).append(index)
        standing: dict[int, None] = {}
        traces = self._diff.traces
        for seq, event in enumerate(traces[0].log.events, 1):
            standing |= dict.fromkeys(begins.get(seq, ()))
            ended = {trace.player.name: trace.steps[seq - 1].outcome for trace in traces}
            outcomes = {name: outcome for name, outcome in ended.items() if outcome is not None}
            here, first, last = (
                tuple(i) for i in (standing, begins.get(seq, ()), ends.get(seq, ()))
            )
            states = partial(self._states, seq, here)
            yield EventFrame(
                seq, *_named(event), words.when(event.recorded), outcomes, here, first, last, states
            )
            for index in last:
                standing.pop(index)

    def _states(self, seq: int, here: Iterable[int]) -> EventStates | None:
        """What the variants were like after the event, with what differs there marked."""
        views = compared_views(self._diff.traces, seq - 1)
        if views is None:
            return None
        config = self._diff.traces[0].player.subject.config
        reports = [self._divergences[index] for index in here]
        loud = None if self._named is None else _changed(reports, self._named)
        tables = tuple(_tables(views, config, loud))
        graphs = {
            name: graph(view, config, _differing(name, tables, reports, loud))
            for name, view in views.items()
        }
        return EventStates(graphs, tables, tuple(_files(views)))


def _named(event: Event) -> tuple[str, str]:
    """The event in words, and what it was before it was translated."""
    if event.original is None:
        return words.event(event.payload), ""
    shown = event.original if event.idle else event.payload
    return words.event(shown), words.recorded(event.original, event.note, event.idle)


Loud = Mapping[tuple[str, str], int] | None
"""Paths and fields that patches named by a variant change, with the bits that they change.

None if patches were not looked for: then all of it is loud.
"""


def _changed(
    reports: Iterable[DivergenceReport], named: Collection[str]
) -> dict[tuple[str, str], int]:
    changed: dict[tuple[str, str], int] = {}
    for report in reports:
        for cause in report.causes:
            if any(change.patch.name in named for change in cause.changes):
                key = report.divergence.place.path, report.divergence.place.field
                changed[key] = changed.get(key, 0) | _changed_bits(cause.before, cause.after)
    return changed


def _changed_bits(before: Any, after: Any) -> int:
    """Zero for what is no pair of integers; all bits where one of them is not there."""
    if isinstance(before, int) and isinstance(after, int):
        return before ^ after
    return -1 if isinstance(before, int) or isinstance(after, int) else 0


def _tables(views: Mapping[str, View], config: SubjectConfig, loud: Loud) -> Iterator[Table]:
    fields = {name: view.fields for name, view in views.items()}
    for path in dict.fromkeys(path for paths in fields.values() for path in paths):
        having = {name: paths[path] for name, paths in fields.items() if path in paths}
        names = dict.fromkeys(field for node in having.values() for field in node)
        rows, same = [], []
        for field in names:
            values = {name: node[field] for name, node in having.items() if field in node}
            first = next(iter(values.values()))
            if any(value != first for value in values.values()):
                rows.append(_row(path, field, values, config, loud))
            elif is_telling(first):
                same.append((field, _text(field, first, config)))
        lacking = tuple(name for name in views if name not in having)
        yield Table(path, lacking, tuple(rows), tuple(same))


def _row(
    path: str, field: str, values: Mapping[str, Any], config: SubjectConfig, loud: Loud
) -> FieldRow:
    quiet = loud is not None and (path, field) not in loud
    if field not in config.bits:
        texts = {name: ShownValue(words.value(value)) for name, value in values.items()}
        return FieldRow(field, texts, quiet=quiet)
    bits = config.bits[field]
    mask = -1 if loud is None else loud.get((path, field), 0)
    flags = {name: flag_names(value, bits) for name, value in values.items()}
    apart = differing(flags, bits)
    chips = {
        name: tuple(
            Mark(
                "+" if flag in here else "-",
                flag,
                not bits.get(flag, mask) & mask,
            )
            for flag in sorted(apart, key=lambda flag: not bits.get(flag, mask) & mask)
        )
        for name, here in flags.items()
    }
    common = tuple(sorted(set(next(iter(flags.values()))) - set(apart)))
    shown = {name: ShownValue(chips=marks) for name, marks in chips.items()}
    return FieldRow(field, shown, common, quiet)


def _text(field: str, value: Any, config: SubjectConfig) -> str:
    if field in config.bits:
        return words.flags(sorted(flag_names(value, config.bits[field])))
    return words.value(value)


def _differing(
    variant: str, tables: Sequence[Table], reports: Iterable[DivergenceReport], loud: Loud
) -> Differing:
    """What is marked in one variant's graph: loud the places in `loud`, quiet the rest."""
    every = (report.divergence.place for report in reports)
    places = [place for place in every if not isinstance(place, FilePlace)]
    paths = {place.path for place in places}
    marked = {p.path for p in places if loud is None or (p.path, p.field) in loud}
    marks: dict[str, tuple[Mark, ...]] = {}
    for table in tables:
        for row in table.rows:
            if variant in row.values:
                chips = sorted(row.values[variant].chips, key=lambda mark: mark.quiet)
                marks[table.path] = (*marks.get(table.path, ()), *chips)
    return Differing(frozenset(marked), frozenset(paths - marked), marks)


def _files(views: Mapping[str, View]) -> Iterator[FileRow]:
    for name in dict.fromkeys(name for view in views.values() for name in view.files):
        existence = {variant: existence_of(view.files.get(name)) for variant, view in views.items()}
        yield FileRow(name, existence, len(set(existence.values())) > 1)
