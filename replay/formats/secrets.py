"""Replacing secrets and random file names in what is read."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from replay.errors import BadInput
from replay.events.event import Origin
from replay.events.json_form import located
from replay.formats.recording import Message, SecretCount
from replay.formats.secret_shapes import (
    DATA,
    NUMBER_NAME,
    REPLACED,
    SECRET_NAME,
    SECRET_OPTIONS,
    SECRET_SWITCH,
    SECRET_TYPE,
    SWITCHES,
    TYPE_NAMES,
    may_hold_secret,
    shapes,
)

TEMPORARY = re.compile(r"(?<![^\s\",:=])(?:[^\s\",:=]{0,200}/)?vl\.[A-Za-z0-9]{6}(?![A-Za-z0-9])")
"""The file that is laid over an image for snapshot=on."""

MOST_PLACES = 1000
"""More places of secrets than anyone reads are only counted."""

MOST_TEXT = 10_000_000
"""So many characters of one message are searched: a real one has few texts that may hold secrets,
and a search for all their shapes takes a second for some millions."""

MOST_OBJECTS = 100
"""So many objects of JSON in a text are read as such; in what lies behind shapes are looked for."""

LONGEST_NAME = 100
"""The end of a field's name that says whether it holds a secret."""


class Cleaner:
    """Cleans what one machine said; counts secrets, and numbers temporary files."""

    def __init__(self, numbers: bool = True) -> None:
        """`numbers` is off for names that are to stay as they are."""
        self.tally = SecretCount()
        self._temporaries: dict[str, str] = {}
        self._numbers = numbers
        self._origin: Origin | None = None
        self._path: list[str] = []
        self._searched = 0

    def clean(self, message: Message) -> Message:
        """The message without secrets and random names."""
        if not is_suspect(message.msg):
            return message
        with located(message.origin):
            return message._replace(msg=self._whole(message.msg, message.origin))

    def clean_entry(self, raw: Mapping[str, Any], origin: Origin | None = None) -> dict[str, Any]:
        """The object of an event or observation without secrets; its names are its own."""
        cleaned = self._whole(raw, origin)
        if cleaned.get("channel") != "hmp" or not isinstance(cleaned.get("arguments"), str):
            return cleaned
        # What a line for the human monitor is about stands in its first word.
        name = str(cleaned.get("name"))
        line = self._text(f"{name} {cleaned['arguments']}")
        return {**cleaned, "arguments": line.removeprefix(f"{name} ")}

    def _whole(self, fields: Mapping[str, Any], origin: Origin | None) -> dict[str, Any]:
        """What a message or entry says without secrets."""
        self._origin, self._path, self._searched = origin, [], 0
        try:
            return self._object(fields)
        except RecursionError:
            raise BadInput("nested too deeply") from None

    def _value(self, value: Any) -> Any:
        if isinstance(value, dict):
            return self._object(value)
        if isinstance(value, list):
            return self._items(value)
        return self._text(value) if isinstance(value, str) else value

    def _items(self, items: list[Any]) -> list[Any]:
        """A list; in that of a command line's words some are secrets because of the one before."""
        cleaned = []
        for place, item in enumerate(items):
            before = items[place - 1] if place else None
            if isinstance(before, str) and isinstance(item, str) and may_be_switch(before):
                whole = self._at(f"[{place}]", f"{before} {item}")
                cleaned.append(whole.removeprefix(f"{before} "))
            else:
                cleaned.append(self._at(f"[{place}]", item))
        return cleaned

    def _at(self, step: str, value: Any) -> Any:
        self._path.append(step)
        cleaned = self._value(value)
        self._path.pop()
        return cleaned

    def _object(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        hidden = {key for key in fields if is_secret_name(key)}
        is_secret = any(is_secret_type(fields.get(name)) for name in TYPE_NAMES)
        if is_secret:
            hidden.add("data")
        if any(is_secret_property(fields.get(name)) for name in NAMING):
            hidden.add("value")
        if fields.get("device") == "vnc" and is_password(fields.get("target")):
            hidden.add("arg")
        cleaned: dict[str, Any] = {}
        for key, value in fields.items():
            name = self._text(key)
            self._path.append(f".{name}")
            if key in hidden:
                cleaned[name] = self._hidden(value, is_number_name(key))
            elif is_secret and key == "props" and isinstance(value, dict):
                # object-add of QEMU before 6.0 has the object's own fields one level below.
                cleaned[name] = self._object({**value, TYPE_NAMES[0]: "secret"})
                cleaned[name].pop(TYPE_NAMES[0])
            else:
                cleaned[name] = self._value(value)
            self._path.pop()
        return cleaned

    def _hidden(self, value: Any, is_number: bool) -> Any:
        """In place of a secret; all texts in it are, and other values stay."""
        if isinstance(value, list):
            return [self._hidden(item, is_number) for item in value]
        if isinstance(value, dict):
            return {self._text(key): self._hidden(item, is_number) for key, item in value.items()}
        if isinstance(value, str) and value not in SWITCHES:
            return self._removed()
        if is_number and isinstance(value, int | float) and not isinstance(value, bool):
            return self._removed()
        return self._value(value)

    def _removed(self) -> str:
        """Stands for a secret, which is counted, and its place remembered."""
        self.tally.secrets += 1
        if len(self.tally.places) < MOST_PLACES:
            place = "".join(self._path).removeprefix(".")
            self.tally.places.append(f"{self._origin}: {place}" if self._origin else place)
        return REPLACED

    def _text(self, text: str) -> str:
        if not may_hold_secret(text.encode(errors="replace")):
            return text
        self._searched += len(text)
        if self._searched > MOST_TEXT:
            raise BadInput(
                f"more than {MOST_TEXT} characters of text that may hold secrets in one message",
                do="take it out of the file",
            )
        if self._numbers and "vl." in text:
            text = TEMPORARY.sub(self._temporary, text)
        text = "".join(self._pieces(text))
        if "data=" in text and SECRET_OPTIONS.search(text):
            text = DATA.sub(self._replaced, text)
        for pattern in shapes():
            text = pattern.sub(self._replaced, text)
        return text

    def _pieces(self, text: str) -> Iterator[str]:
        """A text piece by piece; the objects of JSON in it without the secrets in them."""
        # Most logs have no text that gets here.
        from replay.formats.text.objects import PlainObjects  # noqa: PLC0415

        done = start = 0
        objects = PlainObjects(text)
        for _ in range(MOST_OBJECTS):
            start = text.find('{"', start)
            if start < 0:
                break
            end = objects.end(text, start)
            if end:
                yield text[done:start]
                yield self._json(text[start:end])
                done = end
            start = end or start + 1
        yield text[done:]

    def _json(self, text: str) -> str:
        """A text of JSON without the secrets in it."""
        try:
            fields = msgspec.json.decode(text, type=dict[str, Any])
        except (msgspec.MsgspecError, RecursionError):
            return text
        before = self.tally.secrets
        cleaned = self._object(fields)
        # What has no secret stays as it was written.
        return text if self.tally.secrets == before else msgspec.json.encode(cleaned).decode()

    def _replaced(self, match: re.Match[str]) -> str:
        value = match["value"].strip("\"'").lower()
        if value in SWITCHES or value.startswith(REPLACED):
            return match[0]
        start = match.start("value") - match.start()
        end = match.end("value") - match.start()
        return match[0][:start] + self._removed() + match[0][end:]

    def _temporary(self, match: re.Match[str]) -> str:
        return self._temporaries.setdefault(match[0], f"<tmp{len(self._temporaries)}>")


NAMING = ("property", "name", "key", "header")
"""The fields that say what is in the field "value" beside them."""


def may_be_switch(word: str) -> bool:
    """Whether a word of a command line may say that the next is a secret."""
    return word in ("-u", "-U", "--user", "--proxy-user") or bool(SECRET_SWITCH.fullmatch(word))


def is_secret_name(name: str) -> bool:
    """Whether a field of this name holds a secret."""
    return SECRET_NAME.fullmatch(name[-LONGEST_NAME:]) is not None


def is_number_name(name: str) -> bool:
    """Whether a number in a field of this name is a secret too."""
    return NUMBER_NAME.fullmatch(name[-LONGEST_NAME:]) is not None


def is_secret_type(name: Any) -> bool:
    """Whether an object that says this of itself is a secret."""
    return isinstance(name, str) and SECRET_TYPE.fullmatch(name) is not None


def is_password(target: Any) -> bool:
    """Whether "change vnc" with this target says a password."""
    return isinstance(target, str) and target.startswith("pass")


def is_secret_property(name: Any) -> bool:
    """Whether what qom-set puts under a name is a secret; objects have theirs under "data"."""
    return isinstance(name, str) and (name == "data" or is_secret_name(name))


def is_suspect(msg: Mapping[str, Any]) -> bool:
    """Whether a message may hold a secret or a random name; looking at it as text is quick."""
    try:
        return may_hold_secret(msgspec.json.encode(msg))
    except (ValueError, TypeError, RecursionError):
        return True
