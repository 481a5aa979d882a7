"""QMP traffic, a line a message: {"t": seconds, "dir": "C" or "S", "msg": {...}}.

The recording is read whole before its first event is made: a reply can come long after its
command.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import PurePath
from typing import Any, Literal, NamedTuple

import msgspec

from replay.errors import ReplayError
from replay.events import NAME_LENGTH, Event, LogHeader, Origin
from replay.ingest.machine import machine
from replay.ingest.recording import Line, Recording
from replay.jsonform import located, parse_object, parse_payload

FORMAT = "qmp"
SUFFIXES = (".jsonl", ".json", ".qmp")
QUERIES = ("qmp_capabilities", "quit")
QUERY_PREFIXES = ("query-", "x-debug-", "qom-")
REPLY_KEYS: tuple[str, ...] = ("return", "error")
HMP = "human-monitor-command"
HMP_QUERIES = ("", "info", "quit", "q")


class Record(msgspec.Struct, frozen=True):
    """A line in JSON terms; C sent the client, S the server."""

    t: float
    dir: Literal["C", "S"]
    msg: dict[str, Any]


class Message(NamedTuple):
    """One message, where it was read, and what it is: command, reply, notice or greeting."""

    origin: Origin
    t: float
    role: str
    msg: dict[str, Any]

    @property
    def command(self) -> Any:
        """The name of the command, which only the check of the event proves to be a text."""
        return self.msg.get("execute", self.msg.get("exec-oob"))


def lacks(first: Line) -> str:
    """What the first line would have in a file of this format; "" if it has all."""
    try:
        raw = parse_object(first.text)
    except ReplayError:
        return "the first line is not a JSON object"
    missing = [f'"{key}"' for key in Record.__struct_fields__ if key not in raw]
    return f"the first line has no {', '.join(missing)}" if missing else ""


def read(lines: Iterable[Line]) -> Iterator[Recording]:
    """The one recording of the file."""
    messages = [message(line) for line in lines]
    if messages:
        replies = paired(messages)
        start = machine_events(messages, replies)
        header = LogHeader(log_name(messages[0].origin), description(messages, start is not None))
        happened = chain(start or (), events(messages, replies))
        yield Recording(header, happened, messages[0].origin)


def message(line: Line) -> Message:
    """The message of a line; ReplayError if it is none."""
    with located(line.origin):
        try:
            record = msgspec.convert(parse_object(line.text), Record)
        except msgspec.ValidationError as error:
            raise ReplayError(f"not a line of QMP traffic: {error}") from None
        return Message(line.origin, record.t, role(record), record.msg)


def role(record: Record) -> str:
    """What the message is, by who sent it and its keys."""
    roles = {
        "C": {"execute": "command", "exec-oob": "command"},
        "S": {"QMP": "greeting", "event": "notice", "return": "reply", "error": "reply"},
    }
    for key, found in roles[record.dir].items():
        if key in record.msg:
            return found
    raise ReplayError(f"not a QMP message: it has none of {', '.join(roles[record.dir])}")


def paired(messages: Sequence[Message]) -> dict[int, Message]:
    """The reply of each command that got one, by the command's place among the messages.

    A reply belongs to the oldest waiting command with its id; those without one go by order.
    """
    waiting: list[int] = []
    replies: dict[int, Message] = {}
    for place, heard in enumerate(messages):
        if heard.role == "command":
            waiting.append(place)
        elif heard.role == "reply":
            replies[asked(messages, waiting, heard)] = heard
    return replies


def asked(messages: Sequence[Message], waiting: list[int], reply: Message) -> int:
    """Takes the command that the reply answers out of those that wait; returns its place."""
    for place in waiting:
        if messages[place].msg.get("id") == reply.msg.get("id"):
            waiting.remove(place)
            return place
    raise ReplayError("a reply to no command before it", where=str(reply.origin))


def machine_events(
    messages: Sequence[Message], replies: Mapping[int, Message]
) -> tuple[Event, ...] | None:
    """The images and drives of the start; None where the recording does not tell of them."""
    drives = returned_at_start("query-block", messages, replies)
    nodes = returned_at_start("query-named-block-nodes", messages, replies)
    if drives is None:
        return None
    with located(drives.origin):
        payloads = machine(drives.msg["return"], nodes.msg["return"] if nodes else ())
    return tuple(Event(payload, drives.origin, drives.t) for payload in payloads)


def returned_at_start(
    query: str, messages: Sequence[Message], replies: Mapping[int, Message]
) -> Message | None:
    """The reply to the query, if it was asked before the first operation and got an answer."""
    for place, heard in enumerate(messages):
        if heard.role == "command" and operation(heard) is not None:
            return None
        if heard.command == query and place in replies and "return" in replies[place].msg:
            return replies[place]
    return None


def events(messages: Sequence[Message], replies: Mapping[int, Message]) -> Iterator[Event]:
    """The operations and notices of the recording, in their order."""
    for place, heard in enumerate(messages):
        raw = None
        if heard.role == "notice":
            raw = notice(heard)
        elif heard.role == "command":
            raw = operation(heard, replies.get(place))
        if raw is not None:
            with located(heard.origin):
                yield Event(parse_payload(raw), heard.origin, heard.t)


def notice(heard: Message) -> dict[str, Any]:
    """The event object of an asynchronous message."""
    return {"kind": "notice", "name": heard.msg["event"], "data": heard.msg.get("data", {})}


def operation(heard: Message, reply: Message | None = None) -> dict[str, Any] | None:
    """The event object of a command; None for a query, which changes nothing."""
    name, arguments = heard.command, heard.msg.get("arguments")
    if name in QUERIES or str(name).startswith(QUERY_PREFIXES):
        return None
    said = reply.msg if reply else {}
    answer = {key: said[key] for key in REPLY_KEYS if key in said} or None
    if name == HMP and isinstance(arguments, dict) and "command-line" in arguments:
        return hmp_operation(str(arguments["command-line"]), answer)
    return command("qmp", name, arguments, answer)


def hmp_operation(line: str, answer: dict[str, Any] | None) -> dict[str, Any] | None:
    """The event object of a line for the human monitor; None for a query.

    Its reply is the text that it printed, which alone does not tell a refusal from a result.
    """
    name, arguments, *_ = *line.split(maxsplit=1), "", ""
    if name in HMP_QUERIES:
        return None
    if answer == {"return": ""}:
        answer = {"return": {}}
    return command("hmp", name, arguments.rstrip(), answer)


def command(
    channel: str, name: Any, arguments: Any, reply: dict[str, Any] | None
) -> dict[str, Any]:
    """The event object of a command."""
    raw = {"kind": "command", "channel": channel, "name": name, "reply": reply}
    return raw if arguments is None else {**raw, "arguments": arguments}


def log_name(origin: Origin) -> str:
    """The file's name without what only tells its format."""
    name = PurePath(origin.file).name
    for suffix in SUFFIXES:
        name = name.removesuffix(suffix)
    return "".join(c if c.isprintable() else "?" for c in name)[:NAME_LENGTH] or "log"


def description(messages: Iterable[Message], complete: bool) -> str:
    """What the log is, from the greeting, and whether its start is in it."""
    versions = (version(heard.msg["QMP"]) for heard in messages if heard.role == "greeting")
    text = f"QMP traffic{next(versions, '')}"
    return text if complete else f"{text}; it does not tell the drives of the start"


def version(greeting: Any) -> str:
    """The version of QEMU in its greeting, as the end of a sentence; "" if it has none."""
    try:
        found = greeting["version"]["qemu"]
        return f", QEMU {found['major']}.{found['minor']}.{found['micro']}"
    except (LookupError, TypeError):
        return ""
