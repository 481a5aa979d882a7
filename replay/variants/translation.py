"""Translating a log's commands into those the model's trees have.

What was recorded stays: every translated event keeps its original, and seqs stay the same. A
command that asks nothing of the trees becomes a notice, which needs no answer.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from replay.errors import ReplayError
from replay.events.event import Command, Event, Image, Log, Notice, Payload, channel, kind, name
from replay.events.json_form import parse_payload
from replay.events.pages import held
from replay.language import Crashed, Returned
from replay.state.objects import State, plain
from replay.variants.subject import Subject

FORESEE = "foresee_"
FUNCTION = re.compile(r"^\+?def (\w+)\(", re.MULTILINE)
"""The head of a function, in a source file or where a patch adds it."""


@dataclass(frozen=True)
class _Content:
    """The key of a translated log."""

    fingerprint: str
    subject: Subject
    log: Log = field(compare=False)


def translate(log: Log, subject: Subject) -> Log:
    """The log in words of the subject's trees. Translating it again changes nothing."""
    if subject.dictionary is None:
        return log
    first = _translated(_Content(log.fingerprint, subject, log))
    if first.log is log:
        return msgspec.structs.replace(log, events=first.events)
    pairs = zip(first.events, log.events, strict=True)
    events = held(Event, (_as_recorded(*pair) for pair in pairs))
    return msgspec.structs.replace(log, events=events)


def _as_recorded(translated: Event, own: Event) -> Event:
    # Another log of the same content was recorded elsewhere and at another time.
    if (translated.origin, translated.recorded) == (own.origin, own.recorded):
        return translated
    return msgspec.structs.replace(translated, origin=own.origin, recorded=own.recorded)


def without_equivalent(log: Log, subject: Subject) -> Counter[str]:
    """The commands of a translated log that no tree of the series has, and how often."""
    handlers = _handlers(subject)
    return Counter(
        f"{event.payload.channel} {event.payload.name}"
        for event in log.events
        if isinstance(event.payload, Command) and handler(event.payload) not in handlers
    )


def handler(payload: Payload) -> str:
    """The name of the function that translates a payload, "" for one that is never translated."""
    match payload:
        case Command() | Notice():
            return f"{channel(payload) or kind(payload)}_{name(payload)}".replace("-", "_")
        case Image():
            return "image"
        case _:
            return ""


# It reads the whole series, and is wanted for every log.
@lru_cache(maxsize=64)
def _handlers(subject: Subject) -> frozenset[str]:
    """All functions that any tree of the series has."""
    series = subject.series
    texts = (*(file.text for file in series.base.files), *(patch.text for patch in series.patches))
    return frozenset(match[1] for text in texts for match in FUNCTION.finditer(text))


class _Translated(NamedTuple):
    """A log and its events in the trees' words."""

    log: Log
    events: Sequence[Event]


# A log is translated for each variant that it runs in.
@lru_cache(maxsize=256)
def _translated(content: _Content) -> _Translated:
    log, interpreter = content.log, Interpreter(content.subject)
    for event in log.events:
        interpreter.foresee(event.original or event.payload)
    events = (interpreter.event(event, event.original or event.payload) for event in log.events)
    return _Translated(log, held(Event, events))


class Interpreter:
    """Translates the events of one log in their order; later ones may depend on earlier ones.

    `memory` is what the events until now left, by default what there is before the first.
    """

    def __init__(self, subject: Subject, memory: State | None = None) -> None:
        assert subject.dictionary is not None
        self._dictionary = subject.dictionary
        self.memory = memory or self._dictionary.program.initial()

    def foresee(self, payload: Payload) -> None:
        """Lets the dictionary see an event before the first one is translated."""
        self._call(FORESEE + handler(payload), _arguments(payload)[:1])

    def event(self, event: Event, payload: Payload) -> Event:
        """The event, recorded as `payload`, in the trees' words."""
        same = msgspec.structs.replace(event, payload=payload, original=None, note="")
        reason = self._dictionary.idle.get(f"{channel(payload) or kind(payload)} {name(payload)}")
        words = reason or self._call(handler(payload), _arguments(payload))
        if words is None:
            return same
        if isinstance(words, str):
            idle = Notice(name(payload) or "idle")
            return msgspec.structs.replace(same, payload=idle, original=payload, note=words)
        return _translated_event(same, words)

    def _call(self, function: str, arguments: tuple[Any, ...]) -> Any:
        """What a function returns, None if there is none or it fails on the event."""
        if function not in self._dictionary.program.functions:
            return None
        state, ending = self._dictionary.program.call(function, arguments, self.memory)
        if isinstance(ending, Crashed):
            return None
        self.memory = state
        return plain(ending.value) if isinstance(ending, Returned) else None


def _translated_event(event: Event, words: Any) -> Event:
    """The event with the payload that it becomes; unchanged if that is no payload."""
    payload = event.payload
    try:
        raw = {**words}
        note = str(raw.pop("note", ""))
        if isinstance(payload, Command) and raw.get("kind") == "command":
            raw["reply"] = payload.reply
        return msgspec.structs.replace(
            event, payload=parse_payload(raw), original=payload, note=note
        )
    except (ReplayError, TypeError):
        return event


def _arguments(payload: Payload) -> tuple[Any, ...]:
    """What a function is given: arguments or data, and whether the command succeeded.

    A command line's value that is a JSON object comes as that.
    """
    match payload:
        case Command():
            succeeded = payload.reply is None or "error" not in payload.reply
            return _json(payload.arguments), succeeded
        case Notice():
            return payload.data, True
        case Image():
            return {"name": payload.name, "backing_file": payload.backing_file or ""}, True
        case _:
            return (None, True)


def _json(arguments: Any) -> Any:
    if not isinstance(arguments, str) or not arguments.startswith("{"):
        return arguments
    try:
        return msgspec.json.decode(arguments, type=dict[str, Any])
    except (msgspec.MsgspecError, RecursionError):
        return arguments


class TranslationSummary(msgspec.Struct, frozen=True):
    """What a translation did: events that became others, events that ask nothing of the trees,
    and the commands that no tree has, with how often each was given."""

    translated: int
    idle: int
    without_equivalent: Mapping[str, int]


def summarize_translation(log: Log, subject: Subject) -> TranslationSummary | None:
    """What the translation of a log did, None if it changed nothing.

    Commands that no tree has are listed only for a log that was translated: in another they may be
    meant to be refused.
    """
    kinds = Counter(event.idle for event in log.events if event.original is not None)
    if not kinds:
        return None
    missing = without_equivalent(log, subject)
    return TranslationSummary(kinds[False], kinds[True], dict(sorted(missing.items())))
