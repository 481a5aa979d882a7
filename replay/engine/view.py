"""A state as people see it: nodes under their paths, jobs, files by name."""

from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from replay.engine.field_names import Objects, holder
from replay.engine.node_paths import NodePath, node_paths, path_text
from replay.state.disk import Disk, Inode, header, listing
from replay.state.extents import SECTOR
from replay.state.objects import FrozenMap, Object, Ref, State, Value, items_in
from replay.variants.subject import FieldConfig, Subject, SubjectConfig

PlainValue = Any
"""A value as JSON has it: None, bool, int, str, list or dict. A node is given by its path."""


class Node(Struct, frozen=True):
    """One node in one role: the root's name and the fields that lead to it, and its identity."""

    role: NodePath
    id: int
    fields: Mapping[str, PlainValue]

    @property
    def path(self) -> str:
        """The role in a word, "drive0.backing_hd.file"."""
        return ".".join(self.role)

    @property
    def parent(self) -> str:
        """The path of the node above; "" for a root."""
        return ".".join(self.role[:-1])


class File(Struct, frozen=True):
    """What the directory says of a name, and the inode that it means or meant."""

    format: str
    size: int
    backing_file: str | None
    backing_format: str | None
    unlinked: bool
    inode: Inode


class View(Struct, frozen=True, eq=False, dict=True):
    """A state as people look at it.

    `nodes` has what is reachable from the roots, in walking order; `other` leaked nodes and the
    targets of jobs. `edges` has the children that are the same object as a node met before: the
    child's path to that node's path. `jobs` has each job's path (its node's path and the field)
    and its fields.
    """

    running: bool
    nodes: Mapping[str, Node] = {}
    other: Mapping[str, Node] = {}
    edges: Mapping[str, str] = {}
    jobs: Mapping[str, Mapping[str, PlainValue]] = {}
    files: Mapping[str, File] = {}

    # Each of thousands of places may ask for these two.
    @cached_property
    def all_nodes(self) -> Mapping[str, Node]:
        """Nodes and other, by path."""
        return {**self.nodes, **self.other} if self.other else self.nodes

    @cached_property
    def fields(self) -> Mapping[str, Mapping[str, PlainValue]]:
        """The fields of every node and job, by its path."""
        return {path: node.fields for path, node in self.all_nodes.items()} | dict(self.jobs)

    def has_nodes_of(self, other: "View") -> bool:
        """Whether nodes and jobs are the very ones of another view, as after a guest's request."""
        return self.nodes is other.nodes and self.other is other.other and self.jobs is other.jobs


def view(state: State, subject: Subject) -> View:
    """The view of a state."""
    return replace(_machine(state.objects, state.machine, subject), files=_files(state.disk))


def view_of_files(state: State) -> View:
    """The view of a state without its nodes and jobs, which take long to name."""
    return View(state.machine is not None, files=_files(state.disk))


@lru_cache(maxsize=4096)
def _machine(objects: tuple[Object, ...], machine: int | None, subject: Subject) -> View:
    """The view without files."""
    if machine is None:
        return View(running=False)
    fields = {thing.id: _by_name(thing) for thing in objects}
    nodes = [thing.id for thing in objects if thing.cls == subject.config.node.class_name]
    walked = node_paths(machine, nodes, fields, subject.config.node)
    paths: dict[int, str] = {}
    for role, id in (walked.rooted | walked.unreachable).items():
        paths.setdefault(id, path_text(role))
    things = {thing.id: thing for thing in objects}
    reader = _ObjectReader(things, fields, paths, subject)
    return View(
        running=True,
        nodes=_nodes(walked.rooted, reader),
        other=_nodes(walked.unreachable, reader),
        edges={path_text(role): paths[id] for role, id in walked.edges.items()},
        jobs=_jobs(subject.config, reader),
    )


def flag_names(value: PlainValue, bits: Mapping[str, int]) -> tuple[str, ...]:
    """The names of the bits that are set, in the order of `bits`; the rest as one hex number.

    Of what is no number, which a patch may have written, the value in words.
    """
    if not isinstance(value, int):
        return ("none" if value is None else str(value),)
    names = tuple(name for name, bit in bits.items() if value & bit)
    rest = value & ~sum(bits.values())
    return (*names, hex(rest)) if rest else names


def extents(inode: Inode) -> list[dict[str, int]]:
    """What a file itself holds, in the form of an image event's data."""
    return [
        {
            "pattern": extent.pattern,
            "offset": extent.start * SECTOR,
            "length": (extent.end - extent.start) * SECTOR,
        }
        for extent in inode.extents
    ]


class _ObjectReader(NamedTuple):
    """What is needed to look at an object; `paths` has each node's first path."""

    things: Mapping[int, Object]
    objects: Objects
    paths: Mapping[int, str]
    subject: Subject


Shown = Mapping[str, tuple[tuple[str, str, FieldConfig], ...]]


