"""What the tests of the real program share: logs made by hand, and their performance."""

from pathlib import Path
from typing import Any

import msgspec

from replay.engine.diff import Diff, diff
from replay.engine.replay import replay
from replay.engine.trace import ObservedTrace
from replay.events.event import Event, Log, LogHeader, Payload, fingerprint
from replay.events.json_form import parse_payload
from replay.formats import read as ingest
from replay.qemu.live.builds import find_build
from replay.qemu.live.performer import perform
from replay.variants.variant import Subject, load_subject, resolve

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "patches" / "examples"
NATIVE = ROOT / "tests" / "data" / "native"
SUBJECT = load_subject(ROOT / "patches")
BASE: dict[str, Any] = {
    "kind": "image",
    "name": "/images/base.qcow2",
    "format": "qcow2",
    "size": 4194304,
    "data": [{"pattern": 17, "offset": 0, "length": 1048576}],
}


def drive(options: str) -> dict[str, Any]:
    """A drive of the command line, drive0."""
    return {
        "kind": "command",
        "channel": "cli",
        "name": "drive",
        "arguments": f"id=drive0,{options}",
    }


def qmp(name: str, **arguments: Any) -> dict[str, Any]:
    """A QMP command; a _ in an argument's name stands for a -."""
    given = {key.replace("_", "-"): value for key, value in arguments.items()}
    return {"kind": "command", "channel": "qmp", "name": name, "arguments": given}


def ended(device: str = "drive0", until: str = "end") -> dict[str, Any]:
    """A wait for a job."""
    return {"kind": "await", "device": device, "until": until}


def log_of(*payloads: dict[str, Any], name: str = "made") -> Log:
    """A log with these events."""
    found: list[Payload] = [parse_payload(msgspec.to_builtins(raw)) for raw in payloads]
    events = tuple(map(Event, found))
    return Log(name, LogHeader(name), events, fingerprint(events))


def log_in(path: Path) -> Log:
    """The one log in a file."""
    recording = next(ingest.read(path))
    events = tuple(entry for entry in recording.events if isinstance(entry, Event))
    return Log(path.stem, recording.header, events, fingerprint(events))


def performed(log: Log, subject: Subject = SUBJECT) -> ObservedTrace:
    """What the real QEMU does with a log."""
    return perform(log, subject, find_build())


def beside(log: Log, revision: str) -> Diff:
    """The model at a revision and the real QEMU."""
    return diff(replay(log, resolve(SUBJECT, revision, {})), performed(log))


def places(found: Diff) -> set[tuple[str, str, str]]:
    """Where they differ."""
    return {tuple(divergence.place.document().values()) for divergence in found.divergences}
