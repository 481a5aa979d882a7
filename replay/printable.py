"""What keeps a character that a terminal or a browser would obey from being shown as it is."""

import re


def escape(text: str) -> str:
    """The text with every character that is not printable as an escape, `\\x1b` for ESC."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


OBEYED = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""A control character, one that turns the direction of text, or half of a character."""


def without_controls(text: str) -> str:
    """A whole document with what a terminal or a browser would obey as escapes, `\\u001b` for ESC.

    This is the last guard of all that is written, whatever its form: JSON means the same so.
    """
    return OBEYED.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def escaped_json(json: str) -> str:
    """The same JSON, with every character as an escape that is not printable, but line ends.

    JSON has to escape only the first 32. A terminal obeys DEL and those from U+0080 to U+009F too.
    """
    if json.isascii() and "\x7f" not in json:
        return json
    return "".join(c if c.isprintable() or c == "\n" else _units(c) for c in json)


def _units(char: str) -> str:
    """The escapes of a character, one for each unit of UTF-16."""
    code = char.encode("utf-16-be").hex()
    return "".join(f"\\u{code[n : n + 4]}" for n in range(0, len(code), 4))
