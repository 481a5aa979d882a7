"""Parsing a unified diff strictly: no fuzz, no renames, no binary hunks."""

import itertools
import re
from dataclasses import dataclass, replace
from typing import Literal

from replay.errors import BadInput

_NUMBER = "([0-9]{1,9})"
_HUNK = re.compile(f"@@ -{_NUMBER}(?:,{_NUMBER})? \\+{_NUMBER}(?:,{_NUMBER})? @@")
_PATH = re.compile(r"(?:\w[\w-]*/)*\w[\w-]*\.py", re.ASCII)
_REFUSED = {
    "rename ": "a rename: write it as one file deleted and one created (git diff --no-renames)",
    "copy ": "a copy: write it as a created file (git diff --no-renames)",
    "old mode ": "a change of mode: a model's file has no mode",
    "GIT binary patch": "a binary patch: a model is text",
    "Binary files ": "a binary patch: a model is text",
    "diff --cc ": "the combined diff of a merge: diff against one parent",
    "diff --combined ": "the combined diff of a merge: diff against one parent",
}


@dataclass(frozen=True, slots=True)
class Edit:
    """A line of a hunk: kept (" "), removed ("-") or added ("+")."""

    mark: str
    text: str
    newline: bool = True


@dataclass(frozen=True, slots=True)
class Hunk:
    """Edits of neighbouring lines; `line` is its place in the patch file, `start` in the old file.

    Both count from 1.
    """

    line: int
    start: int
    edits: tuple[Edit, ...]

    @property
    def old(self) -> tuple[Edit, ...]:
        """The lines that have to be there."""
        return tuple(edit for edit in self.edits if edit.mark != "+")


@dataclass(frozen=True, slots=True)
class FileChange:
    """What a patch does to one file of the model."""

    path: str
    kind: Literal["edit", "create", "delete"]
    line: int
    hunks: tuple[Hunk, ...]


def parse_diff(lines: list[str], index: int, name: str, strip: int) -> tuple[FileChange, ...]:
    """What the diff from line `at` (from 0) on does to each file.

    `strip` is the number of leading components taken off a path. Raises ReplayError with `name`
    and line where it is no well-formed diff of model files.
    """
    changes: list[FileChange] = []
    announced = None
    while index < len(lines):
        line = lines[index]
        _refuse(line, f"{name}:{index + 1}")
        if line.startswith("diff --git "):
            _check_changed(announced, name)
            announced = index
            index += 1
        elif _is_file_header(lines, index):
            change, index = _file_change(lines, index, name, strip)
            changes.append(change)
            announced = None
        elif line.startswith("@@ "):
            raise BadInput("a hunk without its file's --- and +++", where=f"{name}:{index + 1}")
        else:
            index += 1
    _check_changed(announced, name)
    if not changes:
        raise BadInput("holds no unified diff", where=name, do="make it with git diff")
    _check_once(changes, name)
    return tuple(changes)


def _refuse(line: str, where: str) -> None:
    for start, reason in _REFUSED.items():
        if line.startswith(start):
            raise BadInput(f"refused {reason}", where=where)


def _check_changed(announced: int | None, name: str) -> None:
    if announced is not None:
        raise BadInput(
            "a file's diff without a hunk", where=f"{name}:{announced + 1}", do="drop it"
        )


def _check_once(changes: list[FileChange], name: str) -> None:
    paths: set[str] = set()
    for change in changes:
        if change.path in paths:
            where = f"{name}:{change.line}"
            raise BadInput(f"changes {change.path} twice", where=where, do="join the hunks")
        paths.add(change.path)


