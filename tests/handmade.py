"""Frozen states and traces made by hand: what a replay would leave, without a replay."""

from pathlib import Path

from replay.engine.trace import ModelStep, ModelTrace, Outcome
from replay.events.event import Event, Log, LogHeader, Payload, fingerprint
from replay.series import Series, Tree, source_file
from replay.state.disk import Disk, Inode
from replay.state.extents import Extent
from replay.state.objects import Object, Ref, State, Value
from replay.variants.expression import VariantSpec
from replay.variants.subject import FieldConfig, JobsConfig, NodeConfig, Subject, SubjectConfig
from replay.variants.variant import Variant

FLAGS = {"TEMPORARY": 0x10, "SNAPSHOT": 0x8, "RDWR": 0x2}
MACHINE = 1
NO_FILES = Disk()

SUBJECT = Subject(
    Path("handmade"),
    SubjectConfig(
        machine="Machine",
        missing=("not found",),
        more={
            "drawing": {
                "driver": "driver",
                "file": "filename",
                "job": "job_type",
                "labels": {"backing_hd": "backing"},
            }
        },
        node=NodeConfig(
            class_name="Node",
            children=("file", "backing_hd"),
            chain="backing_hd",
            roots="drives",
            root_name="name",
        ),
        fields={
            "driver": FieldConfig("drv"),
            "attached": FieldConfig("dev", "present"),
            "bitmaps": FieldConfig("bitmaps", "count"),
            "job_present": FieldConfig("job", "present"),
        },
        hidden=("opaque",),
        jobs=JobsConfig("job"),
        bits={"open_flags": FLAGS},
    ),
    Series(Tree(()), ()),
)


def node(id: int, name: str = "", **fields: Value) -> Object:
    """A node with these fields."""
    return Object(id, "Node", (("name", name), *fields.items()))


def machine(*nodes: Object, roots: tuple[int, ...], disk: Disk = NO_FILES) -> State:
    """A running machine with these objects, whose roots are the nodes with the ids `roots`."""
    top = Object(MACHINE, "Machine", (("drives", tuple(map(Ref, roots))),))
    objects = tuple(sorted((top, *nodes), key=lambda thing: thing.id))
    return State(objects, MACHINE, objects[-1].id + 1, disk)


def disk(*names: str, gone: tuple[str, ...] = (), data: tuple[Extent, ...] = ()) -> Disk:
    """A disk with qcow2 files of these names, all holding the same data."""
    numbers = {name: number for number, name in enumerate((*names, *gone), 1)}
    return Disk(
        inodes=tuple(Inode(n, "qcow2", 1 << 20, extents=data) for n in numbers.values()),
        directory=tuple((name, numbers[name]) for name in sorted(names)),
        gone=tuple((name, numbers[name]) for name in sorted(gone)),
    )


def variant(name: str) -> Variant:
    """A variant of a model that says nothing."""
    tree = Tree((source_file("model.py", "class Machine:\n    drives: list = []\n"),))
    return Variant(name, f"{name}^", SUBJECT, tree, VariantSpec(0))


def trace(name: str, *steps: tuple[Payload, Outcome, State]) -> ModelTrace:
    """What a log of these payloads did in the variant `name`, as told."""
    events = tuple(Event(payload) for payload, _, _ in steps)
    log = Log("handmade", LogHeader("handmade"), events, fingerprint(events))
    done = (
        ModelStep(seq, event, outcome, state)
        for seq, (event, (_, outcome, state)) in enumerate(zip(events, steps, strict=True), 1)
    )
    return ModelTrace(log, variant(name), tuple(done))
