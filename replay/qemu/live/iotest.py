"""Writing a test in the form of QEMU's Python iotests that fails on a build with a finding."""

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from keyword import iskeyword
from pathlib import Path, PurePosixPath
from typing import Any

from replay.engine.diff import Diff, Divergence
from replay.engine.places import FilePlace, OutcomePlace
from replay.engine.trace import Trace
from replay.engine.view import View
from replay.errors import ReplayError
from replay.events.event import Command, Log, Payload
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
from replay.qemu.live.images import Images
from replay.qemu.live.sandbox import Sandbox, home
from replay.qemu.live.script import ANY_BUILD, plain

WIDTH = 71
"""How long a line may be behind its indentation."""

DIRECTORY = "/DIRECTORY"
"""What stands for the test's own directory until it is written as Python."""

HEAD = """#!/usr/bin/env python3
# group: rw
#
{about}

import os
import time

import iotests

DIR = iotests.test_dir
FILES = {files}


class TestReplayed(iotests.QMPTestCase):

    def setUp(self):
        self.remove_files()
        self.vm = iotests.VM()

    def tearDown(self):
        try:
            self.vm.shutdown()
        finally:
            self.remove_files()

    def remove_files(self):
        for name in FILES:
            if os.path.exists(f'{{DIR}}/{{name}}'):
                os.remove(f'{{DIR}}/{{name}}')

    def wait_for(self, device, ready=False):
        \"\"\"Waits until the device's job, if there is one, is over or ready.\"\"\"
        for _ in range(1000):
            jobs = self.vm.qmp('query-block-jobs')['return']
            own = [job for job in jobs if job['device'] == device]
            if not own or (ready and own[0]['ready']):
                return
            time.sleep(0.02)
        self.fail(f'the job of {{device}} goes on')

    def assert_filled(self, name, fmt, pattern, offset, length):
        \"\"\"A reader of the image sees that byte there, and no other.\"\"\"
        command = f'read -P {{pattern}} {{offset}} {{length}}'
        printed = iotests.qemu_io('-f', fmt, '-c', command, f'{{DIR}}/{{name}}')
        self.assertNotIn('verification failed', getattr(printed, 'stdout', printed))

    def test_replayed(self):
"""

TAIL = """

if __name__ == '__main__':
    iotests.main(supported_fmts=[{format!r}],
                 supported_protocols=['file'])
"""


def iotest(log: Log, difference: Diff, good: Trace, about: Iterable[str]) -> str:
    """A test that does what the log says, and expects of it what the trace `good` shows.

    It looks at outcomes of commands, at whether files are there, and at what they hold at the
    end. Raises ReplayError if the traces differ in none of these.
    """
    expected = {
        seq: [line for divergence in several for line in _expected(divergence, good)]
        for seq, several in _by_event(difference).items()
    }
    if not any(expected.values()):
        what = "the traces differ in no outcome, no file and nothing that a file holds"
        raise ReplayError(what, do="an iotest sees nothing else; --for qemu shows what happens")
    places = Sandbox(home(log.events), Path("/ROOT"), Path(DIRECTORY))
    images = Images(ANY_BUILD, places)
    body: list[str] = []
    started = False
    for seq, event in enumerate(log.events, 1):
        order = _planned(seq, event.payload, difference.traces, places, overlaid(log.events))
        if not started and not isinstance(order, Make | Skip) and not _is_drive(order):
            started = True
            body += ["self.vm.launch()"]
        body += ["", f"# event {seq}"]
        asserted = expected.get(seq, [])
        lines = list(_lines(event.payload, order, images, started))
        if not any("result" in line for line in asserted):
            lines = [line.removeprefix("result = ") for line in lines]
        body += [*lines, *asserted]
    body += [] if started else ["self.vm.launch()"]
    ending = expected.get(len(log.events) + 1, [])
    body += ["", "self.vm.shutdown()", *ending] if ending else []
    return _document(body, log, difference, about)


def _document(body: Sequence[str], log: Log, difference: Diff, about: Iterable[str]) -> str:
    last = _last_view(difference.traces[-1])
    names = sorted({PurePosixPath(name).name for name in (*last.files, *_made(log, difference))})
    head = HEAD.format(
        about="\n".join(_comments(about)),
        files="[" + "".join(f"\n    {name!r}," for name in names) + "\n]",
    )
    lines = "\n".join(f"        {line}" if line else "" for line in body if line != "# event 1")
    formats = [file.format for file in last.files.values() if file.format not in ("", "raw")]
    return head + lines.lstrip("\n") + "\n" + TAIL.format(format=(formats or ["raw"])[0])


def _made(log: Log, difference: Diff) -> set[str]:
    """All files that there were in any of the traces."""
    views = (t.view_at(index) for t in difference.traces for index in range(len(log.events)))
    return {name for after in views if after is not None for name in after.files}


def _by_event(difference: Diff) -> dict[int, list[Divergence]]:
    """The divergences by the event after which they are looked at; data one after the last."""
    last = len(difference.traces[0].steps)
    events: dict[int, list[Divergence]] = {}
    # Files first: where a command is refused, what was lost is still to be seen.
    for divergence in sorted(difference.divergences, key=lambda d: d.place.kind != "file"):
        is_data = isinstance(divergence.place, FilePlace) and divergence.place.field == "data"
        if not is_data:
            events.setdefault(divergence.first_seq, []).append(divergence)
        elif divergence.last_seq == last:
            events.setdefault(last + 1, []).append(divergence)
    return events


