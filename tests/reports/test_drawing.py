"""The graph of a state, and its two drawings."""

import re
import subprocess
from xml.etree import ElementTree

from msgspec.structs import replace

from replay.engine.view import view
from replay.reports.documents.graph import NOTHING, Differing, Drawing, Mark, graph
from replay.reports.drawing.dot import dot
from replay.reports.drawing.svg import document, layout, svg
from replay.state.objects import Object, Ref, State
from tests.handmade import SUBJECT, disk, machine, node

SVG = "{http://www.w3.org/2000/svg}"
WILD = "\x1b]0;\x07<script>alert(1)</script>\"'&\\N\u202e"


def drawn(state: State, differing: Differing = NOTHING) -> Drawing:
    return graph(view(state, SUBJECT), SUBJECT.config, differing)


def snapshot() -> State:
    """A drive with an overlay on a base whose file is gone, and a job that works on both."""
    return machine(
        node(2, "d", drv="qcow2", filename="/i/top", file=Ref(3), backing_hd=Ref(4), job=Ref(6)),
        node(3, drv="file", filename="/i/top"),
        node(4, drv="qcow2", filename="/i/base", file=Ref(5)),
        node(5, drv="file", filename="/i/base"),
        Object(6, "Job", (("job_type", "commit"), ("base", Ref(4)), ("target", Ref(4)))),
        roots=(2,),
        disk=disk("/i/top", gone=("/i/base",)),
    )


def test_base_stands_left_of_the_active_layer_and_files_stand_below():
    assert layout(drawn(snapshot())) == {
        "d": (1, 0),
        "d.file": (1, 1),
        "d.backing_hd": (0, 0),
        "d.backing_hd.file": (0, 1),
        "d.job": (2, 0),
    }


def test_nodes_are_ellipses_and_edges_are_labelled_as_qemu_does():
    found = ElementTree.fromstring(svg(drawn(snapshot())))
    assert len(found.findall(f".//{SVG}ellipse")) == 4
    assert len(found.findall(f".//{SVG}rect")) == 1
    texts = [text.text for text in found.iter(f"{SVG}text")]
    assert texts[:5] == ["file", "backing", "file", "job", "base, target"]
    assert texts[5:9] == ["d [qcow2]", "top", "file [file]", "top"]


def test_an_unlinked_file_is_struck_through():
    told = drawn(snapshot())
    struck = ElementTree.fromstring(svg(told)).findall(f".//{SVG}text[@class='struck']")
    assert [text.text for text in struck] == ["base", "base"]
    assert dot(told).count("<S>base</S>") == 2
    assert "<S>top</S>" not in dot(told)


def test_a_screen_reader_is_told_the_chain():
    assert drawn(snapshot()).text == "[base, unlinked] <-- [top]"
    assert drawn(machine(roots=())).text == "empty"


def test_what_differs_is_marked_by_a_sign_too():
    differing = Differing(frozenset({"d"}), marks={"d": (Mark("+", "RDWR"), Mark("-", "SNAPSHOT"))})
    told = drawn(snapshot(), differing)
    found = ElementTree.fromstring(svg(told))
    [marked] = found.findall(f".//{SVG}g[@class='differs']")
    assert [text.text for text in marked.iter(f"{SVG}text")][2:] == ["+RDWR", "-SNAPSHOT"]
    assert "top, +RDWR, -SNAPSHOT" in told.text
    assert "+RDWR<BR/>-SNAPSHOT" in dot(told)


def test_a_shared_node_and_a_ring_are_drawn_once():
    ring = machine(
        node(2, "d", backing_hd=Ref(3)),
        node(3, backing_hd=Ref(4)),
        node(4, backing_hd=Ref(2)),
        node(5, "e", backing_hd=Ref(3)),
        roots=(2, 5),
    )
    told = drawn(ring)
    assert [vertex.path for vertex in told.vertices] == [
        "d",
        "d.backing_hd",
        "d.backing_hd.backing_hd",
        "e",
    ]
    ends = [(edge.start, edge.end) for edge in told.edges]
    assert sorted(ends) == [
        ("d", "d.backing_hd"),
        ("d.backing_hd", "d.backing_hd.backing_hd"),
        ("d.backing_hd.backing_hd", "d"),
        ("e", "d.backing_hd"),
    ]
    ElementTree.fromstring(svg(told))


def test_no_two_vertices_share_a_place():
    """The file of a base wants the place that the backing of a file already has."""
    told = drawn(
        machine(
            node(2, "d", file=Ref(3), backing_hd=Ref(4)),
            node(3, backing_hd=Ref(5)),
            node(4, file=Ref(6)),
            node(5),
            node(6),
            roots=(2,),
        )
    )
    cells = layout(told)
    assert len(set(cells.values())) == len(cells) == 5


def test_names_from_a_log_are_escaped_in_both_drawings():
    state = machine(node(2, WILD, drv=WILD, filename=WILD, file=Ref(3)), node(3), roots=(2,))
    told = drawn(state, Differing(marks={WILD: (Mark("+", "A<B"),)}))
    for drawing in (document(told), dot(told)):
        assert all(line.isprintable() for line in drawing.split("\n"))
        assert "<script" not in drawing
    ElementTree.fromstring(document(told))
    assert not re.search(r"\\(?!x|u)", re.sub("&#92;", "", dot(told)))


def test_graphviz_reads_the_dot(need):
    need("dot", "graphviz")
    wild = graph(view(machine(node(2, WILD, drv=WILD), roots=(2,)), SUBJECT), SUBJECT.config)
    for told in (drawn(snapshot()), wild, drawn(machine(roots=()))):
        done = subprocess.run(
            ["dot", "-Tplain"], input=dot(told), capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
        nodes = [line for line in done.stdout.split("\n") if line.startswith("node ")]
        assert len(nodes) == len(told.vertices)


def test_a_drawing_of_its_own_brings_its_colours_and_a_page_brings_them_for_all():
    assert "prefers-color-scheme: dark" in document(drawn(snapshot()))
    assert "<style" not in svg(drawn(snapshot()))


def test_a_subject_says_what_it_calls_its_children():
    config = replace(SUBJECT.config, more={"drawing": {"labels": {"file": "below"}}})
    told = graph(view(snapshot(), SUBJECT), config)
    assert {edge.label for edge in told.edges} == {"below", "backing_hd", "job", "base, target"}


def test_a_long_chain_goes_on_below():
    top, last = 2, 21
    nodes = [node(n, *(["d"] if n == top else []), backing_hd=Ref(n + 1)) for n in range(top, last)]
    drawing = drawn(machine(*nodes, node(last), roots=(top,)))
    cells = layout(drawing)
    assert len(set(cells.values())) == len(cells) == 20
    assert max(column for column, _ in cells.values()) == 7
    assert {row for _, row in cells.values()} == {0, 1, 2}
    assert cells["d"] == (7, 0)
    assert ElementTree.fromstring(svg(drawing)).get("class") == "graph wide"
