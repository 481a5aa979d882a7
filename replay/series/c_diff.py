"""Reading which functions the diff of a C program changes, hunk by hunk.

A diff does not say where a function ends; what stands at the left margin does, as everywhere in
the programs whose patches are read: a definition begins there, and its last brace stands there.
"""

import re
from collections.abc import Iterator

from msgspec import Struct

from replay.errors import BadInput
from replay.series.patch import plain_mail, subject_of

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@ ?(.*)")
_FUNCTION = re.compile(r"[A-Za-z_][\w \t*]*?\b([A-Za-z_]\w*)\s*\(")
_TYPE = re.compile(r"(?:typedef\s+)?(?:struct|union|enum)\s+(\w+)\s*(?:\{|$)")
_NO_NAMES = {"if", "for", "while", "switch", "return", "sizeof", "defined"}

MOST_LINES = 1_000_000
"""More than any patch that a person sends; a reader should not wait for a file that is none."""


class CHunk(Struct, frozen=True):
    """A hunk: its file, its first line in the new file, and the definitions that it changes.

    A definition is "" for what stands outside of all.
    """

    file: str
    line: int
    names: tuple[str, ...]


class CPatch(Struct, frozen=True):
    """What a patch of a C program changes; `subject` is its title, "" if it has none."""

    subject: str
    hunks: tuple[CHunk, ...]


def parse_c_patch(text: str, name: str) -> CPatch:
    """The hunks of a patch: a bare diff, git format-patch output, or a mail.

    Raises BadInput with `name` and line for a hunk that is cut off, and for a text without any.
    """
    text, mail = plain_mail(text, name)
    lines = text.split("\n")
    if len(lines) > MOST_LINES:
        raise BadInput(f"not read: it has more than {MOST_LINES} lines", where=name)
    hunks = tuple(_hunks(lines, name))
    if not hunks:
        raise BadInput("holds no unified diff", where=name, do="make it with git diff")
    return CPatch(subject_of(mail), hunks)


def _hunks(lines: list[str], name: str) -> Iterator[CHunk]:
    at, old, file = 0, "", ""
    while at < len(lines):
        line = lines[at]
        match = _HUNK.match(line)
        if match and file:
            body, end = _body(lines, at, match, name)
            yield CHunk(file, int(match[3]), tuple(dict.fromkeys(_changed(body, match[5]))))
            at = end
            continue
        following = lines[at + 1] if at + 1 < len(lines) else ""
        if line.startswith("--- ") and following.startswith("+++ "):
            old, new = _path(line), _path(following)
            file = old if new == "/dev/null" else new
            at += 1
        at += 1


def _path(line: str) -> str:
    path = line[4:].partition("\t")[0].strip()
    return path if path == "/dev/null" else path.partition("/")[2] or path


def _body(lines: list[str], at: int, match: re.Match[str], name: str) -> tuple[list[str], int]:
    """The lines of the hunk whose @@ is at `at`, and the line after it."""
    old, new = (int(match[group] or "1") for group in (2, 4))
    body: list[str] = []
    end = at + 1
    while end < len(lines) and (old > 0 or new > 0 or lines[end].startswith("\\")):
        line = lines[end] or " "
        if line[0] not in " +-\\":
            break
        old -= line[0] in " -"
        new -= line[0] in " +"
        body.append(line)
        end += 1
    if old or new:
        do = "make the diff again"
        raise BadInput("a hunk that is cut off or too long", where=f"{name}:{at + 1}", do=do)
    return body, end


class _Margin:
    """The definition that one side of a hunk is in, as its left margin tells."""

    def __init__(self, heading: str) -> None:
        self.name = _name(heading)
        self._ends = False
        self._declares = False

    def enter(self, text: str) -> None:
        """Goes on to a line."""
        if self._ends:
            self.name, self._ends = "", False
        if text[:1] == "}":
            self._ends = True
        elif name := _name(text):
            self.name = name
            self._declares = True
        if self._declares and "{" in text:
            self._declares = False
        if self._declares and text.rstrip().endswith(";"):
            self._ends = True  # only declared here
            self._declares = False


def _name(text: str) -> str:
    """The function or type whose definition begins in a line; "" if none does."""
    if not re.match(r"[A-Za-z_]", text):
        return ""
    kind = _TYPE.match(text)
    if kind:
        return kind[1]
    match = _FUNCTION.match(text)
    if not match or "=" in text[: match.end()] or match[1] in _NO_NAMES:
        return ""
    return match[1]


def _changed(body: list[str], heading: str) -> Iterator[str]:
    """The definitions in which lines come or go."""
    before, after = _Margin(heading), _Margin(heading)
    for line in body:
        mark, text = line[0], line[1:]
        if mark in " -":
            before.enter(text)
        if mark in " +":
            after.enter(text)
        if mark in "+-" and text.strip():
            yield before.name if mark == "-" else after.name
