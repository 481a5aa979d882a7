"""What a name with dots means."""

import dataclasses

from msgspec.structs import replace

from replay.engine.field_names import first_holder, holder
from replay.engine.view import view
from replay.state.objects import Object, Ref, State
from replay.variants.subject import FieldConfig, NodeConfig, SubjectConfig
from tests.handmade import MACHINE, SUBJECT, machine, node

OBJECTS = {
    2: {"drive": Ref(3), "size": 4},
    3: {"name": "d", "device": None},
}


def test_a_name_without_a_dot_is_a_field_of_the_object():
    assert holder("size", 2, OBJECTS) == (2, "size")
    assert holder("name", 2, OBJECTS) is None


def test_a_dot_leads_to_the_object_that_the_field_refers_to():
    assert holder("drive.name", 2, OBJECTS) == (3, "name")
    assert holder("drive.device.name", 2, OBJECTS) is None
    assert holder("size.name", 2, OBJECTS) is None


def test_the_first_name_counts_that_means_something():
    assert first_holder(("label", "drive.name", "size"), 2, OBJECTS) == (3, "name")
    assert first_holder(("label",), 2, OBJECTS) is None


def with_handles() -> SubjectConfig:
    """A subject whose older trees name nodes, and whose newer ones name what holds them."""
    handles = NodeConfig("Node", ("file",), "", ("handles.node", "drives"), ("handle.name", "name"))
    fields = {
        "name": FieldConfig("handle.name", otherwise=""),
        "attached": FieldConfig(("dev", "handle.dev"), "present"),
    }
    return replace(SUBJECT.config, node=handles, fields=fields)


def handled() -> State:
    """Two nodes, of which one is held by a handle."""
    top = Object(MACHINE, "Machine", (("handles", (Ref(4),)),))
    nodes = (
        Object(2, "Node", (("handle", Ref(4)), ("file", Ref(3)))),
        Object(3, "Node", (("handle", None),)),
    )
    handle = Object(4, "Handle", (("name", "d"), ("node", Ref(2)), ("dev", "disk")))
    return State((top, *nodes, handle), MACHINE, 5, machine(node(2), roots=()).disk)


def test_roots_and_fields_can_be_those_of_an_object_that_holds_the_node():
    subject = dataclasses.replace(SUBJECT, config=with_handles())
    nodes = view(handled(), subject).nodes
    assert {path: found.id for path, found in nodes.items()} == {"d": 2, "d.file": 3}
    assert (nodes["d"].fields["name"], nodes["d"].fields["attached"]) == ("d", True)
    assert (nodes["d.file"].fields["name"], nodes["d.file"].fields["attached"]) == ("", False)
