"""What people typed into QEMU's monitors: the human one, qmp-shell, virsh, Proxmox's qm."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from replay.errors import ReplayError
from replay.events.json_form import parse_object
from replay.formats.commands import HMP
from replay.formats.json_scanner import with_double_quotes
from replay.formats.text.options import split

HUMAN = re.compile(r"^\s*(?:\(qemu\)|qm>|\(monitor\))(?:\s*(?:\(qemu\)|qm>))*\s?(?P<line>.*)$")
SHELL = re.compile(r"^\s*(?:\(QEMU\)|TRANS>)(?:\s*(?:\(QEMU\)|TRANS>))*\s?(?P<line>.*)$")
VIRSH = re.compile(r"\bqemu-monitor-command\b(?P<line>.*)$")
"""A human monitor's prompt, qmp-shell's, and virsh's command to either."""

NAME = re.compile(r"[a-z][a-z0-9_-]*")
WORD = re.compile(
    r"""(?:[^\s"'{\[]|"(?:\\.|[^"\\])*+(?:"|\\?$)|'(?:\\.|[^'\\])*+(?:'|\\?$)|[{\[])++"""
)
COMMENT = re.compile(r"\s#(?:\s.*)?$")
DEEPEST = 100
"""More names than stand in each other in any command."""

WITH_VALUE = ("--domain", "--cmd", "-c", "--connect")

Command = dict[str, Any]


def human_command(line: str) -> Command:
    """A line that was typed into the human monitor, as QMP carries it."""
    return {"execute": HMP, "arguments": {"command-line": line.strip()}}


def virsh_line(rest: str) -> str:
    """The human monitor's line in what follows qemu-monitor-command; "" if it carries none."""
    words = split(rest)
    if "--hmp" not in words:
        return ""
    named = {
        word: value
        for word, value in zip(words, [*words[1:], ""], strict=True)
        if word in WITH_VALUE
    }
    if "--cmd" in named:
        return named["--cmd"]
    values = set(named.values())
    bare = [word for word in words if not word.startswith("--") and word not in values]
    return " ".join(bare if "--domain" in named else bare[1:])


def shell_command(line: str) -> Command | None:
    """A line that was typed into qmp-shell as the command that it sends; None if it is none."""
    words = shell_words(COMMENT.sub("", line))
    if not words or not NAME.fullmatch(words[0]):
        return None
    arguments: dict[str, Any] = {}
    for word in words[1:]:
        key, equals, value = word.partition("=")
        if not (key and equals) or not put(arguments, key.split("."), shell_value(value)):
            return None
    return {"execute": words[0], **({"arguments": arguments} if arguments else {})}


def shell_words(line: str) -> list[str]:
    """The words of a line; brackets and quotes hold blanks together."""
    words: list[list[str]] = []
    depth = 0
    for word in WORD.findall(line):
        if depth:
            words[-1].append(word)
        else:
            words.append([word])
        depth = max(0, depth + opened(word, "{}") + opened(word, "[]"))
    return [" ".join(parts) for parts in words]


def opened(text: str, brackets: str) -> int:
    """How many more brackets of a kind a text opens than it closes."""
    return text.count(brackets[0]) - text.count(brackets[1])


def shell_value(text: str) -> Any:
    """A value as qmp-shell takes it: a number, a truth, JSON in brackets, else a text."""
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    if re.fullmatch(r"-?\d{1,19}", text):
        return int(text)
    if text[:1] in ("{", "["):
        try:
            return parse_object(with_double_quotes(f'{{"value": {text}}}'.encode()))["value"]
        except (ReplayError, LookupError):
            return text
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    return text


def put(arguments: dict[str, Any], path: Sequence[str], value: Any) -> bool:
    """Puts a value below a name with dots, and whether there was place for it."""
    if len(path) > DEEPEST:
        return False
    for key in path[:-1]:
        arguments = arguments.setdefault(key, {})
        if not isinstance(arguments, dict):
            return False
    arguments[path[-1]] = value
    return True


class ShellTyping:
    """The lines that are typed into qmp-shell, which make commands, or transactions of several."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._braces = self._brackets = 0
        self._actions: list[Command] | None = None

    @property
    def is_open(self) -> bool:
        """Whether the line that was typed goes on in the next one."""
        return bool(self._lines)

    def type(self, text: str) -> Iterator[Command | None]:
        """The command that ends in this line; None for a line that is no command."""
        bare = text.rstrip()
        self._lines.append(bare.removesuffix("\\"))
        self._braces += opened(text, "{}")
        self._brackets += opened(text, "[]")
        if bare.endswith("\\") or self._braces > 0 or self._brackets > 0:
            return
        line = " ".join(self._lines).strip()
        self._lines, self._braces, self._brackets = [], 0, 0
        if line.replace(" ", "") == "transaction(":
            self._actions = []
        elif line == ")" and self._actions is not None:
            actions, self._actions = self._actions, None
            yield {"execute": "transaction", "arguments": {"actions": actions}}
        elif line:
            command = shell_command(line)
            if self._actions is None or command is None:
                yield command
            else:
                data = command.get("arguments", {})
                self._actions.append({"type": command["execute"], "data": data})


def as_json(command: Command) -> bytes:
    """The command as a JSON text."""
    return json.dumps(command).encode()
