"""Documents: what a report holds, as JSON text."""

from typing import Any

import msgspec


def document(told: Any) -> str:
    """The text of a JSON document, indented, with a line end."""
    return escaped(msgspec.json.format(msgspec.json.encode(told), indent=2).decode()) + "\n"


def escaped(json: str) -> str:
    """The same JSON, with every character as an escape that is not printable, but line ends.

    JSON has to escape only the first 32. A terminal obeys DEL and those from U+0080 to U+009F too.
    """
    if json.isascii() and "\x7f" not in json:
        return json
    return "".join(c if c.isprintable() or c == "\n" else _units(c) for c in json)


def _units(char: str) -> str:
    """The escapes of a character, one for each unit of UTF-16."""
    code = char.encode("utf-16-be").hex()
    return "".join(f"\\u{code[at : at + 4]}" for at in range(0, len(code), 4))
