"""Replacing secrets and random file names in what is read."""

import re
from collections.abc import Mapping
from typing import Any

from replay.errors import BadInput
from replay.formats.recording import Message, SecretCount

REPLACED = "(secret)"

SECRET = r"password|passwd|passphrase|secret|token|cookie|key"
SECRET_KEY = re.compile(f"(?i)(?:.*[._])?(?:{SECRET})")
SECRET_OBJECT = re.compile(r"(?i)secret\w*")
KINDS = ("qom-type", "driver", "type")
"""The keys under which an object says what it is."""

TEXTS = (
    re.compile(rf"(?i)(?<![\w-])(?:{SECRET})=(?P<value>[^,:\s\"&]+)"),
    re.compile(
        rf'(?i)"(?:[\w.-]*[._])?(?:{SECRET})"\s{{0,9}}:\s{{0,9}}"(?P<value>(?:[^"\\]|\\.)*+)"'
    ),
    re.compile(r"(?i)\bsecret\w{0,20}\b[^\n]{0,400}?\bdata\"?[=:]\s?\"?(?P<value>[^,\s\"}]+)"),
    re.compile(r"://[^:/@\s]{1,200}:(?P<value>[^@/\s]{1,200})@"),
    re.compile(r"^\s*(?:set_password|block_passwd)\s+\S+\s+(?P<value>\S+)"),
    re.compile(r"^\s*change\s+vnc\s+pass\w*\s+(?P<value>\S+)"),
)
"""Secrets in running text: options, addresses and lines for the human monitor."""

SUSPECT = re.compile(rb"(?i)pass|secret|token|cookie|key|://[^/]{1,400}@|\\[u/]")
"""What is in every line of JSON that may hold a secret; most lines are free of it."""

TEMPORARY = re.compile(r"(?<![^\s\",:=])(?:[^\s\",:=]{0,200}/)?vl\.[A-Za-z0-9]{6}(?![A-Za-z0-9])")
"""The file that is laid over an image for snapshot=on."""


class Cleaner:
    """Cleans what one machine said; counts secrets, and numbers temporary files."""

    def __init__(self, numbers: bool = True) -> None:
        """`numbers` is off for names that are to stay as they are."""
        self.tally = SecretCount()
        self._temporaries: dict[str, str] = {}
        self._numbers = numbers

    def clean(self, message: Message) -> Message:
        """The message without secrets and random names."""
        try:
            return message._replace(msg=self._object(dict(message.msg)))
        except RecursionError:
            raise BadInput("nested too deeply", where=str(message.origin)) from None

    def clean_entry(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """The object of an event or observation without secrets; its names are its own."""
        try:
            cleaned = self._object(raw)
        except RecursionError:
            raise BadInput("nested too deeply") from None
        if cleaned.get("channel") != "hmp" or not isinstance(cleaned.get("arguments"), str):
            return cleaned
        # what a line for the human monitor is about stands in its first word
        name = str(cleaned.get("name"))
        line = self._text(f"{name} {cleaned['arguments']}")
        return {**cleaned, "arguments": line.removeprefix(f"{name} ")}

    def _value(self, value: Any) -> Any:
        if isinstance(value, dict):
            return self._object(value)
        if isinstance(value, list):
            return [self._value(item) for item in value]
        return self._text(value) if isinstance(value, str) else value

    def _object(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        hidden = {key for key in fields if SECRET_KEY.fullmatch(key)}
        if any(SECRET_OBJECT.fullmatch(str(fields.get(kind))) for kind in KINDS):
            hidden.add("data")
        if fields.get("device") == "vnc" and str(fields.get("target")).startswith("pass"):
            hidden.add("arg")
        return {
            self._text(key): self._hidden(value) if key in hidden else self._value(value)
            for key, value in fields.items()
        }

    def _hidden(self, value: Any) -> Any:
        """In place of a secret; what is no text is looked through like all else."""
        if not isinstance(value, str) or value in ("", REPLACED):
            return self._value(value)
        self.tally.secrets += 1
        return REPLACED

    def _text(self, text: str) -> str:
        if self._numbers and "vl." in text:
            text = TEMPORARY.sub(self._temporary, text)
        for pattern in TEXTS:
            text = pattern.sub(self._replaced, text)
        return text

    def _replaced(self, match: re.Match[str]) -> str:
        if match["value"] in ("", REPLACED):
            return match[0]
        self.tally.secrets += 1
        start = match.start("value") - match.start()
        end = match.end("value") - match.start()
        return match[0][:start] + REPLACED + match[0][end:]

    def _temporary(self, match: re.Match[str]) -> str:
        return self._temporaries.setdefault(match[0], f"<tmp{len(self._temporaries)}>")
