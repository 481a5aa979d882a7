"""Writing a shell script that shows a finding on a plain QEMU."""

import json
import shlex
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from replay.events.command_rules import CommandRules
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
from replay.qemu.live.builds import IMG, IO, SYSTEM, Build
from replay.qemu.live.images import Images
from replay.qemu.live.sandbox import Sandbox, home

ANY_BUILD = Build("qemu", Path(SYSTEM), (SYSTEM,), (IMG,), (IO,), "")
SHOWN = 16
"""How many bytes of a read are shown."""

NOTICES = {"ready": ("BLOCK_JOB_READY",), "end": ("BLOCK_JOB_COMPLETED", "BLOCK_JOB_CANCELLED")}

HEAD = r"""
[ -n "${BASH_VERSION:-}" ] || exec bash "$0" "$@"
set -eu
dir=$(mktemp -d)
mkdir "$dir/images" "$dir/tmp"
cd "$dir/images"
qemu=
trap 'if [ -n "$qemu" ]; then kill "$qemu" 2>/dev/null || :; fi; rm -rf "$dir"' EXIT

# hear END: prints what QEMU says up to a line of which END is true.
hear() {
    while IFS= read -r -t 20 line <&4; do
        line=${line%$'\r'}
        echo "<- $line"
        case $line in *'"event": "BLOCK_JOB_'*) notices+=$line$'\n' ;; esac
        if "$@"; then return; fi
    done
    echo "QEMU does not answer" >&2
    exit 2
}
is_greeting() { [[ $line == '{"QMP"'* ]]; }
is_reply() { [[ $line == '{"return"'* || $line == '{"error"'* ]]; }
told() {
    local name notice
    while IFS= read -r notice; do
        for name in "${@:2}"; do
            if [[ $notice == *"\"event\": \"$name\""*"\"device\": \"$1\""* ]]; then return 0; fi
        done
    done <<<"$notices"
    return 1
}

# qmp COMMAND: asks QEMU and waits for the reply.
qmp() {
    notices=
    echo "-> $1"
    printf '%s\n' "$1" >&3
    hear is_reply
    refused=
    case $line in '{"error"'*) refused=yes ;; esac
}

# job DEVICE NOTICE...: waits for a notice about the device's job.
job() {
    if [ -z "$refused" ] && ! told "$@"; then hear told "$@"; fi
}

# look FILE THERE GONE: says whether the file is there, and in which variants that is so.
look() {
    if [ -e "$1" ]; then echo "== $1 is there, as in $2"; else echo "== $1 is gone, as in $3"; fi
}
"""

START = r"""
mkfifo "$dir/qmp.in" "$dir/qmp.out"
TMPDIR="$dir/tmp" "${QEMU:-qemu-system-x86_64}" -machine none -S -nodefaults -display none \
    -chardev pipe,id=qmp,path="$dir/qmp" -mon chardev=qmp,mode=control >"$dir/printed" 2>&1 &
qemu=$!
exec 3>"$dir/qmp.in" 4<"$dir/qmp.out"
notices= refused=
hear is_greeting
qmp '{"execute": "qmp_capabilities"}'
"""

END = r"""
qmp '{"execute": "quit"}'
wait "$qemu" || echo "== QEMU ended with status $?"
qemu=
echo "== what qemu-io printed:"
cat "$dir/printed"
echo "== the files at the end:"
ls
"""


class FileQuestion(Struct, frozen=True):
    """A file whose existence differs after an event, and the variants where it is there or not."""

    seq: int
    file: str
    there: str
    gone: str


def script(
    log: Log, rules: CommandRules, about: Iterable[str], questions: Iterable[FileQuestion]
) -> str:
    """A bash script that does with a plain QEMU what the log says.

    It begins with the lines `about` it, and answers the questions when their events are over.
    """
    places = Sandbox(home(log.events), Path(), Path())
    images = Images(ANY_BUILD, places)
    asked: dict[int, list[FileQuestion]] = {}
    for question in questions:
        asked.setdefault(question.seq, []).append(question)
    lines = ["#!/usr/bin/env bash", *(f"# {plain(line)}" for line in about), HEAD.rstrip("\n")]
    started = False
    every = overlaid(log.events)
    for seq, event in enumerate(log.events, 1):
        operation = plan_operations(event.payload, places, rules, every)
        if not started and not isinstance(operation, Make | Skip):
            lines.append(START.rstrip("\n"))
            started = True
        lines += ["", f"# event {seq}", *_lines(operation, images)]
        lines += [_look(question, places) for question in asked.get(seq, ())]
    return "\n".join([*lines, END if started else ""])


def _look(question: FileQuestion, places: Sandbox) -> str:
    words = (places.inside(question.file), question.there, question.gone)
    return f"look {_words(words)}"


def _words(words: Iterable[str]) -> str:
    """Words for bash, each quoted."""
    return " ".join(map(quoted, words))


def quoted(word: str) -> str:
    """A word for bash, which can have no NUL; what is not printable is written in hex."""
    if word.isprintable():
        return shlex.quote(word)
    return f"$'{''.join(map(_spelled, word))}'"


def _spelled(char: str) -> str:
    if char == "\0":
        return ""
    if char.isprintable() and char not in "\\'":
        return char
    return "".join(f"\\x{byte:02x}" for byte in char.encode())


def plain(text: str) -> str:
    """A text that can't leave its comment."""
    return "".join(char if char.isprintable() else "?" for char in text)


def _lines(asked: Operation, images: Images) -> Iterator[str]:
    remark = asked.reason if isinstance(asked, Skip) else getattr(asked, "remark", "")
    if remark:
        yield f"# {'not done: ' if isinstance(asked, Skip) else ''}{plain(remark)}"
    match asked:
        case Make():
            for command in images.commands(asked):
                yield f"{_words(command)} >/dev/null"
        case Qmp():
            yield _qmp(asked.name, asked.arguments)
        case Hmp():
            yield _human(asked.line)
        case Io(device, offset, length, None):
            yield _human(f'qemu-io {device} "read -v {offset} {min(length, SHOWN)}"')
        case Io(device, offset, length, pattern):
            yield _human(f'qemu-io {device} "write -P {pattern} {offset} {length}"')
        case Reopen(device):
            yield _human(f'qemu-io {device} "reopen"')
        case Wait(device, until) if device:
            yield _words(["job", device, *NOTICES["end"], *NOTICES.get(until, ())])
        case Wait():
            yield "sleep 1"


def _human(line: str) -> str:
    return _qmp("human-monitor-command", {"command-line": line})


def _qmp(name: str, arguments: Mapping[str, Any]) -> str:
    command = {"execute": name} | ({"arguments": arguments} if arguments else {})
    return f"qmp {quoted(json.dumps(command))}"
