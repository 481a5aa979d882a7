"""Applying a patch to source files while remembering which patch added each line."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from replay.errors import Conflict, ReplayError
from replay.series.patch import Patch, label
from replay.series.unified_diff import Edit, FileChange, Hunk

MOST_SEARCHED = 4_000_000
"""Lines that are looked at for the hunks of a file which do not fit where they say: a second."""

MOST_NAMED = 5
"""Lines that an error names."""


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A line of source without its newline.

    `patch` is an index into the `patches` of its tree, None for a line of base. `newline` is
    False for the last line of a file that does not end in one.
    """

    text: str
    patch: int | None = None
    newline: bool = True


@dataclass(frozen=True)
class SourceFile:
    """A file of the model; `name` is its path relative to base/."""

    name: str
    lines: tuple[SourceLine, ...]

    @cached_property
    def text(self) -> str:
        """The file's content."""
        return "".join(line.text + "\n" if line.newline else line.text for line in self.lines)

    @cached_property
    def digest(self) -> str:
        """sha256 hex of the name and the content; where a line came from does not count."""
        return hashlib.sha256(f"{self.name}\n{self.text}".encode()).hexdigest()


@dataclass(frozen=True, eq=False)
class Tree:
    """The files in the order of their names, and the patches applied to base, oldest first."""

    files: tuple[SourceFile, ...]
    patches: tuple[Patch, ...] = ()

    def __hash__(self) -> int:
        """Of the digest: caches look trees up often, and hashing every line takes long."""
        return hash(self.digest)

    def __eq__(self, other: object) -> bool:
        """Whether files and patches are the same; by the digest, since a file has many lines."""
        if not isinstance(other, Tree):
            return NotImplemented
        return self is other or (self.digest == other.digest and self.patches == other.patches)

    @cached_property
    def digest(self) -> str:
        """sha256 hex over names and contents; where a line came from does not count."""
        # A patch leaves most files as they are, and series of many trees are looked up by it.
        return hashlib.sha256("\n".join(file.digest for file in self.files).encode()).hexdigest()


def source_file(name: str, text: str, patch: int | None = None) -> SourceFile:
    """The file with this content, each line put there by `patch`."""
    lines = text.removesuffix("\n").split("\n") if text else []
    ended = text.endswith("\n")
    return SourceFile(
        name,
        tuple(
            SourceLine(line, patch, ended or index < len(lines))
            for index, line in enumerate(lines, 1)
        ),
    )


def apply(tree: Tree, patch: Patch) -> Tree:
    """The tree with one more patch.

    Raises ReplayError for a conflict: every context and removed line has to be there, and a
    hunk that is not at its stated line moves only to the one place where all its lines match.
    """
    files = {file.name: file for file in tree.files}
    for change in patch.files:
        lines = _changed(tree, files, change, patch)
        if change.kind == "delete":
            del files[change.path]
        else:
            files[change.path] = SourceFile(change.path, lines)
    ordered = tuple(files[name] for name in sorted(files))
    return Tree(ordered, (*tree.patches, patch))


def offsets(tree: Tree, patch: Patch) -> tuple[int, ...]:
    """How many lines each hunk of `patch` moves when it is applied to `tree`, in its order.

    Raises ReplayError as `apply` does.
    """
    files = {file.name: file for file in tree.files}
    return tuple(
        place - _stated(hunk)
        for change in patch.files
        for hunk, place in zip(
            change.hunks,
            _places(tree, _target(files, change, patch), change, patch),
            strict=True,
        )
    )


def _changed(
    tree: Tree, files: Mapping[str, SourceFile], change: FileChange, patch: Patch
) -> tuple[SourceLine, ...]:
    """The lines of a file after its change."""
    lines = _target(files, change, patch)
    result: list[SourceLine] = []
    done = 0
    for hunk, place in zip(change.hunks, _places(tree, lines, change, patch), strict=True):
        result += lines[done:place]
        done = place + len(hunk.old)
        result += _edited(hunk, lines[place:done], len(tree.patches))
    result += lines[done:]
    _check_result(result, change, patch)
    return tuple(result)


def _edited(hunk: Hunk, lines: tuple[SourceLine, ...], index: int) -> Iterator[SourceLine]:
    old = iter(lines)
    for edit in hunk.edits:
        if edit.mark == "+":
            yield SourceLine(edit.text, index, edit.newline)
        else:
            line = next(old)
            if edit.mark == " ":
                yield line


def _target(
    files: Mapping[str, SourceFile], change: FileChange, patch: Patch
) -> tuple[SourceLine, ...]:
    """The lines that the change starts from."""
    where = f"{patch.name}:{change.line}"
    if change.kind == "create":
        if change.path in files:
            raise Conflict(f"creates {change.path}, which is there", where=where)
        return ()
    if change.path not in files:
        do = f"the tree has {', '.join(sorted(files))}"
        raise Conflict(f"there is no file {change.path}", where=where, do=do)
    return files[change.path].lines


