"""Writing a bug report as QEMU's maintainers want it: versions, commands, what and what instead."""

import json
import shlex
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from replay.engine.trace import Trace
from replay.errors import ReplayError
from replay.events.event import Log
from replay.qemu.live.allowed_commands import (
    Hmp,
    Io,
    Make,
    Operation,
    Qmp,
    Reopen,
    Skip,
    Wait,
    overlaid,
    plan_operations,
)
from replay.qemu.live.builds import SYSTEM
from replay.qemu.live.images import Images
from replay.qemu.live.sandbox import Sandbox, home
from replay.qemu.live.script import ANY_BUILD, plain

WIDTH = 76
OPTIONS = "-machine none -S -nodefaults -display none -qmp stdio"


class BugReport(Struct, frozen=True):
    """What a mail is about: its subject, what happens in which trace, what should, and why."""

    subject: str
    headline: str
    expected: str
    traces: Sequence[Trace]
    suspects: Sequence[str] = ()


def mail(log: Log, finding: BugReport) -> str:
    """A bug report with the commands of the log on a plain QEMU."""
    builds = [trace for trace in finding.traces if not trace.is_complete]
    if not builds:
        do = "name a build, as qemu or qemu:PATH"
        raise ReplayError("a report to QEMU is about a build of it", do=do)
    parts = [
        f"Subject: [BUG] block: {plain(finding.subject)}",
        "",
        *_paragraph(log.header.description),
        "Versions:",
        *(line for trace in builds for line in _version(trace)),
        "",
        "Commands, in an empty directory:",
        "",
        *(f"  {line}" for line in _commands(log, finding.traces)),
        "",
        "What happens:",
        *_paragraph(finding.headline, "  "),
        "What should happen:",
        *_paragraph(finding.expected, "  "),
        "Suspected commit:",
        *(line for suspect in finding.suspects for line in _paragraph(suspect, "  ")),
    ]
    return "\n".join(parts).rstrip() + "\n"


def _version(trace: Trace) -> Iterator[str]:
    """Which build it was, by what it says and by its content."""
    yield f"  {plain(trace.player.name)}: {plain(trace.player.revision)}"
    yield f"    sha256 {trace.player.digest}"


def _paragraph(text: str, indent: str = "") -> list[str]:
    """A text in lines, and an empty one; nothing of an empty text."""
    lines = textwrap.wrap(
        plain(text), WIDTH, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False
    )
    return [*lines, ""] if lines else []


def _commands(log: Log, traces: Sequence[Trace]) -> Iterator[str]:
    """What is typed: into a shell, and behind the start of QEMU into its monitor."""
    places = Sandbox(home(log.events), Path(), Path())
    images = Images(ANY_BUILD, places)
    every = overlaid(log.events)
    rules = traces[0].player.subject.commands
    options: list[str] = []
    started = False
    for event in log.events:
        order = plan_operations(event.payload, places, rules, every)
        if isinstance(order, Hmp) and order.starts and not started:
            options += ["-drive", order.line.removeprefix("drive_add 0 ")]
            continue
        if not started and not isinstance(order, Make | Skip):
            yield from _start(options)
            started = True
        yield from _lines(order, images, started)
    if not started:
        yield from _start(options)


def _start(options: Sequence[str]) -> Iterator[str]:
    yield f"$ {SYSTEM} {OPTIONS} {shlex.join(options)}".rstrip()
    yield '{"execute": "qmp_capabilities"}'


def _lines(order: Operation, images: Images, started: bool) -> Iterator[str]:
    match order:
        case Make():
            shell = "(in another shell) $" if started else "$"
            yield from (f"{shell} {shlex.join(words)}" for words in images.commands(order))
        case Qmp(name, arguments):
            more = {"arguments": arguments} if arguments else {}
            yield json.dumps({"execute": name, **more})
        case Hmp(line):
            yield _human(line)
        case Reopen(device):
            yield _human(f'qemu-io {device} "reopen"')
        case Io(device, offset, length, None):
            yield _human(f'qemu-io {device} "read -v {offset} {length}"')
        case Io(device, offset, length, pattern):
            yield _human(f'qemu-io {device} "write -P {pattern} {offset} {length}"')
        case Wait(device, until):
            what = f"the job of {device}" if device else "all jobs"
            yield f"(wait: {what} is {'ready' if until == 'ready' else 'over'})"


def _human(line: str) -> str:
    command = {"execute": "human-monitor-command", "arguments": {"command-line": line}}
    return json.dumps(command)
