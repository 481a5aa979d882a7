"""A recording's own replies and queries as an observed trace.

Its own queries show the nodes at the places where they were asked, its replies how commands
ended. Of other events and other places it tells nothing.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any

from msgspec.structs import replace

from replay.engine.replay import NOTHING
from replay.engine.trace import ObservedStep, ObservedTrace, Observer, Outcome
from replay.engine.view import Node, View
from replay.events.event import Await, Command, Event, Log, Notice, Observation
from replay.qemu.observed.open_flags import with_flags
from replay.qemu.observed.query_replies import QUERIES, TRACED, QueryAnswers, file_name, rooted
from replay.qemu.observed.storage_daemon import as_drives, is_nameless, made_drives, unnamed
from replay.qemu.observed.visibility import COMPARED_FLAGS, FLAGS, through
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
    looks, odd = looked(log)
    looks = with_flags(looks, log, subject.config.bits.get(FLAGS, {}))
    steps = tuple(
        ObservedStep(seq, event, outcome(event), looks.get(seq))
        for seq, event in enumerate(log.events, 1)
    )
    witness = Observer(name, "what was recorded", "", subject)
    return ObservedTrace(
        log, witness, steps, lambda seen: lens(seen, subject), tuple(remarks(log, looks, odd))
    )


def lens(whole: View, subject: Subject) -> View:
    """What the queries of a recording could have shown of a state of the model."""
    return replace(through(whole, subject), other={}, files={})


def remarks(log: Log, looks: Collection[int], odd: Collection[int]) -> Iterator[str]:
    """What a reader must know."""
    if not any(seen.name in QUERIES for seen in log.observations):
        yield "it asked nothing about its drives, so that only replies are compared"
    elif not looks and not odd:
        yield "it saw no drive that has a name, so that only replies are compared"
    listed = ", ".join(COMPARED_FLAGS)
    if any(seen.name == TRACED for seen in log.observations) and looks:
        yield f"of open_flags only {listed} are compared, once a node is opened"
    yield from (f"the answers after #{seq} can't be understood" for seq in odd)


# Replies


def outcome(event: Event) -> Outcome | None:
    """How a command ended when it was recorded; None where that is not told.

    A text that the human monitor printed may be a result or a refusal.
    """
    said = event.original or event.payload
    if not isinstance(said, Command) or said.reply is None:
        return None
    if "error" in said.reply:
        error = said.reply["error"]
        fields = error if isinstance(error, dict) else {}
        told = {key: str(fields.get(key, "")) for key in ("class", "desc")}
        return Outcome("refused", error=told)
    return NOTHING if said.reply["return"] == {} else None


# Queries


def looked(log: Log) -> tuple[dict[int, View], list[int]]:
    """The view at each place where enough was asked, by seq, and where that makes no sense.

    Notices may come between the queries of one look; an operation ends it.
    """
    found: dict[int, View] = {}
    odd: list[int] = []
    asked: LastAnswers = {}
    ids = made_drives(log) if is_nameless(log) else None
    for seq, queries in places(log):
        if not isinstance(log.events[seq - 1].payload, Notice | Await):
            asked = {}
        queries = [query for query in queries if query.name in QUERIES]
        asked |= {query.name: query.answer for query in queries}
        if not queries:
            continue
        try:
            if ids is None and DRIVES in asked:
                found[seq] = seen(asked)
            elif ids and (exported := as_drives(asked, ids)):
                found[seq] = unnamed(seen(exported))
        except ODD:
            odd.append(seq)
    return found, odd


def places(log: Log) -> Iterator[tuple[int, list[Observation]]]:
    """Each event's seq and what was observed after it."""
    by_seq: dict[int, list[Observation]] = {}
    for one in log.observations:
        by_seq.setdefault(one.after, []).append(one)
    return ((seq, by_seq.get(seq, [])) for seq in range(1, len(log.events) + 1))


def seen(asked: LastAnswers) -> View:
    """The nodes that the answers show. Raises one of ODD for what no QEMU answers."""
    named = ({**one, "device": drive_name(one)} for one in asked[DRIVES])
    drives: list[Mapping[str, Any]] = [one for one in named if one["device"]]
    nodes = asked.get(NODES) or [one["inserted"] for one in drives if one.get("inserted")]
    graph = renamed(asked[GRAPH], drives) if asked.get(GRAPH) else graph_of(drives, nodes)
    check(graph)
    return View(running=True, nodes=known(rooted(QueryAnswers(drives, nodes, graph), str)))


def drive_name(drive: Mapping[str, Any]) -> str:
    """A drive's own name, or "drive-" and the id of its device; "" if it has neither."""
    device = device_id(str(drive.get("qdev", "")))
    return str(drive["device"]) or (f"drive-{device}" if device else "")


def device_id(path: str) -> str:
    """The id that a device was given, from its path in the machine or by itself."""
    return path.partition("/peripheral/")[2].partition("/")[0] or path


def renamed(graph: Mapping[str, Any], drives: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The graph, in which a drive without a name has its device's, with the names of drives."""
    names = {device_id(str(one.get("qdev", ""))): one["device"] for one in drives}
    things = [
        {**one, "name": names.get(device_id(one["name"]), one["name"])}
        if one["type"] == "block-backend"
        else one
        for one in graph["nodes"]
    ]
    return {**graph, "nodes": things}


def known(nodes: Mapping[str, Node]) -> Mapping[str, Node]:
    """The nodes, a drive without a medium being one that has no driver."""
    return {path: node for path, node in nodes.items() if node.fields}


def check(graph: Mapping[str, Any]) -> None:
    """Raises one of ODD for a graph whose edges go round."""
    below: dict[int, set[int]] = {}
    for edge in graph["edges"]:
        below.setdefault(int(edge["parent"]), set()).add(int(edge["child"]))
    TopologicalSorter(below).prepare()


def graph_of(drives: Sequence[Any], nodes: Sequence[Any]) -> dict[str, Any]:
    """The graph where nobody asked for it: each node with its file, and those that it names."""
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
