"""Finding images that commands use later and nothing in the recording creates."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from replay.events.command_rules import NO_RULE, shipped_command_rules
from replay.formats.recording import Message
from replay.formats.start.command_line import nested, opened
from replay.formats.start.image_facts import ImageFacts, chain, event, text

Used = Iterator[tuple[str, ImageFacts, bool]]
"""Files that a command uses: the name, what it tells of the image, whether it makes it."""


def media(
    commands: Iterable[Message], facts: Mapping[str, ImageFacts]
) -> Iterator[tuple[Message, dict[str, Any]]]:
    """An image event object for each file that a command uses, with the command.

    `commands` are those that succeeded. What they make themselves is not among the files.
    """
    visited: set[str] = set()
    nodes: dict[str, dict[str, Any]] = {}
    for command in commands:
        for file, own, made in used(command.command, command.msg.get("arguments"), nodes):
            if not file or file in visited:
                continue
            visited.add(file)
            for name, image in () if made else reversed(chain(file, own, facts)):
                if name == file or name not in visited:
                    visited.add(name)
                    yield command, event(name, image)


def used(command: Any, arguments: Any, nodes: dict[str, dict[str, Any]]) -> Used:
    """The files that a command uses; nodes are remembered."""
    if not isinstance(arguments, dict) or not isinstance(command, str):
        return
    rule = shipped_command_rules().qmp.get(command, NO_RULE)
    if rule.file and arguments.get("device") != "vnc":
        name, format = text(arguments, rule.file), text(arguments, rule.format)
        made = name is None or (rule.makes and arguments.get("mode") != "existing")
        yield name or "", ImageFacts(format=format), made
    elif command == "transaction" and isinstance(arguments.get("actions"), list):
        for action in arguments["actions"]:
            if isinstance(action, dict) and action.get("type") != "transaction":
                yield from used(action.get("type"), action.get("data"), nodes)
    elif command in ("blockdev-add", "blockdev-create"):
        yield from of_node(arguments.get("options", arguments), nodes, command == "blockdev-create")


def of_node(options: Any, nodes: dict[str, dict[str, Any]], made: bool) -> Used:
    """The file of a node, or of an image that is created."""
    if not isinstance(options, dict):
        return
    node = nested(options)
    if made and "file" not in node:
        yield text(node, "filename") or "", ImageFacts(), True
    for file, image in opened(node, nodes):
        yield file, image, made
