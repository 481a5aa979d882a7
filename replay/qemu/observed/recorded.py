"""A recording's own replies and queries as an observed trace.

Its queries show the nodes at the places where they stand, its replies how commands ended. Of
other events and other places nothing is shown.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any

from msgspec.structs import replace

from replay.engine.trace import NOTHING, ObservedStep, ObservedTrace, Observer, Outcome
from replay.engine.view import Node, View
from replay.events.event import Await, Command, Event, Log, Notice, Observation
from replay.qemu.observed.open_flags import add_flags
from replay.qemu.observed.query_replies import QUERIES, TRACED, QueryAnswers, drive_nodes, file_name
from replay.qemu.observed.storage_daemon import (
    is_nameless,
    made_drives,
    name_exports,
    without_drive_fields,
)
from replay.qemu.observed.visibility import COMPARED_FLAGS, FLAGS, compared_flags, visible_part
from replay.variants.subject import Subject
from replay.variants.translation import translate

DRIVES, NODES, GRAPH = QUERIES
PROTOCOLS = ("file", "host_device")

LastAnswers = dict[str, Any]
"""The last answer to each query since the last operation."""

ODD = (LookupError, TypeError, ValueError, AttributeError, RecursionError, CycleError)
"""What an answer raises that is not as QEMU's are."""


def recorded(log: Log, subject: Subject, name: str = "recorded") -> ObservedTrace:
    """What the recording of a log saw. Places where it did not look have no view."""
    log = translate(log, subject)
    looks, odd = views_of(log)
    looks = add_flags(looks, log, subject.config.bits.get(FLAGS, {}))
    steps = tuple(
        ObservedStep(seq, event, outcome(event), looks.get(seq))
        for seq, event in enumerate(log.events, 1)
    )
    observer = Observer(name, "what was recorded", "", subject)
    return ObservedTrace(
        log,
        observer,
        steps,
        lambda visited: recordable_part(visited, subject),
        tuple(remarks(log, looks, odd)),
    )


def recordable_part(whole: View, subject: Subject) -> View:
    """What the queries of a recording could have shown of a state of the model."""
    bits = subject.config.bits.get(FLAGS, {})
    visible = visible_part(whole, subject)
    nodes = {path: as_opened(node, bits) for path, node in visible.nodes.items()}
    return replace(visible, nodes=nodes, other={}, files={})


def as_opened(node: Node, bits: Mapping[str, int]) -> Node:
    """The node with only those flags that it keeps as it was opened with them."""
    if FLAGS not in node.fields:
        return node
    return replace(node, fields={**node.fields, FLAGS: compared_flags(node.fields[FLAGS], bits)})


def remarks(log: Log, looks: Collection[int], odd: Collection[int]) -> Iterator[str]:
    """What a reader must know."""
    if not any(o.name in QUERIES for o in log.observations):
        yield "it asked nothing about its drives, so that only replies are compared"
    elif not looks and not odd:
        yield "it saw no drive that has a name, so that only replies are compared"
    listed = ", ".join(COMPARED_FLAGS)
    if any(o.name == TRACED for o in log.observations) and looks:
        yield f"of open_flags only {listed} are compared, once a node is opened"
    yield from (f"the answers after #{seq} can't be understood" for seq in odd)


# Replies


def outcome(event: Event) -> Outcome | None:
    """How a command ended when it was recorded; None where that was not recorded.

    A text that the human monitor printed may be a result or a refusal.
    """
    command = event.original or event.payload
    if not isinstance(command, Command) or command.reply is None:
        return None
    if "error" in command.reply:
        error = command.reply["error"]
        fields = error if isinstance(error, dict) else {}
        texts = {key: str(fields.get(key, "")) for key in ("class", "desc")}
        return Outcome("refused", error=texts)
    return NOTHING if command.reply["return"] == {} else None


# Queries


def views_of(log: Log) -> tuple[dict[int, View], list[int]]:
    """The view after each event with enough answers, by seq, and where these make no sense.

    Notices may come between queries that belong together; an operation may not.
    """
    views: dict[int, View] = {}
    odd: list[int] = []
    answers: LastAnswers = {}
    ids = made_drives(log) if is_nameless(log) else None
    for seq, queries in places(log):
        if not isinstance(log.events[seq - 1].payload, Notice | Await):
            answers = {}
        queries = [query for query in queries if query.name in QUERIES]
        answers |= {query.name: query.answer for query in queries}
        if not queries:
            continue
        try:
            if ids is None and DRIVES in answers:
                views[seq] = view_from(answers)
            elif ids and (exported := name_exports(answers, ids)):
                views[seq] = without_drive_fields(view_from(exported))
        except ODD:
            odd.append(seq)
    return views, odd


