"""What people typed into QEMU's monitors: the human one, qmp-shell, virsh, Proxmox's qm."""

import json
import re
import shlex
from collections.abc import Iterator, Sequence
from typing import Any

from replay.errors import ReplayError
from replay.events.json_form import parse_object
from replay.formats.commands import HMP
from replay.formats.json_scanner import with_double_quotes

HUMAN = re.compile(r"^\s*(?:\(qemu\)|qm>|\(monitor\))(?:\s*(?:\(qemu\)|qm>))*\s?(?P<line>.*)$")
SHELL = re.compile(r"^\s*(?:\(QEMU\)|TRANS>)(?:\s*(?:\(QEMU\)|TRANS>))*\s?(?P<line>.*)$")
VIRSH = re.compile(r"\bqemu-monitor-command\b(?P<line>.*)$")
"""A human monitor's prompt, qmp-shell's, and virsh's command to either."""

NAME = re.compile(r"[a-z][a-z0-9_-]*")
WORD = re.compile(r"""(?:[^\s"'{\[]|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[{\[])+""")
COMMENT = re.compile(r"\s#(?:\s.*)?$")
WITH_VALUE = ("--domain", "--cmd", "-c", "--connect")

Command = dict[str, Any]


def human_command(line: str) -> Command:
    """A line that was typed into the human monitor, as QMP carries it."""
    return {"execute": HMP, "arguments": {"command-line": line.strip()}}


def virsh_line(rest: str) -> str:
    """The human monitor's line in what follows qemu-monitor-command; "" if it carries none."""
    try:
        words = shlex.split(rest)
    except ValueError:
        words = rest.split()
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
    words: list[str] = []
    depth = 0
    for match in WORD.finditer(line):
        word = match[0]
        if depth:
            words[-1] += f" {word}"
        else:
            words.append(word)
        depth = max(0, words[-1].count("{") + words[-1].count("[")
                    - words[-1].count("}") - words[-1].count("]"))  # fmt: skip
    return words


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
    for key in path[:-1]:
        arguments = arguments.setdefault(key, {})
        if not isinstance(arguments, dict):
            return False
    arguments[path[-1]] = value
    return True


def goes_on(line: str) -> bool:
    """Whether a typed line goes on in the next one: behind a backslash, or in a bracket."""
    if line.rstrip().endswith("\\"):
        return True
    return line.count("{") > line.count("}") or line.count("[") > line.count("]")


class ShellTyping:
    """The lines that are typed into qmp-shell, which make commands, or transactions of several."""

    def __init__(self) -> None:
        self._line = ""
        self._actions: list[Command] | None = None

    @property
    def is_open(self) -> bool:
        """Whether the line that was typed goes on in the next one."""
        return bool(self._line)

    def type(self, text: str) -> Iterator[Command | None]:
        """The command that ends in this line; None for a line that is no command."""
        self._line += text.rstrip().removesuffix("\\") + " "
        if goes_on(text) or goes_on(self._line):
            return
        line, self._line = self._line.strip(), ""
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
