"""What an event asks of the model: a function, and its arguments."""

from dataclasses import dataclass
from typing import Any

from replay.events.event import (
    Await,
    Command,
    Guest,
    Image,
    Internal,
    Notice,
    Payload,
    channel,
    stimulus,
)
from replay.variants.subject import ChannelConfig, SubjectConfig


@dataclass(frozen=True, slots=True)
class Request:
    """What a payload asks of the model: the function, its arguments, and all of it as bytes.

    `channel` says what a refusal is there.
    """

    payload: Payload
    handler: str
    arguments: tuple[Any, ...]
    stimulus: bytes
    channel: ChannelConfig


NO_CHANNEL = ChannelConfig()
"""What is not told of a channel; also for events that are no commands."""


def request(payload: Payload, config: SubjectConfig) -> Request:
    """What a payload asks of the model."""
    handler, *arguments = _call(payload)
    rule = config.channels.get(channel(payload) or "", NO_CHANNEL)
    return Request(payload, handler.replace("-", "_"), tuple(arguments), stimulus(payload), rule)


def _call(payload: Payload) -> tuple[Any, ...]:
    """The function that handles a payload, and its arguments; an image has none."""
    match payload:
        case Command():
            return f"{payload.channel}_{payload.name}", payload.arguments
        case Notice():
            return f"notice_{payload.name}", payload.data
        case Await():
            return "await_job", payload.device, payload.until
        case Guest(name="read"):
            return "guest_read", payload.device, payload.sector, payload.sectors
        case Guest():
            place = (payload.device, payload.sector, payload.sectors)
            return "guest_write", *place, payload.pattern
        case Internal():
            return f"internal_{payload.name}", payload.device, payload.depth
        case Image():
            return ("",)