# Most objects are the same in many states, and most of these show nothing of others.
@lru_cache(maxsize=16_384)
def _by_name(thing: Object) -> Mapping[str, Value]:
    """An object's fields by their names."""
    return dict(thing.fields)


@lru_cache(maxsize=16_384)
def _own_fields(thing: Object, subject: Subject) -> Mapping[str, PlainValue] | None:
    """The observed fields of an object, None if they depend on other objects."""
    shown = _shown(subject)
    sources = [source for name, _ in thing.fields for _, source, _ in shown.get(name, ())]
    plain = [value for name, value in thing.contents.compound if name not in shown]
    if any("." in source for source in sources) or any(map(_refers, plain)):
        return None
    by_name = _by_name(thing)
    if any(
        rule.shown == "value" and _refers(by_name[source])
        for name in by_name
        for _, source, rule in shown.get(name, ())
    ):
        return None
    return _fields_as_shown(thing.id, _ObjectReader({}, {thing.id: by_name}, {}, subject))


def _refers(value: Value) -> bool:
    refs: list[int] = []
    items_in(value, refs)
    return bool(refs)


# Asked for with every object.
@lru_cache(maxsize=64)
def _shown(subject: Subject) -> Shown:
    """For fields that are not simply shown, the names under which they are shown.

    Each name comes with its source and its rule.
    """
    config = subject.config
    jobs = (config.jobs.field,) if config.jobs else ()
    shown: dict[str, tuple[tuple[str, str, FieldConfig], ...]] = dict.fromkeys(
        (*config.hidden, *config.node.children, *jobs), ()
    )
    for name, rule in config.fields.items():
        for source in rule.sources:
            field = source.partition(".")[0]
            shown[field] = (*shown.get(field, ()), (name, source, rule))
    return shown


def _nodes(roles: Mapping[NodePath, int], reader: _ObjectReader) -> dict[str, Node]:
    return {path_text(role): Node(role, id, _fields(id, reader)) for role, id in roles.items()}


def _jobs(config: SubjectConfig, reader: _ObjectReader) -> dict[str, Mapping[str, PlainValue]]:
    field = config.jobs.field if config.jobs else ""
    jobs = {path: reader.objects[id].get(field) for id, path in reader.paths.items()}
    return {
        f"{path}.{field}": _fields(job.id, reader)
        for path, job in jobs.items()
        if isinstance(job, Ref) and job.id in reader.objects
    }


def _fields(id: int, reader: _ObjectReader) -> Mapping[str, PlainValue]:
    """The observed fields of an object under their observed names, in the model's order."""
    own = _own_fields(reader.things[id], reader.subject)
    return _fields_as_shown(id, reader) if own is None else own


def _fields_as_shown(id: int, reader: _ObjectReader) -> Mapping[str, PlainValue]:
    by_name: dict[str, PlainValue] = {}
    shown = _shown(reader.subject)
    for field, value in reader.objects[id].items():
        if field not in shown:
            by_name[field] = _plain(value, reader)
        for name, source, rule in shown.get(field, ()):
            place = holder(source, id, reader.objects)
            value = place and reader.objects[place[0]][place[1]]
            by_name[name] = _observed(value, rule, reader)
    return by_name


def _observed(value: Value, rule: FieldConfig, reader: _ObjectReader) -> PlainValue:
    """What a rule shows of a value."""
    if rule.shown == "present":
        return bool(value)
    if rule.shown == "count":
        return _count(value)
    return _plain(rule.otherwise if value is None else value, reader)


def _count(value: Value) -> int:
    """The items of a list or dict; of a number, which older trees may have, itself."""
    if isinstance(value, int):
        return value
    return len(value) if isinstance(value, tuple | FrozenMap) else 0


def _plain(value: Value, reader: _ObjectReader, within: tuple[int, ...] = ()) -> PlainValue:
    """A value as JSON has it; an object that is no node as the dict of its fields."""
    if isinstance(value, tuple):
        return [_plain(item, reader, within) for item in value]
    if isinstance(value, FrozenMap):
        return {str(key): _plain(item, reader, within) for key, item in value.items()}
    if not isinstance(value, Ref):
        return value
    if value.id in reader.paths:
        return reader.paths[value.id]
    if value.id not in reader.objects:
        return "gone"
    if value.id in within:
        return "the same again"
    inside = (*within, value.id)
    return {name: _plain(v, reader, inside) for name, v in reader.objects[value.id].items()}


# Every place where something differs asks for the views of its event.
@lru_cache(maxsize=32)
def _files(disk: Disk) -> Mapping[str, File]:
    return {name: _file(inode, unlinked) for name, inode, unlinked in listing(disk)}


# Most files are the same after many events.
@lru_cache(maxsize=16_384)
def _file(inode: Inode, unlinked: bool) -> File:
    return File(**header(inode), unlinked=unlinked, inode=inode)