def _places(
    tree: Tree, lines: tuple[SourceLine, ...], change: FileChange, patch: Patch
) -> tuple[int, ...]:
    """The index in `lines` at which each hunk applies."""
    places: list[int] = []
    floor = searched = 0
    for hunk in change.hunks:
        place = _stated(hunk)
        if not _fits(lines, hunk.old, place):
            searched += len(lines)
            if searched > MOST_SEARCHED:
                what = f"too many hunks for {change.path} do not fit where they say"
                raise _conflict(what, hunk, patch)
            place = _found(tree, lines, hunk, change.path, patch)
        if place < floor:
            what = f"the hunk for {change.path} fits only before or inside the one ahead of it"
            raise _conflict(what, hunk, patch)
        places.append(place)
        floor = place + len(hunk.old)
    return tuple(places)


def _stated(hunk: Hunk) -> int:
    return hunk.start - 1 if hunk.old else hunk.start


def _found(tree: Tree, lines: tuple[SourceLine, ...], hunk: Hunk, path: str, patch: Patch) -> int:
    """The only place where a hunk fits that does not fit where it says."""
    places = list(islice(_fitting(lines, hunk.old), MOST_NAMED + 1))
    if len(places) == 1:
        return places[0]
    if places:
        several = ", ".join(str(place + 1) for place in places[:MOST_NAMED])
        more = " and more" if len(places) > MOST_NAMED else ""
        what = f"the hunk for {path} does not fit at line {hunk.start} but at lines {several}{more}"
        raise _conflict(what, hunk, patch)
    raise _conflict(_mismatch(tree, lines, hunk, path), hunk, patch)


def _fitting(lines: tuple[SourceLine, ...], old: tuple[Edit, ...]) -> Iterator[int]:
    """The places where all these lines stand one after another."""
    if not old or not lines:
        return
    # Python finds a text in a text in linear time, whatever either repeats.
    whole, part = _joined(lines), _joined(old)
    found, line, start = whole.find(part), 0, 0
    while found >= 0:
        line += whole.count("\n", start, found)
        if old[-1].newline or found + len(part) == len(whole):
            yield line
        start, found = found, whole.find(part, found + 1)


def _joined(lines: Sequence[SourceLine | Edit]) -> str:
    """The lines as a text with a line end before the first."""
    return "\n" + "\n".join(line.text for line in lines) + ("\n" if lines[-1].newline else "")


def _fits(lines: tuple[SourceLine, ...], old: tuple[Edit, ...], index: int) -> bool:
    if index < 0 or index + len(old) > len(lines):
        return False
    for place, edit in enumerate(old, index):
        line = lines[place]
        if edit.text != line.text or edit.newline != line.newline:
            return False
    return True


def _mismatch(tree: Tree, lines: tuple[SourceLine, ...], hunk: Hunk, path: str) -> str:
    """What the hunk expected where it fits best, what is there, and which patches made it so."""
    for index, edit in enumerate(hunk.old, _nearest(lines, hunk)):
        line = lines[index] if 0 <= index < len(lines) else None
        if line is None or line.text != edit.text:
            there = "the end of the file" if line is None else repr(line.text)
            return (
                f"the hunk for {path} fits nowhere: at line {index + 1} it expects"
                f" {edit.text!r}, there is {there}{_in_the_way(tree, path, edit.text, line)}"
            )
    return f"the hunk for {path} disagrees about the newline at the end of the file"


def _in_the_way(tree: Tree, path: str, expected: str, line: SourceLine | None) -> str:
    """The patch that put the line there, and that which took away what was expected, if any did."""
    putting = None if line is None or line.patch is None else tree.patches[line.patch]
    removing = next((p for p in reversed(tree.patches) if _removes(p, path, expected)), None)
    if putting is not None and putting is removing:
        return f", which {label(putting)} put in its place"
    put = f", which {label(putting)} put there" if putting else ""
    return put + (f"; {label(removing)} took away what it expects" if removing else "")


def _removes(patch: Patch, path: str, text: str) -> bool:
    """Whether the patch takes this line from the file; an empty line is like all others."""
    hunks = (hunk for change in patch.files if change.path == path for hunk in change.hunks)
    edits = (edit for hunk in hunks for edit in hunk.edits)
    return bool(text.strip()) and any(e.mark == "-" and e.text == text for e in edits)


def _nearest(lines: tuple[SourceLine, ...], hunk: Hunk) -> int:
    """The place with the most lines as the hunk has them; of several the one nearest to it."""
    stated = _stated(hunk)
    old = hunk.old[: max(MOST_SEARCHED // (len(lines) + 1), 1)]

    def likeness(index: int) -> tuple[int, int]:
        pairs = zip(old, lines[index : index + len(old)], strict=False)
        return sum(edit.text == line.text for edit, line in pairs), -abs(index - stated)

    best = max(range(len(lines)), key=likeness, default=stated)
    return best if lines and likeness(best)[0] else stated


def _conflict(what: str, hunk: Hunk, patch: Patch) -> ReplayError:
    do = "make the patch again against the tree that it goes on"
    return Conflict(what, where=f"{patch.name}:{hunk.line}", do=do)


def _check_result(lines: list[SourceLine], change: FileChange, patch: Patch) -> None:
    where = f"{patch.name}:{change.line}"
    if change.kind == "delete" and lines:
        raise Conflict(f"deletes {change.path}, but lines of it are left", where=where)
    if change.kind != "delete" and not lines:
        do = "delete the file (+++ /dev/null)"
        raise Conflict(f"leaves {change.path} empty", where=where, do=do)
    if not all(line.newline for line in lines[:-1]):
        raise Conflict(f"leaves a line of {change.path} without its newline", where=where)
