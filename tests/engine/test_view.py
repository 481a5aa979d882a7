"""What a view shows of a state."""

import pytest

from replay.engine.view import extents, flag_names, view
from replay.state.disk import Inode
from replay.state.extents import Extent
from replay.state.objects import FrozenMap, Object, Ref, State
from tests.handmade import FLAGS, SUBJECT, disk, machine, node


def paths(state: State) -> dict[str, int]:
    return {path: found.id for path, found in view(state, SUBJECT).nodes.items()}


def fields(**values):
    return view(machine(node(2, "d", **values), roots=(2,)), SUBJECT).nodes["d"].fields


def test_nodes_are_walked_depth_first_and_file_first():
    state = machine(
        node(2, "d", backing_hd=Ref(4), file=Ref(3)),
        node(3),
        node(4, file=Ref(5), backing_hd=Ref(6)),
        node(5),
        node(6),
        node(7, "e"),
        roots=(7, 2),
    )
    assert list(paths(state).items()) == [
        ("e", 7),
        ("d", 2),
        ("d.file", 3),
        ("d.backing_hd", 4),
        ("d.backing_hd.file", 5),
        ("d.backing_hd.backing_hd", 6),
    ]


def test_a_cycle_is_cut_and_kept_as_an_edge():
    state = machine(
        node(2, "d", backing_hd=Ref(3)),
        node(3, backing_hd=Ref(2), file=Ref(4)),
        node(4),
        roots=(2,),
    )
    assert list(paths(state)) == ["d", "d.backing_hd", "d.backing_hd.file"]
    assert view(state, SUBJECT).edges == {"d.backing_hd.backing_hd": "d"}


def test_a_node_that_is_its_own_child_ends_the_walk():
    state = machine(node(2, "d", backing_hd=Ref(2)), roots=(2,))
    assert list(paths(state)) == ["d"]
    assert view(state, SUBJECT).edges == {"d.backing_hd": "d"}


def test_a_shared_node_stands_under_both_paths():
    state = machine(
        node(2, "d", backing_hd=Ref(4)), node(3, "e", backing_hd=Ref(4)), node(4), roots=(2, 3)
    )
    assert paths(state) == {"d": 2, "d.backing_hd": 4, "e": 3, "e.backing_hd": 4}
    assert view(state, SUBJECT).edges == {"e.backing_hd": "d.backing_hd"}


def test_sharing_at_every_level_does_not_run_away():
    depth = 60
    chain = [node(n, file=Ref(n + 1), backing_hd=Ref(n + 1)) for n in range(3, depth)]
    state = machine(node(2, "d", backing_hd=Ref(3)), *chain, node(depth), roots=(2,))
    assert len(paths(state)) < 20_000


def test_a_chain_of_a_thousand_nodes_is_shown():
    chain = [node(n, backing_hd=Ref(n + 1)) for n in range(3, 1000)]
    state = machine(node(2, "d", backing_hd=Ref(3)), *chain, node(1000), roots=(2,))
    assert len(paths(state)) == 999


def test_nodes_out_of_reach_are_other_with_their_children():
    state = machine(node(2, "d"), node(3), node(4, file=Ref(3)), node(5), roots=(2,))
    other = view(state, SUBJECT).other
    assert {path: found.id for path, found in other.items()} == {
        "other[0]": 4,
        "other[0].file": 3,
        "other[1]": 5,
    }


def test_a_ring_out_of_reach_is_other_once():
    state = machine(node(2, backing_hd=Ref(3)), node(3, backing_hd=Ref(2)), roots=())
    assert list(view(state, SUBJECT).other) == ["other[0]", "other[0].backing_hd"]


def test_a_root_without_a_name_is_other():
    assert list(view(machine(node(2), roots=(2,)), SUBJECT).other) == ["other[0]"]


def test_fields_have_their_observed_names():
    assert fields(drv="qcow2")["driver"] == "qcow2"
    assert "drv" not in fields(drv="qcow2")


def test_presence_and_count_stand_for_what_has_no_plain_value():
    assert fields(dev="virtio0", bitmaps=(1, 2)) == {"name": "d", "attached": True, "bitmaps": 2}
    assert fields(dev=None, bitmaps=()) == {"name": "d", "attached": False, "bitmaps": 0}


def test_hidden_fields_children_and_fields_that_the_tree_lacks_are_absent():
    assert fields(opaque=1, file=None) == {"name": "d"}


def test_lists_and_maps_are_plain():
    assert fields(limits=(1, 2), options=FrozenMap((("a", "b"),))) == {
        "name": "d",
        "limits": [1, 2],
        "options": {"a": "b"},
    }


def test_a_job_has_the_path_of_its_node_and_names_its_target_by_path():
    job = Object(3, "Job", (("kind", "mirror"), ("target", Ref(4)), ("owner", Ref(2))))
    state = machine(node(2, "d", job=Ref(3)), job, node(4), roots=(2,))
    seen = view(state, SUBJECT)
    assert seen.jobs == {"d.job": {"kind": "mirror", "target": "other[0]", "owner": "d"}}
    assert seen.nodes["d"].fields["job_present"] is True


def test_an_object_that_is_no_node_is_shown_by_its_fields_even_if_it_holds_itself():
    options = Object(3, "Options", (("a", 1), ("me", Ref(3))))
    state = machine(node(2, "d", options=Ref(3)), options, roots=(2,))
    assert view(state, SUBJECT).nodes["d"].fields["options"] == {"a": 1, "me": "the same again"}


def test_a_machine_that_does_not_run_has_files_and_nothing_else():
    seen = view(State((), None, 1, disk("/a")), SUBJECT)
    assert not seen.running
    assert not seen.all_nodes
    assert list(seen.files) == ["/a"]


def test_files_are_the_directory_and_what_is_gone_but_nothing_temporary():
    files = view(machine(roots=(), disk=disk("/a", "<tmp0>", gone=("/b",))), SUBJECT).files
    assert {name: file.unlinked for name, file in files.items()} == {"/a": False, "/b": True}


def test_the_data_of_a_file_has_the_form_of_an_image_event():
    inode = Inode(1, "qcow2", 1 << 20, extents=(Extent(128, 256, 7),))
    assert extents(inode) == [{"pattern": 7, "offset": 65536, "length": 65536}]


def test_flags_are_named_in_the_order_of_interest_and_unknown_ones_as_a_number():
    assert flag_names(0x12, FLAGS) == ("TEMPORARY", "RDWR")
    assert flag_names(0x4002, FLAGS) == ("RDWR", "0x4000")
    assert flag_names(0, FLAGS) == ()


@pytest.mark.parametrize(("value", "name"), [("seven", "seven"), (None, "none"), ([1], "[1]")])
def test_of_flags_that_are_no_number_the_value_is_named(value, name):
    assert flag_names(value, FLAGS) == (name,)


def test_a_machine_whose_disk_alone_changes_is_looked_at_once():
    before, after = (machine(node(2, "d"), roots=(2,), disk=d) for d in (disk(), disk("/a")))
    assert view(before, SUBJECT).nodes is view(after, SUBJECT).nodes
