"""Saying what a recording needs that it does not tell: the drives and nodes of its start."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from replay.formats.commands import human, is_operation
from replay.formats.recording import Message

DRIVES = ("device",)
NODES = ("node-name", "node", "overlay", "base-node", "top-node", "backing")
"""Arguments that name a drive or node."""

DEFINES = ("node-name", "id", "snapshot-node-name", "job-id", "filter-node-name")
"""Arguments by which commands that add something name it."""

ADDING = ("blockdev-add", "device_add", "object-add", "chardev-add", "netdev_add")
"""Commands that add something and use what they refer to."""

ABOUT_JOBS = ("block-job-", "job-")
HUMAN_DRIVES = (
    *("snapshot_blkdev", "block_stream", "drive_mirror", "drive_backup", "drive_del"),
    *("commit", "eject", "change", "block_resize", "block_set_io_throttle"),
)
"""Commands of the human monitor whose first word that is no option is a drive."""

NO_DRIVES = ("all", "vnc", "")
MOST = 4
"""More names than a reader takes in are counted."""

Name = tuple[str, bool]
"""A drive's name or a node's, and whether it is a node's."""


def start_note(messages: Iterable[Message]) -> str:
    """What to give beside a recording that does not tell its start; "" if it needs nothing."""
    needed = needed_names(messages)
    if not needed:
        return ""
    names = list(needed)
    more = f" and {len(names) - MOST} more" if len(names) > MOST else ""
    first = names[0]
    option = f"id=drive0,node-name={first}" if needed[first] else f"id={first}"
    return (
        f"commands use {', '.join(names[:MOST])}{more}: give libvirt's domain log beside this one,"
        f" or --drive {option},file=/d/a.qcow2,format=qcow2,size=64M"
    )


def needed_names(messages: Iterable[Message]) -> dict[str, bool]:
    """The names that commands use before anything defines them, and which are nodes'."""
    defined: set[str] = set()
    needed: dict[str, bool] = {}
    for message in messages:
        if message.role != "command" or not is_operation(message):
            continue
        for name, is_node in used(message):
            if name not in defined:
                needed.setdefault(name, is_node)
        defined |= set(definitions(message.msg.get("arguments"))) | set(added_by_human(message))
    return needed


def used(message: Message) -> Iterator[Name]:
    """The names of drives and nodes that a command uses."""
    line = human(message)
    arguments = message.msg.get("arguments")
    command = str(message.command)
    if line is not None:
        words = [word for word in line.split() if not word.startswith("-")]
        if words[:1] and words[0] in HUMAN_DRIVES and words[1:2] and words[1] not in NO_DRIVES:
            yield words[1], False
    elif command == "transaction" and isinstance(arguments, dict):
        yield from in_actions(arguments.get("actions"))
    elif isinstance(arguments, dict) and not command.startswith(ABOUT_JOBS):
        yield from in_arguments(arguments, command in ADDING)


def in_actions(actions: Any) -> Iterator[Name]:
    """The names in the actions of a transaction."""
    for action in actions if isinstance(actions, list) else ():
        data = action.get("data") if isinstance(action, dict) else None
        if isinstance(data, dict):
            yield from in_arguments(data, False)


def in_arguments(arguments: Mapping[str, Any], is_adding: bool) -> Iterator[Name]:
    """The names in a command's arguments; one that adds something does not use its own name."""
    if not is_adding:
        for key in (*DRIVES, *NODES):
            if isinstance(name := arguments.get(key), str) and name not in NO_DRIVES:
                yield name, key in NODES
        return
    for key in ("backing", "file", "drive"):
        if isinstance(name := arguments.get(key), str) and name not in NO_DRIVES:
            yield name, key != "drive"


def definitions(value: Any) -> Iterator[str]:
    """The names that arguments define, at any depth: nodes stand in nodes, actions in lists."""
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            waiting += value.values()
            yield from (value[key] for key in DEFINES if isinstance(value.get(key), str))


def added_by_human(message: Message) -> Iterator[str]:
    """The drive that a line for the human monitor adds."""
    words = (human(message) or "").split()
    if words[:1] in (["drive_add"], ["blockdev_add"], ["device_add"]):
        for part in ",".join(words[1:]).split(","):
            key, _, value = part.partition("=")
            if key in ("id", "node-name"):
                yield value
