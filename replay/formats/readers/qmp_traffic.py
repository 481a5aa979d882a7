"""QMP traffic, one message a line, bare or with time and sender."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

import msgspec

from replay.errors import BadInput, ReplayError
from replay.events.json_form import TooManyValues, located, parse_object
from replay.formats.conversation_reader import ConversationReader
from replay.formats.message import KEYS, message, message_text
from replay.formats.recording import InputLine, Message, weight


class TrafficLine(msgspec.Struct, frozen=True):
    """A line that tells more than the message; C sent the client, S the server.

    `t` is null where the time was not told.

    O is an option of the command line that started the machine: its name and its value. Of what
    was no message only that is told, under "lost", and why; and under "client" when one came.
    """

    t: float | None
    dir: Literal["C", "S", "O"]
    msg: dict[str, Any]


def why_not(head: Sequence[InputLine]) -> str:
    """Why the first lines are not of this format; "" means that they are.

    A recording that a program writes may be damaged, which is an error; bare messages among other
    lines are running text.
    """
    try:
        raw = parse_object(head[0].text)
    except TooManyValues as error:
        # No reader takes it, and to try them all on a line of this length would take long.
        raise BadInput(error.what, where=str(head[0].origin)) from None
    except ReplayError:
        return "the first line is not a JSON object"
    if raw.keys() & KEYS.keys():
        odd = next((line for line in head if not line.text.startswith(b"{")), None)
        return "" if odd is None else f"line {odd.origin.line} is not a JSON object"
    missing = [f'"{key}"' for key in TrafficLine.__struct_fields__ if key not in raw]
    return f"the first line has no {', '.join(missing)}" if missing else ""


def messages(lines: Iterable[InputLine]) -> Iterator[Message]:
    """The messages of the file."""
    for line in lines:
        with located(line.origin):
            raw = parse_object(line.text)
        yield message(line) if raw.keys() & KEYS.keys() else of_record(line, raw)


def of_record(line: InputLine, raw: dict[str, Any]) -> Message:
    """The message in a record; ReplayError if it is none."""
    with located(line.origin):
        try:
            record = msgspec.convert(raw, TrafficLine)
        except msgspec.ValidationError as error:
            raise BadInput(f"not a line of QMP traffic: {error}") from None
        if record.dir == "O":
            return option(line, record)
        if record.msg.keys() == {"client"}:
            return Message(line.origin, "connection", record.msg, record.t, size=weight(line.text))
        if record.msg.keys() == {"lost"}:
            lost = {"why": record.msg["lost"], "sender": record.dir}
            return Message(line.origin, "lost", lost, record.t, size=weight(line.text))
        return message_text(line.origin, record.msg, record.dir, record.t, size=weight(line.text))


def option(line: InputLine, record: TrafficLine) -> Message:
    """The option in a record; ReplayError if it is none."""
    match record.msg:
        case {"name": str(), "value": str()}:
            return Message(line.origin, "option", record.msg, record.t, size=weight(line.text))
    raise BadInput("not an option of a command line: it has no name and value")


READER = ConversationReader("qmp", False, why_not, messages)