def places(log: Log) -> Iterator[tuple[int, list[Observation]]]:
    """Each event's seq and what was observed after it."""
    by_seq: dict[int, list[Observation]] = {}
    for observation in log.observations:
        by_seq.setdefault(observation.after, []).append(observation)
    return ((seq, by_seq.get(seq, [])) for seq in range(1, len(log.events) + 1))


def view_from(answers: LastAnswers) -> View:
    """The nodes that the answers show. Raises an error of ODD for what QEMU never answers."""
    named = ({**drive, "device": drive_name(drive)} for drive in answers[DRIVES])
    drives: list[Mapping[str, Any]] = [drive for drive in named if drive["device"]]
    nodes = answers.get(NODES) or [d["inserted"] for d in drives if d.get("inserted")]
    graph = (
        name_drives(answers[GRAPH], drives) if answers.get(GRAPH) else guess_graph(drives, nodes)
    )
    refuse_cycle(graph)
    return View(
        running=True, nodes=without_empty(drive_nodes(QueryAnswers(drives, nodes, graph), str))
    )


def drive_name(drive: Mapping[str, Any]) -> str:
    """A drive's own name, or "drive-" and the id of its device; "" if it has neither."""
    device = device_id(str(drive.get("qdev", "")))
    return str(drive["device"]) or (f"drive-{device}" if device else "")


def device_id(path: str) -> str:
    """The id that a device was given, from its path in the machine or by itself."""
    return path.partition("/peripheral/")[2].partition("/")[0] or path


def name_drives(graph: Mapping[str, Any], drives: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The graph, in which a drive without a name has the name of its device."""
    names = {device_id(str(drive.get("qdev", ""))): drive["device"] for drive in drives}
    things = [
        {**item, "name": names.get(device_id(item["name"]), item["name"])}
        if item["type"] == "block-backend"
        else item
        for item in graph["nodes"]
    ]
    return {**graph, "nodes": things}


def without_empty(nodes: Mapping[str, Node]) -> Mapping[str, Node]:
    """The nodes of which something is known; a drive without a medium has a driver, None."""
    return {path: node for path, node in nodes.items() if node.fields}


def refuse_cycle(graph: Mapping[str, Any]) -> None:
    """Raises an error of ODD for a graph whose edges go round."""
    below: dict[int, set[int]] = {}
    for edge in graph["edges"]:
        below.setdefault(int(edge["parent"]), set()).add(int(edge["child"]))
    TopologicalSorter(below).prepare()


def guess_graph(drives: Sequence[Any], nodes: Sequence[Any]) -> dict[str, Any]:
    """The graph for a recording that has none: each node with its file, and those that it names."""
    numbers = {node["node-name"]: number for number, node in enumerate(nodes, 1)}
    formats = {file_of(node): node["node-name"] for node in nodes if node["drv"] not in PROTOCOLS}
    files = {file_of(node): node["node-name"] for node in nodes if node["drv"] in PROTOCOLS}
    things = [{"id": n, "type": "block-driver", "name": name} for name, n in numbers.items()]
    edges = []
    for node in nodes:
        ends = {"backing": formats.get(node.get("backing_file", ""))}
        ends["file"] = files.get(file_of(node)) if node["drv"] not in PROTOCOLS else None
        edges += [
            {"parent": numbers[node["node-name"]], "child": numbers[name], "name": role}
            for role, name in ends.items()
            if name is not None
        ]
    for number, drive in enumerate(drives, len(nodes) + 1):
        things.append({"id": number, "type": "block-backend", "name": drive["device"]})
        if drive.get("inserted"):
            top = numbers[drive["inserted"]["node-name"]]
            edges.append({"parent": number, "child": top, "name": "root"})
    return {"nodes": things, "edges": edges}


def file_of(node: Mapping[str, Any]) -> str:
    """The file that a node reads."""
    return file_name(node)