def _file_change(lines: list[str], index: int, name: str, strip: int) -> tuple[FileChange, int]:
    """The change whose `---` is at `at`, and the line after it."""
    where = f"{name}:{index + 1}"
    old, new = (_stripped(lines[index + side], strip) for side in (0, 1))
    if old is None and new is None:
        raise BadInput("both sides are /dev/null", where=where)
    if old is not None and new is not None and old != new:
        raise BadInput(f"refused {_REFUSED['rename ']} ({old}, {new})", where=where)
    path = old if old is not None else new
    assert path is not None
    if not _PATH.fullmatch(path):
        do = "name a .py file by its path relative to base/"
        raise BadInput(f"{path!r} is no path of a model file", where=where, do=do)
    kind: Literal["edit", "create", "delete"] = (
        "create" if old is None else "delete" if new is None else "edit"
    )
    line = index + 1
    index += 2
    hunks: list[Hunk] = []
    while index < len(lines) and lines[index].startswith("@@"):
        hunk, index = _hunk(lines, index, name)
        hunks.append(hunk)
    _check_hunks(hunks, kind, where)
    return FileChange(path, kind, line, tuple(hunks)), index


def _stripped(line: str, strip: int) -> str | None:
    """The path of a `---` or `+++` line without a time stamp; None for /dev/null."""
    path = line[4:].partition("\t")[0].rstrip()
    if path == "/dev/null":
        return None
    if path.startswith("/"):
        return path
    parts = path.split("/")
    return "/".join(parts[min(strip, len(parts) - 1) :])


def _hunk(lines: list[str], index: int, name: str) -> tuple[Hunk, int]:
    """The hunk whose @@ is at `at`, and the line after it."""
    where = f"{name}:{index + 1}"
    match = _HUNK.match(lines[index])
    if match is None:
        raise BadInput(f"not a hunk's header: {lines[index][:60]!r}", where=where)
    start = int(match[1])
    old, new = (int(match[group] or "1") for group in (2, 4))
    edits: list[Edit] = []
    end = index + 1
    while end < len(lines):
        line = lines[end]
        if line.startswith("\\") and edits:
            edits[-1] = replace(edits[-1], newline=False)
        elif old == new == 0:
            break
        else:
            mark, text = line[:1] or " ", line[1:]
            old -= mark != "+"
            new -= mark != "-"
            if "\r" in text:
                raise BadInput("has a carriage return", where=f"{name}:{end + 1}")
            if mark not in " +-" or old < 0 or new < 0:
                break
            edits.append(Edit(mark, text))
        end += 1
    if old or new or _goes_on(lines, end):
        do = "the counts in its @@ line and its lines disagree; make the diff again"
        raise BadInput("a hunk that is cut off or too long", where=where, do=do)
    return Hunk(index + 1, start, tuple(edits)), end


def _goes_on(lines: list[str], index: int) -> bool:
    """True if a line that looks like a hunk's follows; a mail's signature mark does not."""
    if index >= len(lines) or lines[index].rstrip() == "--" or _is_file_header(lines, index):
        return False
    return lines[index].startswith((" ", "+", "-"))


def _check_hunks(hunks: list[Hunk], kind: str, where: str) -> None:
    if not hunks:
        raise BadInput("a file's diff without a hunk", where=where, do="drop it")
    for before, hunk in itertools.pairwise(hunks):
        if hunk.start < before.start + len(before.old):
            raise BadInput("hunks overlap or are out of order", where=f"{where} @{hunk.line}")
    for hunk in hunks:
        if kind != "create" and not hunk.old:
            do = "make the diff with three lines of context"
            raise BadInput("a hunk without context", where=f"{where} @{hunk.line}", do=do)
    marks = {edit.mark for hunk in hunks for edit in hunk.edits}
    allowed = {"create": {"+"}, "delete": {"-"}}.get(kind, {" ", "+", "-"})
    whole = len(hunks) == 1 and hunks[0].start == (0 if kind == "create" else 1)
    if not marks <= allowed or (kind != "edit" and not whole):
        raise BadInput(f"the hunks do not {kind} the whole file", where=where)


def starts_diff(lines: list[str], index: int) -> bool:
    """True if line `at` (from 0) is the first of a diff."""
    return lines[index].startswith("diff --") or _is_file_header(lines, index)


def _is_file_header(lines: list[str], index: int) -> bool:
    following = lines[index + 1] if index + 1 < len(lines) else ""
    return lines[index].startswith("--- ") and following.startswith("+++ ")
