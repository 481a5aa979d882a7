"""What can differ between variants at an event, and its value in one of them.

| type | kind | path | field | value |
|---|---|---|---|---|
| OutcomePlace | outcome | as "guest read drive0" | "" | status, what counts of value or error |
| MachinePlace | outcome | machine | running | false after a crash or a refused start |
| FilePlace | file | its name | existence, header, data | exists, unlinked, absent; the value |
| NodePlace | node | a node's or job's path | existence | present or absent |
| EdgePlace | edge | the path of a child | target | the first path of the node that it is |
| FieldPlace | field | a node's or job's path | its name | the value of the field, or of one flag |
"""

from typing import Any, ClassVar, Literal

from msgspec import UNSET, Struct, UnsetType

from replay.engine.trace import Outcome
from replay.engine.view import File, View, extents
from replay.events.event import Await, Command, Guest, Internal, Payload, kind, name

ABSENT: UnsetType = UNSET
"""The value of a place that is not there, as a field of a node that does not exist."""

HEADER = ("format", "size", "backing_file", "backing_format")
FILE_FIELDS = (*HEADER, "data")
"""What a file has besides its existence."""

KINDS = ("outcome", "file", "node", "edge", "field")
"""The kinds in the order in which a reader wants them: behaviour before state."""

Level = Literal["behaviour", "state"]


class Place(Struct, frozen=True):
    """What can differ. `flag` is the one bit of a bit field that is meant, "" for the whole.

    Of the level "behaviour" is what the guest or the user can notice: outcomes, reads, files.
    """

    path: str
    field: str = ""
    flag: str = ""
    kind: ClassVar[str]
    level: ClassVar[Level] = "state"

    @property
    def order(self) -> int:
        """The position of its kind in a list for readers."""
        return KINDS.index(self.kind)

    @property
    def operand(self) -> str | None:
        """The place as commands take it; None for one that they can't be asked about."""
        is_existence = self.field == "existence"
        if self.kind == "outcome" or (self.kind == "node" and not is_existence):
            return None
        return self.path if self.kind == "edge" or is_existence else f"{self.path}.{self.field}"

    @property
    def existence(self) -> "Place":
        """The place that says whether the node or file of this one is there."""
        return NodePlace(self.path)

    def document(self) -> dict[str, str]:
        """Its kind, path and field, as JSON has them."""
        return {"kind": self.kind, "path": self.path, "field": self.field}

    def value_in(self, outcome: Outcome, view: View) -> Any:
        """The value where an event ended with `outcome` and left `view`; ABSENT if not there."""
        raise NotImplementedError


class OutcomePlace(Place, frozen=True):
    """How an event ended; the path says in words which events."""

    kind: ClassVar[str] = "outcome"
    level: ClassVar[Level] = "behaviour"

    def value_in(self, outcome: Outcome, view: View) -> Any:
        """What counts of the outcome."""
        return comparable(outcome)


class MachinePlace(Place, frozen=True):
    """Whether a machine runs after the event."""

    path: str = "machine"
    field: str = "running"
    kind: ClassVar[str] = "outcome"
    level: ClassVar[Level] = "behaviour"

    def value_in(self, outcome: Outcome, view: View) -> Any:
        """True or False."""
        return view.running


class FilePlace(Place, frozen=True):
    """A file's existence, a field of its header, or its data."""

    field: str = "existence"
    kind: ClassVar[str] = "file"
    level: ClassVar[Level] = "behaviour"

    @property
    def existence(self) -> Place:
        """The same file's existence."""
        return FilePlace(self.path)

    def value_in(self, outcome: Outcome, view: View) -> Any:
        """The existence in one word, else the value, ABSENT where the file is not there."""
        file = view.files.get(self.path)
        existence = existence_of(file)
        if self.field == "existence":
            return existence
        if file is None or existence != "exists":
            return ABSENT
        return extents(file.inode) if self.field == "data" else getattr(file, self.field)


class NodePlace(Place, frozen=True):
    """Whether there is a node, or a job, at a path; or which object it is: its identity."""

    field: str = "existence"
    kind: ClassVar[str] = "node"

    def value_in(self, outcome: Outcome, view: View) -> Any:
        """Present or absent; ABSENT where no machine runs."""
        if not view.running:
            return ABSENT
        paths = (view.all_nodes, view.edges, view.jobs)
        return "present" if any(self.path in known for known in paths) else "absent"


class EdgePlace(Place, frozen=True):
    """The node that a child is."""

    field: str = "target"
    kind: ClassVar[str] = "edge"

    def value_in(self, outcome: Outcome, view: View) -> Any:
        """The first path of that node; its own where it is met there first."""
        is_there = view.running and (self.path in view.edges or self.path in view.all_nodes)
        return view.edges.get(self.path, self.path) if is_there else ABSENT


class FieldPlace(Place, frozen=True):
    """A field of a node or job, or one flag of a bit field."""

    kind: ClassVar[str] = "field"

    def value_in(self, outcome: Outcome, view: View) -> Any:
        """The whole field's value."""
        if not view.running:
            return ABSENT
        return view.fields.get(self.path, {}).get(self.field, ABSENT)


def existence_of(file: File | None) -> str:
    """In one word: exists, unlinked, or absent where the name never was."""
    return "absent" if file is None else "unlinked" if file.unlinked else "exists"


def comparable(outcome: Outcome) -> dict[str, Any]:
    """What counts of an outcome: status, a value, an error's class or errno, not its wording."""
    if outcome.status == "returned":
        return {"status": outcome.status, "value": outcome.value}
    error = outcome.error or {}
    return {"status": outcome.status} | {k: error[k] for k in ("class", "errno") if k in error}


def label(payload: Payload) -> str:
    """The event in a few words, the same for all events of its sort: "guest read drive0"."""
    match payload:
        case Command():
            return f"{payload.channel} {payload.name}"
        case Guest() | Internal():
            return f"{kind(payload)} {payload.name} {payload.device}"
        case Await():
            return " ".join(word for word in ("await", payload.device, payload.until) if word)
        case _:
            return f"{kind(payload)} {name(payload)}"
