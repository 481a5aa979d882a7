"""The images and drives that a machine had when its recording began."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from replay.errors import BadInput
from replay.events.event import Event, Image
from replay.events.json_form import located
from replay.formats.commands import is_operation
from replay.formats.recording import Message
from replay.formats.replies import Paired, event
from replay.formats.start import command_line as commandline
from replay.formats.start.image_facts import ImageFacts, known_images, with_lengths
from replay.formats.start.query_replies import machine
from replay.formats.start.used_images import media

GIVEN = "--drive"
"""What the user told a recorder of a drive, as an option. It counts where nothing else tells."""

NO_DRIVE = "options of the command line that are about no drive"
NO_SIZE = "sizes of images that nothing tells, taken from their neighbours or as 1 GiB"


class Start(NamedTuple):
    """The images and drives of the start, and whether anything told of the drives."""

    events: Sequence[Event]
    tells_drives: bool


def start_of(talk: Paired, drives: Sequence[str]) -> Start:
    """The start of a conversation, with the drives that the user told of.

    Images that come into use later are among its events. Raises ReplayError if both the user and
    the recording tell of drives.
    """
    options, noted = options_of(talk)
    queried = None if options else machine_events(talk)
    if drives and (options or queried):
        raise BadInput(
            "the recording tells of its drives itself",
            where=str(talk.messages[0].origin),
            do="leave out --drive",
        )
    facts = known_images(talk.messages)
    for drive in drives or (() if options or queried else noted):
        option, given = commandline.given(drive)
        options.append(option)
        facts |= given
    facts = with_lengths(facts, talk.messages, commandline.files(options))
    start = [*option_events(options, facts), *(queried or ())]
    events = [*later(talk, facts, images(start)), *start]
    unsized = images(events) - images(queried or ())
    leave_out(talk, NO_SIZE, sum(facts.get(name, ImageFacts()).size is None for name in unsized))
    return Start(events, bool(options) or queried is not None)


def leave_out(talk: Paired, reason: str, number: int) -> None:
    """Counts what is left out for a reason, if there is any."""
    if number:
        talk.left_out[reason] += number


def images(events: Iterable[Event]) -> set[str]:
    """The names of the images among events."""
    return {event.payload.name for event in events if isinstance(event.payload, Image)}


def later(talk: Paired, facts: Mapping[str, ImageFacts], there: set[str]) -> Iterator[Event]:
    """The images that come into use later, but not those that are there."""
    for command, raw in media(talk.succeeded(), facts):
        if raw["name"] not in there:
            yield event(raw, command)


def options_of(talk: Paired) -> tuple[list[Message], list[str]]:
    """The options of the command line that are about drives, and what a recorder was told."""
    options = [message for message in talk.messages if message.role == "option"]
    noted = [option.msg["value"] for option in options if option.msg["name"] == GIVEN]
    starting = [option for option in options if commandline.is_kept(option)]
    leave_out(talk, NO_DRIVE, len(options) - len(noted) - len(starting))
    return starting, noted


def option_events(options: Sequence[Message], facts: Mapping[str, ImageFacts]) -> Iterator[Event]:
    """The images that options name, then the options themselves."""
    events: list[tuple[Message, dict[str, Any]]] = [
        *commandline.images(options, facts),
        *((option, commandline.command(option)) for option in options),
    ]
    return (event(raw, option) for option, raw in events)


def machine_events(talk: Paired) -> list[Event] | None:
    """The images, drives and nodes that the first replies about them tell of; None without any."""
    drives = returned_at_start("query-block", talk)
    nodes = returned_at_start("query-named-block-nodes", talk)
    first = drives or nodes
    if first is None:
        return None
    with located(first.origin):
        payloads = machine(
            drives.msg["return"] if drives else (), nodes.msg["return"] if nodes else ()
        )
    return [Event(payload, first.origin, first.time) for payload in payloads]


def returned_at_start(query: str, talk: Paired) -> Message | None:
    """The reply to the query, if it was asked before the first operation and got an answer."""
    for place, message in enumerate(talk.messages):
        if message.role == "command" and is_operation(message):
            return None
        reply = talk.replies.get(place) if message.command == query else None
        if reply is not None and "return" in reply.msg:
            return reply
    return None
