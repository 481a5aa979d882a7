"""Telling which commands change the machine and which only query it."""

import re
from typing import Any

from replay.events.event import SECTOR
from replay.formats.recording import Message

SILENT = ("qmp_capabilities", "quit")
"""Commands that neither change nor ask anything that a replay could know."""

QUERY_PREFIXES = ("query-", "x-debug-", "qom-")
HMP = "human-monitor-command"
HMP_SILENT = ("", "quit", "q")
HMP_QUERIES = ("info",)

GUEST = re.compile(
    r'qemu-io (?P<device>\S+) "?(?P<name>read|write)(?: -P (?P<pattern>\w+))?'
    r' (?P<offset>\d+[kKmMgG]?) (?P<length>\d+[kKmMgG]?)"?'
)
UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
DEFAULT_PATTERN = 0xCD


def human(message: Message) -> str | None:
    """The line for the human monitor that a command carries, None if it carries none."""
    arguments = message.msg.get("arguments")
    if message.command != HMP or not isinstance(arguments, dict):
        return None
    line = arguments.get("command-line")
    return None if line is None else str(line)


def is_silent(message: Message) -> bool:
    """Whether the command is of no interest at all."""
    line = human(message)
    return message.command in SILENT if line is None else first_word(line) in HMP_SILENT


def is_query(message: Message) -> bool:
    """Whether the command only asks."""
    line = human(message)
    if line is not None:
        return first_word(line) in HMP_QUERIES
    return str(message.command).startswith(QUERY_PREFIXES)


def is_operation(message: Message) -> bool:
    """Whether the command is an event."""
    return not is_silent(message) and not is_query(message)


def first_word(line: str) -> str:
    """The name of the command in a line for the human monitor; "" if there is none."""
    return line.split(maxsplit=1)[0] if line.split() else ""


def operation(message: Message, answer: dict[str, Any] | None) -> dict[str, Any]:
    """The event object of a command that is an operation, and of its reply if there is one."""
    line = human(message)
    if line is None:
        return command("qmp", message.command, message.msg.get("arguments"), answer)
    return guest(line) or hmp(line, answer)


def guest(line: str) -> dict[str, Any] | None:
    """The guest event that a line for the human monitor stands for, None if it is none."""
    match = GUEST.fullmatch(" ".join(line.split()))
    if match is None:
        return None
    offset, length = size(match["offset"]), size(match["length"])
    pattern = number(match["pattern"] or str(DEFAULT_PATTERN))
    if offset % SECTOR or length % SECTOR or not length or pattern is None:
        return None
    raw = {"kind": "guest", "name": match["name"], "device": match["device"]}
    place = {"sector": offset // SECTOR, "sectors": length // SECTOR}
    return {**raw, **place, **({"pattern": pattern} if match["name"] == "write" else {})}


def size(text: str) -> int:
    """A number of bytes, which may end in a unit; at most what an event can hold."""
    unit = text[-1].lower() if text[-1].isalpha() else ""
    digits = text[: len(text) - len(unit)]
    return min(int(digits[:20]) * UNITS[unit], SECTOR * 2**53)


def number(text: str) -> int | None:
    """A byte as people write it, 68 or 0x44; None if it is none."""
    try:
        value = int(text[:20], 0)
    except ValueError:
        return None
    return value if 0 <= value <= 255 else None


def hmp(line: str, answer: dict[str, Any] | None) -> dict[str, Any]:
    """The event object of a line for the human monitor.

    Its reply is the text that it printed, which alone does not tell a refusal from a result.
    """
    name, arguments, *_ = *line.split(maxsplit=1), ""
    if answer == {"return": ""}:
        answer = {"return": {}}
    return command("hmp", name, arguments.rstrip(), answer)


def command(
    channel: str, name: Any, arguments: Any, reply: dict[str, Any] | None
) -> dict[str, Any]:
    """The event object of a command."""
    raw = {"kind": "command", "channel": channel, "name": name, "reply": reply}
    return raw if arguments is None else {**raw, "arguments": arguments}


def notice(message: Message) -> dict[str, Any]:
    """The event object of an asynchronous message."""
    return {"kind": "notice", "name": message.msg["event"], "data": message.msg.get("data", {})}