def _expected(divergence: Divergence, good: Trace) -> Iterator[str]:
    """What is asserted in place of a divergence, if a test can see it."""
    place, value = divergence.place, divergence.values.get(good.player.name)
    match place:
        case FilePlace(field="existence") if value is not None:
            there = value == "exists"
            path = source(f"{DIRECTORY}/{PurePosixPath(place.path).name}")
            yield f"self.assert{there}(os.path.exists({path}))"
        case FilePlace(field="data") if value is not None:
            yield from _data(divergence, good)
        case OutcomePlace() if isinstance(value, Mapping):
            event = good.steps[divergence.first_seq - 1].event.payload
            yield from _outcome(event, value)


def _outcome(payload: Payload, value: Mapping[str, Any]) -> Iterator[str]:
    """What is asserted of a reply; of other events only that QEMU goes on."""
    if isinstance(payload, Command) and payload.channel == "qmp":
        if value["status"] == "returned":
            yield "self.assert_qmp(result, 'return', {})"
        elif "class" in value:
            yield f"self.assert_qmp(result, 'error/class', {value['class']!r})"
    elif isinstance(payload, Command) and payload.channel == "hmp":
        sign = "Equal" if value["status"] == "returned" else "NotEqual"
        yield f"self.assert{sign}(result['return'], '')"


def _data(divergence: Divergence, good: Trace) -> Iterator[str]:
    """What a file holds: all runs of the good one, and zeros where only another holds something."""
    path, name = divergence.place.path, PurePosixPath(divergence.place.path).name
    file = _last_view(good).files[path]
    own = divergence.values[good.player.name]
    others = [run for values in divergence.values.values() for run in values]
    held = {(run["offset"], run["length"], run["pattern"]) for run in own}
    for offset, length, pattern in sorted(held):
        if pattern >= 0:
            yield f"self.assert_filled({name!r}, {file.format!r}, {pattern}, {offset}, {length})"
    ends = [(run["offset"], run["offset"] + run["length"]) for run in own]
    for run in others:
        start, end = run["offset"], run["offset"] + run["length"]
        if run["pattern"] > 0 and not any(start < b and a < end for a, b in ends):
            yield f"self.assert_filled({name!r}, {file.format!r}, 0, {start}, {end - start})"


def _last_view(trace: Trace) -> View:
    views = (trace.view_at(index) for index in reversed(range(len(trace.steps))))
    return next((after for after in views if after is not None), View(running=False))


def _planned(
    seq: int, payload: Payload, traces: Sequence[Trace], places: Sandbox, every: bool
) -> Operation:
    """What is done for an event, its files in the test's directory."""
    nodes = [before.nodes for t in traces if seq > 1 and (before := t.view_at(seq - 2))]
    for files in nodes:
        for node in files.values():
            name = str(node.fields.get("filename"))
            if name.startswith("<tmp"):
                # the planning of a commit of such a file asks that it is known
                places.outside(f"{places.temporary}/{name[1:-1]}")
    rules = traces[0].player.subject.commands
    return plan_operations(payload, places, rules, every, nodes[0] if nodes else None)


def _is_drive(order: Operation) -> bool:
    return isinstance(order, Hmp) and order.starts


def _lines(payload: Payload, order: Operation, images: Images, started: bool) -> Iterator[str]:
    remark = order.reason if isinstance(order, Skip) else getattr(order, "remark", "")
    if remark:
        yield f"# {'not done: ' if isinstance(order, Skip) else ''}{plain(remark)}"
    match order:
        case Make():
            for tool, *words in images.commands(order):
                function = "iotests.qemu_img" if tool.endswith("img") else "iotests.qemu_io"
                yield from call(function, map(source, words))
        case Hmp(line, starts) if starts and not started:
            yield from call("self.vm.add_drive_raw", [source(line.removeprefix("drive_add 0 "))])
        case Hmp(line):
            yield from _human(line)
        case Qmp(name, arguments):
            yield from call("result = self.vm.qmp", [repr(name), *_keywords(arguments)])
        case Reopen(device):
            yield from _human(f'qemu-io {device} "reopen"')
        case Io(device, offset, length, None):
            yield f"self.vm.hmp_qemu_io({device!r}, 'read {offset} {length}')"
        case Io(device, offset, length, pattern):
            yield f"self.vm.hmp_qemu_io({device!r}, 'write -P {pattern} {offset} {length}')"
        case Wait(device, until) if device:
            ready = ["ready=True"] if until == "ready" else []
            yield from call("self.wait_for", [repr(device), *ready])


def _human(line: str) -> Iterator[str]:
    arguments = {"command-line": line}
    return call("result = self.vm.qmp", ["'human-monitor-command'", *_keywords(arguments)])


def _keywords(arguments: Mapping[str, Any]) -> list[str]:
    """The arguments of a command; names with a dash cannot stand before an equals sign."""
    plain_ones = {k: v for k, v in arguments.items() if k.isidentifier() and not iskeyword(k)}
    rest = {key: value for key, value in arguments.items() if key not in plain_ones}
    named = [f"{key}={source(value)}" for key, value in plain_ones.items()]
    return [*named, f"**{source(rest)}"] if rest else named


def call(function: str, arguments: Iterable[str]) -> Iterator[str]:
    """A call, whose arguments begin a new line where they would not fit into one."""
    line = f"{function}("
    for argument in arguments:
        if not line.endswith(("(", "    ")) and len(line) + len(argument) + 2 > WIDTH:
            yield line.rstrip()
            line = "    "
        line += f"{argument}, "
    yield f"{line.removesuffix(', ')})"


def _comments(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield from (f"# {part}".rstrip() for part in textwrap.wrap(plain(line), 76) or [""])


def source(value: Any) -> str:
    """A value as Python, in which paths are in the directory of the test."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key!r}: {source(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(source, value)) + "]"
    if not isinstance(value, str) or DIRECTORY not in value:
        return repr(value)
    text = repr(value.replace("{", "{{").replace("}", "}}"))
    return "f" + text.replace(DIRECTORY, "{DIR}")
