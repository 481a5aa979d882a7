"""Treating the exports of a storage daemon as drives.

What uses a node there is a backend without a name. It stands for the drive that the translated log
has named after a node of its chain.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from replay.engine.view import View
from replay.events.event import Command, Log
from replay.qemu.observed.query_replies import QUERIES

DRIVES, NODES, GRAPH = QUERIES
DRIVE_ID = re.compile(r"(?:^|[ ,])id=(?P<id>(?:[^,]|,,)+)")
OF_DRIVE = ("enable_write_cache", "io_limits")
"""Fields that only the answer about a named drive has."""


def is_nameless(log: Log) -> bool:
    """Whether no query of the log showed a drive."""
    return not any(o.name == DRIVES and o.answer for o in log.observations)


def made_drives(log: Log) -> frozenset[str]:
    """The names of all drives that a translated log makes."""
    texts = (e.payload.arguments for e in log.events if isinstance(e.payload, Command))
    matches = (DRIVE_ID.search(text) for text in texts if isinstance(text, str))
    return frozenset(match["id"].replace(",,", ",") for match in matches if match)


def name_exports(answers: Mapping[str, Any], ids: Iterable[str]) -> dict[str, Any]:
    """The answers as if backends had the names of drives; {} where there is no such backend.

    Raises what recorded.ODD lists for answers that are not as QEMU's are.
    """
    if not answers.get(GRAPH) or not answers.get(NODES):
        return {}
    graph, nodes = answers[GRAPH], {node["node-name"]: node for node in answers[NODES]}
    names = {thing["id"]: thing["name"] for thing in graph["nodes"]}
    below = {(edge["parent"], edge["name"]): edge["child"] for edge in graph["edges"]}
    backends = [thing["id"] for thing in graph["nodes"] if thing["type"] == "block-backend"]
    # a job uses nodes too, which lie below that of the drive
    by_length = sorted((chain_of(backend, below) for backend in backends), key=len)
    tops = {
        drive: chain for chain in by_length for drive in ids if drive in map(names.get, chain[1:])
    }
    users = {chain[0]: drive for drive, chain in tops.items()}
    things = [{**item, "name": users.get(item["id"], item["name"])} for item in graph["nodes"]]
    drives = [
        {"device": drive, "inserted": nodes[names[chain[1]]]} for drive, chain in tops.items()
    ]
    return {**answers, DRIVES: drives, GRAPH: {**graph, "nodes": things}} if drives else {}


def chain_of(backend: int, below: Mapping[tuple[int, str], int]) -> Sequence[int]:
    """A backend, the node that it uses and those behind; a circle ends where it began."""
    chain = [backend]
    number = below.get((backend, "root"))
    while number is not None and number not in chain:
        chain.append(number)
        number = below.get((number, "backing"))
    return chain


def without_drive_fields(view: View) -> View:
    """The view without the fields that QEMU shows only of a drive with a name."""
    nodes = {
        path: replace(
            node, fields={key: node.fields[key] for key in node.fields if key not in OF_DRIVE}
        )
        for path, node in view.nodes.items()
    }
    return replace(view, nodes=nodes)
